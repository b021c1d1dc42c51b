//! The page's side of a run: it creates every worker, reads what they record, and ends them.
//!
//! ```text
//!  Run::start -> compile the engine (once a visit) -> host worker -> Ready, SpawnThread, SpawnProcess ...
//!  Run::drain -> rings of every instance whose memory is shared, or the batches that were posted
//!  Run::stop, drop -> terminate all workers; their memory goes with them
//! ```
//! A [`Run`] is the one owner of its workers. Whatever ends the run, every lane that is still open gets its end in the
//! trace, so that a saved trace is complete.

mod segment;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::{Rc, Weak};

use interleave_protocol::{
    Attempted, Command, EXPLORED_MS, EXPLORED_SEEDS, Failure, Finding, Role, RunSpec, Update, Wrong, answer, channel,
    explore::Plan,
};
use interleave_timeline::Deadlock;
use interleave_trace::ring::{Slot, layout};
use interleave_trace::segment::exit;
use interleave_trace::{
    Entry, Event, InstanceId, LaneId, LaneKind, Level, NO_NUMBER, NameId, Outcome, TimeNs, What, clock, decode,
};
use js_sys::{Array, ArrayBuffer, Atomics, Int32Array, Object, Promise, Reflect, Uint8Array, Uint32Array, WebAssembly};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};
use yew::Callback;

use crate::browser::file_address;
use segment::Segment;

/// How far a run is.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// The engine is on its way.
    Loading,
    /// The host worker is starting.
    Preparing,
    /// The host worker is at work.
    Running,
    /// It is over, and its workers are gone.
    Ended(Ended),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// With a checked result.
    Finished,
    /// By [`Run::stop`].
    Stopped,
    /// By [`Run::give_up_on`]: lanes waited for what could never come.
    Deadlocked(Box<Deadlock>),
    /// By itself, too early.
    Failed {
        /// The lane that gave up.
        lane: LaneId,
        /// Why.
        failure: Failure,
    },
}

/// The host's instance, which is the first of a run.
const HOST: InstanceId = InstanceId(1);
/// The host's lane, which is the first of its instance.
const HOST_LANE: LaneId = LaneId::new(HOST, 0);
/// A name in the page's part of the side table.
const HOST_NAME: NameId = NameId::new(InstanceId(0), 0);

/// A run and all of its workers. Dropping it ends them.
pub struct Run(Rc<RefCell<Inner>>);

struct Inner {
    role: Role,
    spec: RunSpec,
    /// The text of a Python program.
    program: Rc<str>,
    wake: Callback<()>,
    phase: Phase,
    origin_ms: f64,
    isolated: bool,
    /// How many bytes of a large artifact have come, while it is loaded.
    loaded: Option<f64>,
    /// Who waits for a line of input, and where it goes.
    asked: Option<(LaneId, u32)>,
    workers: Vec<OwnedWorker>,
    instances: Vec<Instance>,
    /// What was recorded and not yet asked for.
    pending: Vec<Slot>,
    /// Lanes that have begun and not ended, as far as `pending` was ever filled.
    open: BTreeSet<LaneId>,
    /// The newest time of anything that was recorded.
    latest: TimeNs,
    /// How many texts the page's part of the side table has.
    texts: u32,
    picture: Option<PictureSource>,
    /// Whether the lane that failed said so in its own part of the trace.
    told: bool,
    unheard: Option<Unheard>,
    explored: Explored,
    /// For a run that is one of many: how it is decided who goes on, and what came of it.
    plan: Option<Plan>,
    attempted: Option<Attempted>,
    /// What all processes of the run see, where memory can be shared.
    segment: Option<Segment>,
}

/// How far an explorer is, and what it found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explored {
    /// How many seeds it has tried.
    pub tried: u32,
    /// A schedule under which its program goes wrong.
    pub found: Option<Finding>,
}

/// A worker with its listeners, which live as long as it does.
struct OwnedWorker {
    worker: Worker,
    lane: LaneId,
    over: bool,
    /// Where the segment describes the process that it belongs to, if a program asked for that.
    child: Option<u32>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_error: Closure<dyn Fn(ErrorEvent)>,
}

impl Drop for OwnedWorker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// The channel on which workers that the page did not create tell that they gave up.
struct Unheard {
    channel: BroadcastChannel,
    _on_message: Closure<dyn Fn(MessageEvent)>,
}

impl Drop for Unheard {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

/// An instance whose memory the page can read.
struct Instance {
    id: InstanceId,
    memory: WebAssembly::Memory,
    directory: u32,
    /// What each ring had dropped when it was last read.
    dropped: Vec<u32>,
}

enum PictureSource {
    Shared { memory: WebAssembly::Memory, address: u32, edge: u32 },
    Copied { pixels: Vec<u8>, edge: u32 },
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = crossOriginIsolated)]
    static CROSS_ORIGIN_ISOLATED: Option<bool>;
    #[wasm_bindgen(thread_local_v2, js_name = interleaveIsolation)]
    static ISOLATION: Option<Promise>;

    #[derive(Clone)]
    type LockManager;
    #[wasm_bindgen(thread_local_v2, js_namespace = navigator, js_name = locks)]
    static LOCKS: Option<LockManager>;
    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, held: &Closure<dyn FnMut(JsValue)>) -> Promise;
}

// See www/prepared.js.
#[wasm_bindgen]
extern "C" {
    /// Fetches and compiles Python, and tells how many bytes have come; -1 while it is still to be built.
    #[wasm_bindgen(js_namespace = interleavePython, js_name = load)]
    fn load_python(told: &Closure<dyn Fn(f64)>) -> Promise;
    /// Has Python ready for the next run.
    #[wasm_bindgen(js_namespace = interleavePython, js_name = prepare)]
    fn prepare_python();
    /// Resolves when a run should begin.
    #[wasm_bindgen(js_namespace = interleavePython, js_name = want)]
    fn want_python() -> Promise;
    /// A worker with Python, for a run that owns it from now on; and whether processes are likely.
    #[wasm_bindgen(js_namespace = interleavePython, js_name = takeWorker, catch)]
    fn take_python(has_processes: bool) -> Result<Worker, JsValue>;
    /// The same for a process that a run starts.
    #[wasm_bindgen(js_namespace = interleavePython, js_name = takeChild, catch)]
    fn take_python_child() -> Result<Worker, JsValue>;
    #[wasm_bindgen(js_namespace = interleavePython)]
    fn check(text: &str) -> Promise;
}

/// Whether workers can share memory here.
pub fn is_isolated() -> bool {
    CROSS_ORIGIN_ISOLATED.with(|isolated| isolated.unwrap_or(false))
}

/// The machine's number of cores, as far as the browser says.
pub fn cores() -> u32 {
    web_sys::window().map_or(1, |window| window.navigator().hardware_concurrency().max(1.0) as u32)
}

/// What this browser lacks to run anything, as a sentence.
pub fn missing() -> Option<&'static str> {
    let has = |name: &str| Reflect::has(&js_sys::global(), &name.into()).unwrap_or(false);
    if !has("WebAssembly") {
        Some("This browser has no WebAssembly, which every run needs.")
    } else if !has("Worker") {
        Some("This browser has no web workers, which every run needs.")
    } else {
        None
    }
}

thread_local! {
    /// Engines, each compiled once a visit. A failure is not kept: the next run tries again.
    static MODULES: RefCell<Vec<(&'static str, WebAssembly::Module)>> = const { RefCell::new(Vec::new()) };
}

/// Fetches and compiles the engine, unless that was done before. Waits until it is known whether the page stays as
/// it is or reloads to be isolated.
pub async fn preload() -> Result<(), Failure> {
    engine("engine", None).await.map(|_| ())
}

/// The first error in a Python program: the line and the column where it begins, those where it ends, the first of both
/// being 1, and what is wrong. Nothing if there is none, or if nobody knows. Python is fetched for this and made ready, so
/// that the next run begins sooner.
pub async fn check_python(text: &str) -> Option<Array> {
    engine(RunSpec::PYTHON_ARTIFACT, Some(Box::new(|_| ()))).await.ok()?;
    JsFuture::from(check(text)).await.ok()?.dyn_into().ok()
}

async fn engine(artifact: &'static str, told: Option<Box<dyn Fn(f64)>>) -> Result<WebAssembly::Module, Failure> {
    if let Some(decided) = ISOLATION.with(Clone::clone) {
        // The promise never rejects; if it did, the page would stay as it is.
        let _stays = JsFuture::from(decided).await;
    }
    if let Some(module) = compiled(artifact) {
        return Ok(module);
    }
    let module = match told {
        None => compile(&format!("{artifact}_bg.wasm")).await,
        Some(told) => {
            let told = Closure::new(move |bytes: f64| told(bytes));
            JsFuture::from(load_python(&told)).await.and_then(JsCast::dyn_into)
        }
    };
    let module = module.map_err(|error| Failure::NotLoaded { message: words_of(&error) })?;
    // Two runs may have compiled it at once; either will do.
    MODULES.with_borrow_mut(|kept| kept.push((artifact, module.clone())));
    Ok(module)
}

fn compiled(artifact: &str) -> Option<WebAssembly::Module> {
    MODULES.with_borrow(|kept| kept.iter().find(|(name, _)| *name == artifact).map(|(_, module)| module.clone()))
}

async fn compile(address: &str) -> Result<WebAssembly::Module, JsValue> {
    let window = web_sys::window().ok_or("no window")?;
    let response: web_sys::Response =
        JsFuture::from(window.fetch_with_str(&file_address(address))).await?.dyn_into()?;
    if !response.ok() {
        return Err(format!("{address} came with status {}", response.status()).into());
    }
    // Not while streaming: a plain host may not know the media type of WebAssembly.
    let bytes = JsFuture::from(response.array_buffer()?).await?;
    JsFuture::from(WebAssembly::compile(&bytes)).await?.dyn_into()
}

fn words_of(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}

impl Run {
    /// Starts a run. `wake` is called when there is something to look at, in a background tab too.
    pub fn start(spec: RunSpec, program: Rc<str>, wake: Callback<()>) -> Self {
        Self::start_as(Role::Host, spec, program, None, wake)
    }

    /// Starts to try seeds of a program, of which nothing is drawn; see [`Run::explored`].
    pub fn explore(spec: RunSpec, program: Rc<str>, wake: Callback<()>) -> Self {
        let role = Role::Explorer { seeds: EXPLORED_SEEDS, patience_ms: EXPLORED_MS };
        Self::start_as(role, spec, program, None, wake)
    }

    /// Starts one run of many, of which only what comes out is wanted; see [`Run::attempted`].
    pub fn attempt(spec: RunSpec, program: Rc<str>, plan: Plan, wake: Callback<()>) -> Self {
        Self::start_as(Role::Host, spec, program, Some(plan), wake)
    }

    fn start_as(role: Role, spec: RunSpec, program: Rc<str>, plan: Option<Plan>, wake: Callback<()>) -> Self {
        let origin_ms = clock::epoch_ms();
        clock::set_origin(origin_ms);
        let inner = Rc::new(RefCell::new(Inner {
            role,
            spec,
            program,
            wake,
            phase: Phase::Loading,
            origin_ms,
            isolated: is_isolated(),
            loaded: None,
            asked: None,
            workers: Vec::new(),
            instances: Vec::new(),
            pending: Vec::new(),
            open: BTreeSet::new(),
            latest: TimeNs(0),
            // That of the host's name.
            texts: 1,
            picture: None,
            told: false,
            unheard: None,
            explored: Explored::default(),
            plan,
            attempted: None,
            segment: None,
        }));
        let weak = Rc::downgrade(&inner);
        spawn_local(async move {
            let told = spec.is_python().then(|| {
                let weak = weak.clone();
                Box::new(move |bytes| {
                    if let Some(run) = weak.upgrade() {
                        run.borrow_mut().loaded = Some(bytes);
                        let wake = run.borrow().wake.clone();
                        wake.emit(());
                    }
                }) as Box<dyn Fn(f64)>
            });
            let engine = engine(spec.artifact(), told).await;
            if engine.is_ok() && spec.is_python() {
                // It never rejects: a run begins all the same, only later.
                let _ready = JsFuture::from(want_python()).await;
            }
            let Some(strong) = weak.upgrade() else { return };
            match engine {
                Ok(module) => begin(&strong, &module),
                Err(failure) => end(&strong, Ended::Failed { lane: HOST_LANE, failure }),
            }
        });
        Self(inner)
    }

    /// Moves what was recorded since the last call into `out`.
    pub fn drain(&mut self, out: &mut Vec<Slot>) {
        let mut inner = self.0.borrow_mut();
        inner.read_instances();
        out.append(&mut inner.pending);
    }

    /// How far an explorer is, and what it found.
    pub fn explored(&self) -> Explored {
        self.0.borrow().explored.clone()
    }

    /// What came of one run of many, once.
    pub fn attempted(&self) -> Option<Attempted> {
        self.0.borrow_mut().attempted.take()
    }

    /// How many bytes of a large artifact have come, while it is loaded; less than none while it is still to be built.
    pub fn loaded(&self) -> Option<f64> {
        self.0.borrow().loaded
    }

    /// Who waits for a line of input.
    pub fn asked(&self) -> Option<LaneId> {
        self.0.borrow().asked.map(|(lane, _)| lane)
    }

    /// Gives the lane that asked its line, or tells it that there is none and will be none.
    pub fn answer(&mut self, line: Option<&str>) {
        let mut inner = self.0.borrow_mut();
        let Some((lane, at)) = inner.asked.take() else { return };
        let instance = inner.instances.iter().find(|instance| instance.id == lane.instance());
        let Some(buffer) = instance.map(|instance| instance.memory.buffer()) else { return };
        let words = Int32Array::new(&buffer);
        let line = line.map(|line| &line.as_bytes()[..line.floor_char_boundary(answer::LONGEST as usize)]);
        if let Some(line) = line {
            let text = at + answer::TEXT;
            Uint8Array::new(&buffer).subarray(text, text + line.len() as u32).copy_from(line);
        }
        let length = line.map_or(answer::END, |line| line.len() as u32);
        // The words are the instance's own and aligned, so none of this can fail.
        let _stored = Atomics::store(&words, (at + answer::LENGTH) / 4, length as i32);
        let _stored = Atomics::store(&words, (at + answer::STATE) / 4, 1);
        let _woken = Atomics::notify(&words, (at + answer::STATE) / 4);
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        self.0.borrow().phase.clone()
    }

    /// Ends all workers at once. What they recorded until now can still be drained, and how their lanes ended.
    pub fn stop(&mut self) {
        end(&self.0, Ended::Stopped);
    }

    /// Whether what [`Run::drain`] has read is never an effect without its cause. Records that are posted come in batches,
    /// those of two workers in any order; of one alone they come in their own.
    pub fn reads_in_order(&self) -> bool {
        let inner = self.0.borrow();
        inner.isolated || inner.workers.len() == 1
    }

    /// Ends all workers at once, since some of their lanes can never go on.
    pub fn give_up_on(&mut self, deadlock: Deadlock) {
        end(&self.0, Ended::Deadlocked(Box::new(deadlock)));
    }

    /// The width and height in pixels of the picture that is being made.
    pub fn picture_edge(&self) -> Option<u32> {
        match self.0.borrow().picture {
            Some(PictureSource::Shared { edge, .. } | PictureSource::Copied { edge, .. }) => Some(edge),
            None => None,
        }
    }

    /// The picture as it is now: RGBA, row by row.
    pub fn copy_picture(&self, out: &mut Vec<u8>) {
        out.clear();
        if let Some(picture) = &self.0.borrow().picture {
            picture.copy(out);
        }
    }
}

impl PictureSource {
    fn copy(&self, out: &mut Vec<u8>) {
        match self {
            Self::Copied { pixels, .. } => out.extend_from_slice(pixels),
            Self::Shared { memory, address, edge } => {
                let length = edge * edge * 4;
                out.resize(length as usize, 0);
                Uint8Array::new(&memory.buffer()).subarray(*address, address + length).copy_to(out);
            }
        }
    }
}

/// Creates the host worker.
fn begin(run: &Rc<RefCell<Inner>>, module: &WebAssembly::Module) {
    let mut inner = run.borrow_mut();
    if inner.phase != Phase::Loading {
        return;
    }
    inner.phase = Phase::Preparing;
    let name = match inner.spec.model {
        interleave_protocol::Model::Processes => "main process",
        _ if inner.spec.is_python() => "MainThread",
        _ => "main",
    };
    let kind = match inner.spec.model {
        interleave_protocol::Model::Processes => LaneKind::Process,
        _ => LaneKind::Thread,
    };
    inner.push(&Entry::Name(HOST_NAME, name.to_owned()));
    inner.push_event(
        HOST_LANE,
        What::Spawned { parent: LaneId::NONE, kind, name: HOST_NAME, number: NO_NUMBER, host: LaneId::NONE },
    );
    if inner.isolated {
        inner.unheard = Unheard::listen(run, inner.origin_ms);
        inner.segment = Segment::new();
    }
    let wanted = Wanted { role: inner.role, lane: HOST_LANE, instance: HOST, memory: None, port: None, pool: None };
    let created = inner.create(run, module, &wanted);
    let wake = inner.wake.clone();
    drop(inner);
    if let Err(error) = created {
        end(run, Ended::Failed { lane: HOST_LANE, failure: Failure::NotLoaded { message: words_of(&error) } });
    }
    wake.emit(());
}

impl Unheard {
    fn listen(run: &Rc<RefCell<Inner>>, origin_ms: f64) -> Option<Self> {
        let channel = BroadcastChannel::new(&channel(origin_ms)).ok()?;
        let weak = Rc::downgrade(run);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = event.data().dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec());
            if let (Some(run), Ok(bytes)) = (weak.upgrade(), bytes)
                && let Some(Update::Failed { lane, failure }) = Update::from_bytes(&bytes)
            {
                let lane = LaneId(lane);
                if run.borrow().child_of(lane).is_none() {
                    run.borrow_mut().told = true;
                }
                fail(&run, lane, failure);
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Some(Self { channel, _on_message: on_message })
    }
}

/// Who is to be created, and with what.
struct Wanted {
    role: Role,
    lane: LaneId,
    instance: InstanceId,
    memory: Option<JsValue>,
    port: Option<JsValue>,
    /// For a worker of rayon's pool: what it waits at for its work, an address in the shared memory.
    pool: Option<f64>,
}

impl Inner {
    fn push(&mut self, entry: &Entry) {
        entry.encode(&mut self.pending);
        self.note_lane(entry);
    }

    fn push_event(&mut self, lane: LaneId, what: What) {
        // Where only steps count, nothing comes later than the last of them.
        let counts_steps = self.spec.seed.is_some() || self.spec.switches.is_some();
        let time = if counts_steps && self.latest > TimeNs(0) { self.latest } else { clock::now() };
        self.push(&Entry::Event(Event { time, lane, what }));
    }

    /// Writes into the log what only the page knows of: the reason of a failure, or a verdict.
    fn note_error(&mut self, lane: LaneId, reason: String) {
        let text = NameId::new(InstanceId(0), self.texts);
        self.texts += 1;
        self.push(&Entry::Name(text, reason));
        self.push_event(lane, What::Noted { level: Level::Error, text });
    }

    /// Keeps count of which lanes are open.
    fn note_lane(&mut self, entry: &Entry) {
        if let Entry::Event(event) = entry {
            self.latest = self.latest.max(event.time);
            match event.what {
                What::Spawned { .. } => {
                    self.open.insert(event.lane);
                }
                What::Ended(_) => {
                    self.open.remove(&event.lane);
                }
                _ => {}
            }
        }
    }

    fn take_slots(&mut self, slots: &[Slot]) {
        self.pending.extend_from_slice(slots);
        decode(slots, |entry| self.note_lane(&entry));
    }

    /// A worker that loads the engine.
    fn load(&self, module: &WebAssembly::Module, wanted: &Wanted) -> Result<Worker, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&file_address("worker.js"), &options)?;
        let message = Object::new();
        let artifact = file_address(&format!("{}.js", self.spec.artifact()));
        Reflect::set(&message, &"artifact".into(), &artifact.into())?;
        Reflect::set(&message, &"module".into(), module)?;
        if let Some(memory) = &wanted.memory {
            Reflect::set(&message, &"memory".into(), memory)?;
        }
        worker.post_message(&message)?;
        Ok(worker)
    }

    /// Whether the text of a Python program says that it starts processes; a module that it imports may as well.
    fn names_processes(&self) -> bool {
        ["multiprocessing", "ProcessPoolExecutor"].iter().any(|name| self.program.contains(name))
    }

    fn create(
        &mut self,
        run: &Rc<RefCell<Inner>>,
        module: &WebAssembly::Module,
        wanted: &Wanted,
    ) -> Result<(), JsValue> {
        let worker = match wanted.role {
            Role::Child { .. } if self.spec.is_python() => take_python_child()?,
            Role::Host if self.spec.is_python() => take_python(self.plan.is_some() || self.names_processes())?,
            _ => self.load(module, wanted)?,
        };
        let lane = wanted.lane;
        let weak = Rc::downgrade(run);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new({
            let weak = weak.clone();
            move |event: MessageEvent| {
                if let Some(run) = weak.upgrade() {
                    receive(&run, lane, &event.data());
                }
            }
        });
        let on_error = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default();
            if let Some(run) = weak.upgrade() {
                // An event without a message is one about the script itself.
                let message = Reflect::get(&event, &"message".into()).ok().and_then(|words| words.as_string());
                let failure = match message {
                    Some(message) if !message.is_empty() => Failure::Trapped { message },
                    _ => Failure::NotLoaded { message: String::new() },
                };
                fail(&run, lane, failure);
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let command = Command {
            role: wanted.role,
            spec: self.spec,
            plan: self.plan.clone(),
            instance: wanted.instance.0,
            lane: lane.0,
            origin_ms: self.origin_ms,
            isolated: self.isolated,
        };
        let message = Object::new();
        Reflect::set(&message, &"command".into(), &Uint8Array::from(command.to_bytes().as_slice()))?;
        if self.spec.is_python() && !matches!(wanted.role, Role::Thread { .. }) {
            Reflect::set(&message, &"program".into(), &JsValue::from_str(&self.program))?;
        }
        match wanted.pool {
            Some(receiver) => Reflect::set(&message, &"pool".into(), &receiver.into())?,
            None => Reflect::set(&message, &"lock".into(), &format!("{}-{}", channel(self.origin_ms), lane.0).into())?,
        };
        let transfer = Array::new();
        if let Some(segment) = &self.segment {
            Reflect::set(&message, &"segment".into(), &segment.buffer)?;
        }
        if let Some(port) = &wanted.port {
            Reflect::set(&message, &"port".into(), port)?;
            transfer.push(port);
        }
        worker.post_message_with_transfer(&message, &transfer)?;
        // Rayon's threads never come to an end of their own.
        let over = wanted.pool.is_some();
        let child = match wanted.role {
            Role::Child { block } => Some(block),
            // A thread belongs to whom its instance does.
            _ => self.child_of(lane),
        };
        self.workers.push(OwnedWorker { worker, lane, over, child, _on_message: on_message, _on_error: on_error });
        Ok(())
    }

    /// Reads the rings of every instance that shares its memory.
    fn read_instances(&mut self) {
        let mut instances = std::mem::take(&mut self.instances);
        let mut slots = Vec::new();
        for instance in &mut instances {
            instance.read(&mut slots);
        }
        self.instances = instances;
        self.take_slots(&slots);
    }

    /// Where the segment describes the process that a lane's instance is, if a program asked for that.
    fn child_of(&self, lane: LaneId) -> Option<u32> {
        self.workers.iter().find(|worker| worker.lane.instance() == lane.instance()).and_then(|worker| worker.child)
    }

    /// Whether the host said that all is done and every other worker has said its last word. An explorer keeps its
    /// workers, and Python's daemon threads end with their program, so there the host's word is enough; of a run that is one
    /// of many each process has its own to tell.
    fn is_complete(&self) -> bool {
        match self.role {
            Role::Explorer { .. } => self.is_host_over(),
            _ if self.plan.is_some() => self.is_host_over() && self.workers.iter().all(|worker| worker.child.is_none()),
            _ if self.spec.is_python() => self.is_host_over(),
            _ => self.workers.iter().all(|worker| worker.over),
        }
    }
}

impl Inner {
    fn is_host_over(&self) -> bool {
        self.workers.first().is_some_and(|host| host.over)
    }
}

impl Instance {
    fn read(&mut self, out: &mut Vec<Slot>) {
        let buffer = self.memory.buffer();
        let words = Int32Array::new(&buffer);
        let plain = Uint32Array::new(&buffer);
        let load = |address: u32| Atomics::load(&words, address / 4).map_or(0, |word| word as u32);
        for n in 0..load(self.directory + layout::DIRECTORY_COUNT) {
            let ring = load(self.directory + layout::DIRECTORY_RINGS + 4 * n);
            if ring == 0 {
                continue;
            }
            let capacity = load(ring + layout::CAPACITY);
            let first_slot = load(ring + layout::SLOTS) / 4;
            // A ring that was made since this view of the memory, which has grown for it: it is read next time.
            if capacity == 0 || first_slot + capacity * (layout::SLOT / 4) > plain.length() {
                continue;
            }
            let head = load(ring + layout::HEAD);
            let mut tail = load(ring + layout::TAIL);
            while tail != head {
                let at = tail & (capacity - 1);
                let count = head.wrapping_sub(tail).min(capacity - at);
                let from = first_slot + at * (layout::SLOT / 4);
                let start = out.len();
                out.resize(start + count as usize, [0; 8]);
                let to = out[start..].as_flattened_mut();
                plain.subarray(from, from + count * (layout::SLOT / 4)).copy_to(to);
                tail = tail.wrapping_add(count);
            }
            // The words are the instance's own and aligned, so the store cannot fail.
            let _stored = Atomics::store(&words, (ring + layout::TAIL) / 4, tail as i32);
            let dropped = load(ring + layout::DROPPED);
            self.dropped.resize(self.dropped.len().max(n as usize + 1), 0);
            let lost = dropped.wrapping_sub(std::mem::replace(&mut self.dropped[n as usize], dropped));
            if lost > 0 {
                Entry::Lost(lost).encode(out);
            }
        }
    }
}

/// Takes a message from the worker of `lane`.
fn receive(run: &Rc<RefCell<Inner>>, lane: LaneId, data: &JsValue) {
    let handle = |name: &str| Reflect::get(data, &name.into()).ok().filter(|it| !it.is_undefined());
    if let Some(lock) = handle("held").and_then(|lock| lock.as_string()) {
        watch(run, lane, &lock);
        return;
    }
    if let Some(message) = handle("broken").and_then(|message| message.as_string()) {
        fail(run, lane, Failure::NotLoaded { message });
        return;
    }
    if let Some(lane) = handle("tooDeep").and_then(|lane| lane.as_f64()) {
        fail(run, LaneId(lane as u32), Failure::TooDeep);
        return;
    }
    if let Some(pool) = handle("pool").and_then(|receiver| receiver.as_f64()) {
        // Which lane its thread will be is for the host to say; until then what befalls it befalls the host.
        let role = Role::Thread { entry: 0 };
        spawn(run, Wanted { role, lane: HOST_LANE, instance: HOST, memory: None, port: None, pool: Some(pool) });
        return;
    }
    if handle("pooled").is_some() {
        let inner = run.borrow();
        // The host is the first worker of a run. If it is gone, so is the pool.
        let told = inner.workers.first().map(|host| host.worker.post_message(data));
        debug_assert!(matches!(told, None | Some(Ok(()))), "a plain message can be posted");
        return;
    }
    let update = handle("update").and_then(|bytes| bytes.dyn_into::<Uint8Array>().ok());
    let Some(update) = update.and_then(|bytes| Update::from_bytes(&bytes.to_vec())) else { return };
    match update {
        Update::Ready { directory } => {
            let mut inner = run.borrow_mut();
            if lane == HOST_LANE {
                inner.phase = Phase::Running;
            }
            if let Some(memory) = handle("memory") {
                let memory = memory.unchecked_into();
                inner.instances.push(Instance { id: lane.instance(), memory, directory, dropped: Vec::new() });
            }
        }
        Update::SpawnThread { entry, lane: child } => {
            let instance = LaneId(child).instance();
            let role = Role::Thread { entry };
            spawn(run, Wanted { role, lane: LaneId(child), instance, memory: None, port: None, pool: None });
        }
        Update::SpawnProcess { instance, lane: child } => {
            let port = handle("port");
            let instance = InstanceId(instance);
            spawn(run, Wanted { role: Role::Process, lane: LaneId(child), instance, memory: None, port, pool: None });
        }
        Update::Records => {
            if let Some(Ok(buffer)) = handle("buffer").map(JsCast::dyn_into::<ArrayBuffer>) {
                let words = Uint32Array::new(&buffer).to_vec();
                run.borrow_mut().take_slots(words.as_chunks().0);
            }
        }
        Update::PictureAt { address, edge } => {
            let mut inner = run.borrow_mut();
            if let Some(instance) = inner.instances.first() {
                let memory = instance.memory.clone();
                inner.picture = Some(PictureSource::Shared { memory, address, edge });
            }
        }
        Update::PictureRows { first, edge } => {
            if let Some(Ok(buffer)) = handle("buffer").map(JsCast::dyn_into::<ArrayBuffer>) {
                run.borrow_mut().take_rows(first, edge, &Uint8Array::new(&buffer));
            }
        }
        Update::Over | Update::Finished => {
            let mut inner = run.borrow_mut();
            if let Some(worker) = inner.workers.iter_mut().find(|worker| worker.lane == lane) {
                worker.over = true;
            }
            // Programs may start many threads and processes, so none stays once it is over.
            if lane.count() != 0 {
                inner.workers.retain(|worker| worker.lane != lane);
            } else if inner.child_of(lane).is_some() {
                inner.read_instances();
                inner.workers.retain(|worker| worker.lane.instance() != lane.instance());
                inner.instances.retain(|kept| kept.id != lane.instance());
            }
            let complete = inner.is_complete();
            drop(inner);
            if complete {
                end(run, Ended::Finished);
            }
        }
        Update::Tried { seeds } => run.borrow_mut().explored.tried = seeds,
        Update::Found(finding) => {
            run.borrow_mut().explored = Explored { tried: finding.tried, found: Some(finding) };
        }
        Update::Attempted(Attempted { attempt, printed }) => {
            let is_stuck = matches!(attempt.wrong, Some((Wrong::Stuck, _)));
            {
                let mut inner = run.borrow_mut();
                let all = inner.attempted.get_or_insert_default();
                // Only one process tells of the schedule.
                all.attempt.switches.extend(attempt.switches);
                all.attempt.wrong = attempt.wrong.or(all.attempt.wrong.take());
                all.printed += &printed;
            }
            if is_stuck {
                end(run, Ended::Finished);
            }
        }
        Update::SpawnChild { lane: child, block } => {
            let (lane, role) = (LaneId(child), Role::Child { block });
            spawn(run, Wanted { role, lane, instance: lane.instance(), memory: None, port: None, pool: None });
        }
        Update::Asked { address } => run.borrow_mut().asked = Some((lane, address)),
        Update::EndChild { lane, block, exit } => end_child(run, LaneId(lane).instance(), block, exit),
        Update::Failed { lane, failure } => {
            let lane = LaneId(lane);
            if run.borrow().child_of(lane).is_none() {
                run.borrow_mut().told = true;
            }
            fail(run, lane, failure);
        }
    }
    let wake = run.borrow().wake.clone();
    wake.emit(());
}

impl Inner {
    fn take_rows(&mut self, first: u32, edge: u32, rows: &Uint8Array) {
        let length = (edge * edge * 4) as usize;
        if !matches!(&self.picture, Some(PictureSource::Copied { edge: old, .. }) if *old == edge) {
            self.picture = Some(PictureSource::Copied { pixels: vec![0; length], edge });
        }
        if let Some(PictureSource::Copied { pixels, .. }) = &mut self.picture {
            let from = ((first * edge * 4) as usize).min(length);
            let to = (from + rows.length() as usize).min(length);
            rows.subarray(0, (to - from) as u32).copy_to(&mut pixels[from..to]);
        }
    }
}

/// How long a process that is to be ended may go on with what others would else find half done, in milliseconds.
const PATIENCE_MS: i32 = 200;

/// Ends the workers of a process that a program asked for, as soon as it is in the middle of nothing.
fn end_child(run: &Rc<RefCell<Inner>>, instance: InstanceId, block: u32, exit: i32) {
    let is_busy = match &run.borrow().segment {
        Some(segment) => segment.bar(block),
        None => return,
    };
    if !is_busy {
        bury_child(run, instance, block, exit, Outcome::Killed);
        return;
    }
    let weak = Rc::downgrade(run);
    let begun = clock::epoch_ms();
    spawn_local(async move {
        loop {
            let turn = Promise::new(&mut |go, _| {
                if let Some(window) = web_sys::window() {
                    // If there were no timers, the process would be ended at once.
                    let _timer = window.set_timeout_with_callback(&go);
                }
            });
            let _turned = JsFuture::from(turn).await;
            let Some(run) = weak.upgrade() else { return };
            let is_busy = run.borrow().segment.as_ref().is_some_and(|segment| segment.bar(block));
            if !is_busy || clock::epoch_ms() - begun > f64::from(PATIENCE_MS) {
                bury_child(&run, instance, block, exit, Outcome::Killed);
                return;
            }
        }
    });
}

/// A process that a program asked for is over: ends its workers, closes its lanes and says how it ended.
fn bury_child(run: &Rc<RefCell<Inner>>, instance: InstanceId, block: u32, exit: i32, outcome: Outcome) {
    let mut inner = run.borrow_mut();
    let may_end = inner.segment.as_ref().is_some_and(|segment| segment.may_end(block));
    if !may_end || matches!(inner.phase, Phase::Ended(_)) {
        return;
    }
    inner.read_instances();
    inner.workers.retain(|worker| worker.lane.instance() != instance);
    inner.instances.retain(|kept| kept.id != instance);
    let lanes: Vec<LaneId> = inner.open.iter().copied().filter(|lane| lane.instance() == instance).collect();
    for lane in lanes {
        inner.push_event(lane, What::Ended(outcome));
    }
    if let Some(segment) = &inner.segment {
        segment.announce(block, exit);
    }
    let complete = inner.is_complete();
    drop(inner);
    if complete {
        end(run, Ended::Finished);
    }
}

/// A lane has failed. In a process that a program asked for that is the end of the process, else of the run.
fn fail(run: &Rc<RefCell<Inner>>, lane: LaneId, failure: Failure) {
    let child = run.borrow().child_of(lane);
    let Some(block) = child else {
        end(run, Ended::Failed { lane, failure });
        return;
    };
    if failure == Failure::TooDeep {
        // Who had no stack left could not say so.
        run.borrow_mut().note_error(lane, failure.to_string());
    }
    let (exit, outcome) = match failure {
        Failure::Panicked { .. } => (exit::PANICKED, Outcome::Failed),
        Failure::Vanished => (exit::KILLED, Outcome::Killed),
        Failure::OutOfMemory { .. } => (exit::KILLED, Outcome::Failed),
        _ => (exit::TRAPPED, Outcome::Failed),
    };
    bury_child(run, lane.instance(), block, exit, outcome);
}

/// How many workers a run may have. Firefox runs 512 at a time for a site, and lets the rest wait without a word.
const MOST_WORKERS: u32 = 500;

/// Creates a worker that another worker asked for.
fn spawn(run: &Rc<RefCell<Inner>>, mut wanted: Wanted) {
    let mut inner = run.borrow_mut();
    let Some(module) = compiled(inner.spec.artifact()) else { return };
    if matches!(inner.phase, Phase::Ended(_)) {
        return;
    }
    if inner.workers.len() >= MOST_WORKERS as usize {
        drop(inner);
        end(run, Ended::Failed { lane: wanted.lane, failure: Failure::TooManyWorkers { most: MOST_WORKERS } });
        return;
    }
    if matches!(wanted.role, Role::Thread { .. }) {
        let instance = inner.instances.iter().find(|instance| instance.id == wanted.instance);
        wanted.memory = instance.map(|instance| instance.memory.clone().into());
    }
    let created = inner.create(run, &module, &wanted);
    drop(inner);
    if let Err(error) = created {
        end(run, Ended::Failed { lane: wanted.lane, failure: Failure::NotLoaded { message: words_of(&error) } });
    }
}

/// Waits for the lock that a worker holds as long as it lives. Who gets it knows that the worker is gone.
fn watch(run: &Rc<RefCell<Inner>>, lane: LaneId, lock: &str) {
    let Some(locks) = LOCKS.with(Clone::clone) else { return };
    let weak: Weak<_> = Rc::downgrade(run);
    let got = Closure::once(move |_: JsValue| {
        let Some(run) = weak.upgrade() else { return };
        let lost = {
            let inner = run.borrow();
            let at_work = inner.workers.iter().any(|worker| worker.lane == lane && !worker.over);
            at_work && !matches!(inner.phase, Phase::Ended(_))
        };
        if lost {
            fail(&run, lane, Failure::Vanished);
        }
    });
    // Without locks a worker that vanishes is not noticed; Stop still ends the run.
    let _waiting = locks.request(lock, &got);
    got.forget();
}

/// Ends a run: reads what is left, ends every worker, and closes every lane that is still open. The first end counts.
fn end(run: &Rc<RefCell<Inner>>, ended: Ended) {
    let mut inner = run.borrow_mut();
    if matches!(inner.phase, Phase::Ended(_)) {
        return;
    }
    inner.read_instances();
    if let Some(picture @ PictureSource::Shared { edge, .. }) = &inner.picture {
        let edge = *edge;
        let mut pixels = Vec::new();
        picture.copy(&mut pixels);
        inner.picture = Some(PictureSource::Copied { pixels, edge });
    }
    inner.workers.clear();
    inner.instances.clear();
    inner.unheard = None;
    inner.segment = None;
    inner.close_lanes(&ended);
    inner.phase = Phase::Ended(ended);
    let wake = inner.wake.clone();
    if inner.spec.is_python() && compiled(RunSpec::PYTHON_ARTIFACT).is_some() {
        // The next run finds a worker; nobody need wait for that.
        prepare_python();
    }
    drop(inner);
    wake.emit(());
}

impl Inner {
    fn close_lanes(&mut self, ended: &Ended) {
        if let Ended::Failed { lane, failure } = ended
            && self.open.contains(lane)
        {
            if !self.told {
                self.note_error(*lane, failure.to_string());
            }
            let outcome = if *failure == Failure::Vanished { Outcome::Killed } else { Outcome::Failed };
            self.push_event(*lane, What::Ended(outcome));
        }
        if let Ended::Deadlocked(deadlock) = ended {
            self.note_error(LaneId::NONE, deadlock.sentence());
            for stuck in &deadlock.lanes {
                self.push_event(stuck.lane, What::Ended(Outcome::Deadlocked));
            }
        }
        for lane in std::mem::take(&mut self.open) {
            self.push_event(lane, What::Ended(Outcome::Stopped));
        }
    }
}
