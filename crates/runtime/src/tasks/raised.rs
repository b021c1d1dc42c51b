//! What an await gives instead of a result.

use std::error::Error;
use std::fmt;
use std::rc::Rc;

use crate::fault::Fault;
use crate::rt::SyncError;

/// Why something that was awaited gave no result. Each variant is an exception in Python; `?` hands it on, so that a
/// cancellation leaves a task by the way that an error takes, and whoever wants to clean up or to go on can catch it.
#[derive(Clone, Debug)]
pub enum Raised {
    /// The task was asked to end (`CancelledError`). Who catches it and goes on should say so with
    /// [`TaskRef::uncancel`](super::TaskRef::uncancel).
    Cancelled {
        /// What the one who asked said.
        message: Option<Rc<str>>,
    },
    /// The time was up (`TimeoutError`).
    TimedOut,
    /// A primitive refused.
    Refused(SyncError),
    /// What a thread ran gave up.
    Fault(Fault),
    /// There can be no threads, since this page does not let an instance share its memory.
    NotIsolated,
    /// The program's own error.
    Failed(Rc<dyn Error>),
    /// Tasks of a group failed (`ExceptionGroup`), in this order.
    Several(Rc<[Raised]>),
}

impl Raised {
    /// An error of the program.
    pub fn failed(error: impl Into<Box<dyn Error>>) -> Self {
        Self::Failed(Rc::from(error.into()))
    }

    /// Whether it is a cancellation.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }

    /// Whether it is, or has within, a primitive's refusal of this kind.
    pub fn is(&self, error: SyncError) -> bool {
        match self {
            Self::Refused(refused) => *refused == error,
            Self::Several(errors) => errors.iter().any(|raised| raised.is(error)),
            _ => false,
        }
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled { message: None } => f.write_str("cancelled"),
            Self::Cancelled { message: Some(message) } => write!(f, "cancelled: {message}"),
            Self::TimedOut => f.write_str("the time was up"),
            Self::Refused(error) => error.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
            Self::NotIsolated => f.write_str(
                "a thread needs memory that it shares, and this page is not isolated, so there is none to share",
            ),
            Self::Failed(error) => error.fmt(f),
            Self::Several(errors) => {
                write!(f, "{} tasks of a group failed", errors.len())?;
                errors.iter().enumerate().try_for_each(|(n, error)| {
                    f.write_str(if n == 0 { ": " } else { "; " })?;
                    error.fmt(f)
                })
            }
        }
    }
}

impl From<SyncError> for Raised {
    fn from(error: SyncError) -> Self {
        Self::Refused(error)
    }
}

impl From<Fault> for Raised {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
