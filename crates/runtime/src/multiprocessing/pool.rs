//! A pool of processes: functions are called there with arguments from a queue.
//!
//! ```text
//!  pool.map(f, items)   -- chunk, chunk ... -->  tasks   --> worker 1, worker 2 ...
//!                       <-- the call's own queue of results --/
//! ```
//! Every call has a queue of results of its own, so whoever waits for one takes nothing that another waits for. Who waits
//! also looks after the workers: one that is over after as many tasks as it was to do is replaced, and the task of one
//! that died is given up.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use interleave_trace::{NameId, clock};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ExitCode, Process, ProcessError, RawArray, Started, from_bytes, to_bytes};
use crate::rt::{Site, SyncError, Wait};
use crate::segment::queue::Queue;
use crate::segment::{Source, wait_for_any};
use crate::span::Title;

/// What a worker does with a function and a chunk of arguments: gives as many results.
type Runner = fn(function: usize, chunk: &[u8]) -> Result<Vec<u8>, ProcessError>;

/// A piece of work on its way to a worker. Functions go as their places in the table, which is the same everywhere.
#[derive(Serialize, Deserialize)]
struct Task {
    runner: usize,
    function: usize,
    results: Queue,
    /// Which chunk of its call.
    chunk: u32,
    #[serde(with = "serde_bytes_vec")]
    arguments: Vec<u8>,
}

/// What a worker says of a chunk.
#[derive(Serialize, Deserialize)]
struct Done {
    chunk: u32,
    results: Result<Vec<u8>, String>,
}

/// Bytes as one piece; a list of numbers would be looked at one by one.
mod serde_bytes_vec {
    use std::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

/// What a worker is given at its beginning.
#[derive(Serialize, Deserialize)]
struct Post {
    tasks: Queue,
    /// What it is doing, for those who find it dead.
    now: RawArray<u32>,
    most: Option<u32>,
    initializer: Option<(usize, usize, Vec<u8>)>,
}

/// The words of what a worker is doing: whether it is, the call's queue, and the chunk.
const BUSY: u32 = 0;
const QUEUE: u32 = 1;
const CHUNK: u32 = 3;
const WORDS: u32 = 4;

/// How a worker ends that has done as many tasks as it was to do.
const RETIRED: ExitCode = ExitCode(155);

fn runner<A: DeserializeOwned, R: Serialize>(function: usize, chunk: &[u8]) -> Result<Vec<u8>, ProcessError> {
    // SAFETY: `Pool::submit` made the number of a function of this very type, in an instance of the same module.
    let function: fn(A) -> R = unsafe { std::mem::transmute(function) };
    let arguments: Vec<A> = from_bytes(chunk)?;
    to_bytes(&arguments.into_iter().map(function).collect::<Vec<R>>())
}

fn initializing<A: DeserializeOwned>(function: usize, argument: &[u8]) -> Result<Vec<u8>, ProcessError> {
    // SAFETY: as in `runner`, of `Options::initializer`.
    let function: fn(A) = unsafe { std::mem::transmute(function) };
    function(from_bytes(argument)?);
    Ok(Vec::new())
}

fn to_runner(number: usize) -> Runner {
    // SAFETY: only this module makes such numbers, from `runner` and `initializing`.
    unsafe { std::mem::transmute(number) }
}

/// A worker: takes tasks until it is told to end, by an empty one.
fn work(post: Post) -> Result<ExitCode, ProcessError> {
    if let Some((runner, function, argument)) = post.initializer {
        to_runner(runner)(function, &argument)?;
    }
    let mut done = 0;
    while post.most.is_none_or(|most| done < most) {
        let bytes = post.tasks.get(&Wait::forever())?;
        if bytes.is_empty() {
            return Ok(ExitCode::WELL);
        }
        let task: Task = from_bytes(&bytes)?;
        let [queue, object] = task.results.to_words();
        post.now.store(BUSY, &[1, queue, object, task.chunk])?;
        let results = to_runner(task.runner)(task.function, &task.arguments).map_err(|error| error.to_string());
        let answer = to_bytes(&Done { chunk: task.chunk, results })?;
        post.now.set(BUSY, 0)?;
        match task.results.put(NameId::NONE, &answer, &Wait::forever()) {
            // Who asked does not want to know any more.
            Ok(()) | Err(ProcessError::Gone) => {}
            Err(error) => return Err(error),
        }
        done += 1;
    }
    Ok(RETIRED)
}

fn worker(post: Post) -> ExitCode {
    use super::process::Exit;
    match work(post) {
        Ok(exit) => exit,
        Err(error) => Err::<(), _>(error).exit_code(),
    }
}

/// How a pool is made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    most: Option<u32>,
    initializer: Option<(usize, usize, Vec<u8>)>,
}

impl Options {
    /// Each worker is replaced after so many tasks.
    pub fn max_tasks_per_child(self, tasks: u32) -> Self {
        Self { most: Some(tasks.max(1)), ..self }
    }

    /// Each worker calls this first.
    pub fn initializer<A: Serialize + DeserializeOwned>(
        self,
        function: fn(A),
        argument: &A,
    ) -> Result<Self, ProcessError> {
        let initializer = (initializing::<A> as Runner as usize, function as usize, to_bytes(argument)?);
        Ok(Self { initializer: Some(initializer), ..self })
    }
}

struct Worker {
    process: Started,
    now: RawArray<u32>,
    is_over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Closed,
    Terminated,
}

/// Processes that call functions for the one who made them.
pub struct Pool {
    tasks: Queue,
    options: Options,
    workers: RefCell<Vec<Worker>>,
    started: Cell<u32>,
    state: Cell<State>,
}

impl Pool {
    /// With so many workers.
    pub fn new(workers: u32, options: Options) -> Result<Self, ProcessError> {
        let pool = Self {
            tasks: Queue::make(Title::new("tasks"), 0)?,
            options,
            workers: RefCell::default(),
            started: Cell::new(0),
            state: Cell::new(State::Open),
        };
        for _ in 0..workers.max(1) {
            let worker = pool.hire()?;
            pool.workers.borrow_mut().push(worker);
        }
        Ok(pool)
    }

    fn hire(&self) -> Result<Worker, ProcessError> {
        let number = self.started.get() + 1;
        self.started.set(number);
        let now = RawArray::zeros(Title::numbered("work of", number), WORDS)?;
        let Options { most, initializer } = self.options.clone();
        let post = Post { tasks: self.tasks, now, most, initializer };
        let process = Process::new(Title::numbered("worker", number), worker, post).daemon().start()?;
        Ok(Worker { process, now, is_over: false })
    }

    /// How many processes it has started until now.
    pub fn started(&self) -> u32 {
        self.started.get()
    }

    /// Looks after workers that are over: replaces those that have done their share, and gives up what those were at that
    /// died.
    fn look_after(&self) -> Result<(), ProcessError> {
        let count = self.workers.borrow().len();
        for place in 0..count {
            let (process, now) = match &self.workers.borrow()[place] {
                Worker { is_over: true, .. } => continue,
                Worker { process, now, .. } => (*process, *now),
            };
            let Some(exit) = process.exit_code()? else { continue };
            self.workers.borrow_mut()[place].is_over = true;
            if self.state.get() == State::Terminated {
                continue;
            }
            if exit != ExitCode::WELL && exit != RETIRED && now.get(BUSY)? != 0 {
                let results = Queue::from_words([now.get(QUEUE)?, now.get(QUEUE + 1)?]);
                let message = ProcessError::WorkerLost { exit: exit.0 }.to_string();
                let lost = Done { chunk: now.get(CHUNK)?, results: Err(message) };
                match results.put(NameId::NONE, &to_bytes(&lost)?, &Wait::forever()) {
                    Ok(()) | Err(ProcessError::Gone) => {}
                    Err(error) => return Err(error),
                }
            }
            if exit != ExitCode::WELL {
                let worker = self.hire()?;
                self.workers.borrow_mut()[place] = worker;
            }
        }
        Ok(())
    }

    /// Waits for one more result of a call.
    fn next_of(&self, results: Queue, wait: &Wait) -> Result<Done, ProcessError> {
        let end = wait.timeout.map(|timeout| clock::now().0.saturating_add(timeout.as_nanos() as u64));
        loop {
            match results.get(&Wait { timeout: Some(Duration::ZERO), ..*wait }) {
                Ok(bytes) => return from_bytes(&bytes),
                Err(ProcessError::Sync(SyncError::Empty)) => {}
                Err(error) => return Err(error),
            }
            self.look_after()?;
            let left = end.map(|end| Duration::from_nanos(end.saturating_sub(clock::now().0)));
            if left == Some(Duration::ZERO) {
                return Err(SyncError::TimedOut.into());
            }
            if self.state.get() == State::Terminated {
                return Err(ProcessError::PoolClosed);
            }
            let mut sources = vec![Source::queue(results)];
            let workers = self.workers.borrow();
            sources.extend(workers.iter().filter(|worker| !worker.is_over).map(|worker| worker.process.sentinel()));
            drop(workers);
            wait_for_any(&sources, &Wait { timeout: left, ..*wait })?;
        }
    }

    fn submit<A: Serialize + DeserializeOwned, R: Serialize>(
        &self,
        function: fn(A) -> R,
        chunks: impl Iterator<Item = Vec<A>>,
    ) -> Result<(Queue, u32), ProcessError> {
        if self.state.get() != State::Open {
            return Err(ProcessError::PoolClosed);
        }
        let results = Queue::make(Title::new("results"), 0)?;
        let mut count = 0;
        for chunk in chunks {
            let (runner, function) = (runner::<A, R> as Runner as usize, function as usize);
            let task = Task { runner, function, results, chunk: count, arguments: to_bytes(&chunk)? };
            self.tasks.put(NameId::NONE, &to_bytes(&task)?, &Wait::forever())?;
            count += 1;
        }
        Ok((results, count))
    }

    /// Calls a function once, in some worker, and waits for its result.
    #[track_caller]
    pub fn apply<A, R>(&self, function: fn(A) -> R, argument: A) -> Result<R, ProcessError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        self.apply_async(function, argument)?.get()
    }

    /// Calls a function once, in some worker. The result can be had later.
    pub fn apply_async<A, R>(&self, function: fn(A) -> R, argument: A) -> Result<Later<'_, R>, ProcessError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let (results, _) = self.submit(function, std::iter::once(vec![argument]))?;
        Ok(Later { call: Call { pool: self, results }, result: RefCell::new(None), kind: PhantomData })
    }

    /// Calls a function with every item, in chunks, and waits for all results. They come in the order of the items.
    #[track_caller]
    pub fn map<A, R>(&self, function: fn(A) -> R, items: Vec<A>) -> Result<Vec<R>, ProcessError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let chunks = 4 * self.workers.borrow().len();
        let size = items.len().div_ceil(chunks);
        self.map_in_chunks(function, items, size as u32)
    }

    /// As [`Pool::map`], in chunks of so many items.
    #[track_caller]
    pub fn map_in_chunks<A, R>(&self, function: fn(A) -> R, items: Vec<A>, size: u32) -> Result<Vec<R>, ProcessError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        self.imap(function, items, size)?.collect()
    }

    /// As [`Pool::map`], for a function of two.
    #[track_caller]
    pub fn starmap<A, B, R>(&self, function: fn(A, B) -> R, items: Vec<(A, B)>) -> Result<Vec<R>, ProcessError>
    where
        A: Serialize + DeserializeOwned,
        B: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        fn spread<A, B, R>((function, (a, b)): (usize, (A, B))) -> R {
            // SAFETY: `starmap` made the number of a function of this very type, in an instance of the same module.
            let function: fn(A, B) -> R = unsafe { std::mem::transmute(function) };
            function(a, b)
        }
        self.map(spread::<A, B, R>, items.into_iter().map(|item| (function as usize, item)).collect())
    }

    /// Calls a function with every item, in chunks of so many. The results come in the order of the items, each as soon as
    /// it and all before it are there.
    pub fn imap<A, R>(&self, function: fn(A) -> R, items: Vec<A>, size: u32) -> Result<Results<'_, R>, ProcessError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        self.results_of(function, items, size, true)
    }

    /// As [`Pool::imap`], in whatever order they are there.
    pub fn imap_unordered<A, R>(
        &self,
        function: fn(A) -> R,
        items: Vec<A>,
        size: u32,
    ) -> Result<Results<'_, R>, ProcessError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        self.results_of(function, items, size, false)
    }

    fn results_of<A, R>(
        &self,
        function: fn(A) -> R,
        items: Vec<A>,
        size: u32,
        in_order: bool,
    ) -> Result<Results<'_, R>, ProcessError>
    where
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let mut items = items.into_iter();
        let chunks = std::iter::from_fn(|| {
            let chunk: Vec<A> = items.by_ref().take(size.max(1) as usize).collect();
            (!chunk.is_empty()).then_some(chunk)
        });
        let (results, chunks) = self.submit(function, chunks)?;
        let call = Call { pool: self, results };
        Ok(Results { call, chunks, given: 0, in_order, early: BTreeMap::new(), ready: Vec::new().into_iter() })
    }

    /// It takes no more work. Its workers end when all is done.
    pub fn close(&self) -> Result<(), ProcessError> {
        if self.state.replace(State::Closed) == State::Open {
            let count = self.workers.borrow().len();
            for _ in 0..count {
                self.tasks.put(NameId::NONE, &[], &Wait::forever())?;
            }
        }
        Ok(())
    }

    /// Its workers end now, whatever they are at.
    pub fn terminate(&self) -> Result<(), ProcessError> {
        self.state.set(State::Terminated);
        self.workers.borrow().iter().try_for_each(|worker| worker.process.terminate())
    }

    /// Waits until its workers have ended. It was closed or terminated before.
    #[track_caller]
    pub fn join(&self) -> Result<(), ProcessError> {
        if self.state.get() == State::Open {
            return Err(ProcessError::PoolOpen);
        }
        let wait = Wait::forever();
        loop {
            self.look_after()?;
            let workers = self.workers.borrow();
            let sources: Vec<Source> =
                workers.iter().filter(|worker| !worker.is_over).map(|worker| worker.process.sentinel()).collect();
            drop(workers);
            if sources.is_empty() {
                break;
            }
            wait_for_any(&sources, &wait)?;
        }
        self.workers.borrow().iter().try_for_each(|worker| worker.process.join().map(|_| ()))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // As Python's does at the end of its `with`. A worker that is over already needs no end.
        let _over = self.terminate();
    }
}

/// One call to a pool, with its queue.
struct Call<'a> {
    pool: &'a Pool,
    results: Queue,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        // Workers that are still at it are told that nobody waits.
        let _gone = self.results.free();
    }
}

fn results<R: DeserializeOwned>(done: Done) -> Result<Vec<R>, ProcessError> {
    from_bytes(&done.results.map_err(|message| ProcessError::Remote { message })?)
}

/// A result that is to come.
pub struct Later<'a, R> {
    call: Call<'a>,
    result: RefCell<Option<Result<Vec<u8>, String>>>,
    kind: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Later<'_, R> {
    fn wait_at(&self, wait: &Wait) -> Result<bool, ProcessError> {
        if self.result.borrow().is_some() {
            return Ok(true);
        }
        match self.call.pool.next_of(self.call.results, wait) {
            Ok(done) => {
                *self.result.borrow_mut() = Some(done.results);
                Ok(true)
            }
            Err(error) if error.is_timeout() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn take(&self) -> Result<R, ProcessError> {
        let done = self.result.borrow().clone().ok_or(SyncError::TimedOut)?;
        results(Done { chunk: 0, results: done })?.pop().ok_or(ProcessError::Unreadable)
    }

    /// Waits for it.
    #[track_caller]
    pub fn get(&self) -> Result<R, ProcessError> {
        self.wait_at(&Wait::forever())?;
        self.take()
    }

    /// Waits for it, for so long at most.
    #[track_caller]
    pub fn get_within(&self, timeout: Duration) -> Result<R, ProcessError> {
        match self.wait_at(&Wait::at_most(timeout))? {
            true => self.take(),
            false => Err(SyncError::TimedOut.into()),
        }
    }

    /// Waits until it is there, for so long at most. Gives whether it is.
    #[track_caller]
    pub fn wait_within(&self, timeout: Duration) -> Result<bool, ProcessError> {
        self.wait_at(&Wait::at_most(timeout))
    }

    /// Whether it is there.
    pub fn is_ready(&self) -> Result<bool, ProcessError> {
        self.wait_at(&Wait { site: Site::NONE, timeout: Some(Duration::ZERO) })
    }

    /// Whether it is there and nothing went wrong, or nothing if it is not there.
    pub fn is_successful(&self) -> Result<Option<bool>, ProcessError> {
        self.is_ready()?;
        Ok(self.result.borrow().as_ref().map(Result::is_ok))
    }
}

/// Results as they come.
pub struct Results<'a, R> {
    call: Call<'a>,
    chunks: u32,
    given: u32,
    in_order: bool,
    early: BTreeMap<u32, Done>,
    ready: std::vec::IntoIter<R>,
}

impl<R: DeserializeOwned> Results<'_, R> {
    fn next_chunk(&mut self) -> Result<Vec<R>, ProcessError> {
        loop {
            if let Some(done) = self.early.remove(&self.given) {
                return results(done);
            }
            let done = self.call.pool.next_of(self.call.results, &Wait::forever())?;
            if !self.in_order {
                return results(done);
            }
            self.early.insert(done.chunk, done);
        }
    }
}

impl<R: DeserializeOwned> Iterator for Results<'_, R> {
    type Item = Result<R, ProcessError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(result) = self.ready.next() {
                return Some(Ok(result));
            }
            if self.given == self.chunks {
                return None;
            }
            let chunk = self.next_chunk();
            self.given += 1;
            match chunk {
                Ok(results) => self.ready = results.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
