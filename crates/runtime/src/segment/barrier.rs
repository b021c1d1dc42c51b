//! A barrier between processes: where lanes wait until enough have come.
//!
//! ```text
//!  FILLING --the last comes--> ACTING --its action is done--> DRAINING --the last goes--> FILLING
//!     |  reset                                                                              ^
//!     +---------> RESETTING --the last goes-------------------------------------------------+
//!     |  abort, a timeout, an action that failed
//!     +---------> BROKEN --reset--> FILLING
//! ```

use interleave_trace::{LaneId, ObjectId, ObjectKind};
use serde::{Deserialize, Serialize};

use super::Segment;
use super::error::ProcessError;
use super::monitor::{Access, Door, Monitor};
use crate::rt::{SyncError, Wait};
use crate::span::Title;

const PARTIES: u32 = 0;
const COUNT: u32 = 1;
const STATE: u32 = 2;
const WORDS: u32 = 3;

const FILLING: u32 = 0;
const ACTING: u32 = 1;
const DRAINING: u32 = 2;
const RESETTING: u32 = 3;
const BROKEN: u32 = 4;

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barrier {
    monitor: Monitor,
}

/// What became of one who came.
enum Arrival {
    /// It is one of those who wait.
    Waits(u32),
    /// It is the last.
    Completes(u32),
}

impl Barrier {
    /// A new one for so many lanes.
    pub fn make(title: Title, parties: u32) -> Result<Self, ProcessError> {
        let segment = Segment::needed_for("A barrier between processes")?;
        let monitor = Monitor::make(&segment, ObjectKind::Barrier, title, WORDS)?;
        monitor.with(&segment, |access| access.set(PARTIES, parties.max(1)));
        Ok(Self { monitor })
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.monitor.object()
    }

    fn checked(&self) -> Result<(Segment, Monitor), ProcessError> {
        let segment = Segment::needed_for("A barrier between processes")?;
        let monitor = self.monitor.check(&segment, ObjectKind::Barrier, WORDS)?;
        Ok((segment, monitor))
    }

    /// Waits until all have come; the last of them runs `action` before anybody goes on. Gives each another number from 0
    /// on, in the order of their coming. Who gives up, or whose action fails, breaks the barrier for all.
    pub fn wait(&self, wait: &Wait, action: impl FnOnce() -> Result<(), ProcessError>) -> Result<u32, ProcessError> {
        let (segment, monitor) = self.checked()?;
        let broken = || ProcessError::from(SyncError::BarrierBroken);
        let arrival = monitor.wait_until(
            &segment,
            Door::Second,
            wait,
            |_| LaneId::NONE,
            |access| match access.get(STATE) {
                FILLING => {
                    let count = access.change(COUNT, 1);
                    let is_last = count == access.get(PARTIES);
                    if is_last {
                        access.set(STATE, ACTING);
                    }
                    Some(Ok(if is_last { Arrival::Completes(count - 1) } else { Arrival::Waits(count - 1) }))
                }
                BROKEN => Some(Err(broken())),
                _ => None,
            },
        );
        let arrival = match arrival {
            Err(error) if error.is_timeout() => {
                monitor.with(&segment, break_up);
                return Err(broken());
            }
            arrival => arrival??,
        };
        let passed = match arrival {
            Arrival::Completes(number) => match action() {
                Ok(()) => monitor.with(&segment, |access| {
                    if access.get(STATE) != ACTING {
                        return Err(broken());
                    }
                    access.set(STATE, DRAINING);
                    access.wake_all(Door::First);
                    Ok(number)
                }),
                Err(error) => {
                    monitor.with(&segment, break_up);
                    Err(error)
                }
            },
            Arrival::Waits(number) => {
                let waited = monitor.wait_until(
                    &segment,
                    Door::First,
                    wait,
                    |_| LaneId::NONE,
                    |access| match access.get(STATE) {
                        DRAINING => Some(Ok(number)),
                        RESETTING | BROKEN => Some(Err(broken())),
                        _ => None,
                    },
                );
                match waited {
                    Err(error) if error.is_timeout() => {
                        monitor.with(&segment, break_up);
                        Err(broken())
                    }
                    Err(error) => {
                        monitor.with(&segment, break_up);
                        Err(error)
                    }
                    Ok(passed) => passed,
                }
            }
        };
        monitor.with(&segment, |access| {
            if access.change(COUNT, -1) == 0 && matches!(access.get(STATE), DRAINING | RESETTING) {
                access.set(STATE, FILLING);
                access.wake_all(Door::Second);
            }
        });
        passed
    }

    /// Breaks it: all who wait, and all who come, are refused.
    pub fn abort(&self) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.with(&segment, break_up);
        Ok(())
    }

    /// Makes it as new. Those who wait are refused.
    pub fn reset(&self) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.with(&segment, |access| {
            if access.get(COUNT) == 0 {
                access.set(STATE, FILLING);
                access.wake_all(Door::Second);
            } else if matches!(access.get(STATE), FILLING | ACTING | BROKEN) {
                access.set(STATE, RESETTING);
                access.wake_all(Door::First);
            }
        });
        Ok(())
    }

    /// For how many it is.
    pub fn parties(&self) -> Result<u32, ProcessError> {
        let (segment, monitor) = self.checked()?;
        Ok(monitor.with(&segment, |access| access.get(PARTIES)))
    }

    /// How many wait now.
    pub fn waiting(&self) -> Result<u32, ProcessError> {
        let (segment, monitor) = self.checked()?;
        Ok(monitor.with(&segment, |access| if access.get(STATE) == FILLING { access.get(COUNT) } else { 0 }))
    }

    /// Whether it is broken.
    pub fn is_broken(&self) -> Result<bool, ProcessError> {
        let (segment, monitor) = self.checked()?;
        Ok(monitor.with(&segment, |access| access.get(STATE) == BROKEN))
    }
}

fn break_up(access: &mut Access<'_>) {
    access.set(STATE, BROKEN);
    access.wake_all(Door::First);
    access.wake_all(Door::Second);
}
