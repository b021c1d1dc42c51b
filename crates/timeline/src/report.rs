//! The figures of one run, all measured: how long it took, who worked how much, what starting cost.
//!
//! Times in states count from the run's start to its finish only: getting ready and checking belong to
//! nobody's share of the work. Start-up is counted wherever it lies, since a pool that is warm before the run
//! begins has cost its start all the same.

use interleave_trace::{LaneId, LaneKind, ObjectId, ObjectKind, Outcome, State, TimeNs};

use crate::contention::{ObjectReport, WaitReport, contention};
use crate::deadlock::Deadlock;
use crate::json::Json;
use crate::lanes::process_of;
use crate::spans::StateTotals;
use crate::store::{Lane, Store};

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    /// The work has not begun.
    Preparing,
    /// The work goes on.
    Running,
    /// The work was done, and its result is right if it was checked.
    Completed,
    /// The work was done, and its result is wrong.
    WrongResult,
    /// A worker gave up or vanished before the work was done.
    Failed,
    /// Lanes waited for what could never come, and it was ended for that.
    Deadlocked,
    /// It was stopped.
    Stopped,
}

impl RunOutcome {
    /// Its name in texts.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::WrongResult => "wrong result",
            Self::Failed => "failed",
            Self::Deadlocked => "deadlocked",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the work was done.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::WrongResult)
    }
}

/// The figures of one lane.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneReport {
    /// Which.
    pub lane: LaneId,
    /// What it is called.
    pub title: String,
    /// What it is.
    pub kind: LaneKind,
    /// Time in each state during the run.
    pub totals: StateTotals,
    /// For whom it waited most during the run, if that was told: what that is called, and for how long.
    pub waited_for: Option<(String, u64)>,
    /// Time for which it could have run but for the GIL, during the run.
    pub wanted_gil_ns: u64,
    /// Time for which it had the GIL, during the run.
    pub held_gil_ns: u64,
    /// How many spans it has, in and out of the run.
    pub spans: usize,
    /// From being asked for to its first instruction.
    pub start_up_ns: Option<u64>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl LaneReport {
    /// Time executing during the run.
    pub fn busy_ns(&self) -> u64 {
        self.totals.get(State::Running)
    }

    /// Whether it has a thread of its own.
    pub fn is_worker(&self) -> bool {
        matches!(self.kind, LaneKind::Thread | LaneKind::Process)
    }
}

/// The least, the middle and the most of some durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// How many there were.
    pub count: usize,
    /// The least.
    pub min_ns: u64,
    /// The middle one; of two, the mean.
    pub median_ns: u64,
    /// The most.
    pub max_ns: u64,
}

impl Spread {
    /// Of any durations, if there are some.
    pub fn of(mut durations: Vec<u64>) -> Option<Self> {
        durations.sort_unstable();
        let count = durations.len();
        let (min_ns, max_ns) = (*durations.first()?, *durations.last()?);
        let (low, high) = (durations[(count - 1) / 2], durations[count / 2]);
        Some(Self { count, min_ns, median_ns: low + (high - low) / 2, max_ns })
    }
}

/// The memory of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceReport {
    /// The first lane of the process.
    pub lane: LaneId,
    /// What that is called.
    pub title: String,
    /// The most memory it had.
    pub memory_bytes: u64,
}

/// The run's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultReport {
    /// Whether it is right.
    pub passed: bool,
    /// It, in words.
    pub summary: String,
    /// A digest of all of it.
    pub digest: u64,
}

/// See the module's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How the run stands.
    pub outcome: RunOutcome,
    /// When the work began and was done, or how far it has come.
    pub window: Option<(TimeNs, TimeNs)>,
    /// From the one to the other.
    pub wall_ns: Option<u64>,
    /// Every lane but the page.
    pub lanes: Vec<LaneReport>,
    /// Time in each state during the run, of all of these lanes.
    pub totals: StateTotals,
    /// Start-up of workers.
    pub start_up: Option<Spread>,
    /// Start-up of tasks.
    pub task_start_up: Option<Spread>,
    /// Memory, by instance.
    pub instances: Vec<InstanceReport>,
    /// Messages sent.
    pub messages: u64,
    /// Their payloads.
    pub message_bytes: u64,
    /// Spans on all lanes.
    pub spans: u64,
    /// Entries that were not recorded for want of room.
    pub lost: u64,
    /// The result, once it was checked.
    pub result: Option<ResultReport>,
    /// What lanes took or waited for, that which cost most waiting first.
    pub objects: Vec<ObjectReport>,
    /// Who waited for whom, the most first.
    pub waits: Vec<WaitReport>,
    /// Who could never go on, if the run was ended for that.
    pub deadlock: Option<Deadlock>,
}

impl Report {
    /// The figures of a run as far as it has come.
    pub fn of(store: &Store) -> Self {
        let outcome = outcome(store);
        let window = store.run_started().map(|start| (start, run_end(store, outcome).max(start)));
        let mut totals = StateTotals::default();
        let mut lanes = Vec::with_capacity(store.lanes().len());
        let contention = contention(store, window);
        for lane in store.lanes() {
            if lane.kind == LaneKind::Page || (lane.span_count() == 0 && lane.spawned.is_none()) {
                continue;
            }
            let own = window.map(|(from, to)| store.totals(lane, from, to)).unwrap_or_default();
            totals.add_all(&own);
            lanes.push(LaneReport {
                lane: lane.id,
                title: store.lane_title(lane.id),
                kind: lane.kind,
                totals: own,
                waited_for: contention.most_waited_for(lane.id),
                wanted_gil_ns: contention.wanted_gil_ns(lane.id),
                held_gil_ns: contention.held_gil_ns(lane.id),
                spans: lane.span_count(),
                start_up_ns: lane.start_up_ns(),
                outcome: lane.ended.map(|(_, outcome)| outcome),
            });
        }
        let start_ups = |workers: bool| {
            let some = lanes.iter().filter(|lane| lane.is_worker() == workers);
            Spread::of(some.filter_map(|lane| lane.start_up_ns).collect())
        };
        let (start_up, task_start_up) = (start_ups(true), start_ups(false));
        let sent = || store.messages().iter().filter(|message| message.sent.is_some());
        Self {
            outcome,
            window,
            wall_ns: window.map(|(from, to)| to.since(from)),
            lanes,
            totals,
            start_up,
            task_start_up,
            instances: instances(store),
            messages: sent().count() as u64,
            message_bytes: sent().map(|message| u64::from(message.bytes)).sum(),
            spans: store.span_count(),
            lost: store.lost(),
            result: store.checked().map(|checked| ResultReport {
                passed: checked.passed,
                summary: store.name(checked.summary).to_owned(),
                digest: checked.digest,
            }),
            objects: contention.objects,
            waits: contention.waits,
            deadlock: (outcome == RunOutcome::Deadlocked).then(|| Deadlock::of(store)).flatten(),
        }
    }

    /// The figures of the GIL, if there is one; of several instances the first's.
    pub fn gil(&self) -> Option<&ObjectReport> {
        self.objects.iter().find(|object| object.kind == ObjectKind::Gil)
    }

    /// The figures of one object.
    pub fn object(&self, id: ObjectId) -> Option<&ObjectReport> {
        self.objects.iter().find(|object| object.object == id)
    }

    /// Time executing during the run, of all lanes.
    pub fn busy_ns(&self) -> u64 {
        self.totals.get(State::Running)
    }

    /// How many lanes were running at once on average; `None` before the run.
    pub fn at_once(&self) -> Option<f64> {
        self.per_wall(self.busy_ns())
    }

    /// How many lanes slept or were at I/O at once on average; `None` before the run.
    pub fn outside_at_once(&self) -> Option<f64> {
        self.per_wall(self.outside_ns())
    }

    /// Time that lanes slept or waited for the outside during the run.
    pub fn outside_ns(&self) -> u64 {
        self.totals.get(State::Sleeping).saturating_add(self.totals.get(State::Io))
    }

    fn per_wall(&self, ns: u64) -> Option<f64> {
        self.wall_ns.filter(|&wall| wall > 0).map(|wall| ns as f64 / wall as f64)
    }

    /// Workers: lanes with a thread of their own.
    pub fn workers(&self) -> impl Iterator<Item = &LaneReport> {
        self.lanes.iter().filter(|lane| lane.is_worker())
    }

    /// How many lanes of a kind there are.
    pub fn count_of(&self, kind: LaneKind) -> usize {
        self.lanes.iter().filter(|lane| lane.kind == kind).count()
    }

    /// Memory of all instances.
    pub fn memory_bytes(&self) -> u64 {
        self.instances.iter().fold(0, |sum, instance| sum.saturating_add(instance.memory_bytes))
    }

    /// As JSON, every key of a quantity with its unit.
    pub fn to_json(&self) -> String {
        let mut json = Json::default();
        json.object(|json| self.write(json));
        json.into_text()
    }

    pub(crate) fn write(&self, json: &mut Json) {
        json.key("outcome").text(self.outcome.text());
        json.key("wall_ns").number(self.wall_ns);
        json.key("busy_ns").number(Some(self.busy_ns()));
        json.key("totals_ns").object(|json| totals_to_json(&self.totals, json));
        for (key, spread) in [("start_up", &self.start_up), ("task_start_up", &self.task_start_up)] {
            json.key(key);
            match spread {
                None => json.null(),
                Some(spread) => json.object(|json| {
                    json.key("count").number(Some(spread.count as u64));
                    json.key("min_ns").number(Some(spread.min_ns));
                    json.key("median_ns").number(Some(spread.median_ns));
                    json.key("max_ns").number(Some(spread.max_ns));
                }),
            }
        }
        json.key("memory_bytes").number(Some(self.memory_bytes()));
        json.key("instances").list(&self.instances, |instance, json| {
            json.object(|json| {
                json.key("name").text(&instance.title);
                json.key("memory_bytes").number(Some(instance.memory_bytes));
            });
        });
        json.key("messages").number(Some(self.messages));
        json.key("message_bytes").number(Some(self.message_bytes));
        json.key("spans").number(Some(self.spans));
        json.key("lost_entries").number(Some(self.lost));
        json.key("result");
        match &self.result {
            None => json.null(),
            Some(result) => json.object(|json| {
                json.key("passed").truth(result.passed);
                json.key("summary").text(&result.summary);
                // Sixteen hex digits: JSON's numbers lose the last bits of a digest.
                json.key("digest").text(&format!("{:016x}", result.digest));
            }),
        }
        json.key("deadlock");
        match &self.deadlock {
            None => json.null(),
            Some(deadlock) => deadlock.write(json),
        }
        json.key("objects").list(&self.objects, |object, json| object.write(json));
        json.key("waits").list(&self.waits, |wait, json| wait.write(json));
        json.key("lanes").list(&self.lanes, |lane, json| {
            json.object(|json| {
                json.key("name").text(&lane.title);
                json.key("kind").text(lane.kind.text());
                json.key("spans").number(Some(lane.spans as u64));
                json.key("start_up_ns").number(lane.start_up_ns);
                json.key("totals_ns").object(|json| totals_to_json(&lane.totals, json));
                json.key("waited_for").optional(lane.waited_for.as_ref().map(|(title, _)| title.as_str()));
                json.key("waited_for_ns").number(lane.waited_for.as_ref().map(|(_, ns)| *ns));
                json.key("wanted_gil_ns").number(Some(lane.wanted_gil_ns));
                json.key("held_gil_ns").number(Some(lane.held_gil_ns));
                json.key("outcome");
                match lane.outcome {
                    None => json.null(),
                    Some(outcome) => json.text(outcome.text()),
                }
            });
        });
    }
}

fn totals_to_json(totals: &StateTotals, json: &mut Json) {
    for state in State::ALL {
        json.key(state.text()).number(Some(totals.get(*state)));
    }
}

fn outcome(store: &Store) -> RunOutcome {
    if store.run_finished().is_some() {
        return match store.checked() {
            Some(checked) if !checked.passed => RunOutcome::WrongResult,
            _ => RunOutcome::Completed,
        };
    }
    let workers = || store.lanes().iter().filter(|lane| lane.kind != LaneKind::Task);
    let any =
        |outcomes: &[Outcome]| workers().any(|lane| lane.ended.is_some_and(|(_, outcome)| outcomes.contains(&outcome)));
    if any(&[Outcome::Failed, Outcome::Killed]) {
        RunOutcome::Failed
    } else if store.lanes().iter().any(|lane| matches!(lane.ended, Some((_, Outcome::Deadlocked)))) {
        RunOutcome::Deadlocked
    } else if any(&[Outcome::Stopped, Outcome::Cancelled]) {
        RunOutcome::Stopped
    } else if store.run_started().is_some() {
        RunOutcome::Running
    } else {
        RunOutcome::Preparing
    }
}

/// When the run was over: as marked, or when its last lane ended, or now.
fn run_end(store: &Store, outcome: RunOutcome) -> TimeNs {
    store.run_finished().unwrap_or_else(|| match outcome {
        RunOutcome::Failed | RunOutcome::Deadlocked | RunOutcome::Stopped => {
            let ends = store.lanes().iter().filter_map(|lane| lane.ended.map(|(end, _)| end));
            ends.max().unwrap_or(store.latest())
        }
        _ => store.latest(),
    })
}

/// The memory of each process: that of the lane which saw the most.
fn instances(store: &Store) -> Vec<InstanceReport> {
    let mut instances: Vec<InstanceReport> = Vec::new();
    for (lane, memory_bytes) in store.lanes().iter().filter_map(|lane| Some((lane, lane.memory_bytes?))) {
        let process = process_of(store, lane.id);
        match instances.iter_mut().find(|instance| instance.lane == process) {
            Some(instance) => instance.memory_bytes = instance.memory_bytes.max(memory_bytes),
            None => instances.push(InstanceReport { lane: process, title: store.lane_title(process), memory_bytes }),
        }
    }
    instances
}

/// For how long two lanes were running at the same time.
pub fn overlap_ns(store: &Store, a: LaneId, b: LaneId) -> u64 {
    let (Some(a), Some(b)) = (store.lane(a), store.lane(b)) else { return 0 };
    let (mut running_a, mut running_b) = (running(store, a), running(store, b));
    let (mut next_a, mut next_b) = (running_a.next(), running_b.next());
    let mut overlap = 0;
    while let (Some((start_a, end_a)), Some((start_b, end_b))) = (next_a, next_b) {
        overlap += end_a.min(end_b).saturating_sub(start_a.max(start_b));
        if end_a <= end_b {
            next_a = running_a.next();
        } else {
            next_b = running_b.next();
        }
    }
    overlap
}

fn running<'a>(store: &'a Store, lane: &'a Lane) -> impl Iterator<Item = (u64, u64)> {
    let end = store.lane_end(lane).0;
    let spans = lane.spans();
    (0..spans.len())
        .filter(|&at| spans.state(at) == Some(State::Running))
        .filter_map(move |at| Some((spans.start(at)?, spans.start(at + 1).unwrap_or(end))))
}

/// When a lane was last running during a run that ended at `to`.
pub(crate) fn last_busy(store: &Store, lane: &Lane, to: TimeNs) -> Option<TimeNs> {
    let spans = lane.spans();
    let begun = spans.begun_before(to.0);
    let last = (0..begun).rev().find(|&at| spans.state(at) == Some(State::Running))?;
    Some(TimeNs(spans.start(last + 1).unwrap_or(store.lane_end(lane).0)).min(to))
}
