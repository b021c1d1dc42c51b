//! Conditions: lanes that hold a lock give it up, wait until another notifies them, and take it again.

use std::time::Duration;

use interleave_trace::{ObjectKind, clock};

use super::error::SyncError;
use super::lock::{Depth, Lock, RLock};
use super::monitor::{Monitor, Unmet, Wait};
use super::object::Object;
use super::site::Site;
use crate::span::Title;
use crate::sys::sync::Arc;

/// The lock that a condition goes with.
#[derive(Clone)]
pub enum Underlying {
    /// One without an owner. Whether it is the calling lane that holds it cannot be told, so any holder will do, as in
    /// Python.
    Lock(Arc<Lock>),
    /// One with an owner.
    RLock(Arc<RLock>),
}

/// How to take an underlying lock again as it was.
enum GivenUp {
    Lock,
    RLock(Depth),
}

impl Underlying {
    /// Takes it. Gives whether it was taken.
    pub fn acquire(&self, wait: &Wait) -> Result<bool, SyncError> {
        match self {
            Self::Lock(lock) => lock.acquire(wait),
            Self::RLock(lock) => lock.acquire(wait),
        }
    }

    /// Lets it go.
    pub fn release(&self) -> Result<(), SyncError> {
        match self {
            Self::Lock(lock) => lock.release(),
            Self::RLock(lock) => lock.release(),
        }
    }

    fn check_held(&self) -> Result<(), SyncError> {
        match self {
            Self::Lock(lock) if lock.is_locked() => Ok(()),
            Self::Lock(_) => Err(SyncError::NotHeld),
            Self::RLock(lock) => lock.check_owned(),
        }
    }

    fn give_up(&self) -> Result<GivenUp, SyncError> {
        match self {
            Self::Lock(lock) => lock.release().map(|()| GivenUp::Lock),
            Self::RLock(lock) => lock.give_up().map(GivenUp::RLock),
        }
    }

    fn restore(&self, given_up: GivenUp, site: Site) -> Result<(), SyncError> {
        match (self, given_up) {
            (Self::RLock(lock), GivenUp::RLock(depth)) => lock.restore(depth, site),
            _ => self.acquire(&Wait { site, timeout: None }).map(|_| ()),
        }
    }
}

/// Python's `threading.Condition`.
pub struct Condition {
    lock: Underlying,
    monitor: Monitor<()>,
}

impl Condition {
    /// One that goes with `lock`, called `title`.
    pub fn new(title: Title, lock: Underlying) -> Self {
        Self { lock, monitor: Monitor::new(Object::new(ObjectKind::Condition, title), ()) }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// The lock that it goes with.
    pub fn lock(&self) -> &Underlying {
        &self.lock
    }

    /// Gives up the lock, waits until notified, and takes the lock again, however long that takes. Gives whether it was
    /// notified in time. Only who is cancelled comes back without the lock.
    pub fn wait(&self, wait: &Wait) -> Result<bool, SyncError> {
        self.lock.check_held()?;
        let mut given_up = Err(SyncError::NotHeld);
        let notified = self.monitor.wait_for_wake(wait, || given_up = self.lock.give_up());
        let given_up = given_up?;
        if notified == Err(Unmet::Cancelled) {
            return Err(SyncError::Cancelled);
        }
        self.lock.restore(given_up, wait.site)?;
        Ok(notified.is_ok())
    }

    /// Waits until `predicate` holds, which is asked with the lock held, at first and after every notification. Gives
    /// whether it holds in the end.
    pub fn wait_for<E: From<SyncError>>(
        &self,
        wait: &Wait,
        mut predicate: impl FnMut() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let end = wait.timeout.map(|timeout| clock::now().0.saturating_add(timeout.as_nanos() as u64));
        loop {
            if predicate()? {
                return Ok(true);
            }
            let left = end.map(|end| Duration::from_nanos(end.saturating_sub(clock::now().0)));
            if left == Some(Duration::ZERO) {
                return Ok(false);
            }
            let timed_out = !self.wait(&Wait { timeout: left, ..*wait })?;
            if timed_out {
                return predicate();
            }
        }
    }

    /// Lets at most `count` of those go on who wait. Who comes later waits for another notification.
    pub fn notify(&self, count: usize) -> Result<(), SyncError> {
        self.lock.check_held()?;
        self.monitor.with(|waiting| {
            for _ in 0..count {
                if !waiting.wake_one() {
                    break;
                }
            }
        });
        Ok(())
    }

    /// Lets all go on who wait.
    pub fn notify_all(&self) -> Result<(), SyncError> {
        self.notify(usize::MAX)
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.monitor.peek(|waiting| waiting.waiting())
    }
}
