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
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use interleave_trace::clock::{self, TimeNs};
use interleave_trace::{
    LaneId, NO_NUMBER, NameId, ObjectId, ObjectKind, State, What, intern, is_recording, record, record_at,
};

use super::object::Object;
use super::schedule;
use crate::span::{self, Title};
use crate::sys::sync::{AtomicBool, Condvar, Mutex, MutexGuard, PoisonError, here, wait_until};

/// CPython's default switch interval.
pub const DEFAULT_INTERVAL: Duration = Duration::from_millis(5);

static ENABLED: AtomicBool = AtomicBool::new(false);
static WHEN_ASKED: OnceLock<fn()> = OnceLock::new();
/// That of this instance.
static GIL: Gil = Gil::new();

thread_local! {
    static TAKES_PART: Cell<bool> = const { Cell::new(false) };
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

/// The lock itself, which does not know which threads take part. A thread that has it does not take it again.
pub struct Gil {
    /// Whether the holder is asked to let another have it.
    asked: AtomicBool,
    inner: Mutex<Inner>,
    freed: Condvar,
    taken: Condvar,
}

struct Inner {
    object: Option<Object>,
    interval: Duration,
    holder: LaneId,
    held: bool,
    /// How often it was taken.
    switches: u64,
}

impl Inner {
    /// What it is to the trace, if anything is recorded.
    fn recorded(&self) -> Option<ObjectId> {
        self.object.as_ref().filter(|_| is_recording()).map(Object::id)
    }
}

/// The calling lane wants it, since then.
fn record_ready(since: TimeNs, on: ObjectId, holder: LaneId) {
    let name = intern("GIL");
    record_at(since, here(), What::Entered { state: State::Ready, name, number: NO_NUMBER, on, holder, timed: false });
}

impl Default for Gil {
    fn default() -> Self {
        Self::new()
    }
}

impl Gil {
    /// A free one.
    pub const fn new() -> Self {
        let inner = Inner { object: None, interval: DEFAULT_INTERVAL, holder: LaneId::NONE, held: false, switches: 0 };
        Self { asked: AtomicBool::new(false), inner: Mutex::new(inner), freed: Condvar::new(), taken: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the calling thread has it.
    #[cold]
    pub fn acquire(&self) {
        let inner = self.lock();
        if inner.held
            && let Some(object) = inner.recorded()
        {
            record_ready(clock::now(), object, inner.holder);
        }
        self.take(inner);
    }

    fn take<'a>(&'a self, mut inner: MutexGuard<'a, Inner>) {
        while inner.held {
            inner = self.wait_for_an_interval(inner);
        }
        (inner.held, inner.holder) = (true, here());
        inner.switches += 1;
        self.asked.store(false, Ordering::Relaxed);
        if let Some(on) = inner.recorded() {
            record(What::Acquired { on, file: NameId::NONE, line: NO_NUMBER });
        }
        self.taken.notify_all();
    }

    /// Waits until it was let go, or asks the holder to once an interval has passed in which nobody did.
    fn wait_for_an_interval<'a>(&'a self, mut inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        let seen = inner.switches;
        let interval = u64::try_from(inner.interval.as_nanos()).unwrap_or(u64::MAX);
        let until = clock::now().0.saturating_add(interval);
        while inner.held && inner.switches == seen {
            inner = match wait_until(&self.freed, &self.inner, inner, until) {
                Some(inner) => inner,
                None => {
                    let inner = self.lock();
                    if !inner.held || inner.switches != seen {
                        return inner;
                    }
                    self.asked.store(true, Ordering::Relaxed);
                    let Some(call) = WHEN_ASKED.get() else { return inner };
                    drop(inner);
                    call();
                    return self.lock();
                }
            };
        }
        inner
    }

    /// Lets it go.
    #[cold]
    pub fn release(&self) {
        self.let_go(&mut self.lock());
    }

    /// Gives when that was.
    fn let_go(&self, inner: &mut Inner) -> TimeNs {
        let now = clock::now();
        if let Some(on) = inner.recorded() {
            record_at(now, here(), What::Released { on, holder: inner.holder });
        }
        (inner.held, inner.holder) = (false, LaneId::NONE);
        self.freed.notify_one();
        now
    }

    /// Whether somebody asked the holder to let it go.
    #[inline]
    pub fn is_asked_for(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Lets whoever asked for it have it, and waits until the calling thread has it again.
    pub fn hand_over(&self) {
        let mut inner = self.lock();
        let before = inner.switches;
        let released = self.let_go(&mut inner);
        // Without this the holder would take it again before the other has even woken.
        while inner.switches == before {
            inner = self.taken.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        // Only now it is known who has it, but it is wanted since it was let go.
        if let Some(object) = inner.recorded() {
            record_ready(released, object, inner.holder);
        }
        self.take(inner);
    }
}

/// Whether this instance has one.
#[inline]
pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// From now on this instance has one, which its threads hold while they run. The calling lane is the first.
pub fn enable(interval: Duration) {
    {
        let mut gil = GIL.lock();
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
    GIL.lock().object = None;
}

/// What a thread calls, once for all, whenever it has asked the holder to let go: so an interpreter whose checkpoints take no
/// look by themselves has them look. It must not block.
pub fn when_asked(call: fn()) {
    // Who says it again says the same.
    let _before = WHEN_ASKED.set(call);
}

/// Sets how long a thread waits before it asks the holder to let go: `sys.setswitchinterval`.
pub fn set_interval(interval: Duration) {
    GIL.lock().interval = interval;
}

/// How long a thread waits before it asks the holder to let go.
pub fn interval() -> Duration {
    GIL.lock().interval
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
    if is_enabled() && TAKES_PART.get() && !HOLDS.replace(true) {
        GIL.acquire();
    }
}

/// Lets others have it while the calling thread blocks.
#[inline]
pub fn give_up() {
    if HOLDS.replace(false) {
        GIL.release();
    }
}

/// Whether the calling thread has it and somebody asked for it: whether [`offer`] would hand it over.
#[inline]
pub fn is_wanted() -> bool {
    GIL.is_asked_for() && HOLDS.get()
}

/// Hands it over if somebody asked for it; then the calling thread wants it back.
#[inline]
pub fn offer() {
    if is_wanted() {
        hand_over();
    }
}

#[cold]
fn hand_over() {
    GIL.hand_over();
    span::resumed();
}

/// Runs `blocking` without the GIL.
pub fn without<T>(blocking: impl FnOnce() -> T) -> T {
    give_up();
    let result = blocking();
    take();
    result
}
