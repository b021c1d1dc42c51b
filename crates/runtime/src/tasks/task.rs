//! A task: a future with a lane of its own, what it came to, and who waits for that.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use interleave_trace::{
    LaneId, LaneKind, Level, NO_NUMBER, NameId, ObjectId, ObjectKind, Outcome, State, TimeNs, What, clock,
    current_lane, fresh_lane, is_attached, is_recording, record, record_at, set_current_lane,
};

use super::event_loop::{self, Shared, firing};
use super::raised::Raised;
use super::waiting::{Pending, Until, Waiters, forget_pending, take_pending};
use crate::rt::{Object, Site, SyncError, is_cancelled};
use crate::span::{self, Title};
use crate::threads::record_spawn;

/// It is in a queue to be polled, or will be.
const QUEUED: u8 = 1;
/// It is being polled; then the poll itself records what comes after it.
const POLLING: u8 = 2;
/// It is over.
const DONE: u8 = 4;

mod flag {
    pub const STARTED: u8 = 1;
    /// It will be cancelled where it waits.
    pub const MUST_CANCEL: u8 = 4;
    /// Nobody has a handle to its result.
    pub const UNWANTED: u8 = 8;
    /// It was cancelled.
    pub const CANCELLED: u8 = 16;
    /// Somebody knows what it came to.
    pub const KNOWN: u8 = 32;
}

/// What is called when a task is over, with a number of the caller's.
pub(crate) type Hook = Rc<dyn Fn(&TaskRef, u32)>;

type Callback = Box<dyn FnOnce(&TaskRef)>;

/// Whom a cancellation is handed on to; gives whether it was taken.
type Delegate = Rc<dyn Fn(Option<&str>) -> bool>;

/// What few tasks need.
#[derive(Default)]
struct More {
    message: Option<Rc<str>>,
    delegate: Option<Delegate>,
    joiners: Rc<Waiters>,
    hooks: Vec<(Hook, u32)>,
    callbacks: Vec<Callback>,
}

/// What a task is beside its future.
pub(crate) struct Core {
    shared: Arc<Shared>,
    lane: LaneId,
    title: Title,
    /// What it waits for, as it was recorded.
    on: AtomicU32,
    state: AtomicU8,
    own: Own,
}

/// The part that only the loop's thread touches.
struct Own {
    flags: Cell<u8>,
    /// How its lane will end, as far as it said.
    outcome: Cell<Outcome>,
    /// How many timeouts are running over it.
    timeouts: Cell<u16>,
    /// How many requests to cancel it are open.
    cancels: Cell<u32>,
    slot: Cell<u32>,
    end: Cell<Option<ObjectId>>,
    more: RefCell<Option<Box<More>>>,
}

/// A task whose future and result are of any type.
pub(crate) trait Run: Send + Sync {
    fn core(&self) -> &Core;
    fn poll(self: Arc<Self>);
    fn wake(self: Arc<Self>);
    /// Drops the future before its end.
    fn abandon(self: Arc<Self>);
    /// The error that it came to, if it is over.
    fn error(&self) -> Option<Raised>;
}

/// A task whose result is of a known type.
trait Gives<T>: Run {
    fn take(&self) -> Option<Result<T, Raised>>;
    fn look(&self, look: &mut dyn FnMut(&Result<T, Raised>));
}

enum Stage<F, T> {
    Pending(F),
    Over(Result<T, Raised>),
    Gone,
}

struct Shell<F, T> {
    core: Core,
    stage: RefCell<Stage<F, T>>,
}

// SAFETY: other threads get at a shell through its waker only, which touches `shared`, `lane`, `title`, `on` and `state`
// of the core, all of them immutable or atomic. `own` and `stage` are touched by the loop's thread: it alone polls, and
// handles (`TaskRef`, `Task`) cannot leave it. The last reference may be dropped elsewhere, when nothing is left in
// `stage` that was ever of this thread: the loop keeps a reference as long as there is a future, a result whose handle
// is gone is dropped at once, and one whose handle is there goes with the handle.
unsafe impl<F, T> Send for Shell<F, T> {}
// SAFETY: as above.
unsafe impl<F, T> Sync for Shell<F, T> {}

impl Core {
    pub(crate) fn set_slot(&self, slot: usize) {
        self.own.slot.set(slot as u32);
    }

    fn is(&self, flag: u8) -> bool {
        self.own.flags.get() & flag != 0
    }

    fn set(&self, flag: u8, on: bool) {
        let flags = self.own.flags.get();
        self.own.flags.set(if on { flags | flag } else { flags & !flag });
    }

    fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) & DONE != 0
    }

    /// The task shows as ready since `time`; what it waited for is over.
    pub(crate) fn record_ready(&self, time: TimeNs) {
        let on = ObjectId(self.on.swap(ObjectId::NONE.0, Ordering::Relaxed)).some();
        let waker = current_lane().filter(|lane| *lane != self.lane);
        match (on, firing(), waker) {
            (Some(on), Some(true), _) => record_at(time, self.lane, What::TimedOut { on }),
            // A timer is nobody's doing.
            (Some(on), Some(false), _) => record_at(time, self.lane, What::Woke { target: self.lane, on }),
            (Some(on), None, waker) => {
                record_at(time, waker.unwrap_or(self.lane), What::Woke { target: self.lane, on })
            }
            (None, None, Some(waker)) => record_at(time, waker, What::Woke { target: self.lane, on: ObjectId::NONE }),
            (None, ..) => {}
        }
        let (name, number, on, holder) = (NameId::NONE, NO_NUMBER, ObjectId::NONE, LaneId::NONE);
        record_at(time, self.lane, What::Entered { state: State::Ready, name, number, on, holder, timed: false });
    }

    fn with_more<R>(&self, change: impl FnOnce(&mut More) -> R) -> R {
        change(self.own.more.borrow_mut().get_or_insert_default())
    }

    fn message(&self) -> Option<Rc<str>> {
        self.own.more.borrow().as_ref().and_then(|more| more.message.clone())
    }

    fn take_cancellation(&self) -> Option<Raised> {
        if self.is(flag::MUST_CANCEL) {
            self.set(flag::MUST_CANCEL, false);
            return Some(Raised::Cancelled { message: self.message() });
        }
        is_cancelled().then_some(Raised::Refused(SyncError::Cancelled))
    }
}

impl<F, T> Shell<F, T>
where
    F: Future<Output = Result<T, Raised>> + 'static,
    T: 'static,
{
    fn wake_shell(self: &Arc<Self>) {
        let before = self.core.state.fetch_or(QUEUED, Ordering::AcqRel);
        if before & (QUEUED | DONE) != 0 {
            return;
        }
        let mut unrecorded = None;
        if before & POLLING == 0 && is_recording() {
            let now = clock::now();
            match is_attached() {
                true => self.core.record_ready(now),
                false => unrecorded = Some(now),
            }
        }
        self.core.shared.make_ready(self.clone(), unrecorded);
    }

    /// Polls the future, or ends it if it was cancelled before its first poll.
    fn advance(self: &Arc<Self>) -> Poll<Result<T, Raised>> {
        let core = &self.core;
        let before = core.own.flags.replace(core.own.flags.get() | flag::STARTED);
        if before & flag::STARTED == 0 {
            if let Some(cancelled) = core.take_cancellation() {
                return Poll::Ready(Err(cancelled));
            }
            record(What::Started);
        }
        span::running(core.title);
        let waker = Waker::from(self.clone());
        let mut stage = self.stage.borrow_mut();
        let Stage::Pending(future) = &mut *stage else { return Poll::Pending };
        // SAFETY: the future lies in an allocation that is shared and never moves, and leaves its place only by being
        // dropped there.
        let future = unsafe { Pin::new_unchecked(future) };
        future.poll(&mut Context::from_waker(&waker))
    }

    /// Drops the future where it lies: what it borrows from itself is there.
    fn drop_future(&self) {
        *self.stage.borrow_mut() = Stage::Gone;
    }

    fn finish(self: &Arc<Self>, result: Result<T, Raised>) {
        let core = &self.core;
        // What the future still holds is dropped as its lane's doing.
        self.drop_future();
        let result = match core.take_cancellation() {
            Some(cancelled @ Raised::Cancelled { .. }) => Err(cancelled),
            _ => result,
        };
        let is_cancelled = matches!(result, Err(Raised::Cancelled { .. } | Raised::Refused(SyncError::Cancelled)));
        let has_failed = result.is_err() && !is_cancelled;
        core.set(flag::CANCELLED, is_cancelled);
        self.stage.replace(Stage::Over(result));
        core.state.fetch_or(DONE, Ordering::AcqRel);
        let task = TaskRef::new(self.clone());
        let more = core.own.more.take();
        if let Some(more) = more {
            for (hook, number) in more.hooks {
                hook(&task, number);
            }
            if let Some(end) = core.own.end.get() {
                more.joiners.wake_all(end);
            }
            for callback in more.callbacks {
                callback(&task);
            }
        }
        if core.is(flag::UNWANTED) {
            self.forget();
        }
        let said = span::outcome();
        record(What::Ended(match (is_cancelled, has_failed) {
            (true, _) => Outcome::Cancelled,
            (_, true) => Outcome::Failed,
            _ => said,
        }));
        event_loop::remove(core.own.slot.get() as usize);
    }

    /// Nobody will ask for the result any more.
    fn forget(&self) {
        let Some(result) = Gives::take(self) else { return };
        if let Err(error) = result
            && !self.core.is(flag::KNOWN)
            && !self.core.is(flag::CANCELLED)
        {
            span::note(Level::Error, &format!("A task failed, and nobody asked what it came to: {error}"));
        }
    }
}

impl<F, T> Wake for Shell<F, T>
where
    F: Future<Output = Result<T, Raised>> + 'static,
    T: 'static,
{
    fn wake(self: Arc<Self>) {
        self.wake_shell();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_shell();
    }
}

impl<F, T> Run for Shell<F, T>
where
    F: Future<Output = Result<T, Raised>> + 'static,
    T: 'static,
{
    fn core(&self) -> &Core {
        &self.core
    }

    fn wake(self: Arc<Self>) {
        self.wake_shell();
    }

    fn poll(self: Arc<Self>) {
        let core = &self.core;
        if core.is_done() {
            return;
        }
        core.state.swap(POLLING, Ordering::AcqRel);
        let lane = set_current_lane(core.lane);
        let current = CURRENT.replace(Some(TaskRef::new(self.clone())));
        let running = span::swap_running(core.title);
        let outcome = span::swap_outcome(core.own.outcome.get());
        forget_pending();
        match self.advance() {
            Poll::Ready(result) => self.finish(result),
            Poll::Pending => {
                let pending = take_pending();
                core.on.store(pending.on.0, Ordering::Relaxed);
                // Whoever wakes it from now on records that; whoever did already has left it to this poll.
                let woken = core.state.fetch_and(!POLLING, Ordering::AcqRel) & QUEUED != 0;
                settle(core, pending, woken);
            }
        }
        core.own.outcome.set(span::swap_outcome(outcome));
        span::swap_running(running);
        CURRENT.set(current);
        set_current_lane(lane);
    }

    fn abandon(self: Arc<Self>) {
        let lane = set_current_lane(self.core.lane);
        self.drop_future();
        self.core.state.fetch_or(DONE, Ordering::AcqRel);
        record(What::Ended(Outcome::Stopped));
        set_current_lane(lane);
    }

    fn error(&self) -> Option<Raised> {
        match &*self.stage.borrow() {
            Stage::Over(Err(error)) => Some(error.clone()),
            _ => None,
        }
    }
}

/// Records what a task shows after a poll that left it pending.
fn settle(core: &Core, pending: Pending, woken: bool) {
    if woken {
        core.on.store(ObjectId::NONE.0, Ordering::Relaxed);
        span::waiting(State::Ready, Title::NONE);
    } else if is_recording() {
        record(pending.entered());
    }
}

impl<F, T> Gives<T> for Shell<F, T>
where
    F: Future<Output = Result<T, Raised>> + 'static,
    T: 'static,
{
    fn take(&self) -> Option<Result<T, Raised>> {
        // A future that is pending stays where it is.
        if !matches!(&*self.stage.borrow(), Stage::Over(_)) {
            return None;
        }
        match self.stage.replace(Stage::Gone) {
            Stage::Over(result) => Some(result),
            Stage::Pending(_) | Stage::Gone => None,
        }
    }

    fn look(&self, look: &mut dyn FnMut(&Result<T, Raised>)) {
        if let Stage::Over(result) = &*self.stage.borrow() {
            look(result);
        }
    }
}

thread_local! {
    static CURRENT: RefCell<Option<TaskRef>> = const { RefCell::new(None) };
}

/// The task that is being polled, if one is.
pub fn current() -> Option<TaskRef> {
    CURRENT.with_borrow(Option::clone)
}

/// Every task of the calling thread's event loop that is not over.
pub fn all_tasks() -> Vec<TaskRef> {
    event_loop::alive().into_iter().map(TaskRef::new).collect()
}

fn with_current<R>(look: impl FnOnce(&Core) -> R) -> Option<R> {
    // Destructors may ask while the thread's locals are being dropped.
    CURRENT.try_with(|current| current.borrow().as_ref().map(|task| look(task.run.core()))).ok().flatten()
}

pub(crate) fn is_in_task() -> bool {
    with_current(|_| ()).is_some()
}

/// Takes the request to cancel the task that is being polled, if there is one.
pub(crate) fn take_cancellation() -> Option<Raised> {
    with_current(Core::take_cancellation)
        .unwrap_or_else(|| is_cancelled().then_some(Raised::Refused(SyncError::Cancelled)))
}

/// Whether a timeout runs over the task that is being polled.
pub(crate) fn has_timeout() -> bool {
    with_current(|core| core.own.timeouts.get() > 0).unwrap_or(false)
}

/// A task, whatever its result: to ask it, to cancel it, to wait for its end.
#[derive(Clone)]
pub struct TaskRef {
    run: Arc<dyn Run>,
    of_this_thread: PhantomData<Rc<()>>,
}

impl PartialEq for TaskRef {
    fn eq(&self, other: &Self) -> bool {
        self.lane() == other.lane()
    }
}

impl Eq for TaskRef {}

impl std::fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "task {:?}", self.lane())
    }
}

impl TaskRef {
    fn new(run: Arc<dyn Run>) -> Self {
        Self { run, of_this_thread: PhantomData }
    }

    fn core(&self) -> &Core {
        self.run.core()
    }

    /// Its lane.
    pub fn lane(&self) -> LaneId {
        self.core().lane
    }

    /// What it is called.
    pub fn title(&self) -> Title {
        self.core().title
    }

    /// Whether it is over: it gave a result or an error, or was cancelled.
    pub fn is_done(&self) -> bool {
        self.core().is_done()
    }

    /// Whether it was cancelled and is over.
    pub fn is_cancelled(&self) -> bool {
        self.core().is(flag::CANCELLED)
    }

    /// What it ended with instead of a result, a cancellation included.
    pub fn error(&self) -> Option<Raised> {
        self.core().set(flag::KNOWN, true);
        self.run.error()
    }

    /// Asks it to end: what it waits in gives [`Raised::Cancelled`], or what it will wait in next. A task that waits for
    /// another hands that on. Gives whether it could be asked: not when it is over.
    pub fn cancel(&self) -> bool {
        self.cancel_saying(None)
    }

    /// As [`TaskRef::cancel`], with a message for whoever catches it.
    pub fn cancel_with(&self, message: &str) -> bool {
        self.cancel_saying(Some(message))
    }

    fn cancel_saying(&self, message: Option<&str>) -> bool {
        if self.is_done() {
            return false;
        }
        if !self.request_cancellation(message) {
            self.run.clone().wake();
        }
        true
    }

    /// Cancels it from within its own poll, before what it waits in is polled.
    pub(crate) fn cancel_within(&self) {
        self.request_cancellation(None);
    }

    /// Gives whether the request was handed on.
    fn request_cancellation(&self, message: Option<&str>) -> bool {
        let core = self.core();
        core.own.cancels.set(core.own.cancels.get() + 1);
        let delegate = core.own.more.borrow().as_ref().and_then(|more| more.delegate.clone());
        if delegate.is_some_and(|delegate| delegate(message)) {
            return true;
        }
        core.set(flag::MUST_CANCEL, true);
        if message.is_some() || core.own.more.borrow().is_some() {
            core.with_more(|more| more.message = message.map(Rc::from));
        }
        false
    }

    /// How many requests to cancel it are open: [`TaskRef::cancel`] less [`TaskRef::uncancel`].
    pub fn cancelling(&self) -> u32 {
        self.core().own.cancels.get()
    }

    /// Takes one request to cancel it back, as whoever catches a cancellation for good should do, and gives how many are
    /// left. With the last goes a cancellation that was not delivered yet.
    pub fn uncancel(&self) -> u32 {
        let core = self.core();
        let left = core.own.cancels.get().saturating_sub(1);
        core.own.cancels.set(left);
        if left == 0 {
            core.set(flag::MUST_CANCEL, false);
        }
        left
    }

    /// Calls `callback` as the last that it does, or now if it is over. Python's event loop calls it a little later; but
    /// what it does is then done by a lane that waits, and a deadlock is told by lanes that do nothing while they wait.
    pub fn add_done_callback(&self, callback: impl FnOnce(&TaskRef) + 'static) {
        if self.is_done() {
            callback(self);
        } else {
            self.core().with_more(|more| more.callbacks.push(Box::new(callback)));
        }
    }

    /// Calls `hook` when it is over, within its last poll.
    pub(crate) fn on_end(&self, hook: Hook, number: u32) {
        self.core().with_more(|more| more.hooks.push((hook, number)));
    }

    /// Its end, for those who wait for it.
    fn end(&self) -> ObjectId {
        let own = &self.core().own;
        own.end.get().unwrap_or_else(|| {
            let end = Object::new(ObjectKind::End, self.title()).id();
            own.end.set(Some(end));
            end
        })
    }

    /// Waits until it is over, however it ends. Who is cancelled meanwhile leaves it alone.
    #[track_caller]
    pub fn ended(&self) -> impl Future<Output = Result<(), Raised>> + use<> {
        self.clone().wait_for_end(Site::here(), false)
    }

    /// Waits until it is over. If `hand_on`, a cancellation goes to the task that is waited for.
    pub(crate) async fn wait_for_end(self, site: Site, hand_on: bool) -> Result<(), Raised> {
        if !self.is_done() {
            if current().is_some_and(|current| current == self) {
                return Err(SyncError::JoinsItself.into());
            }
            let joiners = self.core().with_more(|more| more.joiners.clone());
            let other = self.clone();
            let _delegation = hand_on.then(|| Delegation::new(Rc::new(move |message| other.cancel_saying(message))));
            joiners.wait(Until::woken(self.end(), self.lane(), site), || {}).await?;
        }
        record(What::Joined { child: self.lane() });
        Ok(())
    }

    /// A timeout begins to run over it, or one has run out or been left.
    pub(crate) fn count_timeout(&self, begins: bool) {
        let timeouts = &self.core().own.timeouts;
        let count = timeouts.get();
        timeouts.set(if begins { count.saturating_add(1) } else { count.saturating_sub(1) });
    }
}

/// While it lives, a cancellation of the task that made it goes to another.
pub(crate) struct Delegation(Option<TaskRef>);

impl Delegation {
    pub(crate) fn new(delegate: Delegate) -> Self {
        let task = current();
        if let Some(task) = &task {
            task.core().with_more(|more| more.delegate = Some(delegate));
        }
        Self(task)
    }
}

impl Drop for Delegation {
    fn drop(&mut self) {
        let Some(task) = &self.0 else { return };
        let delegate = task.core().own.more.borrow_mut().as_mut().and_then(|more| more.delegate.take());
        drop(delegate);
    }
}

/// A task and the right to its result. Dropped, it lets the task go on alone.
pub struct Task<T> {
    gives: Arc<dyn Gives<T>>,
    task: TaskRef,
}

impl<T> Deref for Task<T> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        &self.task
    }
}

impl<T> Task<T> {
    /// Waits for its result. Who is cancelled meanwhile hands that on to the task and gets what it makes of it.
    #[track_caller]
    pub fn join(self) -> impl Future<Output = Result<T, Raised>> {
        let site = Site::here();
        async move {
            self.task.clone().wait_for_end(site, true).await?;
            self.take()
        }
    }

    /// Its result, if it is over; whoever waited for that may take it.
    pub(crate) fn take(self) -> Result<T, Raised> {
        self.core().set(flag::KNOWN, true);
        self.gives.take().unwrap_or(Err(Raised::Refused(SyncError::WorkCancelled)))
    }

    /// Its result, if it is over.
    pub fn result(&self) -> Option<Result<T, Raised>>
    where
        T: Clone,
    {
        self.core().set(flag::KNOWN, true);
        let mut result = None;
        self.gives.look(&mut |it| result = Some(it.clone()));
        result
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        let core = self.task.core();
        if !core.is_done() {
            core.set(flag::UNWANTED, true);
            return;
        }
        if let Some(Err(error)) = self.gives.take()
            && !core.is(flag::KNOWN)
            && !core.is(flag::CANCELLED)
        {
            span::note(Level::Error, &format!("A task failed, and nobody asked what it came to: {error}"));
        }
    }
}

/// Starts a task on the calling thread's event loop.
pub fn spawn<T: 'static>(
    title: impl Into<Title>,
    future: impl Future<Output = Result<T, Raised>> + 'static,
) -> Task<T> {
    let title = title.into();
    let lane = fresh_lane();
    let (shared, host) = event_loop::shared();
    record_spawn(lane, LaneKind::Task, title, host);
    let core = Core {
        shared,
        lane,
        title,
        on: AtomicU32::new(ObjectId::NONE.0),
        state: AtomicU8::new(QUEUED),
        own: Own {
            flags: Cell::default(),
            outcome: Cell::new(Outcome::Completed),
            timeouts: Cell::default(),
            cancels: Cell::default(),
            slot: Cell::default(),
            end: Cell::default(),
            more: RefCell::default(),
        },
    };
    let shell = Arc::new(Shell { core, stage: RefCell::new(Stage::Pending(future)) });
    event_loop::add(shell.clone());
    Task { task: TaskRef::new(shell.clone()), gives: shell }
}

/// Runs `future` as a task, waits for its result, and then cancels every task that is left and waits for their ends: the
/// frame of a whole program (`asyncio.run`).
#[track_caller]
pub fn run<T: 'static>(
    title: impl Into<Title>,
    future: impl Future<Output = Result<T, Raised>> + 'static,
) -> impl Future<Output = Result<T, Raised>> {
    let (site, title) = (Site::here(), title.into());
    async move {
        let main = spawn(title, future);
        main.task.clone().wait_for_end(site, true).await?;
        let left = all_tasks();
        for task in &left {
            task.cancel();
        }
        for task in left {
            task.wait_for_end(site, false).await?;
        }
        main.take()
    }
}
