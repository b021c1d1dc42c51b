//! What Python's `multiprocessing` has, for programs in Rust: processes that share nothing but what is asked for.
//!
//! ```text
//!  let queue = Queue::new(Title::new("results"), 0)?;
//!  let worker = Process::new(Title::new("worker"), work, (queue, 21)).start()?;
//!  let answer = queue.get()?;
//!  worker.join()?;
//! ```
//! Whatever two processes both use is made before and given to the process as an argument, or sent: all of it is plain
//! data that stands for a place in the [`crate::segment`]. What blocks needs that segment, and says so where there is
//! none; [`messages`] is what works without.

mod connection;
mod locks;
mod manager;
pub mod messages;
mod pool;
mod process;
mod queues;
mod values;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::segment::ProcessError;
pub use connection::{Connection, Waitable, both_ways, one_way, wait};
pub use locks::{Barrier, BoundedSemaphore, Condition, Event, Guard, Lock, RLock, Semaphore};
pub use manager::{DictProxy, EventProxy, ListProxy, LockProxy, Manager, NamespaceProxy, QueueProxy, ValueProxy};
pub use pool::{Later, Options, Pool, Results};
pub use process::{
    Exit, ExitCode, Process, Started, active_children, end_children, exit_now, is_child, parent_sentinel,
};
pub use queues::{JoinableQueue, Queue, SimpleQueue};
pub use values::{Array, RawArray, RawValue, Scalar, SharedMemory, Value};

/// As bytes that another process can read.
pub fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, ProcessError> {
    postcard::to_allocvec(value).map_err(|_| ProcessError::Unreadable)
}

/// From bytes that another process made.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProcessError> {
    postcard::from_bytes(bytes).map_err(|_| ProcessError::Unreadable)
}
