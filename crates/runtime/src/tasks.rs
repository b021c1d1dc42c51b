//! Async tasks: futures on the calling worker's event loop, each a lane, each poll a span.
//!
//! ```text
//!  lane of a task:   running | sleeping........ | ready | running | io........
//!                    a poll    it is pending      woken   a poll
//! ```
//! What a pending future waits for is told by the leaf it waits in ([`pending_on`]); a leaf that says nothing
//! shows as waiting. Since one thread polls them all, two tasks never run at the same time.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_channel::oneshot;
use interleave_trace::{
    LaneId, LaneKind, NO_NUMBER, NameId, ObjectId, State, TimeNs, What, clock, current_lane, fresh_lane, is_attached,
    is_recording, record, record_at, set_current_lane,
};

use crate::span::{self, Title};
use crate::sys;
use crate::threads::record_spawn;

/// What a pending task waits for.
#[derive(Clone, Copy)]
struct Pending {
    state: State,
    title: Title,
}

thread_local! {
    static PENDING: Cell<Option<Pending>> = const { Cell::new(None) };
}

/// Says what the task that is being polled will wait for, if this poll leaves it pending.
pub fn pending_on(state: State, title: Title) {
    PENDING.set(Some(Pending { state, title }));
}

/// A task that was spawned.
pub struct JoinHandle<T> {
    lane: LaneId,
    result: oneshot::Receiver<T>,
}

impl<T> JoinHandle<T> {
    /// The task's lane.
    pub fn lane(&self) -> LaneId {
        self.lane
    }

    /// Waits for the task's result; `None` if it was dropped before its end.
    pub async fn join(self) -> Option<T> {
        let result = self.result.await.ok();
        record(What::Joined { child: self.lane });
        result
    }
}

/// Starts a task on the calling thread's event loop.
pub fn spawn<T: 'static>(title: Title, future: impl Future<Output = T> + 'static) -> JoinHandle<T> {
    let lane = fresh_lane();
    record_spawn(lane, LaneKind::Task, title, EVENT_LOOP.get().some().or(current_lane()).unwrap_or(LaneId::NONE));
    let (sender, result) = oneshot::channel();
    let recorded = Recorded { lane, title, started: false, future, waker: None };
    sys::spawn_local(async move {
        let result = recorded.await;
        // Nobody may want the result any more.
        let _unwanted = sender.send(result);
    });
    JoinHandle { lane, result }
}

thread_local! {
    /// The lane of the worker whose event loop this is.
    static EVENT_LOOP: Cell<LaneId> = const { Cell::new(LaneId::NONE) };
}

/// Says which lane the calling thread's event loop is; tasks are shown under it.
pub fn set_event_loop(lane: LaneId) {
    EVENT_LOOP.set(lane);
}

/// A future that records each of its polls.
struct Recorded<F> {
    lane: LaneId,
    title: Title,
    started: bool,
    future: F,
    waker: Option<(Arc<Woken>, Waker)>,
}

impl<F: Future> Future for Recorded<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` stays where it is: it is only ever polled in place, and the other fields are Unpin.
        let this = unsafe { self.get_unchecked_mut() };
        let before = set_current_lane(this.lane);
        if !this.started {
            this.started = true;
            record(What::Started);
        }
        let running = span::swap_running(this.title);
        let (woken, waker) = this.waker.get_or_insert_with(|| {
            let woken = Arc::new(Woken::new(this.lane));
            (woken.clone(), Waker::from(woken))
        });
        woken.arm(context.waker());
        span::running(this.title);
        PENDING.set(None);
        // SAFETY: see above; `future` is pinned because `self` is.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        let poll = future.poll(&mut Context::from_waker(waker));
        match &poll {
            Poll::Ready(_) => record(What::Ended(span::outcome())),
            Poll::Pending => {
                let pending =
                    PENDING.take().unwrap_or_else(|| Pending { state: State::Waiting, title: Title::new("future") });
                if woken.settle(pending.state == State::Ready) {
                    span::waiting(State::Ready, Title::NONE);
                } else {
                    span::waiting(pending.state, pending.title);
                }
            }
        }
        span::swap_running(running);
        set_current_lane(before);
        poll
    }
}

/// The waker of a recorded task: records that the task is ready, then wakes the event loop.
struct Woken {
    lane: LaneId,
    /// Whether the task shows as ready, or will once its poll is over.
    ready: AtomicBool,
    /// Whether a poll is under way; then the poll itself records what comes after it.
    polling: AtomicBool,
    /// When a thread that records nothing woke the task, for its next poll to record; or zero.
    unrecorded: AtomicU64,
    inner: Mutex<Option<Waker>>,
}

impl Woken {
    fn new(lane: LaneId) -> Self {
        Self {
            lane,
            ready: AtomicBool::new(false),
            polling: AtomicBool::new(false),
            unrecorded: AtomicU64::new(0),
            inner: Mutex::new(None),
        }
    }

    /// A poll begins.
    fn arm(&self, waker: &Waker) {
        match self.unrecorded.swap(0, Ordering::Relaxed) {
            0 => {}
            at => self.record_ready(TimeNs(at)),
        }
        self.ready.store(false, Ordering::Relaxed);
        self.polling.store(true, Ordering::Release);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *inner {
            Some(inner) => inner.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn record_ready(&self, at: TimeNs) {
        let (name, number) = (NameId::NONE, NO_NUMBER);
        let (on, holder) = (ObjectId::NONE, LaneId::NONE);
        record_at(at, self.lane, What::Entered { state: State::Ready, name, number, on, holder, timed: false });
    }

    /// A poll is over; tells whether the task shows as ready from now on: it was woken meanwhile, or it just lets
    /// others go first. Then the wake that is to come has nothing to add.
    fn settle(&self, yields: bool) -> bool {
        self.polling.store(false, Ordering::Release);
        self.ready.fetch_or(yields, Ordering::AcqRel) || yields
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.ready.swap(true, Ordering::AcqRel) && !self.polling.load(Ordering::Acquire) && is_recording() {
            let now = clock::now();
            match is_attached() {
                true => self.record_ready(now),
                false => self.unrecorded.store(now.0, Ordering::Relaxed),
            }
            if let Some(waker) = current_lane().filter(|lane| *lane != self.lane) {
                record_at(now, waker, What::Woke { target: self.lane, on: ObjectId::NONE });
            }
        }
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(inner) = inner {
            inner.wake();
        }
    }
}

/// Waits for a time.
pub async fn sleep(duration: Duration) {
    let mut timer = std::pin::pin!(sys::timer(duration));
    let title = Title::numbered("timer", duration.as_millis() as u32);
    poll_fn(|context| {
        pending_on(State::Sleeping, title);
        timer.as_mut().poll(context)
    })
    .await;
}

/// Lets every other task that is ready go first, and the event loop look after timers and messages.
pub async fn yield_now() {
    let turn = NextTurn::ask();
    poll_fn(|context| {
        pending_on(State::Ready, Title::NONE);
        turn.poll(context)
    })
    .await;
}

/// The next turn of the event loop, shared by all who wait for it.
#[derive(Clone)]
struct NextTurn(Rc<RefCell<Turn>>);

#[derive(Default)]
struct Turn {
    come: bool,
    waiting: Vec<Waker>,
}

impl NextTurn {
    fn ask() -> Self {
        thread_local! { static NEXT: RefCell<Option<NextTurn>> = const { RefCell::new(None) } }
        NEXT.with_borrow_mut(|next| {
            next.get_or_insert_with(|| {
                let turn = NextTurn(Rc::default());
                let asked = turn.clone();
                sys::on_next_turn(move || {
                    NEXT.take();
                    let waiting = {
                        let mut turn = asked.0.borrow_mut();
                        turn.come = true;
                        std::mem::take(&mut turn.waiting)
                    };
                    waiting.into_iter().for_each(Waker::wake);
                });
                turn
            })
            .clone()
        })
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut turn = self.0.borrow_mut();
        if turn.come {
            return Poll::Ready(());
        }
        turn.waiting.push(context.waker().clone());
        Poll::Pending
    }
}
