//! Threads that may block: each has a worker of its own, on the memory of the one that asked.
//!
//! The page creates the worker, so a thread can be had even while the one who asked is blocked. Data-parallel
//! work that never blocks belongs into the [`crate::pool`].

use interleave_trace::{LaneId, LaneKind, ObjectKind, What, attach, current_lane, fresh_lane, record_at};

use crate::fault::Fault;
use crate::instance::{begin_lane, end_lane};
use crate::rt::{End, Monitor, Object, SyncError, Wait, drop_values, gil, schedule};
use crate::span::{self, Title};
use crate::sys;
use crate::sys::sync::{Arc, Mutex, PoisonError};

/// What a thread leaves behind for the one who joins it.
struct Rest<T> {
    end: End,
    result: Mutex<Option<Result<T, Fault>>>,
}

/// A thread that was asked for.
pub struct JoinHandle<T> {
    rest: Arc<Rest<T>>,
}

/// A boxed closure behind a thin pointer, so that its address fits a message.
pub(crate) type Entry = Box<dyn FnOnce() + Send>;

/// Starts a thread.
///
/// In a seeded schedule it has its place from here on, and does nothing before its first turn or after its last: what it
/// records then would fall anywhere.
pub fn spawn<T: Send + 'static>(title: Title, body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let lane = fresh_lane();
    record_spawn(lane, LaneKind::Thread, title, LaneId::NONE);
    let rest = Arc::new(Rest { end: End::new(lane, title), result: Mutex::new(None) });
    let left = rest.clone();
    let seat = schedule::enrol();
    let entry: Entry = Box::new(move || {
        attach(lane);
        schedule::arrive(seat);
        begin_lane(lane);
        gil::join();
        span::running(title);
        let result = sys::catching(body);
        if let Err(fault) = &result {
            span::failed(&fault.to_string());
        }
        drop_values();
        *left.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        left.end.come(|| {
            gil::leave();
            end_lane();
        });
        schedule::leave();
    });
    sys::spawn_thread(lane, entry);
    schedule::point();
    JoinHandle { rest }
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
        self.rest.end.lane()
    }

    /// Whether the thread has not ended yet.
    pub fn is_alive(&self) -> bool {
        !self.rest.end.has_come()
    }

    /// The thread's end, for those who do not want its result.
    pub fn end(&self) -> &End {
        &self.rest.end
    }

    /// Blocks until the thread has ended, as long as `wait` says. Gives whether it has: a timeout returns, it does not
    /// fail.
    pub fn wait(&self, wait: &Wait) -> Result<bool, SyncError> {
        self.rest.end.wait(wait)
    }

    /// Blocks until the thread has ended and gives its result.
    #[track_caller]
    pub fn join(self) -> Result<T, Fault> {
        match self.wait(&Wait::forever()) {
            Ok(_) => self.rest.take(),
            Err(_) => Err(Fault::Cancelled),
        }
    }

    /// The result of a thread that is known to have ended.
    pub(crate) fn into_result(self) -> Result<T, Fault> {
        self.rest.take()
    }
}

impl<T> Rest<T> {
    fn take(&self) -> Result<T, Fault> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or(Err(Fault::Cancelled))
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
    sys::run_threads(*entry);
    // The next thread records where this one ended.
    interleave_trace::detach();
}

/// A gate that lanes wait at until it is opened, once.
pub struct Gate {
    open: Monitor<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: Monitor::new(Object::new(ObjectKind::Event, Title::new("start")), false) }
    }
}

impl Gate {
    /// Opens it for all who wait and all who come.
    pub fn open(&self) {
        self.open.with(|open| {
            **open = true;
            open.wake_all();
        });
    }

    /// Blocks until it is open.
    #[track_caller]
    pub fn pass(&self) -> Result<(), Fault> {
        self.open.wait_until(&Wait::forever(), |_| LaneId::NONE, |open| open.then_some(())).map_err(Fault::from)
    }
}

/// Counts those who have come; one waits until all have.
pub struct Arrivals {
    missing: Monitor<u32>,
}

impl Arrivals {
    /// Expects so many.
    pub fn new(expected: u32) -> Self {
        Self { missing: Monitor::new(Object::new(ObjectKind::Barrier, Title::new("workers")), expected) }
    }

    /// One has come.
    pub fn arrive(&self) {
        self.missing.with(|missing| {
            **missing = missing.saturating_sub(1);
            if **missing == 0 {
                missing.wake_all();
            }
        });
    }

    /// Blocks until all have come.
    #[track_caller]
    pub fn wait(&self) -> Result<(), Fault> {
        self.missing
            .wait_until(&Wait::forever(), |_| LaneId::NONE, |missing| (**missing == 0).then_some(()))
            .map_err(Fault::from)
    }
}
