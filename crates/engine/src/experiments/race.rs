//! Threads that add to one counter without asking each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::Outcome;
use crate::workload::Answer;
use crate::workloads::grouped;
use interleave_protocol::RunSpec;
use interleave_runtime::rt::checkpoint;
use interleave_runtime::span::Title;
use interleave_runtime::threads;

pub fn run(spec: &RunSpec) -> Outcome {
    let (threads, additions) = (spec.tasks, spec.size);
    let counter = Arc::new(AtomicU32::new(0));

    let started: Vec<_> = (1..=threads)
        .map(|number| {
            let counter = counter.clone();
            threads::spawn(Title::numbered("adder", number), move || {
                for _ in 0..additions {
                    add_one(&counter);
                }
            })
        })
        .collect();
    for thread in started {
        thread.join()?;
    }

    let (expected, counted) = (threads * additions, counter.load(Relaxed));
    let lost = expected - counted;
    Ok(Answer::new(lost == 0, format!("{} of {} additions were lost", grouped(lost), grouped(expected))))
}

/// Three steps, and between the first and the last anybody may come in between.
fn add_one(counter: &AtomicU32) {
    let seen = counter.load(Relaxed);
    checkpoint();
    counter.store(seen + 1, Relaxed);
}
