//! What the workers of every artifact say to the page: whom the runtime asks for a worker, how records reach a page that
//! cannot look into this memory, and how a failure is told. The artifacts with native programs and the one with Python
//! have the same page, so they have this in common, whatever else they export.

#[cfg(target_arch = "wasm32")]
mod web;

use interleave_protocol::Failure;
use interleave_runtime::Fault;

#[cfg(target_arch = "wasm32")]
pub use web::{open, post, post_bytes, post_failure, post_records};

/// What the page is told of a fault of the runtime.
pub fn from_fault(fault: Fault) -> Failure {
    match fault {
        Fault::Panicked { message } => Failure::Panicked { message },
        Fault::Trapped { message } => Failure::Trapped { message },
        Fault::OutOfMemory { wanted } => Failure::OutOfMemory { wanted },
        Fault::Download { file, status } => Failure::Download { file, status },
        Fault::Cancelled => Failure::Cancelled,
    }
}
