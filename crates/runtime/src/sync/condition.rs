//! Conditions: wait, with a lock laid down, until another notifies.

use std::time::Duration;

use interleave_trace::clock;

use super::lock::{Held, Lockable, MutexGuard};
use super::{Result, SyncError};
use crate::rt::{self, Underlying, Wait};
use crate::span::Title;
use crate::sys::sync::Arc;

/// Where threads that hold a lock wait until something about what it guards has changed.
pub struct Condition {
    condition: rt::Condition,
}

impl Condition {
    /// One that goes with `lock`.
    pub fn new(title: impl Into<Title>, lock: &impl Lockable) -> Self {
        Self { condition: rt::Condition::new(title.into(), lock.underlying().clone()) }
    }

    /// Waits until notified, while others may have what `guard` guards.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> Result<MutexGuard<'a, T>> {
        self.wait_as_said(guard, &Wait::forever()).map(|(guard, _)| guard)
    }

    /// Waits until notified, or until the time is up. Gives also whether it was notified.
    #[track_caller]
    pub fn wait_within<'a, T>(&self, guard: MutexGuard<'a, T>, timeout: Duration) -> Result<(MutexGuard<'a, T>, bool)> {
        self.wait_as_said(guard, &Wait::at_most(timeout))
    }

    /// Waits until `holds` holds of what `guard` guards.
    #[track_caller]
    pub fn wait_for<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut holds: impl FnMut(&mut T) -> bool,
    ) -> Result<MutexGuard<'a, T>> {
        let wait = Wait::forever();
        while !holds(&mut guard) {
            guard = self.wait_as_said(guard, &wait)?.0;
        }
        Ok(guard)
    }

    /// As [`Condition::wait_for`], or until the time is up. Gives also whether it holds.
    #[track_caller]
    pub fn wait_for_within<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut holds: impl FnMut(&mut T) -> bool,
    ) -> Result<(MutexGuard<'a, T>, bool)> {
        let wait = Wait::at_most(timeout);
        let end = clock::now().0.saturating_add(timeout.as_nanos() as u64);
        loop {
            if holds(&mut guard) {
                return Ok((guard, true));
            }
            let left = Duration::from_nanos(end.saturating_sub(clock::now().0));
            let notified = match left {
                Duration::ZERO => false,
                _ => {
                    let waited = self.wait_as_said(guard, &Wait { timeout: Some(left), ..wait })?;
                    guard = waited.0;
                    waited.1
                }
            };
            if !notified {
                let holds = holds(&mut guard);
                return Ok((guard, holds));
            }
        }
    }

    fn wait_as_said<'a, T>(&self, guard: MutexGuard<'a, T>, wait: &Wait) -> Result<(MutexGuard<'a, T>, bool)> {
        let (held, mutex) = guard.lay_down();
        let (held, notified) = self.wait_holding(held, wait)?;
        Ok((MutexGuard::take_up(held, mutex), notified))
    }

    /// As [`Condition::wait`], with a lock beside what it guards.
    #[track_caller]
    pub fn wait_with<'a>(&self, held: Held<'a>) -> Result<Held<'a>> {
        self.wait_holding(held, &Wait::forever()).map(|(held, _)| held)
    }

    fn wait_holding<'a>(&self, held: Held<'a>, wait: &Wait) -> Result<(Held<'a>, bool)> {
        if !is_same(held.lock, self.condition.lock()) {
            return Err(SyncError::HeldByAnother { holder: None });
        }
        match self.condition.wait(wait) {
            Ok(notified) => Ok((held, notified)),
            Err(SyncError::Cancelled) => {
                // It came back without the lock.
                std::mem::forget(held);
                Err(SyncError::Cancelled)
            }
            Err(error) => Err(error),
        }
    }

    /// Lets one go on who waits, if any does.
    pub fn notify(&self) -> Result<()> {
        self.condition.notify(1)
    }

    /// Lets some go on who wait.
    pub fn notify_some(&self, count: usize) -> Result<()> {
        self.condition.notify(count)
    }

    /// Lets all go on who wait.
    pub fn notify_all(&self) -> Result<()> {
        self.condition.notify_all()
    }
}

fn is_same(one: &Underlying, other: &Underlying) -> bool {
    match (one, other) {
        (Underlying::Lock(one), Underlying::Lock(other)) => Arc::ptr_eq(one, other),
        (Underlying::RLock(one), Underlying::RLock(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}
