//! The runtime's faults in the words of the protocol.

use interleave_protocol::Failure;
use interleave_runtime::Fault;

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
