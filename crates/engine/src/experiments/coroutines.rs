//! Coroutines: functions that let others go on while they wait, all of them on one thread.

use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted, say};
use interleave_runtime::tasks::{self, Raised};

async fn errand(number: u32, takes: Duration) -> Result<u32, Raised> {
    say(format!("coroutine {number} sets off"));
    // Here it stops and gives the thread away, until the time is up.
    tasks::sleep(takes).await?;
    say(format!("coroutine {number} is back"));
    Ok(number)
}

pub async fn run(spec: RunSpec) -> Outcome {
    let takes = Duration::from_millis(spec.latency_ms.into());
    let errands: Vec<_> =
        (1..=spec.tasks).map(|number| tasks::spawn(("coroutine", number), errand(number, takes))).collect();

    // Gathering waits for all of them and gives their results in the order in which they were started.
    let back = tasks::gather(errands).await?;

    let in_order = back.iter().copied().eq(1..=spec.tasks);
    Ok(Answer::new(in_order, format!("{} back, on one thread", counted(back.len() as u32, "coroutine"))))
}
