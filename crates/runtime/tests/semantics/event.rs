//! `threading.Event`.

use std::sync::Arc;

use interleave_runtime::sync::{Event, thread};

use super::{SECOND, in_turns, let_others_run};

#[test]
fn who_waits_for_one_that_is_set_does_not_wait() {
    let lanes = in_turns(|| {
        let event = Event::new("go");
        assert!(!event.is_set());
        event.set();
        assert!(event.is_set());
        assert_eq!(event.wait(), Ok(()));
        assert_eq!(event.wait_within(SECOND), Ok(true));
    });
    assert_eq!(lanes, ["main: started | completed"]);
}

#[test]
fn setting_it_lets_all_go_on_who_wait() {
    let lanes = in_turns(|| {
        let event = Arc::new(Event::new("go"));
        let threads: Vec<_> = (1..=3)
            .map(|n| {
                let event = event.clone();
                thread::spawn(("runner", n), move || event.wait())
            })
            .collect();
        let_others_run();
        event.set();
        assert!(threads.into_iter().all(|thread| thread.join() == Ok(())));
    });
    assert!(lanes[0].contains("woke runner 1 | woke runner 2 | woke runner 3"), "{}", lanes[0]);
    assert!(lanes[1].ends_with("waiting for event go | running runner 1 | completed"), "{}", lanes[1]);
}

#[test]
fn one_that_was_cleared_is_waited_for_again() {
    in_turns(|| {
        let event = Event::new("go");
        event.set();
        event.clear();
        assert_eq!(event.wait_within(SECOND), Ok(false));
    });
}

#[test]
fn who_was_woken_goes_on_even_if_it_is_cleared_at_once() {
    in_turns(|| {
        let event = Arc::new(Event::new("go"));
        let other = event.clone();
        let thread = thread::spawn("runner", move || other.wait_within(SECOND));
        let_others_run();
        event.set();
        event.clear();
        assert_eq!(thread.join(), Ok(true));
    });
}

#[test]
fn a_timeout_returns_false_and_does_not_fail() {
    let lanes = in_turns(|| assert_eq!(Event::new("go").wait_within(SECOND), Ok(false)));
    assert_eq!(lanes, ["main: started | waiting for event go | timed out on event go | running | completed"]);
}
