//! What can go wrong between processes, one accident a number.

use std::time::Duration;

use interleave_runtime::multiprocessing::{
    Event, ExitCode, Lock, Process, ProcessError, Queue, RawValue, SimpleQueue, Started, Value,
};
use interleave_runtime::span::Title;

use super::{Answer, Outcome, RunSpec};

/// Runs the accident that `spec.size` names.
pub fn run(spec: &RunSpec) -> Outcome {
    match spec.size {
        0 => lost_update(),
        1 => two_locks(),
        2 => nobody_left(),
        _ => violence(),
    }
}

fn start<A: serde::Serialize + serde::de::DeserializeOwned>(
    title: Title,
    function: fn(A) -> Result<(), ProcessError>,
    arguments: A,
) -> Result<Started, ProcessError> {
    Process::new(title, function, arguments).start()
}

/// Two processes add to a number that has no lock.
fn lost_update() -> Outcome {
    fn add((number, times): (RawValue<u32>, u32)) -> Result<(), ProcessError> {
        (0..times).try_for_each(|_| number.set(number.get()? + 1))
    }
    let number = RawValue::new(Title::new("number"), 0)?;
    let both = [1, 2].map(|adder| start(Title::numbered("adder", adder), add, (number, 5)));
    for adder in both {
        adder?.join()?;
    }
    let sum = number.get()?;
    Ok(Answer::new(sum == 10, format!("{sum} of 10 additions are there")))
}

/// Two processes take two locks, each in its own order.
fn two_locks() -> Outcome {
    fn take((first, second): (Lock, Lock)) -> Result<(), ProcessError> {
        let _first = first.guard()?;
        let _second = second.guard()?;
        Ok(())
    }
    let (left, right) = (Lock::new(Title::new("left"))?, Lock::new(Title::new("right"))?);
    let there = start(Title::new("to the right"), take, (left, right))?;
    let back = start(Title::new("to the left"), take, (right, left))?;
    let well = there.join()? == ExitCode::WELL && back.join()? == ExitCode::WELL;
    Ok(Answer::new(well, "both had both locks".to_owned()))
}

/// A process waits for an item, and who was to put it in has another idea.
fn nobody_left() -> Outcome {
    fn put((queue, is_set): (SimpleQueue<u32>, Event)) -> Result<(), ProcessError> {
        if is_set.is_set()? { queue.put(&1) } else { Ok(()) }
    }
    let (queue, is_set) = (SimpleQueue::new(Title::new("items"))?, Event::new(Title::new("is wanted"))?);
    let other = start(Title::new("other"), put, (queue.clone(), is_set))?;
    is_set.set()?;
    let item = queue.get()?;
    other.join()?;
    Ok(Answer::new(item == 1, "the item came".to_owned()))
}

/// A process is ended by force in the middle of what it does, and another panics.
fn violence() -> Outcome {
    fn count((total, queue): (Value<u32>, Queue<u32>)) -> Result<(), ProcessError> {
        loop {
            queue.put(&total.update(|seen| seen + 1)?)?;
        }
    }
    fn panics(total: Value<u32>) -> Result<(), ProcessError> {
        total.update(|seen| seen + 1)?;
        panic!("on purpose")
    }
    let (total, queue) = (Value::new(Title::new("total"), 0)?, Queue::new(Title::new("counted"), 3)?);
    let victim = start(Title::new("victim"), count, (total, queue.clone()))?;
    // Not the same one: its lock may be lost with the victim.
    let unlucky = start(Title::new("unlucky"), panics, Value::new(Title::new("own"), 0)?)?;
    let seen = queue.get()?;
    victim.kill()?;
    let (killed, panicked) = (victim.join()?, unlucky.join()?);
    let nothing = queue.get_within(Duration::from_secs(3600)).is_ok();
    let right = seen > 0 && killed == ExitCode::KILLED && panicked == ExitCode::PANICKED;
    Ok(Answer::new(right, format!("{killed} and {panicked}, {nothing}")))
}
