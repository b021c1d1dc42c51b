//! One thread takes a lock, keeps it long, lets it go and takes it again at once. Others need it for a moment.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted};
use interleave_runtime::sync::{Barrier, Lock, Racy, thread};

pub fn run(spec: &RunSpec) -> Outcome {
    let (rounds, others) = (spec.size, spec.tasks);
    let long = Duration::from_millis(spec.latency_ms.into());
    let lock = Arc::new(Lock::new("printer"));
    let (all_here, over) = (Arc::new(Barrier::new("all here", others + 1)), Arc::new(Racy::new(false)));

    let modest: Vec<_> = (1..=others)
        .map(|number| {
            let (lock, all_here, over) = (lock.clone(), all_here.clone(), over.clone());
            thread::spawn(("modest", number), move || {
                all_here.wait()?;
                let mut turns = 0;
                while !over.get()? {
                    let held = lock.acquire()?;
                    turns += 1;
                    drop(held);
                    thread::sleep(Duration::from_millis(1))?;
                }
                Ok(turns)
            })
        })
        .collect();
    let greedy = thread::spawn("greedy", move || {
        all_here.wait()?;
        for _ in 0..rounds {
            let held = lock.acquire()?;
            thread::sleep(long)?;
            drop(held);
            // No pause: a lock that is not fair may well be had again before those who wait have woken.
        }
        over.set(true)
    });
    greedy.join()?;

    let mut fewest = u32::MAX;
    for thread in modest {
        fewest = fewest.min(thread.join()?);
    }
    let fair = fewest >= rounds / 2;
    Ok(Answer::new(
        fair,
        format!("greedy had the lock {}, the least lucky other {}", counted(rounds, "time"), counted(fewest, "time")),
    ))
}
