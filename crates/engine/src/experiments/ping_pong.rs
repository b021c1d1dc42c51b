//! A message goes to another process and comes back, again and again, through a pipe.

use super::{Answer, Outcome, RunSpec, counted};
use interleave_runtime::multiprocessing::{Connection, Process, ProcessError, both_ways};
use interleave_runtime::span::Title;
use interleave_trace::clock;

/// Sends back one more than it received.
fn pong((end, rounds): (Connection, u32)) -> Result<(), ProcessError> {
    for _ in 0..rounds {
        let ball: u32 = end.receive()?;
        end.send(&(ball + 1))?;
    }
    Ok(())
}

pub fn run(spec: &RunSpec) -> Outcome {
    let rounds = spec.size;
    let (here, there) = both_ways(Title::new("table"))?;
    let other = Process::new(Title::new("pong"), pong, (there, rounds)).start()?;

    let mut ball = 0;
    let mut round_trips = Vec::new();
    for _ in 0..rounds {
        let sent = clock::now();
        here.send(&ball)?;
        ball = here.receive()?;
        round_trips.push(clock::now().since(sent));
    }
    other.join()?;

    round_trips.sort_unstable();
    let middle = round_trips.get(round_trips.len() / 2).copied().unwrap_or(0) / 1_000;
    Ok(Answer::new(ball == rounds, format!("{}, {middle} µs each in the middle", counted(rounds, "round trip"))))
}
