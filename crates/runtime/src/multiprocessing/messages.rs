//! Processes, pipes and queues that work without shared memory: by messages, awaited.
//!
//! ```text
//!  hub                                     child
//!   | -- begin: function, argument -------> |
//!   | <--------- the pipe, both ways -----> |
//!   | <-- put, get ------------------------ |     the queues are the hub's
//!   | -- an item -------------------------> |
//!   | <-- over ---------------------------- |
//! ```
//! The hub is the process that starts the others. It serves its queues whenever it awaits something of them. A child that
//! traps ends the run, since nobody else could say so.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::pin::Pin;

use interleave_trace::{What, intern, record};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::process::Exit;
use super::{ExitCode, ProcessError, from_bytes, to_bytes};
use crate::processes::{self, Mailbox, Packet, Peer};
use crate::span::Title;

/// What a child runs.
pub type Main = fn(Child) -> Pin<Box<dyn Future<Output = Result<(), ProcessError>>>>;

/// Before the first message to a child. No message of the engine's own model begins so.
const MARK: &[u8] = b"\xff\xffbegin\xff";

#[derive(Serialize, Deserialize)]
enum Note {
    Pipe(Vec<u8>),
    Close,
    Put { queue: u32, item: Vec<u8> },
    Get { queue: u32 },
    Item(Vec<u8>),
    Over { exit: i32 },
}

impl Note {
    fn name(&self) -> interleave_trace::NameId {
        intern(match self {
            Self::Pipe(_) => "message",
            Self::Close => "end",
            Self::Put { .. } => "put",
            Self::Get { .. } => "get",
            Self::Item(_) => "item",
            Self::Over { .. } => "over",
        })
    }
}

fn post(peer: &Peer, note: &Note) -> Result<(), ProcessError> {
    peer.send(note.name(), &to_bytes(note)?, &[]);
    Ok(())
}

/// A child that was started, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildId(usize);

/// A queue of the hub.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Queue<T> {
    number: u32,
    items: PhantomData<fn(T) -> T>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { number: self.number, items: PhantomData }
    }
}

struct Kid {
    process: processes::Process,
    arrived: VecDeque<Vec<u8>>,
    exit: Option<ExitCode>,
}

#[derive(Default)]
struct Kept {
    items: VecDeque<Vec<u8>>,
    waiting: VecDeque<usize>,
}

/// See the module's text.
#[derive(Default)]
pub struct Hub {
    mailbox: Mailbox,
    kids: Vec<Kid>,
    queues: Vec<Kept>,
}

impl Hub {
    /// Starts a process.
    pub fn start(&mut self, title: Title, main: Main, argument: &impl Serialize) -> Result<ChildId, ProcessError> {
        let argument = to_bytes(argument)?;
        let process = processes::spawn(self.kids.len() as u32, title, &self.mailbox);
        let mut bytes = MARK.to_vec();
        bytes.extend_from_slice(&(main as usize as u64).to_le_bytes());
        bytes.extend_from_slice(&argument);
        process.peer.send(intern("begin"), &bytes, &[]);
        self.kids.push(Kid { process, arrived: VecDeque::new(), exit: None });
        Ok(ChildId(self.kids.len() - 1))
    }

    /// A new queue, which any child may be given.
    pub fn queue<T>(&mut self) -> Queue<T> {
        self.queues.push(Kept::default());
        Queue { number: self.queues.len() as u32 - 1, items: PhantomData }
    }

    fn kid(&mut self, ChildId(number): ChildId) -> Result<&mut Kid, ProcessError> {
        self.kids.get_mut(number).ok_or(ProcessError::NotAChild)
    }

    /// Sends a value through the pipe to a child.
    pub fn send(&mut self, child: ChildId, value: &impl Serialize) -> Result<(), ProcessError> {
        let kid = self.kid(child)?;
        if kid.exit.is_some() {
            return Err(ProcessError::BrokenPipe);
        }
        post(&kid.process.peer, &Note::Pipe(to_bytes(value)?))
    }

    /// A child finds the end of its pipe after what was sent until now.
    pub fn close(&mut self, child: ChildId) -> Result<(), ProcessError> {
        post(&self.kid(child)?.process.peer, &Note::Close)
    }

    /// Waits for a value from a child, or for its end: then there is none.
    pub async fn receive<T: DeserializeOwned>(&mut self, child: ChildId) -> Result<Option<T>, ProcessError> {
        loop {
            let kid = self.kid(child)?;
            if let Some(bytes) = kid.arrived.pop_front() {
                return from_bytes(&bytes).map(Some);
            }
            if kid.exit.is_some() {
                return Ok(None);
            }
            self.take_one().await?;
        }
    }

    /// Waits until a child has ended. Gives how.
    pub async fn join(&mut self, child: ChildId) -> Result<ExitCode, ProcessError> {
        loop {
            let kid = self.kid(child)?;
            if let Some(exit) = kid.exit {
                record(What::Joined { child: kid.process.lane });
                return Ok(exit);
            }
            self.take_one().await?;
        }
    }

    fn kept<T>(&mut self, queue: &Queue<T>) -> Result<&mut Kept, ProcessError> {
        self.queues.get_mut(queue.number as usize).ok_or(ProcessError::Gone)
    }

    /// Puts an item into a queue.
    pub fn put<T: Serialize>(&mut self, queue: &Queue<T>, item: &T) -> Result<(), ProcessError> {
        let item = to_bytes(item)?;
        self.kept(queue)?.items.push_back(item);
        self.serve(queue.number)
    }

    /// Waits for an item of a queue and takes it.
    pub async fn get<T: DeserializeOwned>(&mut self, queue: &Queue<T>) -> Result<T, ProcessError> {
        loop {
            if let Some(item) = self.kept(queue)?.items.pop_front() {
                return from_bytes(&item);
            }
            self.take_one().await?;
        }
    }

    /// Hands out items to those who wait for some.
    fn serve(&mut self, number: u32) -> Result<(), ProcessError> {
        let kept = self.queues.get_mut(number as usize).ok_or(ProcessError::Gone)?;
        while !kept.items.is_empty() {
            let Some(waiting) = kept.waiting.pop_front() else { break };
            if let (Some(kid), Some(item)) = (self.kids.get(waiting), kept.items.pop_front()) {
                post(&kid.process.peer, &Note::Item(item))?;
            }
        }
        Ok(())
    }

    /// Waits for one message of any child and deals with it.
    async fn take_one(&mut self) -> Result<(), ProcessError> {
        let Packet { from, head, .. } = self.mailbox.receive().await;
        let Some(kid) = self.kids.get_mut(from as usize) else { return Ok(()) };
        match from_bytes(&head)? {
            Note::Pipe(bytes) => kid.arrived.push_back(bytes),
            Note::Over { exit } => kid.exit = Some(ExitCode(exit)),
            Note::Put { queue, item } => {
                self.queues.get_mut(queue as usize).ok_or(ProcessError::Gone)?.items.push_back(item);
                self.serve(queue)?;
            }
            Note::Get { queue } => {
                self.queues.get_mut(queue as usize).ok_or(ProcessError::Gone)?.waiting.push_back(from as usize);
                self.serve(queue)?;
            }
            Note::Close | Note::Item(_) => {}
        }
        Ok(())
    }
}

/// What a worker of a pool is asked: to call the function with the argument, both of which are places in the table.
#[derive(Serialize, Deserialize)]
struct Call {
    runner: u64,
    function: u64,
    place: u32,
    argument: Vec<u8>,
}

/// The place of an item, and what came of it.
type Answer = (u32, Vec<u8>);

fn calling<A: DeserializeOwned, R: Serialize>(function: usize, argument: &[u8]) -> Result<Vec<u8>, ProcessError> {
    // SAFETY: `Pool::map` made the number of a function of this very type, in an instance of the same module.
    let function: fn(A) -> R = unsafe { std::mem::transmute(function) };
    to_bytes(&function(from_bytes(argument)?))
}

type Runner = fn(function: usize, argument: &[u8]) -> Result<Vec<u8>, ProcessError>;

async fn work(mut child: Child) -> Result<(), ProcessError> {
    let (calls, answers): (Queue<Option<Call>>, Queue<Answer>) = child.argument()?;
    while let Some(call) = child.get(&calls).await? {
        // SAFETY: `Pool::map` made the number of `calling`, in an instance of the same module.
        let runner: Runner = unsafe { std::mem::transmute(call.runner as usize) };
        let result = runner(call.function as usize, &call.argument)?;
        child.put(&answers, &(call.place, result))?;
    }
    Ok(())
}

/// Processes that call functions for the hub that started them.
pub struct Pool {
    workers: Vec<ChildId>,
    calls: Queue<Option<Call>>,
    answers: Queue<Answer>,
}

impl Pool {
    /// With so many workers.
    pub fn new(hub: &mut Hub, workers: u32) -> Result<Self, ProcessError> {
        let (calls, answers) = (hub.queue(), hub.queue());
        let mut pool = Self { workers: Vec::new(), calls, answers };
        for number in 1..=workers.max(1) {
            let title = Title::numbered("worker", number);
            let queues = (pool.calls.clone(), pool.answers.clone());
            pool.workers.push(hub.start(title, |child| Box::pin(work(child)), &queues)?);
        }
        Ok(pool)
    }

    /// Calls a function with every item. The results come in the order of the items.
    pub async fn map<A: Serialize + DeserializeOwned, R: Serialize + DeserializeOwned>(
        &self,
        hub: &mut Hub,
        function: fn(A) -> R,
        items: &[A],
    ) -> Result<Vec<R>, ProcessError> {
        let (runner, function) = (calling::<A, R> as Runner as usize as u64, function as usize as u64);
        for (place, item) in (0..).zip(items) {
            hub.put(&self.calls, &Some(Call { runner, function, place, argument: to_bytes(item)? }))?;
        }
        let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
        for _ in items {
            let (place, result) = hub.get(&self.answers).await?;
            *results.get_mut(place as usize).ok_or(ProcessError::Unreadable)? = Some(from_bytes(&result)?);
        }
        results.into_iter().map(|result| result.ok_or(ProcessError::Unreadable)).collect()
    }

    /// Lets the workers end, and waits until they have.
    pub async fn close(self, hub: &mut Hub) -> Result<(), ProcessError> {
        for _ in &self.workers {
            hub.put(&self.calls, &None)?;
        }
        for worker in self.workers {
            hub.join(worker).await?;
        }
        Ok(())
    }
}

/// A child's side.
pub struct Child {
    argument: Vec<u8>,
    mailbox: Mailbox,
    parent: std::rc::Rc<Peer>,
    arrived: VecDeque<Vec<u8>>,
    items: VecDeque<Vec<u8>>,
    is_closed: bool,
}

impl Child {
    /// What it was given at its beginning.
    pub fn argument<T: DeserializeOwned>(&self) -> Result<T, ProcessError> {
        from_bytes(&self.argument)
    }

    /// Sends a value through its pipe.
    pub fn send(&self, value: &impl Serialize) -> Result<(), ProcessError> {
        post(&self.parent, &Note::Pipe(to_bytes(value)?))
    }

    /// Waits for a value from its pipe, or for the pipe's end: then there is none.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ProcessError> {
        loop {
            if let Some(bytes) = self.arrived.pop_front() {
                return from_bytes(&bytes).map(Some);
            }
            if self.is_closed {
                return Ok(None);
            }
            self.take_one().await?;
        }
    }

    /// Puts an item into a queue of the hub.
    pub fn put<T: Serialize>(&self, queue: &Queue<T>, item: &T) -> Result<(), ProcessError> {
        post(&self.parent, &Note::Put { queue: queue.number, item: to_bytes(item)? })
    }

    /// Waits for an item of a queue of the hub and takes it.
    pub async fn get<T: DeserializeOwned>(&mut self, queue: &Queue<T>) -> Result<T, ProcessError> {
        post(&self.parent, &Note::Get { queue: queue.number })?;
        loop {
            if let Some(item) = self.items.pop_front() {
                return from_bytes(&item);
            }
            self.take_one().await?;
        }
    }

    async fn take_one(&mut self) -> Result<(), ProcessError> {
        match from_bytes(&self.mailbox.receive().await.head)? {
            Note::Pipe(bytes) => self.arrived.push_back(bytes),
            Note::Close => self.is_closed = true,
            Note::Item(item) => self.items.push_back(item),
            Note::Put { .. } | Note::Get { .. } | Note::Over { .. } => {}
        }
        Ok(())
    }
}

/// Whether a process that got this as its first message is a child of a hub.
pub fn is_beginning(first: &[u8]) -> bool {
    first.starts_with(MARK) && first.len() >= MARK.len() + 8
}

/// In a child of a hub: runs what it is to run, as its first message says, to its end.
pub async fn run(mailbox: Mailbox, parent: Peer, first: &[u8]) {
    let Some((main, argument)) = first.get(MARK.len()..).and_then(|rest| rest.split_first_chunk::<8>()) else { return };
    // SAFETY: the hub made the number of a function of this very type, in an instance of the same module: the table of
    // functions is the same here, and natively it is the same program.
    let main: Main = unsafe { std::mem::transmute(u64::from_le_bytes(*main) as usize) };
    let parent = std::rc::Rc::new(parent);
    let (arrived, items) = (VecDeque::new(), VecDeque::new());
    let child =
        Child { argument: argument.to_vec(), mailbox, parent: parent.clone(), arrived, items, is_closed: false };
    let exit = main(child).await.exit_code();
    let over = Note::Over { exit: exit.0 };
    parent.send_last(over.name(), &to_bytes(&over).unwrap_or_default());
}
