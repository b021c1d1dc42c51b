//! Semaphores: so many permits, which any lane may give back, and more than there were at first if nobody minds.

use std::num::NonZeroU32;

use interleave_trace::{LaneId, ObjectKind, What, is_recording, record};

use super::error::{SyncError, in_time};
use super::monitor::{Monitor, Wait};
use super::object::Object;
use crate::span::Title;
use crate::sys::sync::here;

/// Python's `threading.Semaphore`, and `BoundedSemaphore` if it minds. It is not fair.
pub struct Semaphore {
    monitor: Monitor<Permits>,
    most: Option<u32>,
}

struct Permits {
    free: u32,
    /// Which lanes took permits and did not give them back, and how many. A lane that only ever takes stays here.
    taken: Vec<(LaneId, u32)>,
}

impl Permits {
    fn take(&mut self, lane: LaneId) {
        self.free -= 1;
        match self.taken.iter_mut().find(|(by, _)| *by == lane) {
            Some((_, count)) => *count += 1,
            None => self.taken.push((lane, 1)),
        }
    }

    /// Gives who had the permit, as far as that is known: one may be given back by a lane that never took it.
    fn give(&mut self, lane: LaneId) -> LaneId {
        self.free += 1;
        let Some(at) = self.taken.iter().position(|(by, _)| *by == lane) else { return LaneId::NONE };
        self.taken[at].1 -= 1;
        if self.taken[at].1 == 0 {
            self.taken.swap_remove(at);
        }
        lane
    }
}

impl Semaphore {
    /// With so many permits at first, and any number later.
    pub fn new(title: Title, permits: u32) -> Self {
        Self::with_most(title, permits, None)
    }

    /// With so many permits at first, and never more.
    pub fn bounded(title: Title, permits: u32) -> Self {
        Self::with_most(title, permits, Some(permits))
    }

    fn with_most(title: Title, free: u32, most: Option<u32>) -> Self {
        let object = Object::new(ObjectKind::Semaphore, title);
        Self { monitor: Monitor::new(object, Permits { free, taken: Vec::new() }), most }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// Takes a permit. Gives whether there was one in time.
    pub fn acquire(&self, wait: &Wait) -> Result<bool, SyncError> {
        let by = here();
        let taken = self.monitor.wait_until(
            wait,
            |permits| permits.taken.first().map_or(LaneId::NONE, |(lane, _)| *lane),
            |permits| {
                if permits.free == 0 {
                    return None;
                }
                permits.take(by);
                if is_recording() {
                    let (file, line) = (wait.site.file, wait.site.line);
                    record(What::Acquired { on: permits.object().id(), file, line });
                }
                Some(())
            },
        );
        in_time(taken)
    }

    /// Gives a permit back, whoever took it.
    pub fn release(&self) -> Result<(), SyncError> {
        self.release_many(NonZeroU32::MIN)
    }

    /// Gives several back at once: all or, if those would be too many, none.
    pub fn release_many(&self, count: NonZeroU32) -> Result<(), SyncError> {
        let by = here();
        self.monitor.with(|permits| {
            let after = permits.free.checked_add(count.get());
            if after.is_none_or(|after| self.most.is_some_and(|most| after > most)) {
                return Err(SyncError::ReleasedTooOften);
            }
            for _ in 0..count.get() {
                let holder = permits.give(by);
                if is_recording() {
                    record(What::Released { on: permits.object().id(), holder });
                }
                permits.wake_one();
            }
            Ok(())
        })
    }

    /// How many permits are free now.
    pub fn free(&self) -> u32 {
        self.monitor.peek(|permits| permits.free)
    }
}
