//! `threading.Barrier`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interleave_runtime::rt;
use interleave_runtime::span::Title;
use interleave_runtime::sync::{Barrier, SyncError, thread};

use super::{SECOND, forever, in_turns, let_others_run};

type Waits = Vec<thread::JoinHandle<u32>>;

fn waits(barrier: &Arc<Barrier>, count: u32) -> Waits {
    let wait = |n| {
        let barrier = barrier.clone();
        thread::spawn(("waiter", n), move || barrier.wait())
    };
    (1..=count).map(wait).collect()
}

fn ends(waits: Waits) -> Vec<Result<u32, SyncError>> {
    waits.into_iter().map(thread::JoinHandle::join).collect()
}

#[test]
fn the_last_to_come_lets_all_go_on_and_each_gets_another_number() {
    let lanes = in_turns(|| {
        let barrier = Arc::new(Barrier::new("b", 3));
        let waits = waits(&barrier, 2);
        let_others_run();
        assert_eq!(barrier.waiting(), 2);
        assert_eq!(barrier.wait(), Ok(2));
        assert_eq!(ends(waits), [Ok(0), Ok(1)]);
        assert_eq!(barrier.waiting(), 0);
    });
    assert!(lanes[0].contains("woke waiter 1 | woke waiter 2"), "{}", lanes[0]);
    assert!(lanes[1].contains("waiting for barrier b | running waiter 1"), "{}", lanes[1]);
}

#[test]
fn it_can_be_used_again() {
    in_turns(|| {
        let barrier = Arc::new(Barrier::new("b", 2));
        let other = barrier.clone();
        let thread = thread::spawn("other", move || (0..3).map(|_| other.wait()).sum());
        let own: Result<u32, SyncError> = (0..3).map(|_| barrier.wait()).sum();
        let theirs: Result<u32, SyncError> = thread.join();
        assert_eq!(own.and_then(|own| theirs.map(|theirs| own + theirs)), Ok(3), "0 and 1 in each round");
    });
}

#[test]
fn one_for_a_single_thread_holds_nobody_up() {
    in_turns(|| {
        let barrier = Barrier::new("b", 1);
        assert_eq!(barrier.wait(), Ok(0));
        assert_eq!(barrier.wait(), Ok(0));
    });
}

#[test]
fn one_thread_performs_the_action_before_anybody_goes_on() {
    in_turns(|| {
        let acted = Arc::new(AtomicU32::new(0));
        let (seen, counted) = (acted.clone(), acted.clone());
        let barrier = Arc::new(Barrier::with_action("b", 2, move || {
            let_others_run();
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        let other = barrier.clone();
        let thread = thread::spawn("other", move || {
            other.wait()?;
            Ok(seen.load(Ordering::Relaxed))
        });
        let_others_run();
        assert_eq!(barrier.wait(), Ok(1));
        assert_eq!(acted.load(Ordering::Relaxed), 1);
        assert_eq!(thread.join(), Ok(1));
    });
}

#[test]
fn an_action_that_fails_breaks_it() {
    in_turns(|| {
        let barrier = Arc::new(rt::Barrier::new(Title::new("b"), 2));
        let other = barrier.clone();
        let thread = thread::spawn("other", move || other.wait(&forever()));
        let_others_run();
        assert_eq!(barrier.wait_and(&forever(), || Err(SyncError::Full)), Err(SyncError::Full));
        assert_eq!(thread.join(), Err(SyncError::BarrierBroken));
        assert!(barrier.is_broken());
    });
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn an_action_that_panics_breaks_it() {
    in_turns(|| {
        let barrier = Arc::new(Barrier::with_action("b", 2, || panic!("on purpose")));
        let waits = waits(&barrier, 2);
        assert_eq!(ends(waits), [Err(SyncError::BarrierBroken), Err(SyncError::Failed)]);
        assert!(barrier.is_broken());
    });
}

#[test]
fn who_gives_up_breaks_it_for_all() {
    let lanes = in_turns(|| {
        let barrier = Arc::new(Barrier::new("b", 3));
        let waits = waits(&barrier, 1);
        assert_eq!(barrier.wait_within(SECOND), Err(SyncError::BarrierBroken));
        assert_eq!(ends(waits), [Err(SyncError::BarrierBroken)]);
        assert_eq!(barrier.wait(), Err(SyncError::BarrierBroken), "it stays broken");
    });
    assert!(lanes[0].contains("timed out on barrier b"), "{}", lanes[0]);
}

#[test]
fn a_time_that_is_up_during_the_action_breaks_nothing() {
    in_turns(|| {
        let barrier =
            Arc::new(Barrier::with_action("b", 2, || thread::sleep(SECOND * 2).expect("nobody ends the run")));
        let other = barrier.clone();
        let thread = thread::spawn("other", move || other.wait_within(SECOND));
        let_others_run();
        assert_eq!(barrier.wait(), Ok(1));
        assert_eq!(thread.join(), Ok(0));
        assert!(!barrier.is_broken());
    });
}

#[test]
fn aborting_breaks_it_for_who_waits_and_who_comes() {
    in_turns(|| {
        let barrier = Arc::new(Barrier::new("b", 3));
        let waits = waits(&barrier, 2);
        let_others_run();
        barrier.abort();
        assert!(barrier.is_broken());
        assert_eq!(ends(waits), [Err(SyncError::BarrierBroken), Err(SyncError::BarrierBroken)]);
        assert_eq!(barrier.wait(), Err(SyncError::BarrierBroken));
    });
}

#[test]
fn aborting_during_the_action_breaks_it_too() {
    in_turns(|| {
        let barrier = Arc::new(Barrier::with_action("b", 2, || thread::sleep(SECOND).expect("nobody ends the run")));
        let waits = waits(&barrier, 2);
        let_others_run();
        barrier.abort();
        assert_eq!(ends(waits), [Err(SyncError::BarrierBroken), Err(SyncError::BarrierBroken)]);
    });
}

#[test]
fn resetting_fails_who_waits_and_makes_it_as_new() {
    in_turns(|| {
        let barrier = Arc::new(Barrier::new("b", 2));
        let first = waits(&barrier, 1);
        let_others_run();
        barrier.reset();
        assert!(!barrier.is_broken());
        assert_eq!(ends(first), [Err(SyncError::BarrierBroken)]);
        let second = waits(&barrier, 1);
        assert_eq!(barrier.wait(), Ok(0));
        assert_eq!(ends(second), [Ok(1)]);
    });
}

#[test]
fn resetting_mends_a_broken_one() {
    in_turns(|| {
        let barrier = Arc::new(Barrier::new("b", 1));
        barrier.abort();
        barrier.reset();
        assert_eq!(barrier.wait(), Ok(0));
    });
}
