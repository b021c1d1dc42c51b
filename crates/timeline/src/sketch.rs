//! A run in a few kilobytes: what can be drawn of it where nothing of ours runs, as JSON.
//!
//! The time of the run is cut into [`COLUMNS`] columns. Of each lane every column has the state that the lane was in for
//! most of it, and columns in a row that have the same are one entry, so the size depends on how often a lane changes and
//! never on how long it ran.
//!
//! ```text
//!  {"shown_ns": 34000000, "wall_ns": 33100000, "outcome": "completed",
//!   "lanes": [{"name": "thread 1", "kind": "thread", "depth": 1,
//!              "longest_wait": {"for": "lock counter", "ns": 1200000},
//!              "states": [["starting", 40], ["running", 500], ["", 60]]}, ...],
//!   "more_lanes": 0}
//! ```

use interleave_trace::{State, TimeNs};

use crate::json::Json;
use crate::lanes::Rows;
use crate::report::Report;
use crate::store::{Lane, Store, is_blocked};

/// Into how many columns the run is cut.
pub const COLUMNS: u64 = 600;

/// How many lanes are drawn; of further ones the number is told.
pub const MOST_LANES: usize = 16;

/// The sketch of a run that is over.
pub fn sketch(store: &Store, rows: &Rows, report: &Report) -> String {
    // What came before the work is nobody's measure.
    let (from, to) = (store.run_started().unwrap_or(store.earliest()).0, store.latest().0);
    let lanes: Vec<(u8, &Lane)> =
        rows.rows().iter().filter_map(|row| Some((row.depth, store.lanes().get(row.place as usize)?))).collect();
    let mut json = Json::default();
    json.object(|json| {
        json.key("shown_ns").number(Some(to - from));
        json.key("wall_ns").number(report.wall_ns);
        json.key("outcome").text(report.outcome.text());
        json.key("lanes").list(&lanes[..lanes.len().min(MOST_LANES)], |(depth, lane), json| {
            json.object(|json| {
                json.key("name").text(&store.lane_title(lane.id));
                json.key("kind").text(lane.kind.text());
                json.key("depth").number(Some((*depth).into()));
                json.key("longest_wait");
                match longest_wait(store, lane) {
                    None => json.null(),
                    Some((title, ns)) => json.object(|json| {
                        json.key("for").text(&title);
                        json.key("ns").number(Some(ns));
                    }),
                }
                json.key("states").list(&states(store, lane, from, to), |(state, columns), json| {
                    json.pair(state.map_or("", State::text), *columns);
                });
            });
        });
        json.key("more_lanes").number(Some(lanes.len().saturating_sub(MOST_LANES) as u64));
    });
    json.into_text()
}

/// What a lane waited for longest at once, and how long.
fn longest_wait(store: &Store, lane: &Lane) -> Option<(String, u64)> {
    let waits = store.spans(lane.id).filter(|span| is_blocked(span.state));
    let longest = waits.max_by_key(|span| (span.duration_ns(), std::cmp::Reverse(span.index)))?;
    Some((store.span_title(&longest), longest.duration_ns()))
}

/// The lane's columns, those in a row that have the same state as one.
fn states(store: &Store, lane: &Lane, from: u64, to: u64) -> Vec<(Option<State>, u64)> {
    let at = |column: u64| from + (u128::from(to - from) * u128::from(column) / u128::from(COLUMNS)) as u64;
    let mut states: Vec<(Option<State>, u64)> = Vec::new();
    for column in 0..COLUMNS {
        let totals = store.totals(lane, TimeNs(at(column)), TimeNs(at(column + 1)));
        // The first of equals, so that the same trace has the same sketch.
        let most = State::ALL.iter().copied().rev().max_by_key(|state| totals.get(*state));
        let state = most.filter(|state| totals.get(*state) > 0);
        match states.last_mut() {
            Some((last, columns)) if *last == state => *columns += 1,
            _ => states.push((state, 1)),
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::store_of;

    fn sketch_of(text: &str) -> String {
        let store = store_of(text).unwrap_or_else(|error| panic!("{error}"));
        let mut rows = Rows::default();
        rows.update(&store);
        rows.settle(&store);
        sketch(&store, &rows, &Report::of(&store))
    }

    #[test]
    fn a_lane_is_a_row_of_columns_with_what_it_waited_for_longest() {
        let run = "
            +0ms host spawned process \"host\"
            +0ms host started
            +0ms host marked run-started
            +0ms host running \"work\"
            +0ms host made lock l \"accounts\"
            +3ms host waiting \"bank.rs\" 12 on l
            +5ms host acquired l at \"bank.rs\" 12
            +5ms host running \"work\"
            +6ms host marked run-finished
            +6ms host ended completed";
        assert_eq!(
            sketch_of(run),
            "{\"shown_ns\":6000000,\"wall_ns\":6000000,\"outcome\":\"completed\",\"lanes\":[{\"name\":\"host\",\
             \"kind\":\"process\",\"depth\":0,\"longest_wait\":{\"for\":\"lock accounts\",\"ns\":2000000},\
             \"states\":[[\"running\",300],[\"waiting\",200],[\"running\",100]]}],\"more_lanes\":0}"
        );
    }

    #[test]
    fn a_column_has_the_state_that_took_most_of_it_and_lanes_beyond_the_last_are_counted() {
        let mut run = String::from(
            "+0ms t0 spawned thread \"thread\" 0 by t0\n+0ms t0 running \"a\"\n+600ms t0 ended completed\n",
        );
        // Half a column each, and then nothing of note.
        run.push_str("+10.2ms t0 waiting \"x\"\n+10.4ms t0 running \"a\"\n");
        for n in 1..20 {
            run.push_str(&format!(
                "+1ms t{n} spawned thread \"thread\" {n} by t0\n+1ms t{n} running \"a\"\n+2ms t{n} ended completed\n"
            ));
        }
        let sketch = sketch_of(&run);
        assert!(sketch.contains("\"states\":[[\"running\",600]]"), "{sketch}");
        assert!(sketch.contains("\"states\":[[\"\",1],[\"running\",1],[\"\",598]]"), "{sketch}");
        assert!(sketch.ends_with("\"more_lanes\":4}"), "{sketch}");
    }

    #[test]
    fn nothing_recorded_is_a_sketch_without_lanes() {
        assert_eq!(
            sketch_of(""),
            "{\"shown_ns\":0,\"wall_ns\":null,\"outcome\":\"preparing\",\"lanes\":[],\"more_lanes\":0}"
        );
    }
}
