//! The native modules that stand in for RustPython's own, each under a name of its own; what in `lib/` imports them puts
//! their contents where programs look.

pub mod clocks;
pub mod files;
pub mod locks;
pub mod processes;
pub mod queues;
pub mod site;
pub mod streams;
pub mod tasks;
pub mod threads;

use std::time::Duration;

use interleave_runtime::rt::{SyncError, Wait};
use vm::builtins::{PyBaseExceptionRef, PyModuleDef};
use vm::function::TimeoutSeconds;
use vm::{AsObject, Context, PyObjectRef, PyResult, TryFromObject, VirtualMachine};

use crate::place;

/// All of them.
pub fn definitions(ctx: &Context) -> Vec<&'static PyModuleDef> {
    vec![
        clocks::module_def(ctx),
        files::module_def(ctx),
        locks::module_def(ctx),
        processes::module_def(ctx),
        queues::module_def(ctx),
        site::module_def(ctx),
        streams::module_def(ctx),
        tasks::module_def(ctx),
        threads::module_def(ctx),
    ]
}

/// The longest time that can be waited for: `threading.TIMEOUT_MAX`.
const TIMEOUT_MAX: f64 = (i64::MAX / 1_000_000_000) as f64;

/// The exception of an operation that a primitive refused, where Python has no other for it.
pub(crate) fn refused(error: SyncError, vm: &VirtualMachine) -> PyBaseExceptionRef {
    match error {
        // Nobody can do anything about the end of a run: every thread leaves as by `sys.exit`.
        SyncError::Cancelled => vm.new_system_exit(vec![].into()),
        other => vm.new_runtime_error(other.to_string()),
    }
}

/// For as long as is said in seconds; less than nothing is nothing.
pub(crate) fn wait_of_seconds(seconds: Option<f64>, vm: &VirtualMachine) -> PyResult<Wait> {
    let timeout = match seconds {
        None => None,
        Some(seconds) if seconds > TIMEOUT_MAX => return Err(vm.new_overflow_error("timeout value is too large")),
        Some(seconds) => Some(Duration::from_secs_f64(seconds.max(0.0))),
    };
    Ok(Wait { site: place::site(), timeout })
}

/// As [`wait_of_seconds`], of an argument that may be missing or `None`.
pub(crate) fn wait_of(timeout: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Wait> {
    wait_of_seconds(seconds(timeout, vm)?, vm)
}

pub(crate) fn seconds(timeout: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Option<f64>> {
    let timeout = timeout.filter(|timeout| !vm.is_none(timeout));
    timeout.map(|timeout| TimeoutSeconds::try_from_object(vm, timeout).map(TimeoutSeconds::to_secs_f64)).transpose()
}

/// Raises the exception that the Python module `module` has under this name.
pub(crate) fn exception_of(module: &'static str, name: &'static str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    match vm.try_class(module, name) {
        Ok(class) => vm.new_exception_empty(class),
        Err(error) => error,
    }
}

/// How Python shows an object that has no better text.
pub(crate) fn shown(state: &str, object: &vm::PyObject) -> String {
    format!("<{state} {} object at {:#x}>", object.class().name(), object.get_id())
}
