//! `concurrent.futures`: the thread pool and its futures.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interleave_runtime::Fault;
use interleave_runtime::rt::{self, Site, Wait};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{
    Event, Future, Queue, ReturnWhen, SyncError, ThreadPool, as_completed, thread, wait_for,
};

use super::{SECOND, forever, in_turns, let_others_run};

fn fails() -> u32 {
    if SECOND.is_zero() { 0 } else { panic!("on purpose") }
}

fn sleeps(seconds: u32) -> impl FnOnce() -> u32 + Send {
    move || {
        thread::sleep(SECOND * seconds).expect("nobody ends the run");
        seconds
    }
}

fn submit(pool: &ThreadPool, seconds: u32) -> Future<u32> {
    pool.submit(sleeps(seconds)).expect("the pool is open")
}

#[test]
fn work_is_done_by_a_thread_of_the_pool_and_its_result_waited_for() {
    let lanes = in_turns(|| {
        let pool = ThreadPool::new("pool", 2);
        let future = submit(&pool, 1);
        assert!(!future.is_done());
        assert_eq!(future.result(), Ok(1));
        assert!(future.is_done());
        assert_eq!(future.result(), Ok(1), "it stays");
        assert_eq!(pool.shutdown(), Ok(()));
    });
    assert!(lanes[0].contains("waiting for future pool 1 | running"), "{}", lanes[0]);
    assert!(lanes[1].starts_with("pool 1: thread | started | running pool 1 | received 0 B"), "{}", lanes[1]);
}

#[test]
fn a_thread_is_started_only_when_none_is_idle() {
    let lanes = in_turns(|| {
        let pool = ThreadPool::new("pool", 3);
        for _ in 0..3 {
            assert_eq!(submit(&pool, 1).result(), Ok(1));
            // The thread has to come back for more.
            let_others_run();
        }
        assert_eq!(pool.shutdown(), Ok(()));
    });
    assert_eq!(lanes.len(), 2, "{lanes:?}");
}

#[test]
fn no_more_threads_are_started_than_wanted() {
    let lanes = in_turns(|| {
        let pool = ThreadPool::new("pool", 2);
        let futures: Vec<_> = (0..5).map(|_| submit(&pool, 1)).collect();
        let_others_run();
        assert_eq!(futures.iter().filter(|future| future.is_running()).count(), 2);
        assert!(futures.iter().all(|future| future.result() == Ok(1)));
        assert_eq!(pool.shutdown(), Ok(()));
    });
    assert_eq!(lanes.len(), 3, "{lanes:?}");
}

#[test]
fn a_map_gives_its_results_in_the_order_of_the_items() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 3);
        let map = pool.map([3, 1, 2], |seconds| sleeps(seconds)()).expect("the pool is open");
        assert_eq!(map.collect::<Result<Vec<_>, _>>(), Ok(vec![3, 1, 2]));
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
fn a_map_that_is_given_up_cancels_what_has_not_begun() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 1);
        let done = Arc::new(AtomicU32::new(0));
        let counted = done.clone();
        let work = move |seconds: u32| {
            counted.fetch_add(1, Ordering::Relaxed);
            sleeps(seconds)()
        };
        let mut map = pool.map([1, 1, 1, 1], work).expect("the pool is open");
        assert_eq!(map.next(), Some(Ok(1)));
        let_others_run();
        drop(map);
        assert_eq!(pool.shutdown(), Ok(()));
        assert_eq!(done.load(Ordering::Relaxed), 2, "the first, and the one that had begun");
    });
}

#[test]
fn waiting_for_a_result_can_time_out() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 1);
        let future = submit(&pool, 2);
        assert_eq!(future.result_within(SECOND), Err(SyncError::TimedOut));
        assert_eq!(future.result(), Ok(2));
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn work_that_panics_is_a_future_that_failed_and_harms_no_other() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 1);
        let failed = pool.submit(fails).expect("the pool is open");
        let next = submit(&pool, 1);
        assert_eq!(failed.result(), Err(SyncError::Failed));
        assert_eq!(failed.fault(), Ok(Some(Fault::Panicked { message: "on purpose".to_owned() })));
        assert_eq!(next.result(), Ok(1));
        assert_eq!(next.fault(), Ok(None));
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
fn what_has_not_begun_can_be_cancelled_and_nothing_else() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 1);
        let (runs, waits) = (submit(&pool, 1), submit(&pool, 1));
        let_others_run();
        assert!(!runs.cancel());
        assert!(waits.cancel());
        assert!(waits.cancel(), "it is cancelled");
        assert!(waits.is_cancelled() && waits.is_done());
        assert_eq!(waits.result(), Err(SyncError::WorkCancelled));
        assert_eq!(waits.fault(), Err(SyncError::WorkCancelled));
        assert_eq!(runs.result(), Ok(1));
        assert!(!runs.cancel());
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
fn callbacks_are_called_in_their_order_and_at_once_if_it_is_done() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 1);
        let future = submit(&pool, 1);
        let said = Arc::new(Queue::new("said"));
        for text in ["first", "second"] {
            let said = said.clone();
            future.when_done(move |future| {
                assert_eq!(future.result(), Ok(1));
                assert_eq!(said.put(text), Ok(()));
            });
        }
        assert_eq!(said.try_get(), Err(SyncError::Empty));
        assert_eq!((said.get(), said.get()), (Ok("first"), Ok("second")));
        let own = said.clone();
        future.when_done(move |_| assert_eq!(own.put("at once"), Ok(())));
        assert_eq!(said.try_get(), Ok("at once"));
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
fn cancelling_calls_callbacks_too() {
    in_turns(|| {
        let future = rt::Future::<u32>::new(Title::new("work"));
        let called = Arc::new(Event::new("called"));
        let calls = called.clone();
        future.when_done(move |future| {
            assert!(future.is_cancelled());
            calls.set();
        });
        assert!(future.cancel());
        assert!(called.is_set());
    });
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn a_callback_that_panics_harms_nobody_else() {
    let lanes = in_turns(|| {
        let future = rt::Future::new(Title::new("work"));
        let called = Arc::new(Event::new("called"));
        let calls = called.clone();
        future.when_done(|_| assert_eq!(fails(), 0));
        future.when_done(move |_| calls.set());
        assert!(future.finish(Ok(1)));
        assert!(called.is_set());
    });
    assert!(lanes[0].contains("error: a callback of a future: panicked: on purpose"), "{}", lanes[0]);
}

#[test]
fn a_future_has_one_result() {
    in_turns(|| {
        let future = rt::Future::new(Title::new("work"));
        assert!(future.start());
        assert!(!future.start());
        assert!(future.finish(Ok(1)));
        assert!(!future.finish(Ok(2)));
        assert_eq!(future.result(&forever()), Ok(Ok(1)));
    });
}

#[test]
fn futures_come_as_they_are_completed() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 3);
        let futures: Vec<_> = [3, 1, 2].into_iter().map(|seconds| submit(&pool, seconds)).collect();
        let come: Result<Vec<_>, _> = as_completed(&futures).map(|future| future?.result()).collect();
        assert_eq!(come, Ok(vec![1, 2, 3]));
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
fn a_future_that_is_named_twice_comes_once() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 1);
        let future = submit(&pool, 1);
        assert_eq!(as_completed(&[future.clone(), future.clone()]).count(), 1);
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
fn the_time_for_all_that_are_to_come_can_be_up() {
    in_turns(|| {
        let executor = rt::Executor::new(Title::new("pool"), 2, Site::NONE);
        let submit = |seconds| executor.submit(Site::NONE, sleeps(seconds)).expect("the pool is open");
        let futures = [submit(1), submit(3)];
        let mut completed = rt::Completed::of(&futures, &Wait::at_most(SECOND * 2));
        assert!(matches!(completed.next(), Some(Ok(future)) if Arc::ptr_eq(&future, &futures[0])));
        assert!(matches!(completed.next(), Some(Err(SyncError::TimedOut))));
        assert!(completed.next().is_none());
        executor.shut(false);
        assert_eq!(executor.join(&Wait::at_most(SECOND / 2)), Ok(false));
        assert_eq!(executor.join(&forever()), Ok(true));
    });
}

#[test]
fn waiting_for_the_first_ends_with_it() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 2);
        let futures = [submit(&pool, 2), submit(&pool, 1)];
        let (done, open) = wait_for(&futures, ReturnWhen::FirstCompleted).expect("nobody ends the run");
        assert!(done.len() == 1 && done[0].is_same(&futures[1]) && open[0].is_same(&futures[0]));
        let (done, open) = wait_for(&futures, ReturnWhen::AllCompleted).expect("nobody ends the run");
        assert_eq!((done.len(), open.len()), (2, 0));
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn waiting_for_a_failure_ends_with_one_or_with_all() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 3);
        let fails_later = || {
            sleeps(2)();
            fails()
        };
        let failing = pool.submit(fails_later).expect("the pool is open");
        let futures = [submit(&pool, 1), failing, submit(&pool, 3)];
        let (done, open) = wait_for(&futures, ReturnWhen::FirstFailed).expect("nobody ends the run");
        assert_eq!((done.len(), open.len()), (2, 1));
        let (done, open) = wait_for(&futures[..1], ReturnWhen::FirstFailed).expect("nobody ends the run");
        assert_eq!((done.len(), open.len()), (1, 0));
        assert_eq!(pool.shutdown(), Ok(()));
    });
}

#[test]
fn waiting_for_several_can_time_out_and_does_not_fail() {
    in_turns(|| {
        let future = rt::Future::<u32>::new(Title::new("work"));
        let waited = rt::wait_for(std::slice::from_ref(&future), &Wait::at_most(SECOND), ReturnWhen::AllCompleted);
        assert!(matches!(waited, Ok((done, open)) if done.is_empty() && open.len() == 1));
    });
}

#[test]
fn a_pool_that_was_shut_takes_no_work_and_does_what_it_has() {
    in_turns(|| {
        let executor = rt::Executor::new(Title::new("pool"), 1, Site::NONE);
        let futures: Vec<_> = (0..3).map(|_| executor.submit(Site::NONE, sleeps(1)).expect("it is open")).collect();
        executor.shut(false);
        assert!(matches!(executor.submit(Site::NONE, || 1), Err(SyncError::ShutDown)));
        assert_eq!(executor.join(&forever()), Ok(true));
        assert!(futures.iter().all(|future| future.result(&Wait::never()) == Ok(Ok(1))));
    });
}

#[test]
fn a_pool_that_is_shut_can_cancel_what_has_not_begun() {
    in_turns(|| {
        let pool = ThreadPool::new("pool", 1);
        let futures: Vec<_> = (0..3).map(|_| submit(&pool, 1)).collect();
        let_others_run();
        assert_eq!(pool.shutdown_now(), Ok(()));
        assert_eq!(futures[0].result(), Ok(1));
        assert!(futures[1].is_cancelled() && futures[2].is_cancelled());
    });
}

#[test]
fn a_pool_that_is_dropped_still_does_what_it_has() {
    in_turns(|| {
        let future = submit(&ThreadPool::new("pool", 1), 1);
        assert_eq!(future.result(), Ok(1));
        let_others_run();
    });
}
