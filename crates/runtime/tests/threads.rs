//! Threads that block: what is recorded of their beginning, their end and of those who wait for them.

mod recorded;

use std::sync::Arc;
use std::time::Duration;

use interleave_runtime::Fault;
use interleave_runtime::rt::{End, SyncError, Wait};
use interleave_runtime::span::{self, Title};
use interleave_runtime::threads::{Arrivals, Gate, spawn};
use recorded::recorded;

#[test]
fn a_join_waits_for_the_thread_and_gives_its_result() {
    let lanes = recorded(|| async {
        let thread = spawn(Title::numbered("thread", 1), || {
            std::thread::sleep(Duration::from_millis(20));
            42
        });
        assert_eq!(thread.join(), Ok(42));
    });
    assert_eq!(
        lanes,
        [
            "main: started | waiting for end thread 1 | joined thread 1 | running | completed",
            "thread 1: thread | started | running thread 1 | completed",
        ]
    );
}

#[test]
fn a_panic_is_the_result_of_the_join_and_the_end_of_the_lane() {
    let lanes = recorded(|| async {
        let thread = spawn(Title::new("worker"), || panic!("on purpose"));
        assert_eq!(thread.join(), Err::<(), _>(Fault::Panicked { message: "on purpose".to_owned() }));
    });
    assert_eq!(lanes[1], "worker: thread | started | running worker | error: panicked: on purpose | failed");
}

#[test]
fn a_lane_that_fails_says_why_once() {
    let lanes = recorded(|| async {
        let thread = spawn(Title::new("worker"), || {
            span::failed("no file");
            span::failed("no file, as a caller tells it");
        });
        assert_eq!(thread.join(), Ok(()));
    });
    assert_eq!(lanes[1], "worker: thread | started | running worker | error: no file | failed");
}

#[test]
fn a_gate_holds_threads_until_it_is_opened() {
    let lanes = recorded(|| async {
        let gate = Arc::new(Gate::default());
        let ready = Arc::new(Arrivals::new(1));
        let thread = {
            let (gate, ready) = (gate.clone(), ready.clone());
            spawn(Title::new("runner"), move || {
                ready.arrive();
                assert_eq!(gate.pass(), Ok(()));
                span::running(Title::new("race"));
            })
        };
        assert_eq!(ready.wait(), Ok(()));
        std::thread::sleep(Duration::from_millis(20));
        gate.open();
        assert_eq!(thread.join(), Ok(()));
    });
    let passed = "waiting for event start | running runner | running race | completed";
    assert!(lanes[1].ends_with(passed), "{}", lanes[1]);
}

#[test]
fn a_join_that_times_out_returns_and_the_thread_lives_on() {
    let lanes = recorded(|| async {
        let gate = Arc::new(Gate::default());
        let passed = gate.clone();
        let thread = spawn(Title::new("runner"), move || passed.pass());
        assert_eq!(thread.wait(&Wait::at_most(Duration::from_millis(10))), Ok(false));
        assert!(thread.is_alive());
        gate.open();
        assert_eq!(thread.wait(&Wait::forever()), Ok(true));
        assert!(!thread.is_alive());
        assert_eq!(thread.join(), Ok(Ok(())));
    });
    assert!(lanes[0].starts_with("main: started | waiting for end runner | timed out on end runner | running"));
}

#[test]
fn a_thread_cannot_join_itself() {
    recorded(|| async {
        let end = Arc::new(End::new(interleave_trace::here(), Title::new("main")));
        assert_eq!(end.wait(&Wait::forever()), Err(SyncError::JoinsItself));
    });
}
