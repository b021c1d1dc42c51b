//! What `multiprocessing`'s Lock, RLock, Semaphore and BoundedSemaphore are made of: a number of permits, and who took
//! the last.

use interleave_trace::{LaneId, ObjectId, ObjectKind};
use serde::{Deserialize, Serialize};

use super::Segment;
use super::error::ProcessError;
use super::monitor::{Access, Door, Monitor};
use crate::rt::{Site, SyncError, Wait};
use crate::span::Title;
use crate::sys::sync::here;

const VALUE: u32 = 0;
const MOST: u32 = 1;
const OWNER: u32 = 2;
const DEPTH: u32 = 3;
const WORDS: u32 = 4;

/// What a semaphore is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Use {
    /// One permit, which anybody may give back.
    Lock,
    /// One permit, which its holder may take again and again.
    RLock,
    /// Any number of permits.
    Semaphore,
}

impl Use {
    fn kind(self) -> ObjectKind {
        match self {
            Self::Lock => ObjectKind::Lock,
            Self::RLock => ObjectKind::RLock,
            Self::Semaphore => ObjectKind::Semaphore,
        }
    }
}

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Semaphore {
    monitor: Monitor,
    used_as: Use,
}

/// How often a lane held a lock that it gave up for a while.
#[derive(Clone, Copy, Debug)]
pub struct Depth(u32);

impl Semaphore {
    /// A new one with so many permits, and never more than `most` of them.
    pub fn make(used_as: Use, title: Title, value: u32, most: Option<u32>) -> Result<Self, ProcessError> {
        let segment = Segment::needed_for(match used_as {
            Use::Lock => "A lock between processes",
            Use::RLock => "A re-entrant lock between processes",
            Use::Semaphore => "A semaphore between processes",
        })?;
        let monitor = Monitor::make(&segment, used_as.kind(), title, WORDS)?;
        monitor.with(&segment, |access| {
            access.set(VALUE, value);
            access.set(MOST, most.unwrap_or(u32::MAX));
            access.set(OWNER, LaneId::NONE.0);
        });
        Ok(Self { monitor, used_as })
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.monitor.object()
    }

    fn checked(&self) -> Result<(Segment, Monitor), ProcessError> {
        let segment = Segment::needed_for("What processes wait at")?;
        let monitor = self.monitor.check(&segment, self.used_as.kind(), WORDS)?;
        Ok((segment, monitor))
    }

    /// Takes a permit. Gives whether there was one: a timeout returns, it does not fail.
    pub fn acquire(&self, wait: &Wait) -> Result<bool, ProcessError> {
        self.acquire_deep(wait, Depth(1))
    }

    /// Takes a lock as deep as it was given up.
    pub fn restore(&self, depth: Depth, site: Site) -> Result<(), ProcessError> {
        self.acquire_deep(&Wait { site, timeout: None }, depth).map(|_| ())
    }

    fn acquire_deep(&self, wait: &Wait, Depth(times): Depth) -> Result<bool, ProcessError> {
        let (segment, monitor) = self.checked()?;
        let lane = here();
        let is_recursive = self.used_as == Use::RLock;
        let taken = monitor.wait_until(&segment, Door::First, wait, owner, |access| {
            if is_recursive && access.get(VALUE) == 0 && owner(access) == lane {
                access.change(DEPTH, times as i32);
                return Some(());
            }
            if access.get(VALUE) == 0 {
                return None;
            }
            access.change(VALUE, -1);
            if self.used_as != Use::Semaphore {
                access.set(OWNER, lane.0);
                access.set(DEPTH, times);
            }
            access.record_acquired(wait.site);
            Some(())
        });
        match taken {
            Ok(()) => Ok(true),
            Err(error) if error.is_timeout() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives a permit back.
    pub fn release(&self) -> Result<(), ProcessError> {
        self.release_many(1)
    }

    /// Gives so many permits back.
    pub fn release_many(&self, permits: u32) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.with(&segment, |access| match self.used_as {
            Use::RLock => release_deep(access, 1).map(|_| ()),
            Use::Lock => {
                if access.get(VALUE) > 0 {
                    return Err(SyncError::NotHeld.into());
                }
                let_go(access);
                Ok(())
            }
            Use::Semaphore => {
                if access.get(MOST) - access.get(VALUE).min(access.get(MOST)) < permits {
                    return Err(SyncError::ReleasedTooOften.into());
                }
                for _ in 0..permits {
                    access.record_released(LaneId::NONE);
                    access.change(VALUE, 1);
                    access.wake_one(Door::First);
                }
                Ok(())
            }
        })
    }

    /// Lets a lock go that the calling lane holds, however often it took it.
    pub fn give_up(&self) -> Result<Depth, ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.with(&segment, |access| release_deep(access, u32::MAX))
    }

    /// How many permits there are. It may be another number by now.
    pub fn value(&self) -> Result<u32, ProcessError> {
        let (segment, monitor) = self.checked()?;
        Ok(monitor.with(&segment, |access| access.get(VALUE)))
    }

    /// Whether the calling lane holds this lock.
    pub fn is_mine(&self) -> Result<bool, ProcessError> {
        let (segment, monitor) = self.checked()?;
        Ok(monitor.with(&segment, |access| is_held_by_caller(access)))
    }
}

fn owner(access: &Access<'_>) -> LaneId {
    LaneId(access.get(OWNER))
}

fn is_held_by_caller(access: &Access<'_>) -> bool {
    access.get(VALUE) == 0 && owner(access) == here()
}

fn let_go(access: &mut Access<'_>) {
    access.record_released(owner(access));
    access.set(OWNER, LaneId::NONE.0);
    access.set(DEPTH, 0);
    access.change(VALUE, 1);
    access.wake_one(Door::First);
}

fn release_deep(access: &mut Access<'_>, most: u32) -> Result<Depth, ProcessError> {
    if !is_held_by_caller(access) {
        return Err(SyncError::HeldByAnother { holder: owner(access).some() }.into());
    }
    let times = access.get(DEPTH).min(most);
    if access.change(DEPTH, -(times as i32)) == 0 {
        let_go(access);
    }
    Ok(Depth(times))
}
