//! Causes that cross lanes: spawn, join, message, wake.
//!
//! The two ends of an edge are often told by two rings, in either order, so an end that comes first waits for
//! the other. Edges lie in groups of [`GROUP`], by kind and in order of arrival, which is nearly that of
//! time: a stretch of time is found by passing over the groups that miss it.

use std::collections::{HashMap, VecDeque};

use interleave_trace::{LaneId, ObjectId, TimeNs};

use crate::ids::Ids;

/// What an edge tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EdgeKind {
    /// A lane was asked for, and started.
    Spawn,
    /// A lane ended, and who waited for that knows.
    Join,
    /// A message was sent, and received.
    Message,
    /// A lane let another go on, and it went on.
    Wake,
}

impl EdgeKind {
    /// All of them.
    pub const ALL: [EdgeKind; 4] = [Self::Spawn, Self::Join, Self::Message, Self::Wake];

    /// Its name in texts.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Spawn => "spawn",
            Self::Join => "join",
            Self::Message => "message",
            Self::Wake => "wake",
        }
    }
}

/// One cause that crosses lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What it tells.
    pub kind: EdgeKind,
    /// The lane that caused.
    pub from: LaneId,
    /// When it did.
    pub left: TimeNs,
    /// The lane that was affected.
    pub to: LaneId,
    /// When it was.
    pub arrived: TimeNs,
    /// Through which object, or none.
    pub on: ObjectId,
}

/// Which edge of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeId(pub u32);

/// How many edges share one note of the time they cover.
const GROUP: usize = 128;

#[derive(Clone, Debug)]
struct Group {
    first: u64,
    last: u64,
    edges: Vec<u32>,
}

/// A wake whose target has not gone on yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PendingWake {
    pub time: u64,
    pub waker: LaneId,
    pub on: ObjectId,
}

/// See the module's text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges {
    all: Vec<Edge>,
    groups: [Vec<Group>; EdgeKind::ALL.len()],
    touching: HashMap<LaneId, Vec<u32>, Ids>,
    /// By target, in order of time.
    wakes: HashMap<LaneId, VecDeque<PendingWake>, Ids>,
    joins: HashMap<LaneId, Vec<(LaneId, u64)>, Ids>,
}

impl Edges {
    pub fn add(&mut self, edge: Edge) {
        let id = self.all.len() as u32;
        let (first, last) = (edge.left.0.min(edge.arrived.0), edge.left.0.max(edge.arrived.0));
        let groups = &mut self.groups[edge.kind as usize];
        match groups.last_mut() {
            Some(group) if group.edges.len() < GROUP => {
                group.first = group.first.min(first);
                group.last = group.last.max(last);
                group.edges.push(id);
            }
            _ => groups.push(Group { first, last, edges: vec![id] }),
        }
        self.touching.entry(edge.from).or_default().push(id);
        if edge.to != edge.from {
            self.touching.entry(edge.to).or_default().push(id);
        }
        self.all.push(edge);
    }

    pub fn all(&self) -> &[Edge] {
        &self.all
    }

    /// Those of a kind that touch the time between `from` and `to`.
    pub fn of_kind_in(&self, kind: EdgeKind, from: u64, to: u64) -> impl Iterator<Item = (EdgeId, &Edge)> {
        self.groups[kind as usize]
            .iter()
            .filter(move |group| group.first <= to && group.last >= from)
            .flat_map(|group| &group.edges)
            .filter_map(|&id| Some((EdgeId(id), self.all.get(id as usize)?)))
            .filter(move |(_, edge)| edge.left.0.min(edge.arrived.0) <= to && edge.left.0.max(edge.arrived.0) >= from)
    }

    /// How many of a kind [`Self::of_kind_in`] gives at most, at the cost of a look at each group.
    pub fn most_in(&self, kind: EdgeKind, from: u64, to: u64) -> usize {
        let touched = self.groups[kind as usize].iter().filter(|group| group.first <= to && group.last >= from);
        touched.map(|group| group.edges.len()).sum()
    }

    /// Those that leave or reach a lane.
    pub fn touching(&self, lane: LaneId) -> impl DoubleEndedIterator<Item = (EdgeId, &Edge)> {
        let ids = self.touching.get(&lane).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|&id| Some((EdgeId(id), self.all.get(id as usize)?)))
    }

    pub fn wake_later(&mut self, target: LaneId, wake: PendingWake) {
        let wakes = self.wakes.entry(target).or_default();
        let at = match wakes.back() {
            Some(last) if last.time > wake.time => wakes.partition_point(|earlier| earlier.time <= wake.time),
            _ => wakes.len(),
        };
        wakes.insert(at, wake);
    }

    /// Takes the wakes of a target that were told for `time` or before, and says whether others are left.
    pub fn take_wakes(&mut self, target: LaneId, time: u64) -> (Vec<PendingWake>, bool) {
        let Some(wakes) = self.wakes.get_mut(&target) else { return (Vec::new(), false) };
        let due = wakes.partition_point(|wake| wake.time <= time);
        let due = wakes.drain(..due).collect();
        let left = !wakes.is_empty();
        if !left {
            self.wakes.remove(&target);
        }
        (due, left)
    }

    pub fn join_later(&mut self, child: LaneId, by: LaneId, time: u64) {
        self.joins.entry(child).or_default().push((by, time));
    }

    pub fn take_joins(&mut self, child: LaneId) -> Vec<(LaneId, u64)> {
        self.joins.remove(&child).unwrap_or_default()
    }
}
