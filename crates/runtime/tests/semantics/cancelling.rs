//! The end of a run: every wait ends with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use interleave_runtime::rt::{self, ReturnWhen};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{
    Barrier, Condition, Event, Lock, Mutex, Queue, RLock, Result, Semaphore, SyncError, ThreadPool, as_completed,
    thread, wait_for,
};

use super::{forever, in_turns_until_stuck};

/// Runs `wait` in a thread of its own, where it can never end by itself.
fn ends_cancelled(wait: impl FnOnce() -> Result<()> + Send + 'static) {
    let mut ended = Ok(());
    let stuck = in_turns_until_stuck(|| ended = thread::spawn("waiter", wait).join());
    // The one that joins it is cancelled as well.
    assert_eq!((stuck, ended), (true, Err(SyncError::Cancelled)));
}

/// As [`ends_cancelled`], and says what the wait itself gave.
fn ends_itself_cancelled(wait: impl FnOnce() -> Result<()> + Send + 'static) {
    ends_cancelled(move || {
        let ended = wait();
        assert_eq!(ended, Err(SyncError::Cancelled));
        ended
    });
}

#[test]
fn locks() {
    ends_itself_cancelled(|| {
        let lock = Lock::new("a");
        let _held = lock.acquire()?;
        lock.acquire().map(drop)
    });
    ends_itself_cancelled(|| {
        let lock = Arc::new(RLock::new("r"));
        let _held = lock.acquire()?;
        let other = lock.clone();
        thread::spawn("other", move || other.acquire().map(drop)).join()
    });
}

#[test]
fn semaphores_and_events() {
    ends_itself_cancelled(|| Semaphore::new("s", 0).acquire().map(drop));
    ends_itself_cancelled(|| Event::new("e").wait());
}

#[test]
fn conditions() {
    ends_itself_cancelled(|| {
        let mutex = Mutex::new("m", ());
        Condition::new("c", &mutex).wait(mutex.lock()?).map(drop)
    });
}

#[test]
fn barriers() {
    ends_itself_cancelled(|| Barrier::new("b", 2).wait().map(drop));
}

#[test]
fn queues() {
    ends_itself_cancelled(|| Queue::<u32>::new("q").get().map(drop));
    ends_itself_cancelled(|| {
        let queue = Queue::bounded("q", 1);
        queue.put(1)?;
        queue.put(2)
    });
    ends_itself_cancelled(|| {
        let queue = Queue::new("q");
        queue.put(1)?;
        queue.join()
    });
}

#[test]
fn futures() {
    ends_itself_cancelled(|| rt::Future::<u32>::new(Title::new("f")).result(&forever()).map(drop));
    ends_itself_cancelled(|| {
        let (pool, event) = (ThreadPool::new("pool", 1), Event::new("e"));
        let looked = Arc::new(AtomicBool::new(false));
        let seen = looked.clone();
        // The work is cancelled as well, and must not be done before it was waited for.
        let work = move || {
            let ended = event.wait();
            while !seen.load(Ordering::Acquire) {
                let _cancelled = thread::checkpoint();
            }
            ended
        };
        let futures = [pool.submit(work)?];
        let all = wait_for(&futures, ReturnWhen::AllCompleted).map(drop);
        let each = as_completed(&futures).try_for_each(|future| future.map(drop));
        looked.store(true, Ordering::Release);
        assert_eq!(all, Err(SyncError::Cancelled));
        each
    });
}

#[test]
fn one_who_computes_notices_it_at_a_checkpoint() {
    ends_itself_cancelled(|| {
        let never = Event::new("never");
        assert_eq!(never.wait(), Err(SyncError::Cancelled));
        thread::checkpoint()
    });
}

#[test]
fn a_wait_that_could_go_on_is_not_cancelled() {
    in_turns_until_stuck(|| {
        let (lock, never) = (Lock::new("a"), Event::new("never"));
        assert_eq!(never.wait(), Err(SyncError::Cancelled));
        assert!(lock.acquire().is_ok(), "it is free");
    });
}
