//! A number and a list of numbers that several processes share, though each has a memory of its own.

use super::{Answer, Outcome, RunSpec, grouped};
use interleave_runtime::multiprocessing::{Array, Process, ProcessError, Value};
use interleave_runtime::span::Title;

/// Adds to the shared number, and keeps its own count in its place of the shared list.
fn count((total, counts, place, additions): (Value<u32>, Array<u32>, u32, u32)) -> Result<(), ProcessError> {
    for own in 1..=additions {
        // Reading and writing back under the value's own lock.
        total.update(|seen| seen + 1)?;
        counts.set(place, own)?;
    }
    Ok(())
}

pub fn run(spec: &RunSpec) -> Outcome {
    let (processes, additions) = (spec.tasks, spec.size);
    let total = Value::new(Title::new("total"), 0)?;
    let counts = Array::new(Title::new("counts"), &vec![0; processes as usize])?;

    let mut started = Vec::new();
    for place in 0..processes {
        let arguments = (total, counts, place, additions);
        started.push(Process::new(Title::numbered("counter", place + 1), count, arguments).start()?);
    }
    for process in started {
        process.join()?;
    }

    let (total, counts) = (total.get()?, counts.to_vec()?);
    let right = total == processes * additions && counts.iter().sum::<u32>() == total;
    Ok(Answer::new(right, format!("{} in all, of {counts:?}", grouped(total))))
}
