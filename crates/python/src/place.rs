//! Where in the visitor's program a thread is: what is recorded of a wait, and what an object is called after.

use interleave_runtime::rt::Site;
use interleave_trace::{intern, is_recording};
use vm::bytecode::{Instruction, Opcode};
use vm::frame::InterpreterFrame;
use vm::vm::thread::get_current_frame;

/// What the names of files of the standard library begin with: it is frozen into the artifact.
const FROZEN: &str = "<frozen";

/// Who imports modules.
const IMPORT: &str = "<frozen importlib._bootstrap>";

/// What the library makes for itself, and nobody wants to see: Python calls it so.
const UNSEEN: [&str; 2] = ["_started", "_active_limbo_lock"];

/// The frames of the calling thread, the innermost first.
fn frames<'a>() -> impl Iterator<Item = &'a InterpreterFrame> {
    // SAFETY: the frames of the calling thread that lead to here stay where they are until they return, which is not
    // before the native function that asked.
    let innermost = unsafe { get_current_frame().as_ref() };
    // SAFETY: as above.
    std::iter::successors(innermost, |frame| unsafe { frame.previous().as_ref() })
}

fn is_library(frame: &InterpreterFrame) -> bool {
    frame.code().source_path().as_str().starts_with(FROZEN)
}

/// The line of the visitor's program that is being executed.
pub fn site() -> Site {
    if !is_recording() {
        return Site::NONE;
    }
    frames().find(|frame| !is_library(frame)).map_or(Site::NONE, |frame| {
        let code = frame.code();
        let line = match frame.get_lasti() as usize {
            0 => code.first_line_number.map_or(0, |line| line.get()),
            next => code.locations.get(next - 1).map_or(0, |(start, _)| start.line.get()),
        };
        Site::new(intern(code.source_path().as_str()), u32::try_from(line).unwrap_or(u32::MAX))
    })
}

/// How many dots there may be in `a.b.c = Lock()`.
const LONGEST_PATH: usize = 4;

fn is_load(operation: Opcode) -> bool {
    matches!(
        operation,
        Opcode::LoadFast
            | Opcode::LoadFastBorrow
            | Opcode::LoadFastCheck
            | Opcode::LoadName
            | Opcode::LoadGlobal
            | Opcode::LoadDeref
            | Opcode::LoadAttr
    )
}

/// What a frame does with the value of the call that it is in.
enum Next {
    Stores(&'static str),
    PassesOn,
    Other,
}

fn next_of(frame: &InterpreterFrame) -> Option<Next> {
    let code = frame.code();
    let instructions = &code.instructions;
    let watched = code.monitoring_data.lock();
    let at = |index: usize| {
        if index >= instructions.len() {
            return None;
        }
        // While every instruction is watched, another stands in its place.
        let here = instructions.read_op(index);
        let own = watched.as_ref().and_then(|watched| watched.per_instruction_opcodes.get(index));
        let op = own.filter(|op| **op != 0).map_or(Some(here), |op| Instruction::try_from(*op).ok());
        op.map(|op| op.as_opcode())
    };
    let next = frame.get_lasti() as usize;
    // Behind an instruction may lie what the interpreter remembers of it.
    let first = next + at(next.checked_sub(1)?)?.cache_entries();
    let mut store = first;
    let mut operation = at(store)?.deoptimize();
    // The object whose attribute it will be is loaded first.
    for _ in 0..LONGEST_PATH {
        if !is_load(operation) {
            break;
        }
        store += 1 + operation.cache_entries();
        operation = at(store)?.deoptimize();
    }
    if store > first && operation != Opcode::StoreAttr {
        return Some(Next::Other);
    }
    let argument = usize::from(u8::from(instructions.read_arg(store)));
    let name = match operation {
        Opcode::StoreName | Opcode::StoreGlobal | Opcode::StoreAttr => code.names.get(argument)?,
        Opcode::StoreFast => code.varnames.get(argument)?,
        Opcode::StoreFastLoadFast | Opcode::StoreFastStoreFast => code.varnames.get(argument >> 4)?,
        Opcode::StoreDeref => {
            let nth = argument.checked_sub(code.varnames.len())?;
            code.cellvars.iter().chain(&*code.freevars).nth(nth)?
        }
        // A function that makes one for its caller, or the beginning of an object that is one.
        Opcode::ReturnValue => return Some(Next::PassesOn),
        Opcode::PopTop if code.obj_name.as_str() == "__init__" => return Some(Next::PassesOn),
        _ => return Some(Next::Other),
    };
    Some(Next::Stores(name.as_str()))
}

/// The variable or attribute that the object which is being made will be given to, if that is what comes next: in
/// `self.lock = Lock()` it is `lock`.
pub fn assigned_name() -> Option<&'static str> {
    for frame in frames() {
        match next_of(frame)? {
            Next::Stores(name) => return Some(name),
            Next::PassesOn => {}
            Next::Other => return None,
        }
    }
    None
}

/// As [`assigned_name`], of an object that a class of the library makes in its `__init__` for whoever makes one of that
/// class: what that one does with it counts.
pub fn assigned_name_outside() -> Option<&'static str> {
    for frame in frames().skip(1) {
        match next_of(frame)? {
            Next::Stores(name) => return Some(name.trim_start_matches('_')),
            Next::PassesOn => {}
            Next::Other if is_library(frame) => {}
            Next::Other => return None,
        }
    }
    None
}

/// Whether a class of the library, which makes an object in its `__init__`, is itself being made into an attribute of
/// another of its kind.
pub fn is_part_of_another() -> bool {
    for frame in frames().skip(1) {
        match next_of(frame) {
            Some(Next::PassesOn) if is_library(frame) => {}
            Some(Next::Stores(_)) => return is_library(frame),
            _ => return false,
        }
    }
    false
}

/// Whether the object that is being made is the library's own affair: made while one of its modules is imported, or one of
/// those that nobody wants to see.
pub fn is_of_the_interpreter() -> bool {
    let mut library = frames().take_while(|frame| is_library(frame)).map(|frame| frame.code().source_path().as_str());
    let Some(innermost) = library.next() else { return false };
    innermost == IMPORT
        || library.any(|path| path == IMPORT)
        || assigned_name().is_some_and(|name| UNSEEN.contains(&name))
}
