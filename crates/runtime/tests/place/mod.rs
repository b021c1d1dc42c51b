//! Where a test runs: natively on a thread of its own, in a browser in the worker that the page created for it.

#![allow(dead_code, unused_imports, reason = "each test file uses its part")]

use std::future::Future;

#[cfg(not(target_arch = "wasm32"))]
pub use interleave_runtime::sys::block_on;

/// Runs `body` on a thread that has no lane.
#[cfg(not(target_arch = "wasm32"))]
pub fn on_a_thread<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(body).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

/// The worker has one, by which it tells of a panic, and no ring of its own while a rule is looked at.
#[cfg(target_arch = "wasm32")]
pub fn on_a_thread<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    let lane = interleave_trace::here();
    let result = body();
    interleave_trace::set_current_lane(lane);
    result
}

/// Runs `future` to its end before the test comes to its own.
#[cfg(not(target_arch = "wasm32"))]
pub fn to_its_end(future: impl Future<Output = ()> + 'static) {
    block_on(future);
}

/// As natively, and so it has to be the last that the test does.
#[cfg(target_arch = "wasm32")]
pub fn to_its_end(future: impl Future<Output = ()> + 'static) {
    crate::await_later(future);
}

/// What awaits nothing is done at once; a worker cannot block on anything else.
#[cfg(target_arch = "wasm32")]
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let Some(result) = futures_util::FutureExt::now_or_never(future) else { panic!("a worker would block for ever") };
    result
}

/// The calling process is the first of a run, which shares a memory with those that it starts.
#[cfg(not(target_arch = "wasm32"))]
pub fn begin_run() {
    interleave_runtime::segment::Segment::new().install();
}

/// It is, since the page began the run.
#[cfg(target_arch = "wasm32")]
pub fn begin_run() {}
