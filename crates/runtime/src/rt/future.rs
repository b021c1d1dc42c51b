//! Futures: results that are to come from other threads, and ways to wait for several.

use std::sync::Weak;
use std::time::Duration;

use interleave_trace::{LaneId, Level, ObjectKind, clock};

use super::error::SyncError;
use super::monitor::{Monitor, Unmet, Wait};
use super::object::Object;
use crate::fault::Fault;
use crate::span::{self, Title};
use crate::sys;
use crate::sys::sync::Arc;

/// What is called when a future is done, with that future.
type Callback<T> = Box<dyn FnOnce(&Arc<Future<T>>) + Send>;

/// Python's `concurrent.futures.Future`. A front end whose work can fail in ways of its own makes them part of `T`.
pub struct Future<T> {
    monitor: Monitor<State<T>>,
}

struct State<T> {
    progress: Progress<T>,
    callbacks: Vec<Callback<T>>,
    watches: Vec<(Weak<Watch>, usize)>,
}

enum Progress<T> {
    Pending,
    Running,
    Done(Result<T, Fault>),
    Cancelled,
}

impl<T> Progress<T> {
    fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Cancelled)
    }

    fn has_failed(&self) -> bool {
        matches!(self, Self::Done(Err(_)))
    }
}

/// The numbers of those futures that were watched together and are done, in the order in which they became so, and
/// whether their work failed.
type Watch = Monitor<Vec<(usize, bool)>>;

impl<T> Future<T> {
    /// One of work that nobody has begun, called `title`.
    pub fn new(title: Title) -> Arc<Self> {
        let state = State { progress: Progress::Pending, callbacks: Vec::new(), watches: Vec::new() };
        Arc::new(Self { monitor: Monitor::new(Object::new(ObjectKind::Future, title), state) })
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// The work begins. Gives whether it shall: not if it was cancelled.
    pub fn start(&self) -> bool {
        self.monitor.with(|state| match state.progress {
            Progress::Pending => {
                state.progress = Progress::Running;
                true
            }
            _ => false,
        })
    }

    /// The work is done. What a future has become it stays: a second result is not taken, nor one of cancelled work. Gives
    /// whether it was taken.
    pub fn finish(self: &Arc<Self>, result: Result<T, Fault>) -> bool {
        self.become_over(Progress::Done(result), |progress| !progress.is_over())
    }

    /// Cancels the work if it has not begun. Gives whether it is cancelled.
    pub fn cancel(self: &Arc<Self>) -> bool {
        self.become_over(Progress::Cancelled, |progress| matches!(progress, Progress::Pending)) || self.is_cancelled()
    }

    fn become_over(self: &Arc<Self>, over: Progress<T>, if_so: impl FnOnce(&Progress<T>) -> bool) -> bool {
        let callbacks = self.monitor.with(|state| {
            if !if_so(&state.progress) {
                return None;
            }
            state.progress = over;
            for (watch, number) in std::mem::take(&mut state.watches) {
                tell(&watch, number, state.progress.has_failed());
            }
            state.wake_all();
            Some(std::mem::take(&mut state.callbacks))
        });
        let became = callbacks.is_some();
        callbacks.into_iter().flatten().for_each(|callback| self.call(callback));
        became
    }

    /// What a callback does wrong harms nobody else, as in Python; the log says it.
    fn call(self: &Arc<Self>, callback: Callback<T>) {
        if let Err(fault) = sys::catching(|| callback(self)) {
            span::note(Level::Error, &format!("a callback of a future: {fault}"));
        }
    }

    /// Calls `callback` when this is done or cancelled, in the thread that made it so; at once if it is.
    pub fn when_done(self: &Arc<Self>, callback: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let mut callback: Option<Callback<T>> = Some(Box::new(callback));
        self.monitor.with(|state| {
            if !state.progress.is_over() {
                state.callbacks.extend(callback.take());
            }
        });
        callback.into_iter().for_each(|callback| self.call(callback));
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.monitor.with(|state| matches!(state.progress, Progress::Cancelled))
    }

    /// Whether its work is under way, and can no longer be cancelled.
    pub fn is_running(&self) -> bool {
        self.monitor.with(|state| matches!(state.progress, Progress::Running))
    }

    /// Whether it is done or was cancelled.
    pub fn is_done(&self) -> bool {
        self.monitor.with(|state| state.progress.is_over())
    }

    fn wait<R>(&self, wait: &Wait, result: impl Fn(&Result<T, Fault>) -> R) -> Result<R, SyncError> {
        let over = self.monitor.wait_until(
            wait,
            |_| LaneId::NONE,
            |state| match &state.progress {
                Progress::Done(done) => Some(Ok(result(done))),
                Progress::Cancelled => Some(Err(SyncError::WorkCancelled)),
                Progress::Pending | Progress::Running => None,
            },
        );
        over.map_err(SyncError::from)?
    }

    /// Waits for the result.
    pub fn result(&self, wait: &Wait) -> Result<Result<T, Fault>, SyncError>
    where
        T: Clone,
    {
        self.wait(wait, Clone::clone)
    }

    /// Waits until it is done, and gives why its work failed, if it did.
    pub fn fault(&self, wait: &Wait) -> Result<Option<Fault>, SyncError> {
        self.wait(wait, |result| result.as_ref().err().cloned())
    }

    fn watch(&self, watch: &Arc<Watch>, number: usize) {
        self.monitor.with(|state| {
            let watch = Arc::downgrade(watch);
            match state.progress.is_over() {
                true => tell(&watch, number, state.progress.has_failed()),
                false => {
                    state.watches.retain(|(watch, _)| watch.strong_count() > 0);
                    state.watches.push((watch, number));
                }
            }
        });
    }
}

/// One of those that are watched is done. The watch's lock is taken within the future's, never the other way round.
fn tell(watch: &Weak<Watch>, number: usize, failed: bool) {
    if let Some(watch) = watch.upgrade() {
        watch.peek(|done| {
            done.push((number, failed));
            done.wake_all();
        });
    }
}

/// When to wait for several futures no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnWhen {
    /// When one is done or cancelled.
    FirstCompleted,
    /// When the work of one failed, or all are done.
    FirstFailed,
    /// When all are done or cancelled.
    AllCompleted,
}

fn distinct<T>(futures: &[Arc<Future<T>>]) -> Vec<Arc<Future<T>>> {
    let mut distinct: Vec<Arc<Future<T>>> = Vec::new();
    for future in futures {
        if !distinct.iter().any(|other| Arc::ptr_eq(other, future)) {
            distinct.push(future.clone());
        }
    }
    distinct
}

fn watch_all<T>(futures: &[Arc<Future<T>>]) -> Arc<Watch> {
    let watch = Arc::new(Monitor::new(Object::nameless(ObjectKind::Future), Vec::new()));
    futures.iter().enumerate().for_each(|(number, future)| future.watch(&watch, number));
    watch
}

/// Futures that are done, and those that are not.
pub type Sorted<T> = (Vec<Arc<Future<T>>>, Vec<Arc<Future<T>>>);

/// Waits for several futures and gives those that are done, and those that are not: a timeout returns, it does not fail.
pub fn wait_for<T>(futures: &[Arc<Future<T>>], wait: &Wait, until: ReturnWhen) -> Result<Sorted<T>, SyncError> {
    let futures = distinct(futures);
    let watch = watch_all(&futures);
    let enough = watch.wait_until(
        wait,
        |_| LaneId::NONE,
        |done| {
            let enough = match until {
                _ if done.len() == futures.len() => true,
                ReturnWhen::FirstCompleted => !done.is_empty(),
                ReturnWhen::FirstFailed => done.iter().any(|(_, failed)| *failed),
                ReturnWhen::AllCompleted => false,
            };
            enough.then_some(())
        },
    );
    if enough == Err(Unmet::Cancelled) {
        return Err(SyncError::Cancelled);
    }
    Ok(futures.into_iter().partition(|future| future.monitor.peek(|state| state.progress.is_over())))
}

/// Futures in the order in which they become done; first those that are.
pub struct Completed<T> {
    futures: Vec<Arc<Future<T>>>,
    watch: Arc<Watch>,
    given: usize,
    wait: Wait,
    /// When the time is up for all of them.
    end: Option<u64>,
}

impl<T> Completed<T> {
    /// Of `futures`; the time of `wait` is for all together.
    pub fn of(futures: &[Arc<Future<T>>], wait: &Wait) -> Self {
        let futures = distinct(futures);
        let end = wait.timeout.map(|timeout| clock::now().0.saturating_add(timeout.as_nanos() as u64));
        Self { watch: watch_all(&futures), futures, given: 0, wait: *wait, end }
    }
}

impl<T> Iterator for Completed<T> {
    type Item = Result<Arc<Future<T>>, SyncError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.given == self.futures.len() {
            return None;
        }
        let timeout = self.end.map(|end| Duration::from_nanos(end.saturating_sub(clock::now().0)));
        let given = self.given;
        let wait = Wait { timeout, ..self.wait };
        Some(match self.watch.wait_until(&wait, |_| LaneId::NONE, |done| done.get(given).copied()) {
            Ok((number, _)) => {
                self.given += 1;
                Ok(self.futures[number].clone())
            }
            Err(unmet) => {
                self.given = self.futures.len();
                Err(unmet.into())
            }
        })
    }
}
