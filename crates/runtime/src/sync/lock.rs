//! Locks, held as long as their guards live.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::{Result, said};
use crate::rt::{self, Underlying, Wait};
use crate::span::Title;
use crate::sys::sync::{self, Arc, PoisonError};

/// What a [`super::Condition`] can go with.
pub trait Lockable {
    /// The lock itself.
    fn underlying(&self) -> &Underlying;
}

/// A lock that is held, until this is dropped, by the thread that took it.
pub struct Held<'a> {
    pub(super) lock: &'a Underlying,
    /// What was taken in a thread is released in that thread.
    not_send: PhantomData<*const ()>,
}

impl<'a> Held<'a> {
    fn acquire(lock: &'a Underlying, wait: &Wait) -> Result<Option<Self>> {
        Ok(lock.acquire(wait)?.then(|| Self { lock, not_send: PhantomData }))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        said(self.lock.release());
    }
}

macro_rules! locks {
    ($($(#[$doc:meta])* $name:ident: $new:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name {
            lock: Underlying,
        }

        impl $name {
            /// A free one.
            pub fn new(title: impl Into<Title>) -> Self {
                let new: fn(Title) -> Underlying = $new;
                Self { lock: new(title.into()) }
            }

            /// Takes it.
            #[track_caller]
            pub fn acquire(&self) -> Result<Held<'_>> {
                self.lock.acquire(&Wait::forever())?;
                Ok(Held { lock: &self.lock, not_send: PhantomData })
            }

            /// Takes it, if it is free soon enough.
            #[track_caller]
            pub fn acquire_within(&self, timeout: Duration) -> Result<Option<Held<'_>>> {
                Held::acquire(&self.lock, &Wait::at_most(timeout))
            }

            /// Takes it, if it is free now.
            #[track_caller]
            pub fn try_acquire(&self) -> Result<Option<Held<'_>>> {
                Held::acquire(&self.lock, &Wait::never())
            }
        }

        impl Lockable for $name {
            fn underlying(&self) -> &Underlying {
                &self.lock
            }
        }
    )*};
}

locks! {
    /// A lock beside what it guards.
    Lock: |title| Underlying::Lock(Arc::new(rt::Lock::owned(title)));

    /// A lock that the thread that has it may take again.
    RLock: |title| Underlying::RLock(Arc::new(rt::RLock::new(title)));
}

/// A lock around what it guards.
pub struct Mutex<T> {
    lock: Underlying,
    /// Never contended: who comes here holds the lock.
    value: sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// A free one.
    pub fn new(title: impl Into<Title>, value: T) -> Self {
        let lock = Underlying::Lock(Arc::new(rt::Lock::owned(title.into())));
        Self { lock, value: sync::Mutex::new(value) }
    }

    /// Takes it.
    #[track_caller]
    pub fn lock(&self) -> Result<MutexGuard<'_, T>> {
        self.lock.acquire(&Wait::forever())?;
        Ok(self.guard(Held { lock: &self.lock, not_send: PhantomData }))
    }

    /// Takes it, if it is free soon enough.
    #[track_caller]
    pub fn lock_within(&self, timeout: Duration) -> Result<Option<MutexGuard<'_, T>>> {
        Ok(Held::acquire(&self.lock, &Wait::at_most(timeout))?.map(|held| self.guard(held)))
    }

    /// Takes it, if it is free now.
    #[track_caller]
    pub fn try_lock(&self) -> Result<Option<MutexGuard<'_, T>>> {
        Ok(Held::acquire(&self.lock, &Wait::never())?.map(|held| self.guard(held)))
    }

    fn guard<'a>(&'a self, held: Held<'a>) -> MutexGuard<'a, T> {
        MutexGuard { value: self.value.lock().unwrap_or_else(PoisonError::into_inner), held, mutex: self }
    }

    /// What it guards, when nobody else has it any more.
    pub fn into_inner(self) -> T {
        self.value.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Lockable for Mutex<T> {
    fn underlying(&self) -> &Underlying {
        &self.lock
    }
}

/// What a mutex guards, as long as this lives.
pub struct MutexGuard<'a, T> {
    // The first to be dropped: only who holds the lock comes here.
    value: sync::MutexGuard<'a, T>,
    held: Held<'a>,
    mutex: &'a Mutex<T>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<'a, T> MutexGuard<'a, T> {
    /// The lock that is held and the mutex, without a hold on what it guards.
    pub(super) fn lay_down(self) -> (Held<'a>, &'a Mutex<T>) {
        (self.held, self.mutex)
    }

    pub(super) fn take_up(held: Held<'a>, mutex: &'a Mutex<T>) -> Self {
        mutex.guard(held)
    }
}
