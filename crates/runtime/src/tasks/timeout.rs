//! A time that a part of a task may take.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Waker;
use std::time::Duration;

use interleave_trace::TimeNs;

use super::event_loop::{clear_timer, is_timer_set, renew_timer, set_timer};
use super::raised::Raised;
use super::task::{TaskRef, current};
use super::time::after;
use super::timers::{Due, Key};

/// A deadline for what runs within it (`asyncio.timeout`): when the time is up, the task is cancelled where it waits, and
/// the cancellation becomes [`Raised::TimedOut`] where it leaves [`Timeout::run`]. It can be set anew meanwhile.
#[derive(Default)]
pub struct Timeout {
    at: Cell<Option<u64>>,
    timer: Cell<Option<Key>>,
    /// Of the task that runs within it.
    running: RefCell<Option<(TaskRef, Waker)>>,
    has_expired: Cell<bool>,
}

impl Timeout {
    /// So much later than now.
    pub fn after(duration: Duration) -> Self {
        Self { at: Cell::new(Some(after(duration))), ..Self::default() }
    }

    /// At a time on the run's clock (`timeout_at`).
    pub fn at(time: TimeNs) -> Self {
        Self { at: Cell::new(Some(time.0)), ..Self::default() }
    }

    /// Never, unless that changes.
    pub fn never() -> Self {
        Self::default()
    }

    /// When the time is up.
    pub fn when(&self) -> Option<TimeNs> {
        self.at.get().map(TimeNs)
    }

    /// Sets another end, or none. Gives whether that was possible: not once the time was up.
    pub fn reschedule(&self, at: Option<TimeNs>) -> bool {
        if self.is_up() {
            return false;
        }
        self.at.set(at.map(|at| at.0));
        if let Some((task, waker)) = &*self.running.borrow() {
            self.stop(task);
            self.start(task, waker);
        }
        true
    }

    /// Whether the time was up before what ran within was done.
    pub fn has_expired(&self) -> bool {
        self.has_expired.get()
    }

    fn is_up(&self) -> bool {
        self.has_expired.get() || self.timer.get().is_some_and(|timer| !is_timer_set(timer))
    }

    fn start(&self, task: &TaskRef, waker: &Waker) {
        if let Some(at) = self.at.get() {
            task.count_timeout(true);
            self.timer.set(Some(set_timer(at, Due { waker: waker.clone(), in_vain: true })));
        }
    }

    fn stop(&self, task: &TaskRef) {
        if let Some(timer) = self.timer.take() {
            task.count_timeout(false);
            clear_timer(timer);
        }
    }

    /// Cancels the task once the time is up.
    fn check(&self, task: &TaskRef, waker: &Waker) {
        if self.running.borrow().is_none() {
            self.start(task, waker);
        } else if self.timer.get().is_some_and(|timer| !renew_timer(timer, waker)) {
            self.stop(task);
            self.has_expired.set(true);
            task.cancel_within();
        }
        self.running.replace(Some((task.clone(), waker.clone())));
    }

    /// Runs `body`, at most until the time is up. Only a task can be interrupted, so outside of one it just runs.
    pub async fn run<T>(&self, body: impl Future<Output = Result<T, Raised>>) -> Result<T, Raised> {
        let Some(task) = current() else { return body.await };
        let before = task.cancelling();
        let result = {
            let running = Running { timeout: self, task: &task };
            let mut body = pin!(body);
            poll_fn(|context| {
                running.timeout.check(running.task, context.waker());
                body.as_mut().poll(context)
            })
            .await
        };
        if !self.has_expired.get() {
            return result;
        }
        // Other requests to cancel the task are left to whoever made them.
        let is_ours = task.uncancel() <= before;
        match result {
            Err(Raised::Cancelled { .. }) if is_ours => Err(Raised::TimedOut),
            result => result,
        }
    }
}

/// A timeout that is under way, until dropped.
struct Running<'a> {
    timeout: &'a Timeout,
    task: &'a TaskRef,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.timeout.running.take();
        self.timeout.stop(self.task);
    }
}

/// Runs `body`, at most for so long (`asyncio.wait_for`): when the time is up it is cancelled where it waits.
pub async fn wait_for<T>(duration: Duration, body: impl Future<Output = Result<T, Raised>>) -> Result<T, Raised> {
    Timeout::after(duration).run(body).await
}
