//! What lanes hold and wait for, as a visitor is told of it.

use interleave_timeline::{
    Rows, SpanRef, Step, Store, WaitEnd, describe_edge, describe_span, site_of, sites, step, text,
};
use interleave_trace::{LaneId, ObjectId};

/// Two threads and a lock: one takes it at 2 ms, the other waits for it from 3 ms to 6 ms.
///
/// ```text
///  t1   1 R  2 acquired ............. 6 released
///  t2   1 R        3 waiting ........ 6 R 8
/// ```
const TWO: &str = "
    +0ms t1 spawned thread \"thread\" 1
    +0ms t2 spawned thread \"thread\" 2
    +0ms t1 made lock l \"accounts\"
    +1ms t1 started
    +1ms t2 started
    +2ms t1 acquired l at \"bank.rs\" 7
    +3ms t2 waiting \"bank.rs\" 12 on l holder t1
    +6ms t1 released l held by t1
    +6ms t1 woke t2 through l
    +6.1ms t2 running
    +6.1ms t2 acquired l at \"bank.rs\" 12
    +8ms t2 released l held by t2
    +9ms t1 ended completed
    +9ms t2 ended completed
";

fn store(text: &str) -> Store {
    text::store_of(text).unwrap_or_else(|error| panic!("{error}"))
}

fn lane(store: &Store, title: &str) -> LaneId {
    let found = store.lanes().iter().find(|lane| store.lane_title(lane.id) == title);
    found.unwrap_or_else(|| panic!("no lane {title}")).id
}

fn object(store: &Store, title: &str) -> ObjectId {
    let found = store.objects().iter().find(|object| store.object_title(object.id) == title);
    found.unwrap_or_else(|| panic!("no object {title}")).id
}

/// The first span of a lane that waits for something.
fn wait(store: &Store, title: &str) -> SpanRef {
    let lane = lane(store, title);
    let found = store.spans(lane).find(|span| span.on.some().is_some());
    SpanRef { lane, index: found.unwrap_or_else(|| panic!("{title} never waits")).index }
}

fn sentence(store: &Store, title: &str) -> String {
    let wait = wait(store, title);
    describe_span(store, wait).sentence
}

#[test]
fn a_wait_is_told_with_lock_call_site_holder_and_waker() {
    let store = store(TWO);
    assert_eq!(
        sentence(&store, "thread 2"),
        "thread 2 was waiting for “lock accounts” at bank.rs:12, held by thread 1, for 3.1 ms, from 3.0 ms to 6.1 ms; \
         thread 1 let it go on."
    );
    let facts = describe_span(&store, wait(&store, "thread 2")).facts;
    assert!(facts.contains(&("Taken at", "bank.rs:7".to_owned())), "{facts:?}");
}

#[test]
fn the_edge_of_a_release_names_its_lock() {
    let store = store(TWO);
    let (id, _) = store.edges_of(lane(&store, "thread 2")).last().unwrap_or_else(|| panic!("no edge"));
    assert_eq!(
        describe_edge(&store, id).sentence,
        "thread 1 let thread 2 go on through “lock accounts”, which it did 100 µs later."
    );
}

#[test]
fn a_wait_leads_to_its_holder_and_to_its_waker() {
    let store = store(TWO);
    let rows = Rows::of(&store);
    let from = wait(&store, "thread 2");
    for way in [Step::Holder, Step::Unblocker] {
        assert_eq!(step(&store, &rows, from, way).map(|to| to.lane), Some(lane(&store, "thread 1")), "{way:?}");
    }
}

#[test]
fn what_is_held_is_counted_whoever_tells_first() {
    let lines: Vec<&str> = TWO.trim().lines().collect();
    let (first, rest) = lines.split_at(3);
    let mut backwards: Vec<&str> = rest.to_vec();
    backwards.reverse();
    let text = [first, &backwards].concat().join("\n");
    for text in [TWO, &text] {
        let store = store(text);
        let lock = store.object(object(&store, "lock accounts")).unwrap_or_else(|| panic!("no lock"));
        let holds: Vec<_> = lock.holds().iter().map(|hold| (hold.since.0, hold.until.map(|until| until.0))).collect();
        assert_eq!(holds, [(2_000_000, Some(6_000_000)), (6_100_000, Some(8_000_000))]);
        assert_eq!((lock.holder(), lock.times_taken()), (None, 2));
    }
}

#[test]
fn a_wait_that_ran_out_says_so() {
    let store = store(
        "+0ms t1 started\n+0ms t1 made event e \"start\"\n+1ms t1 waiting \"x.rs\" 3 on e timed
         +5ms t1 timed-out e\n+5ms t1 running\n+6ms t1 ended completed",
    );
    let lane = store.lanes()[0].id;
    let span = store.span(lane, wait(&store, "thread 0").index).unwrap_or_else(|| panic!("no wait"));
    assert_eq!(store.wait_end(&span), WaitEnd::TimedOut);
    assert_eq!(
        sentence(&store, "thread 0"),
        "thread 0 was waiting for “event start” at x.rs:3 for 4.0 ms, from 1.0 ms to 5.0 ms; then its time was up."
    );
}

#[test]
fn wanting_the_gil_is_told_apart_from_waiting() {
    let store = store(
        "+0ms t1 spawned thread \"thread\" 1\n+0ms t2 spawned thread \"thread\" 2\n+0ms t1 made gil g\n+0ms t1 started
         +0ms t1 acquired g\n+1ms t2 started\n+1ms t2 ready on g holder t1\n+6ms t1 released g held by t1
         +6ms t2 acquired g\n+6ms t2 running",
    );
    assert_eq!(
        sentence(&store, "thread 2"),
        "thread 2 wanted the GIL, held by thread 1, for 5.0 ms, from 1.0 ms to 6.0 ms."
    );
}

#[test]
fn a_join_is_called_after_the_lane_that_it_waits_for() {
    let store = store(
        "+0ms t1 spawned thread \"thread\" 1\n+0ms host started\n+0ms host made end e\n
         +1ms host waiting \"x.rs\" 9 on e holder t1",
    );
    let span = store.span(lane(&store, "thread 1"), 0);
    assert!(span.is_some());
    let host = store.lanes().iter().find(|lane| lane.started.is_some()).map(|lane| lane.id);
    let waits = host.and_then(|host| store.spans(host).last()).unwrap_or_else(|| panic!("nobody waits"));
    assert_eq!(store.span_title(&waits), "join thread 1");
    assert_eq!(store.object_title(waits.on), "end of thread 1");
}

#[test]
fn a_wake_ends_the_wait_for_its_own_object() {
    // Woken, beaten by another, and waiting again at the same instant: two waits, two wakes.
    let store = store(
        "+0ms t1 started\n+0ms t2 started\n+0ms t1 made lock l
         +1ms t2 waiting on l holder t1\n+2ms t1 woke t2 through l\n+2ms t2 waiting on l holder t1
         +4ms t1 woke t2 through l\n+4.5ms t2 running",
    );
    let arrived: Vec<u64> = store.edges().iter().map(|edge| edge.arrived.0).collect();
    assert_eq!(arrived, [2_000_000, 4_500_000]);
}

#[test]
fn a_line_knows_who_waited_at_it_and_who_does_now() {
    let first = "
        +0ms t1 spawned thread \"thread\" 1
        +0ms t2 spawned thread \"thread\" 2
        +0ms t1 made lock l \"accounts\"
        +1ms t1 acquired l at \"bank.rs\" 7
        +2ms t2 waiting \"bank.rs\" 12 on l holder t1
        +4ms t1 waiting \"bank.rs\" 20 on l holder t1
        +5ms t2 running
        +6ms t2 waiting \"bank.rs\" 12 on l holder t1
        +9ms t1 running
    ";
    let store = store(first);
    let told: Vec<_> = sites(&store)
        .into_iter()
        .map(|site| (site.line, site.waits, site.waited_ns / 1_000_000, site.now.len(), site.spans.len()))
        .collect();
    assert_eq!(told, [(12, 2, 6, 1, 2), (20, 1, 5, 0, 1)]);
    let span = store.span(wait(&store, "thread 2").lane, wait(&store, "thread 2").index);
    assert_eq!(span.and_then(|span| site_of(&store, &span)), Some(("bank.rs".to_owned(), 12)));
}
