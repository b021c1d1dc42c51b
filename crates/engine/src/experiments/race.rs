//! Threads that add to one counter without asking each other.

use std::sync::Arc;

use super::{Answer, Outcome, RunSpec, grouped};
use interleave_runtime::sync::{Barrier, Racy, thread};

pub fn run(spec: &RunSpec) -> Outcome {
    let (threads, additions) = (spec.tasks, spec.size);
    let counter = Arc::new(Racy::new(0_u64));
    // Starting a thread takes longer than all its additions: without this, one would be done before the next begins.
    let together = Arc::new(Barrier::new("start line", threads));

    let adders: Vec<_> = (1..=threads)
        .map(|number| {
            let (counter, together) = (counter.clone(), together.clone());
            thread::spawn(("adder", number), move || {
                together.wait()?;
                for _ in 0..additions {
                    // Two steps. Who writes between them is overwritten.
                    let seen = counter.get()?;
                    counter.set(seen + 1)?;
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
