//! Queues between processes: any number of lanes put, any number get, first in, first out.
//!
//! ```text
//!  [next|length|id|bytes...] -> [next|length|id|bytes...] -> ...      each item is a block of its own
//! ```
//! Python has a thread of each process feed a pipe, so that putting does not block. Here an item is a block of the
//! segment, so it does not block anyway.

use interleave_trace::{LaneId, MessageId, NameId, ObjectId, ObjectKind, What, fresh_message, is_recording, record};
use serde::{Deserialize, Serialize};

use super::Segment;
use super::error::ProcessError;
use super::monitor::{Door, Monitor};
use crate::rt::{SyncError, Wait};
use crate::span::Title;

const FIRST: u32 = 0;
const LAST: u32 = 1;
const COUNT: u32 = 2;
const MOST: u32 = 3;
const UNFINISHED: u32 = 4;
const WORDS: u32 = 5;

const NEXT: u32 = 0;
const LENGTH: u32 = 4;
const ID: u32 = 8;
const BYTES: u32 = 16;

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    monitor: Monitor,
}

impl Queue {
    /// A new one, for at most so many items at a time; 0 is any number.
    pub fn make(title: Title, most: u32) -> Result<Self, ProcessError> {
        let segment = Segment::needed_for("A queue that blocks")?;
        let monitor = Monitor::make(&segment, ObjectKind::Queue, title, WORDS)?;
        monitor.with(&segment, |access| access.set(MOST, most));
        Ok(Self { monitor })
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.monitor.object()
    }

    /// As two numbers, to be kept in shared words.
    pub fn to_words(self) -> [u32; 2] {
        self.monitor.into_parts().into()
    }

    /// The one that was made into these numbers.
    pub fn from_words([at, object]: [u32; 2]) -> Self {
        Self { monitor: Monitor::from_parts(at, object) }
    }

    pub(super) fn monitor(self) -> Monitor {
        self.monitor
    }

    pub(super) fn is_ready(segment: &Segment, monitor: Monitor) -> bool {
        monitor.with(segment, |access| access.get(COUNT) > 0)
    }

    fn checked(&self) -> Result<(Segment, Monitor), ProcessError> {
        let segment = Segment::needed_for("A queue that blocks")?;
        let monitor = self.monitor.check(&segment, ObjectKind::Queue, WORDS)?;
        Ok((segment, monitor))
    }

    /// Puts an item in; waits for room if there may be no more. `name` says what it carries.
    pub fn put(&self, name: NameId, bytes: &[u8], wait: &Wait) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        let memory = &segment.memory;
        let item = segment.allocate(u64::from(BYTES) + bytes.len() as u64)?;
        let message = fresh_message();
        let whole = segment.uninterrupted();
        memory.store(item + LENGTH, bytes.len() as u32);
        memory.store(item + ID, message.0 as u32);
        memory.store(item + ID + 4, (message.0 >> 32) as u32);
        memory.write(item + BYTES, bytes);
        drop(whole);
        let put = monitor.wait_until(
            &segment,
            Door::Second,
            wait,
            |_| LaneId::NONE,
            |access| {
                if access.get(MOST) != 0 && access.get(COUNT) >= access.get(MOST) {
                    return None;
                }
                if is_recording() {
                    record(What::Sent { message, bytes: bytes.len() as u32, name });
                }
                match access.get(LAST) {
                    0 => access.set(FIRST, item),
                    last => memory.store(last + NEXT, item),
                }
                access.set(LAST, item);
                access.change(COUNT, 1);
                access.change(UNFINISHED, 1);
                access.wake_one(Door::First);
                Some(())
            },
        );
        put.map_err(|error| {
            segment.free(item);
            if error.is_timeout() { SyncError::Full.into() } else { error }
        })
    }

    /// Takes the first item; waits for one if there is none.
    pub fn get(&self, wait: &Wait) -> Result<Vec<u8>, ProcessError> {
        let (segment, monitor) = self.checked()?;
        let memory = &segment.memory;
        let got = monitor.wait_until(
            &segment,
            Door::First,
            wait,
            |_| LaneId::NONE,
            |access| {
                let item = Some(access.get(FIRST)).filter(|item| *item != 0)?;
                let next = memory.load(item + NEXT);
                access.set(FIRST, next);
                if next == 0 {
                    access.set(LAST, 0);
                }
                access.change(COUNT, -1);
                access.wake_one(Door::Second);
                Some(item)
            },
        );
        let item = got.map_err(|error| if error.is_timeout() { SyncError::Empty.into() } else { error })?;
        let length = memory.load(item + LENGTH);
        let mut bytes = vec![0; length as usize];
        memory.read(item + BYTES, &mut bytes);
        if is_recording() {
            let id = u64::from(memory.load(item + ID)) | u64::from(memory.load(item + ID + 4)) << 32;
            record(What::Received { message: MessageId(id), bytes: length });
        }
        segment.free(item);
        Ok(bytes)
    }

    /// Says that one item that was got has been dealt with.
    pub fn task_done(&self) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.with(&segment, |access| {
            if access.get(UNFINISHED) == 0 {
                return Err(SyncError::DoneTooOften.into());
            }
            if access.change(UNFINISHED, -1) == 0 {
                access.wake_all(Door::Third);
            }
            Ok(())
        })
    }

    /// Waits until every item that was put has been dealt with.
    pub fn join(&self, wait: &Wait) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        monitor.wait_until(
            &segment,
            Door::Third,
            wait,
            |_| LaneId::NONE,
            |access| (access.get(UNFINISHED) == 0).then_some(()),
        )
    }

    /// How many items are in it. It may be another number by now.
    pub fn length(&self) -> Result<u32, ProcessError> {
        let (segment, monitor) = self.checked()?;
        Ok(monitor.with(&segment, |access| access.get(COUNT)))
    }

    /// How many it takes at a time; 0 is any number.
    pub fn most(&self) -> Result<u32, ProcessError> {
        let (segment, monitor) = self.checked()?;
        Ok(monitor.with(&segment, |access| access.get(MOST)))
    }

    /// Gives back its memory, with all that is in it. Nobody uses it any more; who still does is told that it is gone.
    pub fn free(self) -> Result<(), ProcessError> {
        let (segment, monitor) = self.checked()?;
        let mut item = monitor.with(&segment, |access| access.get(FIRST));
        while item != 0 {
            let next = segment.memory.load(item + NEXT);
            segment.free(item);
            item = next;
        }
        monitor.free(&segment);
        Ok(())
    }
}
