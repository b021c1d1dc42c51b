//! Queues of values.

use std::marker::PhantomData;
use std::time::Duration;

use interleave_trace::{NameId, ObjectId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ProcessError, from_bytes, to_bytes};
use crate::rt::Wait;
use crate::segment::queue;
use crate::span::Title;

macro_rules! queue {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(bound = "")]
        pub struct $name<T> {
            core: queue::Queue,
            #[serde(skip)]
            is_closed: std::cell::Cell<bool>,
            #[serde(skip)]
            items: PhantomData<fn(T) -> T>,
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                Self::over(self.core)
            }
        }

        impl<T> $name<T> {
            fn over(core: queue::Queue) -> Self {
                Self { core, is_closed: std::cell::Cell::new(false), items: PhantomData }
            }

            /// What it is to the trace.
            pub fn object(&self) -> ObjectId {
                self.core.object()
            }

            /// Through this handle nothing is put any more.
            pub fn close(&self) {
                self.is_closed.set(true);
            }

            /// Whether nothing is in it. It may be otherwise by now.
            pub fn is_empty(&self) -> Result<bool, ProcessError> {
                Ok(self.core.length()? == 0)
            }

            /// The untyped one.
            pub fn core(&self) -> &queue::Queue {
                &self.core
            }
        }

        impl<T: Serialize + DeserializeOwned> $name<T> {
            fn put_waiting(&self, item: &T, wait: &Wait) -> Result<(), ProcessError> {
                if self.is_closed.get() {
                    return Err(ProcessError::Closed);
                }
                self.core.put(NameId::NONE, &to_bytes(item)?, wait)
            }

            /// Puts an item in; waits for room if there is none.
            #[track_caller]
            pub fn put(&self, item: &T) -> Result<(), ProcessError> {
                self.put_waiting(item, &Wait::forever())
            }

            /// Waits for an item and takes it.
            #[track_caller]
            pub fn get(&self) -> Result<T, ProcessError> {
                from_bytes(&self.core.get(&Wait::forever())?)
            }
        }
    };
}

macro_rules! bounded {
    ($name:ident) => {
        impl<T> $name<T> {
            /// A new one, for at most so many items at a time; 0 is any number.
            pub fn new(title: Title, most: u32) -> Result<Self, ProcessError> {
                queue::Queue::make(title, most).map(Self::over)
            }

            /// How many items are in it. It may be another number by now.
            pub fn length(&self) -> Result<u32, ProcessError> {
                self.core.length()
            }

            /// Whether it has no room. It may be otherwise by now.
            pub fn is_full(&self) -> Result<bool, ProcessError> {
                let most = self.core.most()?;
                Ok(most > 0 && self.core.length()? >= most)
            }
        }

        impl<T: Serialize + DeserializeOwned> $name<T> {
            /// Puts an item in if there is room now.
            #[track_caller]
            pub fn try_put(&self, item: &T) -> Result<(), ProcessError> {
                self.put_waiting(item, &Wait::never())
            }

            /// Puts an item in if there is room in time.
            #[track_caller]
            pub fn put_within(&self, item: &T, timeout: Duration) -> Result<(), ProcessError> {
                self.put_waiting(item, &Wait::at_most(timeout))
            }

            /// Takes an item if there is one now.
            #[track_caller]
            pub fn try_get(&self) -> Result<T, ProcessError> {
                from_bytes(&self.core.get(&Wait::never())?)
            }

            /// Takes an item if one comes in time.
            #[track_caller]
            pub fn get_within(&self, timeout: Duration) -> Result<T, ProcessError> {
                from_bytes(&self.core.get(&Wait::at_most(timeout))?)
            }
        }
    };
}

queue! {
    /// First in, first out, between any number of processes.
    Queue
}
queue! {
    /// A queue that just puts and gets.
    SimpleQueue
}
queue! {
    /// A queue that knows when all that was put has been dealt with.
    JoinableQueue
}
bounded!(Queue);
bounded!(JoinableQueue);

impl<T> SimpleQueue<T> {
    /// A new one, for any number of items.
    pub fn new(title: Title) -> Result<Self, ProcessError> {
        queue::Queue::make(title, 0).map(Self::over)
    }
}

impl<T> JoinableQueue<T> {
    /// Says that an item that was got has been dealt with.
    pub fn task_done(&self) -> Result<(), ProcessError> {
        self.core.task_done()
    }

    /// Waits until every item that was put has been dealt with.
    #[track_caller]
    pub fn join(&self) -> Result<(), ProcessError> {
        self.core.join(&Wait::forever())
    }
}
