//! `asyncio`, as CPython's documentation has it, and its tasks as lanes.

mod running;

use interleave_python::interpreter::Turns;
use interleave_python::output::Stream;
use running::{happened, in_turns, on_lane, writes};

#[test]
fn a_task_is_a_lane_that_sleeps_and_waits() {
    let finished = in_turns(
        "
import asyncio
async def work(lock):
    async with lock:
        await asyncio.sleep(0.01)
async def main():
    oven = asyncio.Lock()
    first, second = asyncio.create_task(work(oven)), asyncio.create_task(work(oven), name='second')
    await first
    await second
asyncio.run(main())
",
        Turns::Free,
    );
    assert_eq!(finished.text(Stream::Err), "");
    let lanes: Vec<_> = ["Task-1 (main)", "Task-2 (work)", "second"].map(|lane| on_lane(&finished, lane)).into();
    assert_eq!(lanes[0][..2], ["spawned", "made lock oven"]);
    assert_eq!(lanes[0].last().map(String::as_str), Some("completed"));
    assert_eq!(lanes[1], ["spawned", "took lock oven at main.py:4", "sleeps", "released lock oven", "completed"]);
    let waits = ["spawned", "waits for lock oven at main.py:4", "took lock oven at main.py:4", "sleeps"];
    assert_eq!(lanes[2], [&waits as &[&str], &["released lock oven", "completed"]].concat());
}

#[test]
fn who_awaits_a_task_waits_for_its_end() {
    let finished = in_turns(
        "
import asyncio
async def fail():
    await asyncio.sleep(0.01)
    raise ValueError
async def main():
    task = asyncio.create_task(fail(), name='baker')
    try:
        await task
    except ValueError:
        pass
    queue = asyncio.Queue()
    late = asyncio.create_task(queue.get(), name='late')
    await asyncio.sleep(0)
    late.cancel()
asyncio.run(main())
",
        Turns::Free,
    );
    assert_eq!(finished.text(Stream::Err), "");
    let main = on_lane(&finished, "Task-1 (main)");
    assert!(main.contains(&"waits for end".to_owned()), "{main:?}");
    let ends: Vec<_> = ["baker", "late"].map(|lane| on_lane(&finished, lane).pop()).into();
    assert_eq!(ends, [Some("failed".to_owned()), Some("cancelled".to_owned())]);
    let late = on_lane(&finished, "late");
    assert!(late.iter().any(|what| what.starts_with("waits for queue queue")), "{late:?}");
}

#[test]
fn what_the_library_makes_for_itself_is_not_shown() {
    let finished = in_turns(
        "
import asyncio
async def main():
    jobs = asyncio.Queue()
    slots = [asyncio.Semaphore(2)]
    jobs.put_nowait(1)
    await jobs.get()
    jobs.task_done()
    await jobs.join()
asyncio.run(main())
",
        Turns::Free,
    );
    let happened = happened(&finished);
    let made: Vec<_> =
        happened.iter().filter(|(lane, what)| lane.starts_with("Task") && what.contains("made")).collect();
    assert_eq!(
        made.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>(),
        ["made queue jobs", "made semaphore Semaphore 1"]
    );
    assert_eq!(happened.iter().filter(|(_, what)| what == "sent" || what == "received").count(), 2);
}

#[test]
fn a_thread_stays_itself_while_it_polls() {
    writes(
        "
import asyncio, threading
async def main():
    await asyncio.sleep(0)
    return threading.get_ident(), threading.current_thread().name
ident, name = asyncio.run(main())
print(ident == threading.get_ident(), name)
",
        "True MainThread\n",
    );
}

#[test]
fn tasks_are_grouped_timed_shielded_and_cancelled() {
    writes(
        "
import asyncio
async def slow(name, seconds=10):
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        print(name, 'cancelled')
        raise
    return name
async def fail(): raise ValueError('no flour')
async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(slow('in a group'))
            await asyncio.sleep(0)
            group.create_task(fail())
    except* ValueError as several:
        print(several.exceptions)
    try:
        await asyncio.wait_for(slow('timed'), 0.01)
    except TimeoutError:
        print('timed out')
    shielded = asyncio.create_task(slow('shielded', 0.02))
    try:
        await asyncio.wait_for(asyncio.shield(shielded), 0.001)
    except TimeoutError:
        print(await shielded)
    async for task in asyncio.as_completed([slow('b', 0.03), slow('a', 0.001)]):
        print(await task)
    print(await asyncio.gather(fail(), slow('c', 0), return_exceptions=True))
asyncio.run(main())
",
        "in a group cancelled
(ValueError('no flour'),)
timed cancelled
timed out
shielded
a
b
[ValueError('no flour'), 'c']
",
    );
}

#[test]
fn primitives_mind_what_python_minds() {
    writes(
        "
import asyncio
async def main():
    lock, gate, condition = asyncio.Lock(), asyncio.BoundedSemaphore(1), asyncio.Condition()
    for wrong in (lock.release, gate.release, condition.notify):
        try:
            wrong()
        except (RuntimeError, ValueError) as error:
            print(error)
    async def wait():
        async with condition:
            await condition.wait()
            return 'notified'
    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    async with condition: condition.notify()
    print(await task, lock.locked(), gate.locked())
    barrier = asyncio.Barrier(2)
    print(sorted(await asyncio.gather(barrier.wait(), barrier.wait())))
    queue = asyncio.PriorityQueue(2)
    for item in (3, 1): queue.put_nowait(item)
    print(queue.full(), await queue.get(), await queue.get())
asyncio.run(main())
",
        "Lock is not acquired.
BoundedSemaphore released too many times
cannot notify on un-acquired lock
notified False False
[0, 1]
True 1 3
",
    );
}

#[test]
fn threads_and_loops_work_together() {
    writes(
        "
import asyncio, threading
async def main():
    loop = asyncio.get_running_loop()
    print(await asyncio.to_thread(lambda: 5), await loop.run_in_executor(None, abs, -3))
    future = loop.create_future()
    threading.Thread(target=lambda: loop.call_soon_threadsafe(future.set_result, 'from a thread')).start()
    print(await future)
    async def answer(): return 'from the loop'
    def ask(): return asyncio.run_coroutine_threadsafe(answer(), loop).result()
    print(await asyncio.to_thread(ask))
with asyncio.Runner() as runner:
    runner.run(main())
    print(runner.run(asyncio.sleep(0, 'again')))
",
        "5 3\nfrom a thread\nfrom the loop\nagain\n",
    );
}

#[test]
fn debug_mode_warns_of_a_callback_that_takes_long() {
    let finished = in_turns(
        "
import asyncio, time
async def main(): time.sleep(0.15)
asyncio.run(main(), debug=True)
",
        Turns::Free,
    );
    let told = finished.text(Stream::Err);
    assert!(told.starts_with("Executing <Task finished name='Task-1' coro=<main() done"), "{told}");
    assert!(told.contains(" seconds"), "{told}");
}

#[test]
fn thousands_of_tasks_sleep_at_once() {
    writes(
        "
import asyncio
async def main(): print(len(await asyncio.gather(*[asyncio.sleep(0.05, n) for n in range(2000)])))
asyncio.run(main())
",
        "2000\n",
    );
}

#[test]
fn a_task_knows_in_debug_mode_where_it_was_made() {
    writes(
        "
import asyncio
async def nothing(): pass
async def main():
    task = asyncio.Task(nothing())
    print(task._source_traceback[-1].line)
    await task
asyncio.run(main(), debug=True)
",
        "task = asyncio.Task(nothing())\n",
    );
}

/// threading, "RLock Objects": the owner is the thread, whichever of its tasks runs.
#[test]
fn what_a_thread_has_locked_its_tasks_own() {
    writes(
        "
import asyncio, threading
lock, condition = threading.RLock(), threading.Condition()
async def again():
    with lock: print('again')
async def take(): lock.acquire()
async def release(): lock.release()
async def main():
    await asyncio.create_task(again())
    await asyncio.create_task(take())
    await asyncio.create_task(release())
    with condition: condition.notify_all()
with lock, condition: asyncio.run(main())
print(lock._is_owned(), condition._is_owned())
",
        "again\nFalse False\n",
    );
}
