//! The segment of a run: one memory that its processes share, beside their own. Here is what the page has to know of
//! it, since the page is who tells the others that a process is gone.
//!
//! ```text
//!  0          128             512                                33,280
//!  | head ... | free blocks   | waiters, 8 words each            | blocks ...
//! ```
//! All addresses are in bytes from the segment's beginning, all words are of 32 bits.

/// How large it is in a browser, in bytes. Memory that nobody touches costs nothing. One that grows would do as well,
/// but Chromium (156) takes four times as long for each atomic operation on it.
pub const SIZE: u32 = 256 << 20;

/// Addresses of words in the head.
pub mod head {
    /// How often a process has ended.
    pub const ENDS: u32 = 16;
}

/// The table of those who wait.
pub mod waiters {
    /// Where it begins.
    pub const FIRST: u32 = 512;
    /// How many there can be.
    pub const COUNT: u32 = 1024;
    /// The size of each, in bytes.
    pub const SIZE: u32 = 32;
    /// Within each: 1 while it is somebody's.
    pub const USED: u32 = 0;
    /// Within each: the address of the signal that it blocks at.
    pub const SIGNAL_AT: u32 = 4;
}

/// What a signal says.
pub mod signal {
    /// Nothing yet.
    pub const NONE: i32 = 0;
    /// Another lane made it able to go on.
    pub const WOKEN: i32 = 1;
    /// Something that is not in its queue has changed: a process has ended, or the run is to end.
    pub const LOOK_AGAIN: i32 = 2;
}

/// The block of a process.
pub mod process {
    /// One of [`status`](super::status).
    pub const STATUS: u32 = 0;
    /// How it ended: 0, its own number, or the negative number of a signal.
    pub const EXIT: u32 = 4;
    /// How many of its threads are where they must not be ended, and [`KILLED`].
    pub const CRITICAL: u32 = 8;
    /// The bit that keeps its threads from going there again.
    pub const KILLED: u32 = 1 << 31;
}

/// How far a process is.
pub mod status {
    /// It was asked for.
    pub const MADE: i32 = 0;
    /// Its code runs.
    pub const RUNNING: i32 = 1;
    /// Somebody is just saying how it ended.
    pub const ENDING: i32 = 2;
    /// How it ended is known.
    pub const ENDED: i32 = 3;
    /// A place that was an ended process's is being made another's: neither has it ended nor may it begin.
    pub const CLAIMED: i32 = 4;
}

/// How processes end that do not end by themselves: the negative numbers of POSIX's signals, as Python gives them.
pub mod exit {
    /// With a panic, as Python's do with an exception.
    pub const PANICKED: i32 = 1;
    /// By an instruction that no processor executes.
    pub const TRAPPED: i32 = -4;
    /// By force, or for want of memory.
    pub const KILLED: i32 = -9;
    /// On request.
    pub const TERMINATED: i32 = -15;
}
