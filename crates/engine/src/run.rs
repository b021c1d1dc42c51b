//! A run from its specification to its checked result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use interleave_door::{to_attempt, to_plan};
use interleave_protocol::explore::{self, Attempt};
use interleave_protocol::{Failure, Model, RunSpec, Wrong};
use interleave_runtime::instance::measure_memory;
use interleave_runtime::multiprocessing::end_children;
use interleave_runtime::rt::schedule::{self, Plan, WhenStuck};
use interleave_runtime::rt::{allow_waits, gil};
use interleave_runtime::segment::{self, Segment};
use interleave_runtime::span::{self, Title};
use interleave_runtime::sync::SyncError;
use interleave_runtime::tasks;
use interleave_trace::clock::{self, TimeNs};
use interleave_trace::{LaneId, Mark, What, here, is_recording, name_once, record, record_at, set_recording};

use crate::experiments::{Body, Outcome};
use crate::models;
use crate::stock::stock;
use crate::workload::{Answer, AnyPart, AnyWorkload, Picture};
use crate::workloads;

/// The parts of a run whose clock has stopped.
pub struct Clocked {
    parts: Vec<AnyPart>,
}

impl Clocked {
    /// Starts the run's clock.
    pub fn start() -> TimeNs {
        let now = clock::now();
        record_at(now, here(), What::Marked(Mark::RunStarted));
        now
    }

    /// Stops the run's clock.
    pub fn finish(parts: Vec<AnyPart>) -> Self {
        record(What::Marked(Mark::RunFinished));
        Self { parts }
    }
}

/// Who a run tells of its output; all else is in its trace.
pub struct Audience {
    /// The picture that will be made. It stays where it is until the run is over.
    pub picture: fn(&Picture),
    /// Rows of the picture are there: the first, and how many.
    pub rows: fn(&Picture, u32, u32),
    /// The workload with its output, which nobody writes any more.
    pub keep: fn(Arc<dyn AnyWorkload>),
    /// The calling lane has failed, and with it the run.
    pub failed: fn(&Failure),
}

static AUDIENCE: OnceLock<Audience> = OnceLock::new();

/// Says who listens to this instance's runs. The first call counts.
pub fn set_audience(audience: Audience) {
    let _already_set = AUDIENCE.set(audience);
}

/// Whether this instance's failure is known outside.
static TOLD: AtomicBool = AtomicBool::new(false);

/// The calling lane cannot go on, and so neither can the run: says so in the log and to the audience. The first lane
/// to fail is the one that is named; who learns of it from that lane passes the failure on and says nothing new.
pub fn fail(failure: &Failure) {
    if !TOLD.swap(true, Ordering::Relaxed) {
        span::failed(&failure.to_string());
        if let Some(audience) = AUDIENCE.get() {
            (audience.failed)(failure);
        }
    }
}

/// A lane of another instance has failed and said so itself.
pub fn another_failed() {
    TOLD.store(true, Ordering::Relaxed);
}

/// Puts what a piece of a task has made into the output, and tells of it.
pub fn show(workload: &dyn AnyWorkload, task: u32, piece: u32, part: &AnyPart) {
    let Some((first, count)) = workload.show(task, piece, part) else { return };
    if is_recording() {
        record(What::Produced { first, count });
    }
    tell_rows(workload, first, count);
}

/// As [`show`], for a part that `lane` made, in a process that has no output.
pub fn show_of_another(workload: &dyn AnyWorkload, task: u32, piece: u32, part: &AnyPart, lane: LaneId) {
    let Some((first, count)) = workload.show(task, piece, part) else { return };
    if is_recording() {
        record_at(clock::now(), lane, What::Produced { first, count });
    }
    tell_rows(workload, first, count);
}

fn tell_rows(workload: &dyn AnyWorkload, first: u32, count: u32) {
    if let (Some(audience), Some(picture)) = (AUDIENCE.get(), workload.picture()) {
        (audience.rows)(picture, first, count);
    }
}

/// Runs `spec` on the calling lane and those that it asks for, and gives the checked answer, which is recorded
/// too. A failure is recorded by whoever ends the lane.
pub async fn run(spec: RunSpec) -> Result<Answer, Failure> {
    set_recording(spec.record);
    TOLD.store(false, Ordering::Relaxed);
    allow_waits();
    let stock = stock().ok_or_else(unknown)?;
    (stock.run)(spec).await
}

fn program(name: interleave_protocol::Workload) -> Option<Body> {
    stock().and_then(|stock| (stock.program)(name))
}

/// The run is over and its last lane has ended: a schedule ends after its last record, so that this one too has the same
/// time in every run. Who is left of it goes to its end first, or it would be in the way of the next.
pub fn over() {
    if schedule::is_on() {
        schedule::settle();
    }
    schedule::end();
    gil::disable();
}

/// One run of a program under a plan, for those who try many. Of it nothing but its schedule and its answer is left.
pub async fn attempt(spec: RunSpec, plan: explore::Plan) -> Attempt {
    allow_waits();
    let result = match (program(spec.workload), begin_schedule(&spec, to_plan(plan), WhenStuck::Cancel)) {
        (Some(body), Ok(())) => perform(body, spec).await.map_err(Failure::from),
        (_, Err(failure)) => Err(failure),
        (None, _) => Err(unknown()),
    };
    // Lanes that nobody joined come to their end too, so that none is left for the next attempt.
    end_children();
    schedule::settle();
    let outcome = schedule::end();
    if spec.model == Model::Processes {
        segment::renew();
    }
    let wrong = match result {
        Err(failure) => Some((Wrong::Failed, failure.to_string())),
        Ok(answer) if !answer.passed => Some((Wrong::Check, answer.summary)),
        Ok(_) => None,
    };
    to_attempt(&outcome, wrong)
}

/// The lanes of a program take turns from now on, the calling one first.
fn begin_schedule(spec: &RunSpec, plan: Plan, when_stuck: WhenStuck) -> Result<(), Failure> {
    if spec.model != Model::Processes {
        schedule::begin(plan, when_stuck);
        return Ok(());
    }
    match schedule::begin_shared(plan, when_stuck) {
        true => Ok(()),
        false => Err(Failure::NoThreads),
    }
}

fn unknown() -> Failure {
    Failure::Trapped { message: "this artifact does not know what to run".to_owned() }
}

async fn perform(body: Body, spec: RunSpec) -> Outcome {
    match body {
        Body::Blocking(body) => body(&spec),
        // In turns with its threads; what can never go on was cancelled.
        Body::Awaiting(body) if schedule::is_on() => {
            tasks::drive(body(spec)).unwrap_or(Err(SyncError::Cancelled.into()))
        }
        Body::Awaiting(body) => body(spec).await,
        Body::Either(body, _) if Segment::current().is_some() => body(&spec),
        Body::Either(_, by_messages) => by_messages(spec).await,
    }
}

pub(crate) async fn run_program(spec: RunSpec) -> Result<Answer, Failure> {
    let body = program(spec.workload).ok_or_else(unknown)?;
    if let Some(plan) = spec.plan() {
        begin_schedule(&spec, to_plan(plan), when_stuck())?;
    }
    span::running(Title::new("main"));
    Clocked::start();
    begin_gil(&spec);
    let outcome = perform(body, spec).await;
    gil::leave();
    end_children();
    Clocked::finish(Vec::new());
    let answer = outcome.map_err(Failure::from)?;
    record_answer(&answer);
    measure_memory();
    Ok(answer)
}

/// The threads of this instance share a GIL from now on, if that is wanted. The calling lane is the first to hold it.
pub fn begin_gil(spec: &RunSpec) {
    if spec.gil {
        gil::enable(Duration::from_millis(spec.interval_ms.into()));
    }
}

/// The page looks at lanes that are stuck and ends them itself; natively nobody would.
fn when_stuck() -> WhenStuck {
    if cfg!(target_arch = "wasm32") { WhenStuck::Stay } else { WhenStuck::Cancel }
}

pub(crate) async fn run_workload(spec: RunSpec) -> Result<Answer, Failure> {
    let prepare = workloads::prepare(spec.workload).ok_or_else(unknown)?;
    span::running(Title::new("preparing"));
    let workload = prepare(&spec)?;
    if let (Some(audience), Some(picture)) = (AUDIENCE.get(), workload.picture()) {
        (audience.picture)(picture);
    }
    span::running(Title::new("main"));
    let clocked = match spec.model {
        Model::Sequential => models::sequential::run(&*workload, &spec)?,
        Model::Threads => models::threads::run(workload.clone(), &spec).await?,
        Model::Processes => models::processes::run(&*workload, &spec).await?,
        Model::Tasks => models::tasks::run(workload.clone(), &spec).await?,
    };
    span::running(Title::new("checking"));
    let checked = workload.reduce(clocked.parts);
    match &checked {
        Ok(answer) => record_answer(answer),
        Err(failure) => {
            span::failed(&failure.to_string());
            record_answer(&Answer { passed: false, summary: failure.to_string(), digest: 0 });
        }
    }
    measure_memory();
    if let Some(audience) = AUDIENCE.get() {
        (audience.keep)(workload);
    }
    checked
}

fn record_answer(answer: &Answer) {
    let Answer { passed, digest, .. } = *answer;
    record(What::Checked { passed, summary: name_once(&answer.summary), digest });
}
