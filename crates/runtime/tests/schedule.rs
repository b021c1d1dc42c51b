//! Seeded schedules: a seed, or a list of switches, gives the same run each time.

mod everything;
mod replayed;

use std::sync::Arc;
use std::time::Duration;

use everything::everything;
use interleave_runtime::rt::schedule::{self, Plan, Switch, WhenStuck};
use interleave_runtime::rt::{allow_waits, cancel_waits};
use interleave_runtime::sync::{Event, Lock, Mutex, Queue, Racy, Result, SyncError, thread};
use interleave_trace::clock;
use replayed::{Run, run};

fn seeded(seed: u64) -> Run<Result<u32>> {
    run(Plan::Seed(seed), WhenStuck::Cancel, everything)
}

/// Two threads take two locks in opposite order.
fn two_locks() -> Result<()> {
    let (a, b) = (Arc::new(Lock::new("a")), Arc::new(Lock::new("b")));
    let both = |first: &Arc<Lock>, second: &Arc<Lock>| {
        let (first, second) = (first.clone(), second.clone());
        thread::spawn("taker", move || {
            let _first = first.acquire()?;
            let _second = second.acquire()?;
            Ok(())
        })
    };
    let (one, other) = (both(&a, &b), both(&b, &a));
    let ends = (one.join(), other.join());
    ends.0.and(ends.1)
}

/// Two threads add to a counter without a lock; what is lost.
fn race() -> Result<u32> {
    let counter = Arc::new(Racy::new(0));
    let adds = |_| {
        let counter = counter.clone();
        thread::spawn("adder", move || (0..5).try_for_each(|_| counter.update(|n| n + 1)))
    };
    let adders: Vec<_> = (0..2).map(adds).collect();
    adders.into_iter().try_for_each(thread::JoinHandle::join)?;
    Ok(10 - counter.get()?)
}

fn first_seed(found: impl Fn(u64) -> bool) -> u64 {
    (0..1000).find(|seed| found(*seed)).expect("one of a thousand seeds")
}

/// In a browser each of the threads has a worker of its own, which is made anew each time.
const REPLAYS: u64 = if cfg!(target_arch = "wasm32") { 10 } else { 100 };

#[test]
fn all_replays_of_a_seed_are_the_same_event_for_event() {
    let first = seeded(7);
    assert!(first.result.is_ok() && first.lines.len() > 200, "{:#?}", first.lines);
    for _ in 1..REPLAYS {
        let again = seeded(7);
        let differs = first.lines.iter().zip(&again.lines).find(|(one, other)| one != other);
        assert_eq!(differs, None);
        assert_eq!(
            (again.lines.len(), &again.outcome, &again.result),
            (first.lines.len(), &first.outcome, &first.result)
        );
    }
}

#[test]
fn every_event_of_a_schedule_has_a_time_of_its_own() {
    let times: Vec<String> =
        seeded(3).lines.iter().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
    assert!(times.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn another_seed_is_another_run() {
    let runs: Vec<_> = (0..10).map(seeded).collect();
    assert!(runs.iter().all(|run| run.result.is_ok()));
    assert!(runs.windows(2).all(|pair| pair[0].lines != pair[1].lines));
}

#[test]
fn the_switches_of_a_seed_give_the_same_run() {
    for seed in 0..REPLAYS / 5 {
        let first = seeded(seed);
        let switches = first.outcome.switches.clone();
        assert!(!switches.is_empty());
        assert!(run(Plan::Switches(switches), WhenStuck::Cancel, everything) == first, "{seed}");
    }
}

#[test]
fn without_switches_a_lane_keeps_its_turn_until_it_blocks() {
    let lost = run(Plan::Switches(Vec::new()), WhenStuck::Cancel, race);
    assert_eq!((lost.result, lost.outcome.switches.as_slice()), (Ok(0), [].as_slice()));
}

#[test]
fn a_switch_to_a_lane_that_cannot_go_on_is_passed_over() {
    let switches = vec![Switch { step: 0, lane: 1000 }, Switch { step: 1, lane: 0 }];
    assert_eq!(run(Plan::Switches(switches), WhenStuck::Cancel, race).result, Ok(0));
}

#[test]
fn a_lost_update_is_found_and_replayed() {
    let lost = |seed| run(Plan::Seed(seed), WhenStuck::Cancel, race);
    let found = lost(first_seed(|seed| lost(seed).result != Ok(0)));
    assert!(found.result.is_ok_and(|lost| lost > 0));
    assert_eq!(run(Plan::Switches(found.outcome.switches.clone()), WhenStuck::Cancel, race), found);
}

#[test]
fn a_deadlock_is_found_told_and_replayed_with_all_that_follows() {
    let locks = |plan| run(plan, WhenStuck::Cancel, two_locks);
    assert!(!locks(Plan::Switches(Vec::new())).outcome.stuck);
    let seed = first_seed(|seed| locks(Plan::Seed(seed)).outcome.stuck);
    let found = locks(Plan::Seed(seed));
    assert_eq!(found.result, Err(SyncError::Cancelled));
    for _ in 0..20 {
        assert!(locks(Plan::Seed(seed)) == found);
    }
    assert!(locks(Plan::Switches(found.outcome.switches.clone())) == found);
}

#[test]
fn one_that_is_stuck_stays_so_until_it_is_cancelled() {
    let ends = run(Plan::Switches(Vec::new()), WhenStuck::Stay, || {
        let event = Arc::new(Event::new("never"));
        let waits = |_| {
            let event = event.clone();
            thread::spawn("waiter", move || event.wait())
        };
        let threads: Vec<_> = (0..3).map(waits).collect();
        assert!(!schedule::settle(), "they wait for what never comes");
        cancel_waits();
        assert!(schedule::settle(), "all are over");
        let ends: Vec<_> = threads.into_iter().map(thread::JoinHandle::join).collect();
        allow_waits();
        ends
    });
    assert!(ends.outcome.stuck);
    assert_eq!(ends.result, vec![Err(SyncError::Cancelled); 3]);
}

#[test]
fn a_program_that_runs_to_its_end_is_not_stuck() {
    let settled = run(Plan::Seed(1), WhenStuck::Stay, || {
        let thread = thread::spawn("sleeper", || thread::sleep(Duration::from_secs(1)));
        let settled = schedule::settle();
        (settled, thread.join())
    });
    assert_eq!((settled.result, settled.outcome.stuck), ((true, Ok(())), false));
}

#[test]
fn waiting_for_a_time_costs_none_and_happens_in_order() {
    let hour = Duration::from_secs(3600);
    let before_ms = clock::epoch_ms();
    let slept = run(Plan::Seed(5), WhenStuck::Cancel, move || {
        let order = Arc::new(Queue::new("order"));
        let never = Arc::new(Event::new("never"));
        let sleeps = |hours: u32| {
            let (order, never) = (order.clone(), never.clone());
            thread::spawn(("sleeper", hours), move || {
                match hours {
                    2 => assert!(!never.wait_within(hour * hours)?),
                    _ => thread::sleep(hour * hours)?,
                }
                order.put(hours)
            })
        };
        let threads: Vec<_> = [3, 1, 4, 2].into_iter().map(sleeps).collect();
        threads.into_iter().try_for_each(thread::JoinHandle::join)?;
        (0..4).map(|_| order.get()).collect::<Result<Vec<_>>>()
    });
    assert_eq!(slept.result, Ok(vec![1, 2, 3, 4]));
    let took_ms = clock::epoch_ms() - before_ms;
    assert!(took_ms < 60_000.0, "{took_ms} ms");
    let last = slept.lines.last().and_then(|line| line.split_once(' ')?.0.parse::<u64>().ok());
    assert!(last.is_some_and(|ns| Duration::from_nanos(ns) >= hour * 4), "the run's own clock went on: {last:?}");
}

#[test]
fn who_asks_again_and_again_is_not_alone_for_ever() {
    let asked = run(Plan::Switches(Vec::new()), WhenStuck::Cancel, || {
        let flag = Arc::new(Racy::new(false));
        let set = flag.clone();
        let setter = thread::spawn("setter", move || {
            thread::sleep(Duration::from_millis(1))?;
            set.set(true)
        });
        while !flag.get()? {}
        setter.join()
    });
    assert_eq!(asked.result, Ok(()));
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser a panic ends the run")]
fn a_lane_that_panics_passes_the_turn_on() {
    let ended = run(Plan::Seed(2), WhenStuck::Cancel, || {
        let lock = Arc::new(Lock::new("a"));
        let own = lock.clone();
        let loser = thread::spawn("loser", move || {
            let _held = own.acquire()?;
            thread::checkpoint()?;
            if own.try_acquire()?.is_none() { panic!("on purpose") } else { Ok(()) }
        });
        (lock.acquire().map(drop), loser.join())
    });
    assert_eq!(ended.result, (Ok(()), Err(SyncError::Failed)));
    assert!(!ended.outcome.stuck);
}

#[test]
#[cfg_attr(target_arch = "wasm32", ignore = "in a browser every thread has a seat")]
fn a_thread_without_a_seat_waits_and_wakes_as_ever() {
    let (lock, done) = (Arc::new(Mutex::new("a", 0)), Arc::new(Event::new("done")));
    let woken = run(Plan::Seed(1), WhenStuck::Stay, || {
        let guard = lock.lock()?;
        std::thread::scope(|scope| {
            let outsider = scope.spawn(|| {
                *lock.lock()? += 1;
                done.set();
                Ok(())
            });
            // It cannot pass before this lane lets go, and this lane is stuck without it.
            assert!(!outsider.is_finished());
            drop(guard);
            done.wait()?;
            outsider.join().expect("it does not panic")
        })
    });
    assert_eq!(woken.result, Ok::<(), SyncError>(()));
    assert_eq!(*lock.lock().expect("nobody ends the run"), 1);
}

#[test]
fn a_call_is_recorded_with_its_place_in_the_program() {
    let line = line!() + 2;
    let locked = run(Plan::Switches(Vec::new()), WhenStuck::Cancel, || {
        drop(Lock::new("a").acquire());
    });
    let expected = format!("acquired 0 schedule.rs {line}");
    assert!(locked.lines.iter().any(|it| it.ends_with(&expected)), "{expected}: {:#?}", locked.lines);
}
