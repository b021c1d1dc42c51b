//! A pool of threads, and the futures of the work that is submitted to it.

use std::time::Duration;

use super::{Result, SyncError};
use crate::fault::Fault;
use crate::rt::{self, Completed, ReturnWhen, Site, Wait};
use crate::span::Title;
use crate::sys::sync::Arc;

/// Threads that do work as it is submitted. When it is dropped it takes no more, and its threads end when they have done
/// what they were given.
pub struct ThreadPool {
    executor: rt::Executor,
}

impl ThreadPool {
    /// One of at most so many threads, which are started as they are needed.
    #[track_caller]
    pub fn new(title: impl Into<Title>, most: u32) -> Self {
        Self { executor: rt::Executor::new(title.into(), most, Site::here()) }
    }

    /// Has `work` done by one of the threads.
    #[track_caller]
    pub fn submit<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<Future<T>> {
        Ok(Future(self.executor.submit(Site::here(), work)?))
    }

    /// Has `work` done for each item. The results come in the order of the items.
    #[track_caller]
    pub fn map<I: Send + 'static, T: Clone + Send + 'static>(
        &self,
        items: impl IntoIterator<Item = I>,
        work: impl Fn(I) -> T + Send + Sync + 'static,
    ) -> Result<Map<T>> {
        let (site, work) = (Site::here(), Arc::new(work));
        let submit = |item| {
            let work = work.clone();
            self.executor.submit(site, move || work(item)).map(Future)
        };
        let futures: Result<Vec<_>> = items.into_iter().map(submit).collect();
        Ok(Map { futures: futures?.into_iter(), wait: Wait { site, timeout: None } })
    }

    /// Takes no more work and waits until all is done.
    #[track_caller]
    pub fn shutdown(self) -> Result<()> {
        self.executor.shut(false);
        self.executor.join(&Wait::forever()).map(|_| ())
    }

    /// As [`ThreadPool::shutdown`], but cancels what has not begun.
    #[track_caller]
    pub fn shutdown_now(self) -> Result<()> {
        self.executor.shut(true);
        self.executor.join(&Wait::forever()).map(|_| ())
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.executor.shut(false);
    }
}

/// A result that is to come.
pub struct Future<T>(Arc<rt::Future<T>>);

impl<T> Clone for Future<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Future<T> {
    /// Waits for the result.
    #[track_caller]
    pub fn result(&self) -> Result<T>
    where
        T: Clone,
    {
        self.result_as_said(&Wait::forever())
    }

    /// Waits for the result, and fails when the time is up.
    #[track_caller]
    pub fn result_within(&self, timeout: Duration) -> Result<T>
    where
        T: Clone,
    {
        self.result_as_said(&Wait::at_most(timeout))
    }

    fn result_as_said(&self, wait: &Wait) -> Result<T>
    where
        T: Clone,
    {
        self.0.result(wait)?.map_err(|fault| match fault {
            Fault::Cancelled => SyncError::Cancelled,
            _ => SyncError::Failed,
        })
    }

    /// Waits until the work is over, and gives why it failed, if it did.
    #[track_caller]
    pub fn fault(&self) -> Result<Option<Fault>> {
        self.0.fault(&Wait::forever())
    }

    /// Cancels the work if it has not begun. Gives whether it is cancelled.
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Whether the work is under way.
    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    /// Whether the work is over or was cancelled.
    pub fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// Calls `callback` when that is so, in the thread that made it so.
    pub fn when_done(&self, callback: impl FnOnce(&Self) + Send + 'static)
    where
        T: 'static,
    {
        self.0.when_done(move |future| callback(&Self(future.clone())));
    }

    /// Whether both are the same.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The results of [`ThreadPool::map`]. Dropping it cancels what has not begun.
pub struct Map<T> {
    futures: std::vec::IntoIter<Future<T>>,
    wait: Wait,
}

impl<T: Clone> Iterator for Map<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let result = self.futures.next()?.result_as_said(&self.wait);
        Some(result)
    }
}

impl<T> Drop for Map<T> {
    fn drop(&mut self) {
        for future in self.futures.by_ref() {
            future.cancel();
        }
    }
}

fn untyped<T>(futures: &[Future<T>]) -> Vec<Arc<rt::Future<T>>> {
    futures.iter().map(|future| future.0.clone()).collect()
}

/// Gives each of `futures` as it becomes done.
#[track_caller]
pub fn as_completed<T>(futures: &[Future<T>]) -> impl Iterator<Item = Result<Future<T>>> {
    Completed::of(&untyped(futures), &Wait::forever()).map(|future| future.map(Future))
}

/// Futures that are done, and those that are not.
pub type Sorted<T> = (Vec<Future<T>>, Vec<Future<T>>);

/// Waits for several futures and gives those that are done, and those that are not.
#[track_caller]
pub fn wait_for<T>(futures: &[Future<T>], until: ReturnWhen) -> Result<Sorted<T>> {
    let (done, open) = rt::wait_for(&untyped(futures), &Wait::forever(), until)?;
    let typed = |futures: Vec<Arc<rt::Future<T>>>| futures.into_iter().map(Future).collect();
    Ok((typed(done), typed(open)))
}
