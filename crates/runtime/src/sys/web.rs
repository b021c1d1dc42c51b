//! In the browser: web workers, the worker's event loop, and message channels.

use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::time::Duration;

use futures_channel::mpsc::UnboundedSender;
use interleave_trace::{InstanceId, LaneId, MessageId, What, current_lane, flush, record};
use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DedicatedWorkerGlobalScope, ErrorEvent, EventTarget, MessageChannel, MessageEvent, PromiseRejectionEvent,
    XmlHttpRequest,
};

use crate::downloads::{Download, LATENCY_HEADER};
use crate::fault::Fault;
use crate::instance::outside;
use crate::processes::{Packet, Payload};
use crate::segment::{ExitCode, ProcessBlock, Segment};
use crate::span;
use crate::threads::Entry;

/// The allocator of every artifact: std's own, which remembers how much was wanted when it had no more to give.
///
/// Rust's answer to memory that runs out is a trap like any other; the size kept here tells the two apart.
pub struct Allocator;

static WANTED_IN_VAIN: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all calls go to `System` unchanged.
unsafe impl std::alloc::GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        let _turn = Turn::take();
        // SAFETY: the caller keeps `alloc`'s contract.
        remember(layout.size(), unsafe { std::alloc::System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: std::alloc::Layout) -> *mut u8 {
        let _turn = Turn::take();
        // SAFETY: as above.
        remember(layout.size(), unsafe { std::alloc::System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, block: *mut u8, layout: std::alloc::Layout, size: usize) -> *mut u8 {
        let _turn = Turn::take();
        // SAFETY: as above.
        remember(size, unsafe { std::alloc::System.realloc(block, layout, size) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: std::alloc::Layout) {
        // SAFETY: as above.
        unsafe { std::alloc::System.dealloc(block, layout) }
    }
}

/// Whether a thread is in the allocator.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// How many pages the memory has, as far as the thread knew that was there last.
static PAGES: AtomicUsize = AtomicUsize::new(0);

/// A thread's turn in the allocator, which it begins by knowing how large the memory is.
///
/// In Chromium a thread hears that another has made the memory larger when it next calls a function or goes round a loop.
/// Until then instructions that copy or fill memory trap in what is new, though others do not. So a block that was moved
/// there trapped, with the allocator's lock held for ever: docs/python.md, "Limits".
struct Turn;

impl Turn {
    #[inline]
    fn take() -> Self {
        while TAKEN.swap(true, Ordering::Acquire) {
            std::hint::spin_loop();
        }
        if PAGES.load(Ordering::Relaxed) > memory_size(0) {
            // By nothing, after which this thread knows as well.
            memory_grow(0, 0);
        }
        Self
    }
}

impl Drop for Turn {
    #[inline]
    fn drop(&mut self) {
        PAGES.store(memory_size(0), Ordering::Relaxed);
        TAKEN.store(false, Ordering::Release);
    }
}

#[inline]
fn remember(size: usize, block: *mut u8) -> *mut u8 {
    if block.is_null() {
        WANTED_IN_VAIN.store(size, Ordering::Relaxed);
    }
    block
}

/// Memory for telling that there is none left.
static RESERVE: Mutex<Vec<u8>> = Mutex::new(Vec::new());
const RESERVED: usize = 256 * 1024;

fn release_reserve() {
    if let Ok(mut reserve) = RESERVE.try_lock() {
        *reserve = Vec::new();
    }
}

thread_local! {
    static GAVE_UP: Cell<bool> = const { Cell::new(false) };
}

/// Records that the current lane is lost and tells the outside, once a thread.
fn give_up(fault: Fault) {
    if GAVE_UP.replace(true) {
        return;
    }
    span::failed(&fault.to_string());
    record(What::Ended(span::outcome()));
    flush();
    if let (Some(outside), Some(lane)) = (outside(), current_lane()) {
        (outside.gave_up)(lane, fault);
    }
}

/// Makes panics and traps of the calling thread known, from the first call on. A trap cannot be caught from inside, but the worker's
/// global scope gets an event, and the instance can still be called then.
pub(crate) fn watch_for_faults() {
    thread_local! { static WATCHED: Cell<bool> = const { Cell::new(false) } }
    if WATCHED.replace(true) {
        return;
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // Who gets none tells with less comfort.
        let _refused = RESERVE.lock().unwrap_or_else(PoisonError::into_inner).try_reserve_exact(RESERVED);
        std::panic::set_hook(Box::new(|info| {
            release_reserve();
            let text = info.payload_as_str().unwrap_or("no message");
            let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
            let wanted = WANTED_IN_VAIN.load(Ordering::Relaxed);
            // What others wrote may look at what it gets, and panic where there is nothing.
            give_up(if wanted > 0 && text.contains("allocat") {
                Fault::OutOfMemory { wanted: wanted as u64 }
            } else {
                Fault::Panicked { message: format!("{text}{place}") }
            });
        }));
    });
    let trapped = |message: String| {
        let wanted = WANTED_IN_VAIN.load(Ordering::Relaxed);
        give_up(if wanted > 0 && message.contains("unreachable") {
            Fault::OutOfMemory { wanted: wanted as u64 }
        } else {
            Fault::Trapped { message }
        });
    };
    let on_error = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| {
        release_reserve();
        event.prevent_default();
        trapped(event.message());
    });
    let on_rejection = Closure::<dyn Fn(PromiseRejectionEvent)>::new(move |event: PromiseRejectionEvent| {
        release_reserve();
        event.prevent_default();
        trapped(words_of(&event.reason()));
    });
    let scope: EventTarget = js_sys::global().unchecked_into();
    for (kind, listener) in [("error", on_error.as_ref()), ("unhandledrejection", on_rejection.as_ref())] {
        // A scope without events has nothing to tell; there is none such.
        let _added = scope.add_event_listener_with_callback(kind, listener.unchecked_ref());
    }
    on_error.forget();
    on_rejection.forget();
}

/// Posts a message to the page: bytes, handles that only a structured clone can carry, and those that it hands over.
pub fn post(update: &[u8], handles: &[(&str, &JsValue)], transfer: &[&JsValue]) -> Result<(), JsValue> {
    let message = Object::new();
    Reflect::set(&message, &"update".into(), &Uint8Array::from(update))?;
    for (name, handle) in handles {
        Reflect::set(&message, &(*name).into(), handle)?;
    }
    let transfer: Array = transfer.iter().collect();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    scope.post_message_with_transfer(&message, &transfer)
}

/// What a thrown value says.
pub fn words_of(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => format!("{}: {}", error.name(), error.message()),
        None => thrown.as_string().unwrap_or_else(|| format!("{thrown:?}")),
    }
}

/// Whether there can be threads: memory can be shared where the page is isolated.
pub(crate) fn can_share_memory() -> bool {
    Reflect::get(&js_sys::global(), &"crossOriginIsolated".into()).is_ok_and(|isolated| isolated.is_truthy())
}

pub(crate) fn memory_bytes() -> Option<u64> {
    const PAGE: u64 = 65_536;
    Some(memory_size(0) as u64 * PAGE)
}

/// Runs `body`. Panics abort here, so whoever waits for the result is ended with the run.
pub(crate) fn catching<T>(body: impl FnOnce() -> T) -> Result<T, Fault> {
    Ok(body())
}

/// Whether the worker of a thread that is over waits for another thread.
static KEEPS_WORKERS: AtomicBool = AtomicBool::new(false);
/// Workers that wait for a thread.
static SPARE: Mutex<Vec<Arc<Berth>>> = Mutex::new(Vec::new());

/// Where a worker that is kept finds its next thread.
#[derive(Default)]
struct Berth {
    entry: Mutex<Option<Entry>>,
    filled: Condvar,
}

/// From now on the worker of a thread that is over is kept for the next: a program that is run many times need not wait
/// for new ones each time. They end with the instance.
pub fn keep_workers() {
    KEEPS_WORKERS.store(true, Ordering::Relaxed);
}

/// In a worker: runs its thread, and if workers are kept, one thread after another without an end.
pub(crate) fn run_threads(first: Entry) {
    first();
    let berth: Arc<Berth> = Arc::default();
    while KEEPS_WORKERS.load(Ordering::Relaxed) {
        SPARE.lock().unwrap_or_else(PoisonError::into_inner).push(berth.clone());
        let mut entry = berth.entry.lock().unwrap_or_else(PoisonError::into_inner);
        let next = loop {
            match entry.take() {
                Some(next) => break next,
                None => entry = berth.filled.wait(entry).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(entry);
        next();
    }
}

/// Whether this instance ever had a second thread. Until then nothing in it has to be atomic, and a build whose standard
/// library looks here does without; see `xtask/src/standard_library.rs`.
#[unsafe(no_mangle)]
static INTERLEAVE_HAS_THREADS: AtomicBool = AtomicBool::new(false);

pub(crate) fn spawn_thread(lane: LaneId, entry: Entry) {
    INTERLEAVE_HAS_THREADS.store(true, Ordering::SeqCst);
    let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    if let Some(berth) = spare {
        *berth.entry.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry);
        berth.filled.notify_one();
        return;
    }
    let entry = Box::into_raw(Box::new(entry)).expose_provenance();
    if let Some(outside) = outside() {
        (outside.spawn_thread)(entry, lane);
    }
}

/// Runs `future` on the calling worker's event loop.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}

pub(crate) fn timer(duration: Duration) -> impl Future<Output = ()> {
    // Rounded up: a timer that comes too early comes again.
    let ms = duration.as_nanos().div_ceil(1_000_000);
    gloo_timers::future::TimeoutFuture::new(ms.min(i32::MAX as u128) as u32)
}

/// Calls `turn` in a later turn of the event loop. A message to oneself does it: `setTimeout` is held back to
/// 4 ms once it is nested (HTML, 8.6 Timers).
pub(crate) fn on_next_turn(turn: impl FnOnce() + 'static) {
    type Turns = RefCell<Vec<Box<dyn FnOnce()>>>;
    thread_local! {
        static TURNS: Turns = const { RefCell::new(Vec::new()) };
        static CHANNEL: Option<MessageChannel> = {
            let channel = MessageChannel::new().ok();
            if let Some(channel) = &channel {
                let on_message = Closure::<dyn Fn()>::new(|| {
                    TURNS.take().into_iter().for_each(|turn| turn());
                });
                channel.port1().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
                on_message.forget();
            }
            channel
        };
    }
    TURNS.with_borrow_mut(|turns| turns.push(Box::new(turn)));
    let asked = CHANNEL.with(|channel| channel.as_ref().map(|channel| channel.port2().post_message(&JsValue::NULL)));
    debug_assert!(matches!(asked, Some(Ok(()))), "every worker has message channels");
}

/// wasm-bindgen-rayon's pool, of which an instance has one.
pub(crate) struct RayonPool(());

pub(crate) async fn start_rayon(threads: u32) -> Result<RayonPool, Fault> {
    INTERLEAVE_HAS_THREADS.store(true, Ordering::SeqCst);
    let started = JsFuture::from(wasm_bindgen_rayon::init_thread_pool(threads as usize)).await;
    started.map(|_| RayonPool(())).map_err(|error| Fault::Trapped { message: words_of(&error) })
}

impl RayonPool {
    pub(crate) fn broadcast<T: Send>(&self, body: impl Fn(usize) -> T + Sync) -> Vec<T> {
        rayon::broadcast(|context| body(context.index()))
    }

    pub(crate) fn install<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        body()
    }
}

/// One end of a channel between two processes.
pub type Port = web_sys::MessagePort;

/// What goes before a message's head and payload in the one buffer that carries them: its id and the head's length.
///
/// ```text
///  id (8) | length of the head (8) | head, filled up to a multiple of 8 | payload
/// ```
/// The payload begins where words do, in the buffer as in memory. V8 copies shared memory word by word if both sides
/// allow that and else byte by byte, at a fraction of the speed (`Relaxed_Memmove` in its `src/base/atomicops.h`).
const PREFIX: usize = 16;
const WORD: usize = 8;

/// A payload that has arrived: the part of a buffer that lies outside this memory.
pub(crate) struct Arrived(Uint8Array);

impl Arrived {
    pub(crate) fn len(&self) -> usize {
        self.0.length() as usize
    }

    pub(crate) fn copy_to(&self, target: &mut [u8]) {
        self.0.copy_to(target);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl From<Vec<u8>> for Arrived {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Uint8Array::from(bytes.as_slice()))
    }
}

/// Who has taken a large payload may send one in its buffer: memory that is fresh from the system costs more than what
/// is copied into it.
impl Drop for Arrived {
    fn drop(&mut self) {
        let buffer = self.0.buffer();
        if buffer.byte_length() >= WORTH_KEEPING {
            SPARE_BUFFERS.with_borrow_mut(|spare| {
                spare.truncate(SPARES - 1);
                spare.insert(0, buffer);
            });
        }
    }
}

/// Smaller buffers are no burden.
const WORTH_KEEPING: u32 = 64 * 1024;
/// More than any message has beside its payload.
const ROOM_FOR_HEAD: usize = 1024;
/// As many as are under way at a time to and from a few processes.
const SPARES: usize = 8;

thread_local! {
    /// Buffers that brought a message to this thread, the latest first.
    static SPARE_BUFFERS: RefCell<Vec<ArrayBuffer>> = const { RefCell::new(Vec::new()) };
}

/// Makes buffers that are at hand for so many messages with payloads of so many bytes, and has the system find memory for
/// them.
pub(crate) fn make_room(messages: usize, bytes: usize) {
    let bytes = (bytes + ROOM_FOR_HEAD) as u32;
    if bytes < WORTH_KEEPING {
        return;
    }
    SPARE_BUFFERS.with_borrow_mut(|spare| {
        while spare.len() < messages.min(SPARES) {
            let touched = Uint8Array::new_with_length(bytes);
            touched.fill(1, 0, bytes);
            spare.push(touched.buffer());
        }
    });
}

/// A buffer for so many bytes: one that is at hand, unless it is far too large, or a new one.
fn buffer_for(bytes: u32) -> ArrayBuffer {
    let fits = |buffer: &ArrayBuffer| (bytes..=bytes.saturating_mul(4)).contains(&buffer.byte_length());
    SPARE_BUFFERS
        .with_borrow_mut(|spare| spare.iter().position(fits).map(|at| spare.remove(at)))
        .unwrap_or_else(|| ArrayBuffer::new(bytes))
}

pub(crate) fn deliver(port: &Port, from: u32, slot: UnboundedSender<Packet>) {
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
        let mut prefix = [0; PREFIX];
        if (bytes.length() as usize) < PREFIX {
            return;
        }
        bytes.subarray(0, PREFIX as u32).copy_to(&mut prefix);
        let (id, head) = prefix.split_at(8);
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let head = PREFIX + number(head) as usize;
        let packet = Packet {
            from,
            message: MessageId(number(id)),
            head: bytes.subarray(PREFIX as u32, head as u32).to_vec(),
            payload: Payload(Arrived(bytes.subarray(head.next_multiple_of(WORD) as u32, bytes.length()))),
        };
        // Who dropped the mailbox wants no more messages.
        let _unwanted = slot.unbounded_send(packet);
    });
    port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
}

pub(crate) fn send(port: &Port, message: MessageId, head: &[u8], payload: &[u8]) {
    let begin = (PREFIX + head.len()).next_multiple_of(WORD);
    let length = (begin + payload.len()) as u32;
    let buffer = buffer_for(length);
    let bytes = Uint8Array::new_with_byte_offset_and_length(&buffer, 0, length);
    let mut front = Vec::with_capacity(begin);
    front.extend(message.0.to_le_bytes());
    front.extend((head.len() as u64).to_le_bytes());
    front.extend(head);
    bytes.subarray(0, front.len() as u32).copy_from(&front);
    let moved = (!payload.as_ptr().addr().is_multiple_of(WORD)).then(|| payload.to_vec());
    bytes.subarray(begin as u32, length).copy_from(moved.as_deref().unwrap_or(payload));
    let posted = port.post_message_with_transferable(&bytes, &Array::of1(&buffer));
    debug_assert!(posted.is_ok(), "a buffer that nobody else has can be handed over");
}

/// The instance is the process, so all of its threads belong to it.
static OWN_PROCESS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Whether this thread has left its process, which is over. Others of the instance still belong to it.
    static HAS_LEFT: Cell<bool> = const { Cell::new(false) };
}

/// The address of the block of this process, or 0.
pub(crate) fn own_process() -> u32 {
    if HAS_LEFT.get() { 0 } else { OWN_PROCESS.load(Ordering::Relaxed) }
}

/// Says so for all threads of the instance; that it is none any more the calling thread says for itself.
pub(crate) fn set_own_process(block: u32) {
    HAS_LEFT.set(block == 0);
    if block != 0 {
        OWN_PROCESS.store(block, Ordering::Relaxed);
    }
}

/// Asks for a process that was described in the segment.
pub(crate) fn spawn_child(_segment: &Segment, lane: LaneId, block: u32) {
    if let Some(outside) = outside() {
        (outside.spawn_child)(lane, block);
    }
}

/// Asks for the end of a process. The page ends its workers, and says so in the segment.
pub(crate) fn end_child(segment: &Segment, process: ProcessBlock, exit: ExitCode) {
    if let Some(outside) = outside() {
        (outside.end_child)(process.lane(segment), process.address(), exit);
    }
}

pub(crate) fn spawn_process(instance: InstanceId, lane: LaneId) -> Port {
    let channel = match MessageChannel::new() {
        Ok(channel) => channel,
        Err(error) => wasm_bindgen::throw_val(error),
    };
    if let Some(outside) = outside() {
        (outside.spawn_process)(instance, lane, channel.port2());
    }
    channel.port1()
}

/// See [`crate::downloads::site`].
pub fn site() -> String {
    let scope = js_sys::global();
    let text = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok().filter(|it| !it.is_undefined());
    let script = || text(&text(&scope, "location")?, "href");
    // A script that a document made has no place. Where it has to be one, it says the document's; see www/start.js.
    let place = text(&scope, "interleavePlace").or_else(script).and_then(|it| it.as_string()).unwrap_or_default();
    place.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"))
}

/// The address of a download. The last part keeps caches from answering: what is measured is a download.
fn address(path: &str, latency_ms: u32) -> String {
    format!("{}{path}?latency={latency_ms}&at={}", site(), interleave_trace::clock::now().0)
}

fn failed(path: &str, status: u16) -> Fault {
    Fault::Download { file: path.to_owned(), status }
}

pub(crate) fn download_blocking(path: &str, latency_ms: u32) -> Result<Download, Fault> {
    let blocked = |_: JsValue| failed(path, 0);
    let request = XmlHttpRequest::new().map_err(blocked)?;
    request.open_with_async("GET", &address(path, latency_ms), false).map_err(blocked)?;
    request.set_response_type(web_sys::XmlHttpRequestResponseType::Arraybuffer);
    request.send().map_err(blocked)?;
    match request.status().map_err(blocked)? {
        200 => {}
        status => return Err(failed(path, status)),
    }
    let delayed = request.get_response_header(LATENCY_HEADER).ok().flatten().is_some();
    let body = request.response().map_err(blocked)?;
    Ok(Download { body: Uint8Array::new(&body).to_vec(), delayed })
}

pub(crate) async fn download(path: &str, latency_ms: u32) -> Result<Download, Fault> {
    let blocked = |_: JsValue| failed(path, 0);
    let scope: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    let response = JsFuture::from(scope.fetch_with_str(&address(path, latency_ms))).await.map_err(blocked)?;
    let response: web_sys::Response = response.dyn_into().map_err(blocked)?;
    if !response.ok() {
        return Err(failed(path, response.status()));
    }
    let delayed = response.headers().has(LATENCY_HEADER).unwrap_or(false);
    let body = JsFuture::from(response.array_buffer().map_err(blocked)?).await.map_err(blocked)?;
    Ok(Download { body: Uint8Array::new(&body).to_vec(), delayed })
}
