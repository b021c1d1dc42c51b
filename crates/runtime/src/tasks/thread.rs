//! Blocking calls beside an event loop.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use futures_channel::oneshot;
use interleave_trace::{What, record};

use super::raised::Raised;
use super::task::take_cancellation;
use super::waiting::{Teller, Until};
use crate::rt::{Site, SyncError};
use crate::span::Title;
use crate::sys;
use crate::threads;

/// Runs `body` on a thread of its own and waits for its result, while other tasks go on (`asyncio.to_thread`). A thread
/// cannot be interrupted: who is cancelled meanwhile goes on at once, and the thread runs to its end unheard.
///
/// Where the page is not isolated there are no threads, and this gives [`Raised::NotIsolated`].
#[track_caller]
pub fn to_thread<T: Send + 'static>(
    title: impl Into<Title>,
    body: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, Raised>> {
    let (site, title) = (Site::here(), title.into());
    async move {
        if !sys::can_share_memory() {
            return Err(Raised::NotIsolated);
        }
        let (sender, mut result) = oneshot::channel();
        let thread = threads::spawn(title, move || {
            // Nobody may want the result any more.
            let _unwanted = sender.send(body());
        });
        let until = Until::woken(thread.end().object().id(), thread.lane(), site);
        let mut teller = Teller::default();
        let result = poll_fn(|context| {
            if let Some(cancelled) = take_cancellation() {
                return Poll::Ready(Err(cancelled));
            }
            match Pin::new(&mut result).poll(context) {
                Poll::Ready(result) => Poll::Ready(result.map_err(|_| SyncError::Failed.into())),
                Poll::Pending => {
                    teller.waiting_for(&until);
                    Poll::Pending
                }
            }
        })
        .await;
        drop(teller);
        if !result.as_ref().is_err_and(Raised::is_cancelled) {
            record(What::Joined { child: thread.lane() });
        }
        result
    }
}
