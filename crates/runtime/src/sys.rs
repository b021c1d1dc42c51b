//! Where the runtime meets its platform. Both sides offer the same functions; nothing else in this crate knows
//! which one it runs on.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod web;

#[cfg(not(target_arch = "wasm32"))]
pub use native::*;
#[cfg(target_arch = "wasm32")]
pub use web::*;

/// What the primitives are built on: the standard library's, or shuttle's where a model checker runs every interleaving
/// that it can think of.
pub(crate) mod sync {
    use std::time::Duration;

    #[cfg(not(feature = "model"))]
    pub use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

    #[cfg(feature = "model")]
    pub use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};
    #[cfg(feature = "model")]
    pub use std::sync::PoisonError;

    /// The lane of the calling thread.
    #[cfg(not(feature = "model"))]
    pub use interleave_trace::here;

    /// The lane of the calling thread, of which the model knows only a number.
    #[cfg(feature = "model")]
    pub fn here() -> interleave_trace::LaneId {
        let number: usize = shuttle::thread::current().id().into();
        interleave_trace::LaneId::new(interleave_trace::InstanceId(1), number as u32)
    }

    /// Waits until notified, at most for `timeout`.
    #[cfg(not(feature = "model"))]
    pub fn wait_timeout<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>, timeout: Duration) -> MutexGuard<'a, T> {
        condvar.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner).0
    }

    /// In the model time does not pass: a wait with an end may end at once.
    #[cfg(feature = "model")]
    pub fn wait_timeout<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>, timeout: Duration) -> MutexGuard<'a, T> {
        condvar.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner).0
    }
}

pub(crate) use interleave_trace::flush;
