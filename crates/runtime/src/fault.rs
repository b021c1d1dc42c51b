//! What can go wrong below a workload.

use std::fmt;

use crate::rt::Unmet;

/// Why something of the runtime gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Rust code panicked.
    Panicked {
        /// Its message and place.
        message: String,
    },
    /// WebAssembly trapped, or JavaScript threw.
    Trapped {
        /// The browser's words.
        message: String,
    },
    /// The instance's memory is used up.
    OutOfMemory {
        /// What was asked for, in bytes.
        wanted: u64,
    },
    /// A download failed.
    Download {
        /// Which file.
        file: String,
        /// The status, or 0 if there was no answer.
        status: u16,
    },
    /// What was waited for did not come before the run was ended.
    Cancelled,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { message } => write!(f, "panicked: {message}"),
            Self::Trapped { message } => write!(f, "trapped: {message}"),
            Self::OutOfMemory { wanted } => write!(f, "out of memory: {wanted} bytes were wanted"),
            Self::Download { file, status } => write!(f, "download of {file} failed with status {status}"),
            Self::Cancelled => f.write_str("the run was ended"),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Unmet> for Fault {
    /// Whoever waits without an end meets only one.
    fn from(_: Unmet) -> Self {
        Self::Cancelled
    }
}
