//! Queues: items on their way from lane to lane, kept in the order of a [`Shelf`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use interleave_trace::{LaneId, MessageId, ObjectKind, What, fresh_message, is_recording, record};

use super::error::{SyncError, in_time};
use super::monitor::{Access, Monitor, Unmet, Wait, Want};
use super::object::Object;
use crate::span::Title;

/// Where the items of a queue lie, and so in which order they leave it.
pub trait Shelf<T> {
    /// Puts one there.
    fn put(&mut self, item: T);
    /// Takes the next.
    fn take(&mut self) -> Option<T>;
    /// How many are there.
    fn len(&self) -> usize;
    /// All of them as they lie there.
    fn all<'a>(&'a self) -> impl Iterator<Item = &'a T>
    where
        T: 'a;
    /// Whether none is.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The first that came leaves first.
pub struct Fifo<T>(VecDeque<T>);

/// The last that came leaves first.
pub struct Lifo<T>(Vec<T>);

/// The least leaves first.
pub struct Least<T>(BinaryHeap<Reverse<T>>);

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Default for Lifo<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Default for Least<T> {
    fn default() -> Self {
        Self(BinaryHeap::new())
    }
}

impl<T> Shelf<T> for Fifo<T> {
    fn put(&mut self, item: T) {
        self.0.push_back(item);
    }

    fn take(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn all<'a>(&'a self) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        self.0.iter()
    }
}

impl<T> Shelf<T> for Lifo<T> {
    fn put(&mut self, item: T) {
        self.0.push(item);
    }

    fn take(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn all<'a>(&'a self) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        self.0.iter()
    }
}

impl<T: Ord> Shelf<T> for Least<T> {
    fn put(&mut self, item: T) {
        self.0.push(Reverse(item));
    }

    fn take(&mut self) -> Option<T> {
        self.0.pop().map(|Reverse(item)| item)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn all<'a>(&'a self) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        self.0.iter().map(|Reverse(item)| item)
    }
}

/// An item and the message that its way is in the trace. Where items are compared, messages are not.
pub struct Parcel<T> {
    pub(crate) item: T,
    pub(crate) message: MessageId,
}

impl<T: PartialEq> PartialEq for Parcel<T> {
    fn eq(&self, other: &Self) -> bool {
        self.item == other.item
    }
}

impl<T: Eq> Eq for Parcel<T> {}

impl<T: Ord> PartialOrd for Parcel<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> Ord for Parcel<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.item.cmp(&other.item)
    }
}

/// Python's `queue.Queue`, `LifoQueue` or `PriorityQueue`, as its shelf is.
pub struct Queue<T, S = Fifo<Parcel<T>>> {
    monitor: Monitor<Stock<S>>,
    title: Title,
    items: std::marker::PhantomData<fn(T) -> T>,
}

struct Stock<S> {
    shelf: S,
    /// For how many items there is room, if not for any number.
    capacity: Option<usize>,
    /// How many were put whose work was not said to be done.
    unfinished: u64,
    shut: bool,
}

const AN_ITEM: Want = Want(0);
const ROOM: Want = Want(1);
const ALL_DONE: Want = Want(2);

impl<S> Stock<S> {
    fn is_full<T>(&self) -> bool
    where
        S: Shelf<T>,
    {
        self.capacity.is_some_and(|capacity| self.shelf.len() >= capacity)
    }
}

fn wake_all_of<S>(stock: &mut Access<'_, Stock<S>>, want: Want) {
    while stock.wake_one_of(want) {}
}

impl<T, S: Shelf<Parcel<T>> + Default> Queue<T, S> {
    /// An empty one with room for `capacity` items, or for any number.
    pub fn new(title: Title, capacity: Option<usize>) -> Self {
        let stock = Stock { shelf: S::default(), capacity, unfinished: 0, shut: false };
        let monitor = Monitor::new(Object::new(ObjectKind::Queue, title), stock);
        Self { monitor, title, items: std::marker::PhantomData }
    }
}

impl<T, S: Shelf<Parcel<T>>> Queue<T, S> {
    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// Puts an item in, as soon as there is room. It is dropped if that fails.
    pub fn put(&self, item: T, wait: &Wait) -> Result<(), SyncError> {
        let mut item = Some(item);
        let put = self.monitor.wait_wanting(
            ROOM,
            wait,
            |_| LaneId::NONE,
            |stock| {
                if stock.shut {
                    return Some(Err(SyncError::ShutDown));
                }
                if stock.is_full() {
                    return None;
                }
                let mut message = MessageId(0);
                if is_recording() {
                    message = fresh_message();
                    record(What::Sent { message, bytes: 0, name: self.title.name() });
                }
                stock.shelf.put(Parcel { item: item.take()?, message });
                stock.unfinished += 1;
                stock.wake_one_of(AN_ITEM);
                Some(Ok(()))
            },
        );
        put.unwrap_or_else(|unmet| Err(unmet_as(unmet, SyncError::Full)))
    }

    /// Takes the next item, as soon as there is one.
    pub fn get(&self, wait: &Wait) -> Result<T, SyncError> {
        let got = self.monitor.wait_wanting(
            AN_ITEM,
            wait,
            |_| LaneId::NONE,
            |stock| match stock.shelf.take() {
                None if stock.shut => Some(Err(SyncError::ShutDown)),
                None => None,
                Some(Parcel { item, message }) => {
                    if is_recording() {
                        record(What::Received { message, bytes: 0 });
                    }
                    stock.wake_one_of(ROOM);
                    Some(Ok(item))
                }
            },
        );
        got.unwrap_or_else(|unmet| Err(unmet_as(unmet, SyncError::Empty)))
    }

    /// Says that the work on an item that was taken is done.
    pub fn task_done(&self) -> Result<(), SyncError> {
        self.monitor.with(|stock| {
            stock.unfinished = stock.unfinished.checked_sub(1).ok_or(SyncError::DoneTooOften)?;
            if stock.unfinished == 0 {
                wake_all_of(stock, ALL_DONE);
            }
            Ok(())
        })
    }

    /// Waits until the work on every item that was put is done. Gives whether it was in time.
    pub fn join(&self, wait: &Wait) -> Result<bool, SyncError> {
        let done = |stock: &mut Access<'_, Stock<S>>| (stock.unfinished == 0).then_some(());
        in_time(self.monitor.wait_wanting(ALL_DONE, wait, |_| LaneId::NONE, done))
    }

    /// From now on it takes no items, and when it is empty it refuses to give any. At once empty it is if `immediate`: then
    /// what was in it counts as done, and comes back from here.
    pub fn shutdown(&self, immediate: bool) -> Vec<T> {
        self.monitor.with(|stock| {
            stock.shut = true;
            let mut dropped = Vec::new();
            if immediate {
                dropped = std::iter::from_fn(|| stock.shelf.take()).map(|parcel| parcel.item).collect();
                stock.unfinished = stock.unfinished.saturating_sub(dropped.len() as u64);
                if stock.unfinished == 0 {
                    wake_all_of(stock, ALL_DONE);
                }
            }
            wake_all_of(stock, AN_ITEM);
            wake_all_of(stock, ROOM);
            dropped
        })
    }

    /// The items that are in it now.
    pub fn items(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.monitor.with(|stock| stock.shelf.all().map(|parcel| parcel.item.clone()).collect())
    }

    /// Takes all items out, without their work being done. They come back from here.
    pub fn clear(&self) -> Vec<T> {
        self.monitor.with(|stock| {
            let all = std::iter::from_fn(|| stock.shelf.take()).map(|parcel| parcel.item).collect();
            wake_all_of(stock, ROOM);
            all
        })
    }

    /// How many items are in it now.
    pub fn len(&self) -> usize {
        self.monitor.with(|stock| stock.shelf.len())
    }

    /// Whether it has no items now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it has no room now.
    pub fn is_full(&self) -> bool {
        self.monitor.with(|stock| stock.is_full())
    }

    /// Makes room for so many items, or for any number. What is in it stays, even if that is more.
    pub fn set_capacity(&self, capacity: Option<usize>) {
        self.monitor.with(|stock| {
            stock.capacity = capacity;
            wake_all_of(stock, ROOM);
        });
    }

    /// How many items were put whose work was not said to be done.
    pub fn unfinished(&self) -> u64 {
        self.monitor.peek(|stock| stock.unfinished)
    }
}

fn unmet_as(unmet: Unmet, timed_out: SyncError) -> SyncError {
    match unmet {
        Unmet::TimedOut => timed_out,
        Unmet::Cancelled => SyncError::Cancelled,
    }
}
