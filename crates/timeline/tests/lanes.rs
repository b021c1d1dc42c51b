//! Rows as texts: which lane stands where.

use interleave_timeline::{Rows, Store, text};

fn store(text: &str) -> Store {
    text::store_of(text).unwrap_or_else(|error| panic!("{error}"))
}

fn shown(store: &Store, rows: &Rows) -> String {
    let line = |row: &interleave_timeline::Row| {
        let mark = if row.first_of_group { "* " } else { "- " };
        format!("{}{mark}{}\n", "  ".repeat(usize::from(row.depth)), store.lane_title(row.lane))
    };
    rows.rows().iter().map(line).collect()
}

const FAMILY: &str = "
    +0ms page  spawned page \"page\"
    +0ms host  spawned process \"host\" by page
    +1ms p     spawned process \"process\" 2 by host
    +1ms t1    spawned thread \"thread\" 1 by host
    +2ms a     spawned task \"a\" by host on host
    +2ms t2    spawned thread \"thread\" 2 by t1
    +3ms b     spawned task \"b\" by a on t1
    +3ms pt    spawned thread \"inner\" by p
    +4ms t3    spawned thread \"thread\" 3 by b
    +5ms c     spawned task \"c\" by t3 on host
";

#[test]
fn lanes_stand_by_process_then_by_worker() {
    let store = store(FAMILY);
    assert_eq!(
        shown(&store, &Rows::of(&store)),
        "* page
* host
  - a
  - c
  - thread 1
    - b
  - thread 2
  - thread 3
* process 2
  - inner
"
    );
}

#[test]
fn the_order_of_arrival_does_not_change_who_belongs_to_whom() {
    let mut lines: Vec<&str> = FAMILY.trim().lines().collect();
    lines.reverse();
    let store = store(&lines.join("\n"));
    assert_eq!(
        shown(&store, &Rows::of(&store)),
        "* process 2
  - inner
* host
  - c
  - a
  - thread 1
    - b
  - thread 2
  - thread 3
* page
"
    );
}

#[test]
fn the_lanes_under_one_can_be_hidden() {
    let store = store(FAMILY);
    let mut rows = Rows::of(&store);
    let host = rows.rows()[1].lane;
    let hidden = rows.rows()[4].lane;
    rows.toggle(&store, host);
    assert_eq!(shown(&store, &rows), "* page\n* host\n* process 2\n  - inner\n");
    assert!(rows.rows()[1].collapsed && rows.rows()[1].has_children);
    assert_eq!(rows.row_of(&store, hidden), None);
    rows.toggle(&store, host);
    assert_eq!(rows.len(), 10);
}

#[test]
fn a_lane_nobody_is_known_to_have_asked_for_is_kept_back_for_a_moment() {
    let told = text::parse(
        "+0ms host spawned process \"host\"\n+1ms 1:7 started
         +1ms 1:8 started\n+1ms 1:8 spawned thread \"late\" by 1:9\n+1ms 1:9 spawned process \"other\"",
    );
    let told = told.expect("it is a trace");
    // A name and its use, and a lane.
    let (begun, rest) = told.split_at(3);
    let mut store = Store::default();
    begun.iter().for_each(|entry| store.push(entry.clone()));
    let mut rows = Rows::default();
    rows.update(&store);
    assert_eq!(shown(&store, &rows), "* host\n");
    for _ in 0..40 {
        rows.update(&store);
    }
    assert_eq!(shown(&store, &rows), "* host\n* thread 7\n");
    // One that is told of in time comes to its place at once.
    rest.iter().for_each(|entry| store.push(entry.clone()));
    rows.update(&store);
    assert_eq!(shown(&store, &rows), "* host\n* thread 7\n* other\n  - late\n");
}

#[test]
fn lanes_that_are_each_others_ancestors_are_shown_all_the_same() {
    let store =
        store("+0ms a spawned thread \"a\" by b\n+0ms b spawned thread \"b\" by a\n+0ms c spawned task \"c\" on c");
    assert_eq!(Rows::of(&store).len(), 3);
    for lane in store.lanes() {
        interleave_timeline::process_of(&store, lane.id);
    }
}

#[test]
fn a_lane_that_is_only_mentioned_has_no_row() {
    let store = store("+0ms a spawned thread \"a\" by ghost\n+1ms a woke other");
    assert_eq!(shown(&store, &Rows::of(&store)), "* a\n");
}
