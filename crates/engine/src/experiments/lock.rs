//! The race on a counter, with a lock: who adds has the counter for itself.

use std::sync::Arc;

use super::{Answer, Outcome, RunSpec, grouped};
use interleave_runtime::sync::{Barrier, Lock, Racy, thread};

pub fn run(spec: &RunSpec) -> Outcome {
    let (threads, additions) = (spec.tasks, spec.size);
    let counter = Arc::new(Racy::new(0_u64));
    let lock = Arc::new(Lock::new("counter's lock"));
    let together = Arc::new(Barrier::new("start line", threads));

    let adders: Vec<_> = (1..=threads)
        .map(|number| {
            let (counter, lock, together) = (counter.clone(), lock.clone(), together.clone());
            thread::spawn(("adder", number), move || {
                together.wait()?;
                for _ in 0..additions {
                    let held = lock.acquire()?;
                    let seen = counter.get()?;
                    counter.set(seen + 1)?;
                    drop(held);
                }
                Ok(())
            })
        })
        .collect();
    for adder in adders {
        adder.join()?;
    }

    let expected = u64::from(threads) * u64::from(additions);
    let lost = expected - counter.get()?;
    Ok(Answer::new(lost == 0, format!("{} of {} additions were lost", grouped(lost), grouped(expected))))
}
