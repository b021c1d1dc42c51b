//! The artifact's door in the browser: what a worker calls when it was created for a program or for one of its threads,
//! and what it says to the page. To the page this artifact is like the others: it begins what a [`Command`] says, and
//! what happens is in its rings.
//!
//! A program's output is there too, so it is drawn, saved and read like everything else. A ring that is full loses what
//! comes, which output must not: who writes waits until there is room.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use interleave_door::{open, post, post_failure, post_records};
use interleave_protocol::{Command, Failure, Role, RunSpec, Update, answer};
use interleave_runtime::instance::{begin_lane, end_lane, measure_memory};
use interleave_runtime::rt::schedule::{self, Plan, Switch, WhenStuck};
use interleave_runtime::segment::{Segment, run_child};
use interleave_runtime::span::{self, Title};
use interleave_runtime::{sys, threads};
use interleave_trace::{
    LONGEST_TEXT, Level, Mark, What, clock, directory_address, flush, here, name_once, record, room, set_flush,
    set_instance, set_recording,
};
use js_sys::{Atomics, Int32Array, SharedArrayBuffer};
use wasm_bindgen::prelude::*;
use web_sys::MessagePort;

use crate::interpreter::{Program, Turns, build, execute, furnish};
use crate::modules::threads::cannot_start;
use crate::output::{Piece, Stream, Terminal, set_terminal};

#[global_allocator]
static ALLOCATOR: sys::Allocator = sys::Allocator;

/// What a program is called in its tracebacks and on the timeline.
const FILE: &str = "program.py";

/// How many pieces of output a run keeps. The page has each of them in its memory.
const MOST_PIECES: u32 = 500_000;

/// How many slots of a ring are left to all that is not output.
const KEPT_FREE: u32 = 1 << 12;

/// How long somebody who found no room for output sleeps. The page looks once a frame.
const UNTIL_NEXT_FRAME: Duration = Duration::from_millis(2);

/// Begins the work of a worker that the page created. `command` is a [`Command`] in bytes; the host of a run also gets the
/// text of the program, and each the segment of the run where memory can be shared.
#[wasm_bindgen]
pub fn begin(
    command: &[u8],
    _port: Option<MessagePort>,
    segment: Option<SharedArrayBuffer>,
    program: Option<String>,
) -> Result<(), JsError> {
    let command = Command::from_bytes(command).ok_or_else(|| JsError::new("the page and Python differ in version"))?;
    open();
    if let Some(segment) = segment {
        let segment = Segment::over(&segment);
        if matches!(command.role, Role::Host) {
            segment.prepare();
        }
        segment.install();
    }
    if let Role::Thread { entry } = command.role {
        // SAFETY: the page passes on what `spawn_thread` below told it, once.
        unsafe { threads::run(entry as usize) };
        post(&Update::Over, &[], &[]);
        return Ok(());
    }
    set_instance(command.instance());
    clock::set_origin(command.origin_ms);
    if !command.isolated {
        set_flush(post_records);
        cannot_start("threads need a page that is cross-origin isolated");
    }
    begin_lane(command.lane());
    let directory = Update::Ready { directory: directory_address() as u32 };
    match command.isolated {
        true => post(&directory, &[("memory", &wasm_bindgen::memory())], &[]),
        false => post(&directory, &[], &[]),
    }
    set_terminal(Terminal { write, read_line: if command.isolated { read_line } else { || None } });
    match command.role {
        Role::Host => host(&command.spec, program.unwrap_or_default()),
        Role::Child { block } => {
            run_child(block);
            post(&Update::Over, &[], &[]);
        }
        other => fail(Failure::Trapped { message: format!("Python has no part for {other:?}") }),
    }
    Ok(())
}

/// Runs the program and tells the page how it ended. The page drops the instance whole.
fn host(spec: &RunSpec, source: String) {
    set_recording(spec.record);
    span::running(Title::new("starting Python"));
    let interpreter = build();
    if let Err(told) = furnish(&interpreter) {
        fail(Failure::Trapped { message: told });
        return;
    }
    let plan = plan(spec);
    let turns = match &plan {
        Some(_) => Turns::Scheduled { gil: spec.gil },
        None if spec.gil => Turns::Gil(Duration::from_millis(spec.interval_ms.into())),
        None => Turns::Free,
    };
    let is_scheduled = plan.is_some();
    if let Some(plan) = plan {
        // The page sees lanes that are stuck, and ends them.
        schedule::begin(plan, WhenStuck::Stay);
    }
    span::running(Title::new("program"));
    record(What::Marked(Mark::RunStarted));
    let code = execute(&interpreter, &Program { file: FILE.to_owned(), source }, turns);
    record(What::Marked(Mark::RunFinished));
    let summary = name_once(&format!("Exit code {code}."));
    record(What::Checked { passed: code == 0, summary, digest: code.into() });
    measure_memory();
    end_lane();
    if is_scheduled {
        schedule::end();
    }
    flush();
    post(&Update::Finished, &[], &[]);
    std::mem::forget(interpreter);
}

/// In what order lanes are to run, if not freely.
fn plan(spec: &RunSpec) -> Option<Plan> {
    let switch = |it: &interleave_protocol::Switch| Switch { step: it.step, lane: it.lane };
    let listed = spec.switches.map(|list| Plan::Switches(list.as_slice().iter().map(switch).collect()));
    listed.or(spec.seed.map(|seed| Plan::Seed(seed.into())))
}

fn write(piece: Piece) {
    static PIECES: AtomicU32 = AtomicU32::new(0);
    let level = match piece.stream {
        Stream::Out => Level::Out,
        Stream::Err => Level::Err,
    };
    let mut rest = piece.text.as_str();
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(LONGEST_TEXT));
        if PIECES.fetch_add(1, Ordering::Relaxed) == MOST_PIECES {
            fail(Failure::TooMuchOutput { pieces: MOST_PIECES });
            // The page ends this worker.
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        wait_for_room();
        span::note(level, part);
        rest = after;
    }
}

/// What the page writes for a lane that asked; laid out as [`answer`] says.
#[repr(C)]
struct Answer {
    state: AtomicI32,
    length: AtomicU32,
    text: UnsafeCell<[u8; answer::LONGEST as usize]>,
}

// SAFETY: the page writes the text before it sets the state, and the lane that asked reads it after that. There is one such
// lane at a time.
unsafe impl Sync for Answer {}

static ANSWER: Answer = Answer {
    state: AtomicI32::new(0),
    length: AtomicU32::new(0),
    text: UnsafeCell::new([0; answer::LONGEST as usize]),
};

/// Asks the page for a line and waits for it.
fn read_line() -> Option<String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    ANSWER.state.store(0, Ordering::SeqCst);
    let address = std::ptr::from_ref(&ANSWER).addr() as u32;
    post(&Update::Asked { address }, &[], &[]);
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    while ANSWER.state.load(Ordering::SeqCst) == 0 {
        // It returns as soon as the word is another; what it says about that is seen in the word.
        let _why = Atomics::wait(&Int32Array::new(&memory.buffer()), address / 4, 0);
    }
    let length = ANSWER.length.load(Ordering::SeqCst);
    if length == answer::END {
        return None;
    }
    // SAFETY: the state says that the page has written the text, and it writes no more until somebody asks.
    let text = unsafe { &*ANSWER.text.get() };
    let text = text.get(..length as usize)?;
    Some(String::from_utf8_lossy(text).into_owned() + "\n")
}

fn wait_for_room() {
    let is_full = || room() < KEPT_FREE;
    if is_full() {
        // A tab in the background has no frames, but it gets messages.
        post(&Update::Records, &[], &[]);
    }
    while is_full() {
        std::thread::sleep(UNTIL_NEXT_FRAME);
    }
}

/// The calling lane cannot go on, and so neither can the run. The page ends all workers.
fn fail(failure: Failure) {
    span::failed(&failure.to_string());
    flush();
    post_failure(here(), failure);
}
