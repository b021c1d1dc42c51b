//! An interpreter, and a program from its first line to the exit code.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use interleave_runtime::multiprocessing::{self, ExitCode};
use interleave_runtime::rt::{gil, schedule};
use interleave_runtime::segment::Segment;
use interleave_runtime::span::{self, Title};
use vm::builtins::{PyBaseExceptionRef, PyTuple};
use vm::compiler::Mode;
use vm::frozen::FrozenLib;
use vm::vm::thread;
use vm::{AsObject, Interpreter, PyObjectRef, PyResult, Settings, VirtualMachine};

use crate::{errors, modules, names};

/// The standard library and our additions, as the build froze them.
static LIBRARY: &FrozenLib = FrozenLib::from_ref(include_bytes!(concat!(env!("OUT_DIR"), "/library.bin")));

/// Native modules of RustPython that are not used: they wait on locks of their own, or look at the operating system's
/// clock, or do by themselves what is to be seen. What imports them has a way without.
const LEFT_OUT: [&str; 6] = ["_asyncio", "_datetime", "_multiprocessing", "_queue", "_remote_debugging", "_socket"];

/// Exit codes as a shell knows them.
const KEYBOARD_INTERRUPT: u32 = 130;

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it is called in tracebacks and as `__file__`.
    pub file: String,
    /// Its text.
    pub source: String,
}

/// How threads take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Turns {
    /// They do not: all run at once, as in CPython's free-threaded build.
    Free,
    /// One runs at a time and is asked to let go after so long, as in CPython's classic build.
    Gil(Duration),
    /// As a seeded schedule says, which is begun and ended by whoever runs the program. Where it may switch, within the
    /// program's own code, is where threads with a GIL may, or else anywhere.
    Scheduled {
        /// Whether the threads share a GIL.
        gil: bool,
    },
}

/// What a thread does that has to wait for one of RustPython's own locks: it leaves the interpreter, in case somebody
/// wants to stop all threads, and lets others have the GIL.
fn wait_for_inner_lock(wait: &dyn Fn()) {
    gil::without(|| match thread::current_vm_is_set() {
        true => thread::with_current_vm(|vm| vm.allow_threads(wait)),
        false => wait(),
    });
}

/// A new interpreter, on the calling lane.
pub fn build() -> Interpreter {
    // The first to say so counts, and RustPython says so itself while it builds.
    vm::common::lock::set_blocking_wait_hook(wait_for_inner_lock);
    // A run is to be repeatable, so sets have the same order in every one.
    let mut settings = Settings::default();
    settings.hash_seed = Some(0);
    settings.import_site = false;
    let builder = Interpreter::builder(settings);
    let ctx = builder.ctx.clone();
    let mut definitions = rustpython_stdlib::stdlib_module_defs(&ctx);
    definitions.retain(|definition| !LEFT_OUT.contains(&definition.name.as_str()));
    definitions.extend(modules::definitions(&ctx));
    builder
        .add_native_modules(&definitions)
        .add_frozen_modules(LIBRARY)
        // A collection looks at the operating system's clock, of which the browser's build has none.
        .init_hook(|vm| vm.state.gc.disable())
        .build()
}

thread_local! {
    /// An interpreter that is ready to run a program.
    static READY: RefCell<Option<Interpreter>> = const { RefCell::new(None) };
    /// Whether it has imported what most programs need.
    static HAS_COMMON: Cell<bool> = const { Cell::new(false) };
}

/// How many bytes are free in a memory in which an interpreter was prepared.
const ROOM_TO_LOOK: usize = 2 << 20;

/// Makes an interpreter ready, unless one is.
pub fn start() -> Result<(), String> {
    if READY.with_borrow(Option::is_none) {
        let interpreter = build();
        furnish(&interpreter)?;
        READY.set(Some(interpreter));
    }
    Ok(())
}

/// Makes an interpreter ready that has imported what most programs need, unless one is. A copy of this memory runs a
/// program without doing so again, once [`awake`] was called there.
pub fn prepare() -> Result<(), String> {
    if HAS_COMMON.get() {
        return Ok(());
    }
    start()?;
    READY.with_borrow(|ready| ready.as_ref().map_or(Ok(()), |interpreter| call_boot(interpreter, "import_common")))?;
    // What looking at a program imports, and the memory that it takes for all but long ones.
    check("");
    drop(std::hint::black_box(Vec::<u8>::with_capacity(ROOM_TO_LOOK)));
    HAS_COMMON.set(true);
    Ok(())
}

/// Where an interpreter was made ready before the run, in this memory or in one that this is a copy of: makes what it must
/// not have in common with other copies. The calling lane is its main thread.
pub fn awake() -> Result<(), String> {
    READY.with_borrow(|ready| {
        let Some(interpreter) = ready else { return Ok(()) };
        modules::threads::this_is_the_main_thread();
        // What seeds Python's generators would say the same in every copy.
        rand::rng().reseed().map_err(|error| error.to_string())?;
        call_boot(interpreter, "awake")
    })
}

/// The interpreter that is ready, or else a new one.
pub fn ready() -> Result<Interpreter, String> {
    start()?;
    READY.take().ok_or_else(|| "an interpreter that was ready is gone".to_owned())
}

/// Where a program breaks Python's rules of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line and the column at which it begins, the first being 1. Columns count characters.
    pub from: (u32, u32),
    /// Where it ends.
    pub to: (u32, u32),
    /// What is wrong.
    pub message: String,
}

/// Looks for the first error in the text of a program, in the interpreter that is ready.
pub fn check(source: &str) -> Option<SyntaxError> {
    READY.with_borrow(|ready| {
        ready.as_ref()?.enter(|vm| {
            let boot = vm.import("_interleave_boot", 0).ok()?;
            let found = vm.call_method(&boot, "check", (source,)).ok()?;
            let found = found.downcast_ref::<PyTuple>()?;
            let [line, column, last_line, last_column, message] = found.as_slice() else { return None };
            let number = |it: &PyObjectRef| it.try_to_value(vm).ok();
            Some(SyntaxError {
                from: (number(line)?, number(column)?),
                to: (number(last_line)?, number(last_column)?),
                message: message.str(vm).ok()?.to_string(),
            })
        })
    })
}

fn call_boot(interpreter: &Interpreter, function: &'static str) -> Result<(), String> {
    interpreter.enter(|vm| {
        let boot = vm.import("_interleave_boot", 0);
        let called = boot.and_then(|boot| vm.call_method(&boot, function, ()).map(drop));
        called.map_err(|exception| told(&exception, vm))
    })
}

/// Puts what is ours into a new interpreter. Once.
pub fn furnish(interpreter: &Interpreter) -> Result<(), String> {
    interpreter.enter(|vm| {
        modules::threads::this_is_the_main_thread();
        errors::know_numbers(vm);
        vm.import("_interleave_boot", 0).map(drop).map_err(|exception| told(&exception, vm))
    })
}

/// Runs a program to its end, with all that `atexit` was given and all threads but daemons. Gives its exit code.
pub fn execute(interpreter: &Interpreter, program: &Program, turns: Turns) -> u32 {
    names::forget();
    if let Turns::Gil(interval) = turns {
        gil::enable(interval);
    }
    let code = interpreter.enter(|vm| {
        let result = watch(turns, vm).and_then(|()| run(program, vm));
        finish(result.err(), vm)
    });
    multiprocessing::end_children();
    if let Turns::Gil(_) = turns {
        gil::disable();
    }
    modules::threads::stop();
    if let Some(segment) = Segment::current() {
        segment.cancel_waits();
    }
    code
}

/// Whether a schedule may switch anywhere.
static EVERYWHERE: AtomicBool = AtomicBool::new(false);

/// How the threads of this process take turns: what a process that it starts is told.
pub(crate) fn own_turns() -> Turns {
    match schedule::is_on() {
        true => Turns::Scheduled { gil: !EVERYWHERE.load(Ordering::Relaxed) },
        false if gil::is_enabled() => Turns::Gil(gil::interval()),
        false => Turns::Free,
    }
}

/// In a process that another started: an interpreter, and what it was sent to run.
pub(crate) fn run_child(turns: Turns, data: &[u8]) -> ExitCode {
    let interpreter = match ready() {
        Ok(interpreter) => interpreter,
        Err(told) => {
            span::failed(&told);
            return ExitCode::PANICKED;
        }
    };
    span::running(Title::new("MainThread"));
    // Natively that is one instance with its parent, whose GIL this thread takes no part in.
    #[cfg(target_arch = "wasm32")]
    if let Turns::Gil(interval) = turns {
        gil::enable(interval);
    }
    let code = interpreter.enter(|vm| {
        let result = watch(turns, vm).and_then(|()| {
            let boot = vm.import("_interleave_boot", 0)?;
            vm.call_method(&boot, "run_child", (vm.ctx.new_bytes(data.to_vec()),)).map(drop)
        });
        finish(result.err(), vm)
    });
    // Threads may still be in it.
    std::mem::forget(interpreter);
    // An exit code has eight bits.
    ExitCode((code & 0xff) as i32)
}

/// Where turns are given at checkpoints, those are watched from the start, so that what a program does before its first
/// thread is paid for like the rest.
fn watch(turns: Turns, vm: &VirtualMachine) -> PyResult<()> {
    let everywhere = turns == Turns::Scheduled { gil: false };
    EVERYWHERE.store(everywhere, Ordering::Relaxed);
    match turns {
        Turns::Free => Ok(()),
        Turns::Gil(_) | Turns::Scheduled { .. } => {
            modules::threads::watch(vm);
            let boot = vm.import("_interleave_boot", 0)?;
            vm.call_method(&boot, "watch_checkpoints", (everywhere,)).map(drop)
        }
    }
}

fn run(program: &Program, vm: &VirtualMachine) -> PyResult<()> {
    let scope = vm.new_scope_with_main()?;
    let file = vm.ctx.new_str(program.file.as_str());
    scope.globals.set_item("__file__", file.clone().into(), vm)?;
    vm.sys_module.set_attr("argv", vm.ctx.new_list(vec![file.into()]), vm)?;
    let boot = vm.import("_interleave_boot", 0)?;
    vm.call_method(&boot, "begin_program", (program.file.as_str(), program.source.as_str()))?;
    let code = vm
        .compile(&program.source, Mode::Exec, &program.file)
        .map_err(|error| error.into_pyexception(vm, Some(&program.source)))?;
    vm.run_code_obj(code, scope).map(drop)
}

/// What CPython does between the last line of a program and its exit.
fn finish(exception: Option<PyBaseExceptionRef>, vm: &VirtualMachine) -> u32 {
    let code = match exception {
        None => 0,
        // RustPython would send itself a signal for this one.
        Some(exception) if exception.fast_isinstance(vm.ctx.exceptions.keyboard_interrupt) => {
            vm.print_exception(&exception);
            KEYBOARD_INTERRUPT
        }
        Some(exception) => vm.handle_exit_exception(exception),
    };
    // As when a signal ends a program: nothing that it registered is called any more (atexit).
    if modules::threads::is_stopping() {
        return code;
    }
    let modules = vm.sys_module.get_attr("modules", vm);
    if let Ok(threading) = modules.and_then(|modules| modules.get_item("threading", vm))
        && let Err(exception) = vm.call_method(&threading, "_shutdown", ())
        && !exception.fast_isinstance(vm.ctx.exceptions.system_exit)
    {
        vm.run_unraisable(exception, Some("Exception ignored in threading shutdown".to_owned()), threading);
    }
    vm::stdlib::atexit::_run_exitfuncs(vm);
    code
}

/// An exception as text, for when there is no `sys.stderr` to print it to.
fn told(exception: &PyBaseExceptionRef, vm: &VirtualMachine) -> String {
    let mut text = String::new();
    match vm.write_exception(&mut text, exception) {
        Ok(()) => text,
        Err(_) => format!("{exception:?}"),
    }
}
