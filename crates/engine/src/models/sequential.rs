//! One after another, on the host's own lane: the baseline.

use interleave_protocol::{Failure, RunSpec};

use crate::models::steps::{Conditions, perform};
use crate::run::Clocked;
use crate::workload::AnyWorkload;

/// Runs all tasks in order.
pub fn run(workload: &dyn AnyWorkload, spec: &RunSpec) -> Result<Clocked, Failure> {
    let started = Clocked::start();
    let conditions = Conditions::new(spec, started);
    let parts: Result<Vec<_>, _> = (0..spec.tasks).map(|task| perform(workload, task, &conditions)).collect();
    Ok(Clocked::finish(parts?))
}
