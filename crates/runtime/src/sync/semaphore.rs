//! Semaphores: permits, held as long as their guards live or given by hand.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{Result, said};
use crate::rt::{self, Wait};
use crate::span::Title;

/// So many permits.
pub struct Semaphore {
    semaphore: rt::Semaphore,
}

impl Semaphore {
    /// With so many permits at first, and any number later.
    pub fn new(title: impl Into<Title>, permits: u32) -> Self {
        Self { semaphore: rt::Semaphore::new(title.into(), permits) }
    }

    /// With so many permits at first, and never more.
    pub fn bounded(title: impl Into<Title>, permits: u32) -> Self {
        Self { semaphore: rt::Semaphore::bounded(title.into(), permits) }
    }

    /// Takes a permit.
    #[track_caller]
    pub fn acquire(&self) -> Result<Permit<'_>> {
        self.semaphore.acquire(&Wait::forever())?;
        Ok(Permit { semaphore: &self.semaphore })
    }

    /// Takes a permit, if one is free soon enough.
    #[track_caller]
    pub fn acquire_within(&self, timeout: Duration) -> Result<Option<Permit<'_>>> {
        self.acquire_as_said(&Wait::at_most(timeout))
    }

    /// Takes a permit, if one is free now.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<Option<Permit<'_>>> {
        self.acquire_as_said(&Wait::never())
    }

    fn acquire_as_said(&self, wait: &Wait) -> Result<Option<Permit<'_>>> {
        Ok(self.semaphore.acquire(wait)?.then(|| Permit { semaphore: &self.semaphore }))
    }

    /// Adds a permit that this thread need not have taken.
    pub fn release(&self) -> Result<()> {
        self.semaphore.release()
    }

    /// Adds several at once.
    pub fn release_many(&self, count: NonZeroU32) -> Result<()> {
        self.semaphore.release_many(count)
    }

    /// How many are free now.
    pub fn free(&self) -> u32 {
        self.semaphore.free()
    }
}

/// A permit, until this is dropped.
pub struct Permit<'a> {
    semaphore: &'a rt::Semaphore,
}

impl Permit<'_> {
    /// Keeps it for good: another may give one in its place.
    pub fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        said(self.semaphore.release());
    }
}
