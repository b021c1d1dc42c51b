//! Where tasks wait until they are notified, under a lock.

use std::future::Future;
use std::rc::Rc;

use interleave_trace::{LaneId, ObjectKind};

use super::lock::{Lock, LockGuard};
use super::raised::Raised;
use super::waiting::{Until, Waiters};
use crate::rt::{Object, Site, SyncError};
use crate::span::Title;

/// A condition (`asyncio.Condition`): a task that holds the lock waits until another says that something has changed.
pub struct Condition {
    object: Object,
    lock: Rc<Lock>,
    waiters: Waiters,
}

impl Condition {
    /// One with a lock of its own, both called `title`.
    pub fn new(title: impl Into<Title>) -> Self {
        let title = title.into();
        Self::with(title, Rc::new(Lock::new(title)))
    }

    /// One with a lock that others may use too.
    pub fn with(title: impl Into<Title>, lock: Rc<Lock>) -> Self {
        Self { object: Object::new(ObjectKind::Condition, title.into()), lock, waiters: Waiters::default() }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Its lock.
    pub fn inner(&self) -> &Rc<Lock> {
        &self.lock
    }

    /// Takes its lock until what this gives is dropped.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = Result<LockGuard<'_>, Raised>> {
        self.lock.lock()
    }

    /// Lets the lock go, waits until notified, and has the lock again in any case, even when cancelled.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<(), Raised>> {
        self.wait_from(Site::here())
    }

    async fn wait_from(&self, site: Site) -> Result<(), Raised> {
        self.lock.release()?;
        let on = self.object.id();
        let pass_on = || {
            self.waiters.wake_next(on);
        };
        let mut result = self.waiters.wait(Until::woken(on, LaneId::NONE, site), pass_on).await;
        let was_notified = result.is_ok();
        loop {
            match self.lock.acquire_from(site).await {
                Ok(()) => break,
                // The run is being ended: nobody will give the lock back.
                Err(ended @ Raised::Refused(SyncError::Cancelled)) => return Err(ended),
                Err(cancelled) => result = Err(cancelled),
            }
        }
        if was_notified && result.is_err() {
            // Somebody took care to notify; another shall hear of it.
            pass_on();
        }
        result
    }

    /// Waits until `predicate` holds: looks first, and after each notification.
    #[track_caller]
    pub fn wait_for(&self, mut predicate: impl FnMut() -> bool) -> impl Future<Output = Result<(), Raised>> {
        let site = Site::here();
        async move {
            while !predicate() {
                self.wait_from(site).await?;
            }
            Ok(())
        }
    }

    /// Lets so many of those who wait go on, once they have the lock.
    pub fn notify(&self, count: usize) -> Result<(), SyncError> {
        if !self.lock.is_locked() {
            return Err(SyncError::NotHeld);
        }
        for _ in 0..count {
            if !self.waiters.wake_next(self.object.id()) {
                break;
            }
        }
        Ok(())
    }

    /// Lets all who wait go on, one after the other as they get the lock.
    pub fn notify_all(&self) -> Result<(), SyncError> {
        self.notify(usize::MAX)
    }
}
