//! What a Python program leaves on the timeline.

mod running;

use interleave_python::interpreter::Turns;
use interleave_python::native::Options;
use interleave_python::output::Stream;
use running::{happened, in_turns, on_lane, with};

fn made(source: &str) -> Vec<String> {
    let finished = in_turns(source, Turns::Free);
    assert_eq!(finished.text(Stream::Err), "");
    on_lane(&finished, "MainThread").into_iter().filter(|what| what.starts_with("made ")).collect()
}

#[test]
fn objects_are_called_as_the_program_calls_them() {
    let made = made(
        "
import threading, queue
from threading import Lock
class Account:
    def __init__(self):
        self.guard = threading.RLock()
def make():
    local = Lock()
    return threading.Semaphore(2)
tellers = make()
first, second = Account(), Account()
jobs = queue.Queue()
locks = [Lock() for _ in range(2)]
done = threading.Event()
",
    );
    assert_eq!(
        made,
        [
            "made lock local",
            "made semaphore tellers",
            "made rlock guard",
            "made rlock guard 2",
            "made queue jobs",
            "made lock Lock 1",
            "made lock Lock 2",
            "made event done",
        ]
    );
}

#[test]
fn a_wait_says_for_what_and_from_which_line() {
    let finished = in_turns(
        "
import threading
lock = threading.Lock()
held = threading.Event()
def work():
    held.set()
    with lock:
        pass
with lock:
    thread = threading.Thread(target=work, name='worker')
    thread.start()
    held.wait()
    import time
    time.sleep(0.03)
thread.join()
",
        Turns::Free,
    );
    let worker = on_lane(&finished, "worker");
    let waits = ["spawned", "waits for lock lock at main.py:7", "took lock lock at main.py:7"];
    assert_eq!(worker, [&waits as &[&str], &["released lock lock", "completed"]].concat());
    let main = on_lane(&finished, "MainThread");
    assert!(main.contains(&"took lock lock at main.py:9".to_owned()), "{main:?}");
    assert!(main.contains(&"joined worker".to_owned()), "{main:?}");
}

#[test]
fn a_queue_shows_what_was_put_and_what_was_got() {
    let finished = in_turns(
        "
import queue, threading
jobs = queue.Queue()
def work():
    while jobs.get() is not None: pass
thread = threading.Thread(target=work, name='worker')
thread.start()
import time
time.sleep(0.02)
for job in (1, 2, None): jobs.put(job)
thread.join()
",
        Turns::Free,
    );
    let worker = on_lane(&finished, "worker");
    assert_eq!(worker.iter().filter(|what| *what == "received").count(), 3);
    assert!(worker.contains(&"waits for queue jobs at main.py:5".to_owned()), "{worker:?}");
}

const RACE: &str = "
import threading
count = 0
def work():
    global count
    for _ in range(20):
        count += 1
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(count)
";

fn seeded(source: &str, seed: u64) -> interleave_python::native::Finished {
    with(source, &Options { turns: Turns::Scheduled { gil: false }, seed, ..Options::default() })
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 1..4 {
        let (first, second) = (seeded(RACE, seed), seeded(RACE, seed));
        assert_eq!(first.text(Stream::Err), "");
        assert_eq!(first.text(Stream::Out), second.text(Stream::Out));
        assert_eq!(happened(&first), happened(&second));
    }
}

#[test]
fn some_seed_loses_an_update() {
    let lost = (1..20).any(|seed| seeded(RACE, seed).text(Stream::Out) != "40\n");
    assert!(lost);
}

#[test]
fn under_a_seed_objects_have_the_names_that_the_program_gave_them() {
    let finished = seeded("import threading\nleft = threading.Lock()\nwith left:\n    pass\n", 1);
    assert_eq!(finished.text(Stream::Err), "");
    let happened = happened(&finished);
    assert!(happened.iter().any(|(_, what)| what.contains("left")), "{happened:#?}");
}

const RACE_OF_PROCESSES: &str = "
import multiprocessing
def add(number):
    for _ in range(5):
        seen = number.value
        number.value = seen + 1
if __name__ == '__main__':
    number = multiprocessing.RawValue('i', 0)
    adders = [multiprocessing.Process(target=add, args=(number,)) for _ in range(2)]
    for adder in adders: adder.start()
    for adder in adders: adder.join()
    print(number.value)
";

#[test]
fn a_seed_decides_the_order_of_processes() {
    let outputs: Vec<String> = (1..8)
        .map(|seed| {
            let (first, second) = (seeded(RACE_OF_PROCESSES, seed), seeded(RACE_OF_PROCESSES, seed));
            assert_eq!(first.text(Stream::Err), "", "seed {seed}");
            assert_eq!(first.text(Stream::Out), second.text(Stream::Out), "seed {seed}");
            first.text(Stream::Out)
        })
        .collect();
    assert!(outputs.iter().any(|output| output != "10\n"), "{outputs:?}");
}
