//! A pool of processes: one function, many arguments, and results in the order of the arguments.

use super::{Answer, Outcome, RunSpec, counted, grouped};
use interleave_runtime::multiprocessing::messages::{self, Hub};
use interleave_runtime::multiprocessing::{Options, Pool};

/// The number of steps to 1: halve an even number, or else take three times as many and one (Collatz).
fn steps(start: u64) -> u32 {
    let mut longest = 0;
    for first in start..start + 2_000 {
        let (mut n, mut steps) = (first, 0);
        while n > 1 {
            n = if n.is_multiple_of(2) { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        longest = longest.max(steps);
    }
    longest
}

pub fn run(spec: &RunSpec) -> Outcome {
    let pool = Pool::new(spec.tasks, Options::default())?;
    let starts = starts(spec);

    let longest = pool.map(steps, starts.clone())?;
    pool.close()?;
    pool.join()?;
    Ok(told(spec, &starts, longest))
}

/// Where processes share no memory the pool sends its messages, and its results are awaited.
pub async fn run_by_messages(spec: RunSpec) -> Outcome {
    let mut hub = Hub::default();
    let pool = messages::Pool::new(&mut hub, spec.tasks)?;
    let starts = starts(&spec);

    let longest = pool.map(&mut hub, steps, &starts).await?;
    pool.close(&mut hub).await?;
    Ok(told(&spec, &starts, longest))
}

fn starts(spec: &RunSpec) -> Vec<u64> {
    (0..u64::from(spec.size)).map(|n| 1 + n * 2_000).collect()
}

fn told(spec: &RunSpec, starts: &[u64], longest: Vec<u32>) -> Answer {
    // One of them, computed here, has to be the same.
    let right = longest.len() == starts.len() && longest.first() == starts.first().map(|start| steps(*start)).as_ref();
    let most = longest.into_iter().max().unwrap_or(0);
    Answer::new(
        right,
        format!(
            "{} by {}: {} steps at most",
            counted(spec.size, "piece"),
            counted(spec.tasks, "process"),
            grouped(most)
        ),
    )
}
