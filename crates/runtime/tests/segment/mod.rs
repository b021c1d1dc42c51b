//! Runs a program over a segment of its own and gives what was recorded as text: a line a lane, in the order of their
//! beginnings, with what it waited for, had and gave back.

#[path = "../place/mod.rs"]
mod place;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::multiprocessing::end_children;
use interleave_trace::{
    Entry, LaneId, NO_NUMBER, NameId, ObjectId, State, What, decode, detach, drain_all, fresh_lane, set_recording,
};

/// The recorder is one for the whole program.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
/// A text is recorded once in a program, and a later test may use it again.
static TEXTS: Mutex<Option<HashMap<NameId, String>>> = Mutex::new(None);

/// Whether what other processes record is read here: in a browser each has a recorder of its own, which the page reads.
#[allow(dead_code, reason = "each test file uses its part")]
pub const CHILDREN_ARE_READ: bool = cfg!(not(target_arch = "wasm32"));

/// Runs `body` as the first process of a run. What it gives is given; what was recorded is thrown away.
#[allow(dead_code, reason = "each test file uses its part")]
pub fn run<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    set_recording(false);
    let result = on_a_lane(body).1;
    set_recording(true);
    let mut slots = Vec::new();
    drain_all(&mut slots);
    learn(&slots);
    result
}

/// Runs `body` as the first process of a run, and gives what was recorded.
#[allow(dead_code, reason = "each test file uses its part")]
pub fn recorded(body: impl FnOnce() + Send) -> Vec<String> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut slots = Vec::new();
    drain_all(&mut slots);
    learn(&slots);
    slots.clear();
    let (main, ()) = on_a_lane(body);
    drain_all(&mut slots);
    learn(&slots);
    describe(main, &slots)
}

fn on_a_lane<T: Send>(body: impl FnOnce() -> T + Send) -> (LaneId, T) {
    let lane = fresh_lane();
    let result = place::on_a_thread(|| {
        place::begin_run();
        begin_lane(lane);
        let result = body();
        end_children();
        end_lane();
        detach();
        result
    });
    (lane, result)
}

fn learn(slots: &[interleave_trace::ring::Slot]) {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    decode(slots, |entry| {
        if let Entry::Name(id, text) = entry {
            texts.get_or_insert_default().insert(id, text);
        }
    });
}

fn describe(main: LaneId, slots: &[interleave_trace::ring::Slot]) -> Vec<String> {
    let texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut events = Vec::new();
    decode(slots, |entry| match entry {
        Entry::Event(event) => events.push(event),
        Entry::Lost(count) => panic!("{count} events were lost"),
        Entry::Name(..) => {}
    });
    events.sort_by_key(|event| event.time);
    let title = |name: NameId, number: u32| match (texts.as_ref().and_then(|texts| texts.get(&name)), number) {
        (None, _) => "?".to_owned(),
        (Some(text), NO_NUMBER) => text.clone(),
        (Some(text), number) => format!("{text} {number}"),
    };
    let mut lanes = vec![main];
    let mut lane_names = HashMap::from([(main, "main".to_owned())]);
    let mut objects: HashMap<ObjectId, String> = HashMap::new();
    for event in &events {
        match event.what {
            What::Spawned { name, number, .. } => {
                lanes.push(event.lane);
                lane_names.insert(event.lane, title(name, number));
            }
            What::Made { on, kind, name, number } => {
                objects.insert(on, format!("{} {}", kind.text(), title(name, number)));
            }
            _ => {}
        }
    }
    let lane = |lane: LaneId| lane_names.get(&lane).map_or("?", String::as_str);
    let object = |on: ObjectId| objects.get(&on).map_or("?", String::as_str);
    let of = |own: LaneId| {
        let happened = events.iter().filter(|event| event.lane == own).filter_map(|event| match event.what {
            What::Entered { state: State::Waiting, on, holder, timed, .. } => {
                let holder = holder.some().map(|holder| format!(" of {}", lane(holder))).unwrap_or_default();
                Some(format!("waits for {}{holder}{}", object(on), if timed { " a while" } else { "" }))
            }
            What::Acquired { on, line, .. } => {
                assert_ne!(line, NO_NUMBER, "the call site is known");
                Some(format!("has {}", object(on)))
            }
            What::Released { on, holder } => {
                let other = holder.some().filter(|holder| *holder != own);
                let other = other.map(|other| format!(" of {}", lane(other))).unwrap_or_default();
                Some(format!("releases {}{other}", object(on)))
            }
            What::TimedOut { on } => Some(format!("gives {} up", object(on))),
            What::Woke { target, on } => Some(format!("wakes {} at {}", lane(target), object(on))),
            What::Joined { child } => Some(format!("joins {}", lane(child))),
            What::Sent { bytes, .. } => Some(format!("sends {bytes} B")),
            What::Received { bytes, .. } => Some(format!("receives {bytes} B")),
            What::Noted { level, text } => Some(format!("{}: {}", level.text(), title(text, NO_NUMBER))),
            What::Ended(outcome) => Some(outcome.text().to_owned()),
            _ => None,
        });
        format!("{}: {}", lane(own), happened.collect::<Vec<_>>().join(" | "))
    };
    lanes.iter().map(|lane| of(*lane)).collect()
}
