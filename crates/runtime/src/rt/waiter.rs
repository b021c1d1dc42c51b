//! One lane that is blocked, and the signal that ends it.

use std::sync::Mutex as PlainMutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use interleave_trace::{LaneId, ObjectId, What, clock, is_recording, record};

use super::gil;
use super::monitor::Want;
use super::schedule::{self, SeatId};
use crate::sys::sync::{Arc, Condvar, Mutex, PoisonError, wait_until};

/// Why a lane is blocked no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Another lane woke it.
    Woken,
    /// Its time was up.
    TimedOut,
    /// The run is being ended.
    Cancelled,
}

/// When a wait is over in any case, in nanoseconds on the run's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(Option<u64>);

impl Deadline {
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        let ns = |timeout: Duration| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        Self(timeout.map(|timeout| clock::now().0.saturating_add(ns(timeout))))
    }

    pub(crate) fn at(ns: Option<u64>) -> Self {
        Self(ns)
    }

    /// In nanoseconds on the run's clock, or `None` for never.
    pub(crate) fn ns(self) -> Option<u64> {
        self.0
    }
}

/// See the module's text.
pub(crate) struct Waiter {
    lane: LaneId,
    want: Want,
    /// Where its thread sits in a seeded schedule.
    seat: Option<SeatId>,
    signal: Mutex<Option<Signal>>,
    changed: Condvar,
}

/// All that are blocked outside a seeded schedule, to be cancelled.
static BLOCKED: PlainMutex<Blocked> = PlainMutex::new(Blocked { waiters: Vec::new(), cancelled: false });

static CANCELLED: AtomicBool = AtomicBool::new(false);

struct Blocked {
    waiters: Vec<Arc<Waiter>>,
    cancelled: bool,
}

/// Ends all waits of this instance, those under way and those to come, until [`allow_waits`].
pub fn cancel_waits() {
    CANCELLED.store(true, Ordering::SeqCst);
    schedule::cancel();
    let waiters = {
        let mut blocked = BLOCKED.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.cancelled = true;
        std::mem::take(&mut blocked.waiters)
    };
    waiters.iter().for_each(|waiter| waiter.signal(Signal::Cancelled));
    crate::tasks::cancel_waits();
}

/// Whether waits are cancelled, for those who look now and then instead of waiting.
pub fn is_cancelled() -> bool {
    CANCELLED.load(Ordering::Relaxed) || schedule::is_cancelled()
}

/// Waits are possible again.
pub fn allow_waits() {
    CANCELLED.store(false, Ordering::SeqCst);
    BLOCKED.lock().unwrap_or_else(PoisonError::into_inner).cancelled = false;
}

impl Waiter {
    pub(crate) fn new(lane: LaneId, want: Want) -> Self {
        Self { lane, want, seat: schedule::own_seat(), signal: Mutex::new(None), changed: Condvar::new() }
    }

    pub(crate) fn want(&self) -> Want {
        self.want
    }

    /// Ends the wait, on behalf of `on`.
    pub(crate) fn wake(&self, on: ObjectId) {
        if is_recording() && on != ObjectId::NONE {
            record(What::Woke { target: self.lane, on });
        }
        self.signal(Signal::Woken);
        if let Some(seat) = self.seat {
            schedule::wake(seat);
        }
    }

    fn signal(&self, signal: Signal) {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(signal);
        self.changed.notify_one();
    }

    fn signalled(&self) -> Option<Signal> {
        *self.signal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks the calling lane, which gives up the GIL meanwhile; taking it again is the caller's.
    pub(crate) fn block(self: &Arc<Self>, deadline: Deadline) -> Signal {
        if let Some(seat) = self.seat {
            // It lets go on who was woken, and if there is none, the first whose time is up.
            return match schedule::block(seat, deadline, || self.signalled().is_some()) {
                true => Signal::Cancelled,
                false => self.signalled().unwrap_or(Signal::TimedOut),
            };
        }
        gil::give_up();
        {
            let mut blocked = BLOCKED.lock().unwrap_or_else(PoisonError::into_inner);
            if blocked.cancelled {
                return Signal::Cancelled;
            }
            blocked.waiters.push(self.clone());
        }
        let ended = self.wait(deadline);
        let mut blocked = BLOCKED.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.waiters.retain(|waiter| !Arc::ptr_eq(waiter, self));
        ended
    }

    fn wait(&self, deadline: Deadline) -> Signal {
        let mut signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(signal) = *signal {
                return signal;
            }
            signal = match deadline.ns() {
                None => self.changed.wait(signal).unwrap_or_else(PoisonError::into_inner),
                Some(ns) => match wait_until(&self.changed, &self.signal, signal, ns) {
                    Some(signal) => signal,
                    None => return Signal::TimedOut,
                },
            };
        }
    }
}
