//! How long it takes to take a run in and to draw it, by the number of spans.
//!
//! `cargo run --release --example scene_times -p interleave-timeline`

use std::hint::black_box;
use std::time::Instant;

use interleave_timeline::{Report, Rows, Scene, SceneOptions, Store, Viewport, overview};
use interleave_trace::{
    Event, InstanceId, LaneId, LaneKind, Mark, NO_NUMBER, NameId, ObjectId, Outcome, State, TimeNs, What, ring::Slot,
};

/// A run of `lanes` lanes with `spans` spans in all, of uneven lengths; every fourth wait has a waker.
fn run(lanes: u32, spans: u32) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut random = 0x2545_f491_4f6c_dd1du64;
    let mut next = |most: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % most
    };
    let id = |lane: u32| LaneId::new(InstanceId(1), lane);
    let mut tell = |time: u64, lane: LaneId, what: What| slots.push(Event { time: TimeNs(time), lane, what }.encode());
    let per_lane = spans / lanes;
    let mean = 2_000_000_000 / u64::from(per_lane);
    for lane in 0..lanes {
        let (kind, host) = if lane < 8 { (LaneKind::Thread, LaneId::NONE) } else { (LaneKind::Task, id(lane % 8)) };
        let parent = if lane == 0 { LaneId::NONE } else { id(0) };
        let what = What::Spawned { parent, kind, name: NameId::NONE, number: lane, host };
        tell(u64::from(lane), id(lane), what);
    }
    tell(0, id(0), What::Marked(Mark::RunStarted));
    let mut times: Vec<u64> = (0..lanes).map(|lane| 1000 + next(mean) + u64::from(lane)).collect();
    for lane in 0..lanes {
        tell(times[lane as usize], id(lane), What::Started);
    }
    for step in 0..per_lane.saturating_sub(2) {
        for lane in 0..lanes {
            let time = &mut times[lane as usize];
            *time += 1 + next(2 * mean);
            let state = State::ALL[1 + next(5) as usize];
            let (name, on, holder) = (NameId::NONE, ObjectId::NONE, LaneId::NONE);
            tell(*time, id(lane), What::Entered { state, name, number: step, on, holder, timed: false });
            if next(4) == 0 {
                tell(*time, id(lane), What::Woke { target: id(next(u64::from(lanes)) as u32), on: ObjectId(step) });
            }
        }
    }
    for lane in 0..lanes {
        tell(times[lane as usize] + mean, id(lane), What::Ended(Outcome::Completed));
    }
    let end = times.iter().copied().max().unwrap_or(0) + mean;
    tell(end, id(0), What::Marked(Mark::RunFinished));
    let _ = NO_NUMBER;
    slots
}

/// The middle and the most of some frames, in milliseconds.
fn frames(mut each: impl FnMut(usize)) -> (f64, f64) {
    let mut times: Vec<f64> = (0..60)
        .map(|frame| {
            let start = Instant::now();
            each(frame);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[times.len() - 1])
}

/// Takes a run in as it grows, a thousand entries a frame, and prints what rows cost.
fn grow(slots: &[Slot]) {
    let (mut store, mut rows) = (Store::default(), Rows::default());
    let chunks: Vec<&[Slot]> = slots.chunks(1000).take(110).collect();
    let (mut most, mut all) = (0.0f64, 0.0);
    for chunk in &chunks {
        store.append(chunk);
        let start = Instant::now();
        rows.update(&store);
        let took = start.elapsed().as_secs_f64() * 1e3;
        most = most.max(took);
        all += took;
    }
    println!("rows of a growing run, {} lanes: {:.2} ({most:.2}) ms a frame", rows.len(), all / chunks.len() as f64);
}

fn main() {
    println!("1200 x 600 px; scene times in ms: middle (most) of 60 frames");
    println!(
        "{:>8} {:>9} {:>9} {:>9}  {:>15} {:>15} {:>15} {:>15} {:>9} {:>8} {:>7}",
        "lanes", "spans", "append ns", "rows ms", "fit", "1/10", "1/1000", "2 px rows", "overview", "report", "shapes"
    );
    for (lanes, spans) in [
        (8, 10_000),
        (8, 100_000),
        (32, 100_000),
        (8, 1_000_000),
        (32, 1_000_000),
        (1000, 1_000_000),
        (100_000, 1_000_000),
    ] {
        let slots = run(lanes, spans);
        let start = Instant::now();
        let store = Store::of(&slots);
        let append = start.elapsed().as_nanos() as f64 / slots.len() as f64;
        let start = Instant::now();
        let rows = Rows::of(&store);
        let rows_ms = start.elapsed().as_secs_f64() * 1e3;
        if lanes == 100_000 {
            grow(&slots);
        }
        let mut viewport = Viewport { width: 1200.0, height: 600.0, ..Viewport::default() };
        let all = viewport.extent(store.earliest(), store.latest());
        let mut scene = Scene::default();
        let options = SceneOptions::default();
        let mut draw = |viewport: &Viewport| scene.draw(&store, &rows, viewport, &options);
        let mut times = Vec::new();
        viewport.fit(all);
        times.push(frames(|frame| {
            viewport.pan(if frame % 2 == 0 { 1.3 } else { -1.1 }, 0.0);
            draw(&viewport);
        }));
        for factor in [10.0, 100.0] {
            viewport.zoom(factor, 600.0);
            times.push(frames(|_| {
                viewport.pan(-3.7, -1.0);
                draw(&viewport);
            }));
        }
        viewport.fit(all);
        viewport.row_height = 2.0;
        viewport.scroll_y = 0.0;
        times.push(frames(|_| draw(&viewport)));
        let shapes: usize = scene.batches.iter().map(|batch| batch.bars.len() + batch.cells.len()).sum();
        let (strip, _) = frames(|_| drop(black_box(overview(&store, &viewport, 1200))));
        let start = Instant::now();
        let report = Report::of(&store);
        let report_ms = start.elapsed().as_secs_f64() * 1e3;
        drop(black_box(report));
        print!("{lanes:>8} {spans:>9} {append:>9.0} {rows_ms:>9.2} ");
        for (middle, most) in times {
            print!(" {:>15}", format!("{middle:.2} ({most:.2})"));
        }
        println!(" {strip:>9.2} {report_ms:>8.2} {shapes:>7}");
    }
}
