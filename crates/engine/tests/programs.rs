//! Every program of the lessons, natively: what it comes to, freely and under seeds.

use interleave_engine::native::run_natively;
use interleave_engine::workload::Answer;
use interleave_protocol::{Failure, Kind, RunSpec, Switch, Switches, Workload};
use interleave_trace::ring::Slot;
use interleave_trace::{Entry, What, decode};

fn seeded(workload: Workload, seed: u32) -> RunSpec {
    RunSpec { seed: Some(seed), ..RunSpec::new(workload, 2) }
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

/// How many of 20 seeds come to what is right.
fn right_of_20(spec: impl Fn(u32) -> RunSpec) -> usize {
    (0..20).filter(|seed| answer(spec(*seed)).is_ok_and(|answer| answer.passed)).count()
}

#[test]
fn a_race_loses_additions_under_some_seeds_and_none_under_others() {
    let right = right_of_20(|seed| RunSpec { size: 2, ..seeded(Workload::Race, seed) });
    assert!((1..20).contains(&right), "{right} of 20 lost nothing");
}

#[test]
fn a_lost_update_is_a_result_and_no_failure() {
    let two_in_between = [Switch { step: 1, lane: 1 }, Switch { step: 3, lane: 0 }];
    let spec = RunSpec { size: 50, switches: Switches::new(&two_in_between), ..RunSpec::new(Workload::Race, 2) };
    let free = RunSpec { size: 50, seed: Some(3), ..RunSpec::new(Workload::Race, 2) };
    for spec in [spec, free] {
        let (answer, slots) = run_natively(spec);
        let answer = answer.unwrap_or_else(|failure| panic!("{spec:?}: {failure}"));
        assert_eq!(checked(&slots), Some(answer.passed), "{}", answer.summary);
    }
}

#[test]
fn a_seed_gives_the_same_answer_again() {
    for seed in 0..5 {
        let spec = RunSpec { size: 30, ..seeded(Workload::Race, seed) };
        assert_eq!(answer(spec), answer(spec));
    }
}

#[test]
fn one_thread_alone_loses_nothing() {
    let spec = RunSpec { tasks: 1, size: 1_000, ..RunSpec::new(Workload::Race, 2) };
    let answer = answer(spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((answer.passed, answer.summary.as_str()), (true, "0 of 1,000 additions were lost"));
}

#[test]
fn every_program_is_known_to_the_engine() {
    for &workload in Workload::ALL {
        let is_program = workload.info().kind == Kind::Program;
        assert_eq!(interleave_engine::experiments::program(workload).is_some(), is_program, "{workload:?}");
    }
}
