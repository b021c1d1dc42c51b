//! Exploring finds what goes wrong only now and then, and says how to make it go wrong every time.

use interleave_engine::native::{explore_natively, run_natively};
use interleave_protocol::{Finding, RunSpec, Switches, Workload, Wrong};

/// The lost update: two threads that add to one counter.
fn race() -> RunSpec {
    RunSpec { tasks: 2, size: 20, ..RunSpec::new(Workload::Race, 2) }
}

fn found(spec: RunSpec) -> Finding {
    explore_natively(spec, 1_000).expect("a thousand schedules are enough")
}

#[test]
fn the_lost_update_is_found_and_made_to_happen_with_a_decision_or_two() {
    let found = found(race());
    assert_eq!(found.wrong, Wrong::Check, "{found:?}");
    assert!(found.switches.len() <= 2 && !found.switches.is_empty(), "{found:?}");
    assert!(found.switches_at_first as usize >= found.switches.len(), "{found:?}");
}

#[test]
fn the_finding_goes_wrong_again_by_its_seed_and_by_its_switches() {
    let found = found(race());
    for spec in
        [RunSpec { seed: Some(found.seed), ..race() }, RunSpec { switches: Switches::new(&found.switches), ..race() }]
    {
        let (answer, _) = run_natively(spec);
        assert_eq!(answer.map(|answer| answer.passed), Ok(false), "{spec:?}");
    }
}

#[test]
fn a_program_that_is_right_under_every_schedule_is_not_accused() {
    assert_eq!(explore_natively(RunSpec { tasks: 1, ..race() }, 50), None);
}

/// An accident between coroutines.
fn coroutines(number: u32) -> RunSpec {
    RunSpec { size: number, ..RunSpec::new(Workload::TroubledCoroutines, 2) }
}

#[test]
fn accidents_between_coroutines_are_found_and_replayed() {
    for (number, wrong) in [(0, Wrong::Check), (1, Wrong::Stuck), (2, Wrong::Stuck)] {
        let found = found(coroutines(number));
        assert_eq!(found.wrong, wrong, "{found:?}");
        let switches = Switches::new(&found.switches);
        for spec in
            [RunSpec { seed: Some(found.seed), ..coroutines(number) }, RunSpec { switches, ..coroutines(number) }]
        {
            let (answer, _) = run_natively(spec);
            assert!(!answer.is_ok_and(|answer| answer.passed), "{spec:?}");
        }
    }
}

/// An accident between processes.
fn siblings(number: u32) -> RunSpec {
    RunSpec { size: number, ..RunSpec::new(Workload::TroubledProcesses, 2) }
}

#[test]
fn accidents_between_processes_are_found_and_replayed() {
    for (number, wrong) in [(0, Wrong::Check), (1, Wrong::Stuck), (2, Wrong::Stuck)] {
        let found = found(siblings(number));
        assert_eq!(found.wrong, wrong, "{found:?}");
        let switches = Switches::new(&found.switches);
        for spec in [RunSpec { seed: Some(found.seed), ..siblings(number) }, RunSpec { switches, ..siblings(number) }] {
            let (answer, _) = run_natively(spec);
            assert!(!answer.is_ok_and(|answer| answer.passed), "{spec:?}");
        }
    }
}

#[test]
fn processes_that_end_by_force_hold_up_no_schedule() {
    assert_eq!(explore_natively(siblings(3), 40), None);
}
