//! Timers: work that is done after a while.

use std::time::Duration;

use super::Result;
use crate::rt::{self, Site, Wait};
use crate::span::Title;

/// Work that a thread of its own does after a while, unless it is cancelled first.
pub struct Timer {
    timer: rt::Timer,
}

impl Timer {
    /// Starts one.
    #[track_caller]
    pub fn start(title: impl Into<Title>, interval: Duration, work: impl FnOnce() + Send + 'static) -> Self {
        Self { timer: rt::Timer::start(title.into(), interval, Site::here(), work) }
    }

    /// Cancels it, if its time is not up yet.
    pub fn cancel(&self) {
        self.timer.cancel();
    }

    /// Waits until it has done its work, or was cancelled.
    #[track_caller]
    pub fn join(&self) -> Result<()> {
        self.timer.join(&Wait::forever()).map(|_| ())
    }
}
