//! The steps of a task, performed by blocking or by awaiting.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use interleave_protocol::downloads::path;
use interleave_protocol::{Failure, RunSpec};
use interleave_runtime::Fault;
use interleave_runtime::downloads::{Download, download, download_async};
use interleave_runtime::rt::{checkpoint, gil};
use interleave_runtime::span::{self, Title};
use interleave_runtime::tasks;
use interleave_trace::clock::{self, TimeNs};
use interleave_trace::{Level, State};

use crate::failure::{from_fault, from_raised};
use crate::run::{fail, show};
use crate::workload::{AnyPart, AnyWorkload, Step};

/// What every task of a run has to know beside its workload.
#[derive(Clone, Copy)]
pub struct Conditions {
    started: TimeNs,
    latency_ms: u32,
}

impl Conditions {
    /// Of a run that starts at `started`.
    pub fn new(spec: &RunSpec, started: TimeNs) -> Self {
        Self { started, latency_ms: spec.latency_ms }
    }

    /// How long it is until `at_ms` after the run's start.
    fn until(&self, at_ms: u32) -> Duration {
        let arrival = self.started.0 + u64::from(at_ms) * 1_000_000;
        Duration::from_nanos(arrival.saturating_sub(clock::now().0))
    }

    /// Hands a file over to its task. A failure is told by the lane that it befell.
    fn take(
        &self,
        workload: &dyn AnyWorkload,
        task: u32,
        file: u32,
        came: Result<Download, Fault>,
        part: &mut AnyPart,
    ) -> Result<(), Failure> {
        let taken = came.map_err(from_fault).and_then(|came| {
            self.check_latency(&came);
            workload.downloaded(task, file, &came.body, part)
        });
        taken.inspect_err(fail)
    }

    fn check_latency(&self, download: &Download) {
        static TOLD: AtomicBool = AtomicBool::new(false);
        if self.latency_ms > 0 && !download.delayed && !TOLD.swap(true, Ordering::Relaxed) {
            span::note(
                Level::Warning,
                "No service worker: the files came over the plain network, without the added latency.",
            );
        }
    }
}

/// What the spans of a task are called.
pub fn title(workload: &dyn AnyWorkload, task: u32) -> Title {
    Title::numbered(workload.task(), task + 1)
}

/// Performs a task on the calling thread, which blocks while the task waits.
pub fn perform(workload: &dyn AnyWorkload, task: u32, conditions: &Conditions) -> Result<AnyPart, Failure> {
    let mut part = workload.part();
    span::running(title(workload, task));
    for step in workload.steps(task) {
        match step {
            Step::Compute { piece } => {
                checkpoint();
                workload.compute(task, piece, &mut part);
                show(workload, task, piece, &part);
            }
            Step::Arrive { at_ms } => block(conditions.until(at_ms), "arrival", task + 1),
            Step::Sleep { ms } => block(Duration::from_millis(ms.into()), "timer", ms),
            Step::Download { file } => {
                let title = Title::numbered("file", file);
                let came = gil::without(|| download(&path(file), title, conditions.latency_ms));
                conditions.take(workload, task, file, came, &mut part)?;
            }
        }
    }
    Ok(part)
}

/// Blocks the calling thread for a time.
fn block(duration: Duration, text: &'static str, number: u32) {
    if !duration.is_zero() {
        span::while_waiting(State::Sleeping, Title::numbered(text, number), || {
            gil::without(|| std::thread::sleep(duration));
        });
    }
}

/// Performs a task as a future, which lets others go on between two pieces and while it waits.
pub async fn perform_async(workload: &dyn AnyWorkload, task: u32, conditions: &Conditions) -> Result<AnyPart, Failure> {
    let mut part = workload.part();
    let mut pieces = 0;
    for step in workload.steps(task) {
        match step {
            Step::Compute { piece } => {
                if pieces > 0 {
                    tasks::yield_now().await.map_err(from_raised)?;
                }
                pieces += 1;
                workload.compute(task, piece, &mut part);
                show(workload, task, piece, &part);
            }
            Step::Arrive { at_ms } => {
                let duration = conditions.until(at_ms);
                if !duration.is_zero() {
                    tasks::sleep(duration).await.map_err(from_raised)?;
                }
            }
            Step::Sleep { ms } => {
                tasks::sleep(Duration::from_millis(ms.into())).await.map_err(from_raised)?;
            }
            Step::Download { file } => {
                let came = download_async(&path(file), Title::numbered("file", file), conditions.latency_ms).await;
                conditions.take(workload, task, file, came, &mut part)?;
            }
        }
    }
    Ok(part)
}
