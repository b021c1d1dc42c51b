//! A message goes to another process and comes back, again and again, through a pipe.

use super::{Answer, Outcome, RunSpec, counted};
use interleave_runtime::multiprocessing::messages::{Child, Hub};
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

    Ok(told(ball == rounds, rounds, round_trips))
}

fn told(right: bool, rounds: u32, mut round_trips: Vec<u64>) -> Answer {
    round_trips.sort_unstable();
    let middle = round_trips.get(round_trips.len() / 2).copied().unwrap_or(0) / 1_000;
    Answer::new(right, format!("{}, {middle} µs each in the middle", counted(rounds, "round trip")))
}

/// Where processes share no memory a pipe cannot block: its messages are awaited.
async fn pong_by_messages(mut pipe: Child) -> Result<(), ProcessError> {
    while let Some(ball) = pipe.receive::<u32>().await? {
        pipe.send(&(ball + 1))?;
    }
    Ok(())
}

pub async fn run_by_messages(spec: RunSpec) -> Outcome {
    let mut hub = Hub::default();
    let other = hub.start(Title::new("pong"), |pipe| Box::pin(pong_by_messages(pipe)), &())?;

    let mut ball = 0;
    let mut round_trips = Vec::new();
    for _ in 0..spec.size {
        let sent = clock::now();
        hub.send(other, &ball)?;
        ball = hub.receive(other).await?.unwrap_or(0);
        round_trips.push(clock::now().since(sent));
    }
    hub.close(other)?;
    hub.join(other).await?;
    Ok(told(ball == spec.size, spec.size, round_trips))
}
