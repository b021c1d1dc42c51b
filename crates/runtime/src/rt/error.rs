//! What primitives refuse, and why.

use std::fmt;

use interleave_trace::LaneId;

use super::monitor::Unmet;

/// Why an operation on a primitive did not do what was asked. A front end gives it the name of its own exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncError {
    /// A lock was released, or waited on, that nobody held.
    NotHeld,
    /// A lock was released, or waited on, by a lane that does not hold it.
    HeldByAnother {
        /// Who does, if anybody.
        holder: Option<LaneId>,
    },
    /// A bounded semaphore was released more often than acquired.
    ReleasedTooOften,
    /// A barrier was aborted, or one who waited at it gave up.
    BarrierBroken,
    /// A queue has nothing to give.
    Empty,
    /// A queue has no room.
    Full,
    /// A queue takes, or gives, nothing any more; a pool takes no work.
    ShutDown,
    /// More tasks were said to be done than were put.
    DoneTooOften,
    /// A result that will never come, since its work was cancelled.
    WorkCancelled,
    /// What was waited for failed: a thread or a piece of work that panicked, of which the log tells more.
    Failed,
    /// A lane waited for its own end.
    JoinsItself,
    /// The time was up.
    TimedOut,
    /// The run is being ended.
    Cancelled,
}

impl fmt::Display for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHeld => "nobody holds the lock",
            Self::HeldByAnother { .. } => "the lock is not held by the lane that used it",
            Self::ReleasedTooOften => "the semaphore was released more often than acquired",
            Self::BarrierBroken => "the barrier is broken",
            Self::Empty => "the queue is empty",
            Self::Full => "the queue is full",
            Self::ShutDown => "it was shut down",
            Self::DoneTooOften => "more tasks were said to be done than were put into the queue",
            Self::WorkCancelled => "the work was cancelled before it began",
            Self::Failed => "what was waited for failed",
            Self::JoinsItself => "a thread cannot wait for its own end",
            Self::TimedOut => "the time was up",
            Self::Cancelled => "the run was ended",
        })
    }
}

impl std::error::Error for SyncError {}

impl From<Unmet> for SyncError {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::TimedOut => Self::TimedOut,
            Unmet::Cancelled => Self::Cancelled,
        }
    }
}

/// Python's way with a wait for a lock, an event or an end: a timeout returns, it does not raise.
pub(super) fn in_time(met: Result<(), Unmet>) -> Result<bool, SyncError> {
    match met {
        Ok(()) => Ok(true),
        Err(Unmet::TimedOut) => Ok(false),
        Err(Unmet::Cancelled) => Err(SyncError::Cancelled),
    }
}
