//! Two threads take the same two locks, each in its own order.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted};
use interleave_runtime::sync::{Lock, Result, thread};

/// Takes one lock and, while it has it, another.
fn transfer(from: &Lock, to: &Lock, pause: Duration) -> Result<()> {
    let _from = from.acquire()?;
    thread::sleep(pause)?;
    let _to = to.acquire()?;
    Ok(())
}

pub fn run(spec: &RunSpec) -> Outcome {
    let (rounds, pause) = (spec.size, Duration::from_millis(spec.latency_ms.into()));
    let account_a = Arc::new(Lock::new("account A"));
    let account_b = Arc::new(Lock::new("account B"));

    let (a, b) = (account_a.clone(), account_b.clone());
    let there = thread::spawn("A to B", move || (0..rounds).try_for_each(|_| transfer(&a, &b, pause)));
    let (a, b) = (account_a, account_b);
    let back = thread::spawn("B to A", move || (0..rounds).try_for_each(|_| transfer(&b, &a, pause)));
    there.join()?;
    back.join()?;

    Ok(Answer::new(true, format!("{} there and back, with luck", counted(rounds, "transfer"))))
}
