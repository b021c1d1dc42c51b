//! A workload's tasks with nothing around them: no model, no lanes, no records. Only computing is on the clock.

use interleave_engine::workload::{Step, Workload};
use interleave_engine::workloads::{Visit, dispatch};
use interleave_protocol::{Failure, Kind, RunSpec};
use interleave_trace::clock;
use rayon::prelude::*;

/// How long it took, and a digest of what came of it.
pub struct Timed {
    ns: u64,
    digest: u64,
}

impl Timed {
    /// As JSON.
    pub fn to_json(&self) -> String {
        format!(r#"{{"ns":{},"digest":"{:016x}"}}"#, self.ns, self.digest)
    }
}

/// What a link's query asks for; only what computes and nothing else.
pub fn spec(query: &str) -> Result<RunSpec, String> {
    let (spec, problems) = RunSpec::from_query(query, 1);
    match problems.first() {
        Some(problem) => Err(problem.to_string()),
        None if spec.kind() != Kind::Cpu => Err(format!("{} does more than compute", spec.workload.info().title)),
        None => Ok(spec),
    }
}

/// All tasks, one after another.
pub fn one_by_one(spec: RunSpec) -> Result<Timed, Failure> {
    dispatch(spec.workload, OneByOne(spec)).unwrap_or_else(no_kernel)
}

/// All tasks on rayon's global pool.
#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "natively only single threads are compared"))]
pub fn in_a_pool(spec: RunSpec) -> Result<Timed, Failure> {
    dispatch(spec.workload, InAPool(spec)).unwrap_or_else(no_kernel)
}

fn no_kernel() -> Result<Timed, Failure> {
    Err(Failure::WrongResult { message: "a program has no kernel".to_owned() })
}

struct OneByOne(RunSpec);

impl Visit for OneByOne {
    type Output = Result<Timed, Failure>;

    fn visit<W: Workload>(self) -> Self::Output {
        timed::<W>(&self.0, |workload| (0..self.0.tasks).map(|task| compute(workload, task)).collect())
    }
}

struct InAPool(RunSpec);

impl Visit for InAPool {
    type Output = Result<Timed, Failure>;

    fn visit<W: Workload>(self) -> Self::Output {
        // Every task by itself: rayon's own choice of pieces would balance worse and be an easier opponent.
        let tasks = (0..self.0.tasks).into_par_iter().with_max_len(1);
        timed::<W>(&self.0, |workload| tasks.map(|task| compute(workload, task)).collect())
    }
}

fn timed<W: Workload>(spec: &RunSpec, all: impl FnOnce(&W) -> Vec<W::Part>) -> Result<Timed, Failure> {
    let workload = W::prepare(spec)?;
    let begin = clock::now();
    let parts = all(&workload);
    let ns = clock::now().since(begin);
    Ok(Timed { ns, digest: workload.reduce(&parts)?.digest })
}

fn compute<W: Workload>(workload: &W, task: u32) -> W::Part {
    let mut part = W::Part::default();
    for step in workload.steps(task) {
        if let Step::Compute { piece } = step {
            workload.compute(task, piece, &mut part);
        }
    }
    part
}
