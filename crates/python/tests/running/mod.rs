//! Runs programs and gives what they wrote and what was recorded as text.
#![allow(dead_code, reason = "not every test file uses all of it")]

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interleave_python::interpreter::{Program, Turns};
use interleave_python::native::{Finished, Options, run};
use interleave_python::output::Stream;
use interleave_trace::{Entry, LaneId, NO_NUMBER, NameId, State, What, decode};

/// One GIL, with CPython's own interval.
pub const GIL: Turns = Turns::Gil(Duration::from_millis(5));

pub fn with(source: &str, options: &Options) -> Finished {
    let program = Program { file: "main.py".to_owned(), source: source.to_owned() };
    let finished = run(&program, options).unwrap_or_else(|error| panic!("{error}"));
    decode(&finished.trace, |entry| {
        if let Entry::Name(id, text) = entry {
            texts().get_or_insert_default().insert(id, text);
        }
    });
    finished
}

/// The texts of all runs so far: each is recorded once in a program, and a later run may use it again.
fn texts() -> MutexGuard<'static, Option<HashMap<NameId, String>>> {
    static TEXTS: Mutex<Option<HashMap<NameId, String>>> = Mutex::new(None);
    TEXTS.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn in_turns(source: &str, turns: Turns) -> Finished {
    with(source, &Options { turns, ..Options::default() })
}

/// Runs a program with free threads and with a GIL; either must end well and write just this, in this order.
#[track_caller]
pub fn writes(source: &str, expected: &str) {
    for turns in [Turns::Free, GIL] {
        let finished = in_turns(source, turns);
        assert_eq!(finished.text(Stream::Err), "", "{turns:?}");
        assert_eq!(finished.text(Stream::Out), expected, "{turns:?}");
        assert_eq!((finished.code, finished.stopped), (0, false), "{turns:?}");
    }
}

/// As [`writes`], where the program leaves the order of its lines free.
#[track_caller]
pub fn writes_in_any_order(source: &str, expected: &str) {
    for turns in [Turns::Free, GIL] {
        let finished = in_turns(source, turns);
        assert_eq!(finished.text(Stream::Err), "", "{turns:?}");
        assert_eq!(sorted(&finished.text(Stream::Out)), sorted(expected), "{turns:?}");
        assert_eq!((finished.code, finished.stopped), (0, false), "{turns:?}");
    }
}

pub fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// What happened on the lanes of a run, event by event, with names for everything and without times.
pub fn happened(finished: &Finished) -> Vec<(String, String)> {
    let texts = texts().clone().unwrap_or_default();
    let mut events = Vec::new();
    decode(&finished.trace, |entry| match entry {
        Entry::Name(..) => {}
        Entry::Event(event) => events.push(event),
        Entry::Lost(count) => panic!("{count} events were lost"),
    });
    events.sort_by_key(|event| event.time);
    let title = |name: NameId, number: u32| match (texts.get(&name), number) {
        (None, _) => String::new(),
        (Some(text), NO_NUMBER) => text.clone(),
        (Some(text), number) => format!("{text} {number}"),
    };
    let mut lanes: HashMap<LaneId, String> = HashMap::new();
    let mut objects = HashMap::new();
    for event in &events {
        match event.what {
            What::Spawned { name, number, .. } => drop(lanes.insert(event.lane, title(name, number))),
            What::Made { on, kind, name, number } => {
                drop(objects.insert(on, format!("{} {}", kind.text(), title(name, number)).trim_end().to_owned()))
            }
            _ => {}
        }
    }
    let lane = |lane: LaneId| lanes.get(&lane).cloned().unwrap_or_else(|| "?".to_owned());
    let site = |file: NameId, line: u32| match texts.get(&file) {
        Some(file) => format!(" at {file}:{line}"),
        None => String::new(),
    };
    let text = |what: &What| match *what {
        What::Spawned { .. } => Some("spawned".to_owned()),
        What::Made { on, .. } => Some(format!("made {}", objects[&on])),
        What::Entered { state, on, name, number, .. } if objects.contains_key(&on) && state == State::Waiting => {
            Some(format!("waits for {}{}", objects[&on], site(name, number)))
        }
        What::Entered { state: State::Sleeping, .. } => Some("sleeps".to_owned()),
        What::Acquired { on, file, line } => Some(format!("took {}{}", objects.get(&on)?, site(file, line))),
        What::Released { on, .. } => Some(format!("released {}", objects.get(&on)?)),
        What::TimedOut { on } => Some(format!("timed out on {}", objects.get(&on)?)),
        What::Joined { child } => Some(format!("joined {}", lane(child))),
        What::Sent { .. } => Some("sent".to_owned()),
        What::Received { .. } => Some("received".to_owned()),
        What::Ended(outcome) => Some(outcome.text().to_owned()),
        _ => None,
    };
    events.iter().filter_map(|event| Some((lane(event.lane), text(&event.what)?))).collect()
}

/// What happened on one lane.
pub fn on_lane(finished: &Finished, lane: &str) -> Vec<String> {
    happened(finished).into_iter().filter(|(on, _)| on == lane).map(|(_, what)| what).collect()
}
