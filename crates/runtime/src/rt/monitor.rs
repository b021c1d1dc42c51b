//! What every blocking primitive is made of: a state that is looked at and changed under a lock of its own, and
//! lanes that wait for it to become as they want it.
//!
//! ```text
//!  wait_until:  look -> wanted? take it : enter the queue -> block -> woken: look again
//!  with:        change -> wake one, some or all of the queue
//! ```
//! Recording, timeouts, cancelling, seeded schedules and the GIL are dealt with here, so a primitive is just its state and
//! its rules. A lane that was woken looks again and may find that another was faster; then it waits on, as the first
//! of the queue. So nothing here is fair, nor does Python promise that locks are.
//!
//! The order of records is what makes a trace readable across lanes, and what a deadlock is told by:
//!
//! - What a lane gives up to wait (a condition's lock, the GIL) is recorded before the wait. From the record of its wait
//!   on, a lane does nothing that others could notice until the wait is over.
//! - A wake is recorded before its lane can go on. Each wait that is recorded ends with just one [`What::Woke`] or
//!   [`What::TimedOut`]: a lane that took what it wanted when its time was up, or that was cancelled, woke itself. So
//!   whoever reads the trace counts, and need not compare times.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use interleave_trace::{LaneId, State, What, is_recording, record};

use super::gil;
use super::object::Object;
use super::schedule;
use super::site::Site;
use super::waiter::{Deadline, Signal, Waiter};
use crate::span::{self, Title};
use crate::sys::sync::{Arc, Mutex, MutexGuard, PoisonError, here};

/// How a caller wants to wait.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// Where the call stands.
    pub site: Site,
    /// At most how long; `None` is for ever, and zero is not at all.
    pub timeout: Option<Duration>,
}

impl Wait {
    /// For ever, called from where this stands.
    #[track_caller]
    #[inline]
    pub fn forever() -> Self {
        Self { site: Site::here(), timeout: None }
    }

    /// Not at all.
    #[track_caller]
    #[inline]
    pub fn never() -> Self {
        Self { site: Site::here(), timeout: Some(Duration::ZERO) }
    }

    /// At most for so long.
    #[track_caller]
    #[inline]
    pub fn at_most(timeout: Duration) -> Self {
        Self { site: Site::here(), timeout: Some(timeout) }
    }
}

/// Why a wait ended without what was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// The time was up.
    TimedOut,
    /// The run is being ended.
    Cancelled,
}

/// Which of the things that a state may become a lane waits for, where not all wait for the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want(pub u8);

/// See the module's text.
pub struct Monitor<S> {
    object: Object,
    inner: Mutex<Inner<S>>,
}

struct Inner<S> {
    state: S,
    queue: VecDeque<Arc<Waiter>>,
}

/// The state of a monitor, while its lock is held.
pub struct Access<'a, S> {
    object: &'a Object,
    inner: MutexGuard<'a, Inner<S>>,
}

impl<S> Deref for Access<'_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.inner.state
    }
}

impl<S> DerefMut for Access<'_, S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.inner.state
    }
}

impl<S> Access<'_, S> {
    /// What the monitor is to the trace.
    pub fn object(&self) -> &Object {
        self.object
    }

    /// Lets the lane that has waited longest look again. Gives whether there was one.
    pub fn wake_one(&mut self) -> bool {
        let first = self.inner.queue.pop_front();
        self.wake(first)
    }

    /// As [`Access::wake_one`], of those who wait for `want`.
    pub fn wake_one_of(&mut self, want: Want) -> bool {
        let first = self.inner.queue.iter().position(|waiter| waiter.want() == want);
        let first = first.and_then(|at| self.inner.queue.remove(at));
        self.wake(first)
    }

    fn wake(&self, waiter: Option<Arc<Waiter>>) -> bool {
        waiter.inspect(|waiter| waiter.wake(self.object.id())).is_some()
    }

    /// Lets all who wait look again.
    pub fn wake_all(&mut self) {
        while self.wake_one() {}
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.inner.queue.len()
    }

    fn enqueue(&mut self, want: Want, again: bool) -> Arc<Waiter> {
        let waiter = Arc::new(Waiter::new(here(), want));
        match again {
            true => self.inner.queue.push_front(waiter.clone()),
            false => self.inner.queue.push_back(waiter.clone()),
        }
        waiter
    }

    fn record_wait(&self, wait: &Wait, holder: LaneId) {
        record_wait(self.object, wait, holder);
    }

    /// Takes a waiter out of the queue. Gives whether it was still there, so that nobody had woken it.
    fn withdraw(&mut self, waiter: &Arc<Waiter>) -> bool {
        let before = self.inner.queue.len();
        self.inner.queue.retain(|queued| !Arc::ptr_eq(queued, waiter));
        self.inner.queue.len() < before
    }
}

fn record_wait(object: &Object, wait: &Wait, holder: LaneId) {
    // Who is about to wait lets others run, and says so first.
    gil::give_up();
    if !object.is_seen() {
        span::waiting(State::Waiting, Title::new("interpreter"));
    } else if is_recording() {
        let Site { file, line } = wait.site;
        let (state, on, timed) = (State::Waiting, object.id(), wait.timeout.is_some());
        record(What::Entered { state, name: file, number: line, on, holder, timed });
    }
}

impl<S> Monitor<S> {
    /// With its first state.
    pub fn new(object: Object, state: S) -> Self {
        Self { object, inner: Mutex::new(Inner { state, queue: VecDeque::new() }) }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        &self.object
    }

    fn access(&self) -> Access<'_, S> {
        Access { object: &self.object, inner: self.inner.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Looks at the state or changes it, without being a point at which a seeded schedule switches.
    #[inline]
    pub fn peek<R>(&self, look: impl FnOnce(&mut Access<'_, S>) -> R) -> R {
        look(&mut self.access())
    }

    /// Changes the state. Nothing in `change` may block.
    #[inline]
    pub fn with<R>(&self, change: impl FnOnce(&mut Access<'_, S>) -> R) -> R {
        schedule::point();
        change(&mut self.access())
    }

    /// Takes what `attempt` takes, as soon as it gives something; until then the lane waits, for what `holder` holds
    /// if it knows. Nothing in either may block.
    pub fn wait_until<R>(
        &self,
        wait: &Wait,
        holder: impl Fn(&S) -> LaneId,
        attempt: impl FnMut(&mut Access<'_, S>) -> Option<R>,
    ) -> Result<R, Unmet> {
        self.wait_wanting(Want::default(), wait, holder, attempt)
    }

    /// As [`Monitor::wait_until`], among those that [`Access::wake_one_of`] wakes for `want`.
    pub fn wait_wanting<R>(
        &self,
        want: Want,
        wait: &Wait,
        holder: impl Fn(&S) -> LaneId,
        mut attempt: impl FnMut(&mut Access<'_, S>) -> Option<R>,
    ) -> Result<R, Unmet> {
        schedule::point();
        let mut access = self.access();
        if let Some(taken) = attempt(&mut access) {
            return Ok(taken);
        }
        if wait.timeout == Some(Duration::ZERO) {
            return Err(Unmet::TimedOut);
        }
        let deadline = Deadline::after(wait.timeout);
        let mut again = false;
        loop {
            let held_by = holder(&access);
            access.record_wait(wait, held_by);
            let waiter = access.enqueue(want, again);
            drop(access);
            let signal = waiter.block(deadline);
            access = self.access();
            let woken = signal == Signal::Woken || !access.withdraw(&waiter);
            if let Some(taken) = attempt(&mut access) {
                drop(access);
                self.go_on(woken, None);
                return Ok(taken);
            }
            if signal == Signal::Cancelled || !woken {
                drop(access);
                let unmet = if signal == Signal::Cancelled { Unmet::Cancelled } else { Unmet::TimedOut };
                self.go_on(woken, Some(unmet));
                return Err(unmet);
            }
            again = true;
        }
    }

    /// Waits until woken, whatever the state: enters the queue, lets `release` give up what the caller holds, and blocks.
    pub fn wait_for_wake(&self, wait: &Wait, release: impl FnOnce()) -> Result<(), Unmet> {
        let deadline = Deadline::after(wait.timeout);
        let waiter = self.access().enqueue(Want::default(), false);
        release();
        record_wait(&self.object, wait, LaneId::NONE);
        let signal = match wait.timeout {
            Some(Duration::ZERO) => Signal::TimedOut,
            _ => waiter.block(deadline),
        };
        let woken = signal == Signal::Woken || !self.access().withdraw(&waiter);
        let unmet = match signal {
            _ if woken => None,
            Signal::Cancelled => Some(Unmet::Cancelled),
            _ => Some(Unmet::TimedOut),
        };
        self.go_on(woken, unmet);
        unmet.map_or(Ok(()), Err)
    }

    /// The lane runs on after a wait that ended so. Whoever shares a GIL gets that first.
    fn go_on(&self, woken: bool, unmet: Option<Unmet>) {
        if !woken && is_recording() && self.object.is_seen() {
            let on = self.object.id();
            record(match unmet {
                Some(Unmet::TimedOut) => What::TimedOut { on },
                _ => What::Woke { target: here(), on },
            });
        }
        gil::take();
        span::resumed();
    }
}

/// Lets a lane sleep: it waits for nothing but the time. Gives whether it slept to the end.
pub fn sleep(duration: Duration, title: Title) -> Result<(), Unmet> {
    pause(State::Sleeping, duration, title)
}

/// As [`sleep`], in a state of the caller's.
pub(crate) fn pause(state: State, duration: Duration, title: Title) -> Result<(), Unmet> {
    schedule::point();
    gil::give_up();
    span::waiting(state, title);
    let waiter = Arc::new(Waiter::new(here(), Want::default()));
    let signal = waiter.block(Deadline::after(Some(duration)));
    gil::take();
    span::resumed();
    if signal == Signal::Cancelled { Err(Unmet::Cancelled) } else { Ok(()) }
}

/// A place in a computation where a lane may be interrupted: where a seeded schedule may switch and where the GIL may be
/// handed over. A kernel that never comes here is never interrupted by either.
#[inline]
pub fn checkpoint() {
    schedule::point();
    gil::offer();
}
