//! Plain bytes in the segment, which every process may read and write at any time, with no order between them.

use interleave_trace::{ObjectId, ObjectKind, What, fresh_object, record};
use serde::{Deserialize, Serialize};

use super::Segment;
use super::error::ProcessError;
use crate::rt::schedule;
use crate::span::Title;

/// A block by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    at: u32,
    size: u32,
    object: u32,
}

impl Block {
    /// A new one of zeros.
    pub fn make(title: Title, size: u64) -> Result<Self, ProcessError> {
        let segment = Segment::needed_for("A shared value")?;
        let at = segment.allocate(size)?;
        let object = fresh_object();
        let kind = ObjectKind::Shared;
        record(What::Made { on: object, kind, name: title.name(), number: title.number() });
        Ok(Self { at, size: size as u32, object: object.0 })
    }

    pub(super) fn into_parts(self) -> (u32, u32, u32) {
        (self.at, self.size, self.object)
    }

    pub(super) fn from_parts(at: u32, size: u32, object: u32) -> Self {
        Self { at, size, object }
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        ObjectId(self.object)
    }

    /// In bytes.
    pub fn size(&self) -> u32 {
        self.size
    }

    fn checked(&self, at: u32, length: usize) -> Result<(Segment, u32), ProcessError> {
        let segment = Segment::needed_for("A shared value")?;
        if !segment.is_block(self.at, self.size) {
            return Err(ProcessError::Gone);
        }
        let end = u64::from(at) + length as u64;
        if end > u64::from(self.size) {
            return Err(ProcessError::OutOfBounds { at: end, length: self.size.into() });
        }
        Ok((segment, self.at + at))
    }

    /// As [`Block::checked`], before the bytes are touched: a seeded schedule may switch here.
    fn reached(&self, at: u32, length: usize) -> Result<(Segment, u32), ProcessError> {
        schedule::point();
        self.checked(at, length)
    }

    /// Copies bytes out of it.
    pub fn read(&self, at: u32, out: &mut [u8]) -> Result<(), ProcessError> {
        let (segment, at) = self.reached(at, out.len())?;
        match out {
            // A word at its place is read at once, not byte by byte.
            [a, b, c, d] if at.is_multiple_of(4) => [*a, *b, *c, *d] = segment.memory.load(at).to_le_bytes(),
            _ => segment.memory.read(at, out),
        }
        Ok(())
    }

    /// Copies bytes into it.
    pub fn write(&self, at: u32, bytes: &[u8]) -> Result<(), ProcessError> {
        let (segment, at) = self.reached(at, bytes.len())?;
        match bytes {
            [a, b, c, d] if at.is_multiple_of(4) => segment.memory.store(at, u32::from_le_bytes([*a, *b, *c, *d])),
            _ => segment.memory.write(at, bytes),
        }
        Ok(())
    }

    /// Adds to a whole word at once. Gives what was there before.
    pub fn add(&self, at: u32, by: u32) -> Result<u32, ProcessError> {
        let (segment, at) = self.reached(at, 4)?;
        Ok(segment.memory.add(at & !3, by))
    }

    /// Gives it back. Nobody uses it any more.
    pub fn free(self) -> Result<(), ProcessError> {
        let (segment, _) = self.checked(0, 0)?;
        segment.free(self.at);
        Ok(())
    }
}
