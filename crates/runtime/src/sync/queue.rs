//! Queues: items on their way from thread to thread.

use std::time::Duration;

use super::Result;
use crate::rt::{self, Fifo, Least, Lifo, Parcel, Wait};
use crate::span::Title;

macro_rules! queues {
    ($($(#[$doc:meta])* $name:ident<T$(: $bound:path)?> on $shelf:ident;)*) => {$(
        $(#[$doc])*
        pub struct $name<T$(: $bound)?> {
            queue: rt::Queue<T, $shelf<Parcel<T>>>,
        }

        impl<T$(: $bound)?> $name<T> {
            /// With room for any number of items.
            pub fn new(title: impl Into<Title>) -> Self {
                Self { queue: rt::Queue::new(title.into(), None) }
            }

            /// With room for so many items.
            pub fn bounded(title: impl Into<Title>, capacity: usize) -> Self {
                Self { queue: rt::Queue::new(title.into(), Some(capacity)) }
            }

            /// Puts an item in, when there is room.
            #[track_caller]
            pub fn put(&self, item: T) -> Result<()> {
                self.queue.put(item, &Wait::forever())
            }

            /// Puts an item in, if there is room soon enough.
            #[track_caller]
            pub fn put_within(&self, item: T, timeout: Duration) -> Result<()> {
                self.queue.put(item, &Wait::at_most(timeout))
            }

            /// Puts an item in, if there is room now.
            #[track_caller]
            pub fn try_put(&self, item: T) -> Result<()> {
                self.queue.put(item, &Wait::never())
            }

            /// Takes the next item, when there is one.
            #[track_caller]
            pub fn get(&self) -> Result<T> {
                self.queue.get(&Wait::forever())
            }

            /// Takes the next item, if there is one soon enough.
            #[track_caller]
            pub fn get_within(&self, timeout: Duration) -> Result<T> {
                self.queue.get(&Wait::at_most(timeout))
            }

            /// Takes the next item, if there is one now.
            #[track_caller]
            pub fn try_get(&self) -> Result<T> {
                self.queue.get(&Wait::never())
            }

            /// Says that the work on an item is done.
            pub fn task_done(&self) -> Result<()> {
                self.queue.task_done()
            }

            /// Waits until the work on all items is done.
            #[track_caller]
            pub fn join(&self) -> Result<()> {
                self.queue.join(&Wait::forever()).map(|_| ())
            }

            /// Takes no more items, and gives those that it has.
            pub fn shutdown(&self) {
                self.queue.shutdown(false);
            }

            /// Takes no more items and gives none. Those that it had come back from here.
            pub fn shutdown_now(&self) -> Vec<T> {
                self.queue.shutdown(true)
            }

            /// How many items are in it now.
            pub fn len(&self) -> usize {
                self.queue.len()
            }

            /// Whether it has no items now.
            pub fn is_empty(&self) -> bool {
                self.queue.is_empty()
            }

            /// Whether it has no room now.
            pub fn is_full(&self) -> bool {
                self.queue.is_full()
            }
        }
    )*};
}

queues! {
    /// A queue whose first item leaves first.
    Queue<T> on Fifo;

    /// A queue whose last item leaves first.
    LifoQueue<T> on Lifo;

    /// A queue whose least item leaves first.
    PriorityQueue<T: Ord> on Least;
}

/// A queue that has room for any number of items and knows nothing of work on them.
pub struct SimpleQueue<T> {
    queue: rt::Queue<T>,
}

impl<T> SimpleQueue<T> {
    /// An empty one.
    pub fn new(title: impl Into<Title>) -> Self {
        Self { queue: rt::Queue::new(title.into(), None) }
    }

    /// Puts an item in.
    #[track_caller]
    pub fn put(&self, item: T) -> Result<()> {
        self.queue.put(item, &Wait::never())
    }

    /// Takes the first item, when there is one.
    #[track_caller]
    pub fn get(&self) -> Result<T> {
        self.queue.get(&Wait::forever())
    }

    /// Takes the first item, if there is one soon enough.
    #[track_caller]
    pub fn get_within(&self, timeout: Duration) -> Result<T> {
        self.queue.get(&Wait::at_most(timeout))
    }

    /// Takes the first item, if there is one now.
    #[track_caller]
    pub fn try_get(&self) -> Result<T> {
        self.queue.get(&Wait::never())
    }

    /// How many items are in it now.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether it has no items now.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
