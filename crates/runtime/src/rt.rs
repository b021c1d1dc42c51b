//! The untyped core of the primitives, which a front end binds to: what is locked, queued or awaited is its business.
//!
//! Rules and errors are those of Python's `threading` and `queue`. The facade in [`crate::sync`] puts types on top, for
//! programs in Rust.

mod barrier;
mod condition;
mod end;
mod error;
mod event;
mod executor;
mod future;
pub mod gil;
mod local;
mod lock;
mod monitor;
mod object;
mod queue;
pub mod schedule;
mod semaphore;
mod site;
mod timer;
mod waiter;

pub use barrier::Barrier;
pub use condition::{Condition, Underlying};
pub use end::End;
pub use error::SyncError;
pub use event::Event;
pub use executor::Executor;
pub use future::{Completed, Future, ReturnWhen, Sorted, wait_for};
pub use local::Local;
pub(crate) use local::drop_values;
pub use lock::{Depth, Lock, RLock};
pub(crate) use monitor::pause;
pub use monitor::{Access, Monitor, Unmet, Wait, Want, checkpoint, sleep};
pub use object::Object;
pub use queue::{Fifo, Least, Lifo, Parcel, Queue, Shelf};
pub use semaphore::Semaphore;
pub use site::Site;
pub use timer::Timer;
pub use waiter::{allow_waits, cancel_waits, is_cancelled};
