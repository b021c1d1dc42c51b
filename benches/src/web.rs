//! The measurements that need a worker. Each is called in a fresh instance, and is asked for by name.
//!
//! ```text
//!  page.js -- call, module --> worker.js: one of these -- {answer} ----------------> page.js
//!                                  |-- {spawn: thread | process} --> page.js creates another worker.js
//! ```
//! All durations are in nanoseconds; samples come one by one, since statistics are made outside.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use interleave_engine::models::processes::process_main;
use interleave_engine::run::run;
use interleave_protocol::{Model, RunSpec};
use interleave_runtime::instance::{Outside, begin_lane, set_outside};
use interleave_runtime::processes::{self, Mailbox, Peer};
use interleave_runtime::span::{self, Title};
use interleave_runtime::sys::spawn_local;
use interleave_runtime::threads::{self, Arrivals, Gate};
use interleave_runtime::{Fault, sys};
use interleave_trace::clock::{self, TimeNs};
use interleave_trace::{
    Entry, InstanceId, LaneId, Mark, NameId, ObjectId, State, What, decode, drain_all, drain_thread, set_instance,
};
use js_sys::{Array, Object, Reflect, SharedArrayBuffer};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, MessagePort};

use crate::kernel;

/// Whether the processes that are asked for answer messages rather than work for the engine.
static ECHOES: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// What all processes of the measurement see.
    static SEGMENT: RefCell<Option<SharedArrayBuffer>> = const { RefCell::new(None) };
}

/// The processes that are asked for from here on see `segment`.
pub(crate) fn share(segment: &SharedArrayBuffer) {
    SEGMENT.set(Some(segment.clone()));
}

pub(crate) fn failed(message: impl ToString) -> JsError {
    JsError::new(&message.to_string())
}

/// Computes one kernel on this worker: `{"ns": …, "digest": …}`.
#[wasm_bindgen]
pub fn one_by_one(query: &str) -> Result<String, JsError> {
    let spec = kernel::spec(query).map_err(failed)?;
    Ok(kernel::one_by_one(spec).map_err(failed)?.to_json())
}

/// Computes one kernel on a rayon pool that is there already.
#[wasm_bindgen]
pub async fn in_a_pool(query: String) -> Result<String, JsError> {
    let spec = kernel::spec(&query).map_err(failed)?;
    let threads = wasm_bindgen_rayon::init_thread_pool(spec.workers as usize);
    JsFuture::from(threads).await.map_err(|error| failed(sys::words_of(&error)))?;
    Ok(kernel::in_a_pool(spec).map_err(failed)?.to_json())
}

/// Runs a spec as the page would have it run, and gives the time between the marks of its start and finish.
#[wasm_bindgen]
pub async fn in_the_engine(query: String) -> Result<String, JsError> {
    let spec = kernel::spec(&query).map_err(failed)?;
    become_host(false);
    let answer = run(spec).await.map_err(failed)?;
    let wall = wall_ns(&spec).ok_or_else(|| failed("the trace has no start and finish"))?;
    Ok(format!(r#"{{"ns":{wall},"digest":"{:016x}"}}"#, answer.digest))
}

fn wall_ns(spec: &RunSpec) -> Option<u64> {
    let mut slots = Vec::new();
    drain_all(&mut slots);
    let (mut start, mut finish, mut spans) = (None, None, 0);
    decode(&slots, |entry| {
        let Entry::Event(event) = entry else { return };
        match event.what {
            What::Marked(Mark::RunStarted) => start = Some(event.time),
            What::Marked(Mark::RunFinished) => finish = Some(event.time),
            What::Entered { .. } => spans += 1,
            _ => {}
        }
    });
    // A run that was to be recorded and was not, or the other way round, would compare nothing.
    let is_as_asked = spec.model == Model::Processes || spec.record == (spans > spec.tasks);
    is_as_asked.then_some(finish?.since(start?))
}

/// What `body` costs each time, in nanoseconds: `chunks` times the mean of `each`. What it records is taken out of the
/// ring between two chunks, off the clock, so that nothing is dropped; of each chunk there has to be `recorded`.
pub fn cost_in_chunks(
    chunks: u32,
    each: u32,
    recorded: u32,
    mut body: impl FnMut(u32) -> Result<(), JsError>,
) -> Result<Vec<f64>, JsError> {
    let mut slots = Vec::new();
    let mut costs = Vec::new();
    for _ in 0..chunks {
        slots.clear();
        drain_thread(&mut slots);
        let begin = clock::now();
        (0..each).try_for_each(&mut body)?;
        costs.push(clock::now().since(begin) as f64 / f64::from(each));
    }
    slots.clear();
    drain_thread(&mut slots);
    if slots.len() != recorded as usize {
        return Err(failed(format!("{} events were recorded instead of {recorded}", slots.len())));
    }
    Ok(costs)
}

/// What it costs to record a span. `titled` looks the title up each time, as a task does.
#[wasm_bindgen]
pub fn record_cost(chunks: u32, titled: bool) -> Result<Vec<f64>, JsError> {
    const CHUNK: u32 = 8192;
    become_host(false);
    let ready = Title::numbered("task", 1);
    cost_in_chunks(chunks, CHUNK, CHUNK, |n| {
        match titled {
            true => span::running(Title::numbered("task", n)),
            false => span::enter(State::Running, ready, ObjectId::NONE, LaneId::NONE),
        }
        Ok(())
    })
}

/// What a look at the clock costs, which every event takes.
#[wasm_bindgen]
pub fn clock_cost(chunks: u32) -> Result<Vec<f64>, JsError> {
    become_host(false);
    cost_in_chunks(chunks, 8192, 0, |_| {
        std::hint::black_box(clock::now());
        Ok(())
    })
}

/// How long a thread takes from being asked for to its first instruction.
#[wasm_bindgen]
pub fn cold_threads(count: u32) -> Result<Vec<f64>, JsError> {
    become_host(false);
    (0..count)
        .map(|_| {
            let asked = clock::now();
            let began = threads::spawn(Title::new("thread"), clock::now).join().map_err(failed)?;
            Ok(began.since(asked) as f64)
        })
        .collect()
}

/// How long a thread that is there takes from being let go to its first instruction.
#[wasm_bindgen]
pub fn warm_threads(count: u32) -> Result<Vec<f64>, JsError> {
    become_host(false);
    let gates: Arc<Vec<(Gate, Arrivals, Mutex<TimeNs>)>> =
        Arc::new((0..count).map(|_| (Gate::default(), Arrivals::new(1), Mutex::default())).collect());
    let passed = gates.clone();
    let thread = threads::spawn(Title::new("thread"), move || {
        for (gate, arrivals, stamp) in passed.iter() {
            gate.pass()?;
            *stamp.lock().unwrap_or_else(PoisonError::into_inner) = clock::now();
            arrivals.arrive();
        }
        Ok::<(), Fault>(())
    });
    let mut times = Vec::new();
    for (gate, arrivals, stamp) in gates.iter() {
        // Until it surely waits.
        std::thread::sleep(Duration::from_millis(2));
        let opened = clock::now();
        gate.open();
        arrivals.wait().map_err(failed)?;
        times.push(stamp.lock().unwrap_or_else(PoisonError::into_inner).since(opened) as f64);
    }
    thread.join().and_then(|ended| ended).map_err(failed)?;
    // The first is the thread's own start.
    Ok(times.split_off(1))
}

/// What the first byte of a message to an echo says.
mod ask {
    /// Send the message back.
    pub const ECHO: u8 = 0;
    /// Say when it came.
    pub const STAMP: u8 = 1;
    /// Take it and say nothing.
    pub const TAKE: u8 = 2;
}

/// A process that says when it began and then does what it is asked.
async fn echo(mut mailbox: Mailbox, parent: Peer) {
    let name = NameId::NONE;
    parent.send(name, &[], &clock::now().0.to_le_bytes());
    loop {
        let message = mailbox.receive().await.payload.into_bytes();
        let came = clock::now();
        match message.first() {
            Some(&ask::ECHO) => parent.send(name, &[], &message),
            Some(&ask::STAMP) => parent.send(name, &[], &came.0.to_le_bytes()),
            _ => {}
        }
    }
}

async fn stamp(mailbox: &mut Mailbox) -> Result<TimeNs, JsError> {
    let bytes = mailbox.receive().await.payload.into_bytes();
    let bytes = bytes.try_into().map_err(|_| failed("an echo did not say when"))?;
    Ok(TimeNs(u64::from_le_bytes(bytes)))
}

/// How long a process takes from being asked for to its first instruction.
#[wasm_bindgen]
pub async fn cold_processes(count: u32) -> Result<Vec<f64>, JsError> {
    become_host(true);
    let mut mailbox = Mailbox::default();
    let mut times = Vec::new();
    for n in 0..count {
        let asked = clock::now();
        let _process = processes::spawn(n, Title::new("process"), &mailbox);
        times.push(stamp(&mut mailbox).await?.since(asked) as f64);
    }
    Ok(times)
}

/// How long a process that is there takes from being sent work to having it.
#[wasm_bindgen]
pub async fn warm_processes(count: u32) -> Result<Vec<f64>, JsError> {
    let (process, mut mailbox) = echoing().await?;
    let mut times = Vec::new();
    for _ in 0..count {
        let sent = clock::now();
        process.send(NameId::NONE, &[], &[ask::STAMP; 32]);
        times.push(stamp(&mut mailbox).await?.since(sent) as f64);
    }
    Ok(times)
}

async fn echoing() -> Result<(Peer, Mailbox), JsError> {
    become_host(true);
    let mut mailbox = Mailbox::default();
    let process = processes::spawn(0, Title::new("process"), &mailbox);
    stamp(&mut mailbox).await?;
    Ok((process.peer, mailbox))
}

/// How long a message of so many bytes takes to a process and back.
#[wasm_bindgen]
pub async fn round_trips(count: u32, bytes: usize) -> Result<Vec<f64>, JsError> {
    let (process, mut mailbox) = echoing().await?;
    let payload = vec![ask::ECHO; bytes.max(1)];
    let mut times = Vec::new();
    for _ in 0..count {
        let sent = clock::now();
        process.send(NameId::NONE, &[], &payload);
        mailbox.receive().await.payload.into_bytes();
        times.push(clock::now().since(sent) as f64);
    }
    Ok(times)
}

/// How long `count` messages of so many bytes take to a process, until it has them all; so often.
#[wasm_bindgen]
pub async fn one_way(times: u32, count: u32, bytes: usize) -> Result<Vec<f64>, JsError> {
    let (process, mut mailbox) = echoing().await?;
    let payload = vec![ask::TAKE; bytes.max(1)];
    let mut took = Vec::new();
    for _ in 0..times {
        let sent = clock::now();
        (0..count).for_each(|_| process.send(NameId::NONE, &[], &payload));
        process.send(NameId::NONE, &[], &[ask::STAMP]);
        took.push(stamp(&mut mailbox).await?.since(sent) as f64);
    }
    Ok(took)
}

/// This worker becomes the host of a run, as the engine's own door makes it.
pub(crate) fn become_host(echoes: bool) {
    ECHOES.store(echoes, Ordering::Relaxed);
    begin_instance(InstanceId(1), clock::epoch_ms());
    begin_lane(LaneId::new(InstanceId(1), 0));
}

pub(crate) fn begin_instance(instance: InstanceId, origin_ms: f64) {
    // Children here come to an end by themselves.
    set_outside(Outside { spawn_thread, spawn_process, spawn_child, end_child: |_, _, _| {}, gave_up });
    set_instance(instance);
    clock::set_origin(origin_ms);
}

/// This worker becomes a thread of the instance whose memory it shares.
#[wasm_bindgen]
pub fn begin_thread(entry: u32) {
    // SAFETY: the page passes on what `spawn_thread` below told it, once.
    unsafe { threads::run(entry as usize) };
}

/// This worker becomes a process.
#[wasm_bindgen]
pub fn begin_process(instance: u32, lane: u32, origin_ms: f64, echoes: bool, port: MessagePort) {
    type Main = Pin<Box<dyn Future<Output = ()>>>;
    begin_instance(InstanceId(instance), origin_ms);
    begin_lane(LaneId(lane));
    spawn_local(async move {
        let mailbox = Mailbox::default();
        let parent = mailbox.connect(port, 0);
        let main: Main = if echoes { Box::pin(echo(mailbox, parent)) } else { Box::pin(process_main(mailbox, parent)) };
        main.await;
    });
}

fn spawn_thread(entry: usize, _lane: LaneId) {
    post(&[("spawn", &"begin_thread".into()), ("memory", &wasm_bindgen::memory())], &[&(entry as u32).into()], None);
}

fn spawn_process(instance: InstanceId, lane: LaneId, port: MessagePort) {
    let echoes = ECHOES.load(Ordering::Relaxed);
    let arguments: [&JsValue; 5] = [&instance.0.into(), &lane.0.into(), &clock::origin().into(), &echoes.into(), &port];
    post(&[("spawn", &"begin_process".into())], &arguments, Some(&port));
}

fn spawn_child(lane: LaneId, block: u32) {
    let Some(segment) = SEGMENT.with_borrow(Clone::clone) else { return };
    let arguments: [&JsValue; 4] = [&lane.0.into(), &block.into(), &clock::origin().into(), &segment];
    post(&[("spawn", &"begin_child".into())], &arguments, None);
}

fn gave_up(_lane: LaneId, fault: Fault) {
    post(&[("error", &fault.to_string().into())], &[], None);
}

/// Posts to the page: a worker to create and what it is to call, or what went wrong.
fn post(fields: &[(&str, &JsValue)], arguments: &[&JsValue], transferred: Option<&MessagePort>) {
    let message = Object::new();
    let list: Array = arguments.iter().collect();
    for &(name, value) in fields.iter().chain(&[("args", list.as_ref())]) {
        // A plain object takes any field.
        let _set = Reflect::set(&message, &name.into(), value);
    }
    let transfer: Array = transferred.into_iter().collect();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    if let Err(error) = scope.post_message_with_transfer(&message, &transfer) {
        wasm_bindgen::throw_val(error);
    }
}
