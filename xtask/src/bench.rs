//! `cargo xtask bench`: what the project promises about speed and size, measured in a real browser.
//!
//! ```text
//!  dist/ + bench/ (benches/, built as the engine is) -- served --> browser <-- driver/bench.mjs: samples
//!  samples -> rows: value, target, met or missed, both sides -> a table and JSON
//! ```
//! A ratio is of medians of samples that were taken in turns; beside it stands the ratio of the least ones, which a
//! busy machine disturbs less. Whether a target is met is decided by the medians; "unsure" says that the samples
//! scatter so much that the target lies within their noise, or that the minima say otherwise: worth measuring again
//! on a quieter machine. Where the bare pool itself is hardly faster than one thread, the machine had no second
//! processor to give, and what is compared with the pool says nothing.

mod embed;
mod python;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use interleave_protocol::{Kind, RunSpec, Workload};
use lexopt::prelude::*;
use serde_json::{Map, Value, json};

use crate::browser::Driver;
use crate::command::{command, output_of, run};
use crate::python::Python;
use crate::server::{Headers, Site};
use crate::tools::{self, Browser, BuildTools, NodeTools};
use crate::{Project, build, unknown};

/// What can be measured by itself.
const SECTIONS: [&str; 15] = [
    "kernels",
    "models",
    "page-models",
    "recording",
    "starts",
    "messages",
    "locks",
    "queues",
    "pipes",
    "tasks",
    "timeline",
    "sizes",
    "ready",
    "python",
    "embed",
];

/// How many spans the timeline is measured with.
const SPANS: [u32; 3] = [10_000, 100_000, 1_000_000];

/// As in `build`: what wasm-opt has to be told.
const WASM_FEATURES: [&str; 9] = [
    "--enable-threads",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-mutable-globals",
    "--enable-simd",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
];

struct Options {
    browser: Browser,
    only: Vec<String>,
    quick: bool,
    strict: bool,
    json: PathBuf,
}

/// Whether everything was measured and, with `--strict`, every target met.
pub fn bench(mut arguments: lexopt::Parser) -> Result<bool> {
    let project = Project::open()?;
    let mut options = Options {
        browser: Browser::Chromium,
        only: Vec::new(),
        quick: false,
        strict: false,
        json: project.root.join("test-output/bench.json"),
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("browser") => options.browser = Browser::parse(&arguments.value()?.string()?)?,
            Long("only") => options.only.extend(arguments.value()?.string()?.split(',').map(str::to_owned)),
            Long("quick") => options.quick = true,
            Long("strict") => options.strict = true,
            Long("json") => options.json = PathBuf::from(arguments.value()?),
            other => return Err(unknown(other)),
        }
    }
    if let Some(strange) = options.only.iter().find(|name| !SECTIONS.contains(&name.as_str())) {
        bail!("There is nothing named '{strange}' to measure: say {}.", SECTIONS.join(", "));
    }
    measure(&project, &options)
}

fn measure(project: &Project, options: &Options) -> Result<bool> {
    let driver = Driver::new(project, options.browser)?;
    let dist = build::fresh_site(project, Python::IfThere)?;
    let node = tools::ensure_node_tools(&project.cache, &project.root)?;
    let wants = |section: &str| options.only.is_empty() || options.only.iter().any(|name| name == section);
    let mut measured = Measured::default();
    let has_more_than =
        |others: &[&str]| options.only.is_empty() || options.only.iter().any(|name| !others.contains(&name.as_str()));
    if has_more_than(&["sizes"]) {
        let mut request = Map::new();
        // Examples in posts are the published site's and need nothing of the bench artifact.
        let _server = match has_more_than(&["sizes", "embed"]) {
            true => Some(beside_the_page(project, &node, &dist, &mut request)?),
            false => None,
        };
        if wants("embed") || wants("python") {
            request.insert("dist".into(), json!(build::fresh_dist(project, Python::IfThere)?));
        }
        if wants("embed") {
            embed::request(project, &mut request);
        }
        request
            .insert("kernels".into(), kernels().map(|(id, spec)| json!({"id": id, "query": query(&spec)})).collect());
        request.insert("programs".into(), json!(project.root.join("benches/python")));
        request.insert("quick".into(), json!(options.quick));
        let mut only = options.only.clone();
        if only.iter().any(|name| name == "page-models") {
            // The bare pool that they are compared with is measured there.
            only.push("models".to_owned());
        }
        request.insert("only".into(), json!(only));
        measured = Measured::from_answer(&driver.run(project, "bench.mjs", request)?);
    }
    let mut rows = rows(&measured, wants);
    if wants("sizes") {
        rows.extend(sizes(project, &node, &dist));
    }
    if wants("python") {
        rows.extend(python::rows(project, &measured)?);
        rows.extend(python::sizes(project, &node, &dist)?);
    }
    if wants("embed") {
        rows.extend(embed::rows(&measured));
    }
    print!("{}", table(&rows));
    println!("{}", total(&rows));
    write_json(options, &measured, &rows)?;
    println!("All samples: {}", options.json.display());
    let complete = rows.iter().all(|row| row.result.is_ok());
    let met = rows.iter().all(|row| row.verdict() != Verdict::Missed);
    Ok(complete && (met || !options.strict))
}

/// Serves the bench artifact and its page, and builds what they are measured with.
fn beside_the_page(project: &Project, node: &NodeTools, dist: &Path, request: &mut Map<String, Value>) -> Result<Site> {
    let site = bench_site(project, node, dist)?;
    let native = native_program(project)?;
    request.insert("saved".into(), json!(saved_runs(project, &native)?));
    request.insert("native".into(), json!(native));
    let server = Site::serve(site, 0, Headers::Isolated)?;
    request.insert("url".into(), json!(server.url()));
    Ok(server)
}

/// Every CPU-bound workload as the catalogue has it.
fn kernels() -> impl Iterator<Item = (&'static str, RunSpec)> {
    let all = Workload::ALL.iter().filter(|workload| workload.info().kind == Kind::Cpu);
    all.map(|&workload| (workload.info().id, RunSpec::new(workload, 1)))
}

fn query(spec: &RunSpec) -> String {
    format!("workload={}&size={}&tasks={}", spec.workload.info().id, spec.size, spec.tasks)
}

/// The built site with the bench artifact and its page beside it. The site itself stays as it is.
fn bench_site(project: &Project, node: &NodeTools, dist: &Path) -> Result<PathBuf> {
    let site = project.scratch("bench")?;
    let build_tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let fresh = || -> std::io::Result<()> {
        if site.exists() {
            fs::remove_dir_all(&site)?;
        }
        fs::create_dir_all(site.join("bench"))?;
        for entry in fs::read_dir(dist)? {
            let entry = entry?;
            symlink(entry.path(), site.join(entry.file_name()))?;
        }
        for entry in fs::read_dir(project.root.join("benches/www"))? {
            let entry = entry?;
            fs::copy(entry.path(), site.join("bench").join(entry.file_name()))?;
        }
        Ok(())
    };
    fresh().with_context(|| format!("{} cannot be written", site.display()))?;
    let comlink = node.comlink();
    fs::copy(&comlink, site.join("bench/comlink.js"))
        .with_context(|| format!("{} cannot be copied", comlink.display()))?;
    python::lay_pyodide(project, &site.join("bench"))?;
    artifact(project, &build_tools, node, &site.join("bench"))?;
    Ok(site)
}

/// Builds the bench artifact with the engine's flags, profile and optimiser.
fn artifact(project: &Project, tools: &BuildTools, node: &NodeTools, out: &Path) -> Result<()> {
    let (target, _lock) = project.cache.target("wasm", &project.root)?;
    let mut cargo = command("cargo");
    cargo
        .args(["build", "--quiet", "--release", "--package", "interleave-bench", "--bin", "bench"])
        .args(["--target", "wasm32-unknown-unknown"])
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", &target);
    tools.toolchain.apply(&mut cargo, &[])?;
    run(&mut cargo, "The build of the bench artifact")?;
    let mut wasm_bindgen = command(&tools.wasm_bindgen.path);
    wasm_bindgen
        .args(["--target", "web", "--no-typescript", "--out-dir"])
        .arg(out)
        .arg(target.join("wasm32-unknown-unknown/release/bench.wasm"));
    run(&mut wasm_bindgen, "wasm-bindgen for the bench artifact")?;
    let (from, to) = (out.join("bench_bg.wasm"), out.join("bench_bg.opt"));
    let mut wasm_opt = command(&node.node.path);
    wasm_opt
        .arg(node.wasm_opt())
        .arg("-O3")
        .args(WASM_FEATURES)
        .arg("--strip-debug")
        .arg("--output")
        .args([&to, &from]);
    run(&mut wasm_opt, "wasm-opt for the bench artifact")?;
    fs::rename(&to, &from).with_context(|| format!("{} cannot be replaced", from.display()))
}

/// The same code for this machine, by the same compiler and with the same profile.
fn native_program(project: &Project) -> Result<PathBuf> {
    let tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let (target, _lock) = project.cache.target("bench", &project.root)?;
    let mut cargo = command("cargo");
    cargo
        .args(["build", "--quiet", "--release", "--package", "interleave-bench", "--bin", "bench"])
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", &target);
    tools.toolchain.apply(&mut cargo, &[])?;
    // The std that came with the compiler: wasm alone needs one of its own.
    cargo.env_remove("CARGO_UNSTABLE_BUILD_STD");
    run(&mut cargo, "The build of the native kernels")?;
    Ok(target.join("release").join(format!("bench{}", std::env::consts::EXE_SUFFIX)))
}

fn saved_runs(project: &Project, native: &Path) -> Result<Vec<Value>> {
    let directory = project.scratch("bench-runs")?;
    fs::create_dir_all(&directory).with_context(|| format!("{} cannot be created", directory.display()))?;
    SPANS
        .iter()
        .map(|spans| {
            let file = directory.join(format!("{spans}.interleave"));
            let mut bench = command(native);
            bench.args(["saved", &spans.to_string()]).arg(&file);
            run(&mut bench, "Writing a run to open")?;
            Ok(json!({"spans": spans, "file": file}))
        })
        .collect()
}

/// What the browser gave.
#[derive(Default)]
struct Measured {
    version: String,
    series: BTreeMap<String, Vec<f64>>,
    errors: BTreeMap<String, String>,
}

impl Measured {
    fn from_answer(answer: &Value) -> Self {
        let object = |name: &str| answer[name].as_object().into_iter().flatten();
        let samples = |list: &Value| list.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        Self {
            version: answer["version"].as_str().unwrap_or_default().to_owned(),
            series: object("series").map(|(name, list)| (name.clone(), samples(list))).collect(),
            errors: object("errors")
                .map(|(name, error)| (name.clone(), error.as_str().unwrap_or_default().to_owned()))
                .collect(),
        }
    }

    /// One series of a measurement, or why there is none.
    fn get(&self, measurement: &str, series: &str) -> Result<Stats, String> {
        if let Some(error) = self.errors.get(measurement) {
            return Err(error.clone());
        }
        let samples = self.series.get(&format!("{measurement}/{series}")).map_or(&[][..], Vec::as_slice);
        Stats::of(samples).ok_or_else(|| format!("{measurement}/{series} gave nothing"))
    }
}

/// The figures of some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stats {
    count: usize,
    min: f64,
    median: f64,
    p99: f64,
    max: f64,
}

impl Stats {
    fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let median = (sorted.get((count.checked_sub(1)?) / 2)? + sorted[count / 2]) / 2.0;
        // The least that 99 of 100 do not exceed.
        let p99 = sorted[(count * 99).div_ceil(100).clamp(1, count) - 1];
        Some(Self { count, min: sorted[0], median, p99, max: sorted[count - 1] })
    }

    fn to_json(self) -> Value {
        json!({"count": self.count, "min": self.min, "median": self.median, "p99": self.p99, "max": self.max})
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Target {
    AtMost(f64),
    AtLeast(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Met,
    Missed,
    NoTarget,
    NotMeasured,
}

/// One side of a ratio, or another part of what a value was made of.
struct Side {
    name: String,
    stats: Stats,
    /// Samples are divided by this to be shown in the unit.
    per: f64,
    unit: &'static str,
}

struct Row {
    section: &'static str,
    name: String,
    unit: &'static str,
    target: Option<Target>,
    /// The value, and the one that the least samples give where that means something; or why there is none.
    result: Result<(f64, Option<f64>), String>,
    sides: Vec<Side>,
}

impl Row {
    fn verdict(&self) -> Verdict {
        match (&self.result, self.target) {
            (Err(_), _) => Verdict::NotMeasured,
            (_, None) => Verdict::NoTarget,
            (Ok((value, _)), Some(Target::AtMost(most))) if *value <= most => Verdict::Met,
            (Ok((value, _)), Some(Target::AtLeast(least))) if *value >= least => Verdict::Met,
            _ => Verdict::Missed,
        }
    }

    /// Whether medians and minima give different verdicts, or the target lies within the noise: the error of a
    /// middle, taken from how far it is from the least sample, which nothing disturbed.
    fn is_unsure(&self) -> bool {
        let (Ok((value, least)), Some(Target::AtMost(target) | Target::AtLeast(target))) = (&self.result, self.target)
        else {
            return false;
        };
        let of = |side: &Side| (side.stats.median / side.stats.min - 1.0) / (side.stats.count as f64).sqrt();
        let noise = 1.0 + self.sides.iter().map(of).sum::<f64>();
        let as_ratio = |value: f64| if self.unit == "%" { 1.0 + value / 100.0 } else { value };
        let by_minima = as_ratio(least.unwrap_or(*value));
        let (value, target) = (as_ratio(*value), as_ratio(target));
        (value < target) != (by_minima < target) || (value / noise..=value * noise).contains(&target)
    }

    /// A row from what `make` finds, which gives up where a series is missing.
    fn of(
        section: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        target: Option<Target>,
        make: impl FnOnce(&mut Vec<Side>) -> Result<(f64, Option<f64>), String>,
    ) -> Self {
        let mut sides = Vec::new();
        let result = make(&mut sides);
        Self { section, name: name.into(), unit, target, result, sides }
    }
}

const MS: (f64, &str) = (1e6, "ms");

fn side(name: &str, stats: Stats, (per, unit): (f64, &'static str)) -> Side {
    Side { name: name.to_owned(), stats, per, unit }
}

/// One series over another.
fn ratio(
    measured: &Measured,
    sides: &mut Vec<Side>,
    measurement: &str,
    [(over, over_name), (under, under_name)]: [(&str, &str); 2],
    unit: (f64, &'static str),
) -> Result<(f64, Option<f64>), String> {
    let (over, under) = (measured.get(measurement, over)?, measured.get(measurement, under)?);
    sides.extend([side(over_name, over, unit), side(under_name, under, unit)]);
    // Below the clock's resolution the least sample is zero and says nothing.
    let least = (over.min > 0.0 && under.min > 0.0).then(|| over.min / under.min);
    Ok((over.median / under.median, least))
}

fn rows(measured: &Measured, wants: impl Fn(&str) -> bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for (id, _) in kernels() {
        let at = format!("kernels/{id}");
        rows.push(Row::of("kernels", format!("{id}: wasm / native"), "x", Some(Target::AtMost(1.3)), |sides| {
            let value = ratio(measured, sides, &at, [("wasm", "wasm"), ("native", "native")], MS);
            sides.extend(measured.get(&at, "first").map(|first| side("first in wasm", first, MS)));
            value
        }));
    }
    for (id, _) in kernels() {
        rows.push(Row::of("models", format!("{id}: speed-up of a bare pool of 2"), "x", None, |sides| {
            ratio(measured, sides, &format!("models/{id}"), [("one", "bare, one thread"), ("pool", "bare pool")], MS)
        }));
    }
    for section in ["models", "page-models"] {
        for model in ["threads", "processes"] {
            for (id, _) in kernels() {
                rows.push(speed_up(measured, section, model, id));
            }
        }
    }
    for (id, _) in kernels() {
        let target = Some(Target::AtMost(2.0));
        rows.push(Row::of("recording", format!("{id} on two threads: cost of recording"), "%", target, |sides| {
            let names = [("on", "recorded"), ("off", "not recorded")];
            let (median, min) = ratio(measured, sides, &format!("recording/{id}"), names, MS)?;
            Ok(((median - 1.0) * 100.0, min.map(|min| (min - 1.0) * 100.0)))
        }));
    }
    for (series, name) in [("entered", "an event recorded"), ("titled", "an event recorded, its title looked up")] {
        rows.push(Row::of("recording", name, "ns", Some(Target::AtMost(200.0)), |sides| {
            let cost = measured.get("recording/event", series)?;
            sides.push(side("runs of 8,192 events", cost, (1.0, "ns")));
            Ok((cost.median, Some(cost.min)))
        }));
    }
    for (at, name, bare, unit) in [
        ("starts/cold-thread", "cold start of a thread / bare worker", "bare worker, shared memory", MS),
        ("starts/cold-pool", "cold start of a pool's thread / bare worker", "bare worker, shared memory", MS),
        ("starts/cold-process", "cold start of a process / bare worker", "bare worker, own memory", MS),
        ("starts/warm-thread", "warm start of a thread / bare wake", "Atomics.notify", (1e3, "us")),
        ("starts/warm-process", "warm start of a process / bare message", "postMessage", (1e3, "us")),
        ("messages/round-trip", "round trip of 32 bytes / bare", "postMessage", (1e3, "us")),
    ] {
        let section = if at.starts_with("starts") { "starts" } else { "messages" };
        rows.push(Row::of(section, name, "x", None, |sides| {
            ratio(measured, sides, at, [("ours", "ours"), ("bare", bare)], unit)
        }));
    }
    for (series, name) in [("copied", "postMessage, copied out and in"), ("handed", "postMessage, handed over only")] {
        rows.push(Row::of("messages", format!("throughput of 16 MiB messages / {name}"), "x", None, |sides| {
            let names = [("ours", "ours"), (series, "bare")];
            let (median, _) = ratio(measured, sides, "messages/throughput", names, (1.0, "MB/s"))?;
            // Of rates the least sample is the most disturbed one.
            Ok((median, None))
        }));
    }
    rows.extend(primitives(measured));
    for spans in SPANS {
        rows.extend(timeline(measured, spans));
    }
    rows.push(Row::of("ready", "navigation to usable, cold cache", "ms", Some(Target::AtMost(1000.0)), |sides| {
        let ready = measured.get("ready/first-visit", "ms")?;
        sides.push(side("of visits", ready, (1.0, "ms")));
        Ok((ready.median, Some(ready.min)))
    }));
    rows.retain(|row| wants(row.section));
    rows
}

/// What locks, queues, pipes and tasks cost, beside what does the same in JavaScript.
fn primitives(measured: &Measured) -> Vec<Row> {
    const NS: (f64, &str) = (1.0, "ns");
    const US: (f64, &str) = (1e3, "us");
    const RATE: (f64, &str) = (1.0, "MB/s");
    // The first series is ours and in the row's unit, the others stand beside it.
    let row = |at: &str, name: &str, (per, unit): (f64, &'static str), target, series: &[(&str, &str)]| {
        let section = SECTIONS.into_iter().find(|section| at.starts_with(section)).unwrap_or_default();
        Row::of(section, name, unit, target, |sides| {
            for (series, name) in series {
                // Not every browser gives every figure of the others.
                match measured.get(at, series) {
                    Ok(stats) => sides.push(side(name, stats, (per, unit))),
                    Err(error) if sides.is_empty() => return Err(error),
                    Err(_) => {}
                }
            }
            let own = measured.get(at, series.first().map_or("", |(series, _)| *series))?;
            // Of rates the least sample is the most disturbed one.
            Ok((own.median / per, (unit != RATE.1).then_some(own.min / per)))
        })
    };
    let at_most = |most| Some(Target::AtMost(most));
    let (atomics, post, comlink) = (("bare", "Atomics in JavaScript"), ("bare", "postMessage"), ("comlink", "comlink"));
    vec![
        row("locks/free", "a free lock, unrecorded", NS, at_most(50.0), &[("unrecorded", "ours"), atomics]),
        row("locks/free", "a free lock, recorded", NS, at_most(250.0), &[("recorded", "ours"), atomics]),
        row("locks/free", "of that, a look at the clock, which it takes twice", NS, None, &[("clock", "ours")]),
        row("locks/wanted", "a lock that two want, unrecorded", NS, None, &[("unrecorded", "ours"), atomics]),
        row("locks/wanted", "a lock that two want, recorded", NS, None, &[("recorded", "ours"), atomics]),
        row("queues/items", "an item from thread to thread, recorded", NS, None, &[("threads", "ours")]),
        row("queues/items", "an item from thread to thread, unrecorded", NS, None, &[("unrecorded", "ours")]),
        row("queues/items", "an item from thread to thread, room for 64", NS, None, &[("bounded", "ours")]),
        row("queues/items", "a number from process to process", NS, None, &[("processes", "ours")]),
        row("pipes/round-trip", "round trip of 16 bytes", US, at_most(30.0), &[("ours", "ours"), post, comlink]),
        row("pipes/bulk", "8 MiB messages", RATE, Some(Target::AtLeast(500.0)), &[("ours", "ours"), post, comlink]),
        row(
            "tasks/sleeping",
            "100,000 sleeping tasks",
            MS,
            at_most(1000.0),
            &[("ours", "ours"), ("promises", "promises")],
        ),
        row(
            "tasks/sleeping",
            "each of them",
            (1.0, "bytes"),
            None,
            &[("bytes", "ours"), ("promise-bytes", "a promise")],
        ),
    ]
}

/// How a model's speed-up compares with that of a bare pool. The pool is measured where nothing is drawn.
fn speed_up(measured: &Measured, section: &'static str, model: &str, id: &str) -> Row {
    let place = if section == "models" { "" } else { ", drawn by the page" };
    let name = format!("{id}: speed-up of 2 {model} / bare pool{place}");
    Row::of(section, name, "x", Some(Target::AtLeast(0.9)), |sides| {
        let (ours, bare) = (format!("{section}/{id}"), format!("models/{id}"));
        let sequential = measured.get(&ours, "sequential")?;
        let parallel = measured.get(&ours, model)?;
        let (one, pool) = (measured.get(&bare, "one")?, measured.get(&bare, "pool")?);
        let all = [("sequential", sequential), (model, parallel), ("bare, one thread", one), ("bare pool of 2", pool)];
        sides.extend(all.map(|(name, stats)| side(name, stats, MS)));
        let of = |get: fn(&Stats) -> f64| (get(&sequential) / get(&parallel)) / (get(&one) / get(&pool));
        Ok((of(|stats| stats.median), Some(of(|stats| stats.min))))
    })
}

fn timeline(measured: &Measured, spans: u32) -> Vec<Row> {
    let at = format!("timeline/{spans}");
    let ms = (1.0, "ms");
    let mut rows = vec![Row::of("timeline", format!("{spans} spans: from file to picture"), "ms", None, |_| {
        measured.get(&at, "opened").map(|opened| (opened.median, None))
    })];
    for (phase, how) in [("all", "all in view"), ("zoomed", "zoomed in")] {
        rows.push(Row::of("timeline", format!("{spans} spans, {how}: 99 % of frames within"), "ms", None, |sides| {
            let intervals = measured.get(&at, &format!("{phase}/interval"))?;
            let draws = measured.get(&at, &format!("{phase}/draw"))?;
            sides.extend([side("from frame to frame", intervals, ms), side("the page's drawing", draws, ms)]);
            // No browser but Chromium tells of long tasks, and none is a good sign.
            sides.extend(measured.get(&at, &format!("{phase}/long")).map(|long| side("tasks over 50 ms", long, ms)));
            sides.extend(measured.get(&at, "idle/interval").map(|idle| side("frames at rest", idle, ms)));
            Ok((intervals.p99, None))
        }));
    }
    rows
}

/// What page and engine weigh. 1 KB is 1,000 bytes.
fn sizes(project: &Project, node: &NodeTools, dist: &Path) -> Vec<Row> {
    let weighed = |artifact: &str| {
        weigh(project, node, &[dist.join(format!("{artifact}.js")), dist.join(format!("{artifact}_bg.wasm"))])
    };
    let (page, engine) = (weighed("interleave"), weighed("engine"));
    let row = |name: &str, target: Option<Target>, value: Option<f64>| {
        let result = value.map(|value| (value, None)).ok_or_else(|| "sizes.mjs failed".to_owned());
        Row { section: "sizes", name: name.to_owned(), unit: "KB", target, result, sides: Vec::new() }
    };
    let both = page.zip(engine).map(|(page, engine)| page.brotli + engine.brotli);
    vec![
        row("page, wasm and JS, raw", None, page.map(|page| page.raw)),
        row("page, wasm and JS, brotli", None, page.map(|page| page.brotli)),
        row("engine, wasm and JS, raw", None, engine.map(|engine| engine.raw)),
        row("engine, wasm and JS, brotli", None, engine.map(|engine| engine.brotli)),
        row("page and engine, brotli (1 KB = 1,000 bytes)", Some(Target::AtMost(450.0)), both),
    ]
}

/// What some files weigh together, in KB.
#[derive(Clone, Copy)]
struct Weight {
    raw: f64,
    brotli: f64,
}

fn weigh(project: &Project, node: &NodeTools, files: &[PathBuf]) -> Option<Weight> {
    let mut weigh = command(&node.node.path);
    weigh.arg(project.root.join("xtask/driver/sizes.mjs")).args(files);
    let list: Vec<Value> = output_of(&mut weigh).and_then(|text| serde_json::from_str(&text).ok())?;
    let of = |key: &str| {
        let bytes = list.iter().map(|it| it[key].as_u64()).sum::<Option<u64>>();
        bytes.map(|bytes| bytes as f64 / 1000.0)
    };
    Some(Weight { raw: of("raw")?, brotli: of("brotli")? })
}

/// Three figures or so, as far as they mean anything.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn table(rows: &[Row]) -> String {
    let mut lines =
        vec![["", "measured", "by minima", "target", "", "made of medians (99 %) of so many"].map(str::to_owned)];
    let mut sections = vec![""];
    for row in rows {
        let target = match row.target {
            Some(Target::AtMost(most)) => format!("<= {most} {}", row.unit),
            Some(Target::AtLeast(least)) => format!(">= {least} {}", row.unit),
            None => String::new(),
        };
        let (value, least, made_of) = match &row.result {
            Ok((value, least)) => {
                let sides = row.sides.iter().map(|side| {
                    let Side { name, stats, per, unit } = side;
                    let (median, p99) = (figure(stats.median / per), figure(stats.p99 / per));
                    format!("{name} {median} ({p99}) {unit} of {}", stats.count)
                });
                let sides: Vec<String> = sides.collect();
                (format!("{} {}", figure(*value), row.unit), least.map_or(String::new(), figure), sides.join("; "))
            }
            Err(error) => ("-".to_owned(), String::new(), format!("could not be measured: {error}")),
        };
        let verdict = match row.verdict() {
            Verdict::Met if row.is_unsure() => "met, unsure",
            Verdict::Met => "met",
            Verdict::Missed if row.is_unsure() => "MISSED, unsure",
            Verdict::Missed => "MISSED",
            Verdict::NoTarget => "",
            Verdict::NotMeasured => "FAILED",
        };
        sections.push(row.section);
        lines.push([row.name.clone(), value, least, target, verdict.to_owned(), made_of]);
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 && sections[at] != sections[at - 1] {
            text.push_str(&format!("\n{}\n", sections[at]));
        }
        let [name, value, least, target, verdict, made_of] = line;
        let line = format!(
            "  {name:<0$}  {value:>1$}  {least:>2$}  {target:<3$}  {verdict:<4$}  {made_of}",
            widths[0], widths[1], widths[2], widths[3], widths[4]
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn total(rows: &[Row]) -> String {
    let count = |verdict| rows.iter().filter(|row| row.verdict() == verdict).count();
    format!(
        "\n{} targets met, {} missed ({} of both unsure); {} measured without a target, {} could not be measured",
        count(Verdict::Met),
        count(Verdict::Missed),
        rows.iter().filter(|row| row.is_unsure()).count(),
        count(Verdict::NoTarget),
        count(Verdict::NotMeasured)
    )
}

fn write_json(options: &Options, measured: &Measured, rows: &[Row]) -> Result<()> {
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            let value = row.result.as_ref().ok();
            let target = row.target.map(|target| match target {
                Target::AtMost(most) => json!({"at_most": most}),
                Target::AtLeast(least) => json!({"at_least": least}),
            });
            let met = match row.verdict() {
                Verdict::Met => json!(true),
                Verdict::Missed => json!(false),
                Verdict::NoTarget | Verdict::NotMeasured => Value::Null,
            };
            let sides = row.sides.iter().map(|side| {
                let scale = |value: f64| value / side.per;
                let Stats { count, min, median, p99, max } = side.stats;
                let stats = Stats { count, min: scale(min), median: scale(median), p99: scale(p99), max: scale(max) };
                json!({"name": side.name, "unit": side.unit, "stats": stats.to_json()})
            });
            json!({
                "section": row.section, "name": row.name, "unit": row.unit,
                "value": value.map(|(value, _)| value), "by_minima": value.and_then(|(_, least)| *least),
                "target": target, "met": met, "unsure": row.is_unsure(), "error": row.result.as_ref().err(), "sides": sides.collect::<Vec<_>>(),
            })
        })
        .collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all = json!({
        "browser": options.browser.name(), "version": measured.version, "cores": cores, "quick": options.quick,
        "rows": list, "samples": measured.series,
    });
    if let Some(parent) = options.json.parent() {
        fs::create_dir_all(parent).with_context(|| format!("{} cannot be created", parent.display()))?;
    }
    fs::write(&options.json, format!("{all:#}\n"))
        .with_context(|| format!("{} cannot be written", options.json.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_samples() {
        let stats = Stats::of(&[3.0, 1.0, 2.0, 10.0]);
        assert_eq!(stats, Some(Stats { count: 4, min: 1.0, median: 2.5, p99: 10.0, max: 10.0 }));
        let hundred: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(Stats::of(&hundred).map(|stats| stats.p99), Some(198.0));
        assert_eq!(Stats::of(&[]), None);
    }

    #[test]
    fn a_row_has_both_sides_and_a_verdict() {
        let answer = json!({"version": "Browser/1", "errors": {"kernels/blur": "no answer"}, "series": {
            "kernels/pi/native": [10e6, 12e6, 11e6], "kernels/pi/wasm": [13e6, 12e6, 16.5e6],
            "models/pi/one": [20e6], "models/pi/pool": [10e6],
            "models/pi/sequential": [20e6], "models/pi/threads": [12.5e6],
        }});
        let rows = rows(&Measured::from_answer(&answer), |_| true);
        let row = |name: &str| rows.iter().find(|row| row.name.starts_with(name)).unwrap_or_else(|| panic!("{name}"));
        let pi = row("pi: wasm / native");
        assert_eq!((pi.verdict(), pi.is_unsure(), pi.sides.len()), (Verdict::Met, true, 2));
        assert_eq!(row("pi: speed-up of 2 threads").result, Ok((0.8, Some(0.8))));
        let speed_up = row("pi: speed-up of 2 threads");
        assert_eq!((speed_up.verdict(), speed_up.is_unsure()), (Verdict::Missed, false));
        assert_eq!(row("blur: wasm / native").result, Err("no answer".to_owned()));
        let table = table(&rows);
        assert!(table.contains("wasm 13.0 (16.5) ms of 3; native 11.0 (12.0) ms of 3"), "{table}");
        assert!(table.contains("FAILED") && table.contains("could not be measured: no answer"), "{table}");
    }

    #[test]
    fn wasm_opt_is_told_what_the_build_tells_it() {
        let build = include_str!("build.rs");
        let (_, list) = build.split_once("const WASM_FEATURES").unwrap_or_default();
        let (list, _) = list.split_once("];").unwrap_or_default();
        assert_eq!(list.matches("\"--").count(), WASM_FEATURES.len());
        assert!(WASM_FEATURES.iter().all(|feature| list.contains(&format!("{feature:?}"))));
    }
}
