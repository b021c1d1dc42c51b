//! Runners wait for a shot: one event lets all of them go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted, say};
use interleave_runtime::sync::{Event, thread};

pub fn run(spec: &RunSpec) -> Outcome {
    let gun = Arc::new(Event::new("start gun"));
    let too_early = Arc::new(AtomicU32::new(0));

    let runners: Vec<_> = (1..=spec.tasks)
        .map(|number| {
            let (gun, too_early) = (gun.clone(), too_early.clone());
            thread::spawn(("runner", number), move || {
                gun.wait()?;
                if !gun.is_set() {
                    too_early.fetch_add(1, SeqCst);
                }
                say(format!("runner {number} runs"));
                Ok(())
            })
        })
        .collect();

    thread::sleep(Duration::from_millis(spec.latency_ms.into()))?;
    say("bang");
    gun.set();
    // Whoever comes to the start only now need not wait: a set event stays set.
    gun.wait()?;
    for runner in runners {
        runner.join()?;
    }

    let early = too_early.load(SeqCst);
    Ok(Answer::new(early == 0, format!("{} ran, and {early} too early", counted(spec.tasks, "runner"))))
}
