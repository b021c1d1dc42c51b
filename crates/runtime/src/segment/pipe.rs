//! Pipes between processes: messages of bytes through a ring, one way or both.
//!
//! ```text
//!  ring   ....[length|id|bytes....][length|id|byt      a message longer than the ring goes through it piece by piece
//!             ^ read so far                      ^ written so far
//! ```
//! Bytes are copied once in and once out, outside of the lock: whoever sends or receives has its side of the ring to
//! itself until the message is through. How many have each side open is counted, so that the last reader of what nobody
//! can write any more learns that it is at the end, and the writer for whom nobody reads that the pipe is broken.

use interleave_trace::{LaneId, MessageId, NameId, ObjectId, ObjectKind, What, fresh_message, is_recording, record};
use serde::{Deserialize, Serialize};

use super::Segment;
use super::error::ProcessError;
use super::monitor::{Access, Door, Monitor};
use crate::rt::{SyncError, Wait};
use crate::span::Title;
use crate::sys::sync::here;

const RING: u32 = 0;
const READ: u32 = 1;
const WRITTEN: u32 = 2;
const READERS: u32 = 3;
const WRITERS: u32 = 4;
/// Whether a message is just being sent, and by whom.
const SENDER: u32 = 5;
const RECEIVER: u32 = 6;
const WORDS: u32 = 7;

/// The size of a ring, a power of two.
const CAPACITY: u32 = if cfg!(feature = "model") { 64 } else { 256 << 10 };
/// How much is copied before the other side is told of it.
const PIECE: u32 = if cfg!(feature = "model") { 32 } else { 64 << 10 };
/// A message that short goes through under the lock.
const SHORT: u32 = if cfg!(feature = "model") { 16 } else { 4096 };
/// Before each message: its length and its id.
const HEAD: u32 = 16;

/// Which side of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Where messages come out.
    Reader = 0,
    /// Where messages go in.
    Writer = 1,
}

impl Role {
    pub(super) fn from_number(number: u32) -> Self {
        if number == Self::Reader as u32 { Self::Reader } else { Self::Writer }
    }

    fn count(self) -> u32 {
        match self {
            Self::Reader => READERS,
            Self::Writer => WRITERS,
        }
    }
}

/// One end: what can be received there comes from the one ring, what is sent goes into the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    incoming: Option<Monitor>,
    outgoing: Option<Monitor>,
}

fn ring(segment: &Segment, title: Title) -> Result<Monitor, ProcessError> {
    let monitor = Monitor::make(segment, ObjectKind::Pipe, title, WORDS)?;
    match segment.allocate(u64::from(CAPACITY)) {
        Ok(ring) => {
            monitor.with(segment, |access| access.set(RING, ring));
            Ok(monitor)
        }
        Err(error) => {
            monitor.free(segment);
            Err(error)
        }
    }
}

/// A pipe that only the second end sends into.
pub fn one_way(title: Title) -> Result<(End, End), ProcessError> {
    let segment = Segment::needed_for("A pipe that blocks")?;
    let ring = ring(&segment, title)?;
    let ends = (End { incoming: Some(ring), outgoing: None }, End { incoming: None, outgoing: Some(ring) });
    ends.0.open()?;
    ends.1.open()?;
    Ok(ends)
}

/// A pipe whose ends both send and receive.
pub fn both_ways(title: Title) -> Result<(End, End), ProcessError> {
    let segment = Segment::needed_for("A pipe that blocks")?;
    let (there, back) = (ring(&segment, title)?, ring(&segment, title)?);
    let end = |incoming, outgoing| End { incoming: Some(incoming), outgoing: Some(outgoing) };
    let ends = (end(back, there), end(there, back));
    ends.0.open()?;
    ends.1.open()?;
    Ok(ends)
}

fn checked(segment: &Segment, monitor: Monitor) -> Result<Monitor, ProcessError> {
    // A ring is gone once nobody had either side open.
    monitor.check(segment, ObjectKind::Pipe, WORDS).map_err(|_| ProcessError::Closed)
}

/// One who had a side open has it open no longer.
pub(super) fn close(segment: &Segment, monitor: Monitor, role: Role) {
    let Ok(monitor) = checked(segment, monitor) else { return };
    let unused = monitor.with(segment, |access| {
        if access.get(role.count()) > 0 && access.change(role.count(), -1) == 0 {
            access.wake_all(Door::First);
            access.wake_all(Door::Second);
        }
        let is_unused = access.get(READERS) == 0 && access.get(WRITERS) == 0;
        is_unused.then(|| access.get(RING))
    });
    if let Some(ring) = unused {
        segment.free(ring);
        monitor.free(segment);
    }
}

impl End {
    fn sides(self) -> impl Iterator<Item = (Monitor, Role)> {
        let incoming = self.incoming.map(|monitor| (monitor, Role::Reader));
        incoming.into_iter().chain(self.outgoing.map(|monitor| (monitor, Role::Writer)))
    }

    /// Whether messages can come out of it.
    pub fn is_readable(self) -> bool {
        self.incoming.is_some()
    }

    /// Whether messages can go into it.
    pub fn is_writable(self) -> bool {
        self.outgoing.is_some()
    }

    /// What it is to the trace: what it receives from, or else what it sends into.
    pub fn object(self) -> ObjectId {
        self.incoming.or(self.outgoing).map_or(ObjectId::NONE, Monitor::object)
    }

    /// The calling process has it open, once more.
    pub fn open(self) -> Result<(), ProcessError> {
        self.set_off()?;
        self.arrive()
    }

    /// It is on its way to another process, and counts as open until that has it.
    pub fn set_off(self) -> Result<(), ProcessError> {
        let segment = Segment::needed_for("A pipe that blocks")?;
        for (monitor, role) in self.sides() {
            checked(&segment, monitor)?.with(&segment, |access| access.change(role.count(), 1));
        }
        Ok(())
    }

    /// The calling process has what was on its way.
    pub fn arrive(self) -> Result<(), ProcessError> {
        let segment = Segment::needed_for("A pipe that blocks")?;
        self.sides().try_for_each(|(monitor, role)| segment.hold(monitor, role))
    }

    /// The calling process has it open no longer, or once less.
    pub fn close(self) {
        if let Some(segment) = Segment::current() {
            for (monitor, role) in self.sides() {
                if segment.let_go(monitor, role) {
                    close(&segment, monitor, role);
                }
            }
        }
    }

    /// Sends a message; waits for room if there is none. `name` says what it carries.
    pub fn send(self, name: NameId, parts: &[&[u8]], wait: &Wait) -> Result<(), ProcessError> {
        let monitor = self.outgoing.ok_or(ProcessError::ReadOnly)?;
        let segment = Segment::needed_for("A pipe that blocks")?;
        let monitor = checked(&segment, monitor)?;
        let whole: u64 = parts.iter().map(|part| part.len() as u64).sum();
        let length = u32::try_from(whole).map_err(|_| ProcessError::TooLong { length: whole })?;
        let message = fresh_message();
        let mut head = [0; HEAD as usize];
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[8..].copy_from_slice(&message.0.to_le_bytes());
        let is_short = length <= SHORT;
        let needed = if is_short { HEAD + length } else { HEAD };
        let begun = monitor.wait_until(&segment, Door::Second, wait, sender, |access| {
            if access.get(READERS) == 0 {
                return Some(Err(ProcessError::BrokenPipe));
            }
            if access.get(SENDER) != 0 || room(access) < needed {
                return None;
            }
            if is_recording() {
                record(What::Sent { message, bytes: length, name });
            }
            let (ring, mut at) = (access.get(RING), access.get(WRITTEN));
            at = put(&segment, ring, at, &head);
            if is_short {
                at = parts.iter().fold(at, |at, part| put(&segment, ring, at, part));
            } else {
                access.set(SENDER, here().0.wrapping_add(1));
            }
            access.set(WRITTEN, at);
            tell_receivers(access);
            Some(Ok((ring, at)))
        });
        let (ring, mut at) = begun??;
        if is_short {
            return Ok(());
        }
        let mut outcome = Ok(());
        'parts: for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                let free = monitor.wait_until(
                    &segment,
                    Door::Second,
                    wait,
                    |_| LaneId::NONE,
                    |access| {
                        if access.get(READERS) == 0 {
                            return Some(Err(ProcessError::BrokenPipe));
                        }
                        Some(room(access)).filter(|room| *room > 0).map(Ok)
                    },
                );
                let free = match free.and_then(|free| free) {
                    Ok(free) => free,
                    Err(error) => {
                        outcome = Err(error);
                        break 'parts;
                    }
                };
                let (now, later) = rest.split_at(rest.len().min(free.min(PIECE) as usize));
                at = put(&segment, ring, at, now);
                rest = later;
                monitor.with(&segment, |access| {
                    access.set(WRITTEN, at);
                    tell_receivers(access);
                });
            }
        }
        monitor.with(&segment, |access| {
            access.set(SENDER, 0);
            if outcome.is_err() {
                // Half a message is of no use to anybody: for the reader the pipe ends here.
                access.set(WRITERS, 0);
                access.wake_all(Door::First);
            }
            tell_senders(access);
        });
        outcome
    }

    /// Receives a message; waits for one if there is none. One of more than `most` bytes is refused, and after it nothing
    /// can be received here any more.
    pub fn receive(self, most: Option<u32>, wait: &Wait) -> Result<Vec<u8>, ProcessError> {
        let mut bytes = Vec::new();
        self.receive_into(&mut bytes, most, wait)?;
        Ok(bytes)
    }

    /// As [`End::receive`], into a buffer that may be there already.
    pub fn receive_into(self, bytes: &mut Vec<u8>, most: Option<u32>, wait: &Wait) -> Result<(), ProcessError> {
        let monitor = self.incoming.ok_or(ProcessError::WriteOnly)?;
        let segment = Segment::needed_for("A pipe that blocks")?;
        let monitor = checked(&segment, monitor)?;
        bytes.clear();
        let begun = monitor.wait_until(&segment, Door::First, wait, receiver, |access| {
            if access.get(RECEIVER) != 0 {
                return None;
            }
            let there = filled(access);
            if there < HEAD {
                return (access.get(WRITERS) == 0).then_some(Err(ProcessError::EndOfFile));
            }
            let (ring, at) = (access.get(RING), access.get(READ));
            let mut head = [0; HEAD as usize];
            let at = get(&segment, ring, at, &mut head);
            let ([a, b, c, d, _, _, _, _], id) = (head.as_chunks().0[0], head.as_chunks().0[1]);
            let (length, message) = (u32::from_le_bytes([a, b, c, d]), MessageId(u64::from_le_bytes(id)));
            if most.is_some_and(|most| length > most) {
                access.set(READERS, 0);
                access.wake_all(Door::Second);
                return Some(Err(ProcessError::TooLong { length: length.into() }));
            }
            let whole = length <= SHORT && there >= HEAD + length;
            let at = if whole {
                bytes.resize(length as usize, 0);
                get(&segment, ring, at, bytes)
            } else {
                access.set(RECEIVER, here().0.wrapping_add(1));
                at
            };
            access.set(READ, at);
            tell_senders(access);
            if whole && filled(access) > 0 {
                tell_receivers(access);
            }
            Some(Ok((whole, ring, at, length, message)))
        });
        let (whole, ring, mut at, length, message) = begun??;
        if !whole {
            let outcome = grow(bytes, length, |there| {
                let piece = monitor.wait_until(
                    &segment,
                    Door::First,
                    wait,
                    |_| LaneId::NONE,
                    |access| match filled(access) {
                        0 => (access.get(WRITERS) == 0).then_some(Err(ProcessError::EndOfFile)),
                        filled => Some(Ok(filled)),
                    },
                );
                let length = piece?.map(|filled| there.len().min(filled.min(PIECE) as usize))?;
                at = get(&segment, ring, at, &mut there[..length]);
                monitor.with(&segment, |access| {
                    access.set(READ, at);
                    tell_senders(access);
                });
                Ok(length)
            });
            monitor.with(&segment, |access| {
                access.set(RECEIVER, 0);
                if outcome.is_err() {
                    // What is left of the message is of no use to anybody.
                    access.set(READERS, 0);
                    access.wake_all(Door::Second);
                }
                tell_receivers(access);
            });
            outcome?;
        }
        if is_recording() {
            record(What::Received { message, bytes: length });
        }
        Ok(())
    }

    /// Waits until something can be received, be it the end. Gives whether it can.
    pub fn poll(self, wait: &Wait) -> Result<bool, ProcessError> {
        let monitor = self.incoming.ok_or(ProcessError::WriteOnly)?;
        let segment = Segment::needed_for("A pipe that blocks")?;
        let monitor = checked(&segment, monitor)?;
        match monitor.wait_until(&segment, Door::First, wait, |_| LaneId::NONE, |access| is_ready(access).then_some(()))
        {
            Ok(()) => {
                // Whoever was woken takes nothing: another who waits for the message goes on.
                monitor.with(&segment, |access| access.wake_one(Door::First));
                Ok(true)
            }
            Err(ProcessError::Sync(SyncError::TimedOut)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn incoming(self) -> Result<Monitor, ProcessError> {
        self.incoming.ok_or(ProcessError::WriteOnly)
    }
}

/// Whether something can be received, be it the end.
pub(super) fn is_ready(access: &Access<'_>) -> bool {
    access.get(RECEIVER) == 0 && (filled(access) >= HEAD || access.get(WRITERS) == 0)
}

/// Lets one who waits to send go on. Who is in the middle of a message waits for room, and others behind that one for its
/// end: then all look again, since a wake of one of these would be lost.
fn tell_senders(access: &mut Access<'_>) {
    if access.get(SENDER) == 0 {
        access.wake_one(Door::Second);
    } else {
        access.wake_all(Door::Second);
    }
}

/// As [`tell_senders`], of those who receive.
fn tell_receivers(access: &mut Access<'_>) {
    if access.get(RECEIVER) == 0 {
        access.wake_one(Door::First);
    } else {
        access.wake_all(Door::First);
    }
}

/// Fills `bytes` up to `length` with what `next` puts into its rest, piece by piece.
fn grow(
    bytes: &mut Vec<u8>,
    length: u32,
    mut next: impl FnMut(&mut [u8]) -> Result<usize, ProcessError>,
) -> Result<(), ProcessError> {
    let length = length as usize;
    let no_room = |_| ProcessError::NoRoom { wanted: length as u64, left: 0 };
    bytes.try_reserve_exact(length).map_err(no_room)?;
    let mut done = 0;
    while done < length {
        // What was not received yet is made zero a piece at a time, while it is in the nearest cache.
        bytes.resize(bytes.len().max(length.min(done + PIECE as usize)), 0);
        done += next(&mut bytes[done..])?;
    }
    Ok(())
}

fn sender(access: &Access<'_>) -> LaneId {
    LaneId(access.get(SENDER).wrapping_sub(1))
}

fn receiver(access: &Access<'_>) -> LaneId {
    LaneId(access.get(RECEIVER).wrapping_sub(1))
}

fn filled(access: &Access<'_>) -> u32 {
    access.get(WRITTEN).wrapping_sub(access.get(READ))
}

fn room(access: &Access<'_>) -> u32 {
    CAPACITY - filled(access)
}

/// Copies bytes into the ring from `at` on. Gives where the next ones go.
fn put(segment: &Segment, ring: u32, at: u32, bytes: &[u8]) -> u32 {
    let _whole = segment.uninterrupted();
    let from = at % CAPACITY;
    let (first, second) = bytes.split_at(bytes.len().min((CAPACITY - from) as usize));
    segment.memory.write(ring + from, first);
    if !second.is_empty() {
        segment.memory.write(ring, second);
    }
    at.wrapping_add(bytes.len() as u32)
}

/// Copies bytes out of the ring from `at` on. Gives where the next ones are.
fn get(segment: &Segment, ring: u32, at: u32, bytes: &mut [u8]) -> u32 {
    let _whole = segment.uninterrupted();
    let from = at % CAPACITY;
    let middle = bytes.len().min((CAPACITY - from) as usize);
    let (first, second) = bytes.split_at_mut(middle);
    segment.memory.read(ring + from, first);
    if !second.is_empty() {
        segment.memory.read(ring, second);
    }
    at.wrapping_add((first.len() + second.len()) as u32)
}
