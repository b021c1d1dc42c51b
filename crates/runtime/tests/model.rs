//! The primitives under a model checker, which runs many interleavings and calls it a failure if nobody can go on: what
//! must hold in each. Waits with an end may end at any step.
//!
//! A failure prints its schedule, and `shuttle::replay` runs that again.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex as PlainMutex, PoisonError};
use std::time::Duration;

use interleave_runtime::rt::gil::Gil;
use interleave_runtime::rt::{
    Barrier, Completed, Condition, Event, Executor, Fifo, Future, Least, Lifo, Lock, Parcel, Queue, RLock, ReturnWhen,
    Semaphore, Shelf, Site, SyncError, Timer, Underlying, Unmet, Wait, allow_waits, cancel_waits, wait_for,
};
use interleave_runtime::span::Title;
use interleave_runtime::sync::Racy;
use interleave_trace::set_recording;
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

/// Runs `body` in many interleavings: random ones, and such as need only a few switches at the right places.
fn explore(body: impl Fn() + Send + Sync + 'static) {
    // What is cancelled is cancelled for the whole program.
    static ONE_AT_A_TIME: PlainMutex<()> = PlainMutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    set_recording(false);
    allow_waits();
    let body = Arc::new(body);
    let again = body.clone();
    shuttle::check_random(move || body(), 1500);
    shuttle::check_pct(move || again(), 1500, 3);
}

fn all(threads: Vec<JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().expect("no thread panics"));
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
        let (lock, inside) = (Arc::new(Lock::new(title())), Arc::new(Inside::default()));
        let visits = |_| {
            let (lock, inside) = (lock.clone(), inside.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    assert_eq!(lock.acquire(&forever()), Ok(true));
                    inside.visit(1);
                    assert_eq!(lock.release(), Ok(()));
                }
            })
        };
        all((0..3).map(visits).collect());
        assert_eq!(inside.visits.load(Ordering::SeqCst), 6);
        assert!(!lock.is_locked());
    });
}

#[test]
fn one_who_gives_up_waiting_for_a_lock_keeps_it_from_nobody() {
    explore(|| {
        let (lock, inside) = (Arc::new(Lock::new(title())), Arc::new(Inside::default()));
        let visits = |wait: fn() -> Wait| {
            let (lock, inside) = (lock.clone(), inside.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    if lock.acquire(&wait()) == Ok(true) {
                        inside.visit(1);
                        assert_eq!(lock.release(), Ok(()));
                    }
                }
            })
        };
        all([timed as fn() -> Wait, forever, timed, forever].map(visits).into());
        assert!(inside.visits.load(Ordering::SeqCst) >= 4);
    });
}

#[test]
fn a_gil_lets_one_run_at_a_time_and_who_hands_it_over_gets_it_back() {
    explore(|| {
        let (gil, inside) = (Arc::new(Gil::new()), Arc::new(Inside::default()));
        let runs = |_| {
            let (gil, inside) = (gil.clone(), inside.clone());
            thread::spawn(move || {
                gil.acquire();
                for _ in 0..3 {
                    inside.visit(1);
                    if gil.is_asked_for() {
                        gil.hand_over();
                    }
                }
                gil.release();
                gil.acquire();
                inside.visit(1);
                gil.release();
            })
        };
        all((0..3).map(runs).collect());
        assert_eq!(inside.visits.load(Ordering::SeqCst), 12);
        assert!(!gil.is_asked_for(), "nobody wants it any more");
    });
}

#[test]
fn an_rlock_is_free_when_its_holder_has_released_it_as_often() {
    explore(|| {
        let (lock, inside) = (Arc::new(RLock::new(title())), Arc::new(Inside::default()));
        let visits = |depth: u32| {
            let (lock, inside) = (lock.clone(), inside.clone());
            thread::spawn(move || {
                (0..depth).for_each(|_| assert_eq!(lock.acquire(&forever()), Ok(true)));
                inside.visit(1);
                (0..depth).for_each(|_| assert_eq!(lock.release(), Ok(())));
                assert!(matches!(lock.release(), Err(SyncError::HeldByAnother { .. })));
            })
        };
        all((1..=3).map(visits).collect());
        assert!(!lock.is_locked());
    });
}

#[test]
fn a_semaphore_lets_in_no_more_than_it_has_permits() {
    explore(|| {
        let (semaphore, inside) = (Arc::new(Semaphore::bounded(title(), 2)), Arc::new(Inside::default()));
        let visits = |wait: fn() -> Wait| {
            let (semaphore, inside) = (semaphore.clone(), inside.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    if semaphore.acquire(&wait()) == Ok(true) {
                        inside.visit(2);
                        assert_eq!(semaphore.release(), Ok(()));
                    }
                }
            })
        };
        all([forever as fn() -> Wait, timed, forever, timed].map(visits).into());
        assert_eq!(semaphore.free(), 2);
        assert_eq!(semaphore.release(), Err(SyncError::ReleasedTooOften));
    });
}

#[test]
fn as_many_go_on_as_permits_are_given_at_once() {
    explore(|| {
        let semaphore = Arc::new(Semaphore::new(title(), 0));
        let takes = |_| {
            let semaphore = semaphore.clone();
            thread::spawn(move || assert_eq!(semaphore.acquire(&forever()), Ok(true)))
        };
        let threads = (0..3).map(takes).collect();
        let tried = semaphore.acquire(&timed()) == Ok(true);
        assert!(!tried, "nobody gave any");
        assert_eq!(semaphore.release_many(NonZeroU32::new(3).expect("three")), Ok(()));
        all(threads);
        assert_eq!(semaphore.free(), 0);
    });
}

#[test]
fn an_event_lets_all_go_on_who_wait() {
    explore(|| {
        let (event, ready) = (Arc::new(Event::new(title())), Arc::new(Event::new(title())));
        let waits = |wait: fn() -> Wait| {
            let (event, ready) = (event.clone(), ready.clone());
            thread::spawn(move || {
                let passed = event.wait(&wait());
                assert!(passed.is_ok());
                ready.set();
            })
        };
        let threads = [forever as fn() -> Wait, timed, forever].map(waits).into();
        event.set();
        event.clear();
        assert!(ready.wait(&timed()).is_ok());
        // For those who came too late.
        event.set();
        all(threads);
    });
}

fn condition() -> Arc<(Arc<Lock>, Condition, AtomicU32)> {
    let lock = Arc::new(Lock::new(title()));
    let condition = Condition::new(title(), Underlying::Lock(lock.clone()));
    Arc::new((lock, condition, AtomicU32::new(0)))
}

#[test]
fn no_notification_is_lost_to_one_who_waits() {
    explore(|| {
        let shared = condition();
        let consumes = |_| {
            let shared = shared.clone();
            thread::spawn(move || {
                let (lock, changed, items) = &*shared;
                assert_eq!(lock.acquire(&forever()), Ok(true));
                while items.load(Ordering::SeqCst) == 0 {
                    assert_eq!(changed.wait(&forever()), Ok(true));
                }
                items.fetch_sub(1, Ordering::SeqCst);
                assert_eq!(lock.release(), Ok(()));
            })
        };
        let threads = (0..3).map(consumes).collect();
        for _ in 0..3 {
            let (lock, changed, items) = &*shared;
            assert_eq!(lock.acquire(&forever()), Ok(true));
            items.fetch_add(1, Ordering::SeqCst);
            assert_eq!(changed.notify(1), Ok(()));
            assert_eq!(lock.release(), Ok(()));
        }
        all(threads);
        assert_eq!(shared.2.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn one_whose_time_is_up_takes_no_notification_from_another() {
    explore(|| {
        let shared = condition();
        let waits = |wait: fn() -> Wait| {
            let shared = shared.clone();
            thread::spawn(move || {
                let (lock, changed, flag) = &*shared;
                assert_eq!(lock.acquire(&forever()), Ok(true));
                let mut notified = true;
                while notified && flag.load(Ordering::SeqCst) == 0 {
                    notified = changed.wait(&wait()).expect("nobody ends the run");
                }
                // Who was notified, or never waited, tells the next; who was not has nothing to tell.
                if notified {
                    assert_eq!(changed.notify(1), Ok(()));
                }
                assert_eq!(lock.release(), Ok(()));
            })
        };
        let threads = [timed as fn() -> Wait, forever, timed].map(waits).into();
        let (lock, changed, flag) = &*shared;
        assert_eq!(lock.acquire(&forever()), Ok(true));
        flag.store(1, Ordering::SeqCst);
        assert_eq!(changed.notify(1), Ok(()));
        assert_eq!(lock.release(), Ok(()));
        all(threads);
    });
}

#[test]
fn who_waits_for_a_condition_holds_its_lock_again_as_deep() {
    explore(|| {
        let lock = Arc::new(RLock::new(title()));
        let condition = Arc::new(Condition::new(title(), Underlying::RLock(lock.clone())));
        let flag = Arc::new(AtomicU32::new(0));
        let waits = |wait: fn() -> Wait| {
            let (lock, condition, flag) = (lock.clone(), condition.clone(), flag.clone());
            thread::spawn(move || {
                (0..2).for_each(|_| assert_eq!(lock.acquire(&forever()), Ok(true)));
                let set = condition.wait_for::<SyncError>(&wait(), || Ok(flag.load(Ordering::SeqCst) == 1));
                assert!(set.is_ok() && lock.is_owned());
                (0..2).for_each(|_| assert_eq!(lock.release(), Ok(())));
                assert!(!lock.is_owned());
            })
        };
        let threads = [forever as fn() -> Wait, timed].map(waits).into();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        flag.store(1, Ordering::SeqCst);
        assert_eq!(condition.notify_all(), Ok(()));
        assert_eq!(lock.release(), Ok(()));
        all(threads);
    });
}

#[test]
fn nobody_passes_a_barrier_before_all_have_come_in_any_round() {
    explore(|| {
        let (barrier, come) = (Arc::new(Barrier::new(title(), 3)), Arc::new(AtomicU32::new(0)));
        let numbers = Arc::new(Mutex::new(Vec::new()));
        let acted = Arc::new(AtomicU32::new(0));
        let passes = |_| {
            let (barrier, come, numbers, acted) = (barrier.clone(), come.clone(), numbers.clone(), acted.clone());
            thread::spawn(move || {
                for round in 1..=3 {
                    come.fetch_add(1, Ordering::SeqCst);
                    let number = barrier.wait_and::<SyncError>(&forever(), || {
                        assert_eq!(come.load(Ordering::SeqCst), 3 * round);
                        acted.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    });
                    assert!(come.load(Ordering::SeqCst) >= 3 * round);
                    assert!(acted.load(Ordering::SeqCst) >= round);
                    numbers.lock().expect("no thread panics").push(number.expect("it is not broken"));
                }
            })
        };
        all((0..3).map(passes).collect());
        let mut numbers = std::mem::take(&mut *numbers.lock().expect("no thread panics"));
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
        assert_eq!(acted.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn at_a_barrier_with_timeouts_all_pass_or_nobody() {
    explore(|| {
        let barrier = Arc::new(Barrier::new(title(), 3));
        let ends = Arc::new(Mutex::new(Vec::new()));
        let waits = |wait: fn() -> Wait| {
            let (barrier, ends) = (barrier.clone(), ends.clone());
            thread::spawn(move || {
                let end = barrier.wait(&wait());
                ends.lock().expect("no thread panics").push(end);
            })
        };
        all([timed as fn() -> Wait, forever, timed].map(waits).into());
        let ends = ends.lock().expect("no thread panics");
        let passed = ends.iter().filter(|end| end.is_ok()).count();
        let broken = ends.iter().filter(|end| **end == Err(SyncError::BarrierBroken)).count();
        assert!((passed, broken) == (3, 0) || (passed, broken) == (0, 3), "{ends:?}");
        assert_eq!(barrier.is_broken(), broken == 3);
    });
}

#[test]
fn an_aborted_barrier_keeps_nobody() {
    explore(|| {
        let barrier = Arc::new(Barrier::new(title(), 2));
        let waits = |_| {
            let barrier = barrier.clone();
            thread::spawn(move || {
                let act = || {
                    thread::yield_now();
                    Ok(())
                };
                let end = barrier.wait_and::<SyncError>(&forever(), act);
                assert!(end.is_ok() || end == Err(SyncError::BarrierBroken), "{end:?}");
            })
        };
        let threads = (0..2).map(waits).collect();
        barrier.abort();
        all(threads);
        assert!(barrier.is_broken());
        barrier.reset();
        assert_eq!((barrier.is_broken(), barrier.waiting()), (false, 0));
    });
}

#[test]
fn resetting_a_barrier_fails_those_who_wait_and_nobody_else() {
    explore(|| {
        let barrier = Arc::new(Barrier::new(title(), 2));
        let passed = Arc::new(AtomicU32::new(0));
        let waits = |_| {
            let (barrier, passed) = (barrier.clone(), passed.clone());
            thread::spawn(move || {
                while barrier.wait(&forever()).is_err() {}
                passed.fetch_add(1, Ordering::SeqCst);
            })
        };
        let threads = (0..2).map(waits).collect();
        barrier.reset();
        all(threads);
        assert_eq!(passed.load(Ordering::SeqCst), 2);
    });
}

fn deliver<S: Shelf<Parcel<u32>> + Default + Send + 'static>(capacity: Option<usize>) {
    let queue = Arc::new(Queue::<u32, S>::new(title(), capacity));
    let puts = |producer: u32| {
        let queue = queue.clone();
        thread::spawn(move || {
            (0..3).for_each(|item| assert_eq!(queue.put(producer * 10 + item, &forever()), Ok(())));
        })
    };
    let got = Arc::new(Mutex::new(Vec::new()));
    let gets = |wait: fn() -> Wait| {
        let (queue, got) = (queue.clone(), got.clone());
        thread::spawn(move || {
            let mut mine = Vec::new();
            while mine.len() < 3 {
                match queue.get(&wait()) {
                    Ok(item) => {
                        mine.push(item);
                        assert_eq!(queue.task_done(), Ok(()));
                    }
                    Err(error) => assert_eq!(error, SyncError::Empty),
                }
            }
            got.lock().expect("no thread panics").extend(mine);
        })
    };
    let mut threads: Vec<_> = (0..2).map(puts).collect();
    threads.extend([forever as fn() -> Wait, timed].map(gets));
    all(threads);
    let mut got = std::mem::take(&mut *got.lock().expect("no thread panics"));
    got.sort_unstable();
    assert_eq!(got, [0, 1, 2, 10, 11, 12]);
}

#[test]
fn a_bounded_queue_loses_nothing_and_gives_nothing_twice() {
    explore(|| deliver::<Fifo<_>>(Some(1)));
}

#[test]
fn an_unbounded_queue_loses_nothing_and_gives_nothing_twice() {
    explore(|| deliver::<Fifo<_>>(None));
}

#[test]
fn a_lifo_queue_loses_nothing_and_gives_nothing_twice() {
    explore(|| deliver::<Lifo<_>>(Some(2)));
}

#[test]
fn a_priority_queue_loses_nothing_and_gives_nothing_twice() {
    explore(|| deliver::<Least<_>>(Some(2)));
}

#[test]
fn items_of_one_producer_come_in_their_order() {
    explore(|| {
        let queue = Arc::new(Queue::<u32>::new(title(), Some(2)));
        let puts = queue.clone();
        let producer = thread::spawn(move || (0..5).for_each(|n| assert_eq!(puts.put(n, &forever()), Ok(()))));
        (0..5).for_each(|n| assert_eq!(queue.get(&forever()), Ok(n)));
        all(vec![producer]);
    });
}

#[test]
fn one_who_gives_up_putting_has_put_nothing() {
    explore(|| {
        let queue = Arc::new(Queue::<u32>::new(title(), Some(1)));
        let puts = |n: u32| {
            let queue = queue.clone();
            thread::spawn(move || {
                let put = queue.put(n, &timed());
                assert!(put.is_ok() || put == Err(SyncError::Full));
                if put.is_ok() {
                    assert!(queue.get(&forever()).is_ok());
                }
            })
        };
        all((0..3).map(puts).collect());
        assert!(queue.is_empty());
    });
}

#[test]
fn who_joins_a_queue_goes_on_when_all_work_is_done_and_not_before() {
    explore(|| {
        let (queue, done) = (Arc::new(Queue::<u32>::new(title(), None)), Arc::new(AtomicU32::new(0)));
        (0..3).for_each(|n| assert_eq!(queue.put(n, &forever()), Ok(())));
        let works = |_| {
            let (queue, done) = (queue.clone(), done.clone());
            thread::spawn(move || {
                while queue.get(&Wait::never()).is_ok() {
                    done.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(queue.task_done(), Ok(()));
                }
            })
        };
        let threads = (0..2).map(works).collect();
        assert_eq!(queue.join(&forever()), Ok(true));
        assert_eq!(done.load(Ordering::SeqCst), 3);
        all(threads);
    });
}

#[test]
fn a_queue_that_is_shut_down_keeps_nobody_and_loses_nothing() {
    explore(|| {
        for immediate in [false, true] {
            let queue = Arc::new(Queue::<u32>::new(title(), Some(1)));
            let (put, got) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
            let (puts, counts_put) = (queue.clone(), put.clone());
            let (gets, counts_got) = (queue.clone(), got.clone());
            let threads = vec![
                thread::spawn(move || {
                    while puts.put(1, &forever()) == Ok(()) {
                        if counts_put.fetch_add(1, Ordering::SeqCst) == 3 {
                            break;
                        }
                    }
                }),
                thread::spawn(move || {
                    while gets.get(&forever()).is_ok() {
                        counts_got.fetch_add(1, Ordering::SeqCst);
                    }
                }),
            ];
            let dropped = queue.shutdown(immediate).len() as u32;
            all(threads);
            assert_eq!(put.load(Ordering::SeqCst), got.load(Ordering::SeqCst) + dropped);
        }
    });
}

#[test]
fn work_is_either_done_or_cancelled() {
    explore(|| {
        let (future, called) = (Future::<u32>::new(title()), Arc::new(AtomicU32::new(0)));
        let calls = called.clone();
        future.when_done(move |_| {
            calls.fetch_add(1, Ordering::SeqCst);
        });
        let (works, waits) = (future.clone(), future.clone());
        let worker = thread::spawn(move || {
            if works.start() {
                assert!(works.finish(Ok(1)));
            }
        });
        let waiter = thread::spawn(move || {
            let end = waits.result(&forever());
            assert!(end == Ok(Ok(1)) || end == Err(SyncError::WorkCancelled), "{end:?}");
        });
        let cancelled = future.cancel();
        all(vec![worker, waiter]);
        assert_eq!(future.is_cancelled(), cancelled);
        assert!(future.is_done());
        assert_eq!(called.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn every_callback_is_called_once_however_late_it_comes() {
    explore(|| {
        let (future, called) = (Future::<u32>::new(title()), Arc::new(AtomicU32::new(0)));
        let finishes = future.clone();
        let worker = thread::spawn(move || assert!(finishes.finish(Ok(1))));
        for _ in 0..3 {
            let calls = called.clone();
            future.when_done(move |_| {
                calls.fetch_add(1, Ordering::SeqCst);
            });
        }
        all(vec![worker]);
        assert_eq!(called.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn all_futures_come_and_each_once() {
    explore(|| {
        let futures: Vec<_> = (0..3).map(|_| Future::<u32>::new(title())).collect();
        let finishes = |(n, future): (usize, &Arc<Future<u32>>)| {
            let future = future.clone();
            thread::spawn(move || assert!(future.finish(Ok(n as u32))))
        };
        let threads = futures.iter().enumerate().map(finishes).collect();
        let (done, open) = wait_for(&futures, &timed(), ReturnWhen::FirstCompleted).expect("nobody ends the run");
        assert_eq!(done.len() + open.len(), 3);
        let come = Completed::of(&futures, &forever()).map(|future| future?.result(&Wait::never()));
        let mut come: Vec<_> = come.map(|result| result.expect("it is done").expect("it did not fail")).collect();
        come.sort_unstable();
        assert_eq!(come, [0, 1, 2]);
        all(threads);
    });
}

#[test]
fn a_pool_does_each_piece_of_work_once() {
    explore(|| {
        let (executor, done) = (Executor::new(title(), 2, Site::NONE), Arc::new(AtomicU32::new(0)));
        let submit = |n: u32| {
            let done = done.clone();
            let work = move || {
                done.fetch_add(1, Ordering::SeqCst);
                n
            };
            executor.submit(Site::NONE, work).expect("it is open")
        };
        let futures: Vec<_> = (0..4).map(submit).collect();
        for (n, future) in futures.iter().enumerate() {
            assert_eq!(future.result(&forever()), Ok(Ok(n as u32)));
        }
        executor.shut(false);
        assert_eq!(executor.join(&forever()), Ok(true));
        assert_eq!(done.load(Ordering::SeqCst), 4);
    });
}

#[test]
fn what_a_pool_takes_while_it_is_shut_is_done_or_cancelled() {
    explore(|| {
        for cancel in [false, true] {
            let executor = Arc::new(Executor::new(title(), 2, Site::NONE));
            let submits = executor.clone();
            let done = Arc::new(AtomicU32::new(0));
            let counts = done.clone();
            let submitter = thread::spawn(move || {
                let mut taken = Vec::new();
                for _ in 0..2 {
                    let counts = counts.clone();
                    match submits.submit(Site::NONE, move || counts.fetch_add(1, Ordering::SeqCst)) {
                        Ok(future) => taken.push(future),
                        Err(error) => assert_eq!(error, SyncError::ShutDown),
                    }
                }
                for future in taken {
                    let end = future.result(&forever());
                    assert!(matches!(end, Ok(Ok(_))) || cancel && end == Err(SyncError::WorkCancelled), "{end:?}");
                }
            });
            executor.shut(cancel);
            assert_eq!(executor.join(&forever()), Ok(true));
            let before = done.load(Ordering::SeqCst);
            all(vec![submitter]);
            assert_eq!(done.load(Ordering::SeqCst), before, "nothing is done after its end");
        }
    });
}

#[test]
fn a_timer_does_its_work_at_most_once_and_ends() {
    explore(|| {
        let done = Arc::new(AtomicU32::new(0));
        let counts = done.clone();
        let work = move || {
            counts.fetch_add(1, Ordering::SeqCst);
        };
        let timer = Timer::start(title(), LONG, Site::NONE, work);
        timer.cancel();
        assert_eq!(timer.join(&forever()), Ok(true));
        assert!(done.load(Ordering::SeqCst) <= 1);
    });
}

#[test]
fn cancelling_ends_every_wait() {
    explore(|| {
        let (lock, event) = (Arc::new(Lock::new(title())), Arc::new(Event::new(title())));
        let queue = Arc::new(Queue::<u32>::new(title(), None));
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let (locks, waits, gets) = (lock.clone(), event.clone(), queue.clone());
        let threads = vec![
            thread::spawn(move || assert_eq!(locks.acquire(&forever()), Err(SyncError::Cancelled))),
            thread::spawn(move || assert_eq!(waits.wait(&forever()), Err(SyncError::Cancelled))),
            thread::spawn(move || assert_eq!(gets.get(&forever()), Err(SyncError::Cancelled))),
        ];
        cancel_waits();
        all(threads);
        allow_waits();
        assert_eq!(SyncError::from(Unmet::Cancelled), SyncError::Cancelled);
    });
}

#[test]
fn the_model_finds_the_lost_update_of_a_race() {
    let found = std::panic::catch_unwind(|| {
        explore(|| {
            let counter = Arc::new(Racy::new(0));
            let adds = |_| {
                let counter = counter.clone();
                thread::spawn(move || assert_eq!(counter.update(|n: u32| n + 1), Ok(())))
            };
            all((0..2).map(adds).collect());
            assert_eq!(counter.get(), Ok(2), "an update was lost");
        });
    });
    assert!(found.is_err(), "so it would find one of ours");
}
