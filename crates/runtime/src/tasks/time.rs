//! Waiting for a time, and letting others go first.

use std::future::{Future, poll_fn};
use std::task::{Context, Poll};
use std::time::Duration;

use interleave_trace::{State, TimeNs, clock};

use super::event_loop::{clear_timer, renew_timer, set_timer};
use super::raised::Raised;
use super::task::{is_in_task, take_cancellation};
use super::timers::{Due, Key};
use super::waiting::Teller;
use crate::rt::{SyncError, is_cancelled, schedule};
use crate::span::Title;
use crate::sys;

/// When it is so much later, in nanoseconds on the run's clock.
pub(crate) fn after(duration: Duration) -> u64 {
    clock::now().0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// Waits for a time to pass; no time at all lets others go first.
pub async fn sleep(duration: Duration) -> Result<(), Raised> {
    if duration.is_zero() {
        return yield_now().await;
    }
    let title = Title::numbered("timer", duration.as_millis().try_into().unwrap_or(u32::MAX));
    Nap { state: State::Sleeping, at: after(duration), title, timer: None, teller: Teller::default() }.await
}

/// As if something from outside took so long to come.
pub(crate) async fn io(duration: Duration, title: Title) -> Result<(), Raised> {
    Nap { state: State::Io, at: after(duration), title, timer: None, teller: Teller::default() }.await
}

/// Waits until a time on the run's clock.
pub async fn sleep_until(time: TimeNs) -> Result<(), Raised> {
    Nap { state: State::Sleeping, at: time.0, title: Title::new("until"), timer: None, teller: Teller::default() }.await
}

struct Nap {
    state: State,
    at: u64,
    title: Title,
    timer: Option<Key>,
    teller: Teller,
}

impl Future for Nap {
    type Output = Result<(), Raised>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // What comes from outside knows nothing of a task that is cancelled: that is for `cancellable` to see.
        let cancelled = match self.state {
            State::Io => is_cancelled().then_some(Raised::Refused(SyncError::Cancelled)),
            _ => take_cancellation(),
        };
        if let Some(cancelled) = cancelled {
            return Poll::Ready(Err(cancelled));
        }
        match self.timer {
            Some(timer) if !renew_timer(timer, context.waker()) => return Poll::Ready(Ok(())),
            Some(_) => {}
            None => {
                let due = Due { waker: context.waker().clone(), in_vain: false };
                self.timer = Some(set_timer(self.at, due));
            }
        }
        let Self { state, title, .. } = *self;
        self.teller.pending(state, title);
        Poll::Pending
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            clear_timer(timer);
        }
    }
}

/// Lets every other task that is ready go first.
pub async fn yield_now() -> Result<(), Raised> {
    let mut asked = false;
    let mut teller = Teller::default();
    poll_fn(|context| {
        if let Some(cancelled) = take_cancellation() {
            return Poll::Ready(Err(cancelled));
        }
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(Ok(()));
        }
        teller.pending(State::Ready, Title::NONE);
        let waker = context.waker().clone();
        match is_in_task() {
            true => waker.wake(),
            _ if schedule::own_seat().is_some() => waker.wake(),
            // The host's own future lets the platform's queue go first, and with it the event loop.
            false => sys::on_next_turn(move || waker.wake()),
        }
        Poll::Pending
    })
    .await
}
