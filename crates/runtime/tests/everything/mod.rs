//! A program that uses every primitive, for those who run it in one way or another.

use std::sync::Arc;
use std::time::Duration;

use interleave_runtime::sync::{
    Barrier, Condition, Event, Mutex, Queue, Racy, Result, Semaphore, ThreadPool, Timer, as_completed, thread,
};

/// Gives a sum that depends on the order of what happens: on the updates that were lost.
pub fn everything() -> Result<u32> {
    let (counter, racy) = (Arc::new(Mutex::new("counter", 0)), Arc::new(Racy::new(0)));
    let changed = Arc::new(Condition::new("changed", &*counter));
    let (queue, barrier) = (Arc::new(Queue::bounded("queue", 2)), Arc::new(Barrier::new("barrier", 3)));
    let (permits, event) = (Arc::new(Semaphore::new("permits", 2)), Arc::new(Event::new("event")));
    let threads: Vec<_> = (0..3)
        .map(|n| {
            let (counter, racy, changed, queue) = (counter.clone(), racy.clone(), changed.clone(), queue.clone());
            let (barrier, permits, event) = (barrier.clone(), permits.clone(), event.clone());
            thread::spawn(("thread", n), move || {
                barrier.wait()?;
                for item in 0..4 {
                    let _permit = permits.acquire()?;
                    racy.update(|n| n + 1)?;
                    let mut counter = counter.lock()?;
                    *counter += 1;
                    changed.notify_all()?;
                    drop(counter);
                    queue.put(item)?;
                    thread::sleep(Duration::from_micros(10 * u64::from(n)))?;
                }
                event.wait_within(Duration::from_millis(n.into()))
            })
        })
        .collect();
    let consumer = {
        let queue = queue.clone();
        thread::spawn("consumer", move || (0..12).map(|_| queue.get()).sum::<Result<u32>>())
    };
    let set = event.clone();
    let timer = Timer::start("timer", Duration::from_micros(1500), move || set.set());
    let pool = ThreadPool::new("pool", 2);
    let squares: Result<Vec<_>> = (1..=3).map(|n: u32| pool.submit(move || n * n)).collect();
    let squares: u32 = as_completed(&squares?).map(|square| square?.result()).sum::<Result<u32>>()?;
    drop(changed.wait_for(counter.lock()?, |counter| *counter == 12)?);
    let sum = consumer.join()?;
    for thread in threads {
        thread.join()?;
    }
    timer.join()?;
    pool.shutdown()?;
    Ok(sum + squares + racy.get()?)
}
