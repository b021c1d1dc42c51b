//! The rayon pool: its threads are lanes that run tasks and wait for work in between.

mod recorded;

use interleave_runtime::pool::{Pool, Sharing};
use interleave_runtime::span::{self, Title};
use recorded::recorded;

fn pooled(threads: u32, tasks: u32, sharing: Sharing) -> Vec<String> {
    recorded(move || async move {
        let pool = Pool::start(threads).await.expect("a pool can be had");
        let each = tasks / threads;
        let results = pool.run(
            tasks,
            sharing,
            |thread| thread * each..(thread + 1) * each,
            |task| {
                span::running(Title::numbered("task", task));
                task * task
            },
        );
        assert_eq!(results, (0..tasks).map(|task| task * task).collect::<Vec<_>>());
        pool.end();
    })
}

#[test]
fn equal_shares_are_contiguous_and_in_order() {
    let lanes = pooled(2, 4, Sharing::Equal);
    assert_eq!(
        lanes,
        [
            "main: started | waiting workers | running | waiting pool | running | joined thread 1 | joined thread 2 | completed",
            "thread 1: thread | started | waiting work | running task 0 | waiting work | running task 1 | waiting work | completed",
            "thread 2: thread | started | waiting work | running task 2 | waiting work | running task 3 | waiting work | completed",
        ]
    );
}

#[test]
fn every_task_runs_once_however_it_is_stolen() {
    let lanes = pooled(4, 64, Sharing::Stealing).join(" | ") + " |";
    for task in 0..64 {
        assert_eq!(lanes.matches(&format!("| running task {task} |")).count(), 1, "task {task}");
    }
}
