//! Timers: work that a thread of its own does after a while, unless it is cancelled first.

use std::time::Duration;

use super::error::SyncError;
use super::event::Event;
use super::monitor::Wait;
use super::site::Site;
use crate::span::Title;
use crate::sys::sync::Arc;
use crate::threads::{JoinHandle, spawn};

/// Python's `threading.Timer`.
pub struct Timer {
    cancelled: Arc<Event>,
    thread: JoinHandle<()>,
}

impl Timer {
    /// Starts one, which does `work` after `interval`. `site` is where it was asked for.
    pub fn start(title: Title, interval: Duration, site: Site, work: impl FnOnce() + Send + 'static) -> Self {
        let cancelled = Arc::new(Event::new(title));
        let asked = cancelled.clone();
        let thread = spawn(title, move || {
            // Who ends the run ends its timers too.
            if asked.wait(&Wait { site, timeout: Some(interval) }) == Ok(false) {
                work();
            }
        });
        Self { cancelled, thread }
    }

    /// Cancels it, which does something only as long as its time is not up.
    pub fn cancel(&self) {
        self.cancelled.set();
    }

    /// Waits until it has done its work or was cancelled. Gives whether that was in time.
    pub fn join(&self, wait: &Wait) -> Result<bool, SyncError> {
        self.thread.wait(wait)
    }

    /// Whether its work is yet to be done, or under way.
    pub fn is_alive(&self) -> bool {
        self.thread.is_alive()
    }
}
