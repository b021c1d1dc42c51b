//! What the timeline shows, as a table of texts for those who do not see it.

use interleave_trace::{State, TimeNs};

use crate::amounts::{duration, grouped, moment};
use crate::lanes::Rows;
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
