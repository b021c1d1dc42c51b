//! The event loop of a thread: a queue of the tasks that are ready, their timers, and the one future that drives both.
//!
//! ```text
//!  driver:  timers due -> ready | poll ... poll | timers due -> ready | poll ... | nothing is ready: sleep
//!                                one turn            ^ after a while the browser gets a turn of its own
//! ```
//! The platform sees one future and one timer, however many tasks there are. A wake on the loop's own thread puts the
//! task at the end of the queue; one from another thread goes through a box that is shared.
//!
//! In a seeded schedule the platform does not come into it: [`drive`] polls the tasks, and the future that waits for them,
//! until that is over. A loop with nothing to do gives its turn to other threads, as a thread does that blocks, so the
//! schedule knows when a loop can never go on.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use interleave_trace::{LaneId, TimeNs, clock, here};
use slab::Slab;

use super::task::{Run, is_in_task};
use super::timers::{Due, Key, Timers};
use crate::rt::is_cancelled;
use crate::rt::schedule::{self, SeatId};
use crate::sys;

/// How long tasks are polled before messages and timers of the browser get a turn, in nanoseconds.
const BUDGET_NS: u64 = 4_000_000;

/// A task, and when it was woken if nobody recorded that.
type WokenElsewhere = (Arc<dyn Run>, Option<TimeNs>);

/// What other threads may touch of a loop.
#[derive(Default)]
pub(crate) struct Shared {
    woken: Mutex<Vec<WokenElsewhere>>,
    driver: Mutex<Option<Waker>>,
}

impl Shared {
    fn wake_driver(&self) {
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn has_woken(&self) -> bool {
        !self.woken.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// A task can go on.
    pub(crate) fn make_ready(self: &Arc<Self>, task: Arc<dyn Run>, unrecorded: Option<TimeNs>) {
        let mut task = Some(task);
        // While the thread's locals are being dropped, nothing will be polled any more.
        let _over = LOOP.try_with(|own| {
            if Arc::ptr_eq(&own.shared, self)
                && let Some(task) = task.take()
            {
                own.ready.borrow_mut().push_back(task);
                if !own.is_driving.get() {
                    self.wake_driver();
                }
            }
        });
        if let Some(task) = task {
            self.woken.lock().unwrap_or_else(PoisonError::into_inner).push((task, unrecorded));
            self.wake_driver();
        }
    }
}

#[derive(Default)]
struct EventLoop {
    shared: Arc<Shared>,
    ready: RefCell<VecDeque<Arc<dyn Run>>>,
    timers: RefCell<Timers>,
    alive: RefCell<Slab<Arc<dyn Run>>>,
    /// The lane that hosts the loop.
    host: Cell<Option<LaneId>>,
    has_driver: Cell<bool>,
    is_driving: Cell<bool>,
}

thread_local! {
    static LOOP: EventLoop = EventLoop::new();
}

/// All loops of this instance.
static LOOPS: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

/// Lets all loops of this instance see that waits are cancelled.
pub(crate) fn cancel_waits() {
    let loops = LOOPS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    loops.iter().filter_map(Weak::upgrade).for_each(|shared| shared.wake_driver());
}

impl EventLoop {
    fn new() -> Self {
        let own = Self::default();
        let mut loops = LOOPS.lock().unwrap_or_else(PoisonError::into_inner);
        loops.retain(|known| known.strong_count() > 0);
        loops.push(Arc::downgrade(&own.shared));
        own
    }

    fn ensure_driver(&self) {
        if !self.has_driver.replace(true) {
            sys::spawn_local(Driver { timer: None });
        }
    }

    fn take_woken_elsewhere(&self) {
        let woken = std::mem::take(&mut *self.shared.woken.lock().unwrap_or_else(PoisonError::into_inner));
        for (task, unrecorded) in woken {
            if let Some(time) = unrecorded {
                task.core().record_ready(time);
            }
            self.ready.borrow_mut().push_back(task);
        }
    }

    fn fire_timers(&self) {
        if self.timers.borrow().first().is_none() {
            return;
        }
        let now = clock::now().0;
        loop {
            let Some(due) = self.timers.borrow_mut().take_due(now) else { break };
            let before = FIRING.replace(Some(due.in_vain));
            due.waker.wake();
            FIRING.set(before);
        }
    }

    /// Polls what is ready until nothing is. Gives whether there was too much for one go.
    fn poll_ready(&self) -> bool {
        let began = clock::now();
        loop {
            self.take_woken_elsewhere();
            self.fire_timers();
            let turn = self.ready.borrow().len();
            if turn == 0 {
                return false;
            }
            for _ in 0..turn {
                let Some(task) = self.ready.borrow_mut().pop_front() else { break };
                task.poll();
                if clock::now().since(began) > BUDGET_NS {
                    return true;
                }
            }
        }
    }

    fn has_nothing_to_come(&self) -> bool {
        self.alive.borrow().is_empty() && self.timers.borrow().first().is_none()
    }
}

thread_local! {
    /// Whether a timer is what wakes just now, and if so, whether a wait ends in vain by it.
    static FIRING: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Whether a timer is what wakes just now, and if so, whether a wait ends in vain by it.
pub(crate) fn firing() -> Option<bool> {
    FIRING.get()
}

/// Registers a task and makes it ready.
pub(crate) fn add(task: Arc<dyn Run>) {
    LOOP.with(|own| {
        own.ensure_driver();
        let slot = own.alive.borrow_mut().insert(task.clone());
        task.core().set_slot(slot);
        own.shared.make_ready(task, None);
    });
}

/// A task is over.
pub(crate) fn remove(slot: usize) {
    LOOP.with(|own| drop(own.alive.borrow_mut().try_remove(slot)));
}

/// Every task that is not over.
pub(crate) fn alive() -> Vec<Arc<dyn Run>> {
    LOOP.with(|own| own.alive.borrow().iter().map(|(_, task)| task.clone()).collect())
}

/// What other threads may touch of the calling thread's loop, and the lane that hosts it.
pub(crate) fn shared() -> (Arc<Shared>, LaneId) {
    LOOP.with(|own| {
        if !is_in_task() {
            own.host.set(Some(here()));
        }
        (own.shared.clone(), own.host.get().unwrap_or(LaneId::NONE))
    })
}

pub(crate) fn set_timer(at: u64, due: Due) -> Key {
    LOOP.with(|own| {
        own.ensure_driver();
        let key = own.timers.borrow_mut().set(at, due);
        if !own.is_driving.get() {
            own.shared.wake_driver();
        }
        key
    })
}

/// Gives whether the timer is still to come.
pub(crate) fn renew_timer(key: Key, waker: &Waker) -> bool {
    LOOP.with(|own| own.timers.borrow_mut().wakes(key, waker))
}

pub(crate) fn is_timer_set(key: Key) -> bool {
    LOOP.with(|own| own.timers.borrow().is_set(key))
}

pub(crate) fn clear_timer(key: Key) {
    // A wait that is dropped with its thread has no loop any more.
    let _over = LOOP.try_with(|own| own.timers.borrow_mut().clear(key));
}

/// Drops all tasks of the calling thread: nobody drives them any more.
pub(crate) fn close() {
    LOOP.with(|own| {
        for task in alive() {
            task.abandon();
        }
        own.alive.take();
        own.ready.take();
        own.timers.take();
    });
}

/// The future that waits for the tasks of a loop, as the loop in a seeded schedule sees it.
struct Host {
    seat: SeatId,
    is_woken: AtomicBool,
}

impl Wake for Host {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Relaxed);
        schedule::wake(self.seat);
    }
}

/// Lets a loop that gave its turn away look again, without its future.
struct Sitting(SeatId);

impl Wake for Sitting {
    fn wake(self: Arc<Self>) {
        schedule::wake(self.0);
    }
}

/// Runs `future` to its end, and the tasks of the calling thread until then, in a seeded schedule that the thread takes
/// part in; what is left of the tasks is dropped. It gives nothing if the future is one that can never go on and does not
/// know that its waits are cancelled, or if there is no schedule.
///
/// Nothing happens here but by turns: what waits for the platform (a message, a file) waits in vain.
pub fn drive<T>(future: impl Future<Output = T>) -> Option<T> {
    let seat = schedule::own_seat()?;
    let host = Arc::new(Host { seat, is_woken: AtomicBool::new(true) });
    let result = LOOP.with(|own| {
        let had_driver = own.has_driver.replace(true);
        let result = own.take_turns(seat, &host, pin!(future));
        own.has_driver.set(had_driver);
        result
    });
    close();
    result
}

impl EventLoop {
    fn take_turns<T>(
        &self,
        seat: SeatId,
        host: &Arc<Host>,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        let waker = Waker::from(host.clone());
        let mut cancelled = 0;
        loop {
            self.take_woken_elsewhere();
            self.fire_timers();
            let ready = self.ready.borrow().len();
            // When all waits are ended, the tasks unwind before it does: it may wait for what they leave behind.
            let is_woken = host.is_woken.load(Ordering::Relaxed) && (cancelled == 0 || ready == 0);
            let count = ready + usize::from(is_woken);
            if count == 0 {
                *self.shared.driver.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Waker::from(Arc::new(Sitting(seat))));
                sys::flush();
                let first = self.timers.borrow().first();
                if schedule::idle(seat, first, || self.shared.has_woken() || host.is_woken.load(Ordering::Relaxed)) {
                    match cancelled {
                        0 => alive().iter().for_each(|task| task.clone().wake()),
                        1 => host.is_woken.store(true, Ordering::Relaxed),
                        _ => return None,
                    }
                    cancelled += 1;
                }
                continue;
            }
            schedule::pass();
            // By the rule the future goes first: it has waited for what the tasks have done.
            let chosen = schedule::choose_task(count);
            self.is_driving.set(true);
            if is_woken && chosen == 0 {
                host.is_woken.store(false, Ordering::Relaxed);
                if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    self.is_driving.set(false);
                    return Some(result);
                }
            } else {
                let task = self.ready.borrow_mut().remove(chosen - usize::from(is_woken));
                if let Some(task) = task {
                    task.poll();
                }
            }
            self.is_driving.set(false);
        }
    }
}

/// The future that the platform sees.
struct Driver {
    /// The platform's timer, and when it is due.
    timer: Option<(u64, PlatformTimer)>,
}

type PlatformTimer = Pin<Box<dyn Future<Output = ()>>>;

impl Driver {
    /// Asks the platform to come back when the first timer is due. Gives whether it is.
    fn sleep(&mut self, first: Option<u64>, context: &mut Context<'_>) -> bool {
        let Some(at) = first else {
            self.timer = None;
            return false;
        };
        if self.timer.as_ref().is_none_or(|(set, _)| *set != at) {
            let left = at.saturating_sub(clock::now().0);
            self.timer = Some((at, Box::pin(sys::timer(Duration::from_nanos(left)))));
        }
        let Some((_, timer)) = &mut self.timer else { return false };
        let is_due = timer.as_mut().poll(context).is_ready();
        if is_due {
            self.timer = None;
        }
        is_due
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        LOOP.with(|own| {
            *own.shared.driver.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
            if is_cancelled() {
                alive().iter().for_each(|task| task.clone().wake());
            }
            loop {
                own.is_driving.set(true);
                let is_more = own.poll_ready();
                own.is_driving.set(false);
                if is_more {
                    let waker = context.waker().clone();
                    sys::on_next_turn(move || waker.wake());
                    return Poll::Pending;
                }
                if own.has_nothing_to_come() {
                    return Poll::Ready(());
                }
                let first = own.timers.borrow().first();
                if !self.sleep(first, context) {
                    // Whoever reads this from afar sees how all tasks stand.
                    sys::flush();
                    return Poll::Pending;
                }
            }
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A thread that ends has no loop any more.
        let _over = LOOP.try_with(|own| {
            own.has_driver.set(false);
            own.is_driving.set(false);
        });
    }
}
