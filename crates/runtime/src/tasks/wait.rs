//! Waiting for some of several tasks.

use std::future::Future;
use std::time::Duration;

use super::gather::Watch;
use super::raised::Raised;
use super::task::Task;
use super::time::after;
use crate::rt::Site;

/// When [`wait`] is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// One is over.
    FirstCompleted,
    /// One has failed; if none does, when all are over. A cancellation is no failure.
    FirstException,
    /// All are over.
    AllCompleted,
}

/// Which tasks are over, by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// These are.
    pub done: Vec<usize>,
    /// These are not.
    pub pending: Vec<usize>,
}

/// Waits for some of the tasks, at most until the time is up, which is no error (`asyncio.wait`). The tasks are left as
/// they are, even if who waits is cancelled.
#[track_caller]
pub fn wait<T>(
    tasks: &[Task<T>],
    when: When,
    timeout: Option<Duration>,
) -> impl Future<Output = Result<Settled, Raised>> {
    let site = Site::here();
    async move {
        let enough = if when == When::FirstCompleted { tasks.len().min(1) } else { tasks.len() };
        let watch = Watch::over(tasks, enough, when == When::FirstException, false);
        match watch.settled(site, timeout.map(after)).await {
            Ok(()) | Err(Raised::TimedOut) => {}
            Err(error) => return Err(error),
        }
        let (done, pending) = (0..tasks.len()).partition(|task| tasks[*task].is_done());
        Ok(Settled { done, pending })
    }
}
