//! Whole runs as texts: what goes in, and all that is made of it.
//!
//! Each `tests/golden/NAME.trace` is a run; `NAME.expected` holds rows, edges, report, remarks, table and picture
//! that come of it. `INTERLEAVE_BLESS=1 cargo test` writes the expectations anew.

use std::fmt::Write;
use std::path::Path;

use interleave_timeline::{
    Compared, Comparison, Report, Rows, SceneOptions, Store, Viewport, lints, scene, table, text,
};

fn store(name: &str) -> Store {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("trace");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text::store_of(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn told(store: &Store) -> String {
    let mut told = String::new();
    let mut line = |text: String| writeln!(told, "{text}").expect("a string takes all");
    let rows = Rows::of(store);
    line("## rows".into());
    for row in rows.rows() {
        line(format!("{}{}", "  ".repeat(usize::from(row.depth)), store.lane_title(row.lane)));
    }
    line("\n## edges".into());
    for edge in store.edges() {
        let (from, to) = (store.lane_title(edge.from), store.lane_title(edge.to));
        line(format!("{} {from} {} ms -> {to} {} ms", edge.kind.text(), edge.left.as_ms(), edge.arrived.as_ms()));
    }
    let report = Report::of(store);
    line("\n## report".into());
    line(report.to_json().replace(",\"", ",\n \"").replace(":[{", ":[\n {").replace("},{", "},\n {"));
    line("\n## remarks".into());
    for diagnosis in lints(store, &report) {
        line(diagnosis.sentence);
    }
    line("\n## table".into());
    line(table::HEADS.join(" | "));
    for row in table::table(store, &rows, 0, 100) {
        line(row.cells.join(" | "));
    }
    if !report.objects.is_empty() {
        line("\n## objects".into());
        line(table::OBJECT_HEADS.join(" | "));
        table::objects(&report).iter().for_each(|cells| line(cells.join(" | ")));
        line("\n## who waited for whom".into());
        line(table::WAIT_HEADS.join(" | "));
        table::waits(&report).iter().for_each(|cells| line(cells.join(" | ")));
    }
    line("\n## picture".into());
    let mut viewport = Viewport { zero: store.zero(), width: 600.0, height: 200.0, ..Viewport::default() };
    viewport.fit(viewport.extent(store.earliest(), store.latest()));
    let mut scene = scene(store, &rows, &viewport, &SceneOptions::default());
    if let Some(deadlock) = &report.deadlock {
        scene.draw_deadlock(store, &rows, &viewport, deadlock);
    }
    line(text::scene_log(&scene));
    told
}

fn check(name: &str) {
    let told = told(&store(name));
    compare(name, &told);
}

fn compare(name: &str, told: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("expected");
    if std::env::var_os("INTERLEAVE_BLESS").is_some() {
        std::fs::write(&path, told).expect("the expectation is written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    for (at, (told, expected)) in told.lines().zip(expected.lines()).enumerate() {
        assert_eq!(told, expected, "{name}.expected, line {}", at + 1);
    }
    assert_eq!(told.lines().count(), expected.lines().count(), "{name}.expected has other lines");
}

#[test]
fn sequential() {
    check("sequential");
}

#[test]
fn threads() {
    check("threads");
}

#[test]
fn processes() {
    check("processes");
}

#[test]
fn tasks() {
    check("tasks");
}

#[test]
fn a_stopped_run() {
    check("stopped");
}

#[test]
fn the_four_compared() {
    let report = |name| Report::of(&store(name));
    let (sequential, threads, processes, tasks) =
        (report("sequential"), report("threads"), report("processes"), report("tasks"));
    let comparison = Comparison::of(
        &sequential,
        &[
            Compared { name: "threads", workers: 2, run: Ok(&threads) },
            Compared { name: "processes", workers: 2, run: Ok(&processes) },
            Compared { name: "tasks", workers: 1, run: Ok(&tasks) },
        ],
    );
    compare("compared", &format!("{}\n{}\n", comparison.sentence, comparison.to_json().replace("},{", "},\n{")));
}

#[test]
fn locks_and_a_gil() {
    check("locks");
}

#[test]
fn a_deadlock() {
    check("deadlock");
}
