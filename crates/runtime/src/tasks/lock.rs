//! A lock between tasks.

use std::cell::Cell;
use std::future::Future;

use interleave_trace::{LaneId, ObjectKind, What, here, is_recording, record};

use super::raised::Raised;
use super::waiting::{Until, Waiters};
use crate::rt::{Object, Site, SyncError};
use crate::span::Title;

/// A lock that tasks take in the order in which they asked for it (`asyncio.Lock`). Any of them may release it.
pub struct Lock {
    object: Object,
    holder: Cell<Option<LaneId>>,
    waiters: Waiters,
}

impl Lock {
    /// A free one, called `title`.
    pub fn new(title: impl Into<Title>) -> Self {
        Self {
            object: Object::new(ObjectKind::Lock, title.into()),
            holder: Cell::default(),
            waiters: Waiters::default(),
        }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Whether somebody holds it.
    pub fn is_locked(&self) -> bool {
        self.holder.get().is_some()
    }

    /// Takes it, after all who came before.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<(), Raised>> {
        self.acquire_from(Site::here())
    }

    pub(crate) async fn acquire_from(&self, site: Site) -> Result<(), Raised> {
        let on = self.object.id();
        if self.is_locked() || !self.waiters.is_empty() {
            let holder = self.holder.get().unwrap_or(LaneId::NONE);
            let pass_on = || {
                if !self.is_locked() {
                    self.waiters.wake_first(on);
                }
            };
            self.waiters.wait(Until::woken(on, holder, site), pass_on).await?;
        }
        self.holder.set(Some(here()));
        if is_recording() {
            record(What::Acquired { on, file: site.file, line: site.line });
        }
        Ok(())
    }

    /// Takes it until what this gives is dropped (`async with`).
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = Result<LockGuard<'_>, Raised>> {
        let site = Site::here();
        async move {
            self.acquire_from(site).await?;
            Ok(LockGuard(self))
        }
    }

    /// Lets it go, whoever took it.
    pub fn release(&self) -> Result<(), SyncError> {
        let holder = self.holder.take().ok_or(SyncError::NotHeld)?;
        if is_recording() {
            record(What::Released { on: self.object.id(), holder });
        }
        self.waiters.wake_first(self.object.id());
        Ok(())
    }
}

/// A lock that is held.
pub struct LockGuard<'a>(&'a Lock);

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        // Somebody else may have released it; then there is nothing left to do.
        let _released_before = self.0.release();
    }
}
