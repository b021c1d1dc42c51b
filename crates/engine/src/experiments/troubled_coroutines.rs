//! What can go wrong between coroutines, one accident a number.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use interleave_runtime::sync;
use interleave_runtime::tasks::{self, Event, Lock};

use super::{Answer, Outcome, RunSpec};

/// Runs the accident that `spec.size` names.
pub async fn run(spec: RunSpec) -> Outcome {
    tasks::yield_now().await?;
    match spec.size {
        0 => lost_update().await,
        1 => two_locks().await,
        _ => across_threads().await,
    }
}

/// Two coroutines add to a number, and let others go on between reading and writing.
async fn lost_update() -> Outcome {
    let number = Rc::new(Cell::new(0));
    let adders = (1..=2).map(|adder| {
        let number = number.clone();
        tasks::spawn(("adder", adder), async move {
            for _ in 0..3 {
                tasks::yield_now().await?;
                let seen = number.get();
                if seen % 2 == 1 {
                    tasks::yield_now().await?;
                }
                number.set(seen + 1);
            }
            Ok(())
        })
    });
    tasks::gather(adders.collect::<Vec<_>>()).await?;
    Ok(Answer::new(number.get() == 6, format!("{} of 6 additions are there", number.get())))
}

/// Two coroutines take two locks, each in its own order.
async fn two_locks() -> Outcome {
    let (left, right) = (Rc::new(Lock::new("left")), Rc::new(Lock::new("right")));
    let takes = |title: &'static str, first: &Rc<Lock>, second: &Rc<Lock>| {
        let (first, second) = (first.clone(), second.clone());
        tasks::spawn(title, async move {
            let _first = first.lock().await?;
            tasks::yield_now().await?;
            let _second = second.lock().await?;
            Ok(())
        })
    };
    tasks::gather([takes("to the right", &left, &right), takes("to the left", &right, &left)]).await?;
    Ok(Answer::new(true, "both had both locks".to_owned()))
}

/// A coroutine waits for a thread, which waits for a lock. Another has it until the first is done.
async fn across_threads() -> Outcome {
    let (lock, done) = (Arc::new(sync::Lock::new("shared")), Rc::new(Event::new("done")));
    let (own, is_done) = (lock.clone(), done.clone());
    let keeps = tasks::spawn("keeps", async move {
        let _held = own.acquire()?;
        is_done.wait().await
    });
    let asks = tasks::spawn("asks", async move {
        tasks::to_thread("helper", move || lock.acquire().map(drop)).await??;
        done.set();
        Ok(())
    });
    tasks::gather([keeps, asks]).await?;
    Ok(Answer::new(true, "the thread had its lock".to_owned()))
}
