//! The artifact's door in the browser: what a worker calls when it was created for a program or for one of its threads,
//! and what it says to the page.

use interleave_runtime::instance::{Outside, begin_lane, end_lane, set_outside};
use interleave_runtime::segment::ExitCode;
use interleave_runtime::span::{self, Title};
use interleave_runtime::{Fault, threads};
use interleave_trace::{
    InstanceId, LaneId, LaneKind, NO_NUMBER, What, clock, directory_address, intern, record_at, set_instance,
};
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessagePort};

use crate::interpreter::{Program, Turns, build, execute, furnish};
use crate::output::{Piece, Stream, Terminal, set_terminal};

#[global_allocator]
static ALLOCATOR: interleave_runtime::sys::Allocator = interleave_runtime::sys::Allocator;

/// The host's instance, which is the first of a run.
const HOST: InstanceId = InstanceId(1);

/// Runs a program in this worker, whose instance is its own, and tells the page what it writes and how it ends.
/// `gil_ms` is the interval of its GIL, or nothing for free threads.
#[wasm_bindgen]
pub fn run_program(file: String, source: String, gil_ms: Option<f64>) -> Result<(), JsError> {
    meet_the_page();
    set_instance(HOST);
    clock::set_origin(clock::epoch_ms());
    set_terminal(Terminal { write: post_piece, read_line: || None });
    let lane = LaneId::new(HOST, 0);
    begin_lane(lane);
    let (kind, parent, host) = (LaneKind::Thread, LaneId::NONE, LaneId::NONE);
    record_at(clock::now(), lane, What::Spawned { parent, kind, name: intern("MainThread"), number: NO_NUMBER, host });
    post("directory", &[("address", &JsValue::from(directory_address() as u32))]);
    let interpreter = build();
    furnish(&interpreter).map_err(|told| JsError::new(&told))?;
    post("ready", &[("ms", &JsValue::from(clock::now().as_ms()))]);
    span::running(Title::new("MainThread"));
    let turns = gil_ms.map_or(Turns::Free, |ms| Turns::Gil(std::time::Duration::from_secs_f64(ms.max(0.001) / 1e3)));
    let code = execute(&interpreter, &Program { file, source }, turns);
    end_lane();
    post("over", &[("code", &JsValue::from(code)), ("ms", &JsValue::from(clock::now().as_ms()))]);
    // The page drops the instance whole.
    std::mem::forget(interpreter);
    Ok(())
}

/// Runs a thread of the program in this worker, whose memory is the program's.
#[wasm_bindgen]
pub fn run_thread(entry: u32) {
    meet_the_page();
    // SAFETY: the page passes on what `spawn_thread` below told it, once.
    unsafe { threads::run(entry as usize) };
}

fn meet_the_page() {
    set_outside(Outside { spawn_thread, spawn_process, spawn_child, end_child, gave_up });
}

fn spawn_thread(entry: usize, lane: LaneId) {
    post("thread", &[("entry", &JsValue::from(entry as u32)), ("lane", &JsValue::from(lane.0))]);
}

fn spawn_process(_instance: InstanceId, lane: LaneId, _port: MessagePort) {
    no_processes(lane);
}

fn spawn_child(lane: LaneId, _block: u32) {
    no_processes(lane);
}

fn end_child(lane: LaneId, _block: u32, _exit: ExitCode) {
    no_processes(lane);
}

fn no_processes(lane: LaneId) {
    gave_up(lane, Fault::Trapped { message: "Python has no processes yet".to_owned() });
}

fn gave_up(lane: LaneId, fault: Fault) {
    post("failed", &[("lane", &JsValue::from(lane.0)), ("reason", &JsValue::from(fault.to_string()))]);
}

fn post_piece(piece: Piece) {
    let error = JsValue::from(piece.stream == Stream::Err);
    let (lane, ms) = (JsValue::from(piece.lane.0), JsValue::from(piece.time.as_ms()));
    post("wrote", &[("error", &error), ("lane", &lane), ("ms", &ms), ("text", &JsValue::from(piece.text))]);
}

fn post(kind: &str, fields: &[(&str, &JsValue)]) {
    let message = Object::new();
    let mut set = Reflect::set(&message, &"kind".into(), &kind.into());
    for (name, value) in fields {
        set = set.and_then(|_| Reflect::set(&message, &(*name).into(), value));
    }
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    if let Err(error) = set.and_then(|_| scope.post_message(&message).map(|()| true)) {
        span::note(interleave_trace::Level::Error, &format!("A message to the page was lost: {error:?}"));
    }
}
