//! What a pending lane waits for, and those who wait for one thing.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use interleave_trace::{LaneId, NameId, ObjectId, State, What, here, is_recording, record};

use super::event_loop::{clear_timer, is_timer_set, set_timer};
use super::raised::Raised;
use super::task::{has_timeout, is_in_task, take_cancellation};
use super::timers::{Due, Key};
use crate::rt::Site;
use crate::span::{self, Title};
use crate::sys;

/// What a pending lane shows.
#[derive(Clone, Copy)]
pub(crate) struct Pending {
    pub(crate) state: State,
    pub(crate) name: NameId,
    pub(crate) number: u32,
    pub(crate) on: ObjectId,
    pub(crate) holder: LaneId,
    pub(crate) timed: bool,
}

impl Pending {
    fn titled(state: State, title: Title) -> Self {
        let (name, number) = (title.name(), title.number());
        Self { state, name, number, on: ObjectId::NONE, holder: LaneId::NONE, timed: false }
    }

    pub(crate) fn entered(self) -> What {
        let Self { state, name, number, on, holder, timed } = self;
        What::Entered { state, name, number, on, holder, timed }
    }
}

thread_local! {
    static PENDING: Cell<Option<Pending>> = const { Cell::new(None) };
}

/// Says what the task that is being polled will wait for, if this poll leaves it pending.
pub fn pending_on(state: State, title: Title) {
    PENDING.set(Some(Pending::titled(state, title)));
}

/// What the poll that is over said; a leaf that said nothing just waits.
pub(crate) fn take_pending() -> Pending {
    PENDING.take().unwrap_or_else(|| Pending::titled(State::Waiting, Title::new("future")))
}

/// Forgets what was said before a poll.
pub(crate) fn forget_pending() {
    PENDING.set(None);
}

/// Tells what a lane waits for. In a task its poll records that when it is over; the lane that hosts the event loop is no
/// task, so there it is recorded at once, and its end too.
#[derive(Default)]
pub(crate) struct Teller {
    told: Option<ObjectId>,
}

impl Teller {
    pub(crate) fn pending(&mut self, state: State, title: Title) {
        self.tell(Pending::titled(state, title));
    }

    pub(crate) fn waiting_for(&mut self, until: &Until) {
        let Until { on, holder, site, at } = *until;
        let timed = at.is_some() || has_timeout();
        self.tell(Pending { state: State::Waiting, name: site.file, number: site.line, on, holder, timed });
    }

    fn tell(&mut self, pending: Pending) {
        if is_in_task() {
            PENDING.set(Some(pending));
        } else if self.told.is_none() && is_recording() {
            self.told = Some(pending.on);
            record(pending.entered());
            // It may be long before the next record.
            sys::flush();
        }
    }

    /// The wait is over, in vain or not; if nobody recorded its end, then here.
    fn over(&mut self, recorded: bool, in_vain: bool) {
        let Some(on) = self.told.take() else { return };
        match (on.some(), recorded) {
            (Some(on), false) if in_vain => record(What::TimedOut { on }),
            (Some(on), false) => record(What::Woke { target: here(), on }),
            _ => {}
        }
        span::resumed();
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.over(false, false);
    }
}

/// For what, and how long.
#[derive(Clone, Copy)]
pub(crate) struct Until {
    pub(crate) on: ObjectId,
    /// Who holds it, or none.
    pub(crate) holder: LaneId,
    pub(crate) site: Site,
    /// When the wait ends in any case, in nanoseconds on the run's clock.
    pub(crate) at: Option<u64>,
}

impl Until {
    /// As long as it takes.
    pub(crate) fn woken(on: ObjectId, holder: LaneId, site: Site) -> Self {
        Self { on, holder, site, at: None }
    }
}

/// One that waits.
struct Waiter {
    lane: LaneId,
    in_task: bool,
    woken: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Waiter {
    fn wake(&self, on: ObjectId) {
        self.woken.set(true);
        // The wake of a task is recorded when it becomes ready.
        if !self.in_task && is_recording() {
            record(What::Woke { target: self.lane, on });
        }
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Those who wait for one thing, in the order of their coming. One who was woken stays until it goes on, so that nobody
/// who comes in between is before it.
#[derive(Default)]
pub(crate) struct Waiters(RefCell<VecDeque<Rc<Waiter>>>);

impl Waiters {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Wakes the one who came first, unless it was woken before.
    pub(crate) fn wake_first(&self, on: ObjectId) {
        let first = self.0.borrow().front().filter(|first| !first.woken.get()).cloned();
        if let Some(first) = first {
            first.wake(on);
        }
    }

    /// Wakes the first who was not woken yet. Gives whether there was one.
    pub(crate) fn wake_next(&self, on: ObjectId) -> bool {
        let next = self.0.borrow().iter().find(|waiter| !waiter.woken.get()).cloned();
        next.inspect(|next| next.wake(on)).is_some()
    }

    /// Wakes all.
    pub(crate) fn wake_all(&self, on: ObjectId) {
        let all: Vec<_> = self.0.borrow().iter().filter(|waiter| !waiter.woken.get()).cloned().collect();
        all.iter().for_each(|waiter| waiter.wake(on));
    }

    /// Waits until woken. One who was woken and is cancelled before it goes on, or dropped, did not take what it was
    /// woken for: `pass_on` sees to it.
    pub(crate) async fn wait(&self, until: Until, pass_on: impl Fn()) -> Result<(), Raised> {
        let waiter =
            Rc::new(Waiter { lane: here(), in_task: is_in_task(), woken: Cell::new(false), waker: RefCell::default() });
        self.0.borrow_mut().push_back(waiter.clone());
        let mut place =
            Place { queue: self, waiter, until, pass_on, teller: Teller::default(), timer: None, kept: true };
        poll_fn(|context| place.poll(context)).await
    }
}

/// A place among those who wait, given up when dropped.
struct Place<'a, P: Fn()> {
    queue: &'a Waiters,
    waiter: Rc<Waiter>,
    until: Until,
    pass_on: P,
    teller: Teller,
    timer: Option<Key>,
    /// Whether what it waits for is not taken yet.
    kept: bool,
}

impl<P: Fn()> Place<'_, P> {
    fn poll(&mut self, context: &Context<'_>) -> Poll<Result<(), Raised>> {
        if let Some(cancelled) = take_cancellation() {
            return Poll::Ready(Err(cancelled));
        }
        if self.waiter.woken.get() {
            self.kept = false;
            return Poll::Ready(Ok(()));
        }
        match (self.timer, self.until.at) {
            (Some(timer), _) if !is_timer_set(timer) => {
                self.teller.over(false, true);
                return Poll::Ready(Err(Raised::TimedOut));
            }
            (None, Some(at)) => {
                self.timer = Some(set_timer(at, Due { waker: context.waker().clone(), in_vain: true }));
            }
            _ => {}
        }
        self.waiter.waker.replace(Some(context.waker().clone()));
        self.teller.waiting_for(&self.until);
        Poll::Pending
    }
}

impl<P: Fn()> Drop for Place<'_, P> {
    fn drop(&mut self) {
        self.queue.0.borrow_mut().retain(|waiter| !Rc::ptr_eq(waiter, &self.waiter));
        if let Some(timer) = self.timer {
            clear_timer(timer);
        }
        self.teller.over(self.waiter.woken.get(), false);
        if self.kept && self.waiter.woken.get() {
            (self.pass_on)();
        }
    }
}

/// A future from elsewhere, which is dropped at once when the task is cancelled.
pub async fn cancellable<T>(future: impl Future<Output = T>) -> Result<T, Raised> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // Its own leaf may have taken the cancellation; then it has something to say about it.
        let taken = || take_cancellation().map_or(Poll::Pending, |cancelled| Poll::Ready(Err(cancelled)));
        match Pin::as_mut(&mut future).poll(context) {
            Poll::Ready(result) => Poll::Ready(Ok(result)),
            Poll::Pending => taken(),
        }
    })
    .await
}
