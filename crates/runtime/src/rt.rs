//! The untyped core of the primitives, which a front end binds to: what is locked, queued or awaited is its business.
//!
//! Rules and errors are those of Python's `threading` and `queue`. The facade in [`crate::sync`] puts types on top, for
//! programs in Rust.

mod end;
mod error;
pub mod gil;
mod lock;
mod monitor;
mod object;
pub mod schedule;
mod site;
mod waiter;

pub use end::End;
pub use error::SyncError;
pub use lock::{Lock, RLock};
pub use monitor::{Access, Monitor, Unmet, Wait, checkpoint, sleep};
pub use object::Object;
pub use site::Site;
pub use waiter::{allow_waits, cancel_waits};
