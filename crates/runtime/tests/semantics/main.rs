//! What the primitives do, by Python's documentation of `threading`, `queue` and `concurrent.futures`: one rule, one test.
//!
//! The lanes take turns: each runs until it blocks, then the next in the order of their beginnings. So what a test does
//! and what is recorded of it is the same each time, and waiting for a time costs none.

mod barrier;
mod cancelling;
mod condition;
mod event;
mod local;
mod lock;
mod pool;
mod queue;
#[path = "../recorded/mod.rs"]
mod recorded;
mod rlock;
mod semaphore;
mod thread;
mod timer;

use std::time::Duration;

use interleave_runtime::rt::Wait;
use interleave_runtime::rt::schedule::{self, Plan, WhenStuck};
use interleave_runtime::sync;
use recorded::recorded;

const SECOND: Duration = Duration::from_secs(1);

/// Ends the schedule of a test that fails.
struct InTurns;

impl Drop for InTurns {
    fn drop(&mut self) {
        if std::thread::panicking() {
            schedule::end();
        }
    }
}

/// Runs `body` on the lane `main`, whose lanes take turns, and gives a line a lane.
fn in_turns(body: impl FnOnce() + Send) -> Vec<String> {
    recorded(|| async {
        schedule::begin(Plan::Switches(Vec::new()), WhenStuck::Stay);
        let _turns = InTurns;
        body();
    })
}

/// As [`in_turns`], for lanes that get stuck and are cancelled. Gives whether they were.
fn in_turns_until_stuck(body: impl FnOnce() + Send) -> bool {
    let mut stuck = false;
    recorded(|| async {
        schedule::begin(Plan::Switches(Vec::new()), WhenStuck::Cancel);
        let _turns = InTurns;
        body();
        // Else those who are not blocked when it ends would be cancelled no longer.
        schedule::settle();
        stuck = schedule::end().stuck;
    });
    stuck
}

/// Lets all others run until they block.
fn let_others_run() {
    sync::thread::sleep(Duration::from_millis(1)).expect("nobody ends the run");
}

fn forever() -> Wait {
    Wait::forever()
}
