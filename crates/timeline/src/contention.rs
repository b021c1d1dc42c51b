//! What waiting cost: of each object how often it was taken, for how long it was held and waited for, and of the lanes who
//! waited for whom.
//!
//! Whom a lane waited for is who had the object when the wait began; where nobody did, who ended the wait. Both are
//! facts of the trace. Times count from the run's start to its finish, as all times in states do.

use std::collections::HashMap;

use interleave_trace::{LaneId, ObjectId, ObjectKind, TimeNs};

use crate::edges::EdgeKind;
use crate::ids::Ids;
use crate::json::Json;
use crate::store::Store;

/// How many pairs of lanes a report lists; there may be 100,000 lanes.
const MOST_PAIRS: usize = 64;

/// How many objects a report lists.
const MOST_OBJECTS: usize = 256;

/// The figures of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectReport {
    /// Which.
    pub object: ObjectId,
    /// What it is.
    pub kind: ObjectKind,
    /// What it is called.
    pub title: String,
    /// How often it was taken.
    pub taken: u64,
    /// For how long it was held, all lanes together.
    pub held_ns: u64,
    /// Who held it longest: what that is called, and for how long.
    pub held_most: Option<(String, u64)>,
    /// How often a lane waited for it.
    pub waits: u64,
    /// For how long, all lanes together.
    pub waited_ns: u64,
    /// The longest of these waits.
    pub longest_wait_ns: u64,
    /// How many of them ended with their time.
    pub timed_out: u64,
    /// Who waited longest: what that is called, and for how long.
    pub waited_most: Option<(String, u64)>,
}

/// How long one lane waited for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitReport {
    /// Who waited.
    pub lane: LaneId,
    /// What that is called.
    pub title: String,
    /// For whom.
    pub whom: LaneId,
    /// What that is called.
    pub whom_title: String,
    /// For what most.
    pub most_for: String,
    /// How often.
    pub waits: u64,
    /// For how long.
    pub waited_ns: u64,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Contention {
    pub objects: Vec<ObjectReport>,
    pub waits: Vec<WaitReport>,
    gil: HashMap<LaneId, (u64, u64), Ids>,
    waited_for: HashMap<LaneId, (String, u64), Ids>,
}

impl Contention {
    pub fn most_waited_for(&self, lane: LaneId) -> Option<(String, u64)> {
        self.waited_for.get(&lane).cloned()
    }

    pub fn wanted_gil_ns(&self, lane: LaneId) -> u64 {
        self.gil.get(&lane).map_or(0, |(wanted, _)| *wanted)
    }

    pub fn held_gil_ns(&self, lane: LaneId) -> u64 {
        self.gil.get(&lane).map_or(0, |(_, held)| *held)
    }
}

/// How often and how long one lane waited for another, and for what.
#[derive(Default)]
struct Pair {
    waits: u64,
    ns: u64,
    through: HashMap<ObjectId, u64, Ids>,
}

/// What waiting cost within a window.
pub(crate) fn contention(store: &Store, window: Option<(TimeNs, TimeNs)>) -> Contention {
    let mut all = Contention::default();
    let Some((from, to)) = window else { return all };
    let within = |start: TimeNs, end: TimeNs| end.min(to).since(start.max(from));
    // Who let a lane go on at a time, through what.
    let mut wakers: HashMap<(LaneId, u64), LaneId, Ids> = HashMap::default();
    if !store.objects().is_empty() {
        for edge in store.edges().iter().filter(|edge| edge.kind == EdgeKind::Wake && edge.from != edge.to) {
            wakers.insert((edge.to, edge.arrived.0), edge.from);
        }
    }
    let mut pairs: HashMap<(LaneId, LaneId), Pair, Ids> = HashMap::default();
    for object in store.objects() {
        let Some(kind) = object.kind else { continue };
        let mut report = ObjectReport {
            object: object.id,
            kind,
            title: store.object_title(object.id),
            taken: object.times_taken(),
            held_ns: 0,
            held_most: None,
            waits: 0,
            waited_ns: 0,
            longest_wait_ns: 0,
            timed_out: 0,
            waited_most: None,
        };
        let mut held: HashMap<LaneId, u64, Ids> = HashMap::default();
        for hold in object.holds() {
            let end = |lane| store.lane(lane).map_or(store.latest(), |lane| store.lane_end(lane));
            let ns = within(hold.since, hold.until.unwrap_or_else(|| end(hold.lane)));
            report.held_ns = report.held_ns.saturating_add(ns);
            *held.entry(hold.lane).or_default() += ns;
        }
        let mut waited: HashMap<LaneId, u64, Ids> = HashMap::default();
        for &(place, slot) in object.waits() {
            let Some(lane) = store.lanes().get(place as usize) else { continue };
            let Some(span) = store.span_begun_by(lane, slot) else { continue };
            let ns = within(span.start, span.end);
            report.waits += 1;
            report.waited_ns = report.waited_ns.saturating_add(ns);
            report.longest_wait_ns = report.longest_wait_ns.max(ns);
            if store.timed_out(&span) {
                report.timed_out += 1;
            }
            *waited.entry(lane.id).or_default() += ns;
            let whom = span.holder.some().or_else(|| wakers.get(&(lane.id, span.end.0)).copied());
            if let Some(whom) = whom.filter(|whom| *whom != lane.id) {
                let pair = pairs.entry((lane.id, whom)).or_default();
                (pair.waits, pair.ns) = (pair.waits + 1, pair.ns.saturating_add(ns));
                *pair.through.entry(object.id).or_default() += ns;
            }
        }
        if kind == ObjectKind::Gil {
            for (&lane, &ns) in &held {
                all.gil.entry(lane).or_default().1 += ns;
            }
            for (&lane, &ns) in &waited {
                all.gil.entry(lane).or_default().0 += ns;
            }
        }
        report.held_most = most(store, &held);
        report.waited_most = most(store, &waited);
        if report.taken > 0 || report.waits > 0 {
            all.objects.push(report);
        }
    }
    all.objects.sort_by_key(|report| (std::cmp::Reverse((report.waited_ns, report.taken)), report.object));
    all.objects.truncate(MOST_OBJECTS);
    all.take_pairs(store, pairs);
    all
}

fn most(store: &Store, of: &HashMap<LaneId, u64, Ids>) -> Option<(String, u64)> {
    let most = of.iter().max_by_key(|(lane, ns)| (**ns, std::cmp::Reverse(**lane)));
    most.filter(|(_, ns)| **ns > 0).map(|(lane, ns)| (store.lane_title(*lane), *ns))
}

impl Contention {
    fn take_pairs(&mut self, store: &Store, pairs: HashMap<(LaneId, LaneId), Pair, Ids>) {
        let mut pairs: Vec<_> = pairs.into_iter().filter(|(_, pair)| pair.ns > 0).collect();
        pairs.sort_unstable_by_key(|(lanes, pair)| (std::cmp::Reverse(pair.ns), *lanes));
        for ((lane, whom), pair) in &pairs {
            self.waited_for.entry(*lane).or_insert_with(|| (store.lane_title(*whom), pair.ns));
        }
        self.waits = pairs
            .iter()
            .take(MOST_PAIRS)
            .map(|((lane, whom), pair)| {
                let most = pair.through.iter().max_by_key(|(on, ns)| (**ns, std::cmp::Reverse(**on)));
                WaitReport {
                    lane: *lane,
                    title: store.lane_title(*lane),
                    whom: *whom,
                    whom_title: store.lane_title(*whom),
                    most_for: most.map(|(on, _)| store.object_title(*on)).unwrap_or_default(),
                    waits: pair.waits,
                    waited_ns: pair.ns,
                }
            })
            .collect();
    }
}

impl ObjectReport {
    pub(crate) fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.key("name").text(&self.title);
            json.key("kind").text(self.kind.text());
            json.key("taken").number(Some(self.taken));
            json.key("held_ns").number(Some(self.held_ns));
            json.key("held_most_by").optional(self.held_most.as_ref().map(|(title, _)| title.as_str()));
            json.key("waits").number(Some(self.waits));
            json.key("waited_ns").number(Some(self.waited_ns));
            json.key("longest_wait_ns").number(Some(self.longest_wait_ns));
            json.key("timed_out").number(Some(self.timed_out));
            json.key("waited_most_by").optional(self.waited_most.as_ref().map(|(title, _)| title.as_str()));
        });
    }
}

impl WaitReport {
    pub(crate) fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.key("name").text(&self.title);
            json.key("for").text(&self.whom_title);
            json.key("mostly").text(&self.most_for);
            json.key("waits").number(Some(self.waits));
            json.key("waited_ns").number(Some(self.waited_ns));
        });
    }
}
