//! `threading.Thread`.

use std::sync::Arc;

use interleave_runtime::sync::{Event, SyncError, thread};

use super::{SECOND, in_turns, in_turns_until_stuck};

#[test]
fn joining_waits_for_the_end_and_gives_the_result() {
    let lanes = in_turns(|| {
        let thread = thread::spawn(("thread", 1), || Ok(42));
        assert!(thread.is_alive());
        assert_eq!(thread.join(), Ok(42));
    });
    assert_eq!(lanes[0], "main: started | waiting for end thread 1 | joined thread 1 | running | completed");
}

#[test]
fn joining_with_a_timeout_returns_and_can_be_done_again() {
    in_turns(|| {
        let thread = thread::spawn("sleeper", || thread::sleep(SECOND * 2));
        assert_eq!(thread.join_within(SECOND), Ok(false));
        assert_eq!(thread.join_within(SECOND * 2), Ok(true));
        assert_eq!(thread.join_within(SECOND), Ok(true));
        assert!(!thread.is_alive());
    });
}

#[test]
fn an_error_of_a_thread_is_that_of_its_join_and_its_lane_tells_it() {
    let lanes = in_turns(|| {
        assert_eq!(thread::spawn("loser", || Err::<(), _>(SyncError::Full)).join(), Err(SyncError::Full));
    });
    assert!(lanes[1].ends_with("error: the queue is full | failed"), "{}", lanes[1]);
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn a_thread_that_panics_has_failed() {
    let lanes = in_turns(|| {
        let thread = thread::spawn("loser", || if SECOND.is_zero() { Ok(()) } else { panic!("on purpose") });
        assert_eq!(thread.join(), Err(SyncError::Failed));
    });
    assert!(lanes[1].ends_with("error: panicked: on purpose | failed"), "{}", lanes[1]);
}

#[test]
fn a_thread_that_is_cancelled_ends_as_such() {
    let mut ended = Ok(());
    let stuck = in_turns_until_stuck(|| {
        let event = Arc::new(Event::new("never"));
        ended = thread::spawn("waiter", move || event.wait()).join();
    });
    assert!(stuck);
    assert_eq!(ended, Err(SyncError::Cancelled));
}

#[test]
fn a_sleep_lasts_as_long_as_it_should() {
    in_turns(|| {
        let before = interleave_trace::clock::now();
        assert_eq!(thread::sleep(SECOND), Ok(()));
        let slept = interleave_trace::clock::now().since(before);
        assert!((1_000_000_000..1_000_100_000).contains(&slept), "{slept}");
    });
}
