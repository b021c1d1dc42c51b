//! A flag that tasks wait for.

use std::cell::Cell;
use std::future::Future;

use interleave_trace::{LaneId, ObjectKind};

use super::raised::Raised;
use super::waiting::{Until, Waiters};
use crate::rt::{Object, Site};
use crate::span::Title;

/// A flag (`asyncio.Event`): tasks wait until it is set, and all of them go on then.
pub struct Event {
    object: Object,
    is_set: Cell<bool>,
    waiters: Waiters,
}

impl Event {
    /// One that is not set, called `title`.
    pub fn new(title: impl Into<Title>) -> Self {
        Self {
            object: Object::new(ObjectKind::Event, title.into()),
            is_set: Cell::default(),
            waiters: Waiters::default(),
        }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.is_set.get()
    }

    /// Sets it: all who wait go on, even if it is cleared before they do.
    pub fn set(&self) {
        if !self.is_set.replace(true) {
            self.waiters.wake_all(self.object.id());
        }
    }

    /// Whoever waits from now on waits for the next time that it is set.
    pub fn clear(&self) {
        self.is_set.set(false);
    }

    /// Waits until it is set; if it is, goes on at once.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<(), Raised>> {
        let site = Site::here();
        async move {
            if self.is_set.get() {
                return Ok(());
            }
            self.waiters.wait(Until::woken(self.object.id(), LaneId::NONE, site), || {}).await
        }
    }
}
