//! Runs something on a lane of its own and gives what was recorded as text: a line a lane, its spans in order.

#[path = "../place/mod.rs"]
mod place;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::rt::schedule;
use interleave_trace::ring::Slot;
use interleave_trace::{Entry, LaneId, NO_NUMBER, NameId, What, decode, detach, drain_all, fresh_lane};

/// What was recorded while `body` ran on the lane `main`: for each lane, in the order of their beginnings, its name
/// and what happened to it, without times.
pub fn recorded<F: Future<Output = ()>>(body: impl FnOnce() -> F + Send) -> Vec<String> {
    let (lane, slots) = slots(body);
    describe(lane, &slots)
}

/// The lane `main` and what was recorded while `body` ran on it.
pub fn slots<F: Future<Output = ()>>(body: impl FnOnce() -> F + Send) -> (LaneId, Vec<Slot>) {
    // The recorder is one for the whole program.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    drain_all(&mut Vec::new());
    let lane = fresh_lane();
    place::on_a_thread(|| {
        begin_lane(lane);
        place::block_on(body());
        end_lane();
        // Where lanes took turns, the clock did not run.
        schedule::end();
        detach();
    });
    let mut slots = Vec::new();
    drain_all(&mut slots);
    (lane, slots)
}

fn describe(main: LaneId, slots: &[Slot]) -> Vec<String> {
    // A text is recorded once in a program, and a later test may use it again.
    static TEXTS: Mutex<Option<HashMap<NameId, String>>> = Mutex::new(None);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = texts.get_or_insert_default();
    let mut events = Vec::new();
    decode(slots, |entry| match entry {
        Entry::Name(id, text) => drop(texts.insert(id, text)),
        Entry::Event(event) => events.push(event),
        Entry::Lost(count) => panic!("{count} events were lost"),
    });
    events.sort_by_key(|event| event.time);
    let title = |name: NameId, number: u32| match (texts.get(&name), number) {
        (None, _) => String::new(),
        (Some(text), NO_NUMBER) => text.clone(),
        (Some(text), number) => format!("{text} {number}"),
    };
    let mut lanes = vec![main];
    let mut names = HashMap::from([(main, "main".to_owned())]);
    for event in &events {
        if let What::Spawned { name, number, .. } = event.what {
            lanes.push(event.lane);
            names.insert(event.lane, title(name, number));
        }
    }
    let mut made = HashMap::new();
    for event in &events {
        if let What::Made { on, kind, name, number } = event.what {
            made.insert(on, format!("{} {}", kind.text(), title(name, number)).trim_end().to_owned());
        }
    }
    let name_of = |lane: LaneId| names.get(&lane).map_or("?", String::as_str);
    let of = |lane: LaneId| {
        let happened = events.iter().filter(|event| event.lane == lane).filter_map(|event| match event.what {
            What::Spawned { kind, .. } => Some(kind.text().to_owned()),
            What::Entered { state, on, holder, .. } if made.contains_key(&on) => {
                let made = &made[&on];
                // Whose end that is says its name.
                let of = if holder == LaneId::NONE || made.starts_with("end ") { "" } else { name_of(holder) };
                Some(format!("{} for {made}{}{of}", state.text(), if of.is_empty() { "" } else { " of " }))
            }
            What::Acquired { on, .. } => Some(format!("took {}", made.get(&on)?)),
            What::Released { on, holder } if holder == lane || holder == LaneId::NONE => {
                Some(format!("released {}", made.get(&on)?))
            }
            What::Released { on, holder } => Some(format!("released {} of {}", made.get(&on)?, name_of(holder))),
            What::TimedOut { on } => Some(format!("timed out on {}", made.get(&on)?)),
            // Of a thread's end the one who waited for it tells.
            What::Woke { target, on } if made.get(&on).is_some_and(|made| !made.starts_with("end ")) => {
                Some(format!("woke {}", name_of(target)))
            }
            What::Entered { state, name, number, .. } => {
                Some(format!("{} {}", state.text(), title(name, number)).trim_end().to_owned())
            }
            What::Joined { child } => Some(format!("joined {}", name_of(child))),
            What::Sent { bytes, name, .. } => Some(format!("sent {} {bytes} B", title(name, NO_NUMBER))),
            What::Received { bytes, .. } => Some(format!("received {bytes} B")),
            What::Noted { level, text } => Some(format!("{}: {}", level.text(), title(text, NO_NUMBER))),
            What::Ended(outcome) => Some(outcome.text().to_owned()),
            What::Started => Some("started".to_owned()),
            _ => None,
        });
        format!("{}: {}", names[&lane], happened.collect::<Vec<_>>().join(" | "))
    };
    lanes.into_iter().map(of).collect()
}
