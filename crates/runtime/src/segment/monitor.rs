//! What every blocking primitive between processes is made of: words in the segment that are looked at and changed
//! under a lock, and lanes that wait at doors for them to become as they want. It is [`crate::rt::Monitor`] once more,
//! in a memory that nobody can point into.
//!
//! ```text
//!  0     4       8     12 16     20 24     28 32     36    40
//!  lock  object  kind  door 0    door 1    door 2    free  the primitive's own words ...
//! ```
//! A wait is recorded before its lane can be woken, a wake before that lane can go on. A lane that was woken looks again
//! and may find that another was faster; then it waits on, as the first of its door.

use std::time::Duration;

use interleave_trace::{LaneId, ObjectId, ObjectKind, State, What, fresh_object, is_recording, record};

use super::Segment;
use super::error::ProcessError;
use super::waiters::{Deadline, Queue, Signal, Waiter};
use crate::rt::{Site, SyncError, Wait, gil, schedule};
use crate::span::{self, Title};
use crate::sys::sync::here;

const OBJECT: u32 = 4;
const KIND: u32 = 8;
const DOORS: u32 = 12;
const WORDS: u32 = 40;
/// Marks a monitor, beside its kind.
const MARK: u32 = 0x6d6f_6e00;

/// Where lanes wait: what the first of a door waits for, all of them do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// For most.
    First,
    /// Where some wait for the opposite, as for room rather than for items.
    Second,
    /// Where some wait for it to be all over.
    Third,
}

/// A monitor by its address; its identity in the trace is in the segment too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Monitor {
    at: u32,
    object: u32,
}

/// The words of a monitor, while its lock is held.
pub struct Access<'a> {
    monitor: Monitor,
    segment: &'a Segment,
    _held: super::waiters::Held<'a>,
}

impl Access<'_> {
    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.monitor.object()
    }

    fn word(&self, word: u32) -> u32 {
        self.monitor.at + WORDS + 4 * word
    }

    /// One of the primitive's own words.
    pub fn get(&self, word: u32) -> u32 {
        self.segment.memory.load(self.word(word))
    }

    /// Changes one of the primitive's own words.
    pub fn set(&mut self, word: u32, value: u32) {
        self.segment.memory.store(self.word(word), value);
    }

    /// Changes a word that is a number and gives what it is then.
    pub fn change(&mut self, word: u32, by: i32) -> u32 {
        let value = self.get(word).wrapping_add_signed(by);
        self.set(word, value);
        value
    }

    fn door(&self, door: Door) -> Queue {
        Queue { first: self.monitor.at + DOORS + 8 * door as u32 }
    }

    /// Lets the lane that has waited longest look again. Gives whether there was one.
    pub fn wake_one(&mut self, door: Door) -> bool {
        let Some((waiter, lane)) = self.door(door).pop(self.segment) else { return false };
        if is_recording() {
            record(What::Woke { target: lane, on: self.object() });
        }
        Queue::signal(self.segment, waiter);
        true
    }

    /// Lets all of a door look again.
    pub fn wake_all(&mut self, door: Door) {
        while self.wake_one(door) {}
    }

    /// How many wait there.
    pub fn waiting(&self, door: Door) -> u32 {
        self.door(door).length(self.segment)
    }

    /// The calling lane holds it from now on.
    pub(super) fn record_acquired(&self, site: Site) {
        if is_recording() {
            record(What::Acquired { on: self.object(), file: site.file, line: site.line });
        }
    }

    /// `holder` holds it no longer.
    pub(super) fn record_released(&self, holder: LaneId) {
        if is_recording() {
            record(What::Released { on: self.object(), holder });
        }
    }

    /// A lane that is in no queue forgets that it was woken: its time was up meanwhile, and it enters again.
    fn forget_wake(&self, waiter: Waiter) {
        Queue::forget_signal(self.segment, waiter);
    }

    pub(super) fn enter(&self, door: Door, waiter: Waiter, again: bool) {
        let queue = self.door(door);
        if again { queue.push_front(self.segment, waiter) } else { queue.push_back(self.segment, waiter) }
    }

    pub(super) fn withdraw(&self, door: Door, waiter: Waiter) -> bool {
        self.door(door).remove(self.segment, waiter)
    }
}

/// Records that the calling lane waits for an object. It gives up the GIL first: from this record on it does nothing that
/// others could notice, as [`crate::rt::Monitor`] says.
pub(super) fn record_wait(on: ObjectId, wait: &Wait, holder: LaneId) {
    gil::give_up();
    if is_recording() {
        let Site { file, line } = wait.site;
        let timed = wait.timeout.is_some();
        record(What::Entered { state: State::Waiting, name: file, number: line, on, holder, timed });
    }
}

/// How a wait came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// Another lane recorded that it woke this one.
    Woken,
    /// Nobody did: the lane looked again by itself, or the run is being ended.
    ByItself,
    /// The time was up.
    TimedOut,
}

/// Records how a wait ended, unless another lane did.
pub(super) fn record_over(on: ObjectId, over: Over) {
    if is_recording() && on.some().is_some() {
        match over {
            Over::Woken => {}
            Over::ByItself => record(What::Woke { target: here(), on }),
            Over::TimedOut => record(What::TimedOut { on }),
        }
    }
}

/// The lane runs on after a wait, with the GIL if there is one.
pub(super) fn go_on(on: ObjectId, over: Over) {
    record_over(on, over);
    gil::take();
    span::resumed();
}

impl Monitor {
    /// A new one with so many words of its own, all zero.
    pub fn make(segment: &Segment, kind: ObjectKind, title: Title, words: u32) -> Result<Self, ProcessError> {
        let at = segment.allocate(u64::from(WORDS + 4 * words))?;
        let object = fresh_object();
        record(What::Made { on: object, kind, name: title.name(), number: title.number() });
        segment.memory.store(at + OBJECT, object.0);
        segment.memory.store(at + KIND, MARK | kind as u32);
        Ok(Self { at, object: object.0 })
    }

    /// Whether it is still there, as a thing of that kind with so many words.
    pub fn check(self, segment: &Segment, kind: ObjectKind, words: u32) -> Result<Self, ProcessError> {
        let is_it = segment.is_block(self.at, WORDS + 4 * words)
            && segment.memory.load(self.at + KIND) == MARK | kind as u32
            && segment.memory.load(self.at + OBJECT) == self.object;
        if is_it { Ok(self) } else { Err(ProcessError::Gone) }
    }

    pub(super) fn into_parts(self) -> (u32, u32) {
        (self.at, self.object)
    }

    pub(super) fn from_parts(at: u32, object: u32) -> Self {
        Self { at, object }
    }

    /// Gives its memory back. Nobody uses it any more.
    pub(super) fn free(self, segment: &Segment) {
        segment.memory.store(self.at + KIND, 0);
        segment.free(self.at);
    }

    /// What it is to the trace.
    pub fn object(self) -> ObjectId {
        ObjectId(self.object)
    }

    /// Looks at the words or changes them. Nothing in `change` may block.
    pub fn with<R>(self, segment: &Segment, change: impl FnOnce(&mut Access<'_>) -> R) -> R {
        schedule::point();
        change(&mut self.access(segment))
    }

    pub(super) fn access(self, segment: &Segment) -> Access<'_> {
        Access { monitor: self, segment, _held: segment.lock(self.at) }
    }

    /// Takes what `attempt` takes, as soon as it gives something; until then the lane waits at `door`, for what `holder`
    /// holds if it knows. Nothing in either may block.
    pub fn wait_until<R>(
        self,
        segment: &Segment,
        door: Door,
        wait: &Wait,
        holder: impl Fn(&Access<'_>) -> LaneId,
        mut attempt: impl FnMut(&mut Access<'_>) -> Option<R>,
    ) -> Result<R, ProcessError> {
        schedule::point();
        if let Some(taken) = attempt(&mut self.access(segment)) {
            return Ok(taken);
        }
        // What a process that has ended had open is closed before anybody waits for it.
        if segment.clear_up()
            && let Some(taken) = attempt(&mut self.access(segment))
        {
            return Ok(taken);
        }
        if wait.timeout == Some(Duration::ZERO) {
            return Err(SyncError::TimedOut.into());
        }
        let deadline = Deadline::after(wait.timeout);
        let waiter = segment.take_waiter(None)?;
        let waited = self.wait_with(segment, door, wait, deadline, waiter, holder, &mut attempt);
        segment.free_waiter(waiter);
        waited
    }

    #[expect(clippy::too_many_arguments, reason = "the inner part of a wait, called from one place")]
    fn wait_with<R>(
        self,
        segment: &Segment,
        door: Door,
        wait: &Wait,
        deadline: Deadline,
        waiter: Waiter,
        holder: impl Fn(&Access<'_>) -> LaneId,
        attempt: &mut impl FnMut(&mut Access<'_>) -> Option<R>,
    ) -> Result<R, ProcessError> {
        let mut access = self.access(segment);
        let mut again = false;
        loop {
            if let Some(taken) = attempt(&mut access) {
                drop(access);
                if again {
                    go_on(self.object(), Over::Woken);
                }
                return Ok(taken);
            }
            record_wait(self.object(), wait, holder(&access));
            access.enter(door, waiter, again);
            drop(access);
            again = true;
            let signal = loop {
                segment.clear_up();
                match segment.block(waiter, deadline) {
                    Signal::LookAgain => {
                        segment.clear_up();
                        let mut access = self.access(segment);
                        if let Some(taken) = attempt(&mut access) {
                            let woken = !access.withdraw(door, waiter);
                            drop(access);
                            go_on(self.object(), if woken { Over::Woken } else { Over::ByItself });
                            return Ok(taken);
                        }
                    }
                    signal => break signal,
                }
            };
            access = self.access(segment);
            let woken = signal == Signal::Woken || !access.withdraw(door, waiter);
            if woken && signal != Signal::Woken {
                access.forget_wake(waiter);
            }
            if !woken || signal == Signal::Cancelled {
                let taken = attempt(&mut access);
                drop(access);
                let timed_out = signal == Signal::TimedOut && taken.is_none();
                go_on(
                    self.object(),
                    match () {
                        () if woken => Over::Woken,
                        () if timed_out => Over::TimedOut,
                        () => Over::ByItself,
                    },
                );
                let unmet = if timed_out { SyncError::TimedOut } else { SyncError::Cancelled };
                return taken.ok_or_else(|| unmet.into());
            }
        }
    }

    /// Waits until woken, whatever the words say: enters the door, lets `release` give up what the caller holds, and
    /// blocks. Gives whether it was woken: a timeout is no error here.
    pub fn wait_for_wake(
        self,
        segment: &Segment,
        door: Door,
        wait: &Wait,
        release: impl FnOnce(),
    ) -> Result<bool, ProcessError> {
        let deadline = Deadline::after(wait.timeout);
        let waiter = segment.take_waiter(None)?;
        self.access(segment).enter(door, waiter, false);
        release();
        record_wait(self.object(), wait, LaneId::NONE);
        let signal = loop {
            match segment.block(waiter, deadline) {
                Signal::LookAgain => {}
                signal => break signal,
            }
        };
        let woken = signal == Signal::Woken || !self.access(segment).withdraw(door, waiter);
        segment.free_waiter(waiter);
        go_on(
            self.object(),
            match signal {
                _ if woken => Over::Woken,
                Signal::TimedOut => Over::TimedOut,
                _ => Over::ByItself,
            },
        );
        match signal {
            Signal::Cancelled if !woken => Err(SyncError::Cancelled.into()),
            _ => Ok(woken),
        }
    }
}
