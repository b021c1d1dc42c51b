//! A dict that several processes fill. It lives in a process of its own, the manager; the others ask it.

use super::{Answer, Outcome, RunSpec, say};
use interleave_runtime::multiprocessing::{DictProxy, Manager, Process, ProcessError};
use interleave_runtime::span::Title;

const NAMES: [&str; 8] = ["one", "two", "three", "four", "five", "six", "seven", "eight"];

fn add((dict, number): (DictProxy<u32, String>, u32)) -> Result<(), ProcessError> {
    let name = NAMES[(number as usize - 1) % NAMES.len()];
    say(format!("{number} is called {name}"));
    dict.set(&number, &name.to_owned())
}

pub fn run(spec: &RunSpec) -> Outcome {
    let manager = Manager::start()?;
    let dict = manager.dict()?;

    let mut started = Vec::new();
    for number in 1..=spec.tasks {
        started.push(Process::new(Title::numbered("writer", number), add, (dict.clone(), number)).start()?);
    }
    for process in started {
        process.join()?;
    }

    let mut items = dict.items()?;
    items.sort();
    manager.shutdown()?;
    let right = items.iter().map(|(number, _)| *number).eq(1..=spec.tasks);
    let text: Vec<String> = items.iter().map(|(number, name)| format!("{number}: {name}")).collect();
    Ok(Answer::new(right, format!("the manager has {{{}}}", text.join(", "))))
}
