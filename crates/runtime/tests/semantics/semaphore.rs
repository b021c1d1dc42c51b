//! `threading.Semaphore` and `BoundedSemaphore`.

use std::num::NonZeroU32;
use std::sync::Arc;

use interleave_runtime::sync::{Racy, Semaphore, SyncError, thread};

use super::{SECOND, in_turns, let_others_run};

const TWO: NonZeroU32 = NonZeroU32::new(2).expect("two is not zero");

#[test]
fn it_lets_in_as_many_as_it_has_permits() {
    let lanes = in_turns(|| {
        let semaphore = Arc::new(Semaphore::new("s", 2));
        let inside = Arc::new(Racy::new(0));
        let threads: Vec<_> = (1..=4)
            .map(|n| {
                let (semaphore, inside) = (semaphore.clone(), inside.clone());
                thread::spawn(("worker", n), move || {
                    let _permit = semaphore.acquire()?;
                    inside.update(|n| n + 1)?;
                    assert!(inside.get()? <= 2);
                    thread::sleep(SECOND)?;
                    inside.update(|n| n - 1)
                })
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join(), Ok(()));
        }
        assert_eq!(semaphore.free(), 2);
    });
    assert!(lanes[2].contains("running worker 2 | took semaphore s"), "{}", lanes[2]);
    assert!(lanes[3].contains("waiting for semaphore s of worker 1 | took semaphore s"), "{}", lanes[3]);
}

#[test]
fn any_thread_may_add_a_permit_and_there_may_be_more_than_at_first() {
    in_turns(|| {
        let semaphore = Semaphore::new("s", 0);
        assert_eq!(semaphore.release(), Ok(()));
        assert_eq!(semaphore.release(), Ok(()));
        assert_eq!(semaphore.free(), 2);
    });
}

#[test]
fn a_bounded_one_refuses_more_permits_than_it_had() {
    in_turns(|| {
        let semaphore = Semaphore::bounded("s", 1);
        assert_eq!(semaphore.release(), Err(SyncError::ReleasedTooOften));
        semaphore.acquire().expect("there is one").keep();
        assert_eq!(semaphore.release_many(TWO), Err(SyncError::ReleasedTooOften));
        assert_eq!(semaphore.free(), 0, "all or none");
        assert_eq!(semaphore.release(), Ok(()));
    });
}

#[test]
fn several_permits_at_once_let_several_go_on() {
    in_turns(|| {
        let semaphore = Arc::new(Semaphore::new("s", 0));
        let threads: Vec<_> = (1..=3)
            .map(|n| {
                let semaphore = semaphore.clone();
                thread::spawn(("worker", n), move || semaphore.acquire().map(|permit| permit.keep()))
            })
            .collect();
        let_others_run();
        assert_eq!(semaphore.release_many(TWO), Ok(()));
        let_others_run();
        assert_eq!(threads.iter().filter(|thread| thread.is_alive()).count(), 1);
        assert_eq!(semaphore.release(), Ok(()));
        assert!(threads.into_iter().all(|thread| thread.join() == Ok(())));
    });
}

#[test]
fn a_timeout_returns_and_does_not_fail() {
    let lanes = in_turns(|| {
        let semaphore = Semaphore::new("s", 0);
        assert!(matches!(semaphore.try_acquire(), Ok(None)));
        assert!(matches!(semaphore.acquire_within(SECOND), Ok(None)));
    });
    assert_eq!(lanes, ["main: started | waiting for semaphore s | timed out on semaphore s | running | completed"]);
}

#[test]
fn a_permit_is_given_back_with_its_guard() {
    let lanes = in_turns(|| {
        let semaphore = Semaphore::bounded("s", 1);
        drop(semaphore.acquire());
        assert_eq!(semaphore.free(), 1);
    });
    assert_eq!(lanes, ["main: started | took semaphore s | released semaphore s | completed"]);
}
