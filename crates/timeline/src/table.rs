//! What the timeline shows, as a table of texts for those who do not see it.

use interleave_trace::{State, TimeNs};

use crate::amounts::{duration, grouped, moment};
use crate::lanes::Rows;
use crate::report::Report;
use crate::store::Store;

/// The heads of the columns.
pub const HEADS: [&str; 12] = [
    "Lane", "Kind", "Starting", "Running", "Ready", "Waiting", "Sleeping", "I/O", "Spans", "Started", "Ended",
    "Outcome",
];

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// How far it is indented.
    pub depth: u8,
    /// A text for each of [`HEADS`].
    pub cells: [String; HEADS.len()],
}

/// The rows from `first` on, at most `most` of them: a page of them at a time, since there may be 100,000.
pub fn table(store: &Store, rows: &Rows, first: usize, most: usize) -> Vec<TableRow> {
    let shown = rows.rows().iter().skip(first).take(most);
    shown
        .filter_map(|row| {
            let lane = store.lanes().get(row.place as usize)?;
            let totals = store.totals(lane, TimeNs(0), store.lane_end(lane));
            let in_state = |state| match totals.get(state) {
                0 => "–".to_owned(),
                ns => duration(ns),
            };
            let at = |time: TimeNs| moment(time.0 as i64 - store.zero().0 as i64);
            let cells = [
                store.lane_title(lane.id),
                lane.kind.text().to_owned(),
                in_state(State::Starting),
                in_state(State::Running),
                in_state(State::Ready),
                in_state(State::Waiting),
                in_state(State::Sleeping),
                in_state(State::Io),
                grouped(lane.span_count() as u64),
                lane.started.map_or("–".to_owned(), at),
                lane.ended.map_or("–".to_owned(), |(end, _)| at(end)),
                lane.ended.map_or("–", |(_, outcome)| outcome.text()).to_owned(),
            ];
            Some(TableRow { depth: row.depth, cells })
        })
        .collect()
}

/// The heads of the columns of [`objects`].
pub const OBJECT_HEADS: [&str; 9] =
    ["Object", "Kind", "Taken", "Held", "Held most by", "Waits", "Waited", "Longest wait", "Waited most"];

/// What lanes took or waited for, that which cost most waiting first.
pub fn objects(report: &Report) -> Vec<[String; OBJECT_HEADS.len()]> {
    let some = |ns: u64| if ns == 0 { "–".to_owned() } else { duration(ns) };
    let who = |most: &Option<(String, u64)>| most.as_ref().map_or("–".to_owned(), |(title, _)| title.clone());
    let rows = report.objects.iter().map(|object| {
        let waits = match object.timed_out {
            0 => grouped(object.waits),
            timed_out => format!("{}, {} in vain", grouped(object.waits), grouped(timed_out)),
        };
        [
            object.title.clone(),
            object.kind.text().to_owned(),
            grouped(object.taken),
            some(object.held_ns),
            who(&object.held_most),
            waits,
            some(object.waited_ns),
            some(object.longest_wait_ns),
            who(&object.waited_most),
        ]
    });
    rows.collect()
}

/// The heads of the columns of [`waits`].
pub const WAIT_HEADS: [&str; 5] = ["Who waited", "For whom", "How long", "How often", "Mostly for"];

/// Who waited for whom, the most first.
pub fn waits(report: &Report) -> Vec<[String; WAIT_HEADS.len()]> {
    let rows = report.waits.iter().map(|wait| {
        [
            wait.title.clone(),
            wait.whom_title.clone(),
            duration(wait.waited_ns),
            grouped(wait.waits),
            wait.most_for.clone(),
        ]
    });
    rows.collect()
}
