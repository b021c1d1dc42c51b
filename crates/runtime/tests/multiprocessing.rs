//! What Python's documentation says of `multiprocessing`'s primitives, one test a rule. Processes are threads here that
//! share nothing but the segment.

mod segment;

use std::time::Duration;

use interleave_runtime::multiprocessing::{
    Array, Barrier, BoundedSemaphore, Condition, Connection, Event, ExitCode, JoinableQueue, Lock, Process,
    ProcessError, Queue, RLock, RawValue, Semaphore, SharedMemory, SimpleQueue, Value, active_children, both_ways,
    one_way, wait,
};
use interleave_runtime::rt::SyncError;
use interleave_runtime::segment::Segment;
use interleave_runtime::span::Title;
use segment::{CHILDREN_ARE_READ, recorded, run};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

fn title(text: &'static str) -> Title {
    Title::new(text)
}

fn refused<T: std::fmt::Debug>(result: Result<T, ProcessError>, error: SyncError) {
    assert_eq!(result.expect_err("it is refused"), ProcessError::Sync(error));
}

/// Waits until somebody waits, which the other process shows by setting an event just before.
fn until_blocked(event: &Event) {
    event.wait().expect("an event");
    std::thread::sleep(SHORT);
}

mod locks {
    use super::*;

    #[test]
    fn a_lock_may_be_released_by_another_process() {
        run(|| {
            let lock = Lock::new(title("lock")).expect("room");
            lock.acquire().expect("free");
            let other = Process::new(title("other"), |lock: Lock| lock.release(), lock).start().expect("a process");
            assert_eq!(other.join(), Ok(ExitCode::WELL));
            assert_eq!(lock.try_acquire(), Ok(true));
        });
    }

    #[test]
    fn a_lock_that_is_free_cannot_be_released() {
        run(|| {
            let lock = Lock::new(title("lock")).expect("room");
            refused(lock.release(), SyncError::NotHeld);
        });
    }

    #[test]
    fn a_lock_is_not_taken_twice() {
        run(|| {
            let lock = Lock::new(title("lock")).expect("room");
            lock.acquire().expect("free");
            assert_eq!(lock.try_acquire(), Ok(false));
            assert_eq!(lock.acquire_within(SHORT), Ok(false), "a timeout returns");
        });
    }

    #[test]
    fn an_rlock_is_taken_again_and_released_as_often() {
        run(|| {
            let lock = RLock::new(title("lock")).expect("room");
            (0..3).for_each(|_| lock.acquire().expect("mine"));
            let tried = |lock: RLock| ExitCode(i32::from(lock.try_acquire() == Ok(true)));
            for expected in [0, 0, 0, 1] {
                let other = Process::new(title("other"), tried, lock).start().expect("a process");
                assert_eq!(other.join(), Ok(ExitCode(expected)));
                if expected == 0 {
                    lock.release().expect("mine");
                }
            }
        });
    }

    #[test]
    fn an_rlock_is_released_by_nobody_but_its_holder() {
        run(|| {
            let lock = RLock::new(title("lock")).expect("room");
            refused(lock.release(), SyncError::HeldByAnother { holder: None });
            lock.acquire().expect("free");
            let release = |lock: RLock| {
                let refused =
                    matches!(lock.release(), Err(ProcessError::Sync(SyncError::HeldByAnother { holder: Some(_) })));
                ExitCode(i32::from(refused))
            };
            let other = Process::new(title("other"), release, lock).start().expect("a process");
            assert_eq!(other.join(), Ok(ExitCode(1)));
        });
    }

    #[test]
    fn a_semaphore_has_as_many_permits_as_it_was_given() {
        run(|| {
            let semaphore = Semaphore::new(title("permits"), 2).expect("room");
            assert_eq!([(); 3].map(|()| semaphore.try_acquire()), [Ok(true), Ok(true), Ok(false)]);
            semaphore.release().expect("no limit");
            assert_eq!(semaphore.core().value(), Ok(1));
            (0..5).for_each(|_| semaphore.release().expect("no limit"));
            assert_eq!(semaphore.core().value(), Ok(6));
        });
    }

    #[test]
    fn a_bounded_semaphore_is_not_released_too_often() {
        run(|| {
            let semaphore = BoundedSemaphore::new(title("permits"), 2).expect("room");
            refused(semaphore.release(), SyncError::ReleasedTooOften);
            semaphore.acquire().expect("a permit");
            semaphore.release().expect("one was taken");
        });
    }

    #[test]
    fn a_guard_gives_back_what_it_holds() {
        run(|| {
            let lock = Lock::new(title("lock")).expect("room");
            {
                let _guard = lock.guard().expect("free");
                assert_eq!(lock.try_acquire(), Ok(false));
            }
            assert_eq!(lock.try_acquire(), Ok(true));
        });
    }

    #[test]
    fn who_waited_for_whom_is_recorded_across_processes() {
        fn second((lock, ready): (Lock, Event)) -> Result<(), ProcessError> {
            ready.set()?;
            lock.acquire()?;
            lock.release()
        }
        let lanes = recorded(|| {
            let (lock, ready) = (Lock::new(title("door")).expect("room"), Event::new(title("ready")).expect("room"));
            lock.acquire().expect("free");
            let other = Process::new(title("second"), second, (lock, ready)).start().expect("a process");
            until_blocked(&ready);
            lock.release().expect("mine");
            other.join().expect("it ends");
        });
        let second = "waits for lock door of main | has lock door | releases lock door | completed";
        if CHILDREN_ARE_READ {
            assert!(lanes[1].ends_with(second), "{}", lanes[1]);
        }
        assert!(lanes[0].contains("releases lock door | wakes second at lock door"), "{}", lanes[0]);
        assert!(lanes[0].starts_with("main: has lock door | "), "{}", lanes[0]);
        assert!(lanes[0].ends_with("joins second | completed"), "{}", lanes[0]);
    }

    #[test]
    fn a_wait_in_vain_is_recorded_as_such() {
        let lanes = recorded(|| {
            let lock = Lock::new(title("taken")).expect("room");
            lock.acquire().expect("free");
            assert_eq!(lock.acquire_within(SHORT), Ok(false));
        });
        assert_eq!(
            lanes,
            ["main: has lock taken | waits for lock taken of main a while | gives lock taken up | completed"]
        );
    }
}

mod meetings {
    use super::*;

    #[test]
    fn an_event_lets_all_go_on_until_it_is_cleared() {
        run(|| {
            let event = Event::new(title("event")).expect("room");
            assert_eq!(event.wait_within(SHORT), Ok(false));
            let wait = |event: Event| ExitCode(i32::from(event.wait_within(LONG) == Ok(true)));
            let all =
                [1, 2, 3].map(|n| Process::new(Title::numbered("waiter", n), wait, event).start().expect("a process"));
            event.set().expect("there");
            assert_eq!(all.map(|process| process.join()), [Ok(ExitCode(1)), Ok(ExitCode(1)), Ok(ExitCode(1))]);
            assert_eq!(event.is_set(), Ok(true));
            event.clear().expect("there");
            assert_eq!(event.is_set(), Ok(false));
            assert_eq!(event.wait_within(SHORT), Ok(false));
        });
    }

    #[test]
    fn who_waits_when_an_event_is_set_goes_on_even_if_it_is_cleared_at_once() {
        fn waits((event, ready): (Event, Event)) -> Result<(), ProcessError> {
            ready.set()?;
            event.wait()
        }
        run(|| {
            let [event, ready] = [(); 2].map(|()| Event::new(title("event")).expect("room"));
            let waiter = Process::new(title("waiter"), waits, (event, ready)).start().expect("a process");
            until_blocked(&ready);
            event.set().expect("there");
            event.clear().expect("there");
            assert_eq!(waiter.join_within(LONG), Ok(Some(ExitCode::WELL)));
        });
    }

    #[test]
    fn a_condition_is_used_with_its_lock_held() {
        run(|| {
            let condition = Condition::new(title("news")).expect("room");
            refused(condition.wait(), SyncError::HeldByAnother { holder: None });
            refused(condition.notify(1), SyncError::HeldByAnother { holder: None });
            let _guard = condition.guard().expect("free");
            condition.notify_all().expect("held");
            assert_eq!(condition.wait_within(SHORT), Ok(false));
            condition.notify(1).expect("it is held again after a timeout");
        });
    }

    fn waits((condition, ready, woken): (Condition, Queue<u32>, Value<u32>)) -> Result<(), ProcessError> {
        let _guard = condition.guard()?;
        ready.put(&0)?;
        condition.wait()?;
        woken.update(|woken| woken + 1).map(|_| ())
    }

    #[test]
    fn notify_lets_as_many_go_on_as_it_says() {
        run(|| {
            let condition = Condition::new(title("news")).expect("room");
            let ready = Queue::new(title("ready"), 0).expect("room");
            let woken = Value::new(title("woken"), 0).expect("room");
            let all: Vec<_> = (0..5)
                .map(|_| {
                    Process::new(title("waiter"), waits, (condition, ready.clone(), woken)).start().expect("a process")
                })
                .collect();
            (0..5).for_each(|_| assert_eq!(ready.get(), Ok(0)));
            for (notified, expected) in [(1, 1), (2, 3), (9, 5)] {
                {
                    // With the lock all of them wait: they let go of it in no other way.
                    let _guard = condition.guard().expect("free");
                    condition.notify(notified).expect("held");
                }
                while woken.get() != Ok(expected) {
                    std::thread::yield_now();
                }
            }
            assert!(all.iter().all(|process| process.join() == Ok(ExitCode::WELL)));
            assert_eq!(woken.get(), Ok(5));
        });
    }

    #[test]
    fn wait_for_looks_again_whenever_it_is_notified() {
        fn counts((condition, number): (Condition, RawValue<u32>)) -> Result<(), ProcessError> {
            for _ in 0..10 {
                let _guard = condition.guard()?;
                number.set(number.get()? + 1)?;
                condition.notify_all()?;
            }
            Ok(())
        }
        run(|| {
            let condition = Condition::new(title("news")).expect("room");
            let number = RawValue::new(title("number"), 0).expect("room");
            let other = Process::new(title("counter"), counts, (condition, number)).start().expect("a process");
            {
                let _guard = condition.guard().expect("free");
                condition.wait_for(|| number.get() == Ok(10)).expect("held");
                assert_eq!(condition.wait_for_within(SHORT, || false), Ok(false));
            }
            other.join().expect("it ends");
        });
    }

    #[test]
    fn a_barrier_holds_all_until_the_last_has_come_and_can_be_used_again() {
        fn passes((barrier, counts): (Barrier, Array<u32>)) -> Result<(), ProcessError> {
            for round in 0..20 {
                {
                    let _guard = counts.guard()?;
                    counts.set(round, counts.get(round)? + 1)?;
                }
                barrier.wait()?;
                if counts.get(round)? != 3 {
                    return Err(ProcessError::Gone);
                }
            }
            Ok(())
        }
        run(|| {
            let barrier = Barrier::new(title("barrier"), 3).expect("room");
            let counts = Array::new(title("counts"), &[0; 20]).expect("room");
            let all =
                [(); 3].map(|()| Process::new(title("runner"), passes, (barrier, counts)).start().expect("a process"));
            assert_eq!(all.map(|process| process.join()), [const { Ok(ExitCode::WELL) }; 3]);
        });
    }

    #[test]
    fn each_at_a_barrier_has_a_number_of_its_own_and_the_last_acts() {
        fn passes((barrier, numbers): (Barrier, Queue<u32>)) -> Result<(), ProcessError> {
            let number = barrier.wait_with(|| numbers.put(&100))?;
            numbers.put(&number)
        }
        run(|| {
            let barrier = Barrier::new(title("barrier"), 3).expect("room");
            let numbers = Queue::new(title("numbers"), 0).expect("room");
            let all = [(); 3].map(|()| {
                Process::new(title("runner"), passes, (barrier, numbers.clone())).start().expect("a process")
            });
            assert_eq!(all.map(|process| process.join()), [const { Ok(ExitCode::WELL) }; 3]);
            assert_eq!(numbers.get(), Ok(100), "the action comes before anybody goes on");
            let mut rest = [(); 3].map(|()| numbers.get().expect("a number"));
            rest.sort_unstable();
            assert_eq!(rest, [0, 1, 2]);
        });
    }

    #[test]
    fn a_barrier_is_broken_by_a_timeout_and_whole_after_a_reset() {
        run(|| {
            let barrier = Barrier::new(title("barrier"), 2).expect("room");
            refused(barrier.wait_within(SHORT), SyncError::BarrierBroken);
            assert_eq!(barrier.is_broken(), Ok(true));
            refused(barrier.wait(), SyncError::BarrierBroken);
            barrier.reset().expect("there");
            assert_eq!(barrier.is_broken(), Ok(false));
            assert_eq!(barrier.waiting(), Ok(0));
        });
    }

    #[test]
    fn abort_and_reset_refuse_those_who_wait() {
        fn comes(barrier: Barrier) -> ExitCode {
            ExitCode(i32::from(barrier.wait() == Err(ProcessError::Sync(SyncError::BarrierBroken))))
        }
        run(|| {
            for end in [Barrier::abort, Barrier::reset] {
                let barrier = Barrier::new(title("barrier"), 2).expect("room");
                let other = Process::new(title("runner"), comes, barrier).start().expect("a process");
                while barrier.waiting() != Ok(1) {
                    std::thread::yield_now();
                }
                end(&barrier).expect("there");
                assert_eq!(other.join(), Ok(ExitCode(1)));
            }
        });
    }

    #[test]
    fn an_action_that_fails_breaks_the_barrier() {
        run(|| {
            let barrier = Barrier::new(title("barrier"), 1).expect("room");
            assert_eq!(barrier.wait_with(|| Err(ProcessError::Gone)), Err(ProcessError::Gone));
            assert_eq!(barrier.is_broken(), Ok(true));
        });
    }
}

mod pipes {
    use super::*;

    #[test]
    fn messages_come_out_whole_and_in_order_both_ways() {
        fn mirrors(end: Connection) -> Result<(), ProcessError> {
            loop {
                match end.receive_bytes() {
                    Ok(mut bytes) => {
                        bytes.reverse();
                        end.send_bytes(&bytes)?;
                    }
                    Err(ProcessError::EndOfFile) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        }
        run(|| {
            let (here, there) = both_ways(title("pipe")).expect("room");
            let mirror = Process::new(title("mirror"), mirrors, there).start().expect("a process");
            for length in [0, 1, 3, 4, 5, 4095, 4096, 4097, 70_000, 262_144, 1_000_000] {
                let bytes: Vec<u8> = (0..length).map(|n: u32| (n * 7 + n / 251) as u8).collect();
                here.send_bytes(&bytes).expect("open");
                let mut back = here.receive_bytes().expect("open");
                back.reverse();
                assert!(back == bytes, "{length} bytes");
            }
            drop(here);
            assert_eq!(mirror.join(), Ok(ExitCode::WELL), "the mirror saw the end");
        });
    }

    #[test]
    fn pieces_arrive_as_one_message() {
        run(|| {
            let (from, to) = one_way(title("pipe")).expect("room");
            to.send_pieces(&[b"one", b"", b" message"]).expect("open");
            assert_eq!(from.receive_bytes(), Ok(b"one message".to_vec()));
        });
    }

    #[test]
    fn a_one_way_pipe_goes_one_way() {
        run(|| {
            let (from, to) = one_way(title("pipe")).expect("room");
            assert_eq!(from.send_bytes(b"x"), Err(ProcessError::ReadOnly));
            assert_eq!(to.receive_bytes(), Err(ProcessError::WriteOnly));
            assert_eq!(
                (from.is_readable(), from.is_writable(), to.is_readable(), to.is_writable()),
                (true, false, false, true)
            );
        });
    }

    #[test]
    fn after_the_last_sender_there_is_the_end() {
        run(|| {
            let (from, to) = one_way(title("pipe")).expect("room");
            to.send_bytes(b"last").expect("open");
            drop(to);
            assert_eq!(from.receive_bytes(), Ok(b"last".to_vec()), "what was sent still comes");
            assert_eq!(from.poll(), Ok(true), "the end can be received");
            assert_eq!(from.receive_bytes(), Err(ProcessError::EndOfFile));
        });
    }

    #[test]
    fn without_a_receiver_the_pipe_is_broken() {
        run(|| {
            let (from, to) = one_way(title("pipe")).expect("room");
            drop(from);
            assert_eq!(to.send_bytes(b"x"), Err(ProcessError::BrokenPipe));
        });
    }

    #[test]
    fn an_end_is_closed_when_its_process_ends_however_that_is() {
        fn keeps((end, ready): (Connection, Event)) -> Result<(), ProcessError> {
            ready.set()?;
            end.receive_bytes().map(|_| ())
        }
        run(|| {
            let (here, there) = both_ways(title("pipe")).expect("room");
            let ready = Event::new(title("ready")).expect("room");
            let other = Process::new(title("other"), keeps, (there, ready)).start().expect("a process");
            until_blocked(&ready);
            assert_eq!(here.poll_within(SHORT), Ok(false));
            other.kill().expect("started");
            assert_eq!(here.receive_bytes(), Err(ProcessError::EndOfFile));
            assert_eq!(here.send_bytes(b"x"), Err(ProcessError::BrokenPipe));
        });
    }

    // In a browser nothing of a process is dropped after its end: its worker ends with it.
    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn what_the_thread_of_an_ended_process_drops_is_closed_no_second_time() {
        use std::cell::RefCell;
        use std::sync::{Mutex, mpsc};

        static DROPPED: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
        struct Told;
        impl Drop for Told {
            fn drop(&mut self) {
                let told = DROPPED.lock().expect("whole").take().map(|dropped| dropped.send(()));
                assert_eq!(told, Some(Ok(())));
            }
        }
        thread_local! {
            static KEPT: RefCell<Option<(Connection, Told)>> = const { RefCell::new(None) };
        }
        fn keeps(end: Connection) -> Result<(), ProcessError> {
            let inner = end.receive()?;
            KEPT.set(Some((inner, Told)));
            Ok(())
        }
        run(|| {
            let (dropped, was_dropped) = mpsc::channel();
            *DROPPED.lock().expect("whole") = Some(dropped);
            let (here, there) = both_ways(title("outer")).expect("room");
            let (from, to) = one_way(title("inner")).expect("room");
            let other = Process::new(title("other"), keeps, there).start().expect("a process");
            here.send(&to).expect("open");
            assert_eq!(other.join(), Ok(ExitCode::WELL));
            was_dropped.recv().expect("its thread ends");
            assert_eq!(from.poll(), Ok(false), "it is still open here");
            to.send_bytes(b"x").expect("open");
            assert_eq!(from.receive_bytes(), Ok(b"x".to_vec()));
        });
    }

    #[test]
    fn poll_waits_no_longer_than_it_was_told() {
        run(|| {
            let (from, to) = one_way(title("pipe")).expect("room");
            assert_eq!(from.poll(), Ok(false));
            assert_eq!(from.poll_within(SHORT), Ok(false));
            to.send_bytes(b"x").expect("open");
            assert_eq!(from.poll_within(LONG), Ok(true));
        });
    }

    #[test]
    fn too_long_a_message_is_refused_and_ends_the_receiving() {
        run(|| {
            let (from, to) = one_way(title("pipe")).expect("room");
            to.send_bytes(b"12345").expect("open");
            assert_eq!(from.receive_at_most(4), Err(ProcessError::TooLong { length: 5 }));
            assert_eq!(to.send_bytes(b"x"), Err(ProcessError::BrokenPipe));
        });
    }

    #[test]
    fn an_end_can_be_sent_through_another_pipe() {
        fn passes_on((end, inner): (Connection, Connection)) -> Result<(), ProcessError> {
            end.send(&inner)
        }
        run(|| {
            let (here, there) = both_ways(title("outer")).expect("room");
            let (from, to) = one_way(title("inner")).expect("room");
            let other = Process::new(title("other"), passes_on, (there, to)).start().expect("a process");
            let to: Connection = here.receive().expect("an end");
            other.join().expect("it ends");
            to.send_bytes(b"through").expect("open");
            assert_eq!(from.receive_bytes(), Ok(b"through".to_vec()));
            drop(to);
            assert_eq!(from.receive_bytes(), Err(ProcessError::EndOfFile));
        });
    }

    #[test]
    fn one_of_several_is_waited_for() {
        fn sends((end, go): (Connection, Event)) -> Result<(), ProcessError> {
            go.wait()?;
            end.send_bytes(b"x")
        }
        run(|| {
            let go = Event::new(title("go")).expect("room");
            let (a, a_there) = one_way(title("a")).expect("room");
            let (b, b_there) = one_way(title("b")).expect("room");
            let other = Process::new(title("other"), sends, (b_there, go)).start().expect("a process");
            assert_eq!(wait(&[&a, &b], Some(SHORT)), Ok(vec![]));
            go.set().expect("there");
            assert_eq!(wait(&[&a, &b], None), Ok(vec![1]));
            b.receive_bytes().expect("a message");
            assert_eq!(wait(&[&a, &other], None), Ok(vec![1]), "the end of a process");
            drop(a_there);
            assert_eq!(wait(&[&a, &other], None), Ok(vec![0, 1]));
        });
    }

    #[test]
    fn a_message_and_its_wait_are_recorded() {
        fn answers((end, ready): (Connection, Event)) -> Result<(), ProcessError> {
            ready.set()?;
            let bytes = end.receive_bytes()?;
            end.send_bytes(&bytes[1..])
        }
        let lanes = recorded(|| {
            let (here, there) = both_ways(title("pipe")).expect("room");
            let ready = Event::new(title("ready")).expect("room");
            let other = Process::new(title("other"), answers, (there, ready)).start().expect("a process");
            until_blocked(&ready);
            here.send_bytes(b"abc").expect("open");
            assert_eq!(here.receive_bytes(), Ok(b"bc".to_vec()));
            other.join().expect("it ends");
        });
        assert!(lanes[0].contains("sends 3 B | wakes other at pipe pipe"), "{}", lanes[0]);
        assert!(lanes[0].contains("receives 2 B"), "{}", lanes[0]);
        if CHILDREN_ARE_READ {
            assert!(lanes[1].contains("waits for pipe pipe | receives 3 B | sends 2 B"), "{}", lanes[1]);
        }
    }
}

mod queues {
    use super::*;

    #[test]
    fn what_one_process_puts_comes_out_in_order() {
        fn puts(queue: Queue<u32>) -> Result<(), ProcessError> {
            (0..100).try_for_each(|n| queue.put(&n))
        }
        run(|| {
            let queue = Queue::new(title("numbers"), 3).expect("room");
            let other = Process::new(title("other"), puts, queue.clone()).start().expect("a process");
            assert_eq!(
                (0..100).map(|_| queue.get().expect("an item")).collect::<Vec<_>>(),
                (0..100).collect::<Vec<_>>()
            );
            other.join().expect("it ends");
            assert_eq!(queue.is_empty(), Ok(true));
        });
    }

    #[test]
    fn a_full_queue_refuses_and_an_empty_one_does_too() {
        run(|| {
            let queue = Queue::new(title("numbers"), 1).expect("room");
            refused(queue.try_get(), SyncError::Empty);
            refused(queue.get_within(SHORT), SyncError::Empty);
            queue.put(&1_u32).expect("room");
            assert_eq!((queue.is_full(), queue.length()), (Ok(true), Ok(1)));
            refused(queue.try_put(&2), SyncError::Full);
            refused(queue.put_within(&2, SHORT), SyncError::Full);
            assert_eq!(queue.get(), Ok(1));
        });
    }

    #[test]
    fn through_a_closed_handle_nothing_is_put() {
        run(|| {
            let queue = Queue::new(title("numbers"), 0).expect("room");
            queue.put(&1_u32).expect("open");
            queue.close();
            assert_eq!(queue.put(&2), Err(ProcessError::Closed));
            assert_eq!(queue.get(), Ok(1), "what is in it can still be had");
        });
    }

    #[test]
    fn a_simple_queue_has_no_bound() {
        run(|| {
            let queue = SimpleQueue::new(title("texts")).expect("room");
            (0..1000).for_each(|n| queue.put(&format!("text {n}")).expect("room"));
            assert_eq!(queue.get(), Ok("text 0".to_owned()));
        });
    }

    #[test]
    fn a_joinable_queue_is_joined_when_all_is_done() {
        fn works((queue, sum): (JoinableQueue<u32>, Value<u32>)) -> Result<(), ProcessError> {
            loop {
                let item = queue.get()?;
                sum.update(|sum| sum + item)?;
                queue.task_done()?;
            }
        }
        run(|| {
            let queue = JoinableQueue::new(title("work"), 0).expect("room");
            let sum = Value::new(title("sum"), 0).expect("room");
            queue.join().expect("nothing was put");
            for _ in 0..2 {
                let worker = Process::new(title("worker"), works, (queue.clone(), sum)).daemon();
                worker.start().expect("a process");
            }
            (1..=100).for_each(|n| queue.put(&n).expect("room"));
            queue.join().expect("all is done in time");
            assert_eq!(sum.get(), Ok(5050));
            refused(queue.task_done(), SyncError::DoneTooOften);
        });
    }

    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    fn an_item_without_room_is_an_error_and_no_trap() {
        run(|| {
            Segment::with_size(256 << 10).install();
            let queue = Queue::new(title("numbers"), 0).expect("room");
            let item = vec![7_u8; 100_000];
            queue.put(&item).expect("room");
            let Err(ProcessError::NoRoom { wanted, .. }) = queue.put(&vec![7_u8; 1 << 20]) else {
                panic!("there is no room");
            };
            assert!(wanted > 1 << 20);
            for _ in 0..50 {
                assert_eq!(queue.get().as_ref(), Ok(&item));
                queue.put(&item).expect("the room of the last");
            }
        });
    }
}

mod values {
    use super::*;

    #[test]
    fn a_value_is_seen_by_all() {
        fn adds(value: Value<i64>) -> Result<(), ProcessError> {
            for _ in 0..500 {
                value.update(|value| value - 3)?;
            }
            Ok(())
        }
        run(|| {
            let value = Value::new(title("value"), 1_i64 << 40).expect("room");
            let all = [(); 4].map(|()| Process::new(title("adder"), adds, value).start().expect("a process"));
            assert_eq!(all.map(|process| process.join()), [const { Ok(ExitCode::WELL) }; 4]);
            assert_eq!(value.get(), Ok((1 << 40) - 6000));
        });
    }

    #[test]
    fn every_type_keeps_its_value() {
        run(|| {
            macro_rules! keeps {
                ($($value:expr),*) => {$(
                    let array = Array::new(title("array"), &[$value, Default::default(), $value]).expect("room");
                    array.set(1, $value).expect("inside");
                    assert_eq!(array.to_vec(), Ok(vec![$value; 3]));
                )*};
            }
            keeps!(-5_i8, 200_u8, -30_000_i16, 60_000_u16, i32::MIN, u32::MAX, i64::MIN, u64::MAX, 0.1_f32, -1e300_f64);
        });
    }

    #[test]
    fn a_place_outside_is_refused() {
        run(|| {
            let array = Array::new(title("array"), &[1_u16, 2, 3]).expect("room");
            assert_eq!(array.get(3), Err(ProcessError::OutOfBounds { at: 3, length: 3 }));
            assert!(array.set(u32::MAX, 0).is_err());
        });
    }

    #[test]
    fn shared_memory_is_found_by_its_name() {
        fn writes(name: String) -> Result<(), ProcessError> {
            SharedMemory::attach(&name)?.write(3, b"hello")
        }
        run(|| {
            let memory = SharedMemory::create(Some("greeting"), 10).expect("room");
            let other = Process::new(title("other"), writes, memory.name().to_owned()).start().expect("a process");
            assert_eq!(other.join(), Ok(ExitCode::WELL));
            let mut bytes = [0; 10];
            memory.read(0, &mut bytes).expect("inside");
            assert_eq!(&bytes, b"\0\0\0hello\0\0");
            assert!(memory.write(8, b"hello").is_err());
        });
    }

    #[test]
    fn a_name_is_taken_until_it_is_unlinked() {
        run(|| {
            let first = SharedMemory::create(Some("name"), 4).expect("room");
            assert_eq!(SharedMemory::create(Some("name"), 4).err(), Some(ProcessError::NameTaken));
            first.unlink().expect("linked");
            assert_eq!(SharedMemory::attach("name").err(), Some(ProcessError::NameUnknown));
            let second = SharedMemory::create(Some("name"), 4).expect("the name is free");
            first.write(0, b"abcd").expect("it is still open here");
            let mut bytes = [1; 4];
            second.read(0, &mut bytes).expect("inside");
            assert_eq!(bytes, [0; 4]);
        });
    }

    #[test]
    fn a_name_can_be_made_up() {
        run(|| {
            let [a, b] = [(); 2].map(|()| SharedMemory::create(None, 4).expect("room"));
            assert_ne!(a.name(), b.name());
        });
    }
}

mod processes {
    use super::*;

    #[test]
    fn a_process_ends_with_what_its_function_gives() {
        run(|| {
            let other = Process::new(title("other"), |code: i32| ExitCode(code), 7).start().expect("a process");
            assert_eq!(other.join(), Ok(ExitCode(7)));
            assert_eq!((other.exit_code(), other.is_alive()), (Ok(Some(ExitCode(7))), Ok(false)));
        });
    }

    #[test]
    fn a_panic_and_an_error_end_a_process_with_one() {
        let lanes = recorded(|| {
            let panics = Process::new(title("panics"), |(): ()| -> () { panic!("on purpose") }, ());
            assert_eq!(panics.start().expect("a process").join(), Ok(ExitCode::PANICKED));
            let fails = Process::new(title("fails"), |(): ()| Err::<(), _>("no luck"), ());
            assert_eq!(fails.start().expect("a process").join(), Ok(ExitCode(1)));
        });
        if CHILDREN_ARE_READ {
            assert_eq!(lanes[1], "panics: error: panicked: on purpose | failed");
            assert_eq!(lanes[2], "fails: error: no luck | failed");
        }
    }

    /// Natively the whole program would end.
    #[cfg(target_arch = "wasm32")]
    #[test]
    fn a_trap_ends_the_process_alone() {
        run(|| {
            let traps = Process::new(title("traps"), |(): ()| -> () { core::arch::wasm32::unreachable() }, ());
            assert_eq!(traps.start().expect("a process").join_within(LONG), Ok(Some(ExitCode::TRAPPED)));
        });
    }

    /// Natively nothing ends a thread that does not look.
    #[cfg(target_arch = "wasm32")]
    #[test]
    fn who_computes_for_ever_is_killed() {
        fn spins((): ()) {
            loop {
                std::hint::spin_loop();
            }
        }
        run(|| {
            let other = Process::new(title("spins"), spins, ()).start().expect("a process");
            assert_eq!(other.join_within(SHORT), Ok(None));
            other.kill().expect("started");
            assert_eq!(other.join_within(LONG), Ok(Some(ExitCode::KILLED)));
        });
    }

    #[test]
    fn a_join_with_a_timeout_returns_while_the_process_lives() {
        run(|| {
            let event = Event::new(title("event")).expect("room");
            let other = Process::new(title("other"), |event: Event| event.wait(), event).start().expect("a process");
            assert_eq!(other.join_within(SHORT), Ok(None));
            assert_eq!((other.exit_code(), other.is_alive(), active_children()), (Ok(None), Ok(true), Ok(1)));
            event.set().expect("there");
            assert_eq!(other.join(), Ok(ExitCode::WELL));
            assert_eq!(active_children(), Ok(0));
        });
    }

    #[test]
    fn who_is_terminated_or_killed_ends_with_a_negative_code() {
        fn waits(event: Event) -> Result<(), ProcessError> {
            event.wait()
        }
        let lanes = recorded(|| {
            let event = Event::new(title("never")).expect("room");
            let [a, b] = ["a", "b"].map(|name| Process::new(title(name), waits, event).start().expect("a process"));
            a.terminate().expect("started");
            b.kill().expect("started");
            assert_eq!(a.join(), Ok(ExitCode::TERMINATED));
            assert_eq!(b.join(), Ok(ExitCode::KILLED));
            b.terminate().expect("it is over already");
            assert_eq!(b.join(), Ok(ExitCode(-9)), "the first end counts");
        });
        if CHILDREN_ARE_READ {
            assert!(lanes[1].contains("killed") && lanes[2].contains("killed"), "{lanes:?}");
        }
        let joins: Vec<_> = lanes[0].split(" | ").filter(|happened| happened.starts_with("joins")).collect();
        assert_eq!(joins, ["joins a", "joins b", "joins b"], "{}", lanes[0]);
    }

    #[test]
    fn who_was_ended_in_a_queue_is_passed_over() {
        fn takes((lock, ready): (Lock, Event)) -> Result<(), ProcessError> {
            ready.set()?;
            lock.acquire()
        }
        run(|| {
            let lock = Lock::new(title("lock")).expect("room");
            lock.acquire().expect("free");
            let [first, second] = [(); 2].map(|()| {
                let ready = Event::new(title("ready")).expect("room");
                let other = Process::new(title("other"), takes, (lock, ready)).start().expect("a process");
                until_blocked(&ready);
                other
            });
            first.kill().expect("started");
            assert_eq!(first.join_within(LONG), Ok(Some(ExitCode::KILLED)));
            lock.release().expect("mine");
            assert_eq!(second.join_within(LONG), Ok(Some(ExitCode::WELL)));
        });
    }

    #[test]
    fn a_daemon_ends_with_its_parent_and_has_no_children() {
        fn child(_: u32) {}
        fn starts(refused: RawValue<u32>) -> Result<(), ProcessError> {
            let error = Process::new(title("grandchild"), child, 0).start().err();
            refused.set(u32::from(error == Some(ProcessError::DaemonsHaveNoChildren)))?;
            Event::new(title("never"))?.wait()
        }
        fn parent((refused, ready): (RawValue<u32>, Event)) -> Result<(), ProcessError> {
            Process::new(title("daemon"), starts, refused).daemon().start()?;
            while refused.get()? == 0 {
                std::thread::yield_now();
            }
            ready.set()
        }
        run(|| {
            let refused = RawValue::new(title("refused"), 0).expect("room");
            let ready = Event::new(title("ready")).expect("room");
            let other = Process::new(title("parent"), parent, (refused, ready)).start().expect("a process");
            assert_eq!(other.join_within(LONG), Ok(Some(ExitCode::WELL)), "it does not wait for its daemon");
        });
    }

    #[test]
    fn a_process_is_over_when_its_children_are() {
        fn child((go, done): (Event, RawValue<u32>)) -> Result<(), ProcessError> {
            go.wait()?;
            done.set(1)
        }
        fn parent((go, done): (Event, RawValue<u32>)) -> Result<(), ProcessError> {
            Process::new(title("child"), child, (go, done)).start().map(|_| ())
        }
        run(|| {
            let go = Event::new(title("go")).expect("room");
            let done = RawValue::new(title("done"), 0).expect("room");
            let other = Process::new(title("parent"), parent, (go, done)).start().expect("a process");
            assert_eq!(other.join_within(SHORT), Ok(None));
            go.set().expect("there");
            assert_eq!(other.join(), Ok(ExitCode::WELL));
            assert_eq!(done.get(), Ok(1));
        });
    }

    #[test]
    fn without_a_segment_all_say_why_they_cannot() {
        let sentence =
            "needs memory that processes share, which this page may not have: it is not cross-origin isolated";
        let refusals = [
            Lock::new(title("lock")).err(),
            Event::new(title("event")).err(),
            Barrier::new(title("barrier"), 2).err(),
            Queue::<u32>::new(title("queue"), 0).err(),
            both_ways(title("pipe")).err(),
            Value::new(title("value"), 0_u32).err(),
            SharedMemory::create(None, 10).err(),
            Process::new(title("process"), |(): ()| (), ()).start().err(),
        ];
        for refusal in refusals {
            let text = refusal.expect("there is no segment on this thread").to_string();
            assert!(text.ends_with(sentence), "{text}");
        }
    }

    #[test]
    fn a_run_that_is_being_ended_ends_all_waits() {
        run(|| {
            let lock = Lock::new(title("lock")).expect("room");
            lock.acquire().expect("free");
            let segment = Segment::current().expect("installed");
            let waits =
                |lock: Lock| ExitCode(i32::from(lock.acquire() == Err(ProcessError::Sync(SyncError::Cancelled))));
            let other = Process::new(title("other"), waits, lock).start().expect("a process");
            assert_eq!(other.join_within(SHORT), Ok(None));
            segment.cancel_waits();
            while other.is_alive() == Ok(true) {
                std::thread::yield_now();
            }
            assert_eq!(other.exit_code(), Ok(Some(ExitCode(1))));
        });
    }
}
