//! Every program of the lessons, one file each: the very files that the page shows beside the timeline.
//!
//! A program is written for one model, with that model's own primitives, as short as it can be. It comes to an
//! [`Answer`], which may be that things did not go as they should: for a lesson about accidents that is no failure of the
//! run but its result.

mod barrier;
mod blocked_loop;
mod condition;
mod convoy;
mod coroutines;
mod interleaved_output;
mod lock;
mod lost_wakeup;
mod manager;
mod philosophers;
mod philosophers_mended;
mod ping_pong;
mod pool_map;
mod priority_inversion;
mod processes;
mod producer_consumer;
mod race;
mod rlock;
mod semaphore;
mod spawn_cost;
mod start_gun;
mod start_join;
mod troubled_coroutines;
mod troubled_processes;
mod two_locks;
mod two_locks_ordered;
mod value_array;
mod weights;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use interleave_protocol::{Failure, RunSpec, Workload};
use interleave_runtime::multiprocessing::ProcessError;
use interleave_runtime::rt::schedule;
use interleave_runtime::sync::{self, SyncError, thread};
use interleave_runtime::tasks::Raised;
use interleave_runtime::{Fault, span};
use interleave_trace::{Level, clock};

use crate::failure::from_fault;
use crate::workload::Answer;
use crate::workloads::grouped;

/// What a program comes to.
pub type Outcome = Result<Answer, Trouble>;

/// Why a program gave up.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// A thread, process or task that it waited for did.
    Fault(Fault),
    /// A primitive refused.
    Refused(SyncError),
    /// A primitive between processes refused.
    Between(ProcessError),
    /// What a task awaited was raised as an error.
    Raised(Raised),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<SyncError> for Trouble {
    fn from(error: SyncError) -> Self {
        Self::Refused(error)
    }
}

impl From<ProcessError> for Trouble {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Sync(error) => Self::Refused(error),
            error => Self::Between(error),
        }
    }
}

impl From<Raised> for Trouble {
    fn from(raised: Raised) -> Self {
        match raised {
            Raised::Refused(error) => Self::Refused(error),
            Raised::Fault(fault) => Self::Fault(fault),
            raised => Self::Raised(raised),
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Fault(fault) => from_fault(fault),
            Trouble::Refused(SyncError::Cancelled) => Failure::Cancelled,
            Trouble::Between(ProcessError::NotShared { .. }) => Failure::NoThreads,
            Trouble::Between(error) => Failure::Panicked { message: error.to_string() },
            Trouble::Refused(error) => Failure::Panicked { message: error.to_string() },
            Trouble::Raised(raised) => Failure::Panicked { message: raised.to_string() },
        }
    }
}

/// A program on its way.
pub type Awaited = Pin<Box<dyn Future<Output = Outcome>>>;

/// How a program is begun.
#[derive(Clone, Copy)]
pub enum Body {
    /// On the host's thread, which may block.
    Blocking(fn(&RunSpec) -> Outcome),
    /// On the host's event loop.
    Awaiting(fn(RunSpec) -> Awaited),
    /// In one way where processes share memory, and in the other where they can only send messages.
    Either(fn(&RunSpec) -> Outcome, fn(RunSpec) -> Awaited),
}

/// The program behind a name of the catalogue; nothing if that is a workload.
pub fn program(name: Workload) -> Option<Body> {
    Some(match name {
        Workload::StartJoin => Body::Blocking(start_join::run),
        Workload::InterleavedOutput => Body::Blocking(interleaved_output::run),
        Workload::Race => Body::Blocking(race::run),
        Workload::Lock => Body::Blocking(lock::run),
        Workload::RLock => Body::Blocking(rlock::run),
        Workload::Semaphore => Body::Blocking(semaphore::run),
        Workload::StartGun => Body::Blocking(start_gun::run),
        Workload::Condition => Body::Blocking(condition::run),
        Workload::Barrier => Body::Blocking(barrier::run),
        Workload::ProducerConsumer => Body::Blocking(producer_consumer::run),
        Workload::TwoLocks => Body::Blocking(two_locks::run),
        Workload::TwoLocksOrdered => Body::Blocking(two_locks_ordered::run),
        Workload::Philosophers => Body::Blocking(philosophers::run),
        Workload::PhilosophersMended => Body::Blocking(philosophers_mended::run),
        Workload::Convoy => Body::Blocking(convoy::run),
        Workload::PriorityInversion => Body::Blocking(priority_inversion::run),
        Workload::LostWakeup => Body::Blocking(lost_wakeup::run),
        Workload::TroubledCoroutines => Body::Awaiting(|spec| Box::pin(troubled_coroutines::run(spec))),
        Workload::TroubledProcesses => Body::Blocking(troubled_processes::run),
        Workload::Coroutines => Body::Awaiting(|spec| Box::pin(coroutines::run(spec))),
        Workload::BlockedLoop => Body::Awaiting(|spec| Box::pin(blocked_loop::run(spec))),
        Workload::Processes => Body::Either(processes::run, |spec| Box::pin(processes::run_by_messages(spec))),
        Workload::PingPong => Body::Either(ping_pong::run, |spec| Box::pin(ping_pong::run_by_messages(spec))),
        Workload::Manager => Body::Blocking(manager::run),
        Workload::PoolMap => Body::Either(pool_map::run, |spec| Box::pin(pool_map::run_by_messages(spec))),
        Workload::Weights => Body::Awaiting(|spec| Box::pin(weights::run(spec))),
        Workload::SpawnCost => Body::Awaiting(|spec| Box::pin(spawn_cost::run(spec))),
        Workload::ValueArray => Body::Blocking(value_array::run),
        _ => return None,
    })
}

/// What a program prints: a line of the log, with the lane that said it and when.
fn say(text: impl AsRef<str>) {
    span::note(Level::Info, text.as_ref());
}

/// A number of things: "1 runner", "2,000 runners", "3 processes".
fn counted(number: u32, thing: &str) -> String {
    let things = match (number, thing.strip_suffix('y')) {
        (1, _) => thing.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        _ if thing.ends_with('s') => format!("{thing}es"),
        _ => format!("{thing}s"),
    };
    format!("{} {things}", grouped(number))
}

/// An amount of memory.
fn bytes(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    match bytes as f64 {
        bytes if bytes >= KIB * KIB => format!("{:.1} MiB", bytes / KIB / KIB),
        bytes if bytes >= KIB => format!("{:.1} KiB", bytes / KIB),
        bytes => format!("{bytes} bytes"),
    }
}

/// A time.
fn duration(ns: u64) -> String {
    match ns as f64 {
        ns if ns >= 1e6 => format!("{:.1} ms", ns / 1e6),
        ns => format!("{:.1} µs", ns / 1e3),
    }
}

/// Keeps the processor for so long, as work would. In a seeded schedule, where only steps count, it is a sleep.
fn compute_for(duration: Duration) -> sync::Result<()> {
    if schedule::is_on() {
        return thread::sleep(duration);
    }
    let start = clock::now();
    while u128::from(clock::now().since(start)) < duration.as_nanos() {
        thread::checkpoint()?;
    }
    Ok(())
}
