//! Pools and managers, by the rules of Python's documentation, one test a rule.

mod segment;

use std::time::Duration;

use interleave_runtime::multiprocessing::{
    Event, ExitCode, Lock, Manager, Options, Pool, Process, ProcessError, Queue, RawValue, Value, is_child,
};
use interleave_runtime::rt::SyncError;
use interleave_runtime::span::Title;
use segment::run;

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

fn square(n: u64) -> u64 {
    n * n
}

fn pool(workers: u32) -> Pool {
    Pool::new(workers, Options::default()).expect("workers")
}

mod pools {
    use super::*;

    #[test]
    fn map_gives_all_results_in_the_order_of_the_items() {
        run(|| {
            let pool = pool(3);
            let expected: Vec<u64> = (0..100).map(square).collect();
            assert_eq!(pool.map(square, (0..100).collect()), Ok(expected.clone()));
            assert_eq!(pool.map_in_chunks(square, (0..100).collect(), 7), Ok(expected));
            assert_eq!(pool.map(square, vec![]), Ok(vec![]));
        });
    }

    #[test]
    fn work_is_done_in_other_processes() {
        run(|| {
            assert!(!is_child());
            assert_eq!(pool(1).apply(|(): ()| is_child(), ()), Ok(true));
        });
    }

    #[test]
    fn starmap_spreads_its_items() {
        run(|| {
            let items = vec![(2, 3), (4, 5)];
            assert_eq!(pool(2).starmap(|a: u32, b: u32| a * b, items), Ok(vec![6, 20]));
        });
    }

    /// The first item waits until the second is done.
    fn second_first((number, second_done): (u32, Event)) -> u32 {
        match number {
            0 => drop(second_done.wait()),
            _ => drop(second_done.set()),
        }
        number
    }

    #[test]
    fn imap_keeps_the_order_and_imap_unordered_does_not() {
        run(|| {
            let pool = pool(2);
            let items = || {
                let done = Event::new(Title::new("second done")).expect("room");
                vec![(0, done), (1, done)]
            };
            let in_order: Result<Vec<u32>, _> = pool.imap(second_first, items(), 1).expect("open").collect();
            assert_eq!(in_order, Ok(vec![0, 1]));
            let mut as_they_come = pool.imap_unordered(second_first, items(), 1).expect("open");
            let mut both = [as_they_come.next(), as_they_come.next()].map(|it| it.expect("two").expect("a result"));
            assert!(as_they_come.next().is_none());
            both.sort_unstable();
            assert_eq!(both, [0, 1]);
        });
    }

    #[test]
    fn imap_gives_results_before_all_are_there() {
        fn held((number, go): (u32, Event)) -> u32 {
            if number > 0 {
                drop(go.wait());
            }
            number
        }
        run(|| {
            let pool = pool(1);
            let go = Event::new(Title::new("go")).expect("room");
            let mut results = pool.imap(held, vec![(0, go), (1, go)], 1).expect("open");
            assert_eq!(results.next(), Some(Ok(0)), "the second still waits");
            go.set().expect("there");
            assert_eq!(results.next(), Some(Ok(1)));
        });
    }

    #[test]
    fn a_later_result_can_be_waited_for() {
        fn waits(go: Event) -> u32 {
            drop(go.wait());
            7
        }
        run(|| {
            let pool = pool(1);
            let go = Event::new(Title::new("go")).expect("room");
            let later = pool.apply_async(waits, go).expect("open");
            assert_eq!(later.is_ready(), Ok(false));
            assert_eq!(later.is_successful(), Ok(None));
            assert_eq!(later.get_within(SHORT), Err(ProcessError::Sync(SyncError::TimedOut)));
            go.set().expect("there");
            assert_eq!(later.wait_within(LONG), Ok(true));
            assert_eq!((later.get(), later.get()), (Ok(7), Ok(7)), "as often as one likes");
            assert_eq!(later.is_successful(), Ok(Some(true)));
        });
    }

    #[test]
    fn each_worker_is_initialized_once() {
        run(|| {
            let count = Value::new(Title::new("count"), 0_u32).expect("room");
            let options = Options::default().initializer(|count: Value<u32>| drop(count.update(|n| n + 1)), &count);
            let pool = Pool::new(3, options.expect("plain data")).expect("workers");
            pool.map(square, (0..50).collect()).expect("done");
            pool.close().expect("open");
            pool.join().expect("closed");
            assert_eq!(count.get(), Ok(3));
        });
    }

    #[test]
    fn workers_are_replaced_after_as_many_tasks_as_they_may_do() {
        run(|| {
            let pool = Pool::new(2, Options::default().max_tasks_per_child(3)).expect("workers");
            let results = pool.map_in_chunks(square, (0..20).collect(), 1);
            assert_eq!(results, Ok((0..20).map(square).collect()));
            pool.close().expect("open");
            pool.join().expect("closed");
            assert!((7..=9).contains(&pool.started()), "{} for 20 tasks", pool.started());
        });
    }

    #[test]
    fn a_closed_pool_takes_no_work_and_finishes_what_it_has() {
        run(|| {
            let pool = pool(2);
            assert_eq!(pool.join(), Err(ProcessError::PoolOpen));
            let later = pool.apply_async(square, 5).expect("open");
            pool.close().expect("open");
            assert_eq!(pool.apply(square, 6), Err(ProcessError::PoolClosed));
            pool.join().expect("closed");
            assert_eq!(later.get(), Ok(25));
        });
    }

    #[test]
    fn terminate_ends_workers_that_are_at_work() {
        run(|| {
            let pool = pool(2);
            let never = Event::new(Title::new("never")).expect("room");
            let later = pool.apply_async(|event: Event| drop(event.wait()), never).expect("open");
            assert_eq!(later.wait_within(SHORT), Ok(false));
            pool.terminate().expect("open");
            pool.join().expect("terminated");
            assert_eq!(later.get(), Err(ProcessError::PoolClosed));
        });
    }

    #[test]
    fn a_worker_that_dies_loses_its_task_and_is_replaced() {
        fn fails_at_three(n: u32) -> u32 {
            assert_ne!(n, 3, "on purpose");
            n
        }
        run(|| {
            let pool = pool(2);
            let lost = pool.map_in_chunks(fails_at_three, (0..6).collect(), 1);
            let Err(ProcessError::Remote { message }) = lost else { panic!("a task is lost: {lost:?}") };
            assert!(message.contains("ended with 1"), "{message}");
            assert_eq!(pool.map(fails_at_three, (10..20).collect()), Ok((10..20).collect()));
        });
    }
}

mod managers {
    use super::*;

    #[test]
    fn a_dict_is_seen_by_all() {
        run(|| {
            let manager = Manager::start().expect("a process");
            let dict = manager.dict::<String, u32>().expect("a dict");
            let all: Vec<_> = (0..4)
                .map(|n| {
                    let sets = |(dict, n): (interleave_runtime::multiprocessing::DictProxy<String, u32>, u32)| {
                        dict.set(&format!("key {n}"), &n)
                    };
                    Process::new(Title::new("setter"), sets, (dict.clone(), n)).start().expect("a process")
                })
                .collect();
            assert!(all.iter().all(|process| process.join() == Ok(ExitCode::WELL)));
            assert_eq!((dict.length(), dict.get(&"key 2".to_owned())), (Ok(4), Ok(Some(2))));
            assert_eq!(dict.remove(&"key 2".to_owned()), Ok(Some(2)));
            assert_eq!(dict.get(&"key 2".to_owned()), Ok(None));
            assert_eq!(dict.keys().map(|keys| keys.len()), Ok(3));
            assert_eq!(dict.items().map(|items| items.iter().map(|(_, n)| n).sum::<u32>()), Ok(4));
            dict.clear().expect("there");
            assert_eq!(dict.length(), Ok(0));
        });
    }

    #[test]
    fn a_list_has_places() {
        run(|| {
            let manager = Manager::start().expect("a process");
            let list = manager.list().expect("a list");
            (0..3_u8).for_each(|n| list.push(&n).expect("there"));
            list.set(1, &9).expect("inside");
            assert_eq!((list.get(1), list.length(), list.to_vec()), (Ok(9), Ok(3), Ok(vec![0, 9, 2])));
            assert_eq!(list.get(3), Err(ProcessError::OutOfBounds { at: 3, length: 3 }));
            assert_eq!((list.pop(), list.length()), (Ok(Some(2)), Ok(2)));
        });
    }

    #[test]
    fn a_namespace_and_a_value_keep_what_they_are_given() {
        run(|| {
            let manager = Manager::start().expect("a process");
            let names = manager.namespace().expect("a namespace");
            names.set("x", &10_i32).expect("there");
            names.set("text", &"hello").expect("there");
            assert_eq!((names.get("x"), names.get("y")), (Ok(Some(10_i32)), Ok(None::<u8>)));
            assert_eq!(names.get("text"), Ok(Some("hello".to_owned())));
            let value = manager.value(&1.5_f64).expect("a value");
            value.set(&2.5).expect("there");
            assert_eq!(value.get(), Ok(2.5));
        });
    }

    #[test]
    fn a_managers_queue_waits_and_refuses() {
        type Shared = interleave_runtime::multiprocessing::QueueProxy<u32>;
        fn puts(queue: Shared) -> Result<(), ProcessError> {
            (0..10).try_for_each(|n| queue.put(&n))
        }
        run(|| {
            let manager = Manager::start().expect("a process");
            let queue: Shared = manager.queue(2).expect("a queue");
            assert_eq!(queue.get_within(SHORT), Err(ProcessError::Sync(SyncError::Empty)));
            let putter = Process::new(Title::new("putter"), puts, queue.clone()).start().expect("a process");
            assert_eq!((0..10).map(|_| queue.get().expect("an item")).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
            assert_eq!(putter.join(), Ok(ExitCode::WELL));
            (0..2).for_each(|n| queue.put(&n).expect("room"));
            assert_eq!(queue.put_within(&2, SHORT), Err(ProcessError::Sync(SyncError::Full)));
            assert_eq!(queue.length(), Ok(2));
        });
    }

    #[test]
    fn a_managers_lock_and_event_make_others_wait() {
        type Shared = (
            interleave_runtime::multiprocessing::LockProxy,
            interleave_runtime::multiprocessing::EventProxy,
            RawValue<u32>,
        );
        fn adds((lock, gun, count): Shared) -> Result<(), ProcessError> {
            gun.wait()?;
            for _ in 0..20 {
                lock.acquire()?;
                count.set(count.get()? + 1)?;
                lock.release()?;
            }
            Ok(())
        }
        run(|| {
            let manager = Manager::start().expect("a process");
            let (lock, gun) = (manager.lock().expect("a lock"), manager.event().expect("an event"));
            let count = RawValue::new(Title::new("count"), 0).expect("room");
            let all: Vec<_> = (0..3)
                .map(|_| {
                    Process::new(Title::new("adder"), adds, (lock.clone(), gun.clone(), count))
                        .start()
                        .expect("a process")
                })
                .collect();
            assert_eq!(gun.wait_within(SHORT), Ok(false));
            gun.set().expect("there");
            assert!(all.iter().all(|process| process.join() == Ok(ExitCode::WELL)));
            assert_eq!((count.get(), gun.is_set()), (Ok(60), Ok(true)));
            assert_eq!(lock.release(), Err(ProcessError::Sync(SyncError::NotHeld)));
            lock.acquire().expect("free");
            assert_eq!(lock.acquire_within(SHORT), Ok(false));
        });
    }

    #[test]
    fn after_its_end_what_it_kept_is_gone() {
        run(|| {
            let manager = Manager::start().expect("a process");
            let list = manager.list::<u8>().expect("a list");
            manager.shutdown().expect("it runs");
            assert_eq!(manager.process().exit_code(), Ok(Some(ExitCode::WELL)));
            let other = Manager::start().expect("another");
            drop(other);
            assert!(matches!(list.push(&1), Err(ProcessError::Gone | ProcessError::BrokenPipe)), "{:?}", list.push(&1));
        });
    }
}

/// Of a million operations by eight processes nothing is lost and nothing done twice.
mod stress {
    use super::*;

    const LANES: u32 = 8;

    #[test]
    fn additions_under_a_lock() {
        const EACH: u32 = 125_000;
        fn adds((lock, count): (Lock, RawValue<u32>)) -> Result<(), ProcessError> {
            for _ in 0..EACH {
                let _guard = lock.guard()?;
                count.set(count.get()? + 1)?;
            }
            Ok(())
        }
        run(|| {
            let lock = Lock::new(Title::new("lock")).expect("room");
            let count = RawValue::new(Title::new("count"), 0).expect("room");
            let all: Vec<_> = (0..LANES)
                .map(|_| Process::new(Title::new("adder"), adds, (lock, count)).start().expect("a process"))
                .collect();
            assert!(all.iter().all(|process| process.join() == Ok(ExitCode::WELL)));
            assert_eq!(count.get(), Ok(1_000_000));
        });
    }

    #[test]
    fn items_through_a_queue() {
        const EACH: u32 = 125_000;
        fn puts((queue, first): (Queue<u32>, u32)) -> Result<(), ProcessError> {
            (first..first + EACH).try_for_each(|n| queue.put(&n))
        }
        fn gets((queue, sums): (Queue<u32>, Queue<(u32, u64, u64)>)) -> Result<(), ProcessError> {
            let (mut count, mut sum, mut mixed) = (0, 0, 0_u64);
            loop {
                match queue.get()? {
                    u32::MAX => return sums.put(&(count, sum, mixed)),
                    n => {
                        count += 1;
                        sum += u64::from(n);
                        mixed ^= u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    }
                }
            }
        }
        run(|| {
            let queue = Queue::new(Title::new("numbers"), 64).expect("room");
            let sums = Queue::new(Title::new("sums"), 0).expect("room");
            let start = |lane: u32| {
                Process::new(Title::new("putter"), puts, (queue.clone(), lane * EACH)).start().expect("a process")
            };
            let putters: Vec<_> = (0..LANES / 2).map(start).collect();
            let getters: Vec<_> = (0..LANES / 2)
                .map(|_| {
                    let given = (queue.clone(), sums.clone());
                    Process::new(Title::new("getter"), gets, given).start().expect("a process")
                })
                .collect();
            assert!(putters.iter().all(|process| process.join() == Ok(ExitCode::WELL)));
            getters.iter().for_each(|_| queue.put(&u32::MAX).expect("room"));
            let total = getters.iter().map(|_| sums.get().expect("a sum"));
            let total = total.fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 ^ b.2));
            let all = EACH * LANES / 2;
            let mixed = (0..u64::from(all)).fold(0, |mixed, n| mixed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            assert_eq!(total, (all, u64::from(all) * u64::from(all - 1) / 2, mixed));
            assert!(getters.iter().all(|process| process.join() == Ok(ExitCode::WELL)));
        });
    }
}
