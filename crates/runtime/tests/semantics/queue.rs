//! `queue.Queue`, `LifoQueue`, `PriorityQueue` and `SimpleQueue`.

use std::sync::Arc;

use interleave_runtime::rt;
use interleave_runtime::span::Title;
use interleave_runtime::sync::{LifoQueue, PriorityQueue, Queue, SimpleQueue, SyncError, thread};

use super::{SECOND, forever, in_turns, let_others_run};

#[test]
fn items_leave_in_the_order_in_which_they_came() {
    in_turns(|| {
        let queue = Queue::<u32>::new("q");
        (0..5).for_each(|n| assert_eq!(queue.put(n), Ok(())));
        assert_eq!((0..5).map(|_| queue.get()).collect::<Result<Vec<_>, _>>(), Ok(vec![0, 1, 2, 3, 4]));
    });
}

#[test]
fn of_a_lifo_queue_the_last_leaves_first() {
    in_turns(|| {
        let queue = LifoQueue::<u32>::new("q");
        (0..5).for_each(|n| assert_eq!(queue.put(n), Ok(())));
        assert_eq!((0..5).map(|_| queue.get()).collect::<Result<Vec<_>, _>>(), Ok(vec![4, 3, 2, 1, 0]));
    });
}

#[test]
fn of_a_priority_queue_the_least_leaves_first() {
    in_turns(|| {
        let queue = PriorityQueue::<u32>::new("q");
        [3, 1, 4, 1, 5].into_iter().for_each(|n| assert_eq!(queue.put(n), Ok(())));
        assert_eq!((0..5).map(|_| queue.get()).collect::<Result<Vec<_>, _>>(), Ok(vec![1, 1, 3, 4, 5]));
    });
}

#[test]
fn who_gets_from_an_empty_one_waits_for_an_item() {
    let lanes = in_turns(|| {
        let queue = Arc::new(Queue::<u32>::new("q"));
        let other = queue.clone();
        let thread = thread::spawn("consumer", move || other.get());
        let_others_run();
        assert_eq!(queue.put(7), Ok(()));
        assert_eq!(thread.join(), Ok(7));
    });
    assert!(lanes[0].contains("sent q 0 B | woke consumer"), "{}", lanes[0]);
    assert!(lanes[1].contains("waiting for queue q | received 0 B | running consumer"), "{}", lanes[1]);
}

#[test]
fn who_puts_into_a_full_one_waits_for_room() {
    let lanes = in_turns(|| {
        let queue = Arc::new(Queue::<u32>::bounded("q", 1));
        let other = queue.clone();
        let thread = thread::spawn("producer", move || {
            other.put(1)?;
            other.put(2)
        });
        let_others_run();
        assert!(queue.is_full());
        assert_eq!(queue.get(), Ok(1));
        assert_eq!(queue.get(), Ok(2));
        assert_eq!(thread.join(), Ok(()));
    });
    assert!(lanes[1].contains("sent q 0 B | waiting for queue q | sent q 0 B"), "{}", lanes[1]);
}

#[test]
fn who_does_not_want_to_wait_learns_that_it_is_empty_or_full() {
    in_turns(|| {
        let queue = Queue::<u32>::bounded("q", 1);
        assert_eq!(queue.try_get(), Err(SyncError::Empty));
        assert_eq!(queue.try_put(1), Ok(()));
        assert_eq!(queue.try_put(2), Err(SyncError::Full));
        assert_eq!(queue.try_get(), Ok(1));
    });
}

#[test]
fn who_waits_in_vain_learns_that_it_is_empty_or_full() {
    let lanes = in_turns(|| {
        let queue = Queue::<u32>::bounded("q", 1);
        assert_eq!(queue.get_within(SECOND), Err(SyncError::Empty));
        assert_eq!(queue.put_within(1, SECOND), Ok(()));
        assert_eq!(queue.put_within(2, SECOND), Err(SyncError::Full));
    });
    assert_eq!(lanes[0].matches("timed out on queue q").count(), 2, "{}", lanes[0]);
}

#[test]
fn it_tells_how_many_items_it_has() {
    in_turns(|| {
        let queue = Queue::<u32>::bounded("q", 2);
        assert!(queue.is_empty() && !queue.is_full());
        assert_eq!(queue.put(1).and_then(|()| queue.put(2)), Ok(()));
        assert_eq!((queue.len(), queue.is_empty(), queue.is_full()), (2, false, true));
        let unbounded = Queue::<u32>::new("q");
        (0..100).for_each(|n| assert_eq!(unbounded.try_put(n), Ok(())));
        assert!(!unbounded.is_full());
    });
}

#[test]
fn who_joins_it_waits_until_all_work_is_done() {
    in_turns(|| {
        let queue = Arc::new(Queue::<u32>::new("q"));
        (0..2).for_each(|n| assert_eq!(queue.put(n), Ok(())));
        let other = queue.clone();
        let joins = thread::spawn("joins", move || other.join());
        for _ in 0..2 {
            assert!(queue.get().is_ok());
            let_others_run();
            assert!(joins.is_alive(), "an item that was taken is not done yet");
            assert_eq!(queue.task_done(), Ok(()));
        }
        assert_eq!(joins.join(), Ok(()));
        assert_eq!(queue.join(), Ok(()));
    });
}

#[test]
fn more_work_cannot_be_done_than_was_put() {
    in_turns(|| {
        let queue = Queue::<u32>::new("q");
        assert_eq!(queue.task_done(), Err(SyncError::DoneTooOften));
        assert_eq!(queue.put(1), Ok(()));
        assert_eq!(queue.task_done(), Ok(()));
        assert_eq!(queue.task_done(), Err(SyncError::DoneTooOften));
    });
}

#[test]
fn one_that_was_shut_down_takes_nothing_and_gives_what_it_has() {
    in_turns(|| {
        let queue = Queue::<u32>::new("q");
        assert_eq!(queue.put(1), Ok(()));
        queue.shutdown();
        assert_eq!(queue.put(2), Err(SyncError::ShutDown));
        assert_eq!(queue.get(), Ok(1));
        assert_eq!(queue.get(), Err(SyncError::ShutDown));
        assert_eq!(queue.try_get(), Err(SyncError::ShutDown));
    });
}

#[test]
fn shutting_down_lets_go_of_all_who_wait() {
    in_turns(|| {
        let (empty, full) = (Arc::new(Queue::<u32>::new("empty")), Arc::new(Queue::<u32>::bounded("full", 1)));
        assert_eq!(full.put(1), Ok(()));
        let (gets, puts) = (empty.clone(), full.clone());
        let gets = thread::spawn("gets", move || gets.get());
        let puts = thread::spawn("puts", move || puts.put(2));
        let_others_run();
        empty.shutdown();
        full.shutdown();
        assert_eq!(gets.join(), Err(SyncError::ShutDown));
        assert_eq!(puts.join(), Err(SyncError::ShutDown));
    });
}

#[test]
fn shut_down_at_once_it_drops_what_it_has_and_counts_it_as_done() {
    in_turns(|| {
        let queue = Arc::new(Queue::<u32>::new("q"));
        (1..=3).for_each(|n| assert_eq!(queue.put(n), Ok(())));
        assert_eq!(queue.get(), Ok(1));
        let other = queue.clone();
        let joins = thread::spawn("joins", move || other.join());
        assert_eq!(queue.shutdown_now(), [2, 3]);
        assert_eq!(queue.get(), Err(SyncError::ShutDown));
        let_others_run();
        assert!(joins.is_alive(), "the one that was taken is not done yet");
        assert_eq!(queue.task_done(), Ok(()));
        assert_eq!(joins.join(), Ok(()));
    });
}

#[test]
fn waiting_for_all_work_can_have_an_end() {
    in_turns(|| {
        let queue = rt::Queue::<u32>::new(Title::new("q"), None);
        assert_eq!(queue.put(1, &forever()), Ok(()));
        assert_eq!(queue.join(&rt::Wait::at_most(SECOND)), Ok(false));
        assert_eq!(queue.unfinished(), 1);
    });
}

#[test]
fn a_simple_queue_never_refuses_an_item() {
    in_turns(|| {
        let queue = SimpleQueue::new("q");
        assert_eq!(queue.try_get(), Err(SyncError::Empty));
        assert_eq!(queue.get_within(SECOND), Err(SyncError::Empty));
        (0..100).for_each(|n| assert_eq!(queue.put(n), Ok(())));
        assert_eq!((queue.len(), queue.is_empty()), (100, false));
        (0..100).for_each(|n| assert_eq!(queue.get(), Ok(n)));
    });
}

#[test]
fn one_that_is_made_smaller_keeps_its_items_and_one_that_is_made_larger_lets_in_who_waits() {
    in_turns(|| {
        let title = Title::new("q");
        let queue = Arc::new(rt::Queue::<u32>::new(title, Some(2)));
        let now = rt::Wait { timeout: Some(std::time::Duration::ZERO), ..forever() };
        (0..2).for_each(|n| assert_eq!(queue.put(n, &now), Ok(())));
        queue.set_capacity(Some(1));
        assert_eq!((queue.is_full(), queue.put(2, &now)), (true, Err(SyncError::Full)));
        let theirs = queue.clone();
        let waiting = thread::spawn("waiting", move || theirs.put(2, &forever()));
        let_others_run();
        queue.set_capacity(None);
        assert_eq!(waiting.join(), Ok(()));
        assert_eq!(queue.items(), [0, 1, 2]);
    });
}
