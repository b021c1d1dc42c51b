//! Where tasks wait until enough have come.

use std::cell::Cell;
use std::future::Future;

use interleave_trace::{LaneId, ObjectKind};

use super::raised::Raised;
use super::waiting::{Until, Waiters};
use crate::rt::{Object, Site, SyncError};
use crate::span::Title;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Tasks come and wait.
    Filling,
    /// Enough have come, and go on; whoever comes meanwhile waits for the next round.
    Draining,
    /// Those who wait are sent away; then it is as new.
    Resetting,
    /// Nobody waits here any more.
    Broken,
}

/// A barrier (`asyncio.Barrier`): tasks wait until so many have come, and then all go on. It can be used again.
pub struct Barrier {
    object: Object,
    parties: u32,
    phase: Cell<Phase>,
    come: Cell<u32>,
    waiters: Waiters,
    /// Those who came while others were on their way out.
    outside: Waiters,
}

impl Barrier {
    /// For so many, called `title`; none at all is taken for one.
    pub fn new(title: impl Into<Title>, parties: u32) -> Self {
        Self {
            object: Object::new(ObjectKind::Barrier, title.into()),
            parties: parties.max(1),
            phase: Cell::new(Phase::Filling),
            come: Cell::new(0),
            waiters: Waiters::default(),
            outside: Waiters::default(),
        }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// How many have to come.
    pub fn parties(&self) -> u32 {
        self.parties
    }

    /// How many wait.
    pub fn waiting(&self) -> u32 {
        if self.phase.get() == Phase::Filling { self.come.get() } else { 0 }
    }

    /// Whether it was aborted.
    pub fn is_broken(&self) -> bool {
        self.phase.get() == Phase::Broken
    }

    /// Waits until enough have come. Gives how many came before: each of a round gets another number. Who is cancelled
    /// meanwhile just leaves.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<u32, Raised>> {
        let site = Site::here();
        async move {
            let until = Until::woken(self.object.id(), LaneId::NONE, site);
            while matches!(self.phase.get(), Phase::Draining | Phase::Resetting) {
                self.outside.wait(until, || {}).await?;
            }
            self.check()?;
            let before = self.come.get();
            self.come.set(before + 1);
            let _inside = Inside(self);
            if before + 1 == self.parties {
                self.phase.set(Phase::Draining);
                self.waiters.wake_all(self.object.id());
                return Ok(before);
            }
            self.waiters.wait(until, || {}).await?;
            match self.phase.get() {
                Phase::Broken | Phase::Resetting => Err(SyncError::BarrierBroken.into()),
                Phase::Filling | Phase::Draining => Ok(before),
            }
        }
    }

    fn check(&self) -> Result<(), SyncError> {
        if self.is_broken() { Err(SyncError::BarrierBroken) } else { Ok(()) }
    }

    /// Makes it as new: those who wait get an error.
    pub fn reset(&self) {
        self.phase.set(if self.come.get() > 0 { Phase::Resetting } else { Phase::Filling });
        self.waiters.wake_all(self.object.id());
        if self.come.get() == 0 {
            self.outside.wake_all(self.object.id());
        }
    }

    /// Breaks it: those who wait get an error, and all who come, until it is reset.
    pub fn abort(&self) {
        self.phase.set(Phase::Broken);
        self.waiters.wake_all(self.object.id());
        self.outside.wake_all(self.object.id());
    }
}

/// One who came and did not leave yet.
struct Inside<'a>(&'a Barrier);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let Self(barrier) = self;
        barrier.come.set(barrier.come.get() - 1);
        if barrier.come.get() == 0 && matches!(barrier.phase.get(), Phase::Draining | Phase::Resetting) {
            barrier.phase.set(Phase::Filling);
            barrier.outside.wake_all(barrier.object.id());
        }
    }
}
