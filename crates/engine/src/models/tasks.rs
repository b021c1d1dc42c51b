//! Futures on the host's event loop: all tasks are under way at once, and one thread polls them in turn.

use std::sync::Arc;

use interleave_protocol::{Failure, RunSpec};
use interleave_runtime::tasks;

use crate::failure::from_raised;
use crate::models::steps::{Conditions, perform_async, title};
use crate::run::Clocked;
use crate::workload::AnyWorkload;

/// Runs all tasks as futures.
pub async fn run(workload: Arc<dyn AnyWorkload>, spec: &RunSpec) -> Result<Clocked, Failure> {
    let started = Clocked::start();
    let conditions = Conditions::new(spec, started);
    let spawned: Vec<_> = (0..spec.tasks)
        .map(|task| {
            let workload = workload.clone();
            tasks::spawn(title(&*workload, task), async move { Ok(perform_async(&*workload, task, &conditions).await) })
        })
        .collect();
    let mut parts = Vec::with_capacity(spawned.len());
    for part in tasks::gather_settled(spawned).await.map_err(from_raised)? {
        parts.push(part.map_err(from_raised)??);
    }
    Ok(Clocked::finish(parts))
}
