//! The end of a lane, which others may wait for: as a lock that the lane holds as long as it lives.

use interleave_trace::{LaneId, ObjectKind, What, record};

use super::error::{SyncError, in_time};
use super::monitor::{Monitor, Wait};
use super::object::Object;
use crate::span::Title;
use crate::sys::sync::here;

/// See the module's text.
pub struct End {
    lane: LaneId,
    monitor: Monitor<bool>,
}

impl End {
    /// That of `lane`, which is called `title`.
    pub fn new(lane: LaneId, title: Title) -> Self {
        Self { lane, monitor: Monitor::new(Object::new(ObjectKind::End, title), false) }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// Whose.
    pub fn lane(&self) -> LaneId {
        self.lane
    }

    /// Whether it has come.
    pub fn has_come(&self) -> bool {
        self.monitor.with(|over| **over)
    }

    /// Waits for it. Gives whether it came: a timeout returns, it does not fail.
    pub fn wait(&self, wait: &Wait) -> Result<bool, SyncError> {
        if self.lane == here() {
            return Err(SyncError::JoinsItself);
        }
        let over = self.monitor.wait_until(
            wait,
            |_| self.lane,
            |over| over.then(|| record(What::Joined { child: self.lane })),
        );
        in_time(over)
    }

    /// It is there. `last` is the last that the lane does, before anybody who waits can go on.
    pub(crate) fn come(&self, last: impl FnOnce()) {
        self.monitor.peek(|over| {
            **over = true;
            over.wake_all();
            last();
        });
    }
}
