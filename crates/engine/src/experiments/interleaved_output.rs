//! Two threads print at the same time: one numbers, one letters.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted, say};
use interleave_runtime::sync::thread;

pub fn run(spec: &RunSpec) -> Outcome {
    let (lines, pause) = (spec.size, Duration::from_millis(spec.latency_ms.into()));
    // What would be on the paper, for us to look at in the end.
    let paper = Arc::new(Mutex::new(Vec::new()));

    let printer = |name: &'static str, what: fn(u32) -> String| {
        let paper = paper.clone();
        thread::spawn(name, move || {
            for n in 0..lines {
                thread::sleep(pause)?;
                say(what(n));
                paper.lock().unwrap_or_else(PoisonError::into_inner).push(name);
            }
            Ok(())
        })
    };
    let numbers = printer("numbers", |n| n.to_string());
    let letters = printer("letters", |n| char::from(b'a' + (n % 26) as u8).to_string());
    numbers.join()?;
    letters.join()?;

    let paper = paper.lock().unwrap_or_else(PoisonError::into_inner);
    let changes = paper.windows(2).filter(|pair| pair[0] != pair[1]).count() as u32;
    let whole = paper.len() == 2 * lines as usize;
    Ok(Answer::new(
        whole,
        format!("{}, and {} from one printer to the other", counted(2 * lines, "line"), counted(changes, "change")),
    ))
}
