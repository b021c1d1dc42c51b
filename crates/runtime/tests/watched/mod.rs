//! Runs a program and reads its rings while it runs, again and again, as the page does once a frame.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::multiprocessing::{ProcessError, end_children};
use interleave_runtime::rt::{Object, allow_waits, cancel_waits, is_cancelled};
use interleave_runtime::segment::Segment;
use interleave_runtime::span::{self, Title};
use interleave_runtime::sync::{Result, SyncError};
use interleave_runtime::sys::block_on;
use interleave_runtime::tasks::Raised;
use interleave_timeline::{Deadlock, Store, Watch};
use interleave_trace::{
    Entry, LaneId, LaneKind, Mark, NO_NUMBER, ObjectKind, State, What, attach, decode, detach, drain_all, fresh_lane,
    intern, record,
};

/// How often the rings are read.
const EVERY: Duration = Duration::from_micros(300);

/// Runs `program` on the lane `main` until it ends or a verdict falls on it.
pub fn watched(program: impl FnOnce() -> Result<()> + Send + 'static) -> Option<Deadlock> {
    watch(LaneKind::Thread, || program().map_err(|error| (error != SyncError::Cancelled).then(|| error.to_string())))
}

/// As [`watched`], as the first process of a run.
pub fn watched_processes(
    program: impl FnOnce() -> std::result::Result<(), ProcessError> + Send + 'static,
) -> Option<Deadlock> {
    watch(LaneKind::Process, || {
        let result = program();
        end_children();
        let cancelled = ProcessError::Sync(SyncError::Cancelled);
        result.map_err(|error| (error != cancelled).then(|| error.to_string()))
    })
}

/// As [`watched`], of a program of tasks on one event loop.
pub fn watched_tasks<F: Future<Output = std::result::Result<(), Raised>>>(
    program: impl FnOnce() -> F + Send + 'static,
) -> Option<Deadlock> {
    watch(LaneKind::Thread, || {
        block_on(program()).map_err(|raised| match raised {
            Raised::Refused(SyncError::Cancelled) | Raised::Cancelled { .. } => None,
            raised => Some(raised.to_string()),
        })
    })
}

/// What a program comes to: nothing, or an error, or that it was cancelled.
type End = std::result::Result<(), Option<String>>;

fn watch(kind: LaneKind, program: impl FnOnce() -> End + Send + 'static) -> Option<Deadlock> {
    // The recorder is one for the whole test.
    static ONE_AT_A_TIME: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
    let mut names = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut reader = Reader { store: Store::default(), names: &mut names };
    // A text is recorded once, and an earlier program may have used it.
    drain_all(&mut Vec::new());
    for entry in reader.names.iter() {
        reader.store.push(entry.clone());
    }
    let over = AtomicBool::new(false);
    let over = &over;
    let segment = Segment::new();
    let shared = segment.clone();
    std::thread::scope(|scope| {
        let main = fresh_lane();
        let running = scope.spawn(move || {
            shared.install();
            attach(main);
            let (parent, name, number, host) = (LaneId::NONE, intern("main"), NO_NUMBER, LaneId::NONE);
            record(What::Spawned { parent, kind, name, number, host });
            begin_lane(main);
            let result = program();
            record(What::Marked(Mark::RunFinished));
            over.store(true, Ordering::Release);
            end_lane();
            detach();
            result
        });
        let mut watch = Watch::default();
        let mut verdict = None;
        while verdict.is_none() && !over.load(Ordering::Acquire) && !running.is_finished() {
            std::thread::sleep(EVERY);
            reader.read();
            verdict = watch.look(&reader.store);
        }
        // Whoever is blocked is let go, and the next program finds nobody left of this one.
        cancel_waits();
        segment.cancel_waits();
        let ended = running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        while reader.store.lanes().iter().any(|lane| lane.spawned.is_some() && lane.ended.is_none()) {
            std::thread::sleep(EVERY);
            reader.read();
        }
        allow_waits();
        if let Err(Some(error)) = ended {
            assert!(verdict.is_some(), "the program failed: {error}");
        }
        verdict
    })
}

struct Reader<'a> {
    store: Store,
    names: &'a mut Vec<Entry>,
}

impl Reader<'_> {
    /// Reads all rings, one after another.
    fn read(&mut self) {
        let mut slots = Vec::new();
        drain_all(&mut slots);
        decode(&slots, |entry| {
            if matches!(entry, Entry::Name(..)) {
                self.names.push(entry);
            }
        });
        self.store.append(&slots);
    }
}

/// A thread that was asked for and takes its time to begin.
pub fn start_late(late: Duration, body: impl FnOnce() + Send + 'static) {
    let lane = fresh_lane();
    let parent = interleave_trace::here();
    let (kind, name, number, host) = (LaneKind::Thread, intern("late"), NO_NUMBER, LaneId::NONE);
    let now = interleave_trace::clock::now();
    interleave_trace::record_at(now, lane, What::Spawned { parent, kind, name, number, host });
    std::thread::spawn(move || {
        std::thread::sleep(late);
        begin_lane(lane);
        body();
        end_lane();
        detach();
    });
}

/// Waits for what nobody brings, without the runtime's knowing of it: so the GIL is kept.
pub fn wait_with_the_gil(title: &'static str) {
    let object = Object::new(ObjectKind::Event, Title::new(title));
    let (state, on, holder, timed) = (State::Waiting, object.id(), LaneId::NONE, false);
    record(What::Entered { state, name: intern("deadlock.rs"), number: line!(), on, holder, timed });
    while !is_cancelled() {
        std::thread::sleep(EVERY);
    }
    span::resumed();
}
