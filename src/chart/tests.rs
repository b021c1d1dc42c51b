use proptest::prelude::*;

use super::*;
use interleave_protocol::Workload;
use interleave_trace::{
    Entry, Event, InstanceId, LaneKind, Mark, NO_NUMBER, NameId, ObjectId, Outcome, State, What, ring::Slot,
};

const MS: u64 = 1_000_000;

fn lane(count: u32) -> LaneId {
    LaneId::new(InstanceId(1), count)
}

fn entered(state: State) -> What {
    What::Entered {
        state,
        name: NameId::NONE,
        number: NO_NUMBER,
        on: ObjectId::NONE,
        holder: LaneId::NONE,
        timed: false,
    }
}

fn slots(events: &[(u64, LaneId, What)]) -> Vec<Slot> {
    let mut slots = Vec::new();
    for &(ms, lane, what) in events {
        Entry::Event(Event { time: TimeNs(ms * MS), lane, what }).encode(&mut slots);
    }
    slots
}

/// A host that starts at 10 ms and a thread that it waits for.
///
/// ```text
///  host    10 R 20 W............60 R 70
///  thread       20 R        55|
/// ```
fn run(ticket: Ticket) -> Recording {
    let spawned =
        |kind, parent| What::Spawned { parent, kind, name: NameId::NONE, number: NO_NUMBER, host: LaneId::NONE };
    let mut recording = Recording::new(ticket, RunSpec::new(Workload::Pi, 2), 2, true, String::new());
    let events = [
        (5, lane(0), spawned(LaneKind::Process, LaneId::NONE)),
        (10, lane(0), What::Started),
        (10, lane(0), What::Marked(Mark::RunStarted)),
        (10, lane(0), entered(State::Running)),
        (12, lane(1), spawned(LaneKind::Thread, lane(0))),
        (20, lane(0), entered(State::Waiting)),
        (20, lane(1), What::Started),
        (20, lane(1), entered(State::Running)),
        (55, lane(1), What::Ended(Outcome::Completed)),
        (60, lane(0), What::Joined { child: lane(1) }),
        (60, lane(0), entered(State::Running)),
        (70, lane(0), What::Marked(Mark::RunFinished)),
        (70, lane(0), What::Ended(Outcome::Completed)),
    ];
    recording.grow(&slots(&events), None);
    recording.close();
    recording
}

fn shelf(tickets: &[Ticket]) -> Shelf {
    let mut shelf = Shelf::default();
    tickets.iter().for_each(|&ticket| shelf.put(run(ticket)));
    shelf
}

fn chart(shelf: &Shelf, panes: &[(Ticket, &str)]) -> Chart {
    let mut chart = Chart::default();
    chart.resize(shelf, Layout { width: 1000.0, height: 500.0, rem: 10.0 });
    chart.show(shelf, panes.iter().map(|&(ticket, heading)| (ticket, heading.to_owned())).collect());
    chart.catch_up(shelf);
    chart
}

/// A point on a lane at a time, counted from the run's start.
fn point(chart: &Chart, shelf: &Shelf, ticket: Ticket, of: LaneId, ms: f64) -> (f64, f64) {
    let places = chart.places(shelf);
    let Some((_, recording, _, view)) = places.iter().find(|(pane, ..)| pane.ticket == ticket) else {
        panic!("no pane {ticket}")
    };
    let Some(row) = recording.rows.row_of(&recording.store, of) else { panic!("no row for {of:?}") };
    let x = (ms * 1e6 - view.start_ns) / view.ns_per_px + chart.layout.gutter();
    (x, view.y_of(row) + view.row_height / 2.0 + chart.layout.plot_top())
}

fn chosen(ticket: Ticket, count: u32, index: usize) -> Chosen {
    Chosen { ticket, span: SpanRef { lane: lane(count), index } }
}

#[test]
fn a_point_finds_the_span_and_the_name_under_it() {
    let shelf = shelf(&[1]);
    let chart = chart(&shelf, &[(1, "")]);
    let (x, y) = point(&chart, &shelf, 1, lane(1), 20.0);
    let Target::Bar(1, found) = chart.target(&shelf, x, y) else { panic!("nothing found") };
    assert_eq!((found.lane, found.state), (lane(1), Some(State::Running)));
    assert_eq!(chart.target(&shelf, 3.0, y), Target::Caption(1, lane(1)));
    assert_eq!(chart.target(&shelf, chart.layout.gutter(), 1.0), Target::Overview(0.0));
    assert_eq!(chart.target(&shelf, x, 499.0), Target::Nothing);
}

#[test]
fn panes_of_a_comparison_share_an_axis_and_lie_apart() {
    let shelf = shelf(&[1, 2]);
    let chart = chart(&shelf, &[(1, "first"), (2, "second")]);
    let (first, second) = (point(&chart, &shelf, 1, lane(0), 5.0), point(&chart, &shelf, 2, lane(0), 5.0));
    assert_eq!(first.0, second.0);
    assert!(second.1 > first.1 + chart.layout.heading());
    assert!(matches!(chart.target(&shelf, second.0, second.1), Target::Bar(2, _)));
}

#[test]
fn arrows_walk_along_a_lane_and_across_lanes() {
    let shelf = shelf(&[1]);
    let mut chart = chart(&shelf, &[(1, "")]);
    chart.select(Some(chosen(1, 0, 1)));
    assert!(chart.press(&shelf, Key::After));
    assert_eq!(chart.selected, Some(chosen(1, 0, 2)));
    assert!(chart.press(&shelf, Key::Below));
    assert_eq!(chart.selected.map(|it| it.span.lane), Some(lane(1)));
    assert!(chart.press(&shelf, Key::Below), "there is nothing below, and nothing changes");
    assert!(chart.press(&shelf, Key::Clear));
    assert_eq!(chart.selected, None);
    assert!(!chart.press(&shelf, Key::Clear));
}

#[test]
fn a_wait_leads_to_who_ended_it() {
    let shelf = shelf(&[1]);
    let mut chart = chart(&shelf, &[(1, "")]);
    let store = shelf.get(1).map(|recording| &recording.store);
    let waiting = store.and_then(|store| store.spans(lane(0)).find(|span| span.state == State::Waiting));
    let Some(waiting) = waiting else { panic!("nobody waits") };
    chart.select(Some(chosen(1, 0, waiting.index)));
    assert!(chart.walk(&shelf, Step::Unblocker));
    assert_eq!(chart.selected.map(|it| it.span.lane), Some(lane(1)));
}

#[test]
fn dragging_ends_following_and_fit_returns_to_it() {
    let shelf = shelf(&[1]);
    let mut chart = chart(&shelf, &[(1, "")]);
    chart.drag(&shelf, 0.0, 30.0);
    assert!(chart.follow, "scrolling rows is not panning");
    chart.drag(&shelf, 30.0, 0.0);
    assert!(!chart.follow);
    chart.press(&shelf, Key::Fit);
    assert!(chart.follow);
}

/// A run that goes on, with the host at work from 5 ms on.
fn growing() -> Shelf {
    let mut shelf = Shelf::default();
    shelf.put(Recording::new(1, RunSpec::new(Workload::Pi, 2), 2, true, String::new()));
    grow(&mut shelf, &[(5, lane(0), entered(State::Running)), (50, lane(0), entered(State::Waiting))]);
    shelf
}

fn grow(shelf: &mut Shelf, events: &[(u64, LaneId, What)]) {
    if let Some(recording) = shelf.get_mut(1) {
        recording.grow(&slots(events), None);
    }
}

#[test]
fn what_is_looked_at_stays_when_the_start_becomes_known() {
    let mut shelf = growing();
    let mut chart = chart(&shelf, &[(1, "")]);
    chart.drag(&shelf, 10.0, 0.0);
    let x_of = |chart: &Chart, shelf: &Shelf| chart.places(shelf)[0].3.x_of(TimeNs(30 * MS));
    let before = x_of(&chart, &shelf);
    grow(&mut shelf, &[(40, lane(0), What::Marked(Mark::RunStarted))]);
    chart.catch_up(&shelf);
    assert!((x_of(&chart, &shelf) - before).abs() < 1e-6);
}

#[test]
fn the_clock_of_a_run_that_is_followed_starts_at_the_left_edge() {
    let mut shelf = growing();
    let mut chart = chart(&shelf, &[(1, "")]);
    grow(&mut shelf, &[(40, lane(0), What::Marked(Mark::RunStarted))]);
    for ms in 60..300 {
        grow(&mut shelf, &[(ms, lane(0), entered(State::Running))]);
        chart.catch_up(&shelf);
        let view = chart.view();
        assert!(view.start_ns <= 0.0 && view.start_ns > -0.1 * view.end_ns(), "{}", view.start_ns);
        assert!(view.end_ns() >= (ms - 40) as f64 * 1e6);
    }
}

#[test]
fn fit_shows_the_run_and_then_what_came_before_it_too() {
    let shelf = shelf(&[1]);
    let mut chart = chart(&shelf, &[(1, "")]);
    let of_run = *chart.view();
    assert!(of_run.start_ns > -5.0e6, "the host was asked for 5 ms before the run");
    chart.press(&shelf, Key::Fit);
    assert_eq!(chart.view().start_ns, -5.0e6);
    chart.press(&shelf, Key::Fit);
    assert_eq!(*chart.view(), of_run);
}

proptest! {
    #[test]
    fn whatever_is_done_some_of_the_run_is_in_view(
        moves in proptest::collection::vec((0usize..8, -2000.0f64..2000.0, -500.0f64..500.0), 0..40),
    ) {
        let shelf = shelf(&[1, 2]);
        let mut chart = chart(&shelf, &[(1, "first"), (2, "second")]);
        for (what, a, b) in moves {
            match what {
                0 => chart.drag(&shelf, a, b),
                1 => chart.zoom(&shelf, (a / 1000.0).exp(), b.abs()),
                2 => chart.look_at(&shelf, a / 2000.0),
                3 => chart.resize(&shelf, Layout { width: a.abs() + 200.0, height: b.abs() + 100.0, rem: 15.0 }),
                4 => chart.set_follow(&shelf, a > 0.0),
                5 => { chart.press(&shelf, Key::After); }
                6 => { chart.press(&shelf, Key::Below); }
                _ => { chart.press(&shelf, Key::Enter); }
            }
            chart.catch_up(&shelf);
            let (extent, view) = (chart.extent(&shelf), chart.view());
            prop_assert!(view.start_ns <= extent.end_ns && view.end_ns() >= extent.start_ns);
            let (scroll, content, window) = chart.scroll(&shelf);
            prop_assert!(scroll >= 0.0 && scroll <= (content - window).max(0.0) + 1e-6);
        }
    }
}
