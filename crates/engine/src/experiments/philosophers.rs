//! Philosophers around a table. A fork lies between any two, and who eats needs both: the left one, then the right one.

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
            thread::spawn(("philosopher", seat + 1), move || {
                for _ in 0..meals {
                    let _left = forks[left].acquire()?;
                    thread::sleep(moment)?;
                    let _right = forks[right].acquire()?;
                    thread::sleep(moment)?;
                }
                Ok(())
            })
        })
        .collect();
    for philosopher in philosophers {
        philosopher.join()?;
    }

    Ok(Answer::new(true, format!("{} at a table of {seats}, with luck", counted(seats * meals, "meal"))))
}
