//! The results of several tasks at once.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use interleave_trace::{LaneId, ObjectId, ObjectKind};

use super::raised::Raised;
use super::task::{Delegation, Hook, Task, TaskRef};
use super::waiting::{Until, Waiters};
use crate::rt::{Object, Site};

/// What has become of several tasks.
#[derive(Default)]
pub(crate) struct Watch {
    /// The object that one waits for who waits for them; made when somebody does.
    future: Cell<Option<ObjectId>>,
    waiters: Waiters,
    /// Those that are over, in the order of their ends.
    pub(crate) over: RefCell<Vec<u32>>,
    /// The first that failed or was cancelled.
    pub(crate) failed: Cell<Option<u32>>,
    pub(crate) cancelled: Cell<bool>,
    /// So many ends are enough.
    enough: Cell<usize>,
    ends_with_failure: bool,
}

impl Watch {
    /// Watches `tasks`; who waits is woken when `enough` of them are over, or earlier if one fails and `ends_with_failure`.
    pub(crate) fn over<T>(
        tasks: &[Task<T>],
        enough: usize,
        ends_with_failure: bool,
        cancelled_fails: bool,
    ) -> Rc<Self> {
        let watch = Rc::new(Self { enough: Cell::new(enough), ends_with_failure, ..Self::default() });
        let seen = watch.clone();
        let hook: Hook = Rc::new(move |task, number| {
            if task.error().is_some_and(|error| cancelled_fails || !error.is_cancelled()) && seen.failed.get().is_none()
            {
                seen.failed.set(Some(number));
            }
            seen.over.borrow_mut().push(number);
            if seen.is_settled()
                && let Some(future) = seen.future.get()
            {
                seen.waiters.wake_all(future);
            }
        });
        for (number, task) in tasks.iter().enumerate() {
            if task.is_done() {
                hook(task, number as u32);
            } else {
                task.on_end(hook.clone(), number as u32);
            }
        }
        watch
    }

    pub(crate) fn expect(&self, enough: usize) {
        self.enough.set(enough);
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.over.borrow().len() >= self.enough.get() || (self.ends_with_failure && self.failed.get().is_some())
    }

    /// Waits until enough are over.
    pub(crate) async fn settled(&self, site: Site, at: Option<u64>) -> Result<(), Raised> {
        if self.is_settled() {
            return Ok(());
        }
        let on = self.future.get().unwrap_or_else(|| Object::nameless(ObjectKind::Future).id());
        self.future.set(Some(on));
        self.waiters.wait(Until { on, holder: LaneId::NONE, site, at }, || {}).await
    }
}

/// Cancels all of the tasks, on behalf of one who waits for them.
fn delegation(tasks: Vec<TaskRef>, watch: &Rc<Watch>) -> Delegation {
    let watch = watch.clone();
    Delegation::new(Rc::new(move |message| {
        let taken = tasks.iter().filter(|task| message.map_or_else(|| task.cancel(), |text| task.cancel_with(text)));
        let is_taken = taken.count() > 0;
        watch.cancelled.set(watch.cancelled.get() || is_taken);
        is_taken
    }))
}

/// The results of all, in the order of the tasks (`asyncio.gather`). The first failure is raised at once; the others go
/// on. Who is cancelled meanwhile cancels them all.
#[track_caller]
pub fn gather<T>(tasks: impl IntoIterator<Item = Task<T>>) -> impl Future<Output = Result<Vec<T>, Raised>> {
    let site = Site::here();
    let tasks: Vec<Task<T>> = tasks.into_iter().collect();
    let watch = Watch::over(&tasks, tasks.len(), true, true);
    async move {
        {
            let _delegation = delegation(tasks.iter().map(|task| (**task).clone()).collect(), &watch);
            watch.settled(site, None).await?;
        }
        if let Some(error) =
            watch.failed.get().and_then(|failed| tasks.get(failed as usize)).and_then(|task| task.error())
        {
            return Err(error);
        }
        tasks.into_iter().map(Task::take).collect()
    }
}

/// What became of all, in the order of the tasks: failures and cancellations are results like others
/// (`return_exceptions=True`). Who is cancelled meanwhile cancels them all, and is told so when all are over.
#[track_caller]
pub fn gather_settled<T>(
    tasks: impl IntoIterator<Item = Task<T>>,
) -> impl Future<Output = Result<Vec<Result<T, Raised>>, Raised>> {
    let site = Site::here();
    let tasks: Vec<Task<T>> = tasks.into_iter().collect();
    async move {
        let watch = Rc::<Watch>::default();
        {
            let _delegation = delegation(tasks.iter().map(|task| (**task).clone()).collect(), &watch);
            // One after the other, so that it is always recorded for whose end this lane waits.
            for task in &tasks {
                (**task).clone().wait_for_end(site, false).await?;
            }
        }
        if watch.cancelled.get() {
            return Err(Raised::Cancelled { message: None });
        }
        Ok(tasks.into_iter().map(Task::take).collect())
    }
}

/// The result of a task that is not to be cancelled with the one who waits for it (`asyncio.shield`).
#[track_caller]
pub fn shield<T: Clone>(task: &Task<T>) -> impl Future<Output = Result<T, Raised>> {
    let ended = (**task).clone().wait_for_end(Site::here(), false);
    async move {
        ended.await?;
        // It is over, and its result is there as long as its handle is.
        task.result().unwrap_or(Err(Raised::Refused(crate::rt::SyncError::WorkCancelled)))
    }
}
