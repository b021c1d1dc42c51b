//! Futures on the host's event loop: all tasks are under way at once, and one thread polls them in turn.

use std::sync::Arc;

use interleave_protocol::{Failure, RunSpec};
use interleave_runtime::span::{self, Title};
use interleave_runtime::tasks;
use interleave_trace::{State, here};

use crate::models::steps::{Conditions, perform_async, title};
use crate::run::Clocked;
use crate::workload::Workload;

/// Runs all tasks as futures.
pub async fn run<W: Workload>(workload: Arc<W>, spec: &RunSpec) -> Result<Clocked<W::Part>, Failure> {
    let started = Clocked::<W::Part>::start();
    let conditions = Conditions::new(spec, started);
    tasks::set_event_loop(here());
    let spawned: Vec<_> = (0..spec.tasks)
        .map(|task| {
            let workload = workload.clone();
            tasks::spawn(title::<W>(task), async move { perform_async(&*workload, task, &conditions).await })
        })
        .collect();
    span::waiting(State::Waiting, Title::new("tasks"));
    let mut parts = Vec::with_capacity(spawned.len());
    for task in spawned {
        let lost = || Failure::Trapped { message: "a task was dropped before its end".to_owned() };
        parts.push(task.join().await.ok_or_else(lost)??);
    }
    span::resumed();
    Ok(Clocked::finish(parts))
}
