//! The runtime's faults in the words of the protocol.

use interleave_protocol::Failure;
use interleave_runtime::rt::SyncError;
use interleave_runtime::tasks::Raised;

pub use interleave_door::from_fault;

/// What the page is told of what a task raised.
pub fn from_raised(raised: Raised) -> Failure {
    match raised {
        Raised::Fault(fault) => from_fault(fault),
        Raised::NotIsolated => Failure::NoThreads,
        Raised::Cancelled { .. } | Raised::Refused(SyncError::Cancelled) => Failure::Cancelled,
        raised => Failure::Trapped { message: raised.to_string() },
    }
}
