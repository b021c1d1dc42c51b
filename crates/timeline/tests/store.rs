//! What the store promises whatever order things arrive in.

use interleave_timeline::{EdgeKind, Report, Rows, Store, Viewport, overlap_ns, overview, text};
use interleave_trace::{
    Entry, Event, InstanceId, LaneId, LaneKind, Level, Mark, MessageId, NO_NUMBER, NameId, ObjectId, Outcome, State,
    TimeNs, What, ring::Slot,
};
use proptest::prelude::*;

const LANES: u32 = 6;

fn lane(n: u32) -> LaneId {
    LaneId::new(InstanceId(1), n)
}

/// A run as the rings of its lanes tell it, each in order of time.
fn rings() -> impl Strategy<Value = Vec<Vec<Entry>>> {
    let step = (1u64..2000, 0usize..State::ALL.len(), 0u32..LANES, 0u32..10, 0u32..5);
    let ring = (0u64..500, 0u64..500, proptest::collection::vec(step, 0..40), any::<bool>());
    proptest::collection::vec(ring, LANES as usize)
        .prop_map(|rings| rings.into_iter().enumerate().map(ring_of).collect())
}

/// When a lane was spawned, how long it started, what it did (after how long, which state, with whom, of which
/// kind, how many), and whether it ended.
type Told = (u64, u64, Vec<(u64, usize, u32, u32, u32)>, bool);

fn ring_of((number, (spawned, starting, steps, ends)): (usize, Told)) -> Vec<Entry> {
    let number = number as u32;
    let id = lane(number);
    let mut entries = Vec::new();
    let mut tell =
        |time: u64, id: LaneId, what: What| entries.push(Entry::Event(Event { time: TimeNs(time), lane: id, what }));
    let kind = if number == 0 { LaneKind::Process } else { LaneKind::ALL[1 + number as usize % 3] };
    let parent = if number == 0 { LaneId::NONE } else { lane(0) };
    let host = if kind == LaneKind::Task { lane(0) } else { LaneId::NONE };
    tell(spawned, id, What::Spawned { parent, kind, name: NameId(number), number, host });
    let mut now = spawned + starting;
    tell(now, id, What::Started);
    if number == 0 {
        tell(now, id, What::Marked(Mark::RunStarted));
    }
    for (after, state, other, other_kind, count) in steps {
        now += after;
        let (on, holder) = (ObjectId(other), lane(other));
        tell(
            now,
            id,
            What::Entered {
                state: State::ALL[state],
                name: NameId(count),
                number: NO_NUMBER,
                on,
                holder,
                timed: false,
            },
        );
        let message = MessageId(u64::from(other * 100 + count));
        match other_kind {
            0 => tell(now, id, What::Woke { target: lane(other), on }),
            1 if number < other => tell(now, id, What::Sent { message, bytes: count, name: NameId::NONE }),
            1 if number > other => tell(now, id, What::Noted { level: Level::Info, text: NameId(count) }),
            2 => tell(now, id, What::Joined { child: lane(other) }),
            3 => tell(now, id, What::Produced { first: count, count: other }),
            _ => {}
        }
    }
    // The tasks' worker goes on: nothing of theirs comes after its end.
    if ends && number != 0 {
        tell(now + 5, id, What::Ended(Outcome::Completed));
    }
    entries.push(Entry::Name(NameId(number), format!("lane {number}")));
    entries
}

fn slots(entries: &[Entry]) -> Vec<Slot> {
    let mut slots = Vec::new();
    entries.iter().for_each(|entry| entry.encode(&mut slots));
    slots
}

/// All that can be asked of a store, but for the order in which things arrived.
fn told(store: &Store) -> String {
    let mut lines: Vec<String> = Vec::new();
    for lane in store.lanes().iter().filter(|lane| lane.spawned.is_some()) {
        lines.push(format!("{:?} {} {:?} {:?}", lane.id, store.lane_title(lane.id), lane.started, lane.ended));
        lines.extend(store.spans(lane.id).map(|span| format!("{span:?}")));
        lines.push(format!("{:?}", store.totals(lane, TimeNs(700), TimeNs(9000))));
    }
    lines.extend(store.edges().iter().map(|edge| format!("{edge:?}")));
    lines.extend(store.notes().iter().map(|note| format!("{note:?}")));
    lines.extend(store.produced().iter().map(|part| format!("{part:?}")));
    lines.sort();
    let report = Report::of(store);
    lines.push(format!(
        "{:?} {:?} {:?} {} {}",
        report.outcome, report.window, report.totals, report.messages, report.spans
    ));
    lines.push(format!("{:?}", overview(store, &Viewport::default(), 7).columns));
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rings_may_be_read_in_any_order_and_in_any_pieces(
        rings in rings(),
        order in proptest::collection::vec((0usize..LANES as usize, 1usize..12), 0..100),
    ) {
        let whole: Vec<Entry> = rings.concat();
        let expected = told(&Store::of(&slots(&whole)));
        let mut read = vec![0usize; rings.len()];
        let mut store = Store::default();
        let rest = (0..rings.len()).rev().map(|ring| (ring, usize::MAX));
        for (ring, count) in order.into_iter().chain(rest) {
            let after = read[ring].saturating_add(count).min(rings[ring].len());
            store.append(&slots(&rings[ring][read[ring]..after]));
            read[ring] = after;
        }
        prop_assert_eq!(told(&store), expected);
        prop_assert_eq!(store.slots().len(), slots(&whole).len());
    }

    #[test]
    fn spans_lie_end_to_end_and_add_up(rings in rings()) {
        let store = Store::of(&slots(&rings.concat()));
        let mut all = 0;
        for lane in store.lanes() {
            let spans: Vec<_> = store.spans(lane.id).collect();
            prop_assert!(spans.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].open));
            let sum: u64 = spans.iter().map(|span| span.duration_ns()).sum();
            prop_assert_eq!(store.totals(lane, TimeNs(0), store.latest()).sum(), sum);
            prop_assert_eq!(spans.last().is_some_and(|last| last.open), lane.ended.is_none() && !spans.is_empty());
            all += spans.len() as u64;
        }
        prop_assert_eq!(store.span_count(), all);
    }

    #[test]
    fn the_strip_shows_what_the_lanes_did(rings in rings(), columns in 1usize..50) {
        let store = Store::of(&slots(&rings.concat()));
        let strip = store.activity(TimeNs(0), store.latest(), columns);
        let column_ns = store.latest().0 as f64 / columns as f64;
        for state in State::ALL {
            let expected: u64 = store.lanes().iter().map(|lane| store.totals(lane, TimeNs(0), store.latest()).get(*state)).sum();
            let shown: f64 = strip.iter().map(|share| share.get(*state) * column_ns).sum();
            prop_assert!((shown - expected as f64).abs() < 1.0 + expected as f64 * 1e-6, "{} {}", shown, expected);
        }
    }

    #[test]
    fn edges_in_a_time_are_all_that_touch_it(rings in rings(), from in 0u64..20_000, length in 0u64..5000) {
        let store = Store::of(&slots(&rings.concat()));
        let (from, to) = (TimeNs(from), TimeNs(from + length));
        let mut found: Vec<_> = store.edges_in(from, to).map(|(id, _)| id.0).collect();
        found.sort_unstable();
        let touches = |edge: &interleave_timeline::Edge| edge.left.min(edge.arrived) <= to && edge.left.max(edge.arrived) >= from;
        let expected: Vec<u32> = (0..store.edges().len() as u32).filter(|&at| touches(&store.edges()[at as usize])).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn overlap_is_what_counting_gives(rings in rings()) {
        let store = Store::of(&slots(&rings.concat()));
        let (a, b) = (lane(0), lane(1));
        let running = |id| store.spans(id).filter(|span| span.state == State::Running).collect::<Vec<_>>();
        let mut expected = 0;
        for one in running(a) {
            for other in running(b) {
                expected += one.end.min(other.end).since(one.start.max(other.start));
            }
        }
        prop_assert_eq!(overlap_ns(&store, a, b), expected);
        prop_assert_eq!(overlap_ns(&store, b, a), expected);
    }

    #[test]
    fn rows_keep_their_order_while_a_run_grows(rings in rings(), order in proptest::collection::vec(0usize..LANES as usize, 0..60)) {
        let mut store = Store::default();
        let mut rows = Rows::default();
        let mut read = vec![0usize; rings.len()];
        let mut before: Vec<LaneId> = Vec::new();
        let rest = (0..rings.len()).flat_map(|ring| vec![ring; 100]);
        for ring in order.into_iter().chain(rest) {
            let Some(entry) = rings[ring].get(read[ring]) else { continue };
            store.push(entry.clone());
            read[ring] += 1;
            rows.update(&store);
            let now: Vec<LaneId> = rows.rows().iter().map(|row| row.lane).collect();
            let kept: Vec<LaneId> = now.iter().copied().filter(|lane| before.contains(lane)).collect();
            prop_assert_eq!(&kept, &before);
            before = now;
        }
        prop_assert_eq!(rows.len(), LANES as usize);
        for (at, row) in rows.rows().iter().enumerate() {
            prop_assert_eq!(rows.row_of(&store, row.lane), Some(at));
        }
    }

    #[test]
    fn a_written_trace_reads_the_same(rings in rings()) {
        let store = Store::of(&slots(&rings.concat()));
        let written = text::write(store.slots());
        let read = text::store_of(&written).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(text::write(read.slots()), written);
    }

    #[test]
    fn any_slots_are_taken_in_without_a_panic(slots in proptest::collection::vec(any_slot(), 0..60)) {
        let store = Store::of(&slots);
        let rows = Rows::of(&store);
        let viewport = Viewport { width: 300.0, height: 200.0, ns_per_px: 1e13, ..Viewport::default() };
        let scene = interleave_timeline::scene(&store, &rows, &viewport, &Default::default());
        prop_assert!(scene.captions.len() <= rows.len());
        let report = Report::of(&store);
        interleave_timeline::lints(&store, &report);
        report.to_json();
        overview(&store, &viewport, 100);
        for row in rows.rows() {
            interleave_timeline::describe_lane(&store, row.lane);
        }
    }
}

/// Slots that mostly are events, of few lanes.
fn any_slot() -> impl Strategy<Value = Slot> {
    let words = [any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>()];
    (words, 1u32..17, 0u32..8, 0u32..5, 0u32..5, any::<bool>()).prop_map(|(w, tag, detail, lane, other, near)| {
        let lane = if lane == 4 { u32::MAX } else { lane };
        let high = if near { 0 } else { w[1] };
        [w[0], high, tag | detail << 8, lane, other, w[2] % 5, w[3], if near { other } else { w[4] }]
    })
}

fn store(text: &str) -> Store {
    text::store_of(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The spans of a lane as a text: state and start, and the end of the last.
fn states(store: &Store, title: &str) -> String {
    let lane = store.lanes().iter().find(|lane| store.lane_title(lane.id) == title).expect("the lane is there");
    let spans: Vec<String> =
        store.spans(lane.id).map(|span| format!("{} {}", span.state.text(), span.start.0 / 1_000_000)).collect();
    format!("{} to {}", spans.join(", "), store.lane_end(lane).0 / 1_000_000)
}

fn edges(store: &Store) -> Vec<String> {
    let line = |edge: &interleave_timeline::Edge| {
        let (from, to) = (store.lane_title(edge.from), store.lane_title(edge.to));
        format!("{} {from} {} -> {to} {}", edge.kind.text(), edge.left.as_ms(), edge.arrived.as_ms())
    };
    store.edges().iter().map(line).collect()
}

#[test]
fn a_lane_is_starting_from_when_it_was_asked_for_until_it_starts() {
    let store = store("+1ms a spawned thread \"a\"\n+3ms a started\n+5ms a ended completed");
    assert_eq!(states(&store, "a"), "starting 1, running 3 to 5");
}

#[test]
fn a_lane_may_be_seen_before_it_is_known_to_be_asked_for() {
    let store = store("+3ms a started\n+4ms a waiting\n+1ms a spawned thread \"a\"");
    assert_eq!(states(&store, "a"), "starting 1, running 3, waiting 4 to 4");
}

#[test]
fn what_is_recorded_at_the_start_replaces_what_would_be_taken_for_granted() {
    for text in [
        "+1ms a spawned thread \"a\"\n+3ms a started\n+3ms a waiting",
        "+1ms a spawned thread \"a\"\n+3ms a waiting\n+3ms a started",
    ] {
        assert_eq!(states(&store(text), "a"), "starting 1, waiting 3 to 3");
    }
}

#[test]
fn the_earlier_of_two_ends_is_right() {
    for text in [
        "+1ms a spawned thread \"a\"\n+2ms a started\n+4ms a ready\n+5ms a ended completed\n+3ms a ended stopped",
        "+1ms a spawned thread \"a\"\n+2ms a started\n+3ms a ended stopped\n+4ms a ready\n+5ms a ended completed",
    ] {
        let store = store(text);
        assert_eq!(states(&store, "a"), "starting 1, running 2 to 3");
        assert_eq!(store.lanes()[0].ended, Some((TimeNs(3_000_000), Outcome::Stopped)));
        let strip = store.activity(TimeNs(0), store.latest(), 5);
        let running: f64 = strip.iter().map(|share| share.get(State::Running)).sum();
        assert!((running - 1.0).abs() < 0.01, "one lane for one of five columns: {running}");
    }
}

#[test]
fn a_task_ends_with_the_worker_that_runs_it() {
    let task = "+1ms a spawned task \"a\" by w on w\n+2ms a started\n";
    for text in [format!("{task}+5ms w ended killed"), format!("+5ms w ended killed\n{task}")] {
        let store = store(&text);
        assert_eq!(states(&store, "a"), "starting 1, running 2 to 5");
        assert!(store.lanes().iter().any(|lane| lane.ended == Some((TimeNs(5_000_000), Outcome::Stopped))));
    }
    for text in [
        format!("{task}+5ms w ended killed\n+4ms a ended completed"),
        format!("{task}+4ms a ended completed\n+5ms w ended killed"),
    ] {
        assert_eq!(states(&store(&text), "a"), "starting 1, running 2 to 4");
        assert!(store(&text).lanes().iter().any(|lane| lane.ended == Some((TimeNs(4_000_000), Outcome::Completed))));
    }
}

#[test]
fn an_open_span_grows_with_the_newest_time() {
    let mut store = store("+1ms a spawned thread \"a\"\n+2ms a started");
    store.advance(TimeNs(9_000_000));
    assert_eq!(states(&store, "a"), "starting 1, running 2 to 9");
}

#[test]
fn a_wake_leads_to_where_the_target_goes_on() {
    let blocked = "+1ms a running\n+2ms a waiting \"lock\" on lock holder b\n+4ms a waiting \"queue\"\n";
    // Told before the target goes on, after it, and a moment late.
    for (wake, gone_on, from) in [("+5ms", "+6ms", 5.0), ("+5.02ms", "+5ms", 5.0)] {
        let wake = format!("{wake} b woke a through lock\n");
        let gone_on = format!("{gone_on} a ready\n+7ms a running\n");
        for text in [
            format!("{blocked}{wake}{gone_on}"),
            format!("{blocked}{gone_on}{wake}"),
            format!("{wake}{blocked}{gone_on}"),
        ] {
            let store = store(&text);
            let [edge] = store.edges() else { panic!("one edge: {:?}", edges(&store)) };
            assert_eq!((edge.kind, edge.left.as_ms()), (EdgeKind::Wake, from), "{text}");
            assert_eq!(edge.arrived.as_ms().round(), gone_on[1..2].parse::<f64>().expect("a digit"), "{text}");
        }
    }
}

#[test]
fn a_wake_of_one_who_is_not_blocked_is_no_edge() {
    assert_eq!(edges(&store("+1ms a running\n+2ms b woke a\n+4ms a waiting\n+5ms a running")), [""; 0]);
}

#[test]
fn both_ends_of_an_edge_may_come_first() {
    for text in ["+1ms a sent m 10 B\n+2ms b received m 10 B", "+2ms b received m 10 B\n+1ms a sent m 10 B"] {
        let store = store(text);
        assert_eq!(store.edges().len(), 1);
        assert_eq!((store.edges()[0].left.as_ms(), store.edges()[0].arrived.as_ms()), (1.0, 2.0));
    }
}

#[test]
fn a_bad_line_is_named_in_a_sentence() {
    for (text, expected) in [
        ("\n1ms a started", "Line 2: a time such as \"+1.5ms\" is expected instead of \"1ms\"."),
        ("+1ms", "Line 1: a lane is missing."),
        ("+1ms a", "Line 1: what happened is missing."),
        ("+1ms a flew", "Line 1: \"flew\" is nothing that happens on a lane."),
        ("+1ms a spawned yacht", "Line 1: \"yacht\" is no kind of lane."),
        ("+1ms a running \"rows", "Line 1: a text has no closing quote."),
        ("+1ms a started now", "Line 1: nothing is expected after \"started ...\", but there is \"now\"."),
        ("+1.2.3ms a started", "Line 1: a time such as \"+1.5ms\" is expected instead of \"+1.2.3ms\"."),
        ("lost many", "Line 1: a number of entries is expected instead of \"many\"."),
    ] {
        let error = text::parse(text).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
}
