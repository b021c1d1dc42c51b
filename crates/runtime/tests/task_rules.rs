//! The rules of Python's `asyncio`, one test a rule.

mod place;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use interleave_runtime::rt::SyncError;
use interleave_runtime::tasks::{
    self, Barrier, BoundedSemaphore, Condition, Event, LifoQueue, Lock, PriorityQueue, Queue, Raised, Semaphore, Task,
    Timeout, When, as_completed, current, gather, gather_settled, shield, sleep, spawn, task_group, to_thread, wait,
    wait_for, yield_now,
};
#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;

const SOON: Duration = Duration::from_millis(2);
const NEVER: Duration = Duration::from_secs(3600);

/// Runs `main` as a task to its end.
fn run(main: impl Future<Output = Result<(), Raised>> + 'static) {
    place::to_its_end(async { tasks::run("main", main).await.expect("the program ends well") });
}

type Log = Rc<RefCell<Vec<String>>>;

async fn forever() -> Result<u32, Raised> {
    sleep(NEVER).await?;
    Ok(0)
}

fn value(value: u32, yields: u32) -> Task<u32> {
    spawn(("value", value), async move {
        for _ in 0..yields {
            yield_now().await?;
        }
        Ok(value)
    })
}

fn failing(text: &'static str) -> Task<u32> {
    spawn("failing", async move { Err(Raised::failed(text)) })
}

fn is_cancelled<T>(result: &Result<T, Raised>) -> bool {
    result.as_ref().is_err_and(Raised::is_cancelled)
}

#[test]
fn tasks_that_yield_take_turns() {
    run(async {
        let log = Log::default();
        let tasks: Vec<_> = ["a", "b", "c"]
            .map(|name| (name, log.clone()))
            .into_iter()
            .map(|(name, log)| {
                spawn(name, async move {
                    for _ in 0..3 {
                        log.borrow_mut().push(name.to_owned());
                        yield_now().await?;
                    }
                    Ok(())
                })
            })
            .collect();
        gather(tasks).await?;
        assert_eq!(log.borrow().concat(), "abcabcabc");
        Ok(())
    });
}

#[test]
fn sleepers_wake_in_the_order_of_their_times() {
    run(async {
        let log = Log::default();
        let tasks: Vec<_> = [6u64, 2, 4]
            .into_iter()
            .map(|ms| {
                let log = log.clone();
                spawn("sleeper", async move {
                    sleep(Duration::from_millis(ms)).await?;
                    log.borrow_mut().push(ms.to_string());
                    Ok(())
                })
            })
            .collect();
        gather(tasks).await?;
        assert_eq!(log.borrow().concat(), "246");
        Ok(())
    });
}

#[test]
fn gather_gives_results_in_the_order_of_its_tasks() {
    run(async {
        assert_eq!(gather([value(1, 5), value(2, 0), value(3, 2)]).await?, [1, 2, 3]);
        assert_eq!(gather(Vec::<Task<u32>>::new()).await?, []);
        Ok(())
    });
}

#[test]
fn gather_raises_the_first_failure_at_once_and_the_others_go_on() {
    run(async {
        let slow = value(1, 50);
        let other = (*slow).clone();
        let result = gather([slow, failing("no")]).await;
        assert_eq!(result.map_err(|error| error.to_string()), Err("no".to_owned()));
        assert!(!other.is_done());
        other.ended().await?;
        assert!(!other.is_cancelled());
        Ok(())
    });
}

#[test]
fn gather_with_failures_as_results_waits_for_all() {
    run(async {
        let results = gather_settled([value(1, 5), failing("no"), value(3, 0)]).await?;
        let texts: Vec<_> = results.iter().map(|it| it.as_ref().map_err(ToString::to_string)).collect();
        assert_eq!(texts, [Ok(&1), Err("no".to_owned()), Ok(&3)]);
        Ok(())
    });
}

#[test]
fn cancelling_gather_cancels_its_tasks() {
    run(async {
        let tasks = [spawn("a", forever()), spawn("b", forever())];
        let others = [(*tasks[0]).clone(), (*tasks[1]).clone()];
        let gathering = spawn("gathering", gather(tasks));
        yield_now().await?;
        assert!(gathering.cancel());
        assert!(is_cancelled(&gathering.join().await));
        for other in &others {
            other.ended().await?;
            assert!(other.is_cancelled());
        }
        Ok(())
    });
}

#[test]
fn a_cancelled_child_of_gather_counts_as_failed_and_does_not_cancel_gather() {
    run(async {
        let child = spawn("child", forever());
        child.cancel();
        let results = gather_settled([child, value(2, 0)]).await?;
        assert!(is_cancelled(&results[0]) && matches!(results[1], Ok(2)));
        Ok(())
    });
}

#[test]
fn wait_for_the_first_completed() {
    run(async {
        let tasks = [spawn("slow", forever()), value(2, 1), spawn("slow", forever())];
        let settled = wait(&tasks, When::FirstCompleted, None).await?;
        assert_eq!((settled.done, settled.pending), (vec![1], vec![0, 2]));
        Ok(())
    });
}

#[test]
fn wait_for_the_first_exception_passes_over_results() {
    run(async {
        let tasks = [value(1, 0), spawn("slow", forever()), failing("no")];
        let settled = wait(&tasks, When::FirstException, None).await?;
        assert_eq!((settled.done, settled.pending), (vec![0, 2], vec![1]));
        assert!(tasks[2].error().is_some());
        Ok(())
    });
}

#[test]
fn wait_for_all_and_a_timeout_that_raises_nothing() {
    run(async {
        let tasks = [value(1, 3), spawn("slow", forever())];
        // Long enough for a few turns of the loop, on a busy machine too.
        let settled = wait(&tasks, When::AllCompleted, Some(SOON * 100)).await?;
        assert_eq!((settled.done, settled.pending), (vec![0], vec![1]));
        tasks[1].cancel();
        assert_eq!(wait(&tasks, When::AllCompleted, None).await?.pending, Vec::<usize>::new());
        Ok(())
    });
}

#[test]
fn wait_for_raises_a_timeout_and_cancels_what_it_waited_for() {
    run(async {
        let task = spawn("slow", forever());
        let other = (*task).clone();
        assert!(matches!(wait_for(SOON, task.join()).await, Err(Raised::TimedOut)));
        assert!(other.is_cancelled());
        assert_eq!(wait_for(NEVER, value(5, 2).join()).await?, 5);
        Ok(())
    });
}

#[test]
fn a_timeout_can_be_set_anew_and_says_whether_it_expired() {
    run(async {
        let timeout = Timeout::after(NEVER);
        let now = interleave_trace::clock::now();
        let result = timeout
            .run(async {
                assert!(timeout.reschedule(Some(now)));
                sleep(NEVER).await
            })
            .await;
        assert!(matches!(result, Err(Raised::TimedOut)) && timeout.has_expired());
        let lifted = Timeout::after(SOON);
        lifted
            .run(async {
                lifted.reschedule(None);
                sleep(SOON * 3).await
            })
            .await?;
        assert!(!lifted.has_expired() && lifted.when().is_none());
        Ok(())
    });
}

#[test]
fn the_inner_of_two_timeouts_expires_alone() {
    run(async {
        let outer = Timeout::after(NEVER);
        let result = outer.run(async { Ok(wait_for(SOON, sleep(NEVER)).await.is_err()) }).await?;
        assert!(result && !outer.has_expired());
        assert_eq!(current().map(|task| task.cancelling()), Some(0));
        Ok(())
    });
}

#[test]
fn as_completed_gives_results_as_they_come_until_the_time_is_up() {
    run(async {
        let mut coming = as_completed([value(1, 6), value(2, 1), spawn("slow", forever())], Some(SOON * 10));
        let mut places = Vec::new();
        for _ in 0..2 {
            places.extend(coming.next_completed().await?.map(|(place, _)| place));
        }
        assert_eq!(places, [1, 0]);
        assert!(matches!(coming.next_completed().await, Err(Raised::TimedOut)));
        Ok(())
    });
}

#[test]
fn a_group_waits_for_all_its_tasks() {
    run(async {
        let sum = Rc::new(Cell::new(0));
        let added = sum.clone();
        task_group(async |group| {
            for n in 1..=3u32 {
                let sum = added.clone();
                group.spawn(("add", n), async move {
                    yield_now().await?;
                    sum.set(sum.get() + n);
                    Ok(())
                })?;
            }
            Ok(())
        })
        .await?;
        assert_eq!(sum.get(), 6);
        Ok(())
    });
}

#[test]
fn a_failing_task_cancels_its_group_and_the_failures_are_raised_together() {
    run(async {
        let kept = Rc::new(RefCell::new(Vec::new()));
        let keep = kept.clone();
        let result = task_group(async |group| {
            keep.borrow_mut().push((*group.spawn("slow", forever())?).clone());
            group.spawn("one", async {
                yield_now().await?;
                Err::<(), _>(Raised::failed("one"))
            })?;
            group.spawn("two", async { sleep(NEVER).await.map_err(|_| Raised::failed("two")) })?;
            sleep(NEVER).await
        })
        .await;
        assert_eq!(result.map_err(|error| error.to_string()), Err("2 tasks of a group failed: one; two".to_owned()));
        assert!(kept.borrow()[0].is_cancelled());
        assert_eq!(current().map(|task| task.cancelling()), Some(0));
        Ok(())
    });
}

#[test]
fn a_group_that_is_cancelled_from_outside_cancels_its_tasks_and_raises_that() {
    run(async {
        let kept = Rc::new(RefCell::new(Vec::new()));
        let keep = kept.clone();
        let outer = spawn("outer", async move {
            task_group(async |group| {
                keep.borrow_mut().push((*group.spawn("slow", forever())?).clone());
                Ok(())
            })
            .await
        });
        for _ in 0..3 {
            yield_now().await?;
        }
        outer.cancel();
        assert!(is_cancelled(&outer.join().await));
        assert!(kept.borrow()[0].is_cancelled());
        Ok(())
    });
}

#[test]
fn a_failure_in_an_inner_group_reaches_the_outer_one() {
    run(async {
        let result = task_group(async |outer| {
            outer.spawn("inner", async {
                task_group(async |inner| {
                    inner.spawn("failing", async { Err::<(), _>(Raised::Refused(SyncError::Full)) })?;
                    Ok(())
                })
                .await
            })?;
            sleep(NEVER).await
        })
        .await;
        assert!(result.is_err_and(|error| error.is(SyncError::Full)));
        Ok(())
    });
}

#[test]
fn a_cancellation_is_raised_where_the_task_waits_with_its_message() {
    run(async {
        let task = spawn("task", async { Ok(sleep(NEVER).await.map_err(|raised| raised.to_string())) });
        yield_now().await?;
        assert!(task.cancel_with("enough"));
        assert_eq!(task.cancelling(), 1);
        assert_eq!(task.join().await?, Err("cancelled: enough".to_owned()));
        Ok(())
    });
}

#[test]
fn a_task_that_catches_its_cancellation_goes_on() {
    run(async {
        let task = spawn("stubborn", async {
            let caught = sleep(NEVER).await;
            assert!(is_cancelled(&caught));
            assert_eq!(current().map(|task| task.uncancel()), Some(0));
            sleep(SOON).await?;
            Ok(7)
        });
        yield_now().await?;
        task.cancel();
        assert_eq!(task.join().await?, 7);
        Ok(())
    });
}

#[test]
fn a_task_that_is_cancelled_before_it_begins_never_runs() {
    run(async {
        let ran = Rc::new(Cell::new(false));
        let run = ran.clone();
        let task = spawn("task", async move {
            run.set(true);
            Ok(())
        });
        task.cancel();
        assert!(is_cancelled(&task.join().await) && !ran.get());
        Ok(())
    });
}

#[test]
fn a_task_that_is_over_cannot_be_cancelled() {
    run(async {
        let task = value(1, 0);
        task.ended().await?;
        assert!(!task.cancel() && task.is_done() && !task.is_cancelled());
        assert!(matches!(task.result(), Some(Ok(1))));
        Ok(())
    });
}

#[test]
fn taking_the_last_request_back_undoes_a_cancellation_that_was_not_delivered() {
    run(async {
        let task = value(1, 3);
        task.cancel();
        task.cancel();
        assert_eq!((task.uncancel(), task.uncancel(), task.uncancel()), (1, 0, 0));
        assert_eq!(task.join().await?, 1);
        Ok(())
    });
}

#[test]
fn who_is_cancelled_while_it_joins_hands_that_on() {
    run(async {
        let inner = spawn("inner", forever());
        let other = (*inner).clone();
        let outer = spawn("outer", inner.join());
        yield_now().await?;
        outer.cancel();
        assert!(is_cancelled(&outer.join().await) && other.is_cancelled());
        Ok(())
    });
}

#[test]
fn a_shield_keeps_a_cancellation_from_the_task() {
    run(async {
        let inner = Rc::new(value(9, 10));
        let held = inner.clone();
        let outer = spawn("outer", async move { shield(&held).await });
        yield_now().await?;
        outer.cancel();
        assert!(is_cancelled(&outer.join().await));
        assert!(!inner.is_done());
        assert_eq!(shield(&inner).await?, 9);
        Ok(())
    });
}

#[test]
fn callbacks_are_called_when_a_task_is_over_in_the_order_of_their_adding() {
    run(async {
        let log = Log::default();
        let task = value(1, 2);
        for name in ["a", "b"] {
            let log = log.clone();
            task.add_done_callback(move |task| log.borrow_mut().push(format!("{name}{}", task.is_done())));
        }
        task.ended().await?;
        yield_now().await?;
        assert_eq!(log.borrow().concat(), "atruebtrue");
        Ok(())
    });
}

#[test]
fn a_task_cannot_wait_for_itself() {
    run(async {
        let own = current().map(|task| task.ended());
        let Some(own) = own else { panic!("there is a task") };
        assert!(own.await.is_err_and(|error| error.is(SyncError::JoinsItself)));
        Ok(())
    });
}

#[test]
fn a_lock_is_fair() {
    run(async {
        let (lock, log) = (Rc::new(Lock::new("lock")), Log::default());
        lock.acquire().await?;
        let tasks: Vec<_> = (0..4u32)
            .map(|n| {
                let (lock, log) = (lock.clone(), log.clone());
                spawn(("task", n), async move {
                    let _held = lock.lock().await?;
                    log.borrow_mut().push(n.to_string());
                    yield_now().await
                })
            })
            .collect();
        yield_now().await?;
        lock.release()?;
        // Who comes now comes last, although the lock is free.
        assert!(!lock.is_locked());
        let _held = lock.lock().await?;
        assert_eq!(log.borrow().concat(), "0123");
        gather(tasks).await?;
        Ok(())
    });
}

#[test]
fn one_who_is_cancelled_after_it_was_given_the_lock_passes_it_on() {
    run(async {
        let lock = Rc::new(Lock::new("lock"));
        lock.acquire().await?;
        let wants = |lock: Rc<Lock>| spawn("wants", async move { lock.acquire().await });
        let (first, second) = (wants(lock.clone()), wants(lock.clone()));
        yield_now().await?;
        lock.release()?;
        first.cancel();
        second.join().await?;
        assert!(is_cancelled(&first.join().await) && lock.is_locked());
        Ok(())
    });
}

#[test]
fn a_lock_that_nobody_holds_cannot_be_released() {
    run(async {
        assert_eq!(Lock::new("lock").release(), Err(SyncError::NotHeld));
        Ok(())
    });
}

#[test]
fn an_event_lets_all_go_on_even_if_it_is_cleared_at_once() {
    run(async {
        let event = Rc::new(Event::new("event"));
        let tasks: Vec<_> = (0..3u32)
            .map(|n| {
                let event = event.clone();
                spawn(("task", n), async move { event.wait().await })
            })
            .collect();
        yield_now().await?;
        event.set();
        event.clear();
        gather(tasks).await?;
        assert!(!event.is_set());
        Ok(())
    });
}

#[test]
fn a_condition_wakes_as_many_as_it_is_told_and_its_lock_is_held_after_a_wait() {
    run(async {
        let (condition, log) = (Rc::new(Condition::new("condition")), Log::default());
        let tasks: Vec<_> = (0..3u32)
            .map(|n| {
                let (condition, log) = (condition.clone(), log.clone());
                spawn(("task", n), async move {
                    let _held = condition.lock().await?;
                    condition.wait().await?;
                    assert!(condition.inner().is_locked());
                    log.borrow_mut().push(n.to_string());
                    Ok(())
                })
            })
            .collect();
        yield_now().await?;
        assert_eq!(condition.notify(1), Err(SyncError::NotHeld));
        {
            let _held = condition.lock().await?;
            condition.notify(2)?;
        }
        sleep(SOON).await?;
        assert_eq!(log.borrow().concat(), "01");
        {
            let _held = condition.lock().await?;
            condition.notify_all()?;
        }
        gather(tasks).await?;
        Ok(())
    });
}

#[test]
fn a_cancelled_wait_on_a_condition_still_takes_the_lock_again() {
    run(async {
        let condition = Rc::new(Condition::new("condition"));
        let waits = condition.clone();
        let task = spawn("task", async move {
            waits.inner().acquire().await?;
            let result = waits.wait().await;
            assert!(waits.inner().is_locked());
            waits.inner().release()?;
            result
        });
        yield_now().await?;
        task.cancel();
        assert!(is_cancelled(&task.join().await) && !condition.inner().is_locked());
        Ok(())
    });
}

#[test]
fn a_wait_for_a_predicate_looks_first_and_needs_the_lock() {
    run(async {
        let condition = Condition::new("condition");
        condition.wait_for(|| true).await?;
        assert!(condition.wait().await.is_err_and(|error| error.is(SyncError::NotHeld)));
        Ok(())
    });
}

#[test]
fn a_bounded_semaphore_refuses_a_permit_too_many_and_a_plain_one_takes_it() {
    run(async {
        let (plain, bounded) = (Semaphore::new("plain", 1), BoundedSemaphore::new("bounded", 1));
        plain.release();
        assert_eq!(plain.permits(), 2);
        assert_eq!(bounded.release(), Err(SyncError::ReleasedTooOften));
        drop(bounded.permit().await?);
        assert_eq!(bounded.permits(), 1);
        Ok(())
    });
}

#[test]
fn a_barrier_lets_its_parties_go_together_and_is_used_again() {
    run(async {
        let barrier = Rc::new(Barrier::new("barrier", 3));
        for _ in 0..2 {
            let tasks: Vec<_> = (0..3u32)
                .map(|n| {
                    let barrier = barrier.clone();
                    spawn(("task", n), async move { barrier.wait().await })
                })
                .collect();
            assert_eq!(gather(tasks).await?, [0, 1, 2]);
        }
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
        Ok(())
    });
}

#[test]
fn who_is_cancelled_at_a_barrier_leaves_it_whole() {
    run(async {
        let barrier = Rc::new(Barrier::new("barrier", 2));
        let waits = |barrier: Rc<Barrier>| spawn("waits", async move { barrier.wait().await });
        let task = waits(barrier.clone());
        yield_now().await?;
        assert_eq!(barrier.waiting(), 1);
        task.cancel();
        task.ended().await?;
        assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
        gather([waits(barrier.clone()), waits(barrier.clone())]).await?;
        Ok(())
    });
}

#[test]
fn a_barrier_that_is_aborted_or_reset_sends_those_away_who_wait() {
    run(async {
        let barrier = Rc::new(Barrier::new("barrier", 2));
        let waits = |barrier: Rc<Barrier>| spawn("waits", async move { barrier.wait().await });
        for abort in [false, true] {
            let task = waits(barrier.clone());
            yield_now().await?;
            if abort {
                barrier.abort()
            } else {
                barrier.reset()
            }
            assert!(task.join().await.is_err_and(|error| error.is(SyncError::BarrierBroken)));
            assert_eq!(barrier.is_broken(), abort);
        }
        assert!(barrier.wait().await.is_err_and(|error| error.is(SyncError::BarrierBroken)));
        barrier.reset();
        gather([waits(barrier.clone()), waits(barrier.clone())]).await?;
        Ok(())
    });
}

#[test]
fn a_full_queue_makes_putters_wait_and_an_empty_one_getters() {
    run(async {
        let queue = Rc::new(Queue::<u32>::new("queue", 1));
        assert_eq!(queue.get_now(), Err(SyncError::Empty));
        queue.put(1).await?;
        assert_eq!(queue.put_now(2), Err(SyncError::Full));
        let to = queue.clone();
        let putter = spawn("putter", async move { to.put(2).await });
        yield_now().await?;
        assert!(!putter.is_done());
        assert_eq!((queue.get().await?, queue.get().await?), (1, 2));
        putter.join().await
    });
}

#[test]
fn a_queue_is_joined_when_all_that_was_put_is_done() {
    run(async {
        let queue = Rc::new(Queue::<u32>::new("queue", 0));
        queue.put_now(1)?;
        queue.put_now(2)?;
        let joins = queue.clone();
        let joiner = spawn("joiner", async move { joins.join().await });
        queue.get().await?;
        queue.get().await?;
        queue.task_done()?;
        yield_now().await?;
        assert!(!joiner.is_done());
        queue.task_done()?;
        joiner.join().await?;
        assert_eq!(queue.task_done(), Err(SyncError::DoneTooOften));
        Ok(())
    });
}

#[test]
fn a_queue_that_is_shut_down_gives_what_lies_in_it_and_takes_nothing() {
    run(async {
        let queue = Rc::new(Queue::<u32>::new("queue", 0));
        let gets = queue.clone();
        queue.put_now(1)?;
        queue.shut_down(false);
        assert_eq!(queue.put_now(2), Err(SyncError::ShutDown));
        assert_eq!(gets.get().await?, 1);
        assert!(gets.get().await.is_err_and(|error| error.is(SyncError::ShutDown)));
        let empty = Rc::new(Queue::<u32>::new("empty", 0));
        let gets = empty.clone();
        let getter = spawn("getter", async move { gets.get().await });
        yield_now().await?;
        empty.shut_down(true);
        assert!(getter.join().await.is_err_and(|error| error.is(SyncError::ShutDown)));
        Ok(())
    });
}

#[test]
fn a_queue_that_is_shut_down_immediately_is_emptied_and_counts_as_done() {
    run(async {
        let queue = Queue::<u32>::new("queue", 0);
        queue.put_now(1)?;
        queue.shut_down(true);
        queue.join().await?;
        assert_eq!(queue.get_now(), Err(SyncError::ShutDown));
        Ok(())
    });
}

#[test]
fn a_lifo_queue_gives_the_last_and_a_priority_queue_the_least() {
    run(async {
        let (last, least) = (LifoQueue::<u32>::new("last", 0), PriorityQueue::<u32>::new("least", 0));
        for n in [2, 3, 1] {
            last.put_now(n)?;
            least.put_now(n)?;
        }
        assert_eq!([last.get().await?, last.get().await?, last.get().await?], [1, 3, 2]);
        assert_eq!([least.get().await?, least.get().await?, least.get().await?], [1, 2, 3]);
        Ok(())
    });
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn a_thread_that_panics_fails_its_task_alone() {
    run(async {
        let result: Result<(), Raised> = to_thread("doomed", || panic!("on purpose")).await;
        assert!(result.is_err_and(|error| error.is(SyncError::Failed)));
        assert_eq!(to_thread("fine", || 3).await?, 3);
        Ok(())
    });
}

#[test]
fn a_program_that_ends_cancels_the_tasks_that_are_left() {
    place::to_its_end(async {
        let left = tasks::run("main", async { Ok((*spawn("left", forever())).clone()) }).await;
        assert!(left.is_ok_and(|left| left.is_cancelled()));
    });
}

// The generator of cases is not for browsers.
#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_more_than_the_permits_are_out_and_none_is_lost(permits in 1u32..4, cancels in proptest::collection::vec(0usize..12, 0..6)) {
        run(async move {
            let (semaphore, out, most) = (Rc::new(Semaphore::new("semaphore", permits)), Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
            let tasks: Vec<Task<()>> = (0..12u32).map(|n| {
                let (semaphore, out, most) = (semaphore.clone(), out.clone(), most.clone());
                spawn(("task", n), async move {
                    let _permit = semaphore.permit().await?;
                    out.set(out.get() + 1);
                    most.set(most.get().max(out.get()));
                    let slept = yield_now().await;
                    out.set(out.get() - 1);
                    slept
                })
            }).collect();
            for cancel in cancels {
                yield_now().await?;
                tasks[cancel].cancel();
            }
            gather_settled(tasks).await?;
            assert_eq!((out.get(), semaphore.permits()), (0, permits));
            assert!(most.get() <= permits);
            Ok(())
        });
    }

    #[test]
    fn a_queue_neither_loses_nor_doubles_what_goes_through_it(room in 0usize..4, cancels in proptest::collection::vec(0usize..3, 0..4)) {
        run(async move {
            let (queue, seen) = (Rc::new(Queue::<u32>::new("queue", room)), Rc::new(RefCell::new(Vec::new())));
            let getter = || {
                let (queue, seen) = (queue.clone(), seen.clone());
                spawn("getter", async move {
                    loop {
                        let item = queue.get().await?;
                        seen.borrow_mut().push(item);
                        yield_now().await?;
                    }
                })
            };
            let mut getters: Vec<Task<()>> = (0..3).map(|_| getter()).collect();
            let from = queue.clone();
            let putter = spawn("putter", async move {
                for n in 0..30 {
                    from.put(n).await?;
                }
                from.shut_down(false);
                Ok(())
            });
            for cancel in cancels {
                yield_now().await?;
                getters[cancel].cancel();
                getters[cancel] = getter();
            }
            putter.join().await?;
            gather_settled(getters).await?;
            assert_eq!(*seen.borrow(), (0..30).collect::<Vec<_>>());
            Ok(())
        });
    }
}
