//! What is refused between processes, and why.

use std::fmt;

use crate::rt::SyncError;

/// Why an operation between processes did not do what was asked. A front end gives it the name of its own exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessError {
    /// What primitives between threads refuse as well.
    Sync(SyncError),
    /// There is no segment, since the page may not share memory.
    NotShared {
        /// What cannot be had without one.
        what: &'static str,
    },
    /// The segment is used up.
    NoRoom {
        /// What was asked for, in bytes.
        wanted: u64,
        /// How much of it was never used, in bytes.
        left: u64,
    },
    /// More lanes wait than there are places for.
    TooManyWait,
    /// A run may start no more processes.
    TooManyProcesses,
    /// As many processes live as a run may have at a time.
    TooManyAtOnce {
        /// How many that is.
        most: usize,
    },
    /// What the handle stood for is gone, or never was.
    Gone,
    /// A place outside of a block or an array.
    OutOfBounds {
        /// The place.
        at: u64,
        /// How much there is.
        length: u64,
    },
    /// Shared memory of that name is there already.
    NameTaken,
    /// There is no shared memory of that name.
    NameUnknown,
    /// Nothing is left to receive, and nobody is left who could send.
    EndOfFile,
    /// Nobody is left who could receive.
    BrokenPipe,
    /// This end was closed.
    Closed,
    /// This end only receives.
    ReadOnly,
    /// This end only sends.
    WriteOnly,
    /// A message is longer than the receiver takes.
    TooLong {
        /// Its length, in bytes.
        length: u64,
    },
    /// Bytes that are not what was to be read from them.
    Unreadable,
    /// A process was asked for by one that is a daemon.
    DaemonsHaveNoChildren,
    /// Only its parent can wait for a process.
    NotAChild,
    /// The process still runs.
    StillRunning,
    /// The pool takes no work any more.
    PoolClosed,
    /// The pool still takes work; it is closed or terminated before it is joined.
    PoolOpen,
    /// A worker of a pool was gone in the middle of its work.
    WorkerLost {
        /// How it ended.
        exit: i32,
    },
    /// What another process said went wrong there.
    Remote {
        /// Its words.
        message: String,
    },
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sync(error) => error.fmt(f),
            Self::NotShared { what } => {
                write!(
                    f,
                    "{what} needs memory that processes share, which this page may not have: it is not cross-origin isolated"
                )
            }
            Self::NoRoom { wanted, left } => {
                write!(f, "the memory that processes share has no room for {wanted} bytes; {left} are left")
            }
            Self::TooManyWait => f.write_str("more lanes wait for others than the run has places for"),
            Self::TooManyProcesses => f.write_str("the run has started as many processes as it may"),
            Self::TooManyAtOnce { most } => write!(f, "a run may have {most} processes at a time"),
            Self::Gone => f.write_str("what the handle stood for is not there any more"),
            Self::OutOfBounds { at, length } => write!(f, "place {at} is outside: there are {length}"),
            Self::NameTaken => f.write_str("there is shared memory of that name already"),
            Self::NameUnknown => f.write_str("there is no shared memory of that name"),
            Self::EndOfFile => f.write_str("the other end of the pipe was closed and nothing is left in it"),
            Self::BrokenPipe => f.write_str("the other end of the pipe was closed"),
            Self::Closed => f.write_str("it was closed here"),
            Self::ReadOnly => f.write_str("this end of the pipe only receives"),
            Self::WriteOnly => f.write_str("this end of the pipe only sends"),
            Self::TooLong { length } => write!(f, "the message has {length} bytes, more than the receiver takes"),
            Self::Unreadable => f.write_str("the bytes are not what was to be read from them"),
            Self::DaemonsHaveNoChildren => f.write_str("a daemonic process may not start others"),
            Self::NotAChild => f.write_str("a process can only be joined by the one that started it"),
            Self::StillRunning => f.write_str("the process still runs: it is joined or terminated first"),
            Self::PoolClosed => f.write_str("the pool takes no work any more"),
            Self::PoolOpen => f.write_str("the pool still takes work: it is closed or terminated first"),
            Self::WorkerLost { exit } => write!(f, "a worker of the pool ended with {exit} in the middle of its work"),
            Self::Remote { message } => write!(f, "the other process said: {message}"),
        }
    }
}

impl std::error::Error for ProcessError {}

impl From<SyncError> for ProcessError {
    fn from(error: SyncError) -> Self {
        Self::Sync(error)
    }
}

impl ProcessError {
    /// Whether it is just that the time was up.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Sync(SyncError::TimedOut))
    }
}
