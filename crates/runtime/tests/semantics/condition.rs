//! `threading.Condition`.

use std::sync::Arc;

use interleave_runtime::rt::{self, RLock, SyncError, Underlying, Wait};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{Condition, Mutex, thread};

use super::{SECOND, forever, in_turns, in_turns_until_stuck, let_others_run};

fn over_an_rlock() -> (Arc<RLock>, Arc<rt::Condition>) {
    let lock = Arc::new(RLock::new(Title::new("r")));
    let condition = rt::Condition::new(Title::new("c"), Underlying::RLock(lock.clone()));
    (lock, Arc::new(condition))
}

fn over_a_mutex() -> Arc<(Mutex<u32>, Condition)> {
    let mutex = Mutex::new("m", 0);
    let condition = Condition::new("c", &mutex);
    Arc::new((mutex, condition))
}

#[test]
fn waiting_gives_up_the_lock_and_takes_it_again() {
    let lanes = in_turns(|| {
        let (lock, condition) = over_an_rlock();
        let (own, waited) = (lock.clone(), condition.clone());
        let thread = thread::spawn("waiter", move || {
            own.acquire(&forever())?;
            assert_eq!(waited.wait(&forever()), Ok(true));
            assert!(own.is_owned());
            own.release()
        });
        let_others_run();
        assert_eq!(lock.acquire(&Wait::never()), Ok(true));
        assert_eq!(condition.notify(1), Ok(()));
        // The notified one cannot go on before the lock is free.
        let_others_run();
        assert!(thread.is_alive());
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(thread.join(), Ok(()));
    });
    assert!(
        lanes[1].ends_with(
            "took rlock r | released rlock r | waiting for condition c | running waiter | \
             waiting for rlock r of main | took rlock r | running waiter | released rlock r | completed"
        ),
        "{}",
        lanes[1]
    );
}

#[test]
fn who_does_not_hold_the_lock_can_neither_wait_nor_notify() {
    in_turns(|| {
        let (lock, condition) = over_an_rlock();
        let refused = SyncError::HeldByAnother { holder: None };
        assert_eq!(condition.wait(&forever()), Err(refused));
        assert_eq!(condition.notify(1), Err(refused));
        assert_eq!(condition.notify_all(), Err(refused));
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let main = interleave_trace::here();
        let refused = SyncError::HeldByAnother { holder: Some(main) };
        assert_eq!(thread::spawn("other", move || condition.notify(1)).join(), Err(refused));
    });
}

#[test]
fn with_a_lock_without_an_owner_that_must_be_held_by_somebody() {
    in_turns(|| {
        let pair = over_a_mutex();
        assert_eq!(pair.1.notify(), Err(SyncError::NotHeld));
        let _guard = pair.0.lock();
        assert_eq!(pair.1.notify(), Ok(()));
    });
}

#[test]
fn a_condition_takes_the_guard_of_its_own_lock_only() {
    in_turns(|| {
        let (pair, another) = (over_a_mutex(), Mutex::new("another", 0));
        let _held = pair.0.lock();
        let guard = another.lock().expect("nobody ends the run");
        assert!(matches!(pair.1.wait(guard), Err(SyncError::HeldByAnother { .. })));
    });
}

#[test]
fn a_notification_without_waiters_is_forgotten() {
    in_turns(|| {
        let (lock, condition) = over_an_rlock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert_eq!(condition.notify(1), Ok(()));
        assert_eq!(condition.wait(&Wait::at_most(SECOND)), Ok(false));
    });
}

#[test]
fn a_notification_lets_at_most_so_many_go_on() {
    in_turns(|| {
        let pair = over_a_mutex();
        let threads: Vec<_> = (1..=4)
            .map(|n| {
                let pair = pair.clone();
                thread::spawn(("waiter", n), move || pair.1.wait(pair.0.lock()?).map(drop))
            })
            .collect();
        let_others_run();
        let alive = || threads.iter().filter(|thread| thread.is_alive()).count();
        let notify = |count: usize| {
            let _guard = pair.0.lock().expect("nobody ends the run");
            assert_eq!(pair.1.notify_some(count), Ok(()));
        };
        notify(0);
        let_others_run();
        assert_eq!(alive(), 4);
        notify(1);
        let_others_run();
        assert_eq!(alive(), 3);
        notify(2);
        let_others_run();
        assert_eq!(alive(), 1);
        notify(10);
        assert!(threads.into_iter().all(|thread| thread.join() == Ok(())));
    });
}

#[test]
fn notifying_all_lets_all_go_on() {
    in_turns(|| {
        let pair = over_a_mutex();
        let threads: Vec<_> = (1..=3)
            .map(|n| {
                let pair = pair.clone();
                thread::spawn(("waiter", n), move || pair.1.wait(pair.0.lock()?).map(drop))
            })
            .collect();
        let_others_run();
        let guard = pair.0.lock();
        assert_eq!(pair.1.notify_all(), Ok(()));
        drop(guard);
        assert!(threads.into_iter().all(|thread| thread.join() == Ok(())));
    });
}

#[test]
fn a_timeout_returns_false_with_the_lock_held() {
    let lanes = in_turns(|| {
        let (lock, condition) = over_an_rlock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert_eq!(condition.wait(&Wait::at_most(SECOND)), Ok(false));
        assert!(lock.is_owned());
        assert_eq!(condition.wait(&Wait::never()), Ok(false));
        assert!(lock.is_owned());
    });
    assert!(lanes[0].contains("waiting for condition c | timed out on condition c | running | took rlock r"));
}

#[test]
fn a_lock_taken_twice_is_given_up_whole_and_taken_as_often() {
    in_turns(|| {
        let (lock, condition) = over_an_rlock();
        let (own, waited) = (lock.clone(), condition.clone());
        let thread = thread::spawn("waiter", move || {
            own.acquire(&forever())?;
            own.acquire(&forever())?;
            waited.wait(&forever())?;
            own.release()?;
            assert!(own.is_owned());
            own.release()
        });
        let_others_run();
        assert_eq!(lock.acquire(&Wait::never()), Ok(true));
        assert_eq!(condition.notify(1), Ok(()));
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(thread.join(), Ok(()));
        assert!(!lock.is_locked());
    });
}

#[test]
fn waiting_for_a_predicate_goes_on_until_it_holds() {
    let lanes = in_turns(|| {
        let pair = over_a_mutex();
        let own = pair.clone();
        let thread = thread::spawn("waiter", move || {
            let guard = own.1.wait_for(own.0.lock()?, |value| *value == 2)?;
            Ok(*guard)
        });
        for value in 1..=2 {
            let_others_run();
            let mut guard = pair.0.lock().expect("nobody ends the run");
            *guard = value;
            assert_eq!(pair.1.notify(), Ok(()));
        }
        assert_eq!(thread.join(), Ok(2));
    });
    assert_eq!(lanes[1].matches("waiting for condition c").count(), 2, "{}", lanes[1]);
}

#[test]
fn waiting_for_a_predicate_gives_what_it_says_when_the_time_is_up() {
    in_turns(|| {
        let (lock, condition) = over_an_rlock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let mut asked = 0;
        let held = condition.wait_for::<SyncError>(&Wait::at_most(SECOND), || {
            asked += 1;
            Ok(false)
        });
        assert_eq!((held, asked), (Ok(false), 2));
        let mut asked = 0;
        let held = condition.wait_for::<SyncError>(&Wait::at_most(SECOND), || {
            asked += 1;
            Ok(asked == 2)
        });
        assert_eq!(held, Ok(true));
        let pair = over_a_mutex();
        let guard = pair.0.lock().expect("nobody ends the run");
        assert!(matches!(pair.1.wait_for_within(guard, SECOND, |value| *value == 1), Ok((_, false))));
    });
}

#[test]
fn a_predicate_that_holds_is_not_waited_for() {
    let lanes = in_turns(|| {
        let (lock, condition) = over_an_rlock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert_eq!(condition.wait_for::<SyncError>(&forever(), || Ok(true)), Ok(true));
    });
    assert_eq!(lanes, ["main: started | took rlock r | completed"]);
}

#[test]
fn an_error_of_the_predicate_comes_out() {
    in_turns(|| {
        let (lock, condition) = over_an_rlock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert_eq!(condition.wait_for(&forever(), || Err(SyncError::Full)), Err(SyncError::Full));
    });
}

#[test]
fn who_is_cancelled_comes_back_without_the_lock() {
    let stuck = in_turns_until_stuck(|| {
        let pair = over_a_mutex();
        let guard = pair.0.lock().expect("it is free");
        assert!(matches!(pair.1.wait(guard), Err(SyncError::Cancelled)));
        assert!(matches!(pair.0.try_lock(), Ok(Some(_))));
    });
    assert!(stuck);
}
