//! Natively: operating system threads, a local executor, and processes that are threads which share nothing.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use futures_channel::mpsc::UnboundedSender;
use futures_executor::{LocalPool, LocalSpawner};
use futures_util::task::LocalSpawnExt;
use interleave_trace::{InstanceId, LaneId, MessageId, attach, detach};

use crate::downloads::Download;
use crate::fault::Fault;
use crate::instance::begin_lane;
use crate::processes::{self, Mailbox, Packet};
use crate::segment::{Ending, ExitCode, ProcessBlock, Segment, run_child};
use crate::threads::Entry;

pub(crate) fn watch_for_faults() {}

/// Whether there can be threads.
pub(crate) fn can_share_memory() -> bool {
    true
}

pub(crate) fn memory_bytes() -> Option<u64> {
    None
}

/// Runs `body`; a panic becomes a fault.
pub(crate) fn catching<T>(body: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        let message = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()))
            .unwrap_or_else(|| "a panic without a message".to_owned());
        Fault::Panicked { message }
    })
}

thread_local! {
    static OWN_PROCESS: Cell<u32> = const { Cell::new(0) };
}

/// The address of the block of the process that the calling thread belongs to, or 0.
pub(crate) fn own_process() -> u32 {
    OWN_PROCESS.get()
}

pub(crate) fn set_own_process(block: u32) {
    OWN_PROCESS.set(block);
}

pub(crate) fn spawn_thread(_lane: LaneId, entry: Entry) {
    let (segment, process) = (Segment::current(), own_process());
    let body = move || {
        if let Some(segment) = segment {
            segment.install();
        }
        set_own_process(process);
        entry();
        detach();
    };
    #[cfg(not(feature = "model"))]
    std::thread::spawn(body);
    #[cfg(feature = "model")]
    shuttle::thread::spawn(body);
}

thread_local! {
    static SPAWNER: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

/// Runs `future` and all tasks that it spawns on the calling thread, until `future` is done.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut pool = LocalPool::new();
    let before = SPAWNER.replace(Some(pool.spawner()));
    let result = pool.run_until(future);
    crate::tasks::close();
    SPAWNER.replace(before);
    result
}

/// Runs `future` on the calling thread's event loop, which is there only within [`block_on`].
pub(crate) fn spawn_local(future: impl Future<Output = ()> + 'static) {
    SPAWNER.with_borrow(|spawner| {
        let spawned = spawner.as_ref().map(|spawner| spawner.spawn_local(future));
        debug_assert!(matches!(spawned, Some(Ok(()))), "tasks are spawned within block_on");
    });
}

pub(crate) fn timer(duration: Duration) -> impl Future<Output = ()> {
    futures_timer::Delay::new(duration)
}

pub(crate) fn on_next_turn(turn: impl FnOnce() + 'static) {
    // The pool polls in order of waking, so a task of its own comes after all that are ready now.
    spawn_local(async move { turn() });
}

/// A rayon pool.
pub(crate) struct RayonPool(rayon::ThreadPool);

pub(crate) async fn start_rayon(threads: u32) -> Result<RayonPool, Fault> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads as usize).exit_handler(|_| detach()).build();
    pool.map(RayonPool).map_err(|error| Fault::Trapped { message: error.to_string() })
}

impl RayonPool {
    pub(crate) fn broadcast<T: Send>(&self, body: impl Fn(usize) -> T + Sync) -> Vec<T> {
        self.0.broadcast(|context| body(context.index()))
    }

    pub(crate) fn install<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        self.0.install(body)
    }
}

type Sent = (MessageId, Vec<u8>, Vec<u8>);

/// A payload that has arrived.
pub(crate) struct Arrived(Vec<u8>);

impl Arrived {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn copy_to(&self, target: &mut [u8]) {
        target.copy_from_slice(&self.0);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl From<Vec<u8>> for Arrived {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// One end of a channel between two processes.
pub struct Port {
    to: mpsc::Sender<Sent>,
    from: RefCell<Option<mpsc::Receiver<Sent>>>,
}

fn channel() -> (Port, Port) {
    let (to_there, from_here) = mpsc::channel();
    let (to_here, from_there) = mpsc::channel();
    let end = |to, from| Port { to, from: RefCell::new(Some(from)) };
    (end(to_there, from_there), end(to_here, from_here))
}

/// Passes what arrives at `port` on to a mailbox, from a thread that ends with the channel.
pub(crate) fn deliver(port: &Port, from: u32, slot: UnboundedSender<Packet>) {
    let Some(arriving) = port.from.take() else { return };
    std::thread::spawn(move || {
        for (message, head, payload) in arriving {
            if slot.unbounded_send(Packet { from, message, head, payload: payload.into() }).is_err() {
                break;
            }
        }
    });
}

/// Messages are not copied through buffers here.
pub(crate) fn make_room(_messages: usize, _bytes: usize) {}

pub(crate) fn send(port: &Port, message: MessageId, head: &[u8], payload: &[u8]) {
    // A peer that is gone gets nothing more; who waits for its answer learns that from its lane.
    let _gone = port.to.send((message, head.to_vec(), payload.to_vec()));
}

/// Starts a process that was described in the segment.
pub(crate) fn spawn_child(segment: &Segment, lane: LaneId, block: u32) {
    let segment = segment.clone();
    std::thread::spawn(move || {
        segment.install();
        attach(lane);
        run_child(block);
        detach();
    });
}

/// Ends a process from outside. No thread can be ended from outside here, so it is kept from changing anything that
/// others see, and sleeps for ever once it tries to.
pub(crate) fn end_child(segment: &Segment, process: ProcessBlock, exit: ExitCode) {
    while process.bar(segment) {
        std::thread::yield_now();
    }
    process.announce(segment, exit, Ending::ByForce);
}

pub(crate) fn spawn_process(_instance: InstanceId, lane: LaneId) -> Port {
    let (here, there) = channel();
    let segment = Segment::current();
    std::thread::spawn(move || {
        if let Some(segment) = segment {
            segment.install();
        }
        begin_lane(lane);
        if let Some(main) = processes::main() {
            let mailbox = Mailbox::default();
            let parent = mailbox.connect(there, 0);
            block_on(main(mailbox, parent));
        }
        detach();
    });
    here
}

/// Natively there is no site: the one who knows its files provides them.
pub type Files = fn(path: &str) -> Option<Vec<u8>>;

static FILES: std::sync::OnceLock<Files> = std::sync::OnceLock::new();

/// Says where downloads come from. The first call counts.
pub fn set_files(files: Files) {
    let _already_set = FILES.set(files);
}

fn file(path: &str) -> Result<Download, Fault> {
    let body = FILES.get().and_then(|files| files(path));
    let missing = || Fault::Download { file: path.to_owned(), status: 404 };
    Ok(Download { body: body.ok_or_else(missing)?, delayed: true })
}

pub(crate) fn download_blocking(path: &str, latency_ms: u32) -> Result<Download, Fault> {
    std::thread::sleep(Duration::from_millis(latency_ms.into()));
    file(path)
}

pub(crate) async fn download(path: &str, latency_ms: u32) -> Result<Download, Fault> {
    timer(Duration::from_millis(latency_ms.into())).await;
    file(path)
}
