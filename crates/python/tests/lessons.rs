//! The Python side of the lessons: each has a program, which does what the lesson's text says.

mod running;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use interleave_protocol::Lesson;
use interleave_python::interpreter::Turns;
use interleave_python::native::{Finished, Options};
use interleave_python::output::Stream;
use running::{GIL, in_turns, on_lane, with};

/// Lines that a lesson's program writes, among others. A `#` stands for a number that is another in every run.
const WRITES: &[(&str, &[&str])] = &[
    ("sequential", &["4,203 primes below 40,000", "16 tasks, one after another: # ms"]),
    ("start-join", &["Main has started them all and goes on", "Main knows that all 3 are back, after # ms"]),
    ("interleaved-output", &["0", "9", "a", "j", "20 lines, and # changes from one printer to the other"]),
    (
        "processes",
        &[
            "10 to the power of 2 is 100; here, found is [100]",
            "Main was sent powers that sum to 1,100",
            "In main, found is still []",
        ],
    ),
    ("coroutines", &["3 coroutines back after # ms", "Results in the order in which they were started: True"]),
    (
        "concurrency-parallelism",
        &["in a row # of 12 requests under way at once", "as tasks 12 of 12 requests under way at once"],
    ),
    (
        "cpu-bound",
        &["in a row # ms", "on threads # ms", "on processes # ms", "as tasks # ms", "2,668 primes each time"],
    ),
    ("io-bound", &["in a row # ms", "on threads # ms", "on processes # ms", "as tasks # ms"]),
    ("mixed", &["on threads # ms", "on processes # ms", "8 requests, answered alike each time"]),
    ("downloads", &["in a row # ms, 1 of 16 under way at once", "as tasks # ms, 16 of 16 under way at once"]),
    ("pictures", &["as tasks # ms", "Processes were sent # bytes and sent back #, others none"]),
    (
        "server",
        &[
            "in a row # ms from door to answer, for the unluckiest",
            "on processes # ms from door to answer, for the unluckiest",
        ],
    ),
    ("blocked-loop", &["160 ms of computing, 160 ms in one piece", "The latest tick was # ms late"]),
    ("race", &["40,000 additions, # counted, # lost"]),
    ("lock", &["600 additions, 600 counted, 0 lost"]),
    ("rlock", &["visitor 1 at height 4", "visitor 2 at height 1", "8 visits by 2 threads, the lock 4 deep"]),
    ("semaphore", &["6 clients, never more than 2 at a time", "That took as long as # downloads"]),
    ("start-gun", &["Bang", "Main did not have to wait: the event stays set", "5 ran, 0 too early"]),
    ("condition", &["Customer 3 takes 300, after # looks", "600 coins taken, 0 left"]),
    ("barrier", &["Worker 1 waited # ms at the barrier", "4 rounds of 3 workers, and nobody was ahead"]),
    ("producer-consumer", &["12 items used by 2 consumers, numbers sum to 78"]),
    ("ping-pong", &["The ball says 200 after 200 round trips", "# microseconds each, in the middle"]),
    ("value-array", &["400 in all, of [200, 200]"]),
    ("manager", &["1 is called one", "The manager has {1: 'one', 2: 'two'}"]),
    ("pool-map", &["48 pieces by 2 processes, 261 steps at most", "Results in the order of their arguments: True"]),
    ("two-locks-ordered", &["3 there and back, by order"]),
    ("philosophers-mended", &["15 meals at a table of 5, by order"]),
    ("convoy", &["Greedy had the lock 12 times, the others [#, #, #] times"]),
    ("priority-inversion", &["Medium is done", "High waited # ms for the printer"]),
    ("gil", &["Without a GIL", "In a row # ms, on two threads # ms"]),
    ("memory", &["a task # ms, 1,000 there after # ms", "a process # ms, 3 there after # ms"]),
    (
        "spawn-cost",
        &["task # ms", "first thread # ms", "later thread # ms", "first process # ms", "later process # ms"],
    ),
    ("which-when", &["computes # # # #", "waits # # # #", "does both # # # #"]),
];

/// Lanes that wait for ever, and what for.
const ENDS_STUCK: &[(&str, &[(&str, &str)])] = &[
    ("two-locks", &[("A to B", "lock account_b"), ("B to A", "lock account_a")]),
    (
        "philosophers",
        &[
            ("philosopher 1", "lock fork 2"),
            ("philosopher 2", "lock fork 3"),
            ("philosopher 3", "lock fork 4"),
            ("philosopher 4", "lock fork 5"),
            ("philosopher 5", "lock fork"),
        ],
    ),
    ("lost-wakeup", &[("sleeper", "condition bell")]),
];

fn program(id: &str) -> String {
    let path = format!("{}/lessons/{id}.py", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A lesson's program with other values for some of its constants.
fn changed(id: &str, constants: &[(&str, &str)]) -> String {
    constants.iter().fold(program(id), |lines, (constant, value)| {
        let set = format!("{constant} = ");
        assert!(lines.lines().any(|line| line.starts_with(&set)), "{id} has no {constant}");
        let line = |line: &str| if line.starts_with(&set) { format!("{set}{value}\n") } else { format!("{line}\n") };
        lines.lines().map(line).collect()
    })
}

/// Whether a line is as expected, however many spaces are between its words.
fn fits(line: &str, expected: &str) -> bool {
    let mut rest = line.split_whitespace().collect::<Vec<_>>().join(" ");
    for (n, part) in expected.split('#').enumerate() {
        if n > 0 {
            let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let behind = match behind.strip_prefix(['.', ',']) {
                Some(more) if more.starts_with(|c: char| c.is_ascii_digit()) => {
                    more.trim_start_matches(|c: char| c.is_ascii_digit())
                }
                _ => behind,
            };
            if behind.len() == rest.len() {
                return false;
            }
            rest = behind.to_owned();
        }
        match rest.strip_prefix(part) {
            Some(behind) => rest = behind.to_owned(),
            None => return false,
        }
    }
    rest.is_empty()
}

/// The lines that a program wrote, each lane's by themselves: `print` writes a line and its end apart, and others may
/// write in between.
fn lines(finished: &Finished) -> Vec<String> {
    let mut lanes = BTreeMap::<_, String>::new();
    for piece in finished.pieces.iter().filter(|piece| piece.stream == Stream::Out) {
        lanes.entry(piece.lane.0).or_default().push_str(&piece.text);
    }
    lanes.values().flat_map(|text| text.lines().map(str::to_owned)).collect()
}

/// What is wrong with a run that should have ended well.
fn wrong(id: &str, finished: &Finished, expected: &[&str]) -> Option<String> {
    let (out, err) = (lines(finished), finished.text(Stream::Err));
    let missing: Vec<_> = expected.iter().filter(|expected| !out.iter().any(|line| fits(line, expected))).collect();
    let well = finished.code == 0 && !finished.stopped && err.is_empty();
    (!well || !missing.is_empty()).then(|| {
        let (code, stopped, out) = (finished.code, finished.stopped, out.join("\n"));
        format!("{id}: exit {code}, stopped {stopped}, without {missing:?}\n{out}\n{err}")
    })
}

fn with_seed(source: &str, seed: u64) -> Finished {
    with(source, &Options { turns: Turns::Scheduled { gil: false }, seed, ..Options::default() })
}

#[test]
fn every_lesson_has_a_program_and_every_program_a_lesson() -> std::io::Result<()> {
    let lessons: BTreeSet<String> = Lesson::ALL.iter().map(|lesson| format!("{}.py", lesson.id)).collect();
    let mut programs = BTreeSet::new();
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/lessons"))? {
        programs.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    assert_eq!(programs, lessons);
    let in_tables: BTreeSet<String> = WRITES
        .iter()
        .map(|(id, _)| id)
        .chain(ENDS_STUCK.iter().map(|(id, _)| id))
        .map(|id| format!("{id}.py"))
        .collect();
    assert_eq!(in_tables, lessons);
    Ok(())
}

#[test]
fn programs_are_easy_to_read() {
    for Lesson { id, .. } in Lesson::ALL {
        let program = program(id);
        let first = program.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("\"\"\"") && first.ends_with(".\"\"\""),
            "{id} says in one line what to watch: {first}"
        );
        for line in program.lines() {
            assert!(line.chars().count() <= 88, "{id}: {line}");
            assert_eq!(line, line.trim_end(), "{id}");
        }
    }
}

#[test]
fn programs_run_to_their_end() {
    let runs = WRITES.iter().filter_map(|(id, expected)| {
        let finished = in_turns(&program(id), Turns::Free);
        wrong(id, &finished, expected)
    });
    let all: Vec<String> = runs.collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_gil_is_noticed() {
    assert_eq!(wrong("gil", &in_turns(&program("gil"), GIL), &["With a GIL"]), None);
}

#[test]
fn some_programs_end_stuck() {
    for (id, lanes) in ENDS_STUCK {
        let options = Options { limit: Duration::from_secs(1), ..Options::default() };
        let finished = with(&program(id), &options);
        assert!(finished.stopped, "{id} ended: {}", finished.text(Stream::Out));
        for (lane, on) in *lanes {
            let happened = on_lane(&finished, lane);
            let last = happened.iter().rfind(|what| what.starts_with("waits for ")).cloned().unwrap_or_default();
            assert!(last.starts_with(&format!("waits for {on} at main.py:")), "{id}, {lane}: {happened:?}");
        }
    }
}

#[test]
fn some_seed_loses_an_addition_and_none_does_with_a_lock() {
    let additions = |id: &str, seed| with_seed(&changed(id, &[("ADDITIONS", "10")]), seed).text(Stream::Out);
    let all_counted = "20 additions, 20 counted, 0 lost\n";
    assert!((1..20).any(|seed| additions("race", seed) != all_counted));
    for seed in 1..8 {
        assert_eq!(additions("lock", seed), all_counted, "seed {seed}");
    }
}

#[test]
fn with_no_time_to_wait_the_seed_decides_who_ends_stuck() {
    let ends_well = |id: &str, constants: &[(&str, &str)], last: &str, seed| {
        with_seed(&changed(id, constants), seed).text(Stream::Out).contains(last)
    };
    // Three transfers leave hardly a seed that ends well.
    let once: &[_] = &[("PAUSE", "0"), ("TRANSFERS", "1")];
    for (id, constants, last) in [
        ("two-locks", once, "1 there and back, with luck"),
        ("lost-wakeup", &[("HESITATION", "0")], "heard the bell, with luck"),
    ] {
        let found: BTreeSet<bool> = (1..40).map(|seed| ends_well(id, constants, last, seed)).collect();
        assert_eq!(found, BTreeSet::from([false, true]), "{id}");
    }
    for (id, constant, last) in [
        ("two-locks-ordered", "PAUSE", "3 there and back, by order"),
        ("philosophers-mended", "MOMENT", "15 meals at a table of 5, by order"),
    ] {
        assert!((1..8).all(|seed| ends_well(id, &[(constant, "0")], last, seed)), "{id}");
    }
}
