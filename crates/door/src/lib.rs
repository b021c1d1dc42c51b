//! What the workers of every artifact say to the page: whom the runtime asks for a worker, how records reach a page that
//! cannot look into this memory, how a failure is told, and what a schedule is in the words of either. The artifacts with
//! native programs and the one with Python have the same page, so they have this in common, whatever else they export.

#[cfg(target_arch = "wasm32")]
mod web;

use interleave_protocol::explore::{self, Attempt};
use interleave_protocol::{Failure, Switch, Wrong};
use interleave_runtime::Fault;
use interleave_runtime::rt::schedule::{self, Outcome, Plan};

#[cfg(target_arch = "wasm32")]
pub use web::{open, post, post_bytes, post_failure, post_records};

/// What the page is told of a fault of the runtime.
pub fn from_fault(fault: Fault) -> Failure {
    match fault {
        Fault::Panicked { message } => Failure::Panicked { message },
        Fault::Trapped { message } => Failure::Trapped { message },
        Fault::OutOfMemory { wanted } => Failure::OutOfMemory { wanted },
        Fault::Download { file, status } => Failure::Download { file, status },
        Fault::Cancelled => Failure::Cancelled,
    }
}

/// What the runtime is told of how a run is decided.
pub fn to_plan(plan: explore::Plan) -> Plan {
    match plan {
        explore::Plan::Seed(seed) => Plan::Seed(seed.into()),
        explore::Plan::Switches(list) => {
            Plan::Switches(list.iter().map(|it| schedule::Switch { step: it.step, lane: it.lane }).collect())
        }
    }
}

/// What whoever explores is told of a run's schedule, and of what went wrong beside that.
pub fn to_attempt(outcome: &Outcome, wrong: Option<(Wrong, String)>) -> Attempt {
    let stuck = || (Wrong::Stuck, "every lane waits, and nobody is left to wake one".to_owned());
    let switches = outcome.switches.iter().map(|it| Switch { step: it.step, lane: it.lane }).collect();
    Attempt { switches, wrong: if outcome.stuck { Some(stuck()) } else { wrong } }
}
