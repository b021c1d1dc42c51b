//! A global interpreter lock: of the threads of this instance that take part, one runs at a time.
//!
//! It is handed over as CPython does it since 3.2 (Antoine Pitrou's "new GIL", `Python/ceval_gil.c`): a thread that wants it
//! waits for an interval; if nobody let go meanwhile, it asks the holder to, who does so at its next checkpoint and
//! waits until another has taken it. A thread that blocks gives it up.
//!
//! ```text
//!  thread 1   running................| ready ........| running
//!  thread 2   ready (wants the GIL)..|running........| ready
//!             |<----- interval ----->|<- interval -->|
//! ```

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interleave_trace::{LaneId, ObjectKind, State, What, here, is_recording, record};

use super::object::Object;
use super::schedule;
use crate::span::{self, Title};

/// CPython's default switch interval.
pub const DEFAULT_INTERVAL: Duration = Duration::from_millis(5);

static ENABLED: AtomicBool = AtomicBool::new(false);
/// Whether the holder is asked to let another have it.
static ASKED: AtomicBool = AtomicBool::new(false);
static LOCK: Mutex<Gil> = Mutex::new(Gil {
    object: None,
    interval: DEFAULT_INTERVAL,
    holder: LaneId::NONE,
    held: false,
    switches: 0,
    waiting: 0,
});
static FREED: Condvar = Condvar::new();
static TAKEN: Condvar = Condvar::new();

thread_local! {
    static TAKES_PART: Cell<bool> = const { Cell::new(false) };
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

struct Gil {
    object: Option<Object>,
    interval: Duration,
    holder: LaneId,
    held: bool,
    /// How often it was taken.
    switches: u64,
    waiting: u32,
}

fn lock() -> MutexGuard<'static, Gil> {
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this instance has one.
#[inline]
pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// From now on this instance has one, which its threads hold while they run. The calling lane is the first.
pub fn enable(interval: Duration) {
    {
        let mut gil = lock();
        gil.object.get_or_insert_with(|| Object::new(ObjectKind::Gil, Title::new("GIL")));
        gil.interval = interval;
    }
    ENABLED.store(true, Ordering::SeqCst);
    join();
}

/// The run is over, and so is its GIL: the next run of this instance has one only if it says so.
pub fn disable() {
    leave();
    ENABLED.store(false, Ordering::SeqCst);
    lock().object = None;
}

/// Sets how long a thread waits before it asks the holder to let go: `sys.setswitchinterval`.
pub fn set_interval(interval: Duration) {
    lock().interval = interval;
}

/// How long a thread waits before it asks the holder to let go.
pub fn interval() -> Duration {
    lock().interval
}

/// The calling thread runs only while it holds the GIL from now on, if there is one.
pub fn join() {
    // Natively processes are threads of one instance, and the GIL is that of the first of them.
    let is_of_another = cfg!(not(target_arch = "wasm32")) && crate::sys::own_process() != 0;
    if is_enabled() && !schedule::is_on() && !is_of_another {
        TAKES_PART.set(true);
        take();
    }
}

/// The calling thread takes no part any more.
pub fn leave() {
    give_up();
    TAKES_PART.set(false);
}

/// Waits for the GIL, if the calling thread takes part and does not have it.
#[inline]
pub fn take() {
    if is_enabled() && TAKES_PART.get() && !HOLDS.get() {
        acquire();
    }
}

/// Gives whether it had to wait.
#[cold]
fn acquire() -> bool {
    let lane = here();
    let mut gil = lock();
    let waits = gil.held;
    if waits {
        if is_recording()
            && let Some(object) = gil.object
        {
            span::enter(State::Ready, Title::new("GIL"), object.id(), gil.holder);
        }
        gil.waiting += 1;
        while gil.held {
            let (seen, interval) = (gil.switches, gil.interval);
            let (guard, waited) = FREED.wait_timeout(gil, interval).unwrap_or_else(PoisonError::into_inner);
            gil = guard;
            if waited.timed_out() && gil.held && gil.switches == seen {
                ASKED.store(true, Ordering::Relaxed);
            }
        }
        gil.waiting -= 1;
    }
    (gil.held, gil.holder) = (true, lane);
    gil.switches += 1;
    ASKED.store(false, Ordering::Relaxed);
    HOLDS.set(true);
    if is_recording()
        && let Some(object) = gil.object
    {
        record(What::Acquired {
            on: object.id(),
            file: interleave_trace::NameId::NONE,
            line: interleave_trace::NO_NUMBER,
        });
    }
    TAKEN.notify_all();
    waits
}

/// Lets others have it while the calling thread blocks.
#[inline]
pub fn give_up() {
    if HOLDS.get() {
        release();
    }
}

#[cold]
fn release() {
    let mut gil = lock();
    if is_recording()
        && let Some(object) = gil.object
    {
        record(What::Released { on: object.id(), holder: gil.holder });
    }
    (gil.held, gil.holder) = (false, LaneId::NONE);
    HOLDS.set(false);
    FREED.notify_one();
}

/// Whether the calling thread has it and somebody asked for it: whether [`offer`] would hand it over.
#[inline]
pub fn is_wanted() -> bool {
    ASKED.load(Ordering::Relaxed) && HOLDS.get()
}

/// Hands it over if somebody asked for it; then the calling thread wants it back.
#[inline]
pub fn offer() {
    if ASKED.load(Ordering::Relaxed) && HOLDS.get() {
        hand_over();
    }
}

#[cold]
fn hand_over() {
    let before = lock().switches;
    release();
    let mut gil = lock();
    // Without this the holder would take it again before the other has even woken.
    while gil.switches == before && gil.waiting > 0 {
        gil = TAKEN.wait(gil).unwrap_or_else(PoisonError::into_inner);
    }
    drop(gil);
    if acquire() {
        span::resumed();
    }
}

/// Runs `blocking` without the GIL.
pub fn without<T>(blocking: impl FnOnce() -> T) -> T {
    give_up();
    let result = blocking();
    take();
    result
}
