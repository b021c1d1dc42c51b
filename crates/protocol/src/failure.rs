//! Why a run ended before its end: facts in types; the sentence says what happened, the advice what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a run, or a lane of it, gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// Rust code panicked.
    Panicked {
        /// Its message and place.
        message: String,
    },
    /// WebAssembly trapped, or the browser threw.
    Trapped {
        /// The browser's words.
        message: String,
    },
    /// The instance's memory is used up.
    OutOfMemory {
        /// What was asked for, in bytes.
        wanted: u64,
    },
    /// Calls were nested deeper than the browser's stack goes.
    TooDeep,
    /// More workers were wanted than a run may have.
    TooManyWorkers {
        /// How many it may have.
        most: u32,
    },
    /// A worker's script or module did not load.
    NotLoaded {
        /// The browser's words, if it said any.
        message: String,
    },
    /// A worker was gone without a word.
    Vanished,
    /// A download failed.
    Download {
        /// Which file, relative to the page.
        file: String,
        /// The status, or 0 if there was no answer.
        status: u16,
    },
    /// The result is not what it has to be.
    WrongResult {
        /// What is wrong with it.
        message: String,
    },
    /// What was waited for did not come before the run was ended.
    Cancelled,
    /// The page cannot share memory between workers.
    NoThreads,
    /// A program wrote more than the page keeps.
    TooMuchOutput {
        /// How many pieces of output are kept.
        pieces: u32,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { message } => write!(f, "Panicked: {message}"),
            Self::Trapped { message } => write!(f, "Trapped: {message}"),
            Self::OutOfMemory { wanted } => {
                write!(
                    f,
                    "Out of memory: {:.1} MiB more were wanted than the instance may have",
                    *wanted as f64 / 1_048_576.0
                )
            }
            Self::TooDeep => write!(f, "Calls were nested deeper than the browser's stack goes"),
            Self::TooManyWorkers { most } => write!(f, "More than {most} threads and processes at a time"),
            Self::NotLoaded { message } if message.is_empty() => write!(f, "A worker did not load"),
            Self::NotLoaded { message } => write!(f, "A worker did not load: {message}"),
            Self::Vanished => write!(f, "The worker is gone"),
            Self::Download { file, status: 0 } => write!(f, "The download of {file} got no answer"),
            Self::Download { file, status } => write!(f, "The download of {file} failed with status {status}"),
            Self::WrongResult { message } => write!(f, "Wrong result: {message}"),
            Self::Cancelled => write!(f, "The run was ended while lanes still waited"),
            Self::TooMuchOutput { pieces } => write!(f, "More output than the page keeps: {pieces} pieces"),
            Self::NoThreads => write!(f, "Threads need a page that is cross-origin isolated"),
        }
    }
}

impl Failure {
    /// What to do about it, in a sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Panicked { .. } | Self::Trapped { .. } => {
                "The run was ended and its memory dropped; run again, or pick other values."
            }
            Self::OutOfMemory { .. } => "An instance may have 1 GiB: pick a smaller size.",
            Self::TooDeep => "Look for what calls itself without an end, then run again.",
            Self::TooManyWorkers { .. } => "Start fewer at a time, for example with a pool, then run again.",
            Self::NotLoaded { .. } => "Check the connection and press Run again.",
            Self::Vanished => {
                "The browser may have ended it for want of memory: close other tabs or use fewer workers, then run again."
            }
            Self::Download { .. } => "Check the connection or the host's files, then run again.",
            Self::WrongResult { .. } => "Please report it with this page's link.",
            Self::Cancelled => "Look on the timeline who waits for whom.",
            Self::TooMuchOutput { .. } => "Print less, or put what belongs together into one line.",
            Self::NoThreads => "Pick another model, or open the page isolated.",
        }
    }
}

impl std::error::Error for Failure {}
