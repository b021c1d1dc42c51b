//! An event between processes: a flag that lanes wait for.

use interleave_trace::{LaneId, ObjectId, ObjectKind};
use serde::{Deserialize, Serialize};

use super::Segment;
use super::error::ProcessError;
use super::monitor::{Door, Monitor};
use crate::rt::Wait;
use crate::span::Title;

const FLAG: u32 = 0;
/// How often it was set.
const TIMES: u32 = 1;
const WORDS: u32 = 2;

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    monitor: Monitor,
}

impl Event {
    /// A new one that is not set.
    pub fn make(title: Title) -> Result<Self, ProcessError> {
        let segment = Segment::needed_for("An event between processes")?;
        Ok(Self { monitor: Monitor::make(&segment, ObjectKind::Event, title, WORDS)? })
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.monitor.object()
    }

    fn checked(&self) -> Result<(Segment, Monitor), ProcessError> {
        let segment = Segment::needed_for("An event between processes")?;
        let monitor = self.monitor.check(&segment, ObjectKind::Event, WORDS)?;
        Ok((segment, monitor))
    }

    /// Sets it: all who wait go on.
    pub fn set(&self) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.with(&segment, |access| {
            access.set(FLAG, 1);
            access.change(TIMES, 1);
            access.wake_all(Door::First);
        });
        Ok(())
    }

    /// Takes it back.
    pub fn clear(&self) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.with(&segment, |access| access.set(FLAG, 0));
        Ok(())
    }

    /// Whether it is set.
    pub fn is_set(&self) -> Result<bool, ProcessError> {
        let (segment, monitor) = self.checked()?;
        Ok(monitor.with(&segment, |access| access.get(FLAG) != 0))
    }

    /// Waits until it is set. Gives whether it was in time. Who waits when it is set goes on, even if it is taken back at
    /// once.
    pub fn wait(&self, wait: &Wait) -> Result<bool, ProcessError> {
        let (segment, monitor) = self.checked()?;
        let mut times = None;
        let set = monitor.wait_until(
            &segment,
            Door::First,
            wait,
            |_| LaneId::NONE,
            |access| {
                let now = access.get(TIMES);
                (access.get(FLAG) != 0 || *times.get_or_insert(now) != now).then_some(())
            },
        );
        match set {
            Ok(()) => Ok(true),
            Err(error) if error.is_timeout() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
