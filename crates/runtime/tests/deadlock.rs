//! Programs that deadlock and programs that only look like it, watched while they run, as the page watches them.

mod watched;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use interleave_runtime::multiprocessing::{self, Connection, Process, both_ways};
use interleave_runtime::rt::{self, Wait, gil};
use interleave_runtime::span::Title;
use interleave_runtime::sync::thread::{JoinHandle, checkpoint, sleep, spawn};
use interleave_runtime::sync::{
    Barrier, Condition, Event, Lock, Mutex, Queue, RLock, Result, Semaphore, ThreadPool, Timer,
};
use interleave_runtime::tasks;
use interleave_timeline::Deadlock;
use watched::{watched, watched_processes, watched_tasks};

const A_MOMENT: Duration = Duration::from_millis(15);

/// What has to be in the verdict on a program: lanes, primitives and holders.
fn deadlocks(program: impl FnOnce() -> Result<()> + Send + 'static, named: &[&str]) {
    check(watched(program), named);
}

fn check(verdict: Option<Deadlock>, named: &[&str]) {
    let Some(deadlock) = verdict else { panic!("no verdict") };
    let sentence = deadlock.sentence();
    for name in named {
        assert!(sentence.contains(name), "“{name}” is not in: {sentence}");
    }
    // Every wait has its call site: they all stand in this file.
    let without =
        deadlock.lanes.iter().find(|stuck| stuck.at.as_ref().is_none_or(|at| !at.starts_with("deadlock.rs:")));
    let without = without.filter(|stuck| stuck.kind != interleave_trace::ObjectKind::Gil);
    assert_eq!(without, None, "{sentence}");
}

/// It runs to its end without a verdict.
fn lives(program: impl FnOnce() -> Result<()> + Send + 'static) {
    assert_eq!(watched(program).map(|deadlock| deadlock.sentence()), None);
}

/// Two threads that take two locks in opposite order.
fn opposite<L: Send + Sync + 'static>(
    left: L,
    right: L,
    take: fn(&L, &mut dyn FnMut() -> Result<()>) -> Result<()>,
) -> Result<()> {
    let locks = Arc::new((left, right));
    let met = Arc::new(Barrier::new("met", 2));
    let (theirs, both) = (locks.clone(), met.clone());
    let other = spawn(("thread", 1), move || {
        take(&theirs.1, &mut || {
            both.wait()?;
            take(&theirs.0, &mut || Ok(()))
        })
    });
    let own = take(&locks.0, &mut || {
        met.wait()?;
        take(&locks.1, &mut || Ok(()))
    });
    own.and(other.join())
}

#[test]
fn two_locks_in_opposite_order() {
    deadlocks(
        || {
            opposite(Lock::new("left"), Lock::new("right"), |lock, then| {
                let _held = lock.acquire()?;
                then()
            })
        },
        &[
            "main holds lock left (taken at deadlock.rs:",
            "waits for lock right at deadlock.rs:",
            "thread 1 holds lock right",
            "waits for lock left",
        ],
    );
}

#[test]
fn two_rlocks_in_opposite_order() {
    deadlocks(
        || {
            opposite(RLock::new("left"), RLock::new("right"), |lock, then| {
                let _held = lock.acquire()?;
                let _again = lock.acquire()?;
                then()
            })
        },
        &["main holds RLock left", "waits for RLock right", "thread 1 holds RLock right", "waits for RLock left"],
    );
}

#[test]
fn two_locks_that_anybody_may_release() {
    deadlocks(
        || {
            let lock = |name| rt::Lock::new(Title::new(name));
            opposite(lock("left"), lock("right"), |lock, then| {
                lock.acquire(&Wait::forever())?;
                let result = then();
                lock.release()?;
                result
            })
        },
        &["main holds lock left", "waits for lock right", "thread 1 holds lock right", "waits for lock left"],
    );
}

#[test]
fn three_locks_in_a_ring() {
    deadlocks(
        || ring(3, "lock"),
        &[
            "thread 0 holds lock 0",
            "waits for lock 1",
            "thread 1 holds lock 1",
            "thread 2 holds lock 2",
            "waits for lock 0",
            "main waits for the end of thread 0",
        ],
    );
}

fn ring(count: u32, name: &'static str) -> Result<()> {
    let locks: Arc<Vec<Lock>> = Arc::new((0..count).map(|n| Lock::new((name, n))).collect());
    let met = Arc::new(Barrier::new("met", count));
    let threads: Vec<_> = (0..count)
        .map(|n| {
            let (locks, met) = (locks.clone(), met.clone());
            spawn(("thread", n), move || {
                let _first = locks[n as usize].acquire()?;
                met.wait()?;
                let _second = locks[((n + 1) % count) as usize].acquire()?;
                Ok(())
            })
        })
        .collect();
    threads.into_iter().try_for_each(|thread| thread.join())
}

#[test]
fn dining_philosophers() {
    deadlocks(|| ring(5, "fork"), &["holds lock fork 4", "waits for lock fork 0", "thread 4"]);
}

#[test]
fn a_join_while_holding_what_the_other_wants() {
    deadlocks(
        || {
            let accounts = Arc::new(Lock::new("accounts"));
            let held = accounts.acquire()?;
            let theirs = accounts.clone();
            let other = spawn(("thread", 1), move || theirs.acquire().map(drop));
            let joined = other.join();
            drop(held);
            joined
        },
        &["main holds lock accounts", "waits for the end of thread 1", "thread 1 waits for lock accounts"],
    );
}

#[test]
fn a_lock_taken_twice() {
    deadlocks(
        || {
            let log = Lock::new("log");
            let _once = log.acquire()?;
            let _twice = log.acquire()?;
            Ok(())
        },
        &["main holds lock log (taken at deadlock.rs:", "and waits for it again at deadlock.rs:"],
    );
}

#[test]
fn a_semaphore_that_nobody_gives_back() {
    deadlocks(
        || {
            let pool = Arc::new(Semaphore::new("pool", 1));
            let theirs = pool.clone();
            spawn(("thread", 1), move || theirs.acquire().map(|permit| permit.keep())).join()?;
            pool.acquire().map(drop)
        },
        &["main waits for semaphore pool", "thread 1 kept when it ended"],
    );
}

#[test]
fn two_permits_each_of_three() {
    deadlocks(
        || {
            let pool = Arc::new(Semaphore::new("pool", 2));
            let met = Arc::new(Barrier::new("met", 2));
            let (theirs, both) = (pool.clone(), met.clone());
            let other = spawn(("thread", 1), move || {
                let _one = theirs.acquire()?;
                both.wait()?;
                theirs.acquire().map(drop)
            });
            let _one = pool.acquire()?;
            met.wait()?;
            let _two = pool.acquire()?;
            other.join()
        },
        &["main holds semaphore pool", "thread 1 holds semaphore pool"],
    );
}

#[test]
fn a_condition_without_a_notifier() {
    deadlocks(
        || {
            let full = Mutex::new("shelf", 0);
            let filled = Condition::new("filled", &full);
            let guard = full.lock()?;
            filled.wait_for(guard, |count| *count > 0).map(drop)
        },
        &["main waits for condition filled", "nobody is left to wake it"],
    );
}

#[test]
fn a_notification_before_anybody_waits() {
    deadlocks(
        || {
            let shelf = Arc::new(Mutex::new("shelf", ()));
            let filled = Arc::new(Condition::new("filled", &*shelf));
            let (theirs, condition) = (shelf.clone(), filled.clone());
            spawn(("thread", 1), move || {
                let _guard = theirs.lock()?;
                condition.notify()
            })
            .join()?;
            filled.wait(shelf.lock()?).map(drop)
        },
        &["main waits for condition filled", "nobody is left to wake it"],
    );
}

#[test]
fn an_event_that_nobody_sets() {
    deadlocks(
        || {
            let start = Arc::new(Event::new("start"));
            let theirs = start.clone();
            let other = spawn(("thread", 1), move || theirs.wait());
            other.join()
        },
        &["thread 1 waits for event start", "main waits for the end of thread 1"],
    );
}

#[test]
fn a_barrier_with_one_missing() {
    deadlocks(
        || {
            let start = Arc::new(Barrier::new("start", 3));
            let theirs = start.clone();
            let other = spawn(("thread", 1), move || theirs.wait().map(drop));
            start.wait()?;
            other.join()
        },
        &[
            "everyone waits and nobody is left to wake them",
            "main waits for barrier start",
            "thread 1 waits for barrier start",
        ],
    );
}

#[test]
fn a_get_without_a_producer() {
    deadlocks(
        || Queue::<u32>::new("jobs").get().map(drop),
        &["main waits for queue jobs", "nobody is left to wake it"],
    );
}

#[test]
fn a_full_queue_without_a_consumer() {
    deadlocks(
        || {
            let jobs = Arc::new(Queue::<u32>::bounded("jobs", 2));
            let theirs = jobs.clone();
            let producer = spawn("producer", move || (0..9).try_for_each(|n| theirs.put(n)));
            producer.join()
        },
        &["producer waits for queue jobs", "main waits for the end of producer"],
    );
}

#[test]
fn a_queue_whose_work_is_never_said_to_be_done() {
    deadlocks(
        || {
            let jobs = Arc::new(Queue::<u32>::new("jobs"));
            let theirs = jobs.clone();
            jobs.put(1)?;
            spawn("consumer", move || theirs.get().map(drop)).join()?;
            jobs.join()
        },
        &["main waits for queue jobs", "nobody is left to wake it"],
    );
}

#[test]
fn work_in_a_pool_that_waits_for_work_in_the_same_pool() {
    deadlocks(
        || {
            let pool = Arc::new(ThreadPool::new("pool", 1));
            let theirs = pool.clone();
            let outer = pool.submit(move || theirs.submit(|| 1).and_then(|inner| inner.result()))?;
            let result = outer.result()?.map(drop);
            std::mem::forget(pool);
            result
        },
        &["waits for future pool"],
    );
}

#[test]
fn two_queues_that_wait_for_each_other() {
    deadlocks(
        || {
            let (questions, answers) =
                (Arc::new(Queue::<u32>::new("questions")), Arc::new(Queue::<u32>::new("answers")));
            let (theirs, back) = (questions.clone(), answers.clone());
            let other = spawn("oracle", move || {
                let question = theirs.get()?;
                back.put(question)
            });
            let answer = answers.get()?;
            questions.put(answer)?;
            other.join()
        },
        &["main waits for queue answers", "oracle waits for queue questions"],
    );
}

#[test]
fn threads_that_join_each_other() {
    deadlocks(
        || {
            let (first, second) =
                (Arc::new(Queue::<JoinHandle<()>>::new("first")), Arc::new(Queue::<JoinHandle<()>>::new("second")));
            let (its, others) = (first.clone(), second.clone());
            let one = spawn(("thread", 1), move || its.get().and_then(|other| other.join()));
            let two = spawn(("thread", 2), move || others.get().and_then(|other| other.join()));
            first.put(two)?;
            second.put(one)?;
            // Main only waits for the circle: nobody joins it.
            Event::new("done").wait()
        },
        &[
            "thread 1 waits for the end of thread 2",
            "thread 2 waits for the end of thread 1",
            "main waits for event done",
        ],
    );
}

#[test]
fn a_lock_of_a_thread_that_ended_with_it() {
    deadlocks(
        || {
            let log = Arc::new(Lock::new("log"));
            let theirs = log.clone();
            spawn(("thread", 1), move || theirs.acquire().map(std::mem::forget)).join()?;
            log.acquire().map(drop)
        },
        &["main waits for lock log", "which thread 1 kept when it ended"],
    );
}

#[test]
fn two_of_many_while_the_others_go_on() {
    deadlocks(
        || {
            let stop = Arc::new(Event::new("stop"));
            let theirs = stop.clone();
            let busy = spawn("busy", move || {
                while !theirs.is_set() {
                    sleep(Duration::from_millis(1))?;
                }
                Ok(())
            });
            let result = opposite(Lock::new("left"), Lock::new("right"), |lock, then| {
                let _held = lock.acquire()?;
                then()
            });
            stop.set();
            result.and(busy.join())
        },
        &["main holds lock left", "thread 1 holds lock right"],
    );
}

#[test]
fn the_gil_kept_while_waiting() {
    deadlocks(
        || {
            gil::enable(Duration::from_millis(1));
            let other = spawn(("thread", 1), || Ok(()));
            // As an extension does that blocks and does not let go.
            watched::wait_with_the_gil("answer");
            let result = other.join();
            gil::leave();
            gil::disable();
            result
        },
        &["main holds the GIL and waits for event answer", "thread 1 wants the GIL"],
    );
}

#[test]
fn a_wait_for_a_set_time_ends() {
    lives(|| {
        let start = Event::new("start");
        assert!(!start.wait_within(A_MOMENT)?);
        Ok(())
    });
}

#[test]
fn two_locks_that_are_wanted_for_a_while_only() {
    lives(|| {
        opposite(Lock::new("left"), Lock::new("right"), |lock, then| match lock.acquire_within(A_MOMENT)? {
            Some(_held) => then(),
            None => Ok(()),
        })
    });
}

#[test]
fn one_of_two_gives_up() {
    lives(|| {
        let locks = Arc::new((Lock::new("left"), Lock::new("right")));
        let met = Arc::new(Barrier::new("met", 2));
        let (theirs, both) = (locks.clone(), met.clone());
        let other = spawn(("thread", 1), move || {
            let _right = theirs.1.acquire()?;
            both.wait()?;
            theirs.0.acquire_within(A_MOMENT).map(drop)
        });
        let left = locks.0.acquire()?;
        met.wait()?;
        drop(locks.1.acquire()?);
        drop(left);
        other.join()
    });
}

#[test]
fn a_third_releases_what_two_wait_for() {
    lives(|| {
        let locks = Arc::new((rt::Lock::new(Title::new("left")), rt::Lock::new(Title::new("right"))));
        let met = Arc::new(Barrier::new("met", 2));
        let (theirs, both) = (locks.clone(), met.clone());
        let other = spawn(("thread", 1), move || {
            theirs.1.acquire(&Wait::forever())?;
            both.wait()?;
            theirs.0.acquire(&Wait::forever())?;
            theirs.0.release()
        });
        let thirds = locks.clone();
        let third = spawn("third", move || {
            sleep(A_MOMENT * 2)?;
            thirds.0.release()
        });
        locks.0.acquire(&Wait::forever())?;
        met.wait()?;
        locks.1.acquire_at_most()?;
        third.join()?;
        other.join()
    });
}

trait Patient {
    fn acquire_at_most(&self) -> Result<()>;
}

impl Patient for rt::Lock {
    /// The other never releases it, so this alone has an end.
    fn acquire_at_most(&self) -> Result<()> {
        self.acquire(&Wait::at_most(A_MOMENT)).map(drop)
    }
}

#[test]
fn a_sleeper_sets_what_all_wait_for() {
    lives(|| {
        let start = Arc::new(Event::new("start"));
        let theirs = start.clone();
        let sleeper = spawn("sleeper", move || {
            sleep(A_MOMENT)?;
            theirs.set();
            Ok(())
        });
        start.wait()?;
        sleeper.join()
    });
}

#[test]
fn a_timer_sets_what_all_wait_for() {
    lives(|| {
        let start = Arc::new(Event::new("start"));
        let theirs = start.clone();
        let timer = Timer::start("timer", A_MOMENT, move || theirs.set());
        start.wait()?;
        timer.join()
    });
}

#[test]
fn a_busy_thread_that_records_nothing_for_long() {
    lives(|| {
        let start = Arc::new(Event::new("start"));
        let theirs = start.clone();
        let busy = spawn("busy", move || {
            // Not the runtime's sleep: nothing of it is recorded.
            std::thread::sleep(A_MOMENT * 3);
            theirs.set();
            Ok(())
        });
        start.wait()?;
        busy.join()
    });
}

#[test]
fn a_thread_that_takes_long_to_start() {
    lives(|| {
        let start = Arc::new(Event::new("start"));
        let theirs = start.clone();
        watched::start_late(A_MOMENT * 2, move || theirs.set());
        start.wait()
    });
}

#[test]
fn a_producer_that_pauses() {
    lives(|| {
        let jobs = Arc::new(Queue::<u32>::bounded("jobs", 1));
        let theirs = jobs.clone();
        let producer = spawn("producer", move || {
            for n in 0..5 {
                sleep(Duration::from_millis(3))?;
                theirs.put(n)?;
            }
            Ok(())
        });
        for n in 0..5 {
            assert_eq!(jobs.get()?, n);
        }
        producer.join()
    });
}

#[test]
fn a_consumer_that_pauses() {
    lives(|| {
        let jobs = Arc::new(Queue::<u32>::bounded("jobs", 1));
        let theirs = jobs.clone();
        let consumer = spawn("consumer", move || {
            for _ in 0..5 {
                sleep(Duration::from_millis(3))?;
                theirs.get()?;
                theirs.task_done()?;
            }
            Ok(())
        });
        (0..5).try_for_each(|n| jobs.put(n))?;
        jobs.join()?;
        consumer.join()
    });
}

#[test]
fn a_barrier_whose_last_comes_late() {
    lives(|| {
        let start = Arc::new(Barrier::new("start", 3));
        let threads: Vec<_> = (1..3)
            .map(|n| {
                let start = start.clone();
                spawn(("thread", n), move || {
                    sleep(A_MOMENT * n)?;
                    start.wait().map(drop)
                })
            })
            .collect();
        start.wait()?;
        threads.into_iter().try_for_each(|thread| thread.join())
    });
}

#[test]
fn a_condition_that_is_notified_in_the_end() {
    lives(|| {
        let shelf = Arc::new(Mutex::new("shelf", 0));
        let filled = Arc::new(Condition::new("filled", &*shelf));
        let (theirs, condition) = (shelf.clone(), filled.clone());
        let other = spawn(("thread", 1), move || {
            for _ in 0..3 {
                sleep(Duration::from_millis(5))?;
                *theirs.lock()? += 1;
                let _guard = theirs.lock()?;
                condition.notify_all()?;
            }
            Ok(())
        });
        drop(filled.wait_for(shelf.lock()?, |count| *count == 3)?);
        other.join()
    });
}

#[test]
fn ping_and_pong() {
    lives(|| {
        let (ping, pong) = (Arc::new(Semaphore::new("ping", 1)), Arc::new(Semaphore::new("pong", 0)));
        let (theirs, back) = (ping.clone(), pong.clone());
        let other = spawn(("thread", 1), move || {
            for _ in 0..2_000 {
                back.acquire()?.keep();
                theirs.release()?;
            }
            Ok(())
        });
        for _ in 0..2_000 {
            ping.acquire()?.keep();
            pong.release()?;
        }
        other.join()
    });
}

#[test]
fn a_crowd_at_one_lock() {
    lives(|| {
        let counter = Arc::new(Mutex::new("counter", 0));
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let counter = counter.clone();
                spawn(("thread", n), move || (0..400).try_for_each(|_| counter.lock().map(|mut count| *count += 1)))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join())?;
        assert_eq!(*counter.lock()?, 3_200);
        Ok(())
    });
}

#[test]
fn philosophers_of_whom_one_is_left_handed() {
    lives(|| {
        let forks: Arc<Vec<Lock>> = Arc::new((0..5).map(|n| Lock::new(("fork", n))).collect());
        let threads: Vec<_> = (0..5u32)
            .map(|n| {
                let forks = forks.clone();
                spawn(("philosopher", n), move || {
                    let (low, high) = (n.min((n + 1) % 5) as usize, n.max((n + 1) % 5) as usize);
                    for _ in 0..100 {
                        let _low = forks[low].acquire()?;
                        let _high = forks[high].acquire()?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join())
    });
}

#[test]
fn a_pool_of_idle_workers() {
    lives(|| {
        let pool = ThreadPool::new("pool", 3);
        let futures: Vec<_> =
            (0..3u32).map(|n| pool.submit(move || std::thread::sleep(A_MOMENT * n))).collect::<Result<_>>()?;
        futures.iter().try_for_each(|future| future.result())?;
        sleep(A_MOMENT)?;
        pool.shutdown()
    });
}

#[test]
fn a_daemon_that_waits_for_ever_beside_a_program_that_ends() {
    lives(|| {
        let jobs = Arc::new(Queue::<u32>::new("jobs"));
        let theirs = jobs.clone();
        let _daemon: JoinHandle<()> = spawn("daemon", move || {
            loop {
                theirs.get()?;
            }
        });
        sleep(A_MOMENT)
    });
}

#[test]
fn a_gil_that_is_handed_over() {
    lives(|| {
        gil::enable(Duration::from_millis(1));
        let threads: Vec<_> = (0..3)
            .map(|n| {
                spawn(("thread", n), move || {
                    for _ in 0..30 {
                        std::thread::sleep(Duration::from_micros(200));
                        checkpoint()?;
                    }
                    Ok(())
                })
            })
            .collect();
        let result = threads.into_iter().try_for_each(|thread| thread.join());
        gil::leave();
        gil::disable();
        result
    });
}

#[test]
fn a_lock_under_a_gil() {
    lives(|| {
        gil::enable(Duration::from_millis(1));
        let counter = Arc::new(Mutex::new("counter", 0));
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let counter = counter.clone();
                spawn(("thread", n), move || {
                    for _ in 0..200 {
                        *counter.lock()? += 1;
                        checkpoint()?;
                    }
                    Ok(())
                })
            })
            .collect();
        let result = threads.into_iter().try_for_each(|thread| thread.join());
        gil::leave();
        gil::disable();
        result
    });
}

#[test]
fn locks_in_one_order() {
    lives(|| {
        let locks = Arc::new((Lock::new("first"), Lock::new("second")));
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let locks = locks.clone();
                spawn(("thread", n), move || {
                    for _ in 0..200 {
                        let _first = locks.0.acquire()?;
                        let _second = locks.1.acquire()?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join())
    });
}

#[test]
fn a_pipe_that_both_processes_read() {
    let verdict = watched_processes(|| {
        let (here, there) = both_ways(Title::new("pipe"))?;
        let read = |there: Connection| there.receive_bytes().map(drop);
        let child = Process::new(Title::new("child"), read, there).start()?;
        here.receive_bytes()?;
        child.join().map(drop)
    });
    check(verdict, &["everyone waits and nobody is left to wake them", "main waits for pipe", "child waits for pipe"]);
}

#[test]
fn a_child_that_waits_for_the_parent_that_joins_it() {
    let verdict = watched_processes(|| {
        let go = multiprocessing::Event::new(Title::new("go"))?;
        let wait = |go: multiprocessing::Event| go.wait();
        let child = Process::new(Title::new("child"), wait, go).start()?;
        child.join()?;
        go.set()
    });
    check(verdict, &["main waits for the end of child", "child waits for event go"]);
}

#[test]
fn two_locks_in_opposite_order_in_two_processes() {
    let verdict = watched_processes(|| {
        let locks = (multiprocessing::Lock::new(Title::new("left"))?, multiprocessing::Lock::new(Title::new("right"))?);
        let met = multiprocessing::Barrier::new(Title::new("met"), 2)?;
        let opposite =
            |((left, right), met): ((multiprocessing::Lock, multiprocessing::Lock), multiprocessing::Barrier)| {
                right.acquire()?;
                met.wait()?;
                left.acquire()
            };
        let child = Process::new(Title::new("child"), opposite, (locks, met)).start()?;
        locks.0.acquire()?;
        met.wait()?;
        locks.1.acquire()?;
        child.join().map(drop)
    });
    check(verdict, &["main holds lock left", "waits for lock right", "child holds lock right", "waits for lock left"]);
}

#[test]
fn a_message_that_comes_late() {
    let verdict = watched_processes(|| {
        let (here, there) = both_ways(Title::new("pipe"))?;
        let answer = |there: Connection| {
            std::thread::sleep(A_MOMENT);
            there.send_bytes(b"late")
        };
        let child = Process::new(Title::new("child"), answer, there).start()?;
        assert_eq!(here.receive_bytes()?, b"late");
        child.join().map(drop)
    });
    assert_eq!(verdict.map(|deadlock| deadlock.sentence()), None);
}

#[test]
fn a_process_that_is_stuck_and_terminated() {
    let verdict = watched_processes(|| {
        let go = multiprocessing::Event::new(Title::new("go"))?;
        let wait = |go: multiprocessing::Event| go.wait();
        let child = Process::new(Title::new("child"), wait, go).start()?;
        std::thread::sleep(A_MOMENT);
        child.terminate()?;
        child.join().map(drop)
    });
    assert_eq!(verdict.map(|deadlock| deadlock.sentence()), None);
}

#[test]
fn a_pipe_whose_writer_ends() {
    let verdict = watched_processes(|| {
        let (here, there) = both_ways(Title::new("pipe"))?;
        let nothing = |_there: Connection| std::thread::sleep(A_MOMENT);
        let child = Process::new(Title::new("child"), nothing, there).start()?;
        // The end of the pipe, once nobody has the other side open.
        let _end = here.receive_bytes();
        child.join().map(drop)
    });
    assert_eq!(verdict.map(|deadlock| deadlock.sentence()), None);
}

#[test]
fn tasks_that_await_each_other() {
    let verdict = watched_tasks(|| async {
        let first: Rc<RefCell<Option<tasks::Task<()>>>> = Rc::default();
        let theirs = first.clone();
        let second = tasks::spawn(("task", 2), async move {
            // When this runs, the first has been spawned.
            let first = theirs.take();
            match first {
                Some(first) => first.join().await,
                None => Ok(()),
            }
        });
        first.replace(Some(tasks::spawn(("task", 1), second.join())));
        tasks::Event::new("done").wait().await
    });
    check(
        verdict,
        &["task 1 waits for the end of task 2", "task 2 waits for the end of task 1", "main waits for event done"],
    );
}

#[test]
fn a_lock_of_tasks_taken_twice() {
    let verdict = watched_tasks(|| async {
        let task = tasks::spawn(("task", 1), async {
            let log = tasks::Lock::new("log");
            let _once = log.lock().await?;
            let _twice = log.lock().await?;
            Ok(())
        });
        task.join().await
    });
    check(verdict, &["task 1 holds lock log", "and waits for it again", "main waits for the end of task 1"]);
}

#[test]
fn a_queue_of_tasks_that_nobody_fills() {
    let verdict = watched_tasks(|| async {
        let jobs = Rc::new(tasks::Queue::<u32>::new("jobs", 0));
        let consumers = [1, 2].map(|n| {
            let jobs = jobs.clone();
            tasks::spawn(("consumer", n), async move { jobs.get().await.map(drop) })
        });
        tasks::gather(consumers).await.map(drop)
    });
    check(verdict, &["consumer 1 waits for queue jobs", "consumer 2 waits for queue jobs"]);
}

#[test]
fn a_task_that_sleeps_and_then_sets() {
    let verdict = watched_tasks(|| async {
        let start = Rc::new(tasks::Event::new("start"));
        let theirs = start.clone();
        let sleeper = tasks::spawn("sleeper", async move {
            tasks::sleep(A_MOMENT).await?;
            theirs.set();
            Ok(())
        });
        start.wait().await?;
        sleeper.join().await
    });
    assert_eq!(verdict.map(|deadlock| deadlock.sentence()), None);
}

#[test]
fn a_task_that_waits_for_a_set_time() {
    let verdict = watched_tasks(|| async {
        tasks::spawn("task", async {
            let start = tasks::Event::new("start");
            let waited = tasks::wait_for(A_MOMENT, start.wait()).await;
            assert!(matches!(waited, Err(tasks::Raised::TimedOut)));
            Ok(())
        })
        .join()
        .await
    });
    assert_eq!(verdict.map(|deadlock| deadlock.sentence()), None);
}

#[test]
fn a_task_that_waits_for_a_thread() {
    let verdict = watched_tasks(|| async {
        tasks::spawn("task", async { tasks::to_thread("thread", || std::thread::sleep(A_MOMENT)).await }).join().await
    });
    assert_eq!(verdict.map(|deadlock| deadlock.sentence()), None);
}
