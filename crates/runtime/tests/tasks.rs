//! Async tasks: every poll is a span, and between polls a task shows what it waits for.

mod recorded;

use std::time::Duration;

use futures_channel::oneshot;
use interleave_runtime::span::Title;
use interleave_runtime::tasks::{sleep, spawn, yield_now};
use recorded::recorded;

#[test]
fn a_sleeping_task_sleeps_is_ready_and_runs_again() {
    let lanes = recorded(|| async {
        let task = spawn(Title::numbered("nap", 1), sleep(Duration::from_millis(5)));
        assert_eq!(task.join().await, Some(()));
    });
    assert_eq!(
        lanes,
        [
            "main: started | joined nap 1 | completed",
            "nap 1: task | started | running nap 1 | sleeping timer 5 | ready | running nap 1 | completed",
        ]
    );
}

#[test]
fn a_task_that_waits_in_silence_shows_as_waiting() {
    let lanes = recorded(|| async {
        let (sender, receiver) = oneshot::channel();
        let waiter = spawn(Title::new("waiter"), async move { receiver.await.ok() });
        let setter = spawn(Title::new("setter"), async move { sender.send(7).ok() });
        assert_eq!(waiter.join().await, Some(Some(7)));
        assert_eq!(setter.join().await, Some(Some(())));
    });
    assert_eq!(
        lanes[1],
        "waiter: task | started | running waiter | waiting future | ready | running waiter | completed"
    );
}

#[test]
fn tasks_that_yield_take_turns() {
    let (order, turns) = std::sync::mpsc::channel();
    recorded(|| async move {
        let tasks: Vec<_> = ["a", "b", "c"]
            .into_iter()
            .map(|name| {
                let order = order.clone();
                spawn(Title::new(name), async move {
                    for _ in 0..3 {
                        order.send(name).ok();
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.join().await, Some(()));
        }
    });
    assert_eq!(turns.iter().collect::<String>(), "abcabcabc");
}

#[test]
fn a_yielding_task_is_ready_and_not_waiting() {
    let lanes = recorded(|| async {
        assert_eq!(spawn(Title::new("polite"), yield_now()).join().await, Some(()));
    });
    assert_eq!(lanes[1], "polite: task | started | running polite | ready | running polite | completed");
}
