//! Threads of a program, and what one does by itself.

use std::time::Duration;

use interleave_trace::LaneId;

use super::{Result, SyncError};
use crate::fault::Fault;
use crate::rt::{self, Wait};
use crate::span::{self, Title};
use crate::threads;

/// A thread of a program.
pub struct JoinHandle<T> {
    thread: threads::JoinHandle<Result<T>>,
}

/// Starts a thread. Its lane tells if it fails, or is cancelled.
pub fn spawn<T: Send + 'static>(
    title: impl Into<Title>,
    body: impl FnOnce() -> Result<T> + Send + 'static,
) -> JoinHandle<T> {
    let thread = threads::spawn(title.into(), move || {
        let result = body();
        match &result {
            Ok(_) => {}
            Err(SyncError::Cancelled) => span::cancelled(),
            Err(error) => span::failed(&error.to_string()),
        }
        result
    });
    JoinHandle { thread }
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended, and gives its result.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        self.thread.wait(&Wait::forever())?;
        self.thread.into_result().unwrap_or_else(|fault| {
            Err(match fault {
                Fault::Cancelled => SyncError::Cancelled,
                _ => SyncError::Failed,
            })
        })
    }

    /// Waits until the thread has ended, or until the time is up. Gives whether it has.
    #[track_caller]
    pub fn join_within(&self, timeout: Duration) -> Result<bool> {
        self.thread.wait(&Wait::at_most(timeout))
    }

    /// Whether the thread has not ended yet.
    pub fn is_alive(&self) -> bool {
        self.thread.is_alive()
    }

    /// The thread's lane.
    pub fn lane(&self) -> LaneId {
        self.thread.lane()
    }
}

/// Does nothing for a while.
pub fn sleep(duration: Duration) -> Result<()> {
    Ok(rt::sleep(duration, Title::NONE)?)
}

/// A place in a computation where others may go on, and where the end of a run is noticed.
#[inline]
pub fn checkpoint() -> Result<()> {
    rt::checkpoint();
    if rt::is_cancelled() { Err(SyncError::Cancelled) } else { Ok(()) }
}
