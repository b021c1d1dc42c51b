//! `multiprocessing` and what stands on it, as CPython's documentation has them for the start method spawn.

mod running;

use interleave_python::interpreter::Turns;
use interleave_python::output::Stream;
use running::{happened, in_turns, on_lane, writes};

#[test]
fn a_process_runs_a_function_and_is_joined() {
    writes(
        "
import multiprocessing, os
def work(a, b=0): print(multiprocessing.current_process().name, a + b, os.getppid() != os.getpid())
if __name__ == '__main__':
    process = multiprocessing.Process(target=work, args=(1,), kwargs={'b': 2})
    process.start()
    process.join()
    print(process.exitcode, process.is_alive(), process.pid != os.getpid(), multiprocessing.active_children())
",
        "Process-1 3 True\n0 False True []\n",
    );
}

#[test]
fn a_child_runs_the_program_again_under_another_name() {
    writes(
        "
import multiprocessing
print(__name__)
count = 1
def work(): print(count)
if __name__ == '__main__':
    count = 2
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
",
        "__main__\n__mp_main__\n1\n",
    );
}

#[test]
fn a_program_without_a_main_guard_is_advised() {
    let finished =
        in_turns("import multiprocessing\nmultiprocessing.Process(target=print).start()\nprint('on')\n", Turns::Free);
    let told = finished.text(Stream::Err);
    assert!(told.contains("RuntimeError: \n        An attempt has been made to start a new process"), "{told}");
    assert!(told.contains("            if __name__ == '__main__':\n                freeze_support()\n"), "{told}");
    assert_eq!(finished.text(Stream::Out), "on\n");
}

#[test]
fn exit_codes_say_how_a_process_ended() {
    let finished = in_turns(
        "
import multiprocessing, os, sys, time
def ends(how):
    if how == 'exit': sys.exit(7)
    if how == 'at once': os._exit(8)
    if how == 'raise': raise ValueError('no flour')
    while True: time.sleep(0.01)
def start(how):
    process = multiprocessing.Process(target=ends, args=(how,), name=how)
    process.start()
    return process
if __name__ == '__main__':
    for how in ('exit', 'at once', 'raise', 'terminate', 'kill'):
        process = start(how)
        if how in ('terminate', 'kill'): getattr(process, how)()
        process.join()
        print(how, process.exitcode)
",
        Turns::Free,
    );
    assert_eq!(finished.text(Stream::Out), "exit 7\nat once 8\nraise 1\nterminate -15\nkill -9\n");
    let told = finished.text(Stream::Err);
    assert!(told.starts_with("Process raise:\nTraceback (most recent call last):\n"), "{told}");
    assert!(told.ends_with("ValueError: no flour\n"), "{told}");
}

#[test]
fn a_pipe_has_an_end() {
    writes(
        "
import multiprocessing, multiprocessing.connection
def answer(connection):
    while True:
        try:
            connection.send(connection.recv() * 2)
        except EOFError:
            print('end')
            return
if __name__ == '__main__':
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=answer, args=(theirs,))
    process.start()
    theirs.close()
    ours.send([1])
    print(ours.recv(), ours.poll(), ours.poll(0.01))
    ours.close()
    process.join()
    first, second = multiprocessing.Pipe(duplex=False)
    first.close()
    try:
        second.send(1)
    except BrokenPipeError as error:
        print(error)
    try:
        second.recv()
    except OSError as error:
        print(error)
    print(multiprocessing.connection.wait([process.sentinel]) == [process.sentinel])
",
        "[1, 1] False False\nend\n[Errno 32] Broken pipe\nconnection is write-only\nTrue\n",
    );
}

#[test]
fn queues_carry_objects_both_ways() {
    writes(
        "
import multiprocessing, queue
def work(jobs, results):
    for job in iter(jobs.get, None):
        results.put({'job': job})
        jobs.task_done()
    jobs.task_done()
if __name__ == '__main__':
    jobs, results, small = multiprocessing.JoinableQueue(), multiprocessing.SimpleQueue(), multiprocessing.Queue(1)
    process = multiprocessing.Process(target=work, args=(jobs, results))
    process.start()
    for job in (1, 'two', None): jobs.put(job)
    jobs.join()
    process.join()
    print(results.get(), results.get(), results.empty())
    small.put(1)
    try:
        small.put(2, timeout=0.01)
    except queue.Full:
        print('full', small.full(), small.qsize(), small.get())
    try:
        small.get_nowait()
    except queue.Empty:
        print('empty')
",
        "{'job': 1} {'job': 'two'} True\nfull True 1 1\nempty\n",
    );
}

#[test]
fn what_cannot_be_pickled_is_told_where_cpython_tells_it() {
    let finished = in_turns(
        "
import multiprocessing, pickle
if __name__ == '__main__':
    try:
        multiprocessing.Process(target=lambda: 1).start()
    except pickle.PicklingError as error:
        print(type(error).__name__)
    try:
        pickle.dumps(multiprocessing.Lock())
    except RuntimeError as error:
        print(error)
    multiprocessing.Queue().put(lambda: 1)
    print('on')
",
        Turns::Free,
    );
    let expected = "PicklingError\nLock objects should only be shared between processes through inheritance\non\n";
    assert_eq!(finished.text(Stream::Out), expected);
    assert!(finished.text(Stream::Err).contains("PicklingError: Can't pickle"), "{}", finished.text(Stream::Err));
}

#[test]
fn processes_share_numbers_under_a_lock() {
    writes(
        "
import multiprocessing
def work(total, parts, word, raw, place):
    for _ in range(100):
        with total.get_lock(): total.value += 1
    parts[place] += 0.5
    raw[place] = place
    if place: word.value = b'loaf'
if __name__ == '__main__':
    total, parts = multiprocessing.Value('i', 0), multiprocessing.Array('d', [1.0, 2.0])
    word, raw = multiprocessing.Array('c', 5), multiprocessing.RawArray('B', 2)
    processes = [multiprocessing.Process(target=work, args=(total, parts, word, raw, n)) for n in range(2)]
    for process in processes: process.start()
    for process in processes: process.join()
    print(total.value, parts[:], word.value, list(raw), len(parts))
",
        "200 [1.5, 2.5] b'loaf' [0, 1] 2\n",
    );
}

#[test]
fn shared_memory_is_found_by_its_name() {
    writes(
        "
import multiprocessing
from multiprocessing import shared_memory
def work(name, items):
    memory = shared_memory.SharedMemory(name)
    memory.buf[1:4] = b'abc'
    memory.close()
    items[0] = 'one'
if __name__ == '__main__':
    memory = shared_memory.SharedMemory(create=True, size=8)
    items = shared_memory.ShareableList(['zero', 2.5, None, b'x', True])
    process = multiprocessing.Process(target=work, args=(memory.name, items))
    process.start()
    process.join()
    print(bytes(memory.buf[:5]), memory.buf[1], list(items))
    memory.close()
    memory.unlink()
    items.shm.close()
    items.shm.unlink()
    try:
        shared_memory.SharedMemory(memory.name)
    except FileNotFoundError:
        print('gone')
",
        "b'\\x00abc\\x00' 97 ['one', 2.5, None, b'x', True]\ngone\n",
    );
}

#[test]
fn processes_meet() {
    writes(
        "
import multiprocessing
def work(barrier, event, condition, gate, told):
    barrier.wait()
    event.wait()
    with gate: told.put('in')
    with condition: condition.notify_all()
if __name__ == '__main__':
    barrier, event, condition = multiprocessing.Barrier(2), multiprocessing.Event(), multiprocessing.Condition()
    gate, told = multiprocessing.BoundedSemaphore(2), multiprocessing.Queue()
    process = multiprocessing.Process(target=work, args=(barrier, event, condition, gate, told))
    process.start()
    barrier.wait()
    with condition:
        event.set()
        print(condition.wait(20), told.get(), event.is_set(), barrier.n_waiting)
    process.join()
    try:
        gate.release()
    except ValueError as error:
        print(error)
    try:
        multiprocessing.RLock().release()
    except AssertionError as error:
        print(error)
",
        "True in True 0\nsemaphore or lock released too many times\n\
         attempt to release recursive lock not owned by thread\n",
    );
}

#[test]
fn pools_work() {
    writes(
        "
import multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
def square(n): return n * n
def fail(n): raise ValueError(n)
def die(): os._exit(3)
if __name__ == '__main__':
    with multiprocessing.Pool(1) as pool:
        print(pool.map(square, range(4)), pool.apply_async(square, (9,)).get(), list(pool.imap(square, [3])))
        try:
            pool.map(fail, [1])
        except ValueError as error:
            print(repr(error))
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(square, range(4))), repr(pool.submit(fail, 2).exception()))
        print(type(pool.submit(die).exception()).__name__)
",
        "[0, 1, 4, 9] 81 [9]\nValueError(1)\n[0, 1, 4, 9] ValueError(2)\nBrokenProcessPool\n",
    );
}

#[test]
fn a_manager_keeps_objects_for_all() {
    writes(
        "
import multiprocessing
def work(d, l, n, lock):
    with lock: d['a'] = l.pop()
    n.x = 3
if __name__ == '__main__':
    with multiprocessing.Manager() as manager:
        d, l, n, lock = manager.dict(), manager.list([1, 2]), manager.Namespace(), manager.Lock()
        process = multiprocessing.Process(target=work, args=(d, l, n, lock))
        process.start()
        process.join()
        print(d, l, n.x, manager.Value('i', 5).value)
",
        "{'a': 2} [1] 3 5\n",
    );
}

#[test]
fn the_end_of_the_program_waits_for_processes_but_not_for_daemons() {
    let finished = in_turns(
        "
import multiprocessing, time
def work():
    time.sleep(0.1)
    print('worked')
def serve():
    while True: time.sleep(0.01)
if __name__ == '__main__':
    multiprocessing.Process(target=serve, daemon=True).start()
    multiprocessing.Process(target=work).start()
    print('end of main')
",
        Turns::Free,
    );
    assert_eq!(finished.text(Stream::Out), "end of main\nworked\n");
    assert!(!finished.stopped);
}

#[test]
fn two_children_draw_different_random_numbers() {
    let finished = in_turns(
        "
import multiprocessing, random
def draw(told): told.put(random.random())
if __name__ == '__main__':
    told = multiprocessing.Queue()
    processes = [multiprocessing.Process(target=draw, args=(told,)) for _ in range(2)]
    for process in processes: process.start()
    print(told.get() != told.get())
",
        Turns::Free,
    );
    assert_eq!(finished.text(Stream::Out), "True\n");
}

#[test]
fn what_processes_share_has_the_programs_names_and_lines() {
    let finished = in_turns(
        "
import multiprocessing, queue
def work(jobs):
    try: jobs.get(timeout=0.01)
    except queue.Empty: pass
if __name__ == '__main__':
    jobs = multiprocessing.Queue()
    total = multiprocessing.Value('i', 0)
    gate = multiprocessing.Lock()
    process = multiprocessing.Process(target=work, args=(jobs,), name='worker')
    process.start()
    process.join()
",
        Turns::Free,
    );
    assert_eq!(finished.text(Stream::Err), "");
    let main = on_lane(&finished, "MainThread");
    let made: Vec<_> = main.iter().filter(|what| what.starts_with("made ")).collect();
    assert_eq!(made[..4], ["made queue jobs", "made shared total", "made rlock total 2", "made lock gate"]);
    let worker = on_lane(&finished, "worker");
    let waits = ["spawned", "waits for queue jobs at main.py:4", "timed out on queue jobs", "completed"];
    assert_eq!(worker, waits);
    let all = happened(&finished);
    assert!(all.contains(&("MainThread".to_owned(), "joined worker".to_owned())), "{all:?}");
}

#[test]
fn a_sentinel_is_a_number_that_can_be_waited_for() {
    writes(
        "
import multiprocessing
from multiprocessing.connection import wait
def work(): pass
if __name__ == '__main__':
    process = multiprocessing.Process(target=work)
    process.start()
    reader, writer = multiprocessing.Pipe(False)
    print(isinstance(process.sentinel, int), wait([reader, process.sentinel]) == [process.sentinel])
    process.join()
    writer.send(1)
    print(wait([reader, process.sentinel]) == [reader, process.sentinel])
",
        "True True\nTrue\n",
    );
}

#[test]
fn a_listener_has_a_family_that_there_is() {
    writes(
        "
from multiprocessing import connection
for family in connection.families:
    with connection.Listener(family=family) as listener:
        print(family, connection.address_type(listener.address))
try:
    connection.Listener(r'\\\\.\\pipe')
except ValueError as error:
    print(error)
",
        "AF_INET AF_INET\nAF_UNIX AF_UNIX\nFamily AF_PIPE is not recognized.\n",
    );
}

#[test]
fn the_pipe_of_threads_can_be_polled() {
    writes(
        "
from multiprocessing.dummy import Pipe, Process
near, far = Pipe()
print(near.poll(0.001))
process = Process(target=far.send, args=(1,))
process.start()
print(near.poll(10), near.recv())
process.join()
",
        "False\nTrue 1\n",
    );
}

#[test]
fn shared_memory_has_a_manager() {
    writes(
        "
from multiprocessing.managers import SharedMemoryManager
if __name__ == '__main__':
    with SharedMemoryManager() as manager:
        print(list(manager.ShareableList([1, 'a'])))
",
        "[1, 'a']\n",
    );
}

#[test]
fn a_child_knows_whether_its_parent_is_alive() {
    writes(
        "
import multiprocessing, threading, time
def grandchild(pipe):
    parent = multiprocessing.parent_process()
    parent.join(0.01)
    pipe.send((parent.is_alive(), parent.pid, parent.name))
    parent.join()
    pipe.send(parent.is_alive())
def child(pipe):
    first = multiprocessing.parent_process()
    first.join(0.01)
    pipe.send(first.is_alive())
    multiprocessing.Process(target=grandchild, args=(pipe,)).start()
    time.sleep(600)
if __name__ == '__main__':
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=child, args=(theirs,), name='child')
    process.start()
    theirs.close()
    print(multiprocessing.parent_process(), ours.recv())
    alive, pid, name = ours.recv()
    print(alive, pid == process.pid, name)
    process.terminate()
    print(ours.recv())
",
        "None True\nTrue True child\nFalse\n",
    );
}

#[test]
fn no_two_threads_of_a_run_have_the_same_native_number() {
    writes(
        "
import multiprocessing, os, threading
def native_ids():
    told = [threading.get_native_id(), threading.main_thread().native_id]
    thread = threading.Thread(target=lambda: told.append(threading.get_native_id()))
    thread.start()
    thread.join()
    assert told[0] == told[1] == os.getpid() and thread.native_id == told[2], told
    return told[1:]
def child(pipe): pipe.send(native_ids())
if __name__ == '__main__':
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=child, args=(theirs,))
    process.start()
    print(len(set(native_ids() + ours.recv())))
    process.join()
",
        "4\n",
    );
}

#[test]
fn a_manager_speaks_xml_rpc() {
    writes(
        "
import multiprocessing, queue, time
from multiprocessing.managers import BaseManager
class Serving(BaseManager): pass
class Asking(BaseManager): pass
kept = queue.Queue()
def get_kept(): return kept
Serving.register('waiting', callable=get_kept)
Asking.register('waiting')
def child(address):
    manager = Asking(address, b'key', serializer='xmlrpclib')
    manager.connect()
    manager.waiting().put(('<one & two>', None, True, 2.5, b'bytes', {'a': [1, -2]}))
if __name__ == '__main__':
    manager = Serving(('localhost', 0), b'key', serializer='xmlrpclib')
    manager.start()
    process = multiprocessing.Process(target=child, args=(manager.address,))
    process.start()
    process.join()
    found = manager.waiting()
    print(found.get())
    for bad in (time.sleep, 2**40, {1: 2}):
        try: found.put(bad)
        except Exception as error: print(type(error).__name__, error)
    manager.shutdown()
",
        "\
['<one & two>', None, True, 2.5, Binary(b'bytes'), {'a': [1, -2]}]
TypeError cannot marshal <class 'builtin_function_or_method'> objects
OverflowError int exceeds XML-RPC limits
TypeError dictionary key must be string
",
    );
}

#[test]
fn what_ctypes_made_can_be_copied_into_memory_that_is_shared() {
    writes(
        "
import ctypes
from multiprocessing import sharedctypes
class Point(ctypes.Structure): _fields_ = [('x', ctypes.c_int), ('y', ctypes.c_double)]
point = Point(2, 5.0)
first = sharedctypes.copy(point)
second = sharedctypes.copy(first)
point.x = first.y = 0
print(first.x, first.y, second.x, second.y, sharedctypes.copy(ctypes.c_int(7)).value)
",
        "2 0.0 2 5.0 7\n",
    );
}

#[test]
fn memory_without_a_name_gets_one_that_is_free() {
    writes(
        "
from multiprocessing import shared_memory
taken = shared_memory.SharedMemory(create=True, size=1)
names = [taken.name, 'another']
shared_memory._make_filename = lambda: names.pop(0)
other = shared_memory.SharedMemory(create=True, size=1)
print(other.name, names)
taken.unlink()
other.unlink()
",
        "another []\n",
    );
}

#[test]
fn a_list_in_shared_memory_has_the_layout_of_its_copy() {
    writes(
        "
from multiprocessing.shared_memory import ShareableList
first = ShareableList(['howdy', b'12345678', 1.5, None, True])
first[0] = 'encodés'
second = ShareableList(first)
wide = ShareableList(['é' * 7])
print(first.format, first.format == second.format, list(second), wide.format, *wide)
for one in (first, second, wide): one.shm.unlink()
",
        "8s16sdxxxxxx?xxxxxxxx? True ['encodés', b'12345678', 1.5, None, True] 16s ééééééé\n",
    );
}
