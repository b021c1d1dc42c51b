//! `threading.Lock`.

use std::sync::Arc;

use interleave_runtime::rt::{Lock, SyncError, Wait, allow_waits, cancel_waits};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{self, Mutex, thread};

use super::recorded::recorded;
use super::{SECOND, forever, in_turns, in_turns_until_stuck, let_others_run};

fn lock() -> Arc<Lock> {
    Arc::new(Lock::new(Title::new("a")))
}

#[test]
fn a_free_lock_is_taken_at_once() {
    let lanes = in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert!(lock.is_locked());
        assert_eq!(lock.release(), Ok(()));
        assert!(!lock.is_locked());
    });
    assert_eq!(lanes, ["main: started | took lock a | released lock a | completed"]);
}

#[test]
fn who_wants_a_lock_that_is_held_waits_for_its_holder() {
    let lanes = in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let other = lock.clone();
        let thread = thread::spawn("other", move || {
            assert_eq!(other.acquire(&forever()), Ok(true));
            other.release()
        });
        let_others_run();
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(thread.join(), Ok(()));
    });
    assert_eq!(
        lanes,
        [
            "main: started | took lock a | sleeping | running | released lock a | woke other | \
             waiting for end other | joined other | running | completed",
            "other: thread | started | running other | waiting for lock a of main | took lock a | running other | \
             released lock a | completed",
        ]
    );
}

#[test]
fn a_lock_that_nobody_holds_cannot_be_released() {
    in_turns(|| assert_eq!(lock().release(), Err(SyncError::NotHeld)));
}

#[test]
fn any_thread_may_release_a_lock() {
    let lanes = in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let other = lock.clone();
        assert_eq!(thread::spawn("other", move || other.release()).join(), Ok(()));
        assert_eq!(lock.acquire(&Wait::never()), Ok(true));
    });
    assert!(lanes[1].contains("released lock a of main"), "{}", lanes[1]);
}

#[test]
fn a_thread_that_holds_a_lock_cannot_take_it_again() {
    in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert_eq!(lock.acquire(&Wait::at_most(SECOND)), Ok(false));
    });
}

#[test]
fn a_timeout_returns_false_and_does_not_fail() {
    let lanes = in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let other = lock.clone();
        assert_eq!(thread::spawn("other", move || other.acquire(&Wait::at_most(SECOND))).join(), Ok(false));
    });
    assert!(
        lanes[1].ends_with("waiting for lock a of main | timed out on lock a | running other | completed"),
        "{}",
        lanes[1]
    );
}

#[test]
fn one_who_does_not_want_to_wait_does_not() {
    let lanes = in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert_eq!(lock.acquire(&Wait::never()), Ok(false));
    });
    assert_eq!(lanes, ["main: started | took lock a | completed"]);
}

#[test]
fn a_lock_is_not_fair() {
    let lanes = in_turns(|| {
        let lock = Arc::new(Mutex::new("a", ()));
        let guard = lock.lock().expect("it is free");
        let other = lock.clone();
        let thread = thread::spawn("other", move || other.lock().map(drop));
        let_others_run();
        drop(guard);
        // The other was woken and has waited longer; this one is there.
        let guard = lock.lock().expect("it is free");
        let_others_run();
        drop(guard);
        assert_eq!(thread.join(), Ok(()));
    });
    let waits = "waiting for owned-lock a of main | waiting for owned-lock a of main | took owned-lock a";
    assert!(lanes[1].contains(waits), "{}", lanes[1]);
}

#[test]
fn a_guard_holds_a_lock_as_long_as_it_lives() {
    in_turns(|| {
        let lock = sync::Lock::new("a");
        let held = lock.acquire().expect("nobody ends the run");
        assert!(matches!(lock.try_acquire(), Ok(None)));
        assert!(matches!(lock.acquire_within(SECOND), Ok(None)), "who tried in vain has released nothing");
        drop(held);
        assert!(matches!(lock.try_acquire(), Ok(Some(_))));
        assert!(matches!(lock.acquire_within(SECOND), Ok(Some(_))));
    });
}

#[test]
fn what_a_mutex_guards_is_changed_through_its_guard() {
    in_turns(|| {
        let counter = Mutex::new("counter", 1);
        *counter.lock().expect("nobody ends the run") += 1;
        assert_eq!(counter.into_inner(), 2);
    });
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn a_panic_lets_go_of_what_guards_hold() {
    in_turns(|| {
        let counter = Arc::new(Mutex::new("counter", 1));
        let other = counter.clone();
        let thread = thread::spawn("other", move || {
            let _guard = other.lock()?;
            if *_guard == 1 {
                panic!("on purpose");
            }
            Ok(())
        });
        assert_eq!(thread.join(), Err(SyncError::Failed));
        assert!(matches!(counter.try_lock(), Ok(Some(_))));
    });
}

#[test]
fn a_wait_that_can_never_end_is_cancelled_with_the_run() {
    let stuck = in_turns_until_stuck(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert_eq!(lock.acquire(&forever()), Err(SyncError::Cancelled));
    });
    assert!(stuck);
}

#[test]
fn cancelling_ends_waits_that_are_under_way_and_those_to_come() {
    let lanes = recorded(|| async {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let other = lock.clone();
        let thread = thread::spawn("other", move || {
            assert_eq!(other.acquire(&forever()), Err(SyncError::Cancelled));
            other.acquire(&forever()).map(drop)
        });
        std::thread::sleep(std::time::Duration::from_millis(20));
        cancel_waits();
        while thread.is_alive() {
            std::thread::yield_now();
        }
        assert_eq!(thread.join(), Err(SyncError::Cancelled));
        allow_waits();
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(lock.acquire(&Wait::at_most(SECOND)), Ok(true));
    });
    assert!(lanes[1].ends_with("cancelled"), "{}", lanes[1]);
}
