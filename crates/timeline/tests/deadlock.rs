//! When a trace shows a deadlock and when it does not: each case as a text, and random programs against a simulation.

use interleave_timeline::{Deadlock, Lint, Report, RunOutcome, Store, Watch, lints, text};

fn store(text: &str) -> Store {
    text::store_of(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Lanes t1, t2 ... that run.
fn running(lanes: u32) -> String {
    (1..=lanes).map(|n| format!("+0ms t{n} spawned thread \"thread\" {n}\n+0ms t{n} started\n")).collect()
}

/// The verdict on two complete readings that found the same.
fn verdict(lanes: u32, rest: &str) -> Option<Deadlock> {
    let store = store(&(running(lanes) + rest));
    let mut watch = Watch::default();
    assert_eq!(watch.look(&store), None, "one reading is not enough");
    watch.look(&store)
}

fn sentence(lanes: u32, rest: &str) -> String {
    verdict(lanes, rest).map_or("none".to_owned(), |deadlock| deadlock.sentence())
}

const TWO_LOCKS: &str = "
    +0ms t1 made lock l \"left\"
    +0ms t1 made lock r \"right\"
    +1ms t1 acquired l at \"bank.rs\" 12
    +1ms t2 acquired r at \"bank.rs\" 22
    +2ms t1 waiting \"bank.rs\" 14 on r holder t2
    +2ms t2 waiting \"bank.rs\" 24 on l holder t1
";

#[test]
fn two_locks_in_opposite_order() {
    assert_eq!(
        sentence(2, TWO_LOCKS),
        "Deadlock: thread 1 holds lock left (taken at bank.rs:12) and waits for lock right at bank.rs:14; \
         thread 2 holds lock right (taken at bank.rs:22) and waits for lock left at bank.rs:24."
    );
}

#[test]
fn who_waits_for_those_of_the_circle_comes_after_them() {
    let joins = "+0ms t1 made end e\n+3ms t3 waiting \"main.rs\" 5 on e holder t1";
    let deadlock = verdict(3, &format!("{TWO_LOCKS}{joins}")).unwrap_or_else(|| panic!("no verdict"));
    assert_eq!(deadlock.circle, 2);
    assert!(
        deadlock.sentence().ends_with(". Because of that, thread 3 waits for the end of thread 1 at main.rs:5."),
        "{}",
        deadlock.sentence()
    );
}

#[test]
fn a_lock_that_an_outsider_could_release_is_no_deadlock() {
    assert_eq!(sentence(3, TWO_LOCKS), "none");
    for outsider in [
        "+2ms t3 sleeping",
        "+2ms t3 io",
        "+2ms t3 ready",
        "+2ms t3 waiting \"message\"",
        "+2ms t3 made event e\n+2ms t3 waiting on e timed",
    ] {
        assert_eq!(sentence(3, &format!("{TWO_LOCKS}{outsider}")), "none", "{outsider}");
    }
}

#[test]
fn a_lane_that_starts_could_help() {
    assert_eq!(sentence(2, &format!("{TWO_LOCKS}+2ms t3 spawned thread \"thread\" 3 by t1")), "none");
}

#[test]
fn a_lane_that_has_ended_cannot_help() {
    assert_ne!(sentence(3, &format!("{TWO_LOCKS}+2ms t3 ended completed")), "none");
}

#[test]
fn a_message_wakes_who_waits_for_one() {
    let sent = "+2ms t1 sent m 3 B \"jobs\"";
    assert_ne!(sentence(2, &format!("{TWO_LOCKS}{sent}")), "none", "it lies in a queue");
    assert_eq!(sentence(3, &format!("{TWO_LOCKS}{sent}\n+1ms t3 waiting \"message\"")), "none");
}

#[test]
fn who_has_just_got_the_gil_goes_on() {
    let text = "+0ms t1 made gil g\n+0ms t1 made event e \"go\"\n+1ms t2 acquired g\n+2ms t1 ready on g holder t2\n+3ms t2 released g held by t2\n+3ms t2 waiting on e\n+3ms t1 acquired g";
    assert_eq!(sentence(2, text), "none");
}

#[test]
fn owned_locks_are_a_deadlock_whoever_else_lives() {
    let owned = TWO_LOCKS.replace("made lock", "made rlock");
    assert_eq!(
        sentence(3, &owned),
        "Deadlock: thread 1 holds RLock left (taken at bank.rs:12) and waits for RLock right at bank.rs:14; \
         thread 2 holds RLock right (taken at bank.rs:22) and waits for RLock left at bank.rs:24."
    );
}

#[test]
fn a_wake_that_was_told_is_on_its_way() {
    // At the very time of the wait, which may be before it or after: the count tells.
    assert_eq!(sentence(2, &format!("{TWO_LOCKS}+2ms t2 woke t1 through r")), "none");
}

#[test]
fn a_wake_that_ended_an_earlier_wait_does_not_count_again() {
    let again = "+2ms t2 woke t1 through r\n+2ms t1 waiting \"bank.rs\" 14 on r holder t2";
    assert_ne!(sentence(2, &format!("{TWO_LOCKS}{again}")), "none");
}

#[test]
fn a_wait_that_ran_out_counts_as_ended() {
    let earlier = "+0ms t1 made event e\n+0ms t1 waiting on e timed\n+1ms t1 timed-out e\n+1ms t1 running\n";
    assert_ne!(sentence(2, &format!("{earlier}{TWO_LOCKS}")), "none");
}

#[test]
fn a_lane_that_takes_its_own_lock_again() {
    assert_eq!(
        sentence(
            1,
            "+0ms t1 made lock l \"log\"\n+1ms t1 acquired l at \"a.rs\" 1\n+2ms t1 waiting \"a.rs\" 2 on l holder t1"
        ),
        "Deadlock: thread 1 holds lock log (taken at a.rs:1) and waits for it again at a.rs:2."
    );
}

#[test]
fn nobody_left_to_wake() {
    assert_eq!(
        sentence(1, "+0ms t1 made queue q \"jobs\"\n+1ms t1 waiting \"a.rs\" 9 on q"),
        "Deadlock: thread 1 waits for queue jobs at a.rs:9, and nobody is left to wake it."
    );
    assert_eq!(
        sentence(
            2,
            "+0ms t1 made barrier b \"start\"\n+1ms t1 waiting \"a.rs\" 9 on b\n+1ms t2 waiting \"a.rs\" 9 on b"
        ),
        "Deadlock: everyone waits and nobody is left to wake them: thread 1 waits for barrier start at a.rs:9; \
         thread 2 waits for barrier start at a.rs:9."
    );
}

#[test]
fn a_lock_kept_by_a_lane_that_ended_is_lost() {
    let text = "+0ms t1 made rlock l \"log\"\n+1ms t1 acquired l\n+2ms t2 waiting \"a.rs\" 2 on l holder t1\n+3ms t1 ended completed";
    assert_eq!(
        sentence(3, text),
        "Deadlock: thread 2 waits for RLock log at a.rs:2, which thread 1 kept when it ended."
    );
}

#[test]
fn the_end_of_a_lane_that_has_ended_is_on_its_way() {
    assert_eq!(sentence(2, "+0ms t1 made end e\n+1ms t2 waiting on e holder t1\n+2ms t1 ended completed"), "none");
}

#[test]
fn lanes_that_wait_for_each_others_end() {
    let text = "+0ms t1 made end a\n+0ms t1 made end b\n+1ms t1 waiting \"a.rs\" 1 on b holder t2\n+1ms t2 waiting \"a.rs\" 2 on a holder t1";
    assert_eq!(
        sentence(3, text),
        "Deadlock: thread 1 waits for the end of thread 2 at a.rs:1; thread 2 waits for the end of thread 1 at a.rs:2."
    );
}

#[test]
fn the_gil_held_by_who_waits() {
    let text = "+0ms t1 made gil g\n+0ms t1 made event e \"go\"\n+1ms t1 acquired g\n+2ms t2 ready on g holder t1\n+3ms t1 waiting \"a.rs\" 4 on e";
    assert_eq!(
        sentence(2, text),
        "Deadlock: thread 1 holds the GIL and waits for event go at a.rs:4; thread 2 wants the GIL, held by thread 1."
    );
    assert_eq!(sentence(2, &format!("{text}\n+3ms t1 released g held by t1")), "none", "thread 2 takes it");
}

#[test]
fn gaps_forbid_a_verdict() {
    assert_eq!(sentence(2, &format!("{TWO_LOCKS}lost 1")), "none");
}

#[test]
fn who_is_left_when_the_work_is_done_is_not_missed() {
    assert_eq!(sentence(2, &format!("{TWO_LOCKS}+3ms t1 marked run-finished")), "none");
}

#[test]
fn a_reading_that_found_something_begins_anew() {
    let mut store = store(&(running(2) + TWO_LOCKS));
    let mut watch = Watch::default();
    assert_eq!(watch.look(&store), None);
    for entry in text::parse("+3ms 1000:9 noted info \"x\"").unwrap_or_default() {
        store.push(entry);
    }
    assert_eq!(watch.look(&store), None);
    assert!(watch.look(&store).is_some());
    assert_eq!(watch.look(&store), None, "said once");
}

#[test]
fn a_run_that_was_ended_for_it_tells_it_again() {
    let ended = "+9ms t1 ended deadlocked\n+9ms t2 ended deadlocked\n+9ms t3 ended stopped";
    let store = store(&(running(3) + "+0ms t3 marked run-started\n" + TWO_LOCKS + ended));
    let report = Report::of(&store);
    assert_eq!(report.outcome, RunOutcome::Deadlocked);
    let told = report.deadlock.as_ref().map(Deadlock::sentence).unwrap_or_default();
    assert_eq!(told, sentence(2, TWO_LOCKS));
    assert!(report.to_json().contains("\"deadlock\":{\"sentence\":\"Deadlock: thread 1 holds"));
}

#[test]
fn a_circle_beside_somebody_who_lives_is_only_a_remark() {
    let ended = "+9ms t1 ended stopped\n+9ms t2 ended stopped\n+9ms t3 ended stopped";
    let store = store(&(running(3) + "+0ms t3 marked run-started\n" + TWO_LOCKS + ended));
    let report = Report::of(&store);
    assert_eq!((report.outcome, &report.deadlock), (RunOutcome::Stopped, &None));
    let remarks = lints(&store, &report);
    let remark = remarks.iter().find(|remark| remark.lint == Lint::Circle).unwrap_or_else(|| panic!("{remarks:?}"));
    assert_eq!(
        remark.sentence,
        "These waited for each other: thread 1 holds lock left (taken at bank.rs:12) and waits for lock right at \
         bank.rs:14; thread 2 holds lock right (taken at bank.rs:22) and waits for lock left at bank.rs:24. Another lane \
         could have let one of them go on, and none did."
    );
}

#[test]
fn a_process_that_is_to_be_ended_lives_until_then() {
    let child = "+0ms p spawned process \"child\"\n+0ms p started\n+0ms p made queue q\n+0ms p made end e\n";
    let waits = "+1ms p waiting on q\n+1ms t1 waiting on e holder p\n";
    assert_ne!(sentence(1, &format!("{child}{waits}")), "none");
    assert_eq!(sentence(1, &format!("{child}{waits}+1ms t1 woke p\n")), "none");
}

#[test]
fn what_a_process_left_open_is_closed_by_whoever_looks_next() {
    let child = "+0ms p spawned process \"child\"\n+0ms p started\n+0ms p made pipe q\n+2ms p ended completed\n";
    assert_eq!(sentence(1, &format!("{child}+1ms t1 waiting on q\n")), "none");
    let owned = TWO_LOCKS.replace("made lock", "made rlock");
    assert_ne!(sentence(2, &format!("{child}{owned}")), "none");
}
