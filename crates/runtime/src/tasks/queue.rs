//! Items on their way from task to task.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::marker::PhantomData;

use interleave_trace::{LaneId, ObjectKind, What, fresh_message, is_recording, record};

use super::raised::Raised;
use super::waiting::{Until, Waiters};
use crate::rt::{Fifo, Least, Lifo, Object, Parcel, Shelf, Site, SyncError};
use crate::span::Title;

/// A queue that gives what came first (`asyncio.Queue`).
pub type Queue<T> = Channel<T, Fifo<Parcel<T>>>;

/// A queue that gives what came last.
pub type LifoQueue<T> = Channel<T, Lifo<Parcel<T>>>;

/// A queue that gives the lowest.
pub type PriorityQueue<T> = Channel<T, Least<Parcel<T>>>;

/// A queue of any order.
pub struct Channel<T, S> {
    object: Object,
    title: Title,
    most: usize,
    shelf: RefCell<S>,
    /// Items that were put and not yet said to be done.
    unfinished: Cell<usize>,
    is_shut_down: Cell<bool>,
    getters: Waiters,
    putters: Waiters,
    joiners: Waiters,
    items: PhantomData<T>,
}

impl<T, S: Shelf<Parcel<T>> + Default> Channel<T, S> {
    /// An empty one, called `title`, with room for `most` items; zero is no limit.
    pub fn new(title: impl Into<Title>, most: usize) -> Self {
        let title = title.into();
        Self {
            object: Object::new(ObjectKind::Queue, title),
            title,
            most,
            shelf: RefCell::default(),
            unfinished: Cell::default(),
            is_shut_down: Cell::default(),
            getters: Waiters::default(),
            putters: Waiters::default(),
            joiners: Waiters::default(),
            items: PhantomData,
        }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// How many items lie in it.
    pub fn len(&self) -> usize {
        self.shelf.borrow().len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room.
    pub fn is_full(&self) -> bool {
        self.most > 0 && self.len() >= self.most
    }

    fn until(&self, site: Site) -> Until {
        Until::woken(self.object.id(), LaneId::NONE, site)
    }

    /// Puts an item in, once there is room.
    #[track_caller]
    pub fn put(&self, item: T) -> impl Future<Output = Result<(), Raised>> {
        let site = Site::here();
        async move {
            while self.is_full() && !self.is_shut_down.get() {
                let pass_on = || {
                    if !self.is_full() {
                        self.putters.wake_next(self.object.id());
                    }
                };
                self.putters.wait(self.until(site), pass_on).await?;
            }
            Ok(self.put_now(item)?)
        }
    }

    /// Puts an item in, if there is room.
    pub fn put_now(&self, item: T) -> Result<(), SyncError> {
        if self.is_shut_down.get() {
            return Err(SyncError::ShutDown);
        }
        if self.is_full() {
            return Err(SyncError::Full);
        }
        let message = fresh_message();
        if is_recording() {
            record(What::Sent { message, bytes: size_of::<T>() as u32, name: self.title.name() });
        }
        self.shelf.borrow_mut().put(Parcel { item, message });
        self.unfinished.set(self.unfinished.get() + 1);
        self.getters.wake_next(self.object.id());
        Ok(())
    }

    /// Takes the next item out, once there is one.
    #[track_caller]
    pub fn get(&self) -> impl Future<Output = Result<T, Raised>> {
        let site = Site::here();
        async move {
            while self.is_empty() && !self.is_shut_down.get() {
                let pass_on = || {
                    if !self.is_empty() {
                        self.getters.wake_next(self.object.id());
                    }
                };
                self.getters.wait(self.until(site), pass_on).await?;
            }
            Ok(self.get_now()?)
        }
    }

    /// Takes the next item out, if there is one.
    pub fn get_now(&self) -> Result<T, SyncError> {
        let taken = self.shelf.borrow_mut().take();
        let none = if self.is_shut_down.get() { SyncError::ShutDown } else { SyncError::Empty };
        let Parcel { item, message } = taken.ok_or(none)?;
        if is_recording() {
            record(What::Received { message, bytes: size_of::<T>() as u32 });
        }
        self.putters.wake_next(self.object.id());
        Ok(item)
    }

    /// Says that an item that was taken is dealt with.
    pub fn task_done(&self) -> Result<(), SyncError> {
        let left = self.unfinished.get().checked_sub(1).ok_or(SyncError::DoneTooOften)?;
        self.unfinished.set(left);
        if left == 0 {
            self.joiners.wake_all(self.object.id());
        }
        Ok(())
    }

    /// Waits until every item that was put is said to be done.
    #[track_caller]
    pub fn join(&self) -> impl Future<Output = Result<(), Raised>> {
        let site = Site::here();
        async move {
            if self.unfinished.get() > 0 {
                self.joiners.wait(self.until(site), || {}).await?;
            }
            Ok(())
        }
    }

    /// Takes nothing more. What lies in it can still be taken, unless `immediately`: then it is thrown away and counts
    /// as done.
    pub fn shut_down(&self, immediately: bool) {
        self.is_shut_down.set(true);
        if immediately {
            let mut thrown_away = 0;
            while self.shelf.borrow_mut().take().is_some() {
                thrown_away += 1;
            }
            self.unfinished.set(self.unfinished.get().saturating_sub(thrown_away));
            if self.unfinished.get() == 0 {
                self.joiners.wake_all(self.object.id());
            }
        }
        self.getters.wake_all(self.object.id());
        self.putters.wake_all(self.object.id());
    }
}
