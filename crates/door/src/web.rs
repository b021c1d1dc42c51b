//! In the browser: messages to the page.

use std::cell::Cell;

use interleave_protocol::{Failure, Update, channel};
use interleave_runtime::instance::{Outside, set_outside};
use interleave_runtime::segment::ExitCode;
use interleave_runtime::{Fault, span, sys};
use interleave_trace::{InstanceId, LaneId, Level, clock, drain_thread};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessagePort};

use crate::from_fault;

thread_local! {
    /// Whether this worker was created by the page, which then hears what it posts. Rayon's workers were created
    /// by the host, which is blocked while they work.
    static HEARD: Cell<bool> = const { Cell::new(false) };
}

/// In a worker that the page created: the page hears it, and gives the runtime the workers that it asks for.
pub fn open() {
    HEARD.set(true);
    set_outside(Outside { spawn_thread, spawn_process, spawn_child, end_child, gave_up });
}

/// The lane that this worker is. Whatever happened here, this can be asked: it needs no memory and takes no lock.
#[wasm_bindgen]
pub fn lane() -> u32 {
    interleave_trace::here().0
}

fn spawn_thread(entry: usize, lane: LaneId) {
    post(&Update::SpawnThread { entry: entry as u32, lane: lane.0 }, &[], &[]);
}

fn spawn_process(instance: InstanceId, lane: LaneId, port: MessagePort) {
    post(&Update::SpawnProcess { instance: instance.0, lane: lane.0 }, &[("port", &port)], &[&port]);
}

fn spawn_child(lane: LaneId, block: u32) {
    post(&Update::SpawnChild { lane: lane.0, block }, &[], &[]);
}

fn end_child(lane: LaneId, block: u32, exit: ExitCode) {
    post(&Update::EndChild { lane: lane.0, block, exit: exit.0 }, &[], &[]);
}

fn gave_up(lane: LaneId, fault: Fault) {
    post_failure(lane, from_fault(fault));
}

/// Tells the page that a lane failed, from any worker.
pub fn post_failure(lane: LaneId, failure: Failure) {
    let update = Update::Failed { lane: lane.0, failure };
    if HEARD.get() {
        post(&update, &[], &[]);
    } else if let Ok(channel) = BroadcastChannel::new(&channel(clock::origin())) {
        // If this fails too, the page still finds the lane's end in the trace.
        let _unheard = channel.post_message(&Uint8Array::from(update.to_bytes().as_slice()));
    }
}

/// Sends what this thread recorded to the page, which cannot look into this memory.
pub fn post_records() {
    let mut slots = Vec::new();
    drain_thread(&mut slots);
    if !slots.is_empty() {
        post_bytes(&Update::Records, bytemuck::cast_slice(&slots));
    }
}

/// Posts `update` with a buffer that is handed over.
pub fn post_bytes(update: &Update, bytes: &[u8]) {
    let buffer = Uint8Array::from(bytes).buffer();
    post(update, &[("buffer", &buffer)], &[&buffer]);
}

/// Posts `update` to the page, with handles that only a structured clone can carry and those that it hands over.
pub fn post(update: &Update, handles: &[(&str, &JsValue)], transfer: &[&JsValue]) {
    if let Err(error) = sys::post(&update.to_bytes(), handles, transfer) {
        span::note(Level::Error, &format!("A message to the page was lost: {error:?}"));
    }
}
