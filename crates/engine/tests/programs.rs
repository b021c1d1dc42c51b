//! Every program of the lessons, natively: what it comes to, freely and under seeds.

use interleave_engine::experiments::program;
use interleave_engine::native::{run_apart, run_natively};
use interleave_engine::workload::Answer;
use interleave_protocol::{Failure, Kind, Lesson, Model, RunSpec, Workload};
use interleave_trace::ring::Slot;
use interleave_trace::{Entry, What, decode};

/// Something of a program, with little to do and short waits.
fn small(workload: Workload) -> RunSpec {
    let spec = RunSpec::new(workload, 2);
    let least = workload.info().size.map_or(0, |size| size.min);
    RunSpec { size: spec.size.min(12).max(least), latency_ms: spec.latency_ms.min(5), ..spec }
}

fn seeded(workload: Workload, seed: u32) -> RunSpec {
    RunSpec { seed: Some(seed), ..small(workload) }
}

fn answer(spec: RunSpec) -> Result<Answer, Failure> {
    run_natively(spec).0
}

fn checked(slots: &[Slot]) -> Option<bool> {
    let mut checked = None;
    decode(slots, |entry| {
        if let Entry::Event(event) = entry
            && let What::Checked { passed, .. } = event.what
        {
            checked = Some(passed);
        }
    });
    checked
}

fn programs() -> impl Iterator<Item = Workload> {
    Workload::ALL.iter().copied().filter(|workload| workload.info().kind == Kind::Program)
}

/// What goes wrong on purpose, by chance or always.
const ACCIDENTS: &[Workload] = &[
    Workload::Race,
    Workload::TwoLocks,
    Workload::Philosophers,
    Workload::Convoy,
    Workload::PriorityInversion,
    Workload::LostWakeup,
    Workload::BlockedLoop,
    Workload::TroubledCoroutines,
    Workload::TroubledProcesses,
];

/// How many of 30 seeds go well.
fn well_of_30(workload: Workload, change: impl Fn(RunSpec) -> RunSpec) -> usize {
    (0..30).filter(|&seed| answer(change(seeded(workload, seed))).is_ok_and(|answer| answer.passed)).count()
}

#[test]
fn every_program_is_known_to_the_engine_and_has_its_source() {
    for &workload in Workload::ALL {
        assert_eq!(program(workload).is_some(), workload.info().kind == Kind::Program, "{workload:?}");
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in RunSpec::all_sources() {
        assert!(folder.join(&file).is_file(), "{file}");
    }
}

#[test]
fn programs_that_are_right_are_so_freely_and_under_every_seed() {
    for workload in programs().filter(|workload| !ACCIDENTS.contains(workload)) {
        let mut specs = vec![small(workload)];
        if workload.info().can_be_seeded() {
            specs.extend((0..8).map(|seed| seeded(workload, seed)));
        }
        if workload.info().can_have_gil() {
            specs.push(RunSpec { gil: true, ..small(workload) });
        }
        for spec in specs {
            let (answer, slots) = run_natively(spec);
            let answer = answer.unwrap_or_else(|failure| panic!("{spec:?}: {failure}"));
            assert!(answer.passed, "{spec:?}: {}", answer.summary);
            assert_eq!(checked(&slots), Some(true), "{spec:?}");
        }
    }
}

#[test]
fn processes_that_share_no_memory_do_with_messages_or_are_refused() {
    for workload in programs().filter(|workload| workload.info().only == Some(Model::Processes)) {
        let (answer, _) = run_apart(small(workload));
        match workload.info().by_messages {
            true => assert!(answer.as_ref().is_ok_and(|answer| answer.passed), "{workload:?}: {answer:?}"),
            false => assert_eq!(answer, Err(Failure::NoThreads), "{workload:?}"),
        }
    }
}

#[test]
fn what_races_goes_well_under_some_seeds_and_wrong_under_others() {
    for (workload, size) in
        [(Workload::Race, 1), (Workload::TwoLocks, 1), (Workload::Philosophers, 1), (Workload::LostWakeup, 0)]
    {
        let at_once = |spec| RunSpec { size, latency_ms: 0, tasks: 2, ..spec };
        let well = well_of_30(workload, at_once);
        assert!((1..30).contains(&well), "{workload:?}: {well} of 30 went well");
    }
}

#[test]
fn a_deadlock_is_a_run_whose_lanes_still_waited() {
    for workload in [Workload::TwoLocks, Workload::Philosophers, Workload::LostWakeup] {
        let ends: Vec<_> = (0..30).map(|seed| answer(RunSpec { tasks: 2, ..seeded(workload, seed) })).collect();
        assert!(ends.contains(&Err(Failure::Cancelled)), "{workload:?}: {ends:?}");
    }
}

#[test]
fn who_computes_in_between_holds_up_the_more_important() {
    let run = |size| answer(RunSpec { size, ..small(Workload::PriorityInversion) });
    assert!(run(25).is_ok_and(|answer| !answer.passed));
    assert!(run(0).is_ok_and(|answer| answer.passed));
}

#[test]
fn a_coroutine_that_computes_in_one_piece_makes_the_others_late() {
    let run = |tasks| answer(RunSpec { size: 300, tasks, ..RunSpec::new(Workload::BlockedLoop, 2) });
    assert!(run(1).is_ok_and(|answer| !answer.passed));
}

#[test]
fn an_accident_is_a_result_and_no_failure() {
    for seed in 0..10 {
        let (answer, slots) = run_natively(seeded(Workload::Race, seed));
        let answer = answer.unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
        assert_eq!(checked(&slots), Some(answer.passed), "{}", answer.summary);
    }
}

#[test]
fn a_seed_gives_the_same_end_again() {
    for workload in programs().filter(|workload| workload.info().can_be_seeded()) {
        for seed in 0..3 {
            let spec = seeded(workload, seed);
            assert_eq!(answer(spec), answer(spec), "{workload:?}");
        }
    }
}

#[test]
fn one_thread_alone_loses_nothing() {
    let spec = RunSpec { tasks: 1, size: 1_000, ..small(Workload::Race) };
    let answer = answer(spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((answer.passed, answer.summary.as_str()), (true, "0 of 1,000 additions were lost"));
}

#[test]
fn every_lesson_runs_something_that_the_engine_has() {
    for lesson in Lesson::ALL {
        let spec = lesson.spec(2);
        let is_program = spec.workload.info().only.is_some();
        assert_eq!(program(spec.workload).is_some(), is_program, "{}", lesson.id);
        assert!(is_program || Model::ALL.contains(&spec.model));
    }
}
