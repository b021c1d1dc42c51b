//! `threading.RLock`.

use std::sync::Arc;

use interleave_runtime::rt::{RLock, SyncError, Wait};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{self, thread};

use super::{SECOND, forever, in_turns, let_others_run};

fn lock() -> Arc<RLock> {
    Arc::new(RLock::new(Title::new("r")))
}

#[test]
fn its_holder_takes_it_again_and_it_is_free_when_released_as_often() {
    let lanes = in_turns(|| {
        let lock = lock();
        for _ in 0..3 {
            assert_eq!(lock.acquire(&forever()), Ok(true));
        }
        for _ in 0..3 {
            assert!(lock.is_owned());
            assert_eq!(lock.release(), Ok(()));
        }
        assert!(!lock.is_locked());
    });
    assert_eq!(lanes, ["main: started | took rlock r | released rlock r | completed"]);
}

#[test]
fn others_wait_until_the_last_release() {
    let lanes = in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let other = lock.clone();
        let thread = thread::spawn("other", move || other.acquire(&forever()));
        assert_eq!(lock.release(), Ok(()));
        let_others_run();
        assert!(lock.is_owned());
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(thread.join(), Ok(true));
    });
    assert!(lanes[1].contains("waiting for rlock r of main | took rlock r"), "{}", lanes[1]);
}

#[test]
fn only_its_holder_can_release_it() {
    in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let (other, main) = (lock.clone(), interleave_trace::here());
        let refused = SyncError::HeldByAnother { holder: Some(main) };
        assert_eq!(thread::spawn("other", move || other.release()).join(), Err(refused));
        assert!(lock.is_owned());
    });
}

#[test]
fn one_that_nobody_holds_cannot_be_released() {
    in_turns(|| assert_eq!(lock().release(), Err(SyncError::HeldByAnother { holder: None })));
}

#[test]
fn a_timeout_returns_false_and_does_not_fail() {
    in_turns(|| {
        let lock = lock();
        assert_eq!(lock.acquire(&forever()), Ok(true));
        let other = lock.clone();
        let tried = thread::spawn("other", move || {
            assert!(!other.is_owned());
            assert_eq!(other.acquire(&Wait::never()), Ok(false));
            other.acquire(&Wait::at_most(SECOND))
        });
        assert_eq!(tried.join(), Ok(false));
    });
}

#[test]
fn guards_nest() {
    in_turns(|| {
        let lock = sync::RLock::new("r");
        let outer = lock.acquire().expect("nobody ends the run");
        let inner = lock.try_acquire().expect("nobody ends the run").expect("this thread has it");
        drop((outer, inner));
    });
}
