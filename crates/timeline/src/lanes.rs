//! The order in which lanes are shown: by process, then by worker, tasks under the worker that runs them.
//!
//! ```text
//!  page                 depth 0
//!  host                 depth 0   a process: its first thread
//!  ├ task 0             depth 1   hosted by it
//!  ├ thread 1           depth 1   shares its memory
//!  │ └ task 1           depth 2   hosted by thread 1
//!  process 2            depth 0
//! ```
//!
//! While a run grows, a new lane goes to the end of its place and never between two that are shown, so rows
//! keep their order. A lane that was seen at work before it is known who asked for it is kept back for a
//! moment instead of being moved later.

use interleave_trace::{LaneId, LaneKind};

use crate::store::{Lane, Store};

/// For how many updates a lane is kept back that nobody is known to have asked for.
const PATIENCE: u32 = 30;

/// Which lanes get a place although it is not known that it is theirs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Force {
    None,
    Unasked,
    All,
}

const NOWHERE: u32 = u32::MAX;

/// A lane's place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which lane.
    pub lane: LaneId,
    /// How far it is indented.
    pub depth: u8,
    /// Whether a process begins here.
    pub first_of_group: bool,
    /// Whether lanes belong under it, shown or not.
    pub has_children: bool,
    /// Whether the lanes under it are hidden.
    pub collapsed: bool,
    /// Where the lane is in the store.
    pub(crate) place: u32,
}

#[derive(Clone, Debug, Default)]
struct Node {
    lane: Option<LaneId>,
    placed: bool,
    depth: u8,
    /// The root of its process.
    group: u32,
    tasks: Vec<u32>,
    threads: Vec<u32>,
    collapsed: bool,
}

/// See the module's text.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    nodes: Vec<Node>,
    roots: Vec<u32>,
    /// Lanes that have no place yet, with the number of updates they have waited.
    waiting: Vec<(u32, u32)>,
    rows: Vec<Row>,
    /// The row of each lane of the store, or [`NOWHERE`].
    row_of: Vec<u32>,
}

/// The first lane of the process that a lane belongs to: lanes with the same one share their memory.
pub fn process_of(store: &Store, lane: LaneId) -> LaneId {
    let mut at = lane;
    // As many steps as any sound trace needs: a damaged one may have a lane be its own ancestor.
    for _ in 0..64 {
        let Some(known) = store.lane(at) else { break };
        let above = match known.kind {
            LaneKind::Page | LaneKind::Process => break,
            LaneKind::Task => known.host.some().unwrap_or(known.parent),
            LaneKind::Thread => known.parent,
        };
        match store.lane(above) {
            Some(above) if above.kind != LaneKind::Page && above.id != at => at = above.id,
            _ => break,
        }
    }
    at
}

impl Rows {
    /// The rows of a run that is over.
    pub fn of(store: &Store) -> Self {
        let mut rows = Self::default();
        rows.settle(store);
        rows
    }

    /// Takes in what is new. Gives whether anything changed.
    pub fn update(&mut self, store: &Store) -> bool {
        self.take_in(store, PATIENCE)
    }

    /// As [`Self::update`], and gives a place also to lanes that nobody is known to have asked for: at the
    /// end of a run nothing more will come.
    pub fn settle(&mut self, store: &Store) -> bool {
        self.take_in(store, 0)
    }

    fn take_in(&mut self, store: &Store, patience: u32) -> bool {
        let known = self.nodes.len();
        self.nodes.resize_with(store.lanes().len(), Node::default);
        for (place, lane) in store.lanes().iter().enumerate().skip(known) {
            self.nodes[place].lane = Some(lane.id);
            self.waiting.push((place as u32, 0));
        }
        let mut changed = false;
        let mut waiting = std::mem::take(&mut self.waiting);
        // First those whose place is known; then those nobody asked for, whose own lanes may have waited for
        // them; then the rest, which is each other's ancestor in a damaged trace.
        for force in [Force::None, Force::Unasked, Force::None, Force::All] {
            while !waiting.is_empty() {
                let before = waiting.len();
                waiting.retain(|&(place, waited)| {
                    let force = if waited >= patience { force } else { Force::None };
                    !self.try_place(store, place, force)
                });
                if waiting.len() == before {
                    break;
                }
                changed = true;
            }
        }
        for (place, waited) in &mut waiting {
            let lane = &store.lanes()[*place as usize];
            *waited = if lane.span_count() > 0 { waited.saturating_add(1) } else { 0 };
        }
        self.waiting = waiting;
        if changed {
            self.flatten();
        }
        changed
    }

    fn try_place(&mut self, store: &Store, place: u32, force: Force) -> bool {
        let Some(lane) = store.lanes().get(place as usize) else { return false };
        if lane.span_count() == 0 && lane.spawned.is_none() {
            // Only mentioned: a waker's target, a parent that recorded nothing.
            return false;
        }
        if lane.spawned.is_none() && lane.kind != LaneKind::Page && force == Force::None {
            return false;
        }
        let above = match lane.kind {
            LaneKind::Page | LaneKind::Process => None,
            LaneKind::Task => self.above(store, lane.host.some().unwrap_or(lane.parent)),
            LaneKind::Thread => self.above(store, lane.parent),
        };
        match above {
            Some(above) if self.nodes[above as usize].placed => self.put_under(place, above, lane),
            Some(_) if force != Force::All => return false,
            _ => self.put_root(place),
        }
        true
    }

    /// The lane that another belongs to, unless there is none or it is the page, whose workers stand alone.
    fn above(&self, store: &Store, id: LaneId) -> Option<u32> {
        let place = store.lane_place(id)?;
        (store.lanes()[place].kind != LaneKind::Page).then_some(place as u32)
    }

    fn put_root(&mut self, place: u32) {
        let node = &mut self.nodes[place as usize];
        (node.placed, node.depth, node.group) = (true, 0, place);
        self.roots.push(place);
    }

    fn put_under(&mut self, place: u32, above: u32, lane: &Lane) {
        // A thread belongs to its process, whichever of its lanes asked for it; a task to its worker.
        let group = self.nodes[above as usize].group;
        let above = if lane.kind == LaneKind::Task { above } else { group };
        let depth = self.nodes[above as usize].depth.saturating_add(1);
        let list = &mut self.nodes[above as usize];
        if lane.kind == LaneKind::Task {
            list.tasks.push(place)
        } else {
            list.threads.push(place)
        };
        let node = &mut self.nodes[place as usize];
        (node.placed, node.depth, node.group) = (true, depth, group);
    }

    fn flatten(&mut self) {
        self.rows.clear();
        self.row_of.clear();
        self.row_of.resize(self.nodes.len(), NOWHERE);
        let mut stack: Vec<u32> = self.roots.iter().rev().copied().collect();
        while let Some(place) = stack.pop() {
            let Some(node) = self.nodes.get(place as usize) else { continue };
            let Some(lane) = node.lane else { continue };
            self.row_of[place as usize] = self.rows.len() as u32;
            self.rows.push(Row {
                lane,
                depth: node.depth,
                first_of_group: node.group == place,
                has_children: !node.tasks.is_empty() || !node.threads.is_empty(),
                collapsed: node.collapsed,
                place,
            });
            if !node.collapsed {
                stack.extend(node.threads.iter().rev());
                stack.extend(node.tasks.iter().rev());
            }
        }
    }

    /// Hides or shows the lanes under one.
    pub fn toggle(&mut self, store: &Store, lane: LaneId) {
        if let Some(node) = store.lane_place(lane).and_then(|place| self.nodes.get_mut(place)) {
            node.collapsed = !node.collapsed;
            self.flatten();
        }
    }

    /// The rows, from the top.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of a lane, unless it is hidden or has no place yet.
    pub fn row_of(&self, store: &Store, lane: LaneId) -> Option<usize> {
        self.row_of_place(store.lane_place(lane)?)
    }

    pub(crate) fn row_of_place(&self, place: usize) -> Option<usize> {
        self.row_of.get(place).filter(|&&row| row != NOWHERE).map(|&row| row as usize)
    }
}
