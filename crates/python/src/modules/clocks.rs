//! Clocks and sleeping: on the run's clock, which stands still between the steps of a seeded schedule.

pub(crate) use module::module_def;

#[vm::pymodule(name = "_interleave_clocks")]
mod module {
    use std::time::Duration;

    use interleave_runtime::rt;
    use interleave_runtime::span::Title;
    use interleave_trace::clock;
    use vm::function::Either;
    use vm::{PyResult, VirtualMachine};

    use crate::modules::refused;

    /// The clock of this program, in nanoseconds since the run began.
    #[pyfunction]
    fn monotonic_ns() -> u64 {
        clock::now().0
    }

    /// Nanoseconds since the Unix epoch.
    #[pyfunction]
    fn time_ns() -> u64 {
        (clock::origin() * 1e6) as u64 + clock::now().0
    }

    #[pyfunction]
    fn monotonic() -> f64 {
        clock::now().0 as f64 / 1e9
    }

    #[pyfunction]
    fn time() -> f64 {
        clock::origin() / 1e3 + clock::now().0 as f64 / 1e9
    }

    #[pyfunction]
    fn sleep(seconds: Either<f64, i64>, vm: &VirtualMachine) -> PyResult<()> {
        let seconds = match seconds {
            Either::A(seconds) => seconds,
            Either::B(seconds) => seconds as f64,
        };
        if seconds.is_nan() {
            return Err(vm.new_value_error("Invalid value NaN (not a number)"));
        }
        if seconds < 0.0 {
            return Err(vm.new_value_error("sleep length must be non-negative"));
        }
        let duration = Duration::try_from_secs_f64(seconds)
            .map_err(|_| vm.new_overflow_error("timestamp too large to convert to C PyTime_t"))?;
        let title = Title::new("sleep");
        vm.allow_threads(|| rt::sleep(duration, title)).map_err(|unmet| refused(unmet.into(), vm))
    }
}
