//! The same table. Who eats takes the fork with the lower number first, so the last philosopher reaches to the right.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted};
use interleave_runtime::sync::{Lock, thread};

pub fn run(spec: &RunSpec) -> Outcome {
    let (seats, meals) = (spec.tasks, spec.size);
    let moment = Duration::from_millis(spec.latency_ms.into());
    let forks: Arc<Vec<Lock>> = Arc::new((1..=seats).map(|n| Lock::new(("fork", n))).collect());

    let philosophers: Vec<_> = (0..seats)
        .map(|seat| {
            let forks = forks.clone();
            let (left, right) = (seat as usize, (seat as usize + 1) % forks.len());
            let (first, second) = (left.min(right), left.max(right));
            thread::spawn(("philosopher", seat + 1), move || {
                for _ in 0..meals {
                    let _first = forks[first].acquire()?;
                    thread::sleep(moment)?;
                    let _second = forks[second].acquire()?;
                    thread::sleep(moment)?;
                }
                Ok(())
            })
        })
        .collect();
    for philosopher in philosophers {
        philosopher.join()?;
    }

    Ok(Answer::new(true, format!("{} at a table of {seats}, by order", counted(seats * meals, "meal"))))
}
