//! What is worth telling a visitor about a run, each from numbers that it shows.
//!
//! A lint is silent where its number is missing; none guesses at a reason.

use std::collections::HashSet;

use interleave_trace::{LaneId, State};

use crate::amounts::{count, duration, fixed, percent};
use crate::deadlock::{Stuck, stopped_circle};
use crate::report::{LaneReport, Report, RunOutcome, last_busy};
use crate::store::Store;

/// What kind of remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lint {
    /// "214 events were lost: the rings were full, so the picture has gaps."
    LostEvents,
    /// "These waited for each other: thread 1 holds lock left and waits for lock right; ... Another lane could still
    /// have let one of them go on, and none did."
    Circle,
    /// "thread 1 had 83 % of the work of 4 workers."
    Lopsided,
    /// "Workers were idle at the end: the last one worked for 31 ms after the first was done."
    Tail,
    /// "Starting workers took longer than the work: 48 ms against 12 ms."
    StartUp,
    /// "4 workers took turns: 1.0 of them running at once on average."
    TookTurns,
    /// "More lanes wanted to run than could: they were ready for 310 ms and running for 120 ms."
    Crowded,
}

/// A remark on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Of which kind.
    pub lint: Lint,
    /// It, in words.
    pub sentence: String,
    /// The lane that it is about, if it is one.
    pub lane: Option<LaneId>,
}

/// All remarks on a run that is over, the gravest first.
pub fn lints(store: &Store, report: &Report) -> Vec<Diagnosis> {
    if report.outcome == RunOutcome::Deadlocked {
        // How the work was shared out says nothing where it could not be done.
        return lost_events(store, report).into_iter().collect();
    }
    let lints = [lost_events, waited_in_circle, lopsided, tail, start_up, took_turns, crowded];
    lints.iter().filter_map(|lint| lint(store, report)).collect()
}

fn diagnosis(lint: Lint, lane: Option<LaneId>, sentence: String) -> Option<Diagnosis> {
    Some(Diagnosis { lint, sentence, lane })
}

/// Workers that had any work, and what they had in all. Who started other workers handed out the work and is not
/// one of them.
fn at_work<'a>(store: &Store, report: &'a Report) -> (Vec<&'a LaneReport>, u64) {
    let parents: HashSet<LaneId> = report.workers().filter_map(|lane| Some(store.lane(lane.lane)?.parent)).collect();
    let works = |lane: &&LaneReport| lane.busy_ns() > 0 && !parents.contains(&lane.lane);
    let workers: Vec<&LaneReport> = report.workers().filter(works).collect();
    let work = workers.iter().fold(0u64, |sum, lane| sum.saturating_add(lane.busy_ns()));
    (workers, work)
}

/// Entries found no room when they were recorded.
fn lost_events(_: &Store, report: &Report) -> Option<Diagnosis> {
    let lost = report.lost;
    let verb = if lost == 1 { "was" } else { "were" };
    let sentence = || format!("{} {verb} lost: the rings were full, so the picture has gaps.", count(lost, "event"));
    (lost > 0).then(sentence).and_then(|sentence| diagnosis(Lint::LostEvents, None, sentence))
}

/// Lanes waited for each other when the run was stopped. No deadlock: what they waited for any lane could release.
fn waited_in_circle(store: &Store, report: &Report) -> Option<Diagnosis> {
    if report.outcome != RunOutcome::Stopped {
        return None;
    }
    let circle = stopped_circle(store);
    let first = circle.first()?;
    let who: Vec<String> = circle.iter().map(Stuck::sentence).collect();
    let who = who.join("; ");
    let sentence =
        format!("These waited for each other: {who}. Another lane could have let one of them go on, and none did.");
    diagnosis(Lint::Circle, Some(first.lane), sentence)
}

/// One worker of several had more than twice its share, and most of the work.
fn lopsided(store: &Store, report: &Report) -> Option<Diagnosis> {
    let (workers, work) = at_work(store, report);
    let busiest = workers.iter().max_by_key(|lane| lane.busy_ns())?;
    let share = busiest.busy_ns() as f64 / work as f64;
    if workers.len() < 3 || share < 0.5 || share * (workers.len() as f64) < 2.0 {
        return None;
    }
    let workers = count(workers.len() as u64, "worker");
    let sentence = format!("{} had {} of the work of {workers}.", busiest.title, percent(share));
    diagnosis(Lint::Lopsided, Some(busiest.lane), sentence)
}

/// On average, workers were done before the last by a fifth of the run or more.
fn tail(store: &Store, report: &Report) -> Option<Diagnosis> {
    let (_, to) = report.window?;
    let wall = report.wall_ns.filter(|&wall| wall > 0)?;
    // A worker that did next to nothing is not one that was done early.
    let (workers, work) = at_work(store, report);
    let workers: Vec<_> = workers.into_iter().filter(|lane| lane.busy_ns().saturating_mul(50) > work).collect();
    let done = workers.iter().filter_map(|lane| Some((last_busy(store, store.lane(lane.lane)?, to)?, lane.lane)));
    let mut done: Vec<_> = done.collect();
    done.sort_unstable();
    let ((first, _), (last, lane)) = (*done.first()?, *done.last()?);
    let idle = done.iter().fold(0u64, |sum, (time, _)| sum.saturating_add(last.since(*time)));
    if done.len() < 2 || (idle as f64) < 0.2 * wall as f64 * (done.len() - 1) as f64 {
        return None;
    }
    let after = duration(last.since(first));
    let title = store.lane_title(lane);
    let sentence = format!("Workers were idle at the end: {title} worked for {after} after the first was done.");
    diagnosis(Lint::Tail, Some(lane), sentence)
}

/// The slowest start of a worker within the run: which lane, and how much of the run it took, in ns. Workers that
/// were there before the clock started took none of it.
fn slowest_start(store: &Store, report: &Report) -> Option<(LaneId, u64)> {
    let (from, to) = report.window?;
    let within = |lane: &LaneReport| {
        let lane = store.lane(lane.lane)?;
        Some((lane.id, lane.started?.min(to).since(lane.spawned?.max(from))))
    };
    report.workers().filter_map(within).max_by_key(|(_, start_up)| *start_up)
}

/// The slowest start of a worker took more of the run than what came after.
fn start_up(store: &Store, report: &Report) -> Option<Diagnosis> {
    let wall = report.wall_ns.filter(|&wall| wall > 0)?;
    let (lane, start_up) = slowest_start(store, report)?;
    let rest = wall.saturating_sub(start_up);
    if start_up <= rest {
        return None;
    }
    let (start_up, rest) = (duration(start_up), duration(rest));
    let sentence = format!("Starting workers took longer than the work: {start_up} against {rest}.");
    diagnosis(Lint::StartUp, Some(lane), sentence)
}

/// Several workers had a good part of the work each, but hardly ever two were running.
fn took_turns(store: &Store, report: &Report) -> Option<Diagnosis> {
    let (workers, work) = at_work(store, report);
    let shared = workers.iter().filter(|lane| lane.busy_ns().saturating_mul(10) > work).count();
    // While workers start, none can run.
    let starting = slowest_start(store, report).map_or(0, |(_, start_up)| start_up);
    let working = report.wall_ns?.checked_sub(starting).filter(|&working| working > 0)?;
    let at_once = work as f64 / working as f64;
    // Workers that mostly waited for the outside had nothing to run.
    if shared < 2 || at_once >= 1.1 || report.outside_ns() > work {
        return None;
    }
    let running = fixed((at_once * 10.0).round() as u64, 1);
    let workers = count(shared as u64, "worker");
    let sentence = format!("{workers} took turns: {running} of them running at once on average.");
    diagnosis(Lint::TookTurns, None, sentence)
}

/// Lanes were ready for longer than they were running.
fn crowded(_: &Store, report: &Report) -> Option<Diagnosis> {
    let (ready, busy) = (report.totals.get(State::Ready), report.busy_ns());
    if report.lanes.len() < 2 || busy == 0 || ready <= busy {
        return None;
    }
    let (ready, busy) = (duration(ready), duration(busy));
    let sentence =
        format!("More lanes wanted to run than could: together they were ready for {ready} and running for {busy}.");
    diagnosis(Lint::Crowded, None, sentence)
}
