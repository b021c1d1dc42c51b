//! What the primitives cost: locks and queues between threads, pipes and queues between processes, tasks that sleep.
//!
//! What is recorded is read as it comes, as the page would, so that no ring is full and nothing is cheaper for it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use interleave_runtime::instance;
use interleave_runtime::multiprocessing::{self, Connection, Process, ProcessError, both_ways};
use interleave_runtime::segment::{Segment, run_child};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{Lock, Mutex, Queue, SyncError, thread};
use interleave_runtime::tasks::{self, gather_settled, sleep, spawn};
use interleave_trace::clock::{self, TimeNs};
use interleave_trace::{LaneId, drain_all, drain_thread, set_flush, set_recording};
use js_sys::SharedArrayBuffer;
use wasm_bindgen::prelude::*;

use crate::web::{become_host, begin_instance, cost_in_chunks, failed, share};

/// As many pairs as a ring has room for, whose two records each they make.
const CHUNK: u32 = 4096;

/// What it costs to take a lock that is free and to give it back, in nanoseconds, `chunks` times.
#[wasm_bindgen]
pub fn free_lock(chunks: u32, recorded: bool) -> Result<Vec<f64>, JsError> {
    become_host(false);
    let lock = Lock::new("lock");
    set_recording(recorded);
    cost_in_chunks(chunks, CHUNK, if recorded { 2 * CHUNK } else { 0 }, |_| lock.acquire().map(drop).map_err(failed))
}

fn per(begin: TimeNs, count: u32) -> f64 {
    clock::now().since(begin) as f64 / f64::from(count)
}

/// What an addition under a lock costs that `threads` of them want at once, `times` times.
#[wasm_bindgen]
pub fn wanted_lock(times: u32, threads: u32, each: u32, recorded: bool) -> Result<Vec<f64>, JsError> {
    become_host(false);
    set_recording(recorded);
    let once = |_| {
        let counter = Arc::new(Mutex::new("counter", 0_u32));
        let own = counter.clone();
        let begun = in_threads(threads, move |_| (0..each).try_for_each(|_| own.lock().map(|mut n| *n += 1)))?;
        let cost = per(begun, threads * each);
        let counted = *counter.lock().map_err(failed)?;
        if counted == threads * each { Ok(cost) } else { Err(failed(format!("{counted} additions are left"))) }
    };
    (0..times).map(once).collect()
}

/// Runs `body` in threads that begin together, reads what they record, and gives when they began.
fn in_threads(
    threads: u32,
    body: impl Fn(u32) -> Result<(), SyncError> + Send + Sync + 'static,
) -> Result<TimeNs, JsError> {
    let (body, there, go) = (Arc::new(body), Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let all: Vec<_> = (0..threads)
        .map(|n| {
            let (body, there, go) = (body.clone(), there.clone(), go.clone());
            thread::spawn(("thread", n), move || {
                there.fetch_add(1, Ordering::AcqRel);
                while !go.load(Ordering::Acquire) {
                    std::hint::spin_loop();
                }
                body(n)
            })
        })
        .collect();
    while there.load(Ordering::Acquire) < threads {
        std::thread::sleep(Duration::from_millis(1));
    }
    let began = clock::now();
    go.store(true, Ordering::Release);
    let mut slots = Vec::new();
    while all.iter().any(thread::JoinHandle::is_alive) {
        slots.clear();
        drain_all(&mut slots);
        std::thread::sleep(Duration::from_micros(500));
    }
    all.into_iter().try_for_each(thread::JoinHandle::join).map_err(failed)?;
    Ok(began)
}

/// What an item costs that goes from one thread through a queue to another, `times` times.
#[wasm_bindgen]
pub fn queue(times: u32, items: u32, room: u32, recorded: bool) -> Result<Vec<f64>, JsError> {
    become_host(false);
    set_recording(recorded);
    let once = |_| {
        let queue = Arc::new(match NonZeroU32::new(room) {
            Some(room) => Queue::bounded("queue", room.get() as usize),
            None => Queue::new("queue"),
        });
        let began = in_threads(2, move |n| match n {
            0 => (0..items).try_for_each(|item| queue.put(item)),
            _ => (0..items).try_for_each(|_| queue.get().map(drop)),
        })?;
        Ok(per(began, items))
    };
    (0..times).map(once).collect()
}

/// This worker becomes the first process of a run.
fn become_first(buffer: &SharedArrayBuffer) {
    become_host(false);
    share(buffer);
    let segment = Segment::over(buffer);
    segment.prepare();
    segment.install();
}

/// This worker becomes a process that a program asked for.
#[wasm_bindgen]
pub fn begin_child(lane: u32, block: u32, origin_ms: f64, segment: &SharedArrayBuffer) {
    let lane = LaneId(lane);
    begin_instance(lane.instance(), origin_ms);
    share(segment);
    Segment::over(segment).install();
    instance::begin_lane(lane);
    set_flush(forget_records);
    run_child(block);
}

fn forget_records() {
    drain_thread(&mut Vec::new());
}

fn mirrors(end: Connection) -> Result<(), ProcessError> {
    let mut buffer = Vec::new();
    loop {
        match end.receive_bytes_into(&mut buffer) {
            Ok(()) => end.send_bytes(&buffer)?,
            Err(ProcessError::EndOfFile) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// How long a message of so many bytes takes through a pipe to a process and back.
#[wasm_bindgen]
pub fn pipe_trips(segment: &SharedArrayBuffer, count: u32, bytes: usize) -> Result<Vec<f64>, JsError> {
    become_first(segment);
    set_flush(forget_records);
    let (here, there) = both_ways(Title::new("pipe")).map_err(failed)?;
    let mirror = Process::new(Title::new("mirror"), mirrors, there).start().map_err(failed)?;
    let (message, mut back) = (vec![1; bytes], Vec::new());
    let mut times = Vec::new();
    for _ in 0..count {
        let sent = clock::now();
        here.send_bytes(&message).map_err(failed)?;
        here.receive_bytes_into(&mut back).map_err(failed)?;
        times.push(clock::now().since(sent) as f64);
        if back != message {
            return Err(failed("a message came back as another"));
        }
    }
    drop(here);
    mirror.join().map_err(failed)?;
    Ok(times)
}

fn takes((end, count): (Connection, u32)) -> Result<(), ProcessError> {
    let mut buffer = Vec::new();
    loop {
        for _ in 0..count {
            match end.receive_bytes_into(&mut buffer) {
                Ok(()) => {}
                Err(ProcessError::EndOfFile) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        end.send_bytes(&[])?;
    }
}

/// How long `count` messages of so many bytes take through a pipe to a process, until it has them all; so often.
#[wasm_bindgen]
pub fn pipe_bulk(segment: &SharedArrayBuffer, times: u32, count: u32, bytes: usize) -> Result<Vec<f64>, JsError> {
    become_first(segment);
    set_flush(forget_records);
    let (here, there) = both_ways(Title::new("pipe")).map_err(failed)?;
    let taker = Process::new(Title::new("taker"), takes, (there, count)).start().map_err(failed)?;
    let (message, mut done) = (vec![2; bytes], Vec::new());
    let mut took = Vec::new();
    for _ in 0..times {
        let began = clock::now();
        (0..count).try_for_each(|_| here.send_bytes(&message)).map_err(failed)?;
        here.receive_bytes_into(&mut done).map_err(failed)?;
        took.push(clock::now().since(began) as f64);
    }
    drop(here);
    taker.join().map_err(failed)?;
    Ok(took)
}

fn puts((queue, times, items): (multiprocessing::Queue<u32>, u32, u32)) -> Result<(), ProcessError> {
    (0..times * items).try_for_each(|item| queue.put(&item))
}

/// What a number costs that goes from one process through a queue to another, `times` times.
#[wasm_bindgen]
pub fn process_queue(segment: &SharedArrayBuffer, times: u32, items: u32) -> Result<Vec<f64>, JsError> {
    become_first(segment);
    set_flush(forget_records);
    let queue = multiprocessing::Queue::new(Title::new("queue"), 0).map_err(failed)?;
    let putter = Process::new(Title::new("putter"), puts, (queue.clone(), times, items)).start().map_err(failed)?;
    let mut costs = Vec::new();
    for _ in 0..times {
        let began = clock::now();
        (0..items).try_for_each(|_| queue.get().map(drop)).map_err(failed)?;
        costs.push(per(began, items));
    }
    putter.join().map_err(failed)?;
    Ok(costs)
}

/// From the first of so many tasks that sleep to the last that was joined: how long it takes in nanoseconds, and by how
/// many bytes for each the memory has grown.
#[wasm_bindgen]
pub async fn sleeping_tasks(count: u32, ms: u32) -> Result<Vec<f64>, JsError> {
    become_host(false);
    set_flush(forget_records);
    let before = instance::memory_bytes().unwrap_or(0);
    let began = clock::now();
    let nap = Duration::from_millis(ms.into());
    let slept = tasks::run("main", async move {
        let tasks: Vec<_> = (0..count).map(|n| spawn(("sleeper", n), sleep(nap))).collect();
        Ok(gather_settled(tasks).await?.iter().filter(|slept| slept.is_ok()).count())
    });
    let slept = slept.await.map_err(failed)?;
    let took = clock::now().since(began) as f64;
    let grown = instance::memory_bytes().unwrap_or(0).saturating_sub(before);
    if slept != count as usize {
        return Err(failed(format!("{slept} of {count} slept")));
    }
    Ok(vec![took, grown as f64 / f64::from(count)])
}
