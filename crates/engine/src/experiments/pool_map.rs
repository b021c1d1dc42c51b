//! A pool of processes: one function, many arguments, and results in the order of the arguments.

use super::{Answer, Outcome, RunSpec, counted, grouped};
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
    let starts: Vec<u64> = (0..u64::from(spec.size)).map(|n| 1 + n * 2_000).collect();

    let longest = pool.map(steps, starts.clone())?;
    pool.close()?;
    pool.join()?;

    // One of them, computed here, has to be the same.
    let right = longest.len() == starts.len() && longest.first() == starts.first().map(|start| steps(*start)).as_ref();
    let most = longest.into_iter().max().unwrap_or(0);
    Ok(Answer::new(
        right,
        format!(
            "{} by {}: {} steps at most",
            counted(spec.size, "piece"),
            counted(spec.tasks, "process"),
            grouped(most)
        ),
    ))
}
