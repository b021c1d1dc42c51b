//! Every program of the lessons, one file each: the very files that the page shows beside the timeline.
//!
//! A program is written for one model, with that model's own primitives, as short as it can be. It comes to an
//! [`Answer`], which may be that things did not go as they should: for a lesson about accidents that is no failure of the
//! run but its result.

mod race;

use std::future::Future;
use std::pin::Pin;

use interleave_protocol::{Failure, RunSpec, Workload};
use interleave_runtime::Fault;
use interleave_runtime::rt::SyncError;

use crate::failure::from_fault;
use crate::workload::Answer;

/// What a program comes to.
pub type Outcome = Result<Answer, Trouble>;

/// Why a program gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A thread, process or task that it waited for did.
    Fault(Fault),
    /// A primitive refused.
    Refused(SyncError),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<SyncError> for Trouble {
    fn from(error: SyncError) -> Self {
        Self::Refused(error)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Fault(fault) => from_fault(fault),
            Trouble::Refused(SyncError::Cancelled) => Failure::Cancelled,
            Trouble::Refused(error) => Failure::Panicked { message: error.to_string() },
        }
    }
}

type Awaited = Pin<Box<dyn Future<Output = Outcome>>>;

/// How a program is begun.
#[derive(Clone, Copy)]
pub enum Body {
    /// On the host's thread, which may block.
    Blocking(fn(&RunSpec) -> Outcome),
    /// On the host's event loop.
    Awaiting(fn(RunSpec) -> Awaited),
}

/// The program behind a name of the catalogue; nothing if that is a workload.
pub fn program(name: Workload) -> Option<Body> {
    Some(match name {
        Workload::Race => Body::Blocking(race::run),
        _ => return None,
    })
}
