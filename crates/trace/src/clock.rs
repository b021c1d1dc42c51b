//! One clock for every instance and thread of a run: nanoseconds since the run's origin.
//!
//! A worker's `performance.now()` starts at its own creation, so times of two workers compare only
//! through `performance.timeOrigin` (High Resolution Time, W3C). Each thread computes the distance
//! between its own time origin and the run's once and then pays for one `now()` an event.

use std::sync::atomic::{AtomicU64, Ordering};

/// Nanoseconds since the run's origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeNs(pub u64);

impl TimeNs {
    /// In milliseconds, for people.
    pub fn as_ms(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The distance from an earlier time; zero if that was not earlier.
    pub fn since(self, earlier: TimeNs) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Milliseconds since the Unix epoch at which the run's clock reads zero, as bits of an `f64`.
static ORIGIN: AtomicU64 = AtomicU64::new(0);

/// Sets the instant at which the run's clock reads zero, in milliseconds since the Unix epoch. Called
/// once in each instance, before anything is recorded there.
pub fn set_origin(epoch_ms: f64) {
    ORIGIN.store(epoch_ms.to_bits(), Ordering::Release);
    platform::forget_offset();
}

/// The instant at which the run's clock reads zero, in milliseconds since the Unix epoch.
pub fn origin() -> f64 {
    f64::from_bits(ORIGIN.load(Ordering::Acquire))
}

/// How much the clock advances at each look at it while it counts steps, in nanoseconds.
pub const STEP_NS: u64 = 1_000;

/// The present while the clock counts steps, or zero while it runs.
static STEPS: AtomicU64 = AtomicU64::new(0);

/// The present on the run's clock.
#[inline]
pub fn now() -> TimeNs {
    match STEPS.load(Ordering::Relaxed) {
        0 => TimeNs(platform::ns_since_origin()),
        _ => TimeNs(STEPS.fetch_add(STEP_NS, Ordering::Relaxed)),
    }
}

/// From now on the clock advances by [`STEP_NS`] whenever somebody looks at it and not in between, or it runs again. So
/// a run whose lanes take turns has the same times whenever it is repeated.
pub fn count_steps(on: bool) {
    STEPS.store(if on { platform::ns_since_origin().max(1) } else { 0 }, Ordering::SeqCst);
}

/// What a clock that counts steps reads, without counting this look; 0 while it runs.
pub fn steps() -> u64 {
    STEPS.load(Ordering::Relaxed)
}

/// From now on the clock counts steps, from this time on. Instances that take turns each have a clock, and whoever has
/// the turn goes on where the last one was.
pub fn count_on_from(ns: u64) {
    STEPS.store(ns.max(1), Ordering::SeqCst);
}

/// Sets a clock that counts steps to a later time.
pub fn jump_to(ns: u64) {
    if STEPS.load(Ordering::Relaxed) != 0 {
        STEPS.fetch_max(ns, Ordering::Relaxed);
    }
}

/// The present, in milliseconds since the Unix epoch: what a run's origin is made of.
pub fn epoch_ms() -> f64 {
    platform::epoch_ms()
}

#[cfg(target_arch = "wasm32")]
mod platform {
    use std::cell::Cell;
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(module = "/src/clock.js")]
    extern "C" {
        #[wasm_bindgen(js_name = now)]
        fn performance_now() -> f64;
        #[wasm_bindgen(js_name = origin)]
        fn time_origin() -> f64;
    }

    thread_local! {
        /// This thread's time origin minus the run's, in milliseconds; NaN until asked for.
        static OFFSET_MS: Cell<f64> = const { Cell::new(f64::NAN) };
    }

    pub fn forget_offset() {
        OFFSET_MS.set(f64::NAN);
    }

    #[inline]
    pub fn ns_since_origin() -> u64 {
        let mut offset = OFFSET_MS.get();
        if offset.is_nan() {
            offset = time_origin() - super::origin();
            OFFSET_MS.set(offset);
        }
        ((performance_now() + offset) * 1e6) as u64
    }

    pub fn epoch_ms() -> f64 {
        time_origin() + performance_now()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod platform {
    use std::sync::OnceLock;
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    /// The epoch time and the monotonic instant of the process's first question.
    fn anchor() -> (f64, Instant) {
        static ANCHOR: OnceLock<(f64, Instant)> = OnceLock::new();
        *ANCHOR.get_or_init(|| {
            let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            (epoch.as_secs_f64() * 1e3, Instant::now())
        })
    }

    pub fn forget_offset() {}

    #[inline]
    pub fn ns_since_origin() -> u64 {
        let (epoch, start) = anchor();
        let origin = super::origin();
        let before = if origin == 0.0 { 0.0 } else { (epoch - origin) * 1e6 };
        (start.elapsed().as_nanos() as f64 + before) as u64
    }

    pub fn epoch_ms() -> f64 {
        let (epoch, start) = anchor();
        epoch + start.elapsed().as_secs_f64() * 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_counts_from_the_origin_and_never_runs_back() {
        set_origin(epoch_ms());
        let first = now();
        let second = now();
        assert!(first <= second);
        assert!(second.as_ms() < 60_000.0, "{second:?}");
    }
}
