//! Threads that may block: each has a worker of its own, on the memory of the one that asked.
//!
//! The page creates the worker, so a thread can be had even while the one who asked is blocked. Data-parallel
//! work that never blocks belongs into the [`crate::pool`].

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use interleave_trace::{
    LaneId, LaneKind, ObjectId, State, What, current_lane, fresh_lane, fresh_object, record, record_at,
};

use crate::fault::Fault;
use crate::instance::{begin_lane, end_lane};
use crate::span::{self, Title};
use crate::sys;

/// What a thread leaves behind for the one who joins it.
struct Rest<T> {
    result: Mutex<Option<Result<T, Fault>>>,
    ended: Condvar,
}

/// A thread that was asked for.
pub struct JoinHandle<T> {
    lane: LaneId,
    end: ObjectId,
    rest: Arc<Rest<T>>,
}

/// A boxed closure behind a thin pointer, so that its address fits a message.
pub(crate) type Entry = Box<dyn FnOnce() + Send>;

/// Starts a thread.
pub fn spawn<T: Send + 'static>(title: Title, body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let lane = fresh_lane();
    let rest = Arc::new(Rest { result: Mutex::new(None), ended: Condvar::new() });
    record_spawn(lane, LaneKind::Thread, title, LaneId::NONE);
    let left = rest.clone();
    let entry: Entry = Box::new(move || {
        begin_lane(lane);
        span::running(title);
        let result = sys::catching(body);
        if let Err(fault) = &result {
            span::failed(&fault.to_string());
        }
        end_lane();
        *left.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        left.ended.notify_all();
    });
    sys::spawn_thread(lane, entry);
    JoinHandle { lane, end: fresh_object(), rest }
}

/// Records that the calling lane asked for another.
pub(crate) fn record_spawn(lane: LaneId, kind: LaneKind, title: Title, host: LaneId) {
    let parent = current_lane().unwrap_or(LaneId::NONE);
    let what = What::Spawned { parent, kind, name: title.name(), number: title.number(), host };
    record_at(interleave_trace::clock::now(), lane, what);
}

impl<T> JoinHandle<T> {
    /// The thread's lane.
    pub fn lane(&self) -> LaneId {
        self.lane
    }

    /// Blocks until the thread has ended and gives its result.
    pub fn join(self) -> Result<T, Fault> {
        let mut result = self.rest.result.lock().unwrap_or_else(PoisonError::into_inner);
        if result.is_none() {
            span::enter(State::Waiting, Title::new("join"), self.end, self.lane);
        }
        loop {
            if let Some(result) = result.take() {
                record(What::Joined { child: self.lane });
                span::resumed();
                return result;
            }
            result = self.rest.ended.wait(result).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// In the worker that was created for a thread: runs it to its end.
///
/// # Safety
/// `entry` is what [`crate::instance::Outside::spawn_thread`] was given, in the same memory, and is used once.
#[cfg(target_arch = "wasm32")]
pub unsafe fn run(entry: usize) {
    let entry: *mut Entry = std::ptr::with_exposed_provenance_mut(entry);
    // SAFETY: `sys::spawn_thread` made it with `Box::into_raw`; by the contract this is its only use.
    let entry = unsafe { Box::from_raw(entry) };
    entry();
}

/// A gate that lanes wait at until it is opened, once.
#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    /// Opens it for all who wait and all who come.
    pub fn open(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    /// Blocks until it is open.
    pub fn pass(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if *open {
            return;
        }
        span::waiting(State::Waiting, Title::new("start"));
        while !*open {
            open = self.opened.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
        span::resumed();
    }
}

/// Counts those who have come; one waits until all have.
pub struct Arrivals {
    missing: Mutex<u32>,
    complete: Condvar,
}

impl Arrivals {
    /// Expects so many.
    pub fn new(expected: u32) -> Self {
        Self { missing: Mutex::new(expected), complete: Condvar::new() }
    }

    /// One has come.
    pub fn arrive(&self) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        *missing = missing.saturating_sub(1);
        self.complete.notify_all();
    }

    /// Blocks until all have come.
    pub fn wait(&self) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        span::waiting(State::Waiting, Title::new("workers"));
        while *missing > 0 {
            missing = self.complete.wait(missing).unwrap_or_else(PoisonError::into_inner);
        }
        span::resumed();
    }
}
