//! Threads over one memory: a rayon pool for computing, workers of their own for tasks that block.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use interleave_protocol::{Chunking, Failure, Kind, RunSpec, Start};
use interleave_runtime::pool::{Pool, Sharing};
use interleave_runtime::rt::gil;
use interleave_runtime::span::{self, Title};
use interleave_runtime::threads::{self, Arrivals, Gate};
use interleave_trace::{State, is_recording};

use crate::failure::from_fault;
use crate::models::steps::{Conditions, perform};
use crate::run::{Clocked, begin_gil};
use crate::workload::{AnyPart, AnyWorkload, share};

/// Runs all tasks on `spec.workers` threads.
pub async fn run(workload: Arc<dyn AnyWorkload>, spec: &RunSpec) -> Result<Clocked, Failure> {
    begin_gil(spec);
    // The host only waits; the threads share the GIL among themselves.
    gil::leave();
    match spec.kind() {
        Kind::Cpu | Kind::Accident | Kind::Program | Kind::Proof | Kind::Python => on_a_pool(&*workload, spec).await,
        Kind::Io | Kind::Mixed => on_workers_of_their_own(workload, spec),
    }
}

async fn on_a_pool(workload: &dyn AnyWorkload, spec: &RunSpec) -> Result<Clocked, Failure> {
    let (started, pool) = match spec.start {
        Start::Cold => (Clocked::start(), Pool::start(spec.workers).await.map_err(from_fault)?),
        Start::Warm => {
            let pool = Pool::start(spec.workers).await.map_err(from_fault)?;
            (Clocked::start(), pool)
        }
    };
    let conditions = Conditions::new(spec, started);
    let sharing = match spec.chunking {
        Chunking::Static => Sharing::Equal,
        Chunking::Dynamic => Sharing::Stealing,
    };
    let parts = pool.run(
        spec.tasks,
        sharing,
        |thread| share(spec.tasks, thread, spec.workers),
        |task| {
            gil::join();
            let part = perform(workload, task, &conditions);
            gil::leave();
            part
        },
    );
    let clocked = Clocked::finish(parts.into_iter().collect::<Result<Vec<_>, _>>()?);
    pool.end();
    Ok(clocked)
}

/// What the threads of a run share.
struct Shared {
    workload: Arc<dyn AnyWorkload>,
    next: AtomicU32,
    parts: Mutex<Vec<Option<Result<AnyPart, Failure>>>>,
    ready: Arrivals,
    gate: Gate,
    conditions: Mutex<Option<Conditions>>,
}

fn on_workers_of_their_own(workload: Arc<dyn AnyWorkload>, spec: &RunSpec) -> Result<Clocked, Failure> {
    let spec = *spec;
    let shared = Arc::new(Shared {
        workload,
        next: AtomicU32::new(0),
        parts: Mutex::new((0..spec.tasks).map(|_| None).collect()),
        ready: Arrivals::new(spec.workers),
        gate: Gate::default(),
        conditions: Mutex::new(None),
    });
    let start = || {
        let conditions = Conditions::new(&spec, Clocked::start());
        *shared.conditions.lock().unwrap_or_else(PoisonError::into_inner) = Some(conditions);
        shared.gate.open();
    };
    if spec.start == Start::Cold {
        start();
    }
    let spawned: Vec<_> = (0..spec.workers)
        .map(|worker| {
            let shared = shared.clone();
            threads::spawn(Title::numbered("thread", worker + 1), move || shared.work(worker, &spec))
        })
        .collect();
    if spec.start == Start::Warm {
        shared.ready.wait().map_err(from_fault)?;
        start();
    }
    for thread in spawned {
        thread.join().map_err(from_fault)?;
    }
    let parts = std::mem::take(&mut *shared.parts.lock().unwrap_or_else(PoisonError::into_inner));
    let unfinished = || Failure::Trapped { message: "a thread ended before its tasks".to_owned() };
    let parts: Result<Vec<_>, _> = parts.into_iter().map(|part| part.unwrap_or_else(|| Err(unfinished()))).collect();
    Ok(Clocked::finish(parts?))
}

impl Shared {
    /// What one thread does.
    fn work(&self, worker: u32, spec: &RunSpec) {
        self.ready.arrive();
        if self.gate.pass().is_err() {
            return;
        }
        let conditions = *self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(conditions) = conditions else { return };
        let mut own = share(spec.tasks, worker, spec.workers);
        loop {
            let task = match spec.chunking {
                Chunking::Static => own.next(),
                Chunking::Dynamic => Some(self.next.fetch_add(1, Ordering::Relaxed)).filter(|task| *task < spec.tasks),
            };
            let Some(task) = task else { break };
            let part = perform(&*self.workload, task, &conditions);
            let failed = part.is_err();
            if let Some(slot) = self.parts.lock().unwrap_or_else(PoisonError::into_inner).get_mut(task as usize) {
                *slot = Some(part);
            }
            if failed {
                // The others finish what they have; the run fails when all are joined.
                self.next.store(spec.tasks, Ordering::Relaxed);
                break;
            }
        }
        if is_recording() {
            span::waiting(State::Waiting, Title::new("work"));
        }
    }
}
