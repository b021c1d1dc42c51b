//! The engine without a browser: for tests, and for measuring what the browser costs.

use std::sync::{Mutex, PoisonError};

use interleave_protocol::explore::explore;
use interleave_protocol::{Failure, Finding, RunSpec, downloads};
use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::processes;
use interleave_runtime::segment::{Segment, dismiss_workers, keep_workers};
use interleave_runtime::span;
use interleave_runtime::sys::{block_on, set_files};
use interleave_trace::ring::Slot;
use interleave_trace::{
    LaneId, LaneKind, NO_NUMBER, What, clock, detach, drain_all, fresh_lane, intern, record_at, set_recording,
};

use crate::run::{attempt, over, run};
use crate::stock::stock;
use crate::workload::Answer;

/// Who runs or explores; others wait.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Tries `seeds` seeds of a program, on a thread of its own, and gives the schedule under which it goes wrong.
pub fn explore_natively(spec: RunSpec, seeds: u32) -> Option<Finding> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let explorer = std::thread::spawn(move || {
        set_recording(false);
        Segment::new().install();
        keep_workers();
        let found = block_on(explore(1..=seeds, |_| true, async |plan| attempt(spec, plan).await));
        dismiss_workers();
        set_recording(true);
        found
    });
    // What panics in here is a mistake of ours, for the caller's test to show.
    explorer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Runs `spec` on a thread of its own and gives its answer and its trace. One run at a time: others wait.
pub fn run_natively(spec: RunSpec) -> (Result<Answer, Failure>, Vec<Slot>) {
    run_over(spec, Some(Segment::new))
}

/// As [`run_natively`], with processes that share no memory.
pub fn run_apart(spec: RunSpec) -> (Result<Answer, Failure>, Vec<Slot>) {
    run_over(spec, None)
}

fn run_over(spec: RunSpec, segment: Option<fn() -> Segment>) -> (Result<Answer, Failure>, Vec<Slot>) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stock) = stock() {
        processes::set_main(stock.process);
    }
    set_files(|path| (0..downloads::COUNT).find(|n| downloads::path(*n) == path).map(downloads::file));
    let mut slots = Vec::new();
    drain_all(&mut slots);
    slots.clear();
    clock::set_origin(clock::epoch_ms());
    let result = std::thread::scope(|scope| {
        let host = scope.spawn(|| {
            let lane = fresh_lane();
            if let Some(segment) = segment {
                segment().install();
            }
            begin_lane(lane);
            let (kind, parent, host) = (LaneKind::Thread, LaneId::NONE, LaneId::NONE);
            let spawned = What::Spawned { parent, kind, name: intern("main"), number: NO_NUMBER, host };
            record_at(clock::now(), lane, spawned);
            let result = block_on(run(spec));
            if let Err(failure) = &result {
                span::failed(&failure.to_string());
            }
            end_lane();
            over();
            detach();
            result
        });
        while !host.is_finished() {
            drain_all(&mut slots);
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
        host.join()
    });
    drain_all(&mut slots);
    let died = || Err(Failure::Panicked { message: "the host's thread panicked".to_owned() });
    (result.unwrap_or_else(|_| died()), slots)
}
