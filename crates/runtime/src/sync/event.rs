//! Events: a flag that threads wait for.

use std::time::Duration;

use super::Result;
use crate::rt::{self, Wait};
use crate::span::Title;

/// A flag that threads wait for.
pub struct Event {
    event: rt::Event,
}

impl Event {
    /// One that is not set.
    pub fn new(title: impl Into<Title>) -> Self {
        Self { event: rt::Event::new(title.into()) }
    }

    /// Lets all go on who wait, and who come until it is cleared.
    pub fn set(&self) {
        self.event.set();
    }

    /// Who comes from now on waits.
    pub fn clear(&self) {
        self.event.clear();
    }

    /// Whether it is set now.
    pub fn is_set(&self) -> bool {
        self.event.is_set()
    }

    /// Waits until it is set.
    #[track_caller]
    pub fn wait(&self) -> Result<()> {
        self.event.wait(&Wait::forever()).map(|_| ())
    }

    /// Waits until it is set, or until the time is up. Gives whether it was set.
    #[track_caller]
    pub fn wait_within(&self, timeout: Duration) -> Result<bool> {
        self.event.wait(&Wait::at_most(timeout))
    }
}
