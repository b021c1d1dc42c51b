//! Lets `OSError(number, text)` be of the class that Python has for the number.
//!
//! RustPython knows those classes by the operating system that it is built for, and a browser is none. What is replaced is how
//! `OSError` itself makes an instance. A class below it inherits that by copying; RustPython compares the copy with its own
//! function to see whether such a class has an `__init__` of its own, so there its own is put back before anything looks.

use std::sync::OnceLock;

use rustpython_vm::builtins::{PyInt, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

type Make = fn(PyTypeRef, FuncArgs, &VirtualMachine) -> PyResult;

/// RustPython's own way to make an `OSError`.
static PYTHONS: OnceLock<Option<Make>> = OnceLock::new();

/// From now on `OSError` knows Linux's numbers, which `errno` has here.
pub(crate) fn know_numbers(vm: &VirtualMachine) {
    let slot = &vm.ctx.exceptions.os_error.slots.new;
    PYTHONS.get_or_init(|| slot.load());
    slot.store(Some(make));
}

fn make(class: PyTypeRef, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let Some(pythons) = PYTHONS.get().copied().flatten() else {
        return Err(vm.new_system_error("OSError has no way to be made"));
    };
    if class.is(vm.ctx.exceptions.os_error) {
        let known = class_of_arguments(&arguments, vm).map_or(class, |known| known.to_owned());
        return pythons(known, arguments, vm);
    }
    if class.slots.new.load().is_some_and(|new| std::ptr::fn_addr_eq(new, make as Make)) {
        class.slots.new.store(Some(pythons));
    }
    pythons(class, arguments, vm)
}

/// A number and a text, at least, by the number.
fn class_of_arguments(arguments: &FuncArgs, vm: &VirtualMachine) -> Option<&'static Py<PyType>> {
    if !arguments.kwargs.is_empty() || !(2..=5).contains(&arguments.args.len()) {
        return None;
    }
    let number = arguments.args[0].downcast_ref::<PyInt>()?.try_to_primitive::<i32>(vm).ok()?;
    class_of(number, vm)
}

fn class_of(number: i32, vm: &VirtualMachine) -> Option<&'static Py<PyType>> {
    let classes = &vm.ctx.exceptions;
    Some(match number {
        // EPERM, EACCES
        1 | 13 => classes.permission_error,
        // ENOENT
        2 => classes.file_not_found_error,
        // ESRCH
        3 => classes.process_lookup_error,
        // EINTR
        4 => classes.interrupted_error,
        // ECHILD
        10 => classes.child_process_error,
        // EAGAIN, EALREADY, EINPROGRESS
        11 | 114 | 115 => classes.blocking_io_error,
        // EEXIST
        17 => classes.file_exists_error,
        // ENOTDIR
        20 => classes.not_a_directory_error,
        // EISDIR
        21 => classes.is_a_directory_error,
        // EPIPE, ESHUTDOWN
        32 | 108 => classes.broken_pipe_error,
        // ECONNABORTED
        103 => classes.connection_aborted_error,
        // ECONNRESET
        104 => classes.connection_reset_error,
        // ETIMEDOUT
        110 => classes.timeout_error,
        // ECONNREFUSED
        111 => classes.connection_refused_error,
        _ => return None,
    })
}
