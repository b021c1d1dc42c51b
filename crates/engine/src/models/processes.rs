//! Processes: the host keeps input and output, the others get tasks and send results, all as messages.
//!
//! ```text
//!  host                          process
//!   | -- Setup: spec, setup ------> |   once
//!   | <---------------------- Up -- |
//!   | -- Task: number, input -----> |   some ahead, then one for each done; static: of its own share, dynamic: of all
//!   | <-------- Done: number, part  |
//!   | -- End ---------------------> |
//! ```

use std::ops::Range;

use interleave_protocol::{Chunking, Failure, RunSpec, Start};
use interleave_runtime::multiprocessing::messages;
use interleave_runtime::processes::{self, Mailbox, Packet, Payload, Peer, Process};
use interleave_runtime::span::{self, Title};
use interleave_trace::clock::TimeNs;
use interleave_trace::{NameId, What, intern, record};
use serde::{Deserialize, Serialize};

use crate::models::steps::{Conditions, perform};
use crate::run::{Clocked, another_failed, fail, show_of_another};
use crate::workload::{AnyPart, AnyWorkload, share};
use crate::workloads;

/// How many tasks a process has at a time: while it computes one, the input of the next is on its way.
const AHEAD: usize = 2;

/// What a message says; `room` is how many bytes the largest input of a task has.
#[derive(Serialize, Deserialize)]
enum Head {
    Setup { spec: RunSpec, room: u64 },
    Up,
    Start { at: u64 },
    Task { task: u32 },
    Done { task: u32 },
    Failed { failure: Failure },
    End,
    Over,
}

impl Head {
    fn name(&self) -> NameId {
        intern(match self {
            Head::Setup { .. } => "setup",
            Head::Up => "up",
            Head::Start { .. } => "start",
            Head::Task { .. } => "task",
            Head::Done { .. } => "result",
            Head::Failed { .. } => "failure",
            Head::End => "end",
            Head::Over => "over",
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }
}

fn send(peer: &Peer, head: &Head, payload: &[u8]) {
    peer.send(head.name(), &head.to_bytes(), payload);
}

fn send_last(peer: &Peer, head: &Head) {
    peer.send_last(head.name(), &head.to_bytes());
}

fn read(packet: Packet) -> Result<(Head, Payload), Failure> {
    let unreadable = |_| Failure::Trapped { message: "a message between processes could not be read".to_owned() };
    Ok((postcard::from_bytes(&packet.head).map_err(unreadable)?, packet.payload))
}

/// Runs all tasks in `spec.workers` processes.
pub async fn run(workload: &dyn AnyWorkload, spec: &RunSpec) -> Result<Clocked, Failure> {
    let mut mailbox = Mailbox::default();
    let mut started = (spec.start == Start::Cold).then(Clocked::start);
    let all: Vec<Process> =
        (0..spec.workers).map(|n| processes::spawn(n, Title::numbered("process", n + 1), &mailbox)).collect();
    let setup = workload.setup();
    let room = (0..spec.tasks).map(|task| workload.input(task).len()).max().unwrap_or(0);
    for process in &all {
        send(&process.peer, &Head::Setup { spec: *spec, room: room as u64 }, &setup);
    }
    // There is time for that until the first is up.
    processes::make_room(all.len() * AHEAD, room);
    let mut shares: Vec<_> = (0..spec.workers).map(|n| share(spec.tasks, n, spec.workers)).collect();
    let mut next = 0..spec.tasks;
    let mut give = |n: usize| {
        let task = match spec.chunking {
            Chunking::Static => shares[n].next(),
            Chunking::Dynamic => next.next(),
        };
        if let Some(task) = task {
            send(&all[n].peer, &Head::Task { task }, &workload.input(task));
        }
    };
    // Each gets its first task before any gets its second.
    let begin = |processes: Range<usize>, at: TimeNs, give: &mut dyn FnMut(usize)| {
        let start = Head::Start { at: at.0 };
        processes.clone().for_each(|n| send(&all[n].peer, &start, &[]));
        (0..AHEAD).for_each(|_| processes.clone().for_each(&mut *give));
    };
    let mut parts: Vec<Option<AnyPart>> = (0..spec.tasks).map(|_| None).collect();
    let mut done = 0;
    let mut up = 0;
    let mut over = 0;
    while done < spec.tasks || up < spec.workers {
        let packet = mailbox.receive().await;
        let from = packet.from as usize;
        let (head, payload) = read(packet)?;
        let Some(process) = all.get(from) else { continue };
        match head {
            Head::Up => {
                up += 1;
                match started {
                    Some(at) => begin(from..from + 1, at, &mut give),
                    None if up == spec.workers => {
                        let at = *started.insert(Clocked::start());
                        begin(0..all.len(), at, &mut give);
                    }
                    None => {}
                }
            }
            Head::Done { task } => {
                let lost = || Failure::Trapped { message: format!("the result of task {task} could not be read") };
                let part = workload.part_from(payload).ok_or_else(lost)?;
                give(from);
                for piece in 0..workload.steps(task).len() as u32 {
                    show_of_another(workload, task, piece, &part, process.lane);
                }
                if let Some(slot) = parts.get_mut(task as usize) {
                    *slot = Some(part);
                }
                done += 1;
            }
            Head::Failed { failure } => {
                another_failed();
                return Err(failure);
            }
            _ => {}
        }
    }
    let clocked = Clocked::finish(parts.into_iter().flatten().collect());
    for process in &all {
        send(&process.peer, &Head::End, &[]);
    }
    while over < spec.workers {
        let packet = mailbox.receive().await;
        let from = packet.from;
        if let (Head::Over, _) = read(packet)?
            && let Some(process) = all.get(from as usize)
        {
            over += 1;
            record(What::Joined { child: process.lane });
        }
    }
    Ok(clocked)
}

/// What a process of a program does where memory cannot be shared: what its parent's first message says.
pub async fn program_main(mut mailbox: Mailbox, parent: Peer) {
    let first = mailbox.receive().await.head;
    if messages::is_beginning(&first) {
        messages::run(mailbox, parent, &first).await;
    }
}

/// What a process of a workload does until it is told to end.
pub async fn process_main(mut mailbox: Mailbox, parent: Peer) {
    let first = mailbox.receive().await;
    serve(first, mailbox, parent).await;
}

/// What a process does where there are both: its first message tells which it is.
#[cfg(not(target_arch = "wasm32"))]
pub async fn any_main(mut mailbox: Mailbox, parent: Peer) {
    let first = mailbox.receive().await;
    match messages::is_beginning(&first.head) {
        true => messages::run(mailbox, parent, &first.head).await,
        false => serve(first, mailbox, parent).await,
    }
}

async fn serve(first: Packet, mailbox: Mailbox, parent: Peer) {
    match work(first, mailbox, &parent).await {
        Ok(()) => send_last(&parent, &Head::Over),
        Err(failure) => {
            fail(&failure);
            send_last(&parent, &Head::Failed { failure });
        }
    }
}

/// Has the system find memory for an input and what is made of it, before there is any: it does so page by page, at the
/// first touch, and that takes longer than a copy.
fn touch(input: usize) {
    let mut room: Vec<u8> = Vec::new();
    // If there is none, the first task will say so.
    if room.try_reserve_exact(2 * input).is_ok() {
        room.resize(2 * input, 1);
        std::hint::black_box(&room);
    }
}

async fn work(first: Packet, mut mailbox: Mailbox, parent: &Peer) -> Result<(), Failure> {
    let (Head::Setup { spec, room }, setup) = read(first)? else { return Ok(()) };
    let Some(workload) = workloads::prepare_process(&spec) else { return Ok(()) };
    interleave_trace::set_recording(spec.record);
    let mut workload = workload?;
    workload.accept_setup(setup);
    touch(room as usize);
    send(parent, &Head::Up, &[]);
    let mut conditions = Conditions::new(&spec, TimeNs(0));
    loop {
        match read(mailbox.receive().await)? {
            (Head::Start { at }, _) => conditions = Conditions::new(&spec, TimeNs(at)),
            (Head::Task { task }, input) => {
                workload.accept_input(task, input);
                let part = perform(&*workload, task, &conditions)?;
                span::running(Title::new("packing"));
                send(parent, &Head::Done { task }, &workload.part_to_bytes(&part));
            }
            (Head::End, _) => return Ok(()),
            _ => {}
        }
    }
}
