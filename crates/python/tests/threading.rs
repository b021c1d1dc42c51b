//! `threading` and `_thread`, as CPython's documentation has them.

mod running;

use interleave_python::interpreter::Turns;
use interleave_python::output::Stream;
use running::{GIL, in_turns, writes, writes_in_any_order};

#[test]
fn a_lock_keeps_a_counter_whole() {
    writes(
        "
import threading
lock = threading.Lock()
count = 0
def work():
    global count
    for _ in range(2000):
        with lock:
            count += 1
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(count)
",
        "8000\n",
    );
}

#[test]
fn threads_have_names_and_are_counted() {
    writes(
        "
import threading
def work():
    print(threading.current_thread().name)
for _ in range(2):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
named = threading.Thread(target=work, name='baker')
named.start()
named.join()
print(threading.current_thread().name, threading.active_count(), named.is_alive())
",
        "Thread-1 (work)\nThread-2 (work)\nbaker\nMainThread 1 False\n",
    );
}

#[test]
fn a_timed_join_returns_and_the_thread_lives_on() {
    writes(
        "
import threading
gate = threading.Event()
thread = threading.Thread(target=gate.wait)
thread.start()
print(thread.join(0.01), thread.is_alive())
gate.set()
thread.join()
print(thread.is_alive())
",
        "None True\nFalse\n",
    );
}

#[test]
fn what_cannot_be_joined_or_started_says_why() {
    writes(
        "
import threading
def told(what):
    try:
        what()
    except RuntimeError as error:
        print(error)
thread = threading.Thread(target=lambda: told(thread.join))
told(thread.join)
thread.start()
thread.join()
told(thread.start)
",
        "cannot join thread before it is started\ncannot join current thread\nthreads can only be started once\n",
    );
}

#[test]
fn locks_mind_what_python_minds() {
    writes(
        "
import threading
def told(what, *args, **named):
    try:
        print(what(*args, **named))
    except (RuntimeError, ValueError, OverflowError, TypeError) as error:
        print(type(error).__name__, error)
lock, rlock = threading.Lock(), threading.RLock()
told(lock.release)
told(lock.acquire)
told(lock.acquire, False)
told(lock.acquire, timeout=0.01)
told(lock.acquire, False, 1)
told(lock.acquire, True, -2)
told(lock.acquire, timeout=1e100)
told(rlock.release)
told(rlock.acquire)
told(rlock.acquire)
rlock.release()
rlock.release()
told(rlock.release)
told(threading.BoundedSemaphore(1).release)
told(threading.Semaphore, -1)
told(threading.Condition().notify)
told(threading.Condition().wait)
",
        "RuntimeError release unlocked lock
True
False
False
ValueError can't specify a timeout for a non-blocking call
ValueError timeout value must be a non-negative number
OverflowError timeout value is too large
RuntimeError cannot release un-acquired lock
True
True
RuntimeError cannot release un-acquired lock
ValueError Semaphore released too many times
ValueError semaphore initial value must be >= 0
RuntimeError cannot notify on un-acquired lock
RuntimeError cannot wait on un-acquired lock
",
    );
}

#[test]
fn an_rlock_that_a_condition_gave_up_comes_back_as_deep() {
    writes(
        "
import threading
condition = threading.Condition()
ready = False
def tell():
    global ready
    with condition:
        ready = True
        condition.notify_all()
with condition:
    with condition:
        threading.Thread(target=tell).start()
        print(condition.wait_for(lambda: ready), condition._lock._recursion_count())
    print(condition._lock._recursion_count())
print(condition.locked())
",
        "True 2\n1\nFalse\n",
    );
}

#[test]
fn a_semaphore_lets_only_so_many_in() {
    writes(
        "
import threading, time
gate = threading.Semaphore(2)
lock = threading.Lock()
inside = most = 0
def visit():
    global inside, most
    with gate:
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.005)
        with lock:
            inside -= 1
threads = [threading.Thread(target=visit) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(most, gate._value)
",
        "2 2\n",
    );
}

#[test]
fn a_barrier_lets_all_go_together_after_its_action() {
    writes(
        "
import threading
barrier = threading.Barrier(3, action=lambda: print('all here'))
places = []
def come():
    places.append(barrier.wait())
threads = [threading.Thread(target=come) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(places))
barrier.abort()
try:
    barrier.wait()
except threading.BrokenBarrierError:
    print('broken', barrier.broken)
",
        "all here\n[0, 1, 2]\nbroken True\n",
    );
}

#[test]
fn a_class_may_derive_from_a_primitive() {
    writes(
        "
import threading
class Gate(threading.Event):
    def __init__(self, name):
        super().__init__()
        self.name = name
class Pool(threading.Semaphore):
    def __init__(self, workers):
        super().__init__(len(workers))
        self.workers = workers
gate = Gate('north')
gate.set()
print(gate.name, gate.wait(), Pool('abc')._value)
",
        "north True 3\n",
    );
}

#[test]
fn a_condition_goes_with_any_lock() {
    writes(
        "
import threading
class Loud:
    def __init__(self): self.lock = threading.Lock()
    def acquire(self, *args): print('take'); return self.lock.acquire(*args)
    def release(self): print('let go'); self.lock.release()
    def locked(self): return self.lock.locked()
    def __enter__(self): return self.acquire()
    def __exit__(self, *exc): self.release()
condition = threading.Condition(Loud())
with condition:
    print(condition.wait(0.01))
",
        "take\ntake\nlet go\ntake\nFalse\nlet go\n",
    );
}

#[test]
fn each_thread_has_its_own_locals() {
    writes(
        "
import threading
own = threading.local()
own.name = 'main'
def work():
    print(hasattr(own, 'name'))
    own.name = 'worker'
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(own.name)
",
        "False\nmain\n",
    );
}

#[test]
fn an_exception_in_a_thread_is_told_and_ends_only_that_thread() {
    let finished = in_turns(
        "
import threading
def work():
    return 1 / 0
thread = threading.Thread(target=work, name='baker')
thread.start()
thread.join()
print('on')
",
        Turns::Free,
    );
    let told = finished.text(Stream::Err);
    assert!(told.starts_with("Exception in thread baker:\nTraceback (most recent call last):\n"), "{told}");
    assert!(told.contains("  File \"main.py\", line 4, in work\n    return 1 / 0\n"), "{told}");
    assert!(told.ends_with("ZeroDivisionError: division by zero\n"), "{told}");
    assert_eq!((finished.text(Stream::Out).as_str(), finished.code), ("on\n", 0));
}

#[test]
fn the_program_waits_for_threads_but_not_for_daemons() {
    let finished = in_turns(
        "
import threading, time
def work():
    time.sleep(0.05)
    print('worked')
def serve():
    threading.Event().wait()
    print('never')
threading.Thread(target=serve, daemon=True).start()
threading.Thread(target=work).start()
print('end of main')
",
        Turns::Free,
    );
    assert_eq!(finished.text(Stream::Out), "end of main\nworked\n");
    assert_eq!(finished.text(Stream::Err), "");
    assert!(!finished.stopped);
}

#[test]
fn what_atexit_was_given_comes_after_the_last_thread() {
    writes(
        "
import atexit, threading, time
atexit.register(print, 'at exit')
def work():
    time.sleep(0.02)
    print('worked')
threading.Thread(target=work).start()
",
        "worked\nat exit\n",
    );
}

#[test]
fn a_timer_rings_unless_it_is_cancelled() {
    writes_in_any_order(
        "
import threading
rings = threading.Timer(0.01, print, ['ring'])
silent = threading.Timer(5, print, ['never'])
rings.start()
silent.start()
silent.cancel()
rings.join()
silent.join()
",
        "ring\n",
    );
}

#[test]
fn the_low_level_module_starts_threads_too() {
    writes(
        "
import _thread
done = _thread.allocate_lock()
done.acquire()
def work(a, b=0):
    print(a + b)
    done.release()
ident = _thread.start_new_thread(work, (1,), {'b': 2})
done.acquire()
print(ident != _thread.get_ident())
",
        "3\nTrue\n",
    );
}

#[test]
fn busy_threads_share_a_gil() {
    let finished = in_turns(
        "
import sys, threading
rounds = [0, 0]
stop = False
def spin(own, other):
    global stop
    while not stop:
        rounds[own] += 1
        if rounds[own] > 100 and rounds[other] > 100:
            stop = True
threads = [threading.Thread(target=spin, args=(n, 1 - n)) for n in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sys._is_gil_enabled(), sys.getswitchinterval())
",
        GIL,
    );
    assert_eq!(finished.text(Stream::Out), "True 0.005\n");
    assert!(!finished.stopped);
}

#[test]
fn without_a_gil_a_program_is_told_so() {
    let finished = in_turns("import sys; print(sys._is_gil_enabled())", Turns::Free);
    assert_eq!(finished.text(Stream::Out), "False\n");
}

#[test]
fn a_local_has_values_of_each_thread() {
    writes(
        "
import threading
class Named(threading.local):
    kind = 'named'
    def __init__(self, name):
        print('begun', name)
        self.name = name
local, named = threading.local(), Named('a')
local.x = 1
def work():
    print(hasattr(local, 'x'), named.name, named.kind)
    local.x = named.name = 2
    print(local.__dict__)
for _ in range(2):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(local.x, named.name)
del local.x
for what in (lambda: local.x, lambda: threading.local(1)):
    try:
        what()
    except (AttributeError, TypeError) as error:
        print(error)
",
        "begun a
begun a
False a named
{'x': 2}
begun a
False a named
{'x': 2}
1 a
'_thread._local' object has no attribute 'x'
Initialization arguments are not supported
",
    );
}

#[test]
fn a_hook_is_told_of_exceptions_in_threads() {
    writes(
        "
import threading
def told(args): print(args.exc_type.__name__, args.thread.name)
threading.excepthook = told
thread = threading.Thread(target=lambda: 1 / 0, name='baker')
thread.start()
thread.join()
",
        "ZeroDivisionError baker\n",
    );
}

#[test]
fn a_queue_can_be_looked_into() {
    writes(
        "
import queue
for make in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
    jobs = make()
    for job in (1, 2): jobs.put(job)
    with jobs.mutex:
        print(list(jobs.queue), len(jobs.queue), jobs.queue[0])
queued = queue.Queue()
queued.put(1)
queued.queue.clear()
print(queued.empty(), queued.queue)
",
        "[1, 2] 2 1\n[1, 2] 2 1\n[1, 2] 2 1\nTrue deque([])\n",
    );
}

#[test]
fn an_interrupt_runs_the_handler_on_the_main_thread() {
    writes(
        "
import _thread, signal, threading
def handler(number, frame): print('signal', number, threading.current_thread() is threading.main_thread())
def interrupted(what):
    try:
        what()
    except KeyboardInterrupt:
        print('interrupted')
interrupted(_thread.interrupt_main)
thread = threading.Thread(target=_thread.interrupt_main)
def run():
    thread.start()
    thread.join()
interrupted(run)
signal.signal(signal.SIGTERM, handler)
_thread.interrupt_main(signal.SIGTERM)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
_thread.interrupt_main(signal.SIGTERM)
try:
    _thread.interrupt_main(signal.NSIG)
except ValueError as error:
    print(error)
",
        "interrupted\ninterrupted\nsignal 15 True\nsignal number out of range\n",
    );
}

#[test]
fn primitives_are_shown_as_python_shows_them_and_old_names_say_that_they_are_old() {
    writes(
        "
import re, threading, warnings
for made in (threading.Semaphore(2), threading.BoundedSemaphore(3), threading.Event(), threading.Barrier(2)):
    print(re.sub('0x[0-9a-f]+', '0x', repr(made)))
print(threading.get_ident.__module__, threading.Lock.__module__, threading.excepthook.__module__)
warnings.simplefilter('error')
condition = threading.Condition()
with condition:
    for old in (threading.Event().isSet, condition.notifyAll):
        try:
            old()
        except DeprecationWarning as warning:
            print(warning)
",
        "<threading.Semaphore at 0x: value=2>
<threading.BoundedSemaphore at 0x: value=3/3>
<threading.Event at 0x: unset>
<threading.Barrier at 0x: waiters=0/2>
_thread _thread _thread
isSet() is deprecated, use is_set() instead
notifyAll() is deprecated, use notify_all() instead
",
    );
}

#[test]
fn a_condition_may_be_what_another_one_has_for_its_lock() {
    writes(
        "
import threading
outer = threading.Condition(threading.Condition(threading.RLock()))
with outer:
    with outer:
        print(outer.wait(0.001), outer._is_owned())
try:
    outer._release_save()
except RuntimeError as error:
    print(error)
",
        "False True\ncannot release un-acquired lock\n",
    );
}

#[test]
fn a_queue_can_be_made_smaller_and_has_the_exceptions_of_its_own_module() {
    writes(
        "
import importlib, queue, sys
of_queue = queue.Queue(2)
for item in 'ab': of_queue.put(item)
of_queue.maxsize = 1
try:
    of_queue.put('c', timeout=0.001)
except queue.Full:
    print('full', of_queue.maxsize, of_queue.qsize())
del sys.modules['queue']
fresh = importlib.import_module('queue')
print(fresh.Full is queue.Full)
try:
    fresh.Queue().get_nowait()
except fresh.Empty:
    print('empty')
class Failing(fresh.Queue):
    def _put(self, item):
        if item is None: raise ValueError('nothing')
        return super()._put(item)
failing = Failing()
failing.put(1)
try:
    failing.put(None)
except ValueError as error:
    print(error, failing.qsize())
",
        "full 1 2\nFalse\nempty\nnothing 1\n",
    );
}

/// Two threads at a checkpoint wait for each other, and only a GIL has a use for it.
#[test]
fn checkpoints_are_watched_with_a_gil_from_the_start_and_never_without() {
    let program = "
import sys, threading
print(sys.monitoring.get_tool(4))
thread = threading.Thread(target=int)
thread.start()
thread.join()
print(sys.monitoring.get_tool(4))
";
    assert_eq!(in_turns(program, Turns::Free).text(Stream::Out), "None\nNone\n");
    assert_eq!(in_turns(program, GIL).text(Stream::Out), "interleave\ninterleave\n");
}

/// signal, "Signals and threads": what a thread sends is handled in the main one, busy as it may be. Without a GIL it looks
/// when it has waited.
#[test]
fn a_busy_main_thread_is_interrupted() {
    let finished = in_turns(
        "
import _thread, threading
busy = threading.Event()
def interrupt():
    busy.wait()
    _thread.interrupt_main()
threading.Thread(target=interrupt).start()
try:
    busy.set()
    while True: pass
except KeyboardInterrupt:
    print('interrupted')
",
        GIL,
    );
    assert_eq!(finished.text(Stream::Out), "interrupted\n");
}
