//! Work in rounds: nobody begins a round before all have finished the one before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted, say};
use interleave_runtime::sync::{Barrier, thread};

pub fn run(spec: &RunSpec) -> Outcome {
    let (workers, rounds) = (spec.tasks, spec.size);
    let step = Duration::from_millis(spec.latency_ms.into());
    let finished = Arc::new(AtomicU32::new(0));
    let ahead = Arc::new(AtomicU32::new(0));
    let round_over = Arc::new(Barrier::with_action("round over", workers, || say("all are here")));

    let started: Vec<_> = (1..=workers)
        .map(|number| {
            let (finished, ahead, round_over) = (finished.clone(), ahead.clone(), round_over.clone());
            thread::spawn(("worker", number), move || {
                for round in 0..rounds {
                    if finished.load(SeqCst) < round * workers {
                        ahead.fetch_add(1, SeqCst);
                    }
                    // Not all are as fast.
                    thread::sleep(step * number)?;
                    finished.fetch_add(1, SeqCst);
                    round_over.wait()?;
                }
                Ok(())
            })
        })
        .collect();
    for worker in started {
        worker.join()?;
    }

    let ahead = ahead.load(SeqCst);
    Ok(Answer::new(
        ahead == 0,
        format!("{} of {}, and nobody was ahead", counted(rounds, "round"), counted(workers, "worker")),
    ))
}
