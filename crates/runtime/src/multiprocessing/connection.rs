//! Pipes with ends that are opened, sent and closed.

use std::time::Duration;

use interleave_trace::{NameId, ObjectId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ProcessError, from_bytes, to_bytes};
use crate::rt::Wait;
use crate::segment::pipe::{self, End};
use crate::segment::{self, Source};
use crate::span::Title;

/// One end of a pipe, open in this process until it is dropped. Sent to another process it is open there as well.
#[derive(Debug)]
pub struct Connection {
    end: End,
}

/// A pipe whose second end sends to the first.
pub fn one_way(title: Title) -> Result<(Connection, Connection), ProcessError> {
    let (receiver, sender) = pipe::one_way(title)?;
    Ok((Connection { end: receiver }, Connection { end: sender }))
}

/// A pipe whose ends both send and receive.
pub fn both_ways(title: Title) -> Result<(Connection, Connection), ProcessError> {
    let (first, second) = pipe::both_ways(title)?;
    Ok((Connection { end: first }, Connection { end: second }))
}

impl Connection {
    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.end.object()
    }

    /// Sends a message of bytes.
    #[track_caller]
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<(), ProcessError> {
        self.end.send(NameId::NONE, &[bytes], &Wait::forever())
    }

    /// Sends a message that is made of several pieces, without putting them together first.
    #[track_caller]
    pub fn send_pieces(&self, pieces: &[&[u8]]) -> Result<(), ProcessError> {
        self.end.send(NameId::NONE, pieces, &Wait::forever())
    }

    /// Waits for a message of bytes.
    #[track_caller]
    pub fn receive_bytes(&self) -> Result<Vec<u8>, ProcessError> {
        self.end.receive(None, &Wait::forever())
    }

    /// The same into a buffer that may have room already. It then holds the message and nothing else.
    #[track_caller]
    pub fn receive_bytes_into(&self, buffer: &mut Vec<u8>) -> Result<(), ProcessError> {
        self.end.receive_into(buffer, None, &Wait::forever())
    }

    /// Waits for a message of so many bytes at most. After a longer one nothing can be received any more.
    #[track_caller]
    pub fn receive_at_most(&self, most: u32) -> Result<Vec<u8>, ProcessError> {
        self.end.receive(Some(most), &Wait::forever())
    }

    /// Sends a value.
    #[track_caller]
    pub fn send(&self, value: &impl Serialize) -> Result<(), ProcessError> {
        self.send_bytes(&to_bytes(value)?)
    }

    /// Waits for a value.
    #[track_caller]
    pub fn receive<T: DeserializeOwned>(&self) -> Result<T, ProcessError> {
        from_bytes(&self.receive_bytes()?)
    }

    /// Whether something can be received now, be it the end.
    #[track_caller]
    pub fn poll(&self) -> Result<bool, ProcessError> {
        self.end.poll(&Wait::never())
    }

    /// Waits for so long at most until something can be received.
    #[track_caller]
    pub fn poll_within(&self, timeout: Duration) -> Result<bool, ProcessError> {
        self.end.poll(&Wait::at_most(timeout))
    }

    /// Whether it receives.
    pub fn is_readable(&self) -> bool {
        self.end.is_readable()
    }

    /// Whether it sends.
    pub fn is_writable(&self) -> bool {
        self.end.is_writable()
    }

    /// The untyped end.
    pub fn end(&self) -> End {
        self.end
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.end.close();
    }
}

impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.end.set_off().map_err(serde::ser::Error::custom)?;
        self.end.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Connection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let end = End::deserialize(deserializer)?;
        end.arrive().map_err(serde::de::Error::custom)?;
        Ok(Self { end })
    }
}

/// What can be waited for beside others.
pub trait Waitable {
    /// The untyped thing to wait for.
    fn source(&self) -> Source;
}

impl Waitable for Connection {
    fn source(&self) -> Source {
        Source::pipe(self.end)
    }
}

impl Waitable for super::Started {
    fn source(&self) -> Source {
        self.sentinel()
    }
}

/// Waits until at least one of them is ready, for so long at most. Gives the places of all that are.
#[track_caller]
pub fn wait(all: &[&dyn Waitable], timeout: Option<Duration>) -> Result<Vec<usize>, ProcessError> {
    let sources: Vec<Source> = all.iter().map(|one| one.source()).collect();
    segment::wait_for_any(&sources, &Wait { timeout, ..Wait::forever() })
}
