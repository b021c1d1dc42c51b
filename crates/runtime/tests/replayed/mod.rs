//! Runs a program under a seeded schedule and gives what was recorded as text, a line an event, so that two runs can be
//! compared event for event.

#[path = "../place/mod.rs"]
mod place;

use std::collections::HashMap;
use std::sync::{Mutex as PlainMutex, PoisonError};

use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::multiprocessing::end_children;
use interleave_runtime::rt::schedule::{self, Outcome, Plan, WhenStuck};
use interleave_trace::{
    Entry, LaneId, MessageId, NameId, ObjectId, What, clock, decode, detach, drain_all, fresh_lane, fresh_object,
};

/// What was recorded, a line an event, with times since the schedule began and all that has an id counted in the order
/// in which it first appears; and what became of the schedule and the program.
#[derive(Debug, PartialEq)]
pub struct Run<T> {
    pub lines: Vec<String>,
    pub outcome: Outcome,
    pub result: T,
}

/// Runs `program` on the first lane of a schedule.
#[allow(dead_code, reason = "each test file uses its part")]
pub fn run<T: Send>(plan: Plan, when_stuck: WhenStuck, program: impl FnOnce() -> T + Send) -> Run<T> {
    run_as(|| schedule::begin(plan, when_stuck), program)
}

/// As [`run`], as the first process of a run.
#[allow(dead_code, reason = "each test file uses its part")]
pub fn run_processes<T: Send>(plan: Plan, when_stuck: WhenStuck, program: impl FnOnce() -> T + Send) -> Run<T> {
    run_first_process(|| assert!(schedule::begin_shared(plan, when_stuck)), program)
}

/// As [`run_processes`], but no process takes part before the first is started.
#[allow(dead_code, reason = "each test file uses its part")]
pub fn run_later_processes<T: Send>(plan: Plan, when_stuck: WhenStuck, program: impl FnOnce() -> T + Send) -> Run<T> {
    run_first_process(|| schedule::begin(plan, when_stuck), program)
}

fn run_first_process<T: Send>(schedule: impl FnOnce() + Send, program: impl FnOnce() -> T + Send) -> Run<T> {
    let begin = || {
        place::begin_run();
        // Ids go into messages, larger ones as more bytes, and here they are counted on from run to run.
        while fresh_object().count() < 1 << 14 {}
        schedule();
    };
    run_as(begin, || {
        let result = program();
        end_children();
        result
    })
}

fn run_as<T: Send>(begin: impl FnOnce() + Send, program: impl FnOnce() -> T + Send) -> Run<T> {
    // The recorder and the schedule are one for the whole program.
    static ONE_AT_A_TIME: PlainMutex<()> = PlainMutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    drain_all(&mut Vec::new());
    let (began, result, outcome) = place::on_a_thread(|| {
        let lane = fresh_lane();
        begin();
        let began = clock::now().0;
        begin_lane(lane);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(program));
        end_lane();
        // Those that it did not wait for go on in turns too.
        schedule::settle();
        let outcome = schedule::end();
        detach();
        (began, result, outcome)
    });
    let mut slots = Vec::new();
    drain_all(&mut slots);
    let result = result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Run { lines: lines(began, &slots), outcome, result }
}

/// Gives what has an id a number, from 0 on.
struct Numbers<T>(HashMap<T, u32>);

impl<T: std::hash::Hash + Eq> Numbers<T> {
    fn of(&mut self, id: T) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(id).or_insert(next)
    }
}

fn lines(began: u64, slots: &[interleave_trace::ring::Slot]) -> Vec<String> {
    // A text is recorded once in a program, and a later run may use it again.
    static TEXTS: PlainMutex<Option<HashMap<NameId, String>>> = PlainMutex::new(None);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = texts.get_or_insert_default();
    let mut events = Vec::new();
    decode(slots, |entry| match entry {
        Entry::Name(id, text) => drop(texts.insert(id, text)),
        Entry::Event(event) => events.push(event),
        Entry::Lost(count) => panic!("{count} events were lost"),
    });
    events.sort_by_key(|event| event.time);
    let (mut lanes, mut objects) = (Numbers::<LaneId>(HashMap::new()), Numbers::<ObjectId>(HashMap::new()));
    let mut messages = Numbers::<MessageId>(HashMap::new());
    let mut described = Vec::new();
    for event in events {
        let text = |name: NameId| texts.get(&name).cloned().unwrap_or_default();
        let mut lane = |lane: LaneId| if lane == LaneId::NONE { "none".to_owned() } else { lanes.of(lane).to_string() };
        let mut object =
            |it: ObjectId| if it == ObjectId::NONE { "none".to_owned() } else { objects.of(it).to_string() };
        let of = lane(event.lane);
        let what = match event.what {
            What::Spawned { parent, kind, name, number, host } => {
                format!("spawned by {} {kind:?} {} {number} on {}", lane(parent), text(name), lane(host))
            }
            What::Entered { state, name, number, on, holder, timed } => {
                format!("{state:?} {} {number} on {} of {} {timed}", text(name), object(on), lane(holder))
            }
            What::Made { on, kind, name, number } => format!("made {} {kind:?} {} {number}", object(on), text(name)),
            What::Acquired { on, file, line } => format!("acquired {} {} {line}", object(on), text(file)),
            What::Released { on, holder } => format!("released {} {}", object(on), lane(holder)),
            What::TimedOut { on } => format!("timed out {}", object(on)),
            What::Woke { target, on } => format!("woke {} {}", lane(target), object(on)),
            What::Joined { child } => format!("joined {}", lane(child)),
            What::Sent { message, bytes, name } => format!("sent {} {bytes} {}", messages.of(message), text(name)),
            What::Received { message, bytes } => format!("received {} {bytes}", messages.of(message)),
            // How much it is depends on what ran before.
            What::Measured { gauge, .. } => format!("measured {gauge:?}"),
            What::Noted { level, text: said } => format!("{level:?} {}", text(said)),
            what => format!("{what:?}"),
        };
        described.push(format!("{} {of}: {what}", event.time.0 - began));
    }
    described
}
