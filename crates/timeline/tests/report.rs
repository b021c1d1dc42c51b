//! Figures, remarks and sentences: each follows its numbers, also where they are not what one would expect.

use interleave_timeline::{Compared, Comparison, Lint, Load, Report, RunOutcome, Spread, Store, lints, text};

fn store(text: &str) -> Store {
    text::store_of(text).unwrap_or_else(|error| panic!("{error}"))
}

fn report(text: &str) -> Report {
    Report::of(&store(text))
}

/// A sequential run of `busy` and `outside` milliseconds.
fn sequential(busy: u32, outside: u32) -> Report {
    let end = busy + outside;
    report(&format!(
        "+0ms host spawned process \"host\"\n+0ms host started\n+0ms host marked run-started
         +0ms host running\n+{busy}ms host sleeping\n+{end}ms host marked run-finished
         +{end}ms host checked passed \"done\" 7\n+{end}ms host ended completed"
    ))
}

/// A run of `wall` milliseconds on lanes of a kind, each (starting, running, sleeping) so long.
fn lanes(kind: &str, wall: u32, lanes: &[(u32, u32, u32)]) -> Report {
    let mut text = String::from(
        "+0ms host spawned process \"host\"\n+0ms host started\n+0ms host marked run-started\n+0ms host waiting\n",
    );
    for (n, (starting, running, sleeping)) in lanes.iter().enumerate() {
        let (slept, ended) = (starting + sleeping, starting + sleeping + running);
        text.push_str(&format!(
            "+0ms l{n} spawned {kind} \"{kind}\" {n} by host on host\n+{starting}ms l{n} started\n+{starting}ms l{n} sleeping
             +{slept}ms l{n} running\n+{ended}ms l{n} ended completed\n"
        ));
    }
    text.push_str(&format!(
        "+{wall}ms host marked run-finished\n+{wall}ms host checked passed \"done\" 7\n+{wall}ms host ended completed"
    ));
    report(&text)
}

fn sentence(sequential: &Report, name: &str, workers: u32, other: &Report) -> String {
    Comparison::of(sequential, &[Compared { name, workers, run: Ok(other) }]).sentence
}

#[test]
fn a_load_is_told_from_the_sequential_run() {
    let loads =
        [(100, 0), (80, 20), (50, 50), (20, 80), (0, 0)].map(|(busy, outside)| Load::of(&sequential(busy, outside)));
    assert_eq!(loads, [Load::CpuBound, Load::CpuBound, Load::Mixed, Load::IoBound, Load::Unknown]);
}

#[test]
fn the_sentence_follows_the_numbers() {
    let (cpu, io, mixed) = (sequential(100, 0), sequential(2, 98), sequential(50, 50));
    for (told, expected) in [
        (
            sentence(&cpu, "threads", 2, &lanes("thread", 53, &[(0, 50, 0), (0, 52, 0)])),
            "CPU-bound: 2 threads took 0.53 of the sequential time.",
        ),
        (
            sentence(&cpu, "threads", 2, &lanes("thread", 102, &[(0, 50, 0), (50, 52, 0)])),
            "CPU-bound: 2 threads took 1.02 of the sequential time, 50.0 ms of which went into starting workers.",
        ),
        (
            sentence(&cpu, "threads", 2, &lanes("thread", 110, &[(0, 50, 0), (0, 55, 55)])),
            "CPU-bound: 2 threads took 1.10 of the sequential time, with 1.0 lanes running at once on average.",
        ),
        (
            sentence(&cpu, "threads", 2, &lanes("thread", 10_640, &[(0, 50, 0), (0, 52, 0)])),
            "CPU-bound: 2 threads took 106 times the sequential time, with 0.0 lanes running at once on average.",
        ),
        (
            sentence(&cpu, "tasks", 1, &lanes("task", 102, &[(0, 50, 0), (0, 50, 50)])),
            "CPU-bound: tasks took 1.02 of the sequential time, since one thread ran them all.",
        ),
        (
            sentence(&io, "tasks", 1, &lanes("task", 30, &[(0, 1, 28), (0, 1, 28), (0, 1, 28), (0, 1, 28)])),
            "I/O-bound: tasks took 0.30 of the sequential time, since 3.7 waits went on at once on average.",
        ),
        (
            sentence(&io, "tasks", 1, &lanes("task", 100, &[(0, 1, 48), (49, 1, 48)])),
            "I/O-bound: tasks took 1.00 of the sequential time, since their waits did not overlap.",
        ),
        (
            sentence(&mixed, "processes", 1, &lanes("process", 100, &[(0, 50, 50)])),
            "Mixed load: 1 process took 1.00 of the sequential time.",
        ),
    ] {
        assert_eq!(told, expected);
    }
}

#[test]
fn what_did_not_run_finish_or_agree_is_said() {
    let cpu = sequential(100, 0);
    let stopped = report(
        "+0ms host spawned process \"host\"\n+1ms host started\n+1ms host marked run-started\n+9ms host ended stopped",
    );
    let mut wrong = lanes("thread", 50, &[(0, 50, 0), (0, 50, 0)]);
    if let Some(result) = &mut wrong.result {
        result.digest = 8;
    }
    let comparison = Comparison::of(
        &cpu,
        &[
            Compared { name: "threads", workers: 2, run: Err("this page is not isolated") },
            Compared { name: "processes", workers: 2, run: Ok(&stopped) },
            Compared { name: "tasks", workers: 2, run: Ok(&wrong) },
        ],
    );
    assert_eq!(
        comparison.sentence,
        "CPU-bound: threads did not run, since this page is not isolated; processes did not finish (stopped); \
         2 tasks took 0.50 of the sequential time, with another result."
    );
    assert_eq!(comparison.rows[3].same_result, Some(false));
    assert_eq!(
        Comparison::of(&stopped, &[]).sentence,
        "There is nothing to compare with: the sequential run is stopped."
    );
}

#[test]
fn how_a_run_stands_is_told_from_its_marks_and_ends() {
    let begun = "+0ms host spawned process \"host\"\n+1ms host started\n";
    for (more, expected) in [
        ("", RunOutcome::Preparing),
        ("+2ms host marked run-started", RunOutcome::Running),
        ("+2ms host marked run-started\n+3ms host ended stopped", RunOutcome::Stopped),
        ("+2ms host marked run-started\n+3ms host ended failed", RunOutcome::Failed),
        ("+2ms host ended killed", RunOutcome::Failed),
        ("+2ms host marked run-started\n+3ms host marked run-finished\n+4ms host ended stopped", RunOutcome::Completed),
        ("+2ms host marked run-finished\n+4ms host checked failed \"off by one\" 1", RunOutcome::WrongResult),
    ] {
        assert_eq!(report(&format!("{begun}{more}")).outcome, expected, "{more}");
    }
}

#[test]
fn a_spread_has_the_middle_in_the_middle() {
    assert_eq!(Spread::of(vec![]), None);
    let spread = |durations: &[u64]| Spread::of(durations.to_vec()).map(|s| (s.count, s.min_ns, s.median_ns, s.max_ns));
    assert_eq!(spread(&[5]), Some((1, 5, 5, 5)));
    assert_eq!(spread(&[9, 1, 4]), Some((3, 1, 4, 9)));
    assert_eq!(spread(&[1, 2, 8, 9]), Some((4, 1, 5, 9)));
}

fn remarks(text: &str) -> Vec<(Lint, String)> {
    let store = store(text);
    let report = Report::of(&store);
    lints(&store, &report).into_iter().map(|diagnosis| (diagnosis.lint, diagnosis.sentence)).collect()
}

/// A run from 0 ms to 100 ms in which each thread has the spans given.
fn threads(spans: &[&str]) -> String {
    let mut text = String::from("+0ms x marked run-started\n");
    for (n, spans) in spans.iter().enumerate() {
        text.push_str(&format!("+0ms t{n} spawned thread \"thread\" {n}\n+0ms t{n} started\n"));
        for span in spans.split(", ") {
            let (state, time) = span.split_once(' ').expect("a state and a time");
            text.push_str(&format!("+{time}ms t{n} {state}\n"));
        }
        text.push_str(&format!("+100ms t{n} ended completed\n"));
    }
    text + "+100ms x marked run-finished\n"
}

#[test]
fn an_even_run_has_no_remarks() {
    assert_eq!(remarks(&threads(&["running 0", "running 0", "running 1, waiting 99"])), []);
}

#[test]
fn remarks_follow_the_numbers() {
    let cases = [
        (
            threads(&["running 0", "running 0, waiting 10", "running 0, waiting 5", "waiting 0, running 90"]),
            Lint::Lopsided,
            "thread 0 had 80 % of the work of 4 workers.",
        ),
        (
            threads(&["running 0, waiting 50", "running 0", "running 0, waiting 60"]),
            Lint::Tail,
            "Workers were idle at the end: thread 1 worked for 50.0 ms after the first was done.",
        ),
        (
            threads(&["running 0, waiting 50", "waiting 0, running 50"]),
            Lint::TookTurns,
            "2 workers took turns: 1.0 of them running at once on average.",
        ),
        (
            threads(&["running 0, ready 40", "ready 0, running 40, ready 80", "ready 0, running 80"]),
            Lint::Crowded,
            "More lanes wanted to run than could: together they were ready for 200 ms and running for 100 ms.",
        ),
        (
            threads(&["running 0"]) + "lost 214",
            Lint::LostEvents,
            "214 events were lost: the rings were full, so the picture has gaps.",
        ),
        (
            threads(&["running 0"]) + "+0ms s spawned thread \"s\"\n+70ms s started",
            Lint::StartUp,
            "Starting workers took longer than the work: 70.0 ms against 30.0 ms.",
        ),
    ];
    for (text, lint, expected) in cases {
        let remarks = remarks(&text);
        assert!(remarks.contains(&(lint, expected.to_owned())), "{remarks:?}\n{expected}");
    }
}

#[test]
fn workers_that_were_there_before_the_clock_took_none_of_the_run() {
    let warm = "+0ms s spawned thread \"s\"\n+148ms s started\n+150ms x marked run-started\n\
        +150ms s running\n+160ms s ended completed\n+160ms x marked run-finished";
    assert_eq!(remarks(warm), []);
}
