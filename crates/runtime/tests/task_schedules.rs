//! Seeded schedules of tasks: the seed decides which ready task is polled next, and time costs nothing.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::rt::schedule::{self, Outcome, Plan, WhenStuck};
use interleave_runtime::sys::block_on;
use interleave_runtime::tasks::{gather, sleep, spawn, yield_now};
use interleave_trace::fresh_lane;

/// The order in which six tasks take three turns each, with a long sleep in between.
fn order(plan: Plan) -> (String, Outcome) {
    begin_lane(fresh_lane());
    schedule::begin(plan, WhenStuck::Cancel);
    let log = Rc::new(RefCell::new(String::new()));
    let logged = log.clone();
    block_on(async move {
        let tasks = (0..6u32).map(|n| {
            let log = logged.clone();
            spawn(("task", n), async move {
                for _ in 0..3 {
                    log.borrow_mut().push_str(&n.to_string());
                    yield_now().await?;
                }
                sleep(Duration::from_secs(3600)).await
            })
        });
        gather(tasks).await.expect("all end");
    });
    let outcome = schedule::end();
    end_lane();
    let order = log.borrow().clone();
    (order, outcome)
}

#[test]
fn a_seed_decides_the_order_of_tasks_and_its_decisions_give_it_again() {
    let began = Instant::now();
    assert_eq!(order(Plan::Switches(Vec::new())).0, "012345".repeat(3));
    let mut orders = Vec::new();
    for seed in 1..20 {
        let (first, outcome) = order(Plan::Seed(seed));
        assert_eq!(order(Plan::Seed(seed)).0, first);
        assert_eq!(order(Plan::Switches(outcome.switches)).0, first);
        orders.push(first);
    }
    orders.dedup();
    assert!(orders.len() > 10, "{orders:?}");
    assert!(began.elapsed() < Duration::from_secs(3600), "nobody slept for real");
}
