//! What processes share, under a model checker: the table of those who wait, monitors, pipes, queues and blocks, in many
//! interleavings. Here its threads stand for processes, since to the segment they differ by nothing but their end.
//!
//! A failure prints its schedule, and `shuttle::replay` runs that again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as PlainMutex, PoisonError};
use std::time::Duration;

use interleave_runtime::rt::{SyncError, Wait};
use interleave_runtime::segment::barrier::Barrier;
use interleave_runtime::segment::block::Block;
use interleave_runtime::segment::condition::Condition;
use interleave_runtime::segment::event::Event;
use interleave_runtime::segment::pipe::{self, End};
use interleave_runtime::segment::queue::Queue;
use interleave_runtime::segment::semaphore::{Semaphore, Use};
use interleave_runtime::segment::{ProcessError, Segment, Source, wait_for_any};
use interleave_runtime::span::Title;
use interleave_trace::{NameId, set_recording};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread::{self, JoinHandle};

/// Far enough that it is the model that ends a wait, and not the clock.
const LONG: Duration = Duration::from_secs(100_000);

fn forever() -> Wait {
    Wait::forever()
}

fn timed() -> Wait {
    Wait::at_most(LONG)
}

fn title() -> Title {
    Title::new("modelled")
}

/// Runs `body` in many interleavings, each over a segment of its own.
fn explore(body: impl Fn() + Send + Sync + 'static) {
    static ONE_AT_A_TIME: PlainMutex<()> = PlainMutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    set_recording(false);
    let body = Arc::new(move || {
        Segment::new().install();
        body();
    });
    let again = body.clone();
    shuttle::check_random(move || body(), 200);
    shuttle::check_pct(move || again(), 200, 3);
}

/// A thread that stands for a process of the same run.
fn process(body: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let segment = Segment::current();
    thread::spawn(move || {
        if let Some(segment) = segment {
            segment.install();
        }
        body();
    })
}

fn all(processes: impl IntoIterator<Item = JoinHandle<()>>) {
    processes.into_iter().for_each(|process| process.join().expect("no process panics"));
}

fn semaphore(used_as: Use, value: u32) -> Semaphore {
    Semaphore::make(used_as, title(), value, None).expect("there is room")
}

/// Counts who is inside, and who has been.
#[derive(Default)]
struct Inside {
    now: AtomicU32,
    visits: AtomicU32,
}

impl Inside {
    fn visit(&self, most: u32) {
        assert!(self.now.fetch_add(1, Ordering::SeqCst) < most, "too many inside");
        thread::yield_now();
        self.now.fetch_sub(1, Ordering::SeqCst);
        self.visits.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_lock_lets_in_one_at_a_time_and_each_in_the_end() {
    explore(|| {
        let (lock, inside) = (semaphore(Use::Lock, 1), Arc::new(Inside::default()));
        let visits = |_| {
            let inside = inside.clone();
            process(move || {
                for _ in 0..2 {
                    assert_eq!(lock.acquire(&forever()), Ok(true));
                    inside.visit(1);
                    assert_eq!(lock.release(), Ok(()));
                }
            })
        };
        all((0..3).map(visits).collect::<Vec<_>>());
        assert_eq!((inside.visits.load(Ordering::SeqCst), lock.value()), (6, Ok(1)));
    });
}

#[test]
fn one_who_gives_up_waiting_keeps_a_lock_from_nobody() {
    explore(|| {
        let (lock, inside) = (semaphore(Use::Lock, 1), Arc::new(Inside::default()));
        let visits = |wait: fn() -> Wait| {
            let inside = inside.clone();
            process(move || {
                if lock.acquire(&wait()) == Ok(true) {
                    inside.visit(1);
                    assert_eq!(lock.release(), Ok(()));
                }
            })
        };
        all([timed as fn() -> Wait, forever, timed, forever].map(visits));
        assert!(inside.visits.load(Ordering::SeqCst) >= 2);
    });
}

#[test]
fn an_rlock_is_free_when_its_holder_has_released_it_as_often() {
    explore(|| {
        let (lock, inside) = (semaphore(Use::RLock, 1), Arc::new(Inside::default()));
        let visits = |depth: u32| {
            let inside = inside.clone();
            process(move || {
                (0..depth).for_each(|_| assert_eq!(lock.acquire(&forever()), Ok(true)));
                inside.visit(1);
                (0..depth).for_each(|_| assert_eq!(lock.release(), Ok(())));
                assert!(lock.release().is_err());
            })
        };
        all([1, 2, 3].map(visits));
    });
}

#[test]
fn a_semaphore_lets_in_no_more_than_it_has_permits() {
    explore(|| {
        let (permits, inside) = (semaphore(Use::Semaphore, 2), Arc::new(Inside::default()));
        let visits = |_| {
            let inside = inside.clone();
            process(move || {
                assert_eq!(permits.acquire(&forever()), Ok(true));
                inside.visit(2);
                assert_eq!(permits.release(), Ok(()));
            })
        };
        all((0..4).map(visits).collect::<Vec<_>>());
        assert_eq!(permits.value(), Ok(2));
    });
}

#[test]
fn an_event_lets_all_go_on_who_wait() {
    explore(|| {
        let event = Event::make(title()).expect("there is room");
        let waits = |_| process(move || assert_eq!(event.wait(&forever()), Ok(true)));
        let waiters: Vec<_> = (0..3).map(waits).collect();
        assert_eq!(event.set(), Ok(()));
        all(waiters);
    });
}

#[test]
fn no_notification_is_lost_to_one_who_waits_nor_to_one_whose_time_is_up() {
    explore(|| {
        let lock = semaphore(Use::Lock, 1);
        let condition = Condition::make(title(), lock).expect("there is room");
        let tokens = Arc::new(AtomicU32::new(0));
        let takes = |patient: bool| {
            let tokens = tokens.clone();
            process(move || {
                assert_eq!(lock.acquire(&forever()), Ok(true));
                while tokens.load(Ordering::SeqCst) == 0 {
                    let notified = condition.wait(&if patient { forever() } else { timed() });
                    assert_eq!(lock.is_mine(), Ok(true));
                    if notified == Ok(false) && tokens.load(Ordering::SeqCst) == 0 {
                        assert!(!patient, "it has no end");
                        assert_eq!(lock.release(), Ok(()));
                        return;
                    }
                }
                tokens.fetch_sub(1, Ordering::SeqCst);
                assert_eq!(lock.release(), Ok(()));
            })
        };
        let takers = [true, false].map(takes);
        for _ in 0..2 {
            assert_eq!(lock.acquire(&forever()), Ok(true));
            tokens.fetch_add(1, Ordering::SeqCst);
            assert_eq!(condition.notify(1), Ok(()));
            assert_eq!(lock.release(), Ok(()));
        }
        all(takers);
    });
}

#[test]
fn nobody_passes_a_barrier_before_all_have_come() {
    explore(|| {
        let barrier = Barrier::make(title(), 3).expect("there is room");
        let came = Arc::new(AtomicU32::new(0));
        let passes = |_| {
            let came = came.clone();
            process(move || {
                came.fetch_add(1, Ordering::SeqCst);
                assert!(barrier.wait(&forever(), || Ok(())).is_ok());
                assert_eq!(came.load(Ordering::SeqCst), 3);
            })
        };
        all((0..3).map(passes).collect::<Vec<_>>());
    });
}

fn put(queue: Queue, item: u8, wait: &Wait) -> Result<(), ProcessError> {
    queue.put(NameId::NONE, &[item], wait)
}

#[test]
fn a_queue_loses_nothing_gives_nothing_twice_and_keeps_the_order_of_each() {
    for most in [0, 1] {
        explore(move || {
            let queue = Queue::make(title(), most).expect("there is room");
            let got = Arc::new(Mutex::new(Vec::new()));
            let puts = |first: u8| {
                process(move || (first..first + 2).for_each(|item| assert_eq!(put(queue, item, &forever()), Ok(()))))
            };
            let gets = |_| {
                let got = got.clone();
                process(move || {
                    for _ in 0..2 {
                        let item = queue.get(&forever()).expect("somebody puts")[0];
                        got.lock().expect("no process panics").push(item);
                    }
                })
            };
            all([puts(10), puts(20), gets(0), gets(1)]);
            let mut got = got.lock().expect("no process panics").clone();
            got.sort_unstable();
            assert_eq!((got, queue.length()), (vec![10, 11, 20, 21], Ok(0)));
        });
    }
}

#[test]
fn items_of_one_producer_come_in_their_order() {
    explore(|| {
        let queue = Queue::make(title(), 1).expect("there is room");
        let producer = process(move || (0..4).for_each(|item| assert_eq!(put(queue, item, &forever()), Ok(()))));
        for item in 0..4 {
            assert_eq!(queue.get(&forever()), Ok(vec![item]));
        }
        all([producer]);
    });
}

#[test]
fn one_who_gives_up_putting_has_put_nothing() {
    explore(|| {
        let queue = Queue::make(title(), 1).expect("there is room");
        let tries = |item: u8| process(move || drop(put(queue, item, &timed())));
        let producers = [tries(1), tries(2)];
        let got = queue.get(&forever()).expect("one has room")[0];
        all(producers);
        let left = queue.length().expect("it is there");
        let rest: Vec<u8> = (0..left).filter_map(|_| queue.get(&forever()).ok()).map(|item| item[0]).collect();
        assert!(!rest.contains(&got) && rest.len() <= 1, "{got} and {rest:?}");
    });
}

#[test]
fn messages_of_any_length_come_whole_through_a_pipe() {
    explore(|| {
        let (receiver, sender) = pipe::one_way(title()).expect("there is room");
        let sends = |byte: u8, length: usize| process(move || assert_eq!(send(sender, &vec![byte; length]), Ok(())));
        // Short, longer than a piece, and longer than the ring.
        let senders = [sends(1, 3), sends(2, 40), sends(3, 80)];
        let got = Arc::new(Mutex::new(BTreeSet::new()));
        let receives = |messages: u32| {
            let got = got.clone();
            process(move || {
                for _ in 0..messages {
                    let message = receiver.receive(None, &forever()).expect("somebody sends");
                    assert!(message.windows(2).all(|pair| pair[0] == pair[1]), "{message:?}");
                    got.lock().expect("no process panics").insert((message[0], message.len()));
                }
            })
        };
        let receivers = [receives(2), receives(1)];
        all(senders);
        all(receivers);
        assert_eq!(*got.lock().expect("no process panics"), BTreeSet::from([(1, 3), (2, 40), (3, 80)]));
    });
}

fn send(end: End, bytes: &[u8]) -> Result<(), ProcessError> {
    end.send(NameId::NONE, &[bytes], &forever())
}

#[test]
fn the_end_of_a_pipe_comes_after_all_that_was_sent() {
    explore(|| {
        let (receiver, sender) = pipe::one_way(title()).expect("there is room");
        let writer = process(move || {
            assert_eq!(send(sender, &[1, 2]), Ok(()));
            sender.close();
        });
        assert_eq!(receiver.receive(None, &forever()), Ok(vec![1, 2]));
        assert_eq!(receiver.receive(None, &forever()), Err(ProcessError::EndOfFile));
        all([writer]);
    });
}

#[test]
fn who_waits_for_several_things_keeps_none_of_them_from_others() {
    explore(|| {
        let queues = [0, 1].map(|_| Queue::make(title(), 0).expect("there is room"));
        let [one, other] = queues;
        let watcher = process(move || {
            let ready = wait_for_any(&[Source::queue(one), Source::queue(other)], &forever());
            assert!(ready.is_ok_and(|ready| !ready.is_empty()));
        });
        let getters = queues.map(|queue| process(move || assert!(queue.get(&forever()).is_ok())));
        let putter = process(move || {
            for queue in queues {
                (0..2).for_each(|item| assert_eq!(put(queue, item, &forever()), Ok(())));
            }
        });
        all([putter, watcher]);
        all(getters);
        assert_eq!(queues.map(|queue| queue.length()), [Ok(1), Ok(1)]);
    });
}

#[test]
fn blocks_of_several_processes_do_not_overlap() {
    explore(|| {
        let uses = |mark: u8| {
            process(move || {
                for size in [8, 40] {
                    let block = Block::make(title(), size).expect("there is room");
                    let (mut bytes, marks) = (vec![9; size as usize], vec![mark; size as usize]);
                    assert_eq!((block.read(0, &mut bytes), bytes.iter().any(|byte| *byte != 0)), (Ok(()), false));
                    assert_eq!(block.write(0, &marks), Ok(()));
                    thread::yield_now();
                    assert_eq!((block.read(0, &mut bytes), bytes), (Ok(()), marks));
                    assert_eq!(block.free(), Ok(()));
                }
            })
        };
        all([1, 2].map(uses));
    });
}

#[test]
fn cancelling_ends_every_wait() {
    explore(|| {
        let (lock, queue) = (semaphore(Use::Lock, 0), Queue::make(title(), 0).expect("there is room"));
        let waits = process(move || assert_eq!(lock.acquire(&forever()), Err(SyncError::Cancelled.into())));
        let gets = process(move || assert_eq!(queue.get(&forever()), Err(SyncError::Cancelled.into())));
        Segment::current().expect("it was installed").cancel_waits();
        all([waits, gets]);
    });
}
