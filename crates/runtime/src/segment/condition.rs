//! A condition between processes: where lanes that hold its lock wait, without it, until they are notified.

use interleave_trace::{ObjectId, ObjectKind};
use serde::{Deserialize, Serialize};

use super::Segment;
use super::error::ProcessError;
use super::monitor::{Door, Monitor};
use super::semaphore::Semaphore;
use crate::rt::{SyncError, Wait};
use crate::span::Title;

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    monitor: Monitor,
    lock: Semaphore,
}

impl Condition {
    /// A new one over a lock.
    pub fn make(title: Title, lock: Semaphore) -> Result<Self, ProcessError> {
        let segment = Segment::needed_for("A condition between processes")?;
        Ok(Self { monitor: Monitor::make(&segment, ObjectKind::Condition, title, 0)?, lock })
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.monitor.object()
    }

    /// Its lock.
    pub fn lock(&self) -> &Semaphore {
        &self.lock
    }

    fn checked(&self) -> Result<(Segment, Monitor), ProcessError> {
        let segment = Segment::needed_for("A condition between processes")?;
        let monitor = self.monitor.check(&segment, ObjectKind::Condition, 0)?;
        match self.lock.is_mine()? {
            true => Ok((segment, monitor)),
            false => Err(SyncError::HeldByAnother { holder: None }.into()),
        }
    }

    /// Gives the lock up, waits to be notified, and takes the lock again in any case. Gives whether it was notified.
    pub fn wait(&self, wait: &Wait) -> Result<bool, ProcessError> {
        let (segment, monitor) = self.checked()?;
        let mut depth = None;
        let woken = monitor.wait_for_wake(&segment, Door::First, wait, || depth = self.lock.give_up().ok());
        if let Some(depth) = depth {
            self.lock.restore(depth, wait.site)?;
        }
        woken
    }

    /// Lets so many of those who wait go on, as soon as they have the lock.
    pub fn notify(&self, lanes: u32) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.with(&segment, |access| {
            for _ in 0..lanes {
                if !access.wake_one(Door::First) {
                    break;
                }
            }
        });
        Ok(())
    }

    /// Lets all of them go on.
    pub fn notify_all(&self) -> Result<(), ProcessError> {
        self.notify(u32::MAX)
    }
}
