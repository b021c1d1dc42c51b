//! The same two locks, always taken in the same order: whoever has the first gets the second.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted};
use interleave_runtime::sync::{Lock, Result, thread};

/// Takes the first lock and, while it has it, the second, whichever way the money goes.
fn transfer(first: &Lock, second: &Lock, pause: Duration) -> Result<()> {
    let _first = first.acquire()?;
    thread::sleep(pause)?;
    let _second = second.acquire()?;
    Ok(())
}

pub fn run(spec: &RunSpec) -> Outcome {
    let (rounds, pause) = (spec.size, Duration::from_millis(spec.latency_ms.into()));
    let account_a = Arc::new(Lock::new("account A"));
    let account_b = Arc::new(Lock::new("account B"));

    let (a, b) = (account_a.clone(), account_b.clone());
    let there = thread::spawn("A to B", move || (0..rounds).try_for_each(|_| transfer(&a, &b, pause)));
    let (a, b) = (account_a, account_b);
    let back = thread::spawn("B to A", move || (0..rounds).try_for_each(|_| transfer(&a, &b, pause)));
    there.join()?;
    back.join()?;

    Ok(Answer::new(true, format!("{} there and back, by order", counted(rounds, "transfer"))))
}
