//! Threads that block: what is recorded of their beginning, their end and of those who wait for them.

mod recorded;

use std::sync::Arc;

use interleave_runtime::Fault;
use interleave_runtime::span::{self, Title};
use interleave_runtime::threads::{Arrivals, Gate, spawn};
use recorded::recorded;

#[test]
fn a_join_waits_for_the_thread_and_gives_its_result() {
    let lanes = recorded(|| async {
        let thread = spawn(Title::numbered("thread", 1), || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            42
        });
        assert_eq!(thread.join(), Ok(42));
    });
    assert_eq!(
        lanes,
        [
            "main: started | waiting join | joined thread 1 | running | completed",
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
                gate.pass();
                span::running(Title::new("race"));
            })
        };
        ready.wait();
        std::thread::sleep(std::time::Duration::from_millis(20));
        gate.open();
        assert_eq!(thread.join(), Ok(()));
    });
    assert_eq!(
        lanes[1],
        "runner: thread | started | running runner | waiting start | running runner | running race | completed"
    );
}
