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
    #[cfg(not(feature = "model"))]
    use std::time::Duration;

    #[cfg(not(feature = "model"))]
    pub use std::sync::atomic::{AtomicBool, AtomicU64};
    #[cfg(not(feature = "model"))]
    pub use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
    #[cfg(not(feature = "model"))]
    pub use std::thread_local;

    #[cfg(feature = "model")]
    pub use shuttle::sync::atomic::{AtomicBool, AtomicU64};
    #[cfg(feature = "model")]
    pub use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};
    #[cfg(feature = "model")]
    pub use shuttle::thread_local;
    #[cfg(feature = "model")]
    pub use std::sync::PoisonError;

    /// The lane that runs, and that of the thread itself, which may poll a task.
    #[cfg(not(feature = "model"))]
    pub use interleave_trace::{here, thread};

    /// The lane of the calling thread, of which the model knows only a number.
    #[cfg(feature = "model")]
    pub fn here() -> interleave_trace::LaneId {
        let number: usize = shuttle::thread::current().id().into();
        interleave_trace::LaneId::new(interleave_trace::InstanceId(1), number as u32)
    }

    #[cfg(feature = "model")]
    pub use here as thread;

    /// Waits until notified, or gives `None` once the run's clock reads `ns`.
    #[cfg(not(feature = "model"))]
    pub fn wait_until<'a, T>(
        condvar: &Condvar,
        _mutex: &'a Mutex<T>,
        guard: MutexGuard<'a, T>,
        ns: u64,
    ) -> Option<MutexGuard<'a, T>> {
        let left = ns.saturating_sub(interleave_trace::clock::now().0);
        let wait = || condvar.wait_timeout(guard, Duration::from_nanos(left)).unwrap_or_else(PoisonError::into_inner).0;
        (left > 0).then(wait)
    }

    /// Whether the end of a wait has come: a coin says so.
    #[cfg(feature = "model")]
    pub fn is_time_up() -> bool {
        use shuttle::rand::Rng;
        shuttle::rand::thread_rng().gen_bool(0.25)
    }

    /// In the model no time passes, so the end of a wait may come at any step: whenever the lane looks, a coin is
    /// thrown. It looks on until then, since a model's wait for a notification has no end.
    #[cfg(feature = "model")]
    pub fn wait_until<'a, T>(
        _condvar: &Condvar,
        mutex: &'a Mutex<T>,
        guard: MutexGuard<'a, T>,
        _ns: u64,
    ) -> Option<MutexGuard<'a, T>> {
        drop(guard);
        if is_time_up() {
            return None;
        }
        shuttle::thread::yield_now();
        Some(mutex.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The words and bytes of the memory that all instances of a run see.
#[cfg(not(target_arch = "wasm32"))]
#[path = "sys/memory_native.rs"]
pub(crate) mod memory;
#[cfg(target_arch = "wasm32")]
#[path = "sys/memory_web.rs"]
pub(crate) mod memory;

pub(crate) use interleave_trace::flush;
