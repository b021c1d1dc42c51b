//! Locks: one that any lane may release, and one that its holder may take again.

use interleave_trace::{LaneId, ObjectKind, What, is_recording, record};

use super::error::{SyncError, in_time};
use super::monitor::{Access, Monitor, Wait};
use super::object::Object;
use super::site::Site;
use crate::span::Title;
use crate::sys::sync::{here, thread};

fn acquired<S>(access: &Access<'_, S>, site: Site) {
    if is_recording() && access.object().is_seen() {
        record(What::Acquired { on: access.object().id(), file: site.file, line: site.line });
    }
}

fn released<S>(access: &Access<'_, S>, holder: LaneId) {
    if is_recording() && access.object().is_seen() {
        record(What::Released { on: access.object().id(), holder });
    }
}

/// A lock without an owner: once taken, any lane may release it (Python's `threading.Lock`). It is not fair.
pub struct Lock {
    monitor: Monitor<Option<LaneId>>,
}

impl Lock {
    /// A free one, called `title`.
    pub fn new(title: Title) -> Self {
        Self::of_kind(ObjectKind::Lock, title)
    }

    /// A free one that whoever uses it promises to release only where it was taken.
    pub fn owned(title: Title) -> Self {
        Self::of_kind(ObjectKind::OwnedLock, title)
    }

    /// A free one that no trace knows.
    pub fn unseen() -> Self {
        Self { monitor: Monitor::new(Object::unseen(ObjectKind::Lock), None) }
    }

    fn of_kind(kind: ObjectKind, title: Title) -> Self {
        Self { monitor: Monitor::new(Object::new(kind, title), None) }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// Takes it. Gives whether it was taken: a timeout returns, it does not fail.
    pub fn acquire(&self, wait: &Wait) -> Result<bool, SyncError> {
        let taken = self.monitor.wait_until(
            wait,
            |holder| holder.unwrap_or(LaneId::NONE),
            |access| {
                if access.is_some() {
                    return None;
                }
                **access = Some(here());
                acquired(access, wait.site);
                Some(())
            },
        );
        in_time(taken)
    }

    /// Lets it go, whoever took it.
    pub fn release(&self) -> Result<(), SyncError> {
        self.monitor.with(|access| {
            let Some(holder) = **access else { return Err(SyncError::NotHeld) };
            released(access, holder);
            **access = None;
            access.wake_one();
            Ok(())
        })
    }

    /// Whether somebody holds it now.
    pub fn is_locked(&self) -> bool {
        self.monitor.peek(|access| access.is_some())
    }
}

/// A lock that belongs to the thread that took it, which may take it again and releases it as often (Python's
/// `threading.RLock`).
pub struct RLock {
    monitor: Monitor<Option<Held>>,
}

#[derive(Clone, Copy)]
struct Held {
    /// Its owner. The tasks that a thread polls own what it owns.
    thread: LaneId,
    /// The lane that took it, which is what is told of its holder.
    by: LaneId,
    times: u32,
}

/// How often a lane held a lock that it gave up for a while.
#[derive(Clone, Copy, Debug)]
pub struct Depth(u32);

impl RLock {
    /// A free one, called `title`.
    pub fn new(title: Title) -> Self {
        Self { monitor: Monitor::new(Object::new(ObjectKind::RLock, title), None) }
    }

    /// A free one that no trace knows.
    pub fn unseen() -> Self {
        Self { monitor: Monitor::new(Object::unseen(ObjectKind::RLock), None) }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// Takes it, once more if the calling thread has it. Gives whether it was taken.
    pub fn acquire(&self, wait: &Wait) -> Result<bool, SyncError> {
        self.acquire_deep(wait, Depth(1))
    }

    /// Takes it as deep as it was given up, however long that takes.
    pub fn restore(&self, depth: Depth, site: Site) -> Result<(), SyncError> {
        let taken = self.acquire_deep(&Wait { site, timeout: None }, depth)?;
        debug_assert!(taken, "a wait without an end ends with the lock");
        Ok(())
    }

    fn acquire_deep(&self, wait: &Wait, Depth(times): Depth) -> Result<bool, SyncError> {
        let (thread, by) = (thread(), here());
        let taken = self.monitor.wait_until(
            wait,
            |held| held.map_or(LaneId::NONE, |held| held.by),
            |access| {
                match &mut **access {
                    None => {
                        **access = Some(Held { thread, by, times });
                        acquired(access, wait.site);
                    }
                    Some(held) if held.thread == thread => held.times += times,
                    Some(_) => return None,
                }
                Some(())
            },
        );
        in_time(taken)
    }

    /// Takes back one acquisition; the last lets it go.
    pub fn release(&self) -> Result<(), SyncError> {
        self.release_deep(1).map(|_| ())
    }

    /// Lets it go however often it was taken, for [`RLock::restore`].
    pub fn give_up(&self) -> Result<Depth, SyncError> {
        self.release_deep(u32::MAX)
    }

    fn release_deep(&self, most: u32) -> Result<Depth, SyncError> {
        let thread = thread();
        self.monitor.with(|access| {
            let held = match &mut **access {
                Some(held) if held.thread == thread => held,
                other => return Err(SyncError::HeldByAnother { holder: other.map(|held| held.by) }),
            };
            let times = held.times.min(most);
            held.times -= times;
            if held.times == 0 {
                let by = held.by;
                released(access, by);
                **access = None;
                access.wake_one();
            }
            Ok(Depth(times))
        })
    }

    /// Refuses if the calling thread does not own it.
    pub(crate) fn check_owned(&self) -> Result<(), SyncError> {
        match self.monitor.peek(|held| **held) {
            Some(held) if held.thread == thread() => Ok(()),
            held => Err(SyncError::HeldByAnother { holder: held.map(|held| held.by) }),
        }
    }

    /// Whether the calling thread owns it.
    pub fn is_owned(&self) -> bool {
        let thread = thread();
        self.monitor.peek(|access| access.is_some_and(|held| held.thread == thread))
    }

    /// Whether somebody holds it now.
    pub fn is_locked(&self) -> bool {
        self.monitor.peek(|access| access.is_some())
    }
}
