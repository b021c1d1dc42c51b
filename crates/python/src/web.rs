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

use interleave_door::{open, post, post_failure, post_records, to_attempt, to_plan};
use interleave_protocol::{Attempted, Command, Failure, Role, Update, Wrong, answer};
use interleave_runtime::instance::{begin_lane, end_lane, measure_memory};
use interleave_runtime::rt::schedule::{self, Outcome, WhenStuck};
use interleave_runtime::segment::{Segment, run_child};
use interleave_runtime::span::{self, Title};
use interleave_runtime::{sys, threads};
use interleave_trace::{
    LONGEST_TEXT, Level, Mark, What, attach, clock, directory_address, flush, here, name_once, record, room, set_flush,
    set_instance, set_recording,
};
use js_sys::{Array, Atomics, Int32Array, SharedArrayBuffer};
use wasm_bindgen::prelude::*;
use web_sys::MessagePort;

use crate::free_lists::FreeLists;
use crate::interpreter::{self, Program, SyntaxError, Turns, execute, ready};
use crate::modules::threads::cannot_start;
use crate::output::{Piece, Stream, Terminal, set_terminal};
use crate::requests::OWN_SITE;
use crate::site::set_site;

#[global_allocator]
static ALLOCATOR: FreeLists<sys::Allocator> = FreeLists(sys::Allocator);

/// What a program is called in its tracebacks and on the timeline.
const FILE: &str = "program.py";

/// How many pieces of output a run keeps. The page has each of them in its memory.
const MOST_PIECES: u32 = 500_000;

/// How many slots of a ring are left to all that is not output.
const KEPT_FREE: u32 = 1 << 12;

/// How long somebody who found no room for output sleeps. The page looks once a frame.
const UNTIL_NEXT_FRAME: Duration = Duration::from_millis(2);

/// Begins the work of a worker that the page created. `command` is a [`Command`] in bytes; the host of a run also gets the
/// text of the program, and each the segment of the run where memory can be shared. Gives the last [`Update`] of a thread,
/// for the worker to post once the thread's stack is given back: then it may be ended.
#[wasm_bindgen]
pub fn begin(
    command: &[u8],
    _port: Option<MessagePort>,
    segment: Option<SharedArrayBuffer>,
    program: Option<String>,
) -> Result<Option<Vec<u8>>, JsError> {
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
        return Ok(Some(Update::Over.to_bytes()));
    }
    // Another worker is a tenth of a second away, so that of a thread that is over gets the next one.
    sys::keep_workers();
    set_instance(command.instance());
    clock::set_origin(command.origin_ms);
    if !command.isolated {
        set_flush(post_records);
        cannot_start("threads need a page that is cross-origin isolated");
    }
    match command.role {
        // It begins when it has its turn.
        Role::Child { .. } => attach(command.lane()),
        _ => begin_lane(command.lane()),
    }
    let directory = Update::Ready { directory: directory_address() as u32 };
    match command.isolated {
        true => post(&directory, &[("memory", &wasm_bindgen::memory())], &[]),
        false => post(&directory, &[], &[]),
    }
    if let Err(message) = interpreter::awake() {
        fail(Failure::Trapped { message });
        return Ok(None);
    }
    set_site(OWN_SITE);
    set_terminal(Terminal { write, read_line: if command.isolated { read_line } else { || None } });
    if command.plan.is_some() {
        set_recording(false);
        set_terminal(Terminal { write: keep, read_line: || None });
        schedule::tell_when_stuck(|stuck| post_attempted(stuck, false));
    }
    match command.role {
        Role::Host => host(&command, program.unwrap_or_default()),
        Role::Child { block } => {
            let is_scheduled = command.plan.is_some() || command.spec.plan().is_some();
            if let Some(Err(message)) = is_scheduled.then(interpreter::prepare) {
                fail(Failure::Trapped { message });
                return Ok(None);
            }
            run_child(block);
            if command.plan.is_some() {
                post_attempted(&Outcome::default(), false);
            }
            post(&Update::Over, &[], &[]);
        }
        other => fail(Failure::Trapped { message: format!("Python has no part for {other:?}") }),
    }
    Ok(None)
}

/// In a worker that runs no program yet: makes an interpreter ready, which a program that comes then begins with.
#[wasm_bindgen]
pub fn start() -> Result<(), JsError> {
    interpreter::start().map_err(|told| JsError::new(&told))
}

/// In a worker that runs no program: has its interpreter import what most programs need, so that copies of this memory begin
/// where it is. It keeps no value of JavaScript, which copies would not have.
#[wasm_bindgen]
pub fn prepare() -> Result<(), JsError> {
    interpreter::prepare().map_err(|told| JsError::new(&told))?;
    match wasm_bindgen::externref_heap_live_count() {
        0 => Ok(()),
        kept => Err(JsError::new(&format!("an interpreter that is ready keeps {kept} values of JavaScript"))),
    }
}

/// Looks for the first error in the text of a program, once an interpreter is ready. Gives the line and the column where it
/// begins and those where it ends, the first of both being 1, and what is wrong; or nothing.
#[wasm_bindgen]
pub fn check(source: &str) -> Option<Array> {
    let SyntaxError { from, to, message } = interpreter::check(source)?;
    let numbers = [from.0, from.1, to.0, to.1].map(JsValue::from);
    Some(numbers.into_iter().chain([message.into()]).collect())
}

/// Runs the program and tells the page how it ended. The page drops the instance whole.
fn host(command: &Command, source: String) {
    let (spec, is_one_of_many) = (&command.spec, command.plan.is_some());
    if !is_one_of_many {
        set_recording(spec.record);
    }
    span::running(Title::new("starting Python"));
    let plan = command.plan.clone().or(spec.plan());
    // What is imported already is not imported in turns, so under a seed every run begins with the same.
    let ready = if plan.is_some() { interpreter::prepare().and_then(|()| ready()) } else { ready() };
    let interpreter = match ready {
        Ok(interpreter) => interpreter,
        Err(message) => return fail(Failure::Trapped { message }),
    };
    let turns = match &plan {
        Some(_) => Turns::Scheduled { gil: spec.gil },
        None if spec.gil => Turns::Gil(Duration::from_millis(spec.interval_ms.into())),
        None => Turns::Free,
    };
    let is_scheduled = plan.is_some();
    if let Some(plan) = plan {
        // The page sees lanes that are stuck, and ends them.
        schedule::begin(to_plan(plan), WhenStuck::Stay);
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
        let outcome = schedule::end();
        if is_one_of_many {
            post_attempted(&outcome, code != 0);
        }
    }
    flush();
    post(&Update::Finished, &[], &[]);
    std::mem::forget(interpreter);
}

/// What this process of a run that is one of many has written, to `sys.stdout` and to `sys.stderr`.
static KEPT: Mutex<[String; 2]> = Mutex::new([String::new(), String::new()]);

/// How many bytes of either are kept. The page compares the lines of each run with those of another, one by one.
const MOST_KEPT: usize = 1 << 14;

fn keep(piece: Piece) {
    let [out, err] = &mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = if piece.stream == Stream::Out { out } else { err };
    if kept.len() < MOST_KEPT {
        kept.push_str(&piece.text);
    }
}

/// What came of a run that is one of many, as far as this process goes.
fn post_attempted(outcome: &Outcome, has_failed: bool) {
    let [printed, complained] = std::mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner));
    // So begins what is told of an exception that nobody handles in a thread or in a process, whatever the exit code.
    let is_told_of = |line: &str| {
        line.ends_with(':') && ["Exception in thread ", "Process "].iter().any(|begins| line.starts_with(begins))
    };
    let has_failed = has_failed || complained.lines().any(is_told_of);
    let last = complained.lines().rfind(|line| !line.trim().is_empty());
    let wrong = has_failed.then(|| (Wrong::Failed, last.unwrap_or("its exit code is not 0").to_owned()));
    post(&Update::Attempted(Attempted { attempt: to_attempt(outcome, wrong), printed }), &[], &[]);
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
