//! Counters of permits.

use std::cell::Cell;
use std::future::Future;

use interleave_trace::{LaneId, ObjectKind, What, here, is_recording, record};

use super::raised::Raised;
use super::waiting::{Until, Waiters};
use crate::rt::{Object, Site, SyncError};
use crate::span::Title;

/// So many permits, which tasks get in the order in which they asked (`asyncio.Semaphore`).
pub struct Semaphore {
    object: Object,
    permits: Cell<u32>,
    waiters: Waiters,
}

impl Semaphore {
    /// With so many permits, called `title`.
    pub fn new(title: impl Into<Title>, permits: u32) -> Self {
        let object = Object::new(ObjectKind::Semaphore, title.into());
        Self { object, permits: Cell::new(permits), waiters: Waiters::default() }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Whether whoever asks now has to wait.
    pub fn is_locked(&self) -> bool {
        self.permits.get() == 0 || !self.waiters.is_empty()
    }

    /// How many permits are there.
    pub fn permits(&self) -> u32 {
        self.permits.get()
    }

    /// Takes a permit.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<(), Raised>> {
        self.acquire_from(Site::here())
    }

    async fn acquire_from(&self, site: Site) -> Result<(), Raised> {
        let on = self.object.id();
        if self.is_locked() {
            // Whoever wakes another has set a permit aside for it.
            self.waiters.wait(Until::woken(on, LaneId::NONE, site), || self.give_back()).await?;
        } else {
            self.permits.set(self.permits.get() - 1);
        }
        if is_recording() {
            record(What::Acquired { on, file: site.file, line: site.line });
        }
        Ok(())
    }

    /// Takes a permit until what this gives is dropped (`async with`).
    #[track_caller]
    pub fn permit(&self) -> impl Future<Output = Result<Permit<'_>, Raised>> {
        let site = Site::here();
        async move {
            self.acquire_from(site).await?;
            Ok(Permit(self))
        }
    }

    /// Gives a permit, taken before or not.
    pub fn release(&self) {
        if is_recording() {
            record(What::Released { on: self.object.id(), holder: here() });
        }
        self.give_back();
    }

    fn give_back(&self) {
        if !self.waiters.wake_next(self.object.id()) {
            self.permits.set(self.permits.get() + 1);
        }
    }
}

/// A permit that was taken.
pub struct Permit<'a>(&'a Semaphore);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A semaphore that has never more permits than it began with (`asyncio.BoundedSemaphore`).
pub struct BoundedSemaphore {
    semaphore: Semaphore,
    most: u32,
}

impl BoundedSemaphore {
    /// With so many permits, called `title`.
    pub fn new(title: impl Into<Title>, permits: u32) -> Self {
        Self { semaphore: Semaphore::new(title, permits), most: permits }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.semaphore.object()
    }

    /// Whether whoever asks now has to wait.
    pub fn is_locked(&self) -> bool {
        self.semaphore.is_locked()
    }

    /// How many permits are there.
    pub fn permits(&self) -> u32 {
        self.semaphore.permits()
    }

    /// Takes a permit.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<(), Raised>> {
        self.semaphore.acquire()
    }

    /// Takes a permit until what this gives is dropped (`async with`).
    #[track_caller]
    pub fn permit(&self) -> impl Future<Output = Result<Permit<'_>, Raised>> {
        self.semaphore.permit()
    }

    /// Gives a permit back; one too many is refused.
    pub fn release(&self) -> Result<(), SyncError> {
        if self.semaphore.permits() >= self.most {
            return Err(SyncError::ReleasedTooOften);
        }
        self.semaphore.release();
        Ok(())
    }
}
