//! Threads are started, do something, and are waited for.

use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted, say};
use interleave_runtime::sync::thread;

pub fn run(spec: &RunSpec) -> Outcome {
    let errand = Duration::from_millis(spec.latency_ms.into());

    let mut runners = Vec::new();
    for number in 1..=spec.tasks {
        let runner = thread::spawn(("runner", number), move || {
            say(format!("runner {number} sets off"));
            thread::sleep(errand)?;
            say(format!("runner {number} is back"));
            Ok(number)
        });
        runners.push(runner);
    }
    say("main has started them all and goes on");

    // Joining waits for the end of a thread and fetches its result.
    let mut back = 0;
    for runner in runners {
        runner.join()?;
        back += 1;
    }
    say("main knows that all are back");
    Ok(Answer::new(back == spec.tasks, format!("{} back", counted(back, "runner"))))
}
