//! Locks and what lanes of several processes meet at.

use std::time::Duration;

use interleave_trace::ObjectId;
use serde::{Deserialize, Serialize};

use super::ProcessError;
use crate::rt::Wait;
use crate::segment::{barrier, condition, event, semaphore};
use crate::span::Title;

/// Holds a lock or a permit and gives it back when it goes.
#[must_use]
pub struct Guard<'a> {
    semaphore: &'a semaphore::Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // Who released it by hand before has nothing left to give back.
        let _released_before = self.semaphore.release();
    }
}

macro_rules! semaphores {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) = $used_as:ident, $value:expr, $most:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name(semaphore::Semaphore);

        impl $name {
            /// A new one, called `title`.
            pub fn new(title: Title $(, $argument: $type)*) -> Result<Self, ProcessError> {
                semaphore::Semaphore::make(semaphore::Use::$used_as, title, $value, $most).map(Self)
            }

            /// What it is to the trace.
            pub fn object(&self) -> ObjectId {
                self.0.object()
            }

            /// Takes it, or a permit of it; waits as long as it takes.
            #[track_caller]
            pub fn acquire(&self) -> Result<(), ProcessError> {
                self.0.acquire(&Wait::forever()).map(|_| ())
            }

            /// Takes it if that needs no wait. Gives whether it was taken.
            #[track_caller]
            pub fn try_acquire(&self) -> Result<bool, ProcessError> {
                self.0.acquire(&Wait::never())
            }

            /// Takes it if that is possible in time. Gives whether it was taken.
            #[track_caller]
            pub fn acquire_within(&self, timeout: Duration) -> Result<bool, ProcessError> {
                self.0.acquire(&Wait::at_most(timeout))
            }

            /// Gives it back.
            pub fn release(&self) -> Result<(), ProcessError> {
                self.0.release()
            }

            /// Takes it for as long as the guard is there.
            #[track_caller]
            pub fn guard(&self) -> Result<Guard<'_>, ProcessError> {
                self.0.acquire(&Wait::forever())?;
                Ok(Guard { semaphore: &self.0 })
            }

            /// The untyped one.
            pub fn core(&self) -> &semaphore::Semaphore {
                &self.0
            }
        }
    )*};
}

semaphores! {
    /// A lock that any lane of any process may release.
    Lock() = Lock, 1, Some(1);
    /// A lock of the lane that took it, which may take it again and releases it as often.
    RLock() = RLock, 1, Some(1);
    /// A number of permits.
    Semaphore(permits: u32) = Semaphore, permits, None;
    /// A number of permits that never become more than there were.
    BoundedSemaphore(permits: u32) = Semaphore, permits, Some(permits);
}

/// Where lanes wait until they are notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition(condition::Condition);

impl Condition {
    /// A new one with a re-entrant lock of its own.
    pub fn new(title: Title) -> Result<Self, ProcessError> {
        Self::over(title, &RLock::new(title)?.0)
    }

    /// A new one over a lock that is there.
    pub fn over_lock(title: Title, lock: &Lock) -> Result<Self, ProcessError> {
        Self::over(title, &lock.0)
    }

    fn over(title: Title, lock: &semaphore::Semaphore) -> Result<Self, ProcessError> {
        condition::Condition::make(title, *lock).map(Self)
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.0.object()
    }

    /// Takes its lock for as long as the guard is there.
    #[track_caller]
    pub fn guard(&self) -> Result<Guard<'_>, ProcessError> {
        self.0.lock().acquire(&Wait::forever())?;
        Ok(Guard { semaphore: self.0.lock() })
    }

    /// Takes its lock.
    #[track_caller]
    pub fn acquire(&self) -> Result<(), ProcessError> {
        self.0.lock().acquire(&Wait::forever()).map(|_| ())
    }

    /// Gives its lock back.
    pub fn release(&self) -> Result<(), ProcessError> {
        self.0.lock().release()
    }

    /// Waits to be notified, without the lock, which the calling lane holds.
    #[track_caller]
    pub fn wait(&self) -> Result<(), ProcessError> {
        self.0.wait(&Wait::forever()).map(|_| ())
    }

    /// The same for so long at most. Gives whether it was notified.
    #[track_caller]
    pub fn wait_within(&self, timeout: Duration) -> Result<bool, ProcessError> {
        self.0.wait(&Wait::at_most(timeout))
    }

    /// Waits until `predicate` is true, looking again whenever notified.
    #[track_caller]
    pub fn wait_for(&self, mut predicate: impl FnMut() -> bool) -> Result<(), ProcessError> {
        let wait = Wait::forever();
        while !predicate() {
            self.0.wait(&wait)?;
        }
        Ok(())
    }

    /// The same for so long at most. Gives what the predicate is in the end.
    #[track_caller]
    pub fn wait_for_within(
        &self,
        timeout: Duration,
        mut predicate: impl FnMut() -> bool,
    ) -> Result<bool, ProcessError> {
        let end = interleave_trace::clock::now().0.saturating_add(timeout.as_nanos() as u64);
        let site = crate::rt::Site::here();
        while !predicate() {
            let left = end.saturating_sub(interleave_trace::clock::now().0);
            if left == 0 {
                return Ok(false);
            }
            self.0.wait(&Wait { site, timeout: Some(Duration::from_nanos(left)) })?;
        }
        Ok(true)
    }

    /// Lets so many who wait go on, once they have the lock, which the calling lane holds.
    pub fn notify(&self, lanes: u32) -> Result<(), ProcessError> {
        self.0.notify(lanes)
    }

    /// Lets all who wait go on.
    pub fn notify_all(&self) -> Result<(), ProcessError> {
        self.0.notify_all()
    }
}

/// A flag that lanes wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event(event::Event);

impl Event {
    /// A new one that is not set.
    pub fn new(title: Title) -> Result<Self, ProcessError> {
        event::Event::make(title).map(Self)
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.0.object()
    }

    /// Sets it: all who wait go on.
    pub fn set(&self) -> Result<(), ProcessError> {
        self.0.set()
    }

    /// Takes it back.
    pub fn clear(&self) -> Result<(), ProcessError> {
        self.0.clear()
    }

    /// Whether it is set.
    pub fn is_set(&self) -> Result<bool, ProcessError> {
        self.0.is_set()
    }

    /// Waits until it is set.
    #[track_caller]
    pub fn wait(&self) -> Result<(), ProcessError> {
        self.0.wait(&Wait::forever()).map(|_| ())
    }

    /// Waits for so long at most. Gives whether it was set.
    #[track_caller]
    pub fn wait_within(&self, timeout: Duration) -> Result<bool, ProcessError> {
        self.0.wait(&Wait::at_most(timeout))
    }
}

/// Where lanes wait until enough have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barrier(barrier::Barrier);

impl Barrier {
    /// A new one for so many lanes.
    pub fn new(title: Title, parties: u32) -> Result<Self, ProcessError> {
        barrier::Barrier::make(title, parties).map(Self)
    }

    /// What it is to the trace.
    pub fn object(&self) -> ObjectId {
        self.0.object()
    }

    /// Waits until all have come. Gives each another number from 0 on.
    #[track_caller]
    pub fn wait(&self) -> Result<u32, ProcessError> {
        self.0.wait(&Wait::forever(), || Ok(()))
    }

    /// The same for so long at most; whose time is up breaks it for all.
    #[track_caller]
    pub fn wait_within(&self, timeout: Duration) -> Result<u32, ProcessError> {
        self.0.wait(&Wait::at_most(timeout), || Ok(()))
    }

    /// As [`Barrier::wait`]; if the caller is the last to come, it does `action` before anybody goes on. If that fails
    /// the barrier is broken.
    #[track_caller]
    pub fn wait_with(&self, action: impl FnOnce() -> Result<(), ProcessError>) -> Result<u32, ProcessError> {
        self.0.wait(&Wait::forever(), action)
    }

    /// Breaks it: all who wait and all who come are refused.
    pub fn abort(&self) -> Result<(), ProcessError> {
        self.0.abort()
    }

    /// Makes it as new. Those who wait are refused.
    pub fn reset(&self) -> Result<(), ProcessError> {
        self.0.reset()
    }

    /// For how many it is.
    pub fn parties(&self) -> Result<u32, ProcessError> {
        self.0.parties()
    }

    /// How many wait now.
    pub fn waiting(&self) -> Result<u32, ProcessError> {
        self.0.waiting()
    }

    /// Whether it is broken.
    pub fn is_broken(&self) -> Result<bool, ProcessError> {
        self.0.is_broken()
    }
}
