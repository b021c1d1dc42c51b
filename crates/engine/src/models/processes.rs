//! Processes: the host keeps input and output, the others get tasks and send results, all as messages.
//!
//! ```text
//!  host                          process
//!   | -- Setup: spec, setup ------> |   once
//!   | <---------------------- Up -- |
//!   | -- Task: number, input -----> |   static: all of its share at once; dynamic: one more for each done
//!   | <-------- Done: number, part  |
//!   | -- End ---------------------> |
//! ```

use std::pin::Pin;

use interleave_protocol::{Chunking, Failure, RunSpec, Start};
use interleave_runtime::multiprocessing::messages;
use interleave_runtime::processes::{self, Mailbox, Peer, Process};
use interleave_runtime::span::{self, Title};
use interleave_trace::clock::TimeNs;
use interleave_trace::{NameId, What, intern, record};
use serde::{Deserialize, Serialize};

use crate::models::steps::{Conditions, perform};
use crate::run::{Clocked, Visit, another_failed, dispatch, fail, show_of_another};
use crate::workload::{Message, Workload, share};

/// How many tasks a process has at a time: while it computes one, the input of the next is on its way.
const AHEAD: usize = 2;

/// What a message says; its bulk follows behind.
#[derive(Serialize, Deserialize)]
enum Head {
    Setup { spec: RunSpec },
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

fn send(peer: &Peer, head: &Head, bulk: &[u8]) {
    peer.send_pieces(head.name(), &[&head.to_bytes(), bulk]);
}

fn send_last(peer: &Peer, head: &Head) {
    peer.send_last(head.name(), &head.to_bytes());
}

fn read(bytes: &[u8]) -> Result<(Head, &[u8]), Failure> {
    let unreadable = |_| Failure::Trapped { message: "a message between processes could not be read".to_owned() };
    postcard::take_from_bytes(bytes).map_err(unreadable)
}

/// Runs all tasks in `spec.workers` processes.
pub async fn run<W: Workload>(workload: &W, spec: &RunSpec) -> Result<Clocked<W::Part>, Failure> {
    let mut mailbox = Mailbox::default();
    let mut started = (spec.start == Start::Cold).then(Clocked::<W::Part>::start);
    let all: Vec<Process> =
        (0..spec.workers).map(|n| processes::spawn(n, Title::numbered("process", n + 1), &mailbox)).collect();
    let setup = workload.setup();
    for process in &all {
        send(&process.peer, &Head::Setup { spec: *spec }, &setup);
    }
    let mut shares: Vec<_> = (0..spec.workers).map(|n| share(spec.tasks, n, spec.workers)).collect();
    let mut next = 0..spec.tasks;
    let give = |process: &Process, task: u32| send(&process.peer, &Head::Task { task }, &workload.input(task));
    let mut begin = |process: &Process, n: usize, at: TimeNs, next: &mut std::ops::Range<u32>| {
        send(&process.peer, &Head::Start { at: at.0 }, &[]);
        match spec.chunking {
            Chunking::Static => shares[n].by_ref().for_each(|task| give(process, task)),
            Chunking::Dynamic => next.by_ref().take(AHEAD).for_each(|task| give(process, task)),
        }
    };
    let mut parts: Vec<Option<W::Part>> = (0..spec.tasks).map(|_| None).collect();
    let mut done = 0;
    let mut up = 0;
    let mut over = 0;
    while done < spec.tasks || up < spec.workers {
        let (from, bytes) = mailbox.receive().await;
        let (head, bulk) = read(&bytes)?;
        let Some(process) = all.get(from as usize) else { continue };
        match head {
            Head::Up => {
                up += 1;
                match started {
                    Some(at) => begin(process, from as usize, at, &mut next),
                    None if up == spec.workers => {
                        let at = *started.insert(Clocked::<W::Part>::start());
                        all.iter().enumerate().for_each(|(n, process)| begin(process, n, at, &mut next));
                    }
                    None => {}
                }
            }
            Head::Done { task } => {
                let lost = || Failure::Trapped { message: format!("the result of task {task} could not be read") };
                let part = W::Part::from_bytes(bulk).ok_or_else(lost)?;
                for piece in 0..workload.steps(task).len() as u32 {
                    show_of_another(workload, task, piece, &part, process.lane);
                }
                if let Some(slot) = parts.get_mut(task as usize) {
                    *slot = Some(part);
                }
                done += 1;
                if spec.chunking == Chunking::Dynamic {
                    next.by_ref().take(1).for_each(|task| give(process, task));
                }
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
        let (from, bytes) = mailbox.receive().await;
        if let (Head::Over, _) = read(&bytes)?
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
    let (_, bytes) = mailbox.receive().await;
    if messages::is_beginning(&bytes) {
        messages::run(mailbox, parent, &bytes).await;
    }
}

/// What a process does until it is told to end.
pub async fn process_main(mut mailbox: Mailbox, parent: Peer) {
    let (_, bytes) = mailbox.receive().await;
    if messages::is_beginning(&bytes) {
        messages::run(mailbox, parent, &bytes).await;
        return;
    }
    let outcome = match read(&bytes) {
        Ok((Head::Setup { spec }, setup)) => {
            let work = ProcessWork { spec, setup, mailbox, parent: &parent };
            match dispatch(spec.workload, work) {
                Some(work) => work.await,
                None => Ok(()),
            }
        }
        Ok(_) => Ok(()),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(()) => send_last(&parent, &Head::Over),
        Err(failure) => {
            fail(&failure);
            send_last(&parent, &Head::Failed { failure });
        }
    }
}

struct ProcessWork<'a> {
    spec: RunSpec,
    setup: &'a [u8],
    mailbox: Mailbox,
    parent: &'a Peer,
}

impl<'a> Visit for ProcessWork<'a> {
    type Output = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

    fn visit<W: Workload>(self) -> Self::Output {
        Box::pin(self.run::<W>())
    }
}

impl ProcessWork<'_> {
    async fn run<W: Workload>(mut self) -> Result<(), Failure> {
        interleave_trace::set_recording(self.spec.record);
        let mut workload = W::prepare_process(&self.spec)?;
        workload.accept_setup(self.setup);
        send(self.parent, &Head::Up, &[]);
        let mut conditions = Conditions::new(&self.spec, TimeNs(0));
        loop {
            let (_, bytes) = self.mailbox.receive().await;
            match read(&bytes)? {
                (Head::Start { at }, _) => conditions = Conditions::new(&self.spec, TimeNs(at)),
                (Head::Task { task }, input) => {
                    workload.accept_input(task, input);
                    let part = perform(&workload, task, &conditions)?;
                    span::running(Title::new("packing"));
                    send(self.parent, &Head::Done { task }, &part.to_bytes());
                }
                (Head::End, _) => return Ok(()),
                _ => {}
            }
        }
    }
}
