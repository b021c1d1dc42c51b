//! The primitives as a Rust program reads them: with types, guards, names, and the program's own lines as call sites.
//!
//! Everything that can wait gives a [`Result`], so `?` carries the end of a run out of a program that is blocked. What a
//! program says to its threads and what they say to each other is in [`crate::rt`].

mod barrier;
mod condition;
mod event;
mod lock;
mod pool;
mod queue;
mod racy;
mod semaphore;
pub mod thread;
mod timer;

pub use crate::rt::{Local, ReturnWhen, SyncError};
pub use barrier::Barrier;
pub use condition::Condition;
pub use event::Event;
pub use lock::{Held, Lock, Lockable, Mutex, MutexGuard, RLock};
pub use pool::{Future, Map, ThreadPool, as_completed, wait_for};
pub use queue::{LifoQueue, PriorityQueue, Queue, SimpleQueue};
pub use racy::{Racy, Word};
pub use semaphore::{Permit, Semaphore};
pub use timer::Timer;

/// What an operation on a primitive gives.
pub type Result<T> = std::result::Result<T, SyncError>;

use crate::span;
use interleave_trace::Level;

/// A guard that cannot give back what it stands for has no one to tell but the log.
fn said(released: Result<()>) {
    if let Err(error) = released {
        span::note(Level::Error, &error.to_string());
    }
}
