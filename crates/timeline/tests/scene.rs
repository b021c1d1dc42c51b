//! What is painted, and what is found by pointing at it.

use interleave_timeline::{
    Hit, Rows, Scene, SceneOptions, SpanRef, Step, Store, Viewport, describe, describe_edge, hit, scene, step, text,
};
use interleave_trace::{
    Entry, Event, InstanceId, LaneId, LaneKind, NO_NUMBER, NameId, ObjectId, Outcome, State, TimeNs, What,
};
use proptest::prelude::*;

fn store(text: &str) -> Store {
    text::store_of(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A picture of 600 by 200 pixels in which a pixel is `us_per_px` microseconds.
fn view(us_per_px: f64) -> Viewport {
    Viewport { width: 600.0, height: 200.0, ns_per_px: us_per_px * 1e3, ..Viewport::default() }
}

fn log(store: &Store, viewport: &Viewport, options: &SceneOptions) -> String {
    text::scene_log(&scene(store, &Rows::of(store), viewport, options))
}

/// The lines of a log that begin with one of `words`.
fn only<'a>(log: &'a str, words: &[&str]) -> Vec<&'a str> {
    log.lines().filter(|line| words.iter().any(|word| line.starts_with(word))).collect()
}

const PING_PONG: &str = "
    +0ms  a spawned thread \"a\"
    +0ms  a started
    +1ms  b spawned thread \"b\" by a
    +2ms  b started
    +2ms  b waiting \"ball\" on ball holder a
    +2ms  a running \"ping\" 1
    +10ms a woke b through ball
    +10ms a waiting \"ball\" on ball holder b
    +11ms b running \"pong\" 1
    +20ms b ended completed
    +20ms a running \"count\"
    +30ms a ended failed
";

#[test]
fn a_small_run_in_full() {
    let options =
        SceneOptions { selected: Some(SpanRef { lane: lane_of(PING_PONG, "b"), index: 2 }), ..SceneOptions::default() };
    assert_eq!(
        log(&store(PING_PONG), &view(50.0), &options),
        "scene 600 x 200
caption y 0 a (thread, failed)
caption y 20   b (thread, completed)
bar starting x 20..40 y 22..38
bar running x 0..40 y 2..18
bar running x 40..200 y 2..18
bar running x 400..600 y 2..18
bar running x 220..400 y 22..38
bar waiting x 200..400 y 2..18
bar waiting x 40..220 y 22..38
label x 43.3 y 10 \"ping 1\"
label x 203.3 y 10 \"ball\"
label x 403.3 y 10 \"count\"
label x 43.3 y 30 \"ball\"
label x 223.3 y 30 \"pong 1\"
wake 200,10 -> 220,30 emphasised
spawn 20,10 -> 40,30
end failed x 600 y 2
end completed x 400 y 22
outline selected x 220..400 y 22..38
tick x 0 0 ms
tick x 100 5 ms
tick x 200 10 ms
tick x 300 15 ms
tick x 400 20 ms
tick x 500 25 ms
tick x 600 30 ms
now x 600
"
    );
}

fn lane_of(text: &str, title: &str) -> LaneId {
    let store = store(text);
    let lane = store.lanes().iter().find(|lane| store.lane_title(lane.id) == title);
    lane.unwrap_or_else(|| panic!("there is no lane {title}")).id
}

#[test]
fn a_short_span_between_long_ones_is_seen() {
    let store = store("+0ms a running\n+10ms a waiting\n+10.001ms a running\n+20ms a ended completed");
    let log = log(&store, &view(50.0), &SceneOptions::default());
    assert_eq!(
        only(&log, &["bar", "cell"]),
        ["bar running x 0..200 y 2..18", "bar running x 201..400 y 2..18", "cell waiting x 200..201 y 2..18"]
    );
}

#[test]
fn many_short_spans_become_cells_of_the_state_with_most_time() {
    let mut text = String::from("+0us a running\n");
    for at in 0..2000 {
        let (run, wait) = (at * 10, at * 10 + if at < 1000 { 7 } else { 3 });
        text.push_str(&format!("+{run}us a running\n+{wait}us a waiting\n"));
    }
    text.push_str("+20000us a ended completed");
    let log = log(&store(&text), &view(50.0), &SceneOptions::default());
    assert_eq!(
        only(&log, &["bar", "cell"]),
        ["cell running x 0..200.5 y 2..18", "cell waiting x 200.5..401.1 y 2..18"]
    );
}

#[test]
fn cells_stay_where_they_are_in_time() {
    let mut text = String::from("+0us a running\n");
    for at in 1..5000u64 {
        let state = ["running", "waiting", "ready"][(at * at / 7 % 3) as usize];
        text.push_str(&format!("+{}us a {state}\n", at * 7 + at * at % 5));
    }
    let store = store(&text);
    let rows = Rows::of(&store);
    // Times of the cells' edges, but for those at the edges of the view.
    let edges = |viewport: &Viewport| {
        let scene = scene(&store, &rows, viewport, &SceneOptions::default());
        let cells = scene.batches.iter().flat_map(|batch| &batch.cells);
        let mut edges: Vec<i64> = cells
            .filter(|cell| cell.x > 60.0 && cell.x + cell.width < 540.0)
            .map(|cell| viewport.ns_at(cell.x).round() as i64)
            .collect();
        edges.sort_unstable();
        edges
    };
    let mut viewport = view(20.0);
    viewport.start_ns = 5e6;
    let before = edges(&viewport);
    viewport.pan(-33.3, 0.0);
    let after = edges(&viewport);
    let still = before.iter().filter(|edge| after.contains(edge)).count();
    let inside = before.iter().filter(|&&edge| edge as f64 > viewport.ns_at(60.0)).count();
    assert!(inside > 100 && still + 3 >= inside, "{still} of {inside}");
}

#[test]
fn rows_out_of_sight_are_not_painted() {
    let mut text = String::new();
    for n in 0..100 {
        text.push_str(&format!("+0ms t{n} spawned thread \"t\" {n}\n+1ms t{n} started\n+9ms t{n} ended completed\n"));
    }
    let mut viewport = view(50.0);
    viewport.scroll_y = 510.0;
    let log = log(&store(&text), &viewport, &SceneOptions::default());
    let captions = only(&log, &["caption"]);
    assert_eq!(captions.first(), Some(&"caption y -10 t 25 (thread, completed)"));
    assert_eq!(captions.last(), Some(&"caption y 190 t 35 (thread, completed)"));
}

#[test]
fn too_many_edges_are_counted_and_those_of_the_chosen_span_drawn() {
    let mut text = String::from("+0ms a running\n+0ms b running\n");
    for n in 0..5000 {
        text.push_str(&format!("+{n}us a sent m{n} 1 B\n+{}us b received m{n} 1 B\n", n + 1));
    }
    text.push_str("+6ms a waiting\n+6ms a sent last 1 B\n+6.5ms b received last 1 B");
    let store = store(&text);
    let rows = Rows::of(&store);
    let a = rows.rows()[0].lane;
    let all = scene(&store, &rows, &view(50.0), &SceneOptions::default());
    assert_eq!((all.edges.len(), all.edges_hidden), (0, 5001));
    let options = SceneOptions { hovered: Some(SpanRef { lane: a, index: 1 }), ..SceneOptions::default() };
    let hovered = scene(&store, &rows, &view(50.0), &options);
    assert_eq!(hovered.edges.len(), 1);
    // Close by, they can be told apart again.
    let mut near = view(1.0);
    near.start_ns = 1e6;
    assert!(scene(&store, &rows, &near, &SceneOptions::default()).edges.len() > 100);
}

#[test]
fn spans_cells_lanes_and_edges_are_told_in_sentences() {
    let store = store(PING_PONG);
    let rows = Rows::of(&store);
    let viewport = view(50.0);
    let told = |x, y| describe(&store, &hit(&store, &rows, &viewport, x, y).expect("a row is there")).sentence;
    assert_eq!(told(100.0, 10.0), "a was running “ping 1” for 8.0 ms, from 2.0 ms to 10.0 ms.");
    assert_eq!(
        told(100.0, 30.0),
        "b was waiting for “ball”, held by a, for 9.0 ms, from 2.0 ms to 11.0 ms; a let it go on."
    );
    assert_eq!(
        told(450.0, 30.0),
        "b, a thread asked for by a, was running for 9.0 ms of 19.0 ms and completed at 20.0 ms."
    );
    let far = view(20_000.0);
    let cell = hit(&store, &rows, &far, 0.5, 10.0).expect("a row is there");
    assert_eq!(
        describe(&store, &cell).sentence,
        "a had 4 spans in 30.0 ms: 67 % running, 33 % waiting; zoom in to see them."
    );
    let picture = scene(&store, &rows, &viewport, &SceneOptions::default());
    let edge = picture.edge_at(210.0, 21.0, 4.0).expect("the wake is there");
    assert_eq!(describe_edge(&store, edge).sentence, "a let b go on, which it did 1.0 ms later.");
    assert_eq!(hit(&store, &rows, &viewport, 100.0, 50.0), None);
}

#[test]
fn the_keyboard_goes_along_lanes_across_them_and_to_who_let_go_on() {
    let store = store(PING_PONG);
    let rows = Rows::of(&store);
    let mut at = SpanRef { lane: rows.rows()[0].lane, index: 0 };
    let mut walk = String::new();
    for to in [
        Step::Next,
        Step::Next,
        Step::Next,
        Step::Up,
        Step::Down,
        Step::Unblocker,
        Step::Previous,
        Step::Unblocker,
        Step::First,
        Step::Last,
    ] {
        let name = format!("{to:?}");
        match step(&store, &rows, at, to) {
            Some(next) => {
                at = next;
                let span = store.span(at.lane, at.index).expect("a step leads to a span");
                walk.push_str(&format!("{name}: {} {}\n", store.lane_title(at.lane), span.state.text()));
            }
            None => walk.push_str(&format!("{name}: nowhere\n")),
        }
    }
    assert_eq!(
        walk,
        "Next: a running
Next: a running
Next: a waiting
Up: nowhere
Down: b waiting
Unblocker: a running
Previous: a running
Unblocker: nowhere
First: a starting
Last: a running
"
    );
}

/// Lanes with spans of all lengths, from a nanosecond to seconds.
fn runs() -> impl Strategy<Value = Store> {
    let length = prop_oneof![1u64..100, 1u64..100_000, 1u64..50_000_000];
    let lane = (0u64..1_000_000, proptest::collection::vec((length, 0usize..State::ALL.len()), 1..150), any::<bool>());
    proptest::collection::vec(lane, 1..5).prop_map(|lanes| {
        let mut store = Store::default();
        for (n, (mut time, spans, ends)) in lanes.into_iter().enumerate() {
            let id = LaneId::new(InstanceId(1), n as u32);
            let mut tell = |time, what| store.push(Entry::Event(Event { time: TimeNs(time), lane: id, what }));
            let (parent, host) = (LaneId::NONE, LaneId::NONE);
            tell(time, What::Spawned { parent, kind: LaneKind::Thread, name: NameId::NONE, number: n as u32, host });
            for (length, state) in spans {
                time += length;
                let (name, on, holder) = (NameId::NONE, ObjectId::NONE, LaneId::NONE);
                tell(
                    time,
                    What::Entered { state: State::ALL[state], name, number: NO_NUMBER, on, holder, timed: false },
                );
            }
            if ends {
                tell(time + 10, What::Ended(Outcome::Completed));
            }
        }
        store
    })
}

fn viewports() -> impl Strategy<Value = Viewport> {
    let scale = prop_oneof![1.0f64..100.0, 100.0f64..1e5, 1e5f64..1e8];
    (scale, -1e7f64..3e9, 1.0f64..700.0, 0.0f64..30.0).prop_map(|(ns_per_px, start_ns, width, scroll_y)| {
        // At any scale, look at where there is something.
        let start_ns = if ns_per_px < 1e4 { start_ns / 1e3 } else { start_ns };
        Viewport { ns_per_px, start_ns, width, scroll_y, height: 60.0, ..Viewport::default() }
    })
}

fn shapes(scene: &Scene) -> Vec<(f64, f64, f64, State, bool)> {
    let mut shapes = Vec::new();
    for batch in &scene.batches {
        shapes.extend(batch.bars.iter().map(|bar| (bar.y, bar.x, bar.x + bar.width, batch.state, false)));
        shapes.extend(batch.cells.iter().map(|cell| (cell.y, cell.x, cell.x + cell.width, batch.state, true)));
    }
    shapes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    shapes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shapes_of_a_row_lie_side_by_side_within_the_picture(store in runs(), viewport in viewports()) {
        let shapes = shapes(&scene(&store, &Rows::of(&store), &viewport, &SceneOptions::default()));
        for (_, left, right, ..) in &shapes {
            prop_assert!(*left >= 0.0 && *right <= viewport.width + 1e-6 && left < right, "{left} {right}");
        }
        for pair in shapes.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            prop_assert!(pair[0].2 <= pair[1].1 + 1e-6, "{pair:?}");
        }
    }

    #[test]
    fn a_lane_is_painted_wherever_it_lives(store in runs(), viewport in viewports(), at in 0.0f64..1.0) {
        let rows = Rows::of(&store);
        let x = at * viewport.width;
        let shapes = shapes(&scene(&store, &rows, &viewport, &SceneOptions::default()));
        for row in viewport.visible_rows(rows.len()) {
            let lane = store.lane(rows.rows()[row].lane).expect("a row has a lane");
            let lives = lane.first_start().is_some_and(|start| viewport.x_of(start) <= x)
                && viewport.x_of(store.lane_end(lane)) > x;
            let y = viewport.y_of(row) + 2.0;
            let painted = shapes.iter().any(|shape| shape.0 == y && shape.1 <= x + 1e-6 && shape.2 >= x - 1e-6);
            prop_assert!(painted || !lives, "row {row} at {x}");
        }
    }

    #[test]
    fn pointing_finds_what_is_painted(store in runs(), viewport in viewports()) {
        let rows = Rows::of(&store);
        for (y, left, right, state, is_cell) in shapes(&scene(&store, &rows, &viewport, &SceneOptions::default())) {
            let x = (left + right) / 2.0;
            let Some(Hit { lane, spans, state: found }) = hit(&store, &rows, &viewport, x, y + 1.0) else {
                return Err(TestCaseError::fail("nothing there"));
            };
            prop_assert_eq!(found, Some(state));
            if !is_cell {
                prop_assert_eq!(spans.len(), 1);
                let span = store.span(lane, spans.start).expect("the span is there");
                prop_assert_eq!(span.state, state);
                let at = viewport.time_at(x);
                prop_assert!(span.start <= at && at <= span.end);
            }
        }
    }
}
