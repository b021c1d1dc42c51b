//! The runtime's faults in the words of the protocol.

use interleave_protocol::Failure;
use interleave_runtime::Fault;
use interleave_runtime::rt::SyncError;
use interleave_runtime::tasks::Raised;

/// What the page is told of a fault.
pub fn from_fault(fault: Fault) -> Failure {
    match fault {
        Fault::Panicked { message } => Failure::Panicked { message },
        Fault::Trapped { message } => Failure::Trapped { message },
        Fault::OutOfMemory { wanted } => Failure::OutOfMemory { wanted },
        Fault::Download { file, status } => Failure::Download { file, status },
        Fault::Cancelled => Failure::Cancelled,
    }
}

/// What the page is told of what a task raised.
pub fn from_raised(raised: Raised) -> Failure {
    match raised {
        Raised::Fault(fault) => from_fault(fault),
        Raised::NotIsolated => Failure::NoThreads,
        Raised::Cancelled { .. } | Raised::Refused(SyncError::Cancelled) => Failure::Cancelled,
        raised => Failure::Trapped { message: raised.to_string() },
    }
}
