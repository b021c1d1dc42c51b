//! The artifact's door in the browser: what a worker calls when it was created for this engine, and what a run says to
//! the page.

use interleave_door::{open, post, post_bytes, post_failure, post_records};
use interleave_protocol::explore::{Step, explore};
use interleave_protocol::{Command, Failure, Model, Role, RunSpec, Update};
use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::processes::{self, Mailbox};
use interleave_runtime::segment::{self, Segment};
use interleave_runtime::sys::{keep_workers, spawn_local};
use interleave_runtime::threads;
use interleave_trace::{attach, clock, directory_address, here, set_flush, set_instance, set_recording};
use js_sys::SharedArrayBuffer;
use wasm_bindgen::prelude::*;
use web_sys::MessagePort;

use crate::run::{Audience, attempt, fail, run, set_audience};
use crate::stock::stock;
use crate::workload::Picture;

#[global_allocator]
static ALLOCATOR: interleave_runtime::sys::Allocator = interleave_runtime::sys::Allocator;

/// Begins the work of a worker that the page created. `command` is a [`Command`] in bytes; a process also gets
/// the port to its parent, and each the segment of the run where memory can be shared. Gives the last [`Update`] of a thread,
/// for the worker to post once the thread's stack is given back: then it may be ended.
#[wasm_bindgen]
pub fn begin(
    command: &[u8],
    port: Option<MessagePort>,
    segment: Option<SharedArrayBuffer>,
) -> Result<Option<Vec<u8>>, JsError> {
    let command =
        Command::from_bytes(command).ok_or_else(|| JsError::new("the page and the engine differ in version"))?;
    open();
    if let Some(segment) = segment {
        let segment = Segment::over(&segment);
        if matches!(command.role, Role::Host | Role::Explorer { .. }) {
            segment.prepare();
        }
        segment.install();
    }
    if let Role::Thread { entry } = command.role {
        // SAFETY: the page passes on what `spawn_thread` below told it, once.
        unsafe { threads::run(entry as usize) };
        return Ok(Some(Update::Over.to_bytes()));
    }
    set_instance(command.instance());
    clock::set_origin(command.origin_ms);
    if let Some(stock) = stock() {
        processes::set_main(stock.process);
    }
    if !command.isolated {
        set_flush(post_records);
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
    set_audience(audience(command.isolated));
    match (command.role, port) {
        (Role::Child { block }, _) => {
            if let Some(stock) = stock() {
                (stock.child)(block);
            }
            post(&Update::Over, &[], &[]);
        }
        (Role::Process, Some(port)) => spawn_local(async move {
            let mailbox = Mailbox::default();
            let parent = mailbox.connect(port, 0);
            if let Some(main) = processes::main() {
                main(mailbox, parent).await;
            }
            post(&Update::Over, &[], &[]);
        }),
        _ => match command.role {
            Role::Explorer { seeds, patience_ms } => {
                if let Some(stock) = stock() {
                    let patience_ns = u64::from(patience_ms) * 1_000_000;
                    spawn_local((stock.explore)(command.spec, seeds, patience_ns, command.isolated));
                }
            }
            _ => spawn_local(host(command.spec, command.isolated)),
        },
    }
    Ok(None)
}

/// Tries seeds, and says after each how many were tried: should the next one end this instance, it is known which it was.
pub(crate) async fn explorer(spec: RunSpec, seeds: u32, patience_ns: u64, isolated: bool) {
    if !isolated && spec.model != Model::Tasks {
        fail(&Failure::NoThreads);
        return;
    }
    set_recording(false);
    keep_workers();
    segment::keep_workers();
    let began = clock::now();
    let goes_on = |step: Step| {
        if let Step::Tried(seeds) = step {
            post(&Update::Tried { seeds }, &[], &[]);
        }
        clock::now().since(began) < patience_ns
    };
    if let Some(finding) = explore(1..=seeds, goes_on, async |plan| attempt(spec, plan).await).await {
        post(&Update::Found(finding), &[], &[]);
    }
    post(&Update::Finished, &[], &[]);
}

async fn host(spec: RunSpec, isolated: bool) {
    let result = match (spec.model, isolated) {
        (Model::Threads, false) => Err(Failure::NoThreads),
        _ => run(spec).await,
    };
    match result {
        Ok(_) => {
            end_lane();
            interleave_trace::flush();
            post(&Update::Finished, &[], &[]);
        }
        Err(failure) => fail(&failure),
    }
}

/// The page as the audience of a run: it reads the picture out of the shared memory, or gets its rows.
fn audience(isolated: bool) -> Audience {
    let nothing_to_say = |_: &Picture, _, _| {};
    Audience {
        picture: if isolated { post_picture } else { |_| {} },
        rows: if isolated { nothing_to_say } else { post_rows },
        // The page reads the picture until it drops the instance whole.
        keep: std::mem::forget,
        failed: |failure| {
            interleave_trace::flush();
            post_failure(here(), failure.clone());
        },
    }
}

fn post_picture(picture: &Picture) {
    post(&Update::PictureAt { address: picture.address() as u32, edge: picture.edge() }, &[], &[]);
}

fn post_rows(picture: &Picture, first: u32, count: u32) {
    let pixels = picture.read_rows(first, count);
    post_bytes(&Update::PictureRows { first, edge: picture.edge() }, bytemuck::cast_slice(&pixels));
}
