//! Several runs of one workload beside each other, and one sentence drawn from their numbers.
//!
//! The sentence knows nothing of what ought to come out. Each clause is there because a number says so: that
//! one thread ran all tasks is said if just one worker was running, not because they are tasks.

use interleave_trace::{LaneKind, State};

use crate::amounts::{duration, fixed, ratio};
use crate::json::Json;
use crate::report::{Report, RunOutcome};

/// What the sequential run spent its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Four fifths and more in running.
    CpuBound,
    /// Four fifths and more in waiting for the outside.
    IoBound,
    /// Neither.
    Mixed,
    /// It recorded nothing of it.
    Unknown,
}

impl Load {
    /// Of a sequential run.
    pub fn of(report: &Report) -> Self {
        let (busy, outside) = (report.busy_ns(), report.outside_ns());
        match busy.saturating_add(outside) {
            0 => Self::Unknown,
            all if busy as f64 >= 0.8 * all as f64 => Self::CpuBound,
            all if outside as f64 >= 0.8 * all as f64 => Self::IoBound,
            _ => Self::Mixed,
        }
    }

    /// Its name in texts.
    pub const fn text(self) -> &'static str {
        match self {
            Self::CpuBound => "CPU-bound",
            Self::IoBound => "I/O-bound",
            Self::Mixed => "Mixed load",
            Self::Unknown => "Unknown load",
        }
    }
}

/// One run to be compared.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// How it ran, in the plural: "threads".
    pub name: &'a str,
    /// How many workers it was given.
    pub workers: u32,
    /// Its figures, or why there are none: "this page is not isolated".
    pub run: Result<&'a Report, &'a str>,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonRow {
    /// How it ran.
    pub name: String,
    /// How many workers it was given.
    pub workers: u32,
    /// Why there are no figures.
    pub missing: Option<String>,
    /// How it stands.
    pub outcome: Option<RunOutcome>,
    /// How long it took, if it was done.
    pub wall_ns: Option<u64>,
    /// Its time as a share of the sequential time.
    pub ratio: Option<f64>,
    /// The sequential time as a multiple of its own.
    pub speed_up: Option<f64>,
    /// Speed-up per worker.
    pub efficiency: Option<f64>,
    /// Time executing, of all lanes.
    pub busy_ns: u64,
    /// Lanes running at once, on average.
    pub at_once: Option<f64>,
    /// The middle start-up of its workers.
    pub start_up_ns: Option<u64>,
    /// Memory of all its instances.
    pub memory_bytes: u64,
    /// Messages sent.
    pub messages: u64,
    /// Their payloads.
    pub message_bytes: u64,
    /// Whether its result is that of the sequential run.
    pub same_result: Option<bool>,
}

/// See the module's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What the workload does, from the sequential run.
    pub load: Load,
    /// The sequential run and the others.
    pub rows: Vec<ComparisonRow>,
    /// What came out.
    pub sentence: String,
}

impl Comparison {
    /// Compares runs with the sequential one.
    pub fn of(sequential: &Report, others: &[Compared]) -> Self {
        let base = Compared { name: "sequential", workers: 1, run: Ok(sequential) };
        let rows = std::iter::once(&base).chain(others).map(|run| row(sequential, run)).collect();
        let load = Load::of(sequential);
        Self { load, rows, sentence: sentence(load, sequential, others) }
    }

    /// As JSON, every key of a quantity with its unit.
    pub fn to_json(&self) -> String {
        let mut json = Json::default();
        json.object(|json| {
            json.key("load").text(self.load.text());
            json.key("sentence").text(&self.sentence);
            json.key("models").list(&self.rows, |row, json| {
                json.object(|json| {
                    json.key("name").text(&row.name);
                    json.key("workers").number(Some(u64::from(row.workers)));
                    json.key("wall_ns").number(row.wall_ns);
                    json.key("of_sequential").ratio(row.ratio);
                    json.key("speed_up").ratio(row.speed_up);
                    json.key("efficiency").ratio(row.efficiency);
                    json.key("busy_ns").number(Some(row.busy_ns));
                    json.key("running_at_once").ratio(row.at_once);
                    json.key("start_up_ns").number(row.start_up_ns);
                    json.key("memory_bytes").number(Some(row.memory_bytes));
                    json.key("messages").number(Some(row.messages));
                    json.key("message_bytes").number(Some(row.message_bytes));
                    json.key("same_result");
                    match row.same_result {
                        Some(same) => json.truth(same),
                        None => json.null(),
                    }
                    json.key("missing");
                    match &row.missing {
                        Some(why) => json.text(why),
                        None => json.null(),
                    }
                });
            });
        });
        json.into_text()
    }
}

/// How long a run took, if it was done.
fn done_in(report: &Report) -> Option<u64> {
    report.wall_ns.filter(|_| report.outcome.is_done())
}

fn share(sequential: &Report, report: &Report) -> Option<f64> {
    let (base, wall) = (done_in(sequential)?, done_in(report)?);
    (base > 0).then(|| wall as f64 / base as f64)
}

fn row(sequential: &Report, compared: &Compared) -> ComparisonRow {
    let report = compared.run.ok();
    let ratio = report.and_then(|report| share(sequential, report));
    let speed_up = ratio.filter(|&ratio| ratio > 0.0).map(|ratio| 1.0 / ratio);
    ComparisonRow {
        name: compared.name.to_owned(),
        workers: compared.workers,
        missing: compared.run.err().map(str::to_owned),
        outcome: report.map(|report| report.outcome),
        wall_ns: report.and_then(done_in),
        ratio,
        speed_up,
        efficiency: speed_up.map(|speed_up| speed_up / f64::from(compared.workers.max(1))),
        busy_ns: report.map_or(0, Report::busy_ns),
        at_once: report.and_then(Report::at_once),
        start_up_ns: report.and_then(|report| report.start_up).map(|spread| spread.median_ns),
        memory_bytes: report.map_or(0, Report::memory_bytes),
        messages: report.map_or(0, |report| report.messages),
        message_bytes: report.map_or(0, |report| report.message_bytes),
        same_result: report.and_then(|report| same_result(sequential, report)),
    }
}

fn same_result(sequential: &Report, report: &Report) -> Option<bool> {
    let (base, other) = (sequential.result.as_ref()?, report.result.as_ref()?);
    Some(other.passed && base.digest == other.digest)
}

fn sentence(load: Load, sequential: &Report, others: &[Compared]) -> String {
    if done_in(sequential).is_none() {
        return format!("There is nothing to compare with: the sequential run is {}.", sequential.outcome.text());
    }
    let mut clauses = Vec::new();
    let mut said_of_what = false;
    for compared in others {
        let name = compared.name;
        let report = match compared.run {
            Ok(report) => report,
            Err(why) => {
                clauses.push(format!("{name} did not run, since {why}"));
                continue;
            }
        };
        let Some(share) = share(sequential, report) else {
            clauses.push(format!("{name} did not finish ({})", report.outcome.text()));
            continue;
        };
        let of_what = if said_of_what { "it" } else { "the sequential time" };
        said_of_what = true;
        let counted = counted(compared, report);
        let mut clause = match share.round() {
            times if times >= 10.0 => format!("{counted} took {times:.0} times {of_what}"),
            _ => format!("{counted} took {} of {of_what}", ratio(share)),
        };
        if let Some(reason) = reason(load, share, compared, report) {
            clause.push_str(", ");
            clause.push_str(&reason);
        }
        if same_result(sequential, report) == Some(false) {
            clause.push_str(", with another result");
        }
        clauses.push(clause);
    }
    if clauses.is_empty() {
        return format!("{}: there is no other run to compare with.", load.text());
    }
    format!("{}: {}.", load.text(), clauses.join("; "))
}

/// "2 threads"; tasks are not counted by the worker that runs them.
fn counted(compared: &Compared, report: &Report) -> String {
    let name = compared.name;
    if report.count_of(LaneKind::Task) > 0 {
        return name.to_owned();
    }
    match compared.workers {
        1 => format!(
            "1 {}",
            name.strip_suffix("es").filter(|one| one.ends_with("ss")).unwrap_or(name.trim_end_matches('s'))
        ),
        workers => format!("{workers} {name}"),
    }
}

/// What its numbers say about why it took as long as it did, if they say anything.
fn reason(load: Load, share: f64, compared: &Compared, report: &Report) -> Option<String> {
    let wall = report.wall_ns.filter(|&wall| wall > 0)? as f64;
    let at_once = report.at_once()?;
    let outside = report.outside_at_once()?;
    let tasks = report.count_of(LaneKind::Task);
    let one_decimal = |value: f64| fixed((value * 10.0).round() as u64, 1);
    if share < 0.95 {
        // Faster: with what did it overlap?
        return (load != Load::CpuBound && outside >= 1.2 && at_once < 1.1)
            .then(|| format!("since {} waits went on at once on average", one_decimal(outside)));
    }
    let starting = report.workers().map(|lane| lane.totals.get(State::Starting)).max().unwrap_or(0);
    if starting as f64 >= 0.25 * wall {
        return Some(format!("{} of which went into starting workers", duration(starting)));
    }
    // One thread explains that nothing was gained, not that much was lost.
    if tasks > 1 && at_once <= 1.05 && share <= 1.3 && load != Load::IoBound {
        return Some("since one thread ran them all".to_owned());
    }
    if tasks > 1 && load == Load::IoBound && outside < 1.2 {
        return Some("since their waits did not overlap".to_owned());
    }
    if compared.workers > 1 {
        return Some(format!("with {} lanes running at once on average", one_decimal(at_once)));
    }
    None
}
