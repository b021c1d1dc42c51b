//! The GIL: of the threads that share it one runs at a time, and a thread that blocks gives it up.

mod everything;
mod place;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex as PlainMutex, PoisonError};
use std::time::Duration;

use everything::everything;
use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::rt::{checkpoint, gil};
use interleave_runtime::sync::{Barrier, Event, Lock, SyncError, thread};
use interleave_trace::{
    Entry, Event as Record, LaneId, ObjectKind, State, What, clock, decode, detach, drain_all, fresh_lane,
};

const INTERVAL: Duration = Duration::from_millis(5);

/// What was recorded while `program` ran in threads that share a GIL, in the order of the times.
fn with_gil(interval: Duration, program: impl FnOnce() + Send) -> Vec<Record> {
    // The recorder and the GIL are one for the whole program.
    static ONE_AT_A_TIME: PlainMutex<()> = PlainMutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    drain_all(&mut Vec::new());
    let ended = place::on_a_thread(|| {
        begin_lane(fresh_lane());
        gil::enable(interval);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(program));
        gil::disable();
        end_lane();
        detach();
        ended
    });
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let mut slots = Vec::new();
    drain_all(&mut slots);
    let mut records = Vec::new();
    decode(&slots, |entry| match entry {
        Entry::Event(event) => records.push(event),
        Entry::Lost(count) => panic!("{count} events were lost"),
        Entry::Name(..) => {}
    });
    records.sort_by_key(|record| record.time);
    records
}

/// By how much the clocks of two threads may differ, in nanoseconds: browsers round what they tell.
const CLOCKS_DIFFER_NS: u64 = if cfg!(target_arch = "wasm32") { 50_000 } else { 0 };

/// From when to when which lane held the GIL, in nanoseconds. No two did at once.
fn holds(records: &[Record]) -> Vec<(LaneId, u64, u64)> {
    let gil = records.iter().find_map(|record| match record.what {
        What::Made { on, kind: ObjectKind::Gil, .. } => Some(on),
        _ => None,
    });
    let gil = gil.expect("there is one");
    let mut holds = Vec::new();
    let mut held = HashMap::new();
    for record in records {
        match record.what {
            What::Acquired { on, .. } if on == gil => {
                assert_eq!(held.insert(record.lane, record.time.0), None, "{:?} has it already", record.lane);
            }
            What::Released { on, .. } if on == gil => {
                let from = held.remove(&record.lane).expect("only who holds it gives it up");
                holds.push((record.lane, from, record.time.0));
            }
            _ => {}
        }
    }
    assert_eq!(held, HashMap::new(), "nobody keeps it");
    holds.sort_by_key(|(_, from, to)| (*from, *to));
    let at_once = holds.windows(2).find(|pair| pair[0].2.min(pair[1].2) > pair[1].1 + CLOCKS_DIFFER_NS);
    assert_eq!(at_once, None);
    holds
}

/// From when to when those held it who handed it over, in nanoseconds: who wants it back from the moment it let go.
fn handed_over(records: &[Record]) -> Vec<(u64, u64)> {
    let wants_it_back = |lane: LaneId, at: u64| {
        let ready = |record: &&Record| matches!(record.what, What::Entered { state: State::Ready, .. });
        records.iter().filter(ready).any(|record| (record.lane, record.time.0) == (lane, at))
    };
    holds(records)
        .into_iter()
        .filter(|(lane, _, to)| wants_it_back(*lane, *to))
        .map(|(_, from, to)| (from, to))
        .collect()
}

/// Computes for so long, and makes sure that nobody else does meanwhile.
fn compute_alone(duration: Duration, running: &AtomicU32, own: u32) {
    let begin = clock::now();
    while u128::from(clock::now().since(begin)) < duration.as_nanos() {
        running.store(own, Ordering::Relaxed);
        for _ in 0..200 {
            std::hint::spin_loop();
            assert_eq!(running.load(Ordering::Relaxed), own, "another runs");
        }
        checkpoint();
    }
}

fn two_that_compute(duration: Duration) {
    let running = Arc::new(AtomicU32::new(0));
    // Starting a thread can take longer than all that it computes.
    let started = Arc::new(Barrier::new("started", 2));
    let threads: Vec<_> = (1..=2)
        .map(|own| {
            let (running, started) = (running.clone(), started.clone());
            thread::spawn(("thread", own), move || {
                started.wait()?;
                compute_alone(duration, &running, own);
                Ok(())
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join(), Ok(()));
    }
}

#[test]
fn two_threads_that_compute_never_both_hold_it() {
    let records = with_gil(INTERVAL, || two_that_compute(Duration::from_millis(100)));
    let holds = holds(&records);
    assert!(holds.len() > 3, "they took turns: {holds:?}");
}

#[test]
fn it_is_handed_over_at_about_the_interval() {
    let records = with_gil(INTERVAL, || two_that_compute(Duration::from_millis(200)));
    let mut lengths: Vec<u64> = handed_over(&records).iter().map(|(from, to)| to - from).collect();
    lengths.sort_unstable();
    let [shortest, ..] = lengths[..] else { panic!("they took no turns") };
    let interval = INTERVAL.as_nanos() as u64;
    // How late who asked is woken is the machine's affair.
    assert!((interval - CLOCKS_DIFFER_NS..interval * 10).contains(&shortest), "{lengths:?}");
}

#[test]
fn a_longer_interval_means_fewer_hand_overs() {
    let hand_overs = |interval| {
        let records = with_gil(interval, || two_that_compute(Duration::from_millis(100)));
        holds(&records).len()
    };
    let (often, seldom) = (hand_overs(Duration::from_millis(2)), hand_overs(Duration::from_millis(50)));
    assert!(often > seldom, "{often} and {seldom}");
}

#[test]
fn who_wants_it_is_ready_and_not_waiting() {
    let records = with_gil(INTERVAL, || two_that_compute(Duration::from_millis(30)));
    let known = records.iter().filter(
        |record| matches!(record.what, What::Entered { state: State::Ready, holder, .. } if holder != LaneId::NONE),
    );
    assert!(known.count() > 1, "and it is known who has it");
}

#[test]
fn one_thread_alone_is_never_asked_for_it() {
    let records =
        with_gil(Duration::from_millis(1), || compute_alone(Duration::from_millis(20), &AtomicU32::new(0), 1));
    assert_eq!(holds(&records).len(), 1);
}

#[test]
fn a_thread_that_waits_gives_it_up() {
    let records = with_gil(Duration::from_secs(3600), || {
        let (event, lock) = (Arc::new(Event::new("go")), Arc::new(Lock::new("a")));
        let held = lock.acquire().expect("nobody ends the run");
        let (waits, sets, wanted) = (event.clone(), event, lock.clone());
        let waiter = thread::spawn("waiter", move || {
            waits.wait()?;
            drop(wanted.acquire()?);
            Ok(())
        });
        let setter = thread::spawn("setter", move || {
            thread::sleep(Duration::from_millis(5))?;
            sets.set();
            Ok(())
        });
        // Nobody is ever asked within an hour, so each of these ends only if those who block give it up.
        assert_eq!(setter.join(), Ok(()));
        drop(held);
        assert_eq!(waiter.join(), Ok(()));
    });
    let waits = records.iter().filter(|record| matches!(record.what, What::Entered { state: State::Waiting, .. }));
    assert!(waits.count() >= 2);
    holds(&records);
}

#[test]
fn a_lane_that_waits_has_said_before_that_it_gave_it_up() {
    let records = with_gil(INTERVAL, || {
        two_that_compute(Duration::from_millis(10));
        assert_eq!(thread::sleep(INTERVAL), Ok(()));
    });
    let holds = holds(&records);
    for record in &records {
        if let What::Entered { state: State::Waiting | State::Sleeping | State::Ready, .. } = record.what {
            let holding = |(lane, from, to): &(LaneId, u64, u64)| {
                *lane == record.lane && *from < record.time.0 && record.time.0 < *to
            };
            assert!(!holds.iter().any(holding), "{record:?}");
        }
    }
}

#[test]
fn who_hands_it_over_wants_it_back_from_then_on() {
    let records = with_gil(INTERVAL, || two_that_compute(Duration::from_millis(200)));
    let handed_over = handed_over(&records);
    assert!(handed_over.len() > 1, "{handed_over:?}");
}

#[test]
fn blocking_work_can_be_done_without_it() {
    with_gil(Duration::from_secs(3600), || {
        let done = Arc::new(AtomicBool::new(false));
        let tells = done.clone();
        let other = thread::spawn("other", move || {
            tells.store(true, Ordering::Relaxed);
            Ok(())
        });
        gil::without(|| {
            while !done.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
        });
        assert_eq!(other.join(), Ok(()));
    });
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn a_thread_that_panics_gives_it_up() {
    let records = with_gil(Duration::from_secs(3600), || {
        let loser = thread::spawn("loser", || if INTERVAL.is_zero() { Ok(()) } else { panic!("on purpose") });
        assert_eq!(loser.join(), Err(SyncError::Failed));
    });
    holds(&records);
}

#[test]
fn every_primitive_works_with_it_and_none_keeps_it() {
    for interval in [Duration::from_micros(50), INTERVAL, Duration::from_secs(3600)] {
        let records = with_gil(interval, || {
            for _ in 0..10 {
                assert!(everything().is_ok());
            }
        });
        holds(&records);
    }
}
