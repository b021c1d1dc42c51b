//! Everything between processes, in the browser that this runs in: what has to hold there as it does natively.

use std::time::Duration;

use interleave_protocol::RunSpec;
use interleave_runtime::multiprocessing::messages;
use interleave_runtime::multiprocessing::{
    Array, Barrier, BoundedSemaphore, Condition, Connection, DictProxy, Event, ExitCode, JoinableQueue, Lock, Manager,
    Options, Pool, Process, ProcessError, Queue, RLock, RawValue, Semaphore, SharedMemory, SimpleQueue, Value,
    both_ways, end_children, one_way, wait,
};
use interleave_runtime::rt::SyncError;
use interleave_runtime::segment::Segment;
use interleave_runtime::span::{self, Title};
use interleave_trace::{Level, TimeNs, clock};

use crate::experiments::Outcome;
use crate::workload::Answer;

/// What did not go as it should.
type Wrong = Result<(), String>;

type Check = (&'static str, fn() -> Wrong);

const CHECKS: &[Check] = &[
    ("locks", locks),
    ("meetings", meetings),
    ("messages", messages),
    ("queues", queues),
    ("numbers and bytes", numbers),
    ("pools and managers", servants),
    ("ends of processes", ends),
    ("a process that is killed with what it had open", killed),
    ("several at once", several),
    ("many at once", many),
    ("round trips", round_trips),
    ("bulk", bulk),
];

/// What is found wrong, with its name before it; both are told in the log.
fn judged(name: &str, check: impl FnOnce() -> Wrong) -> Option<String> {
    let began = clock::now();
    told(name, check(), began)
}

fn told(name: &str, outcome: Wrong, began: TimeNs) -> Option<String> {
    let wrong = outcome.err().map(|wrong| format!("{name}: {wrong}"));
    let ms = clock::now().since(began) as f64 / 1e6;
    match &wrong {
        Some(wrong) => span::note(Level::Error, wrong),
        None => span::note(Level::Info, &format!("{name}: as it should be ({ms:.0} ms)")),
    }
    wrong
}

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(10);

trait OrSay<T> {
    fn or_say(self, what: &str) -> Result<T, String>;
}

impl<T> OrSay<T> for Result<T, ProcessError> {
    fn or_say(self, what: &str) -> Result<T, String> {
        self.map_err(|error| format!("{what}: {error}"))
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Wrong {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

fn title(text: &'static str) -> Title {
    Title::new(text)
}

/// Runs all checks that can be run here.
pub async fn run(_spec: RunSpec) -> Outcome {
    let wrong = match Segment::current() {
        Some(_) => {
            let mut wrong = isolated();
            let began = clock::now();
            wrong.extend(told("messages without shared memory", by_messages().await, began));
            wrong
        }
        None => not_isolated().await,
    };
    end_children();
    let summary = match wrong.as_slice() {
        [] => "everything between processes holds".to_owned(),
        wrong => wrong.join("; "),
    };
    Ok(Answer::new(wrong.is_empty(), summary))
}

fn isolated() -> Vec<String> {
    CHECKS
        .iter()
        .filter_map(|(name, check)| {
            span::running(title(name));
            judged(name, check)
        })
        .collect()
}

/// Where no memory can be shared, what needs it says so.
async fn not_isolated() -> Vec<String> {
    let sentence = "needs memory that processes share, which this page may not have: it is not cross-origin isolated";
    let refusals = [
        Lock::new(title("lock")).err(),
        RLock::new(title("lock")).err(),
        Semaphore::new(title("permits"), 1).err(),
        Event::new(title("event")).err(),
        Condition::new(title("news")).err(),
        Barrier::new(title("barrier"), 2).err(),
        Queue::<u32>::new(title("queue"), 0).err(),
        both_ways(title("pipe")).err(),
        Value::new(title("value"), 0_u32).err(),
        SharedMemory::create(None, 10).err(),
        Process::new(title("process"), |(): ()| (), ()).start().err(),
    ];
    let texts =
        refusals.into_iter().map(|refusal| refusal.map_or("it was not refused".to_owned(), |it| it.to_string()));
    let mut wrong: Vec<String> =
        texts.inspect(|text| span::note(Level::Info, text)).filter(|text| !text.ends_with(sentence)).collect();
    let began = clock::now();
    wrong.extend(told("messages without shared memory", by_messages().await, began));
    wrong
}

/// What works without shared memory: a process that is started with a function, a pipe to it, and queues that several
/// processes use.
async fn by_messages() -> Wrong {
    async fn echoes(mut child: messages::Child) -> Result<(), ProcessError> {
        let factor: u32 = child.argument()?;
        while let Some(number) = child.receive::<u32>().await? {
            child.send(&(number * factor))?;
        }
        Ok(())
    }
    async fn works(mut child: messages::Child) -> Result<(), ProcessError> {
        let (tasks, results): (messages::Queue<u32>, messages::Queue<u32>) = child.argument()?;
        loop {
            match child.get(&tasks).await? {
                0 => return Ok(()),
                task => child.put(&results, &(task * task))?,
            }
        }
    }
    let mut hub = messages::Hub::default();
    let echo = hub.start(title("echo"), |child| Box::pin(echoes(child)), &3_u32).or_say("a process")?;
    for number in [1, 5, 7] {
        hub.send(echo, &number).or_say("sending")?;
        same("an echo", hub.receive::<u32>(echo).await, Ok(Some(number * 3)))?;
    }
    hub.close(echo).or_say("closing")?;
    same("its end", hub.join(echo).await, Ok(ExitCode::WELL))?;
    let (tasks, results) = (hub.queue::<u32>(), hub.queue::<u32>());
    let workers = [1, 2].map(|n| {
        hub.start(Title::numbered("worker", n), |child| Box::pin(works(child)), &(tasks.clone(), results.clone()))
    });
    for task in (1..=20).chain([0, 0]) {
        hub.put(&tasks, &task).or_say("putting")?;
    }
    let mut sum = 0;
    for _ in 0..20 {
        sum += hub.get(&results).await.or_say("getting")?;
    }
    same("the sum of squares", sum, 2870)?;
    for worker in workers {
        let ended = hub.join(worker.or_say("a process")?).await;
        same("a worker's end", ended, Ok(ExitCode::WELL))?;
    }
    Ok(())
}

fn locks() -> Wrong {
    fn adds((lock, rlock, count): (Lock, RLock, RawValue<u32>)) -> Result<(), ProcessError> {
        for _ in 0..200 {
            {
                let _guard = lock.guard()?;
                count.set(count.get()? + 1)?;
            }
            let (_outer, _inner) = (rlock.guard()?, rlock.guard()?);
        }
        Ok(())
    }
    let (lock, rlock) = (Lock::new(title("counter")).or_say("a lock")?, RLock::new(title("again")).or_say("a lock")?);
    let count = RawValue::new(title("count"), 0_u32).or_say("a value")?;
    let all = start(3, "adder", adds, || (lock, rlock, count))?;
    joined(&all)?;
    same("additions under a lock", count.get(), Ok(600))?;
    same("a lock that is free", lock.release(), Err(SyncError::NotHeld.into()))?;
    let bounded = BoundedSemaphore::new(title("bounded"), 2).or_say("a semaphore")?;
    same("a bounded semaphore", bounded.release(), Err(SyncError::ReleasedTooOften.into()))?;
    lock.acquire().or_say("a free lock")?;
    let before = clock::now();
    same("a lock that is taken", lock.acquire_within(SHORT), Ok(false))?;
    let waited = Duration::from_nanos(clock::now().since(before));
    if waited < SHORT / 2 || waited > LONG { Err(format!("it waited for {waited:?}")) } else { Ok(()) }
}

fn start<A: serde::Serialize + serde::de::DeserializeOwned>(
    count: u32,
    name: &'static str,
    function: fn(A) -> Result<(), ProcessError>,
    arguments: impl Fn() -> A,
) -> Result<Vec<interleave_runtime::multiprocessing::Started>, String> {
    let one = |n| Process::new(Title::numbered(name, n), function, arguments()).start().or_say("a process");
    (1..=count).map(one).collect()
}

fn joined(all: &[interleave_runtime::multiprocessing::Started]) -> Wrong {
    all.iter().try_for_each(|process| same("how a process ended", process.join_within(LONG), Ok(Some(ExitCode::WELL))))
}

fn meetings() -> Wrong {
    type Meeting = (Event, Barrier, Condition, Value<u32>);
    fn meets((gun, barrier, news, count): Meeting) -> Result<(), ProcessError> {
        gun.wait()?;
        for _ in 0..20 {
            barrier.wait()?;
        }
        let _guard = news.guard()?;
        count.update(|count| count + 1)?;
        news.notify_all()
    }
    let gun = Event::new(title("gun")).or_say("an event")?;
    let barrier = Barrier::new(title("barrier"), 3).or_say("a barrier")?;
    let news = Condition::new(title("news")).or_say("a condition")?;
    let count = Value::new(title("count"), 0_u32).or_say("a value")?;
    let all = start(3, "runner", meets, || (gun, barrier, news, count))?;
    gun.set().or_say("the gun")?;
    {
        let _guard = news.guard().or_say("the condition's lock")?;
        same("those who came", news.wait_for_within(LONG, || count.get() == Ok(3)), Ok(true))?;
    }
    joined(&all)?;
    same("alone at a barrier", barrier.wait_within(SHORT), Err(SyncError::BarrierBroken.into()))
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

fn messages() -> Wrong {
    let (here, there) = both_ways(title("pipe")).or_say("a pipe")?;
    let mirror = Process::new(title("mirror"), mirrors, there).start().or_say("a process")?;
    for length in [0_usize, 1, 4097, 300_001, 2_000_000] {
        let bytes: Vec<u8> = (0..length).map(|n| (n * 7 + n / 251) as u8).collect();
        here.send_bytes(&bytes).or_say("sending")?;
        let back = here.receive_bytes().or_say("receiving")?;
        if back != bytes {
            return Err(format!("a message of {length} bytes came back as another"));
        }
    }
    same("polling for nothing", here.poll_within(SHORT), Ok(false))?;
    drop(here);
    joined(&[mirror])?;
    let (from, to) = one_way(title("one way")).or_say("a pipe")?;
    same("the wrong way", from.send_bytes(b"x"), Err(ProcessError::ReadOnly))?;
    drop(from);
    same("nobody reads", to.send_bytes(b"x"), Err(ProcessError::BrokenPipe))
}

fn queues() -> Wrong {
    fn works((tasks, results): (JoinableQueue<u32>, SimpleQueue<u64>)) -> Result<(), ProcessError> {
        loop {
            match tasks.get()? {
                0 => return tasks.task_done(),
                task => results.put(&u64::from(task).pow(2))?,
            }
            tasks.task_done()?;
        }
    }
    let tasks = JoinableQueue::new(title("tasks"), 4).or_say("a queue")?;
    let results = SimpleQueue::new(title("results")).or_say("a queue")?;
    let all = start(2, "worker", works, || (tasks.clone(), results.clone()))?;
    for task in (1..=100).chain([0, 0]) {
        tasks.put(&task).or_say("putting")?;
    }
    tasks.join().or_say("joining")?;
    joined(&all)?;
    let mut sum = 0;
    for _ in 0..100 {
        sum += results.get().or_say("getting")?;
    }
    same("the sum of squares", sum, 338_350)?;
    same("an empty queue", tasks.get_within(SHORT), Err(SyncError::Empty.into()))
}

fn numbers() -> Wrong {
    fn writes((name, array): (String, Array<f64>)) -> Result<(), ProcessError> {
        for index in 0..array.length() {
            array.set(index, f64::from(index) / 2.0)?;
        }
        SharedMemory::attach(&name)?.write(3, b"hello")
    }
    let memory = SharedMemory::create(Some("greeting"), 10).or_say("shared memory")?;
    let array = Array::new(title("halves"), &[0.0; 5]).or_say("an array")?;
    joined(&start(1, "writer", writes, || (memory.name().to_owned(), array))?)?;
    same("the array", array.to_vec(), Ok(vec![0.0, 0.5, 1.0, 1.5, 2.0]))?;
    let mut bytes = [0; 10];
    memory.read(0, &mut bytes).or_say("reading")?;
    same("the bytes", &bytes, b"\0\0\0hello\0\0")?;
    same("outside", memory.write(8, b"hello").is_err(), true)?;
    memory.unlink().or_say("unlinking")?;
    same("no such name", SharedMemory::attach("greeting").err(), Some(ProcessError::NameUnknown))?;
    let much = SharedMemory::create(None, u32::MAX).err();
    same("too much", matches!(much, Some(ProcessError::NoRoom { .. })), true)
}

/// Pools and managers, whose processes work for others.
fn servants() -> Wrong {
    fn square(n: u64) -> u64 {
        n * n
    }
    fn sets((dict, n): (DictProxy<u32, u32>, u32)) -> Result<(), ProcessError> {
        dict.set(&n, &(n + 1))
    }
    let pool = Pool::new(2, Options::default().max_tasks_per_child(3)).or_say("a pool")?;
    let squares = pool.map_in_chunks(square, (0..10).collect(), 1);
    same("squares", squares, Ok((0..10).map(square).collect()))?;
    same("one more", pool.apply(square, 12), Ok(144))?;
    pool.close().or_say("closing")?;
    pool.join().or_say("joining")?;
    let manager = Manager::start().or_say("a manager")?;
    let dict = manager.dict::<u32, u32>().or_say("a dict")?;
    let setters = start(1, "setter", sets, || (dict.clone(), 6))?;
    joined(&setters)?;
    same("the dict", dict.items(), Ok(vec![(6, 7)]))?;
    let queue = manager.queue::<u32>(1).or_say("a queue")?;
    same("a manager's empty queue", queue.get_within(SHORT), Err(SyncError::Empty.into()))?;
    manager.shutdown().or_say("the manager's end")
}

fn ends() -> Wrong {
    fn panics(_: u32) {
        panic!("on purpose")
    }
    #[cfg(target_arch = "wasm32")]
    fn traps(_: u32) {
        core::arch::wasm32::unreachable()
    }
    fn spins(_: u32) {
        loop {
            std::hint::spin_loop();
        }
    }
    let start = |name, function: fn(u32)| Process::new(title(name), function, 0).start().or_say("a process");
    let seven = Process::new(title("seven"), ExitCode, 7).start().or_say("a process")?;
    same("a number of its own", seven.join_within(LONG), Ok(Some(ExitCode(7))))?;
    same("a panic", start("panics", panics)?.join_within(LONG), Ok(Some(ExitCode::PANICKED)))?;
    #[cfg(target_arch = "wasm32")]
    same("a trap", start("traps", traps)?.join_within(LONG), Ok(Some(ExitCode::TRAPPED)))?;
    let spinner = start("spins", spins)?;
    same("a join in vain", spinner.join_within(SHORT), Ok(None))?;
    spinner.kill().or_say("killing")?;
    same("a kill", spinner.join_within(LONG), Ok(Some(ExitCode::KILLED)))
}

fn killed() -> Wrong {
    fn keeps((end, ready): (Connection, Event)) -> Result<(), ProcessError> {
        ready.set()?;
        end.receive_bytes().map(|_| ())
    }
    let (here, there) = both_ways(title("pipe")).or_say("a pipe")?;
    let ready = Event::new(title("ready")).or_say("an event")?;
    let other = Process::new(title("keeper"), keeps, (there, ready)).start().or_say("a process")?;
    ready.wait().or_say("waiting")?;
    other.terminate().or_say("terminating")?;
    same("the end of its pipe", here.receive_bytes(), Err(ProcessError::EndOfFile))?;
    same("how it ended", other.join_within(LONG), Ok(Some(ExitCode::TERMINATED)))
}

fn several() -> Wrong {
    fn sends((end, go): (Connection, Event)) -> Result<(), ProcessError> {
        go.wait()?;
        end.send_bytes(b"x")
    }
    let go = Event::new(title("go")).or_say("an event")?;
    let (a, _a_there) = one_way(title("a")).or_say("a pipe")?;
    let (b, b_there) = one_way(title("b")).or_say("a pipe")?;
    let other = Process::new(title("sender"), sends, (b_there, go)).start().or_say("a process")?;
    same("none yet", wait(&[&a, &b], Some(SHORT)), Ok(vec![]))?;
    go.set().or_say("setting")?;
    same("the second", wait(&[&a, &b], Some(LONG)), Ok(vec![1]))?;
    b.receive_bytes().or_say("receiving")?;
    same("its end", wait(&[&a, &other], Some(LONG)), Ok(vec![1]))
}

/// Of every number that was put, exactly one comes out.
fn many() -> Wrong {
    const EACH: u32 = 2_000;
    const LANES: u32 = 4;
    fn puts((queue, lane): (Queue<u32>, RawValue<u32>)) -> Result<(), ProcessError> {
        let first = lane.get()? * EACH;
        (first..first + EACH).try_for_each(|n| queue.put(&n))
    }
    let queue = Queue::new(title("numbers"), 16).or_say("a queue")?;
    let mut all = Vec::new();
    for lane in 0..LANES {
        let number = RawValue::new(title("lane"), lane).or_say("a value")?;
        all.extend(start(1, "putter", puts, || (queue.clone(), number))?);
    }
    let mut seen = vec![false; (LANES * EACH) as usize];
    for _ in 0..LANES * EACH {
        let number = queue.get().or_say("getting")? as usize;
        if std::mem::replace(&mut seen[number], true) {
            return Err(format!("{number} came twice"));
        }
    }
    same("what is left", queue.is_empty(), Ok(true))?;
    joined(&all)
}

fn round_trips() -> Wrong {
    const TRIPS: u32 = 2_000;
    let (here, there) = both_ways(title("pipe")).or_say("a pipe")?;
    let mirror = Process::new(title("mirror"), mirrors, there).start().or_say("a process")?;
    let mut buffer = Vec::new();
    let mut times = Vec::new();
    for _ in 0..TRIPS {
        let began = clock::now();
        here.send_bytes(&[0; 16]).or_say("sending")?;
        here.receive_bytes_into(&mut buffer).or_say("receiving")?;
        times.push(clock::now().since(began));
    }
    drop(here);
    joined(&[mirror])?;
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 100] as f64 / 1e3;
    span::note(
        Level::Info,
        &format!("a round trip takes {:.1} us (a tenth {:.1}, nine tenths {:.1})", at(50), at(10), at(90)),
    );
    Ok(())
}

fn bulk() -> Wrong {
    const MESSAGE: usize = 8 << 20;
    const TIMES: usize = 16;
    fn takes(end: Connection) -> Result<(), ProcessError> {
        let mut buffer = Vec::new();
        end.receive_bytes_into(&mut buffer)?;
        end.send_bytes(&[])?;
        for _ in 0..TIMES {
            end.receive_bytes_into(&mut buffer)?;
        }
        end.send_bytes(&[])
    }
    let (here, there) = both_ways(title("pipe")).or_say("a pipe")?;
    let taker = Process::new(title("taker"), takes, there).start().or_say("a process")?;
    let bytes = vec![7; MESSAGE];
    here.send_bytes(&bytes).or_say("sending")?;
    here.receive_bytes().or_say("receiving")?;
    let began = clock::now();
    for _ in 0..TIMES {
        here.send_bytes(&bytes).or_say("sending")?;
    }
    here.receive_bytes().or_say("receiving")?;
    let seconds = clock::now().since(began) as f64 / 1e9;
    joined(&[taker])?;
    span::note(Level::Info, &format!("in bulk {:.0} MB/s", (MESSAGE * TIMES) as f64 / 1e6 / seconds));
    Ok(())
}
