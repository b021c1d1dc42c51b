//! Async tasks: every poll is a span, and between polls a task shows what it waits for.

mod recorded;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot;
use interleave_runtime::rt::{RLock, Wait};
use interleave_runtime::span::Title;
use interleave_runtime::tasks::{
    Event as Flag, Lock, Queue, Raised, Timeout, gather, sleep, spawn, task_group, to_thread, wait_for, yield_now,
};
use interleave_trace::{Entry, Event, LaneId, ObjectId, State, What, decode};
use recorded::{recorded, slots};

#[test]
fn a_sleeping_task_sleeps_is_ready_and_runs_again() {
    let lanes = recorded(|| async {
        let task = spawn(("nap", 1), sleep(Duration::from_millis(5)));
        task.join().await.expect("it sleeps");
    });
    assert_eq!(
        lanes,
        [
            "main: started | waiting for end nap 1 | running | joined nap 1 | completed",
            "nap 1: task | started | running nap 1 | sleeping timer 5 | ready | running nap 1 | completed",
        ]
    );
}

#[test]
fn a_task_that_waits_in_silence_shows_as_waiting() {
    let lanes = recorded(|| async {
        let (sender, receiver) = oneshot::channel();
        let waiter = spawn("waiter", async move { Ok(receiver.await.ok()) });
        let setter = spawn("setter", async move { Ok(sender.send(7).ok()) });
        assert_eq!(waiter.join().await.ok(), Some(Some(7)));
        assert_eq!(setter.join().await.ok(), Some(Some(())));
    });
    assert_eq!(
        lanes[1],
        "waiter: task | started | running waiter | waiting future | ready | running waiter | completed"
    );
}

#[test]
fn a_yielding_task_is_ready_and_not_waiting() {
    let lanes = recorded(|| async {
        spawn("polite", yield_now()).join().await.expect("it yields");
    });
    assert_eq!(lanes[1], "polite: task | started | running polite | ready | running polite | completed");
}

#[test]
fn a_lock_is_taken_and_handed_on_in_turn() {
    let lanes = recorded(|| async {
        let lock = Rc::new(Lock::new("plate"));
        let hold = |name| {
            let lock = lock.clone();
            spawn(name, async move {
                let _held = lock.lock().await?;
                sleep(Duration::from_millis(1)).await
            })
        };
        gather([hold("a"), hold("b")]).await.expect("both have it");
    });
    assert_eq!(
        lanes[1],
        "a: task | started | running a | took lock plate | sleeping timer 1 | ready | running a | released lock plate | woke b | completed"
    );
    assert_eq!(
        lanes[2],
        "b: task | started | running b | waiting for lock plate of a | ready | running b | took lock plate | sleeping timer 1 | ready | running b | released lock plate | woke main | completed"
    );
}

#[test]
fn what_goes_through_a_queue_is_sent_and_received() {
    let lanes = recorded(|| async {
        let queue = Rc::new(Queue::<u32>::new("belt", 0));
        let to = queue.clone();
        let taker = spawn("taker", async move { queue.get().await });
        let putter = spawn("putter", async move { to.put(7).await });
        putter.join().await.expect("there is room");
        assert_eq!(taker.join().await.ok(), Some(7));
    });
    assert_eq!(
        lanes[1],
        "taker: task | started | running taker | waiting for queue belt | ready | running taker | received 4 B | completed"
    );
    assert_eq!(lanes[2], "putter: task | started | running putter | sent belt 4 B | woke taker | completed");
}

#[test]
fn a_wait_that_a_timeout_ends_is_recorded_as_timed_out_once() {
    let lanes = recorded(|| async {
        let task = spawn("impatient", async {
            let never = Flag::new("never");
            let waited = wait_for(Duration::from_millis(2), never.wait()).await;
            assert!(matches!(waited, Err(Raised::TimedOut)), "{waited:?}");
            Ok(())
        });
        task.join().await.expect("it gives up");
    });
    assert_eq!(
        lanes[1],
        "impatient: task | started | running impatient | waiting for event never | timed out on event never | ready | running impatient | completed"
    );
}

#[test]
fn a_cancelled_task_is_woken_by_who_cancelled_it() {
    let lanes = recorded(|| async {
        let never = Rc::new(Flag::new("never"));
        let waiter = spawn("waiter", async move { never.wait().await });
        let other = (*waiter).clone();
        let killer = spawn("killer", async move {
            other.cancel();
            other.ended().await
        });
        killer.join().await.expect("it cancels");
        assert!(waiter.is_cancelled());
    });
    assert_eq!(
        lanes[1],
        "waiter: task | started | running waiter | waiting for event never | ready | running waiter | cancelled"
    );
    assert_eq!(
        lanes[2],
        "killer: task | started | running killer | woke waiter | waiting for end waiter | ready | running killer | joined waiter | completed"
    );
}

#[test]
fn a_thread_does_what_blocks_and_its_task_waits_for_its_end() {
    let lanes = recorded(|| async {
        let (go, gone) = std::sync::mpsc::channel();
        let task = spawn("caller", to_thread("blocking", move || gone.recv().ok()));
        spawn("other", async move { Ok(go.send(42).ok()) }).join().await.expect("it goes on meanwhile");
        assert_eq!(task.join().await.ok(), Some(Some(42)));
    });
    assert!(lanes[1].contains("waiting for end blocking | ready | running caller | joined blocking"), "{}", lanes[1]);
    let thread = lanes.iter().find(|lane| lane.starts_with("blocking")).expect("the thread is a lane");
    assert!(thread.starts_with("blocking: thread | started | running blocking"), "{thread}");
}

#[test]
fn the_host_of_the_tasks_waits_while_they_run() {
    let lanes = recorded(|| async {
        let tasks = (0..2).map(|n| spawn(("task", n), yield_now()));
        gather(tasks).await.expect("they end");
    });
    assert_eq!(lanes[0], "main: started | waiting for future | running | completed");
}

/// What happened while `body` ran, in the order of time.
fn events<F: Future<Output = ()>>(body: impl FnOnce() -> F + Send) -> Vec<Event> {
    let (_, slots) = slots(body);
    let mut events = Vec::new();
    decode(&slots, |entry| events.extend(if let Entry::Event(event) = entry { Some(event) } else { None }));
    events.sort_by_key(|event| event.time);
    events
}

#[test]
fn a_wait_under_a_timeout_has_an_end_and_another_has_none() {
    let events = events(|| async {
        let event = Rc::new(Flag::new("event"));
        let inner = event.clone();
        let bounded = spawn("bounded", async move { Timeout::after(Duration::from_secs(9)).run(inner.wait()).await });
        let inner = event.clone();
        let unbounded = spawn("unbounded", async move { Timeout::never().run(inner.wait()).await });
        spawn("setter", async move {
            event.set();
            Ok(())
        });
        gather([bounded, unbounded]).await.expect("they go on");
    });
    let main = events.first().map(|event| event.lane);
    let timed = events.iter().filter_map(|event| match event.what {
        What::Entered { state: State::Waiting, timed, .. } if Some(event.lane) != main => Some(timed),
        _ => None,
    });
    assert_eq!(timed.collect::<Vec<_>>(), [true, false]);
}

/// Checks what a deadlock is told by: each wait for something made ends once.
fn check_waits(events: &[Event]) {
    let mut waits: HashMap<LaneId, (ObjectId, bool)> = HashMap::new();
    for event in events {
        match event.what {
            What::Entered { state: State::Waiting, on, .. } if on.some().is_some() => {
                let before = waits.insert(event.lane, (on, false));
                assert!(before.is_none_or(|(_, ended)| ended), "{event:?} {before:?}");
            }
            What::Woke { target, on } if on.some().is_some() => {
                let wait = waits.get_mut(&target).filter(|wait| wait.0 == on);
                assert!(wait.is_some_and(|wait| !std::mem::replace(&mut wait.1, true)), "{event:?}");
            }
            What::TimedOut { on } => {
                let wait = waits.get_mut(&event.lane).filter(|wait| wait.0 == on);
                assert!(wait.is_some_and(|wait| !std::mem::replace(&mut wait.1, true)), "{event:?}");
            }
            What::Entered { state: State::Running, .. } => {
                let wait = waits.get(&event.lane);
                assert!(wait.is_none_or(|(_, ended)| *ended), "{event:?} {wait:?}");
            }
            _ => {}
        }
    }
    assert!(waits.values().all(|(_, ended)| *ended) && !waits.is_empty(), "{waits:?}");
}

#[test]
fn every_wait_for_something_made_ends_with_one_record() {
    let events = events(|| async {
        let lock = Rc::new(Lock::new("lock"));
        let tasks: Vec<_> = (0..20u32)
            .map(|n| {
                let lock = lock.clone();
                spawn(("task", n), async move {
                    for _ in 0..3 {
                        let taken = wait_for(Duration::from_millis(u64::from(n % 3)), lock.lock()).await;
                        if taken.is_ok() {
                            sleep(Duration::from_millis(1)).await?;
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        let (first, second) = ((*tasks[3]).clone(), (*tasks[7]).clone());
        spawn("killer", async move {
            sleep(Duration::from_millis(2)).await?;
            first.cancel();
            second.cancel();
            second.cancel();
            Ok(())
        })
        .join()
        .await
        .expect("it cancels");
        for task in tasks {
            let _cancelled = task.join().await;
        }
        let failing = task_group(async |group| {
            let never = Rc::new(Flag::new("never"));
            for n in 0..5u32 {
                let never = never.clone();
                group.spawn(("member", n), async move { never.wait().await })?;
            }
            group.spawn("failing", async { Err::<(), _>(Raised::failed("no")) })?;
            Ok(())
        });
        assert!(failing.await.is_err());
    });
    check_waits(&events);
}

/// threading, "RLock Objects": the owner is a thread, whatever it polls; a trace says which task took it.
#[test]
fn a_lock_between_threads_that_has_an_owner_belongs_to_the_thread_of_a_task() {
    let lanes = recorded(|| async {
        let lock = Rc::new(RLock::new(Title::new("r")));
        let (first, second) = (lock.clone(), lock.clone());
        let taken = spawn("first", async move { Ok(first.acquire(&Wait::never())) }).join().await;
        assert_eq!(taken.ok(), Some(Ok(true)));
        assert!(lock.is_owned());
        assert_eq!(lock.acquire(&Wait::never()), Ok(true));
        assert_eq!(lock.release(), Ok(()));
        let released = spawn("second", async move { Ok(second.release()) }).join().await;
        assert_eq!(released.ok(), Some(Ok(())));
        assert!(!lock.is_locked());
    });
    assert!(lanes[1].contains("took rlock r"), "{}", lanes[1]);
}
