//! Coroutines that tick, and one that computes. While it computes without letting go, no other can go on.

use std::time::Duration;

use super::{Answer, Outcome, RunSpec, compute_for, grouped, say};
use interleave_runtime::tasks::{self, Raised};
use interleave_trace::clock;

const TICKS: u32 = 12;

/// Ticks at a steady rate, and gives by how many milliseconds the latest tick was late.
async fn ticker(every: Duration) -> Result<u64, Raised> {
    let mut worst = 0;
    for _ in 0..TICKS {
        let asleep = clock::now();
        tasks::sleep(every).await?;
        let slept_ms = clock::now().since(asleep) / 1_000_000;
        worst = worst.max(slept_ms.saturating_sub(every.as_millis() as u64));
    }
    Ok(worst)
}

/// Computes for a while, in pieces between which others may go on.
async fn cruncher(whole: Duration, pieces: u32) -> Result<u64, Raised> {
    tasks::sleep(Duration::from_millis(60)).await?;
    say("the cruncher begins");
    for _ in 0..pieces {
        compute_for(whole / pieces)?;
        tasks::yield_now().await?;
    }
    say("the cruncher is done");
    Ok(0)
}

pub async fn run(spec: RunSpec) -> Outcome {
    let (computing, pieces) = (Duration::from_millis(spec.size.into()), spec.tasks);
    let every = Duration::from_millis(spec.latency_ms.into());
    let mut all: Vec<_> = (1..=3).map(|number| tasks::spawn(("ticker", number), ticker(every))).collect();
    all.push(tasks::spawn("cruncher", cruncher(computing, pieces)));

    let worst = tasks::gather(all).await?.into_iter().max().unwrap_or(0);
    let in_time = worst <= 2 * u64::from(spec.latency_ms.max(10));
    Ok(Answer::new(
        in_time,
        format!(
            "the latest tick was {} ms late, with {} ms of computing in one piece",
            grouped(worst),
            grouped(spec.size / pieces)
        ),
    ))
}
