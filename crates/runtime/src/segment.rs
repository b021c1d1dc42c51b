//! The segment: one memory that all processes of a run see, beside their own, and the untyped core of the primitives
//! that live in it.
//!
//! ```text
//!  instance 1            instance 2                    the segment
//!  [own memory]          [own memory]         [head | free | waiters | blocks ... ]
//!       |                     |                   ^
//!       +-- Atomics, copies --+-------------------+
//! ```
//! A WebAssembly instance has one memory, so what is in the segment cannot be pointed at: it is read and written by
//! address, as a handle says that can be sent as bytes. The page makes the segment where it may share memory; where
//! there is none, everything here says so. What is made in it lives as long as the run unless it says otherwise.
//!
//! Rules and errors are those of Python's `multiprocessing`; the facade in [`crate::processes`] puts types on top.

#![allow(clippy::missing_const_for_thread_local, reason = "the model checker's thread_local! knows no const")]

mod allocator;
pub mod block;
mod error;
mod monitor;
pub mod names;
mod process;
mod turns;
mod waiters;
mod waiting;

pub mod barrier;
pub mod condition;
pub mod event;
pub mod pipe;
pub mod queue;
pub mod semaphore;

use std::cell::RefCell;

use interleave_trace::segment::head;

use crate::sys::memory::Memory;
use crate::sys::sync::thread_local;

pub use error::ProcessError;
pub use monitor::{Access, Door, Monitor};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use process::Ending;
pub(crate) use process::{Entry, ProcessBlock, children, end_children, parent};
pub use process::{ExitCode, dismiss_workers, exit_now, is_child, keep_workers, renew, run_child};
pub use waiting::{Source, wait_for_any};

/// Addresses of words in the head that only this crate knows.
mod word {
    /// Where memory begins that nobody ever had.
    pub const BREAK: u32 = 0;
    /// The allocator's lock.
    pub const ALLOCATOR: u32 = 4;
    /// Whether all waits are to end.
    pub const CANCELLED: u32 = 8;
    /// Until which end of a process was cleared up after.
    pub const CLEARED: u32 = 12;
    /// The lock of what follows.
    pub const REGISTRY: u32 = 20;
    /// The first of the list of processes.
    pub const PROCESSES: u32 = 24;
    /// How many processes there were.
    pub const PROCESS_COUNT: u32 = 28;
    /// The first of the list of names.
    pub const NAMES: u32 = 32;
    /// How many names were made up.
    pub const NAME_COUNT: u32 = 36;
    /// The table of a seeded schedule, and its lock.
    pub const TURNS: u32 = 40;
    pub const TURNS_LOCK: u32 = 44;
    /// Whether the worker of a process that is over waits for the next process.
    pub const KEEPS: u32 = 48;
    /// The first of the list of processes whose workers do.
    pub const SPARES: u32 = 52;
    /// Whether a process was ended from outside.
    pub const FORCED: u32 = 56;
    /// Whether there were once as many processes as there may be.
    pub const CROWDED: u32 = 60;
    /// The first of the lists of free blocks, one for each size.
    pub const FREE: u32 = 128;
}

thread_local! {
    static CURRENT: RefCell<Option<Segment>> = RefCell::new(None);
}

/// A way to the memory; a clone is the same memory.
#[derive(Clone)]
pub struct Segment {
    memory: Memory,
}

impl Segment {
    /// A new one, for a run that is native.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new() -> Self {
        Self::with_size(crate::sys::memory::SIZE)
    }

    /// A new one of so many bytes.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn with_size(bytes: u32) -> Self {
        let segment = Self { memory: Memory::new(bytes) };
        segment.prepare();
        segment
    }

    /// The one in a buffer that the page made.
    #[cfg(target_arch = "wasm32")]
    pub fn over(buffer: &wasm_bindgen::JsValue) -> Self {
        Self { memory: Memory::over(buffer) }
    }

    /// What is to be done once, by the first who has it.
    pub fn prepare(&self) {
        self.memory.store(word::BREAK, allocator::FIRST);
    }

    /// The calling thread uses it from now on.
    pub fn install(self) {
        CURRENT.with(|current| *current.borrow_mut() = Some(self));
    }

    /// The calling thread uses none any more.
    pub(crate) fn put_away() {
        CURRENT.with(|current| current.borrow_mut().take());
    }

    /// The one that the calling thread uses.
    pub fn current() -> Option<Self> {
        // A thread that is just ending has none any more.
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// The one that the calling thread uses, or the reason why `what` cannot be had.
    pub fn needed_for(what: &'static str) -> Result<Self, ProcessError> {
        Self::current().ok_or(ProcessError::NotShared { what })
    }

    /// How often a process of the run has ended.
    fn ends(&self) -> u32 {
        self.memory.load(head::ENDS)
    }

    /// Ends all waits in it, those under way and those to come.
    pub fn cancel_waits(&self) {
        self.memory.store(word::CANCELLED, 1);
        self.disturb_all();
    }

    fn is_cancelled(&self) -> bool {
        self.memory.load(word::CANCELLED) != 0
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Default for Segment {
    fn default() -> Self {
        Self::new()
    }
}
