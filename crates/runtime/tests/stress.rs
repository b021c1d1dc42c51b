//! Eight threads and a million operations for each primitive, with nothing lost or duplicated. What they record is
//! recorded as ever, and finds no room.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as PlainMutex, PoisonError};
use std::time::Duration;

use interleave_runtime::rt::{RLock, Wait};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{
    Barrier, Condition, Event, LifoQueue, Local, Mutex, PriorityQueue, Queue, Result, Semaphore, SimpleQueue,
    SyncError, ThreadPool, thread,
};

const THREADS: u32 = 8;
const OPERATIONS: u32 = 1_000_000;
const EACH: u32 = OPERATIONS / THREADS;

/// One test at a time: a thread more would only slow down the eight.
fn alone<T>(test: impl FnOnce() -> Result<T>) -> T {
    static ONE_AT_A_TIME: PlainMutex<()> = PlainMutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    test().expect("no operation fails")
}

/// Runs `body` in eight threads and gives what they give.
fn in_threads<T: Send + 'static>(body: impl Fn(u32) -> Result<T> + Send + Sync + 'static) -> Result<Vec<T>> {
    let body = Arc::new(body);
    let start = |number| {
        let body = body.clone();
        thread::spawn(("thread", number), move || body(number))
    };
    let threads: Vec<_> = (0..THREADS).map(start).collect();
    threads.into_iter().map(thread::JoinHandle::join).collect()
}

#[test]
fn lock() {
    let counted = alone(|| {
        let counter = Arc::new(Mutex::new("counter", 0));
        let counts = counter.clone();
        in_threads(move |_| (0..EACH).try_for_each(|_| counts.lock().map(|mut counter| *counter += 1)))?;
        let counted = *counter.lock()?;
        Ok(counted)
    });
    assert_eq!(counted, OPERATIONS);
}

#[test]
fn lock_with_timeouts() {
    let (counted, taken) = alone(|| {
        let counter = Arc::new(Mutex::new("counter", 0_u64));
        let counts = counter.clone();
        let taken = in_threads(move |_| {
            let mut taken = 0_u64;
            for n in 0..EACH {
                let timeout = Duration::from_micros(u64::from(n % 4));
                if let Some(mut counter) = counts.lock_within(timeout)? {
                    *counter += 1;
                    taken += 1;
                }
            }
            Ok(taken)
        })?;
        let counted = *counter.lock()?;
        Ok((counted, taken.into_iter().sum::<u64>()))
    });
    assert_eq!(counted, taken);
}

#[test]
fn rlock() {
    alone(|| {
        let (lock, counter) = (Arc::new(RLock::new(Title::new("r"))), Arc::new(AtomicU64::new(0)));
        let (own, counts) = (lock.clone(), counter.clone());
        in_threads(move |_| {
            for n in 0..EACH / 2 {
                let depth = 1 + n % 3;
                (0..depth).try_for_each(|_| own.acquire(&Wait::forever()).map(|_| ()))?;
                counts.store(counts.load(Ordering::Relaxed) + u64::from(depth), Ordering::Relaxed);
                (0..depth).try_for_each(|_| own.release())?;
            }
            Ok(())
        })?;
        let expected: u32 = (0..EACH / 2).map(|n| 1 + n % 3).sum();
        assert_eq!(counter.load(Ordering::Relaxed), u64::from(expected) * u64::from(THREADS));
        assert!(!lock.is_locked());
        Ok(())
    });
}

#[test]
fn semaphore() {
    alone(|| {
        let (semaphore, inside) = (Arc::new(Semaphore::bounded("s", 3)), Arc::new(AtomicU64::new(0)));
        let own = semaphore.clone();
        in_threads(move |_| {
            for _ in 0..EACH {
                let _permit = own.acquire()?;
                assert!(inside.fetch_add(1, Ordering::SeqCst) < 3);
                inside.fetch_sub(1, Ordering::SeqCst);
            }
            Ok(())
        })?;
        assert_eq!(semaphore.free(), 3);
        Ok(())
    });
}

#[test]
fn permits_that_are_handed_on() {
    alone(|| {
        let semaphore = Arc::new(Semaphore::new("s", 0));
        let own = semaphore.clone();
        in_threads(move |number| {
            for _ in 0..EACH / 4 {
                match number % 2 {
                    0 => own.release_many(NonZeroU32::new(4).unwrap_or(NonZeroU32::MIN))?,
                    _ => (0..4).try_for_each(|_| own.acquire().map(|permit| permit.keep()))?,
                }
            }
            Ok(())
        })?;
        assert_eq!(semaphore.free(), 0);
        Ok(())
    });
}

#[test]
fn event() {
    alone(|| {
        // Each waits for its own and sets that of the next.
        let events: Arc<Vec<Event>> = Arc::new((0..THREADS).map(|n| Event::new(("event", n))).collect());
        let own = events.clone();
        events[0].set();
        in_threads(move |number| {
            let (own, next) = (&own[number as usize], &own[((number + 1) % THREADS) as usize]);
            for _ in 0..EACH {
                own.wait()?;
                own.clear();
                next.set();
            }
            Ok(())
        })?;
        assert!(events[0].is_set());
        Ok(())
    });
}

#[test]
fn condition() {
    alone(|| {
        let items = Arc::new(Mutex::new("items", 0_u32));
        let changed = Arc::new(Condition::new("changed", &*items));
        let own = items.clone();
        in_threads(move |number| {
            for _ in 0..EACH {
                match number % 2 {
                    0 => {
                        let mut items = own.lock()?;
                        *items += 1;
                        changed.notify()?;
                    }
                    _ => *changed.wait_for(own.lock()?, |items| *items > 0)? -= 1,
                }
            }
            Ok(())
        })?;
        assert_eq!(*items.lock()?, 0);
        Ok(())
    });
}

#[test]
fn barrier() {
    const ROUNDS: u64 = EACH as u64;
    alone(|| {
        let (barrier, come) = (Arc::new(Barrier::new("b", THREADS)), Arc::new(AtomicU64::new(0)));
        let numbers = in_threads(move |_| {
            let mut sum = 0;
            for round in 1..=ROUNDS {
                come.fetch_add(1, Ordering::SeqCst);
                sum += u64::from(barrier.wait()?);
                let come = come.load(Ordering::SeqCst);
                assert!(come >= round * u64::from(THREADS), "{come} in round {round}");
            }
            Ok(sum)
        })?;
        assert_eq!(numbers.into_iter().sum::<u64>(), ROUNDS * u64::from((0..THREADS).sum::<u32>()));
        Ok(())
    });
}

/// Half of the threads put, half of them get.
macro_rules! delivers {
    ($($name:ident: $queue:expr;)*) => {$(
        #[test]
        fn $name() {
            let delivered = alone(|| {
                let queue = Arc::new($queue);
                let own = queue.clone();
                let got = in_threads(move |number| match number % 2 {
                    0 => {
                        (0..EACH).try_for_each(|n| own.put(number / 2 * EACH + n))?;
                        Ok(Vec::new())
                    }
                    _ => (0..EACH).map(|_| own.get()).collect(),
                })?;
                assert!(queue.is_empty());
                Ok(got.into_iter().flatten().collect::<Vec<u32>>())
            });
            all_once(delivered);
        }
    )*};
}

fn all_once(mut delivered: Vec<u32>) {
    delivered.sort_unstable();
    assert!(delivered.into_iter().eq(0..OPERATIONS / 2));
}

delivers! {
    queue: Queue::new("q");
    bounded_queue: Queue::bounded("q", 64);
    lifo_queue: LifoQueue::bounded("q", 64);
    priority_queue: PriorityQueue::bounded("q", 64);
    simple_queue: SimpleQueue::new("q");
}

#[test]
fn queue_whose_work_is_waited_for_and_that_is_shut_down() {
    alone(|| {
        let (queue, done) = (Arc::new(Queue::bounded("q", 64)), Arc::new(AtomicU64::new(0)));
        let (puts, gets, counts) = (queue.clone(), queue.clone(), done.clone());
        let consumers = thread::spawn("consumers", move || {
            in_threads(move |_| {
                loop {
                    match gets.get_within(Duration::from_millis(1)) {
                        Ok(item) => {
                            counts.fetch_add(item, Ordering::Relaxed);
                            gets.task_done()?;
                        }
                        Err(SyncError::Empty) => {}
                        Err(SyncError::ShutDown) => return Ok(()),
                        Err(error) => return Err(error),
                    }
                }
            })
        });
        (0..OPERATIONS).try_for_each(|_| puts.put(1))?;
        queue.join()?;
        assert_eq!(done.load(Ordering::Relaxed), u64::from(OPERATIONS));
        queue.shutdown();
        consumers.join()?;
        Ok(())
    });
}

#[test]
fn local() {
    alone(|| {
        let local = Arc::new(Local::new(|| std::cell::Cell::new(0)));
        let own = local.clone();
        let counted = in_threads(move |_| {
            (0..EACH).for_each(|_| own.with(|value| value.set(value.get() + 1)));
            Ok(own.with(std::cell::Cell::get))
        })?;
        assert_eq!(counted, [EACH; THREADS as usize]);
        assert_eq!(local.with(std::cell::Cell::get), 0);
        Ok(())
    });
}

#[test]
fn thread_pool() {
    alone(|| {
        let (pool, done) = (ThreadPool::new("pool", THREADS), Arc::new(AtomicU64::new(0)));
        let mut sum = 0;
        // Futures are kept until all are done: a tenth at a time.
        for part in 0..10 {
            let counts = done.clone();
            let first = part * (OPERATIONS / 10);
            let work = move |n: u32| {
                counts.fetch_add(1, Ordering::Relaxed);
                u64::from(n)
            };
            sum += pool.map(first..first + OPERATIONS / 10, work)?.sum::<Result<u64>>()?;
        }
        pool.shutdown()?;
        assert_eq!(done.load(Ordering::Relaxed), u64::from(OPERATIONS));
        assert_eq!(sum, (0..u64::from(OPERATIONS)).sum());
        Ok(())
    });
}
