//! Tasks that live and fail together.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use interleave_trace::{LaneId, ObjectId, ObjectKind};

use super::raised::Raised;
use super::task::{Hook, Task, TaskRef, current, spawn};
use super::waiting::{Until, Waiters};
use crate::rt::{Object, Site, SyncError};
use crate::span::Title;

/// Where tasks of a group are started (`asyncio.TaskGroup`).
#[derive(Clone)]
pub struct TaskGroup(Rc<Group>);

#[derive(Default)]
struct Group {
    parent: Option<TaskRef>,
    tasks: RefCell<Vec<TaskRef>>,
    alive: Cell<usize>,
    errors: RefCell<Vec<Raised>>,
    is_aborting: Cell<bool>,
    is_exiting: Cell<bool>,
    has_cancelled_parent: Cell<bool>,
    /// What the parent waits for at the end, if it has to.
    emptied: Cell<Option<ObjectId>>,
    waiters: Waiters,
}

impl Group {
    fn abort(&self) {
        self.is_aborting.set(true);
        let tasks = self.tasks.borrow().clone();
        for task in tasks {
            task.cancel();
        }
    }

    fn over(&self, task: &TaskRef) {
        self.alive.set(self.alive.get() - 1);
        self.tasks.borrow_mut().retain(|other| other != task);
        if let Some(error) = task.error().filter(|error| !error.is_cancelled()) {
            self.errors.borrow_mut().push(error);
            if !self.is_aborting.get() && !self.has_cancelled_parent.get() {
                self.abort();
                if let Some(parent) = &self.parent {
                    self.has_cancelled_parent.set(true);
                    parent.cancel();
                }
            }
        }
        if self.alive.get() == 0
            && let Some(emptied) = self.emptied.get()
        {
            self.waiters.wake_all(emptied);
        }
    }

    /// Waits until every task of the group is over, and aborts if it is cancelled itself; that is given.
    async fn empty(&self, site: Site) -> Result<(), Raised> {
        let mut cancelled = Ok(());
        while self.alive.get() > 0 {
            let on = self.emptied.get().unwrap_or_else(|| Object::nameless(ObjectKind::Future).id());
            self.emptied.set(Some(on));
            match self.waiters.wait(Until::woken(on, LaneId::NONE, site), || {}).await {
                Ok(()) => {}
                Err(Raised::Cancelled { message }) => {
                    if !self.is_aborting.get() {
                        cancelled = Err(Raised::Cancelled { message });
                        self.abort();
                    }
                }
                Err(ended) => return Err(ended),
            }
        }
        cancelled
    }
}

impl TaskGroup {
    /// Starts a task of this group. One that is over, or that is being cancelled, takes no more.
    pub fn spawn<T: 'static>(
        &self,
        title: impl Into<Title>,
        future: impl Future<Output = Result<T, Raised>> + 'static,
    ) -> Result<Task<T>, SyncError> {
        let Self(group) = self;
        if group.is_aborting.get() || (group.is_exiting.get() && group.alive.get() == 0) {
            return Err(SyncError::ShutDown);
        }
        let task = spawn(title, future);
        group.alive.set(group.alive.get() + 1);
        group.tasks.borrow_mut().push((*task).clone());
        let of = group.clone();
        let hook: Hook = Rc::new(move |task, _| of.over(task));
        task.on_end(hook, 0);
        Ok(task)
    }
}

/// Runs `body`, which starts tasks in a group, and waits for all of them. When one fails, the others are cancelled and so
/// is the body; when all are over, the failures are raised together as [`Raised::Several`]. Who is cancelled from outside
/// cancels the group.
#[track_caller]
pub fn task_group<T>(
    body: impl AsyncFnOnce(&TaskGroup) -> Result<T, Raised>,
) -> impl Future<Output = Result<T, Raised>> {
    let site = Site::here();
    async move {
        let group = TaskGroup(Rc::new(Group { parent: current(), ..Group::default() }));
        let result = body(&group).await;
        let TaskGroup(group) = &group;
        group.is_exiting.set(true);
        if result.is_err() && !group.is_aborting.get() {
            group.abort();
        }
        let mut cancelled = group.empty(site).await;
        let (result, error) = match result {
            Ok(result) => (Some(result), None),
            Err(cancellation @ Raised::Cancelled { .. }) => {
                cancelled = cancelled.and(Err(cancellation));
                (None, None)
            }
            Err(error) => (None, Some(error)),
        };
        if group.has_cancelled_parent.get()
            && let Some(parent) = &group.parent
            && parent.uncancel() == 0
        {
            // Nobody but this group wanted the body cancelled.
            cancelled = Ok(());
        }
        let mut errors = group.errors.take();
        if errors.is_empty() {
            cancelled?;
        }
        errors.extend(error);
        if errors.is_empty() {
            return result.ok_or(Raised::Cancelled { message: None });
        }
        if let Some(parent) = group.parent.as_ref().filter(|parent| parent.cancelling() > 0) {
            // The cancellation from outside is still to be told, where the task waits next.
            parent.uncancel();
            parent.cancel();
        }
        Err(Raised::Several(errors.into()))
    }
}
