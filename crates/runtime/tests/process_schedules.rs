//! Seeded schedules of processes: a seed, or a list of switches, gives the same run each time, though each lane has an
//! instance of its own.

mod replayed;

use std::time::{Duration, Instant};

use interleave_runtime::multiprocessing::{
    Array, Condition, Connection, Event, ExitCode, Lock, Options, Pool, Process, ProcessError, Queue, RawValue,
    Semaphore, SimpleQueue, Started, Value, both_ways, wait,
};
use interleave_runtime::rt::schedule::{Plan, Switch, WhenStuck};
use interleave_runtime::rt::sleep;
use interleave_runtime::span::Title;
use interleave_runtime::sync::{SyncError, thread};
use replayed::{Run, run_processes};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Result<T> = std::result::Result<T, ProcessError>;

fn run<T: Send>(plan: Plan, program: impl FnOnce() -> T + Send) -> Run<T> {
    run_processes(plan, WhenStuck::Cancel, program)
}

fn by_the_rule() -> Plan {
    Plan::Switches(Vec::new())
}

fn named(name: &'static str) -> Title {
    Title::new(name)
}

fn start<A: Serialize + DeserializeOwned>(
    name: &'static str,
    function: fn(A) -> Result<()>,
    arguments: A,
) -> Result<Started> {
    Process::new(named(name), function, arguments).start()
}

fn square(n: u32) -> u32 {
    n * n
}

#[derive(Serialize, serde::Deserialize, Clone)]
struct Shared {
    total: Value<u32>,
    seen: Array<u32>,
    queue: Queue<u32>,
    permits: Semaphore,
    go: Event,
    changed: Condition,
    racy: RawValue<u32>,
}

fn work((shared, place): (Shared, u32)) -> Result<()> {
    shared.go.wait()?;
    for turn in 0..3 {
        shared.permits.acquire()?;
        shared.total.update(|n| n + 1)?;
        shared.racy.set(shared.racy.get()? + 1)?;
        shared.seen.set(place, turn)?;
        shared.permits.release()?;
        shared.queue.put(&(10 * place + turn))?;
        sleep(Duration::from_micros(5 * u64::from(place)), Title::NONE).map_err(SyncError::from)?;
    }
    let _held = shared.changed.guard()?;
    shared.changed.notify_all()
}

fn echo(end: Connection) -> Result<()> {
    let helper = thread::spawn("helper", || thread::sleep(Duration::from_millis(1)));
    while let Ok(value) = end.receive::<u32>() {
        end.send(&(value + 1))?;
    }
    Ok(helper.join()?)
}

fn endless(value: Value<u32>) -> Result<()> {
    loop {
        value.update(|n| n + 1)?;
    }
}

/// Everything that processes have. What it gives depends on the order of what happens.
fn everything() -> Result<(u32, u32)> {
    let shared = Shared {
        total: Value::new(named("total"), 0)?,
        seen: Array::new(named("seen"), &[0; 2])?,
        queue: Queue::new(named("queue"), 2)?,
        permits: Semaphore::new(named("permits"), 2)?,
        go: Event::new(named("go"))?,
        changed: Condition::new(named("changed"))?,
        racy: RawValue::new(named("racy"), 0)?,
    };
    let workers = [0, 1].map(|place| start("worker", work, (shared.clone(), place)));
    let (here, there) = both_ways(named("pipe"))?;
    let other = start("echo", echo, there)?;
    let victim = start("victim", endless, Value::new(named("own"), 0)?)?;
    shared.go.set()?;
    let mut sum = 0;
    for turn in 0..6 {
        sum = 2 * sum + shared.queue.get()?;
        here.send(&turn)?;
        assert_eq!(here.receive::<u32>()?, turn + 1);
    }
    victim.kill()?;
    assert_eq!(victim.join()?, ExitCode::KILLED);
    {
        let _held = shared.changed.guard()?;
        shared.changed.wait_within(Duration::from_secs(3))?;
    }
    for worker in workers {
        assert_eq!(worker?.join()?, ExitCode::WELL);
    }
    drop(here);
    wait(&[&other], None)?;
    assert_eq!(other.join()?, ExitCode::WELL);
    let pool = Pool::new(2, Options::default().max_tasks_per_child(2))?;
    sum += pool.map(square, (0..5).collect())?.iter().sum::<u32>();
    pool.close()?;
    pool.join()?;
    Ok((sum, shared.racy.get()?))
}

#[test]
fn a_hundred_replays_of_a_seed_are_the_same_event_for_event() {
    let first = run(Plan::Seed(7), everything);
    assert!(first.result.is_ok() && first.lines.len() > 200, "{:?} {:#?}", first.result, first.lines);
    for _ in 1..100 {
        let again = run(Plan::Seed(7), everything);
        let differs = first.lines.iter().zip(&again.lines).find(|(one, other)| one != other);
        assert_eq!(differs, None);
        assert_eq!(
            (again.lines.len(), &again.outcome, &again.result),
            (first.lines.len(), &first.outcome, &first.result)
        );
    }
}

#[test]
fn every_event_has_a_time_of_its_own_and_another_seed_is_another_run() {
    let runs: Vec<_> = (0..6).map(|seed| run(Plan::Seed(seed), everything)).collect();
    for run in &runs {
        assert!(run.result.is_ok(), "{:?}", run.result);
        let times: Vec<_> = run.lines.iter().filter_map(|line| Some(line.split_once(' ')?.0)).collect();
        assert!(times.windows(2).all(|pair| pair[0] != pair[1]));
    }
    assert!(runs.windows(2).all(|pair| pair[0].lines != pair[1].lines));
}

#[test]
fn the_switches_of_a_seed_give_the_same_run() {
    for seed in 0..5 {
        let first = run(Plan::Seed(seed), everything);
        assert!(!first.outcome.switches.is_empty());
        assert!(run(Plan::Switches(first.outcome.switches.clone()), everything) == first, "{seed}");
    }
}

#[test]
fn a_schedule_of_threads_goes_on_as_it_is_when_the_first_process_is_started() {
    let program = || {
        let lock = std::sync::Arc::new(interleave_runtime::sync::Mutex::new("own", 0_u32));
        let threads: Vec<_> = (0..3)
            .map(|number| {
                let lock = lock.clone();
                thread::spawn("thread", move || {
                    for turn in 0..3 {
                        *lock.lock()? += turn;
                        thread::sleep(Duration::from_micros(10 * number + 5))?;
                    }
                    Ok::<(), SyncError>(())
                })
            })
            .collect();
        *lock.lock()? += 1;
        let result = everything();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(ProcessError::from))?;
        result
    };
    for seed in 0..10 {
        let first = run(Plan::Seed(seed), program);
        assert!(first.result.is_ok(), "{:?}", first.result);
        let later = replayed::run_later_processes(Plan::Seed(seed), WhenStuck::Cancel, program);
        assert!(first == later, "{seed}");
    }
}

fn adds((number, times): (RawValue<u32>, u32)) -> Result<()> {
    (0..times).try_for_each(|_| number.set(number.get()? + 1))
}

/// Two processes add to a number without a lock; what is lost.
fn race() -> Result<u32> {
    let number = RawValue::new(named("number"), 0)?;
    let both = [start("adder", adds, (number, 5))?, start("adder", adds, (number, 5))?];
    both.iter().try_for_each(|adder| adder.join().map(|_| ()))?;
    Ok(10 - number.get()?)
}

#[test]
fn a_lost_update_between_processes_is_found_and_replayed() {
    assert_eq!(run(by_the_rule(), race).result, Ok(0));
    let runs = (0..100).map(|seed| run(Plan::Seed(seed), race));
    let found = runs.into_iter().find(|run| run.result != Ok(0)).expect("one of a hundred seeds");
    assert!(found.result.as_ref().is_ok_and(|lost| *lost > 0));
    assert!(run(Plan::Switches(found.outcome.switches.clone()), race) == found);
}

#[test]
fn a_switch_to_a_lane_that_cannot_go_on_is_passed_over() {
    let switches = vec![Switch { step: 0, lane: 1000 }, Switch { step: 1, lane: 0 }];
    assert_eq!(run(Plan::Switches(switches), race).result, Ok(0));
}

fn takes((first, second): (Lock, Lock)) -> Result<()> {
    let _first = first.guard()?;
    let _second = second.guard()?;
    Ok(())
}

/// Two processes take two locks in opposite order.
fn two_locks() -> Result<[ExitCode; 2]> {
    let (left, right) = (Lock::new(named("left"))?, Lock::new(named("right"))?);
    let there = start("there", takes, (left, right))?;
    let back = start("back", takes, (right, left))?;
    Ok([there.join()?, back.join()?])
}

#[test]
fn a_deadlock_of_two_processes_is_found_told_and_replayed_with_all_that_follows() {
    let well = run(by_the_rule(), two_locks);
    assert_eq!((well.result, well.outcome.stuck), (Ok([ExitCode::WELL; 2]), false));
    let found = (0..1000).map(|seed| run(Plan::Seed(seed), two_locks)).find(|run| run.outcome.stuck);
    let found = found.expect("one of a thousand seeds");
    assert_eq!(found.result, Err(SyncError::Cancelled.into()));
    for _ in 0..10 {
        assert!(run(Plan::Switches(found.outcome.switches.clone()), two_locks) == found);
    }
}

fn waits((one, other): (Event, Event)) -> Result<()> {
    one.set()?;
    other.wait()
}

#[test]
fn who_waits_for_what_nobody_will_bring_is_stuck() {
    let stuck = run(Plan::Seed(1), || {
        let (here, never) = (Event::new(named("here"))?, Event::new(named("never"))?);
        let waiter = start("waiter", waits, (here, never))?;
        here.wait()?;
        waiter.join()
    });
    assert!(stuck.outcome.stuck);
    assert_eq!(stuck.result, Err(SyncError::Cancelled.into()));
}

fn sleeps((order, hours): (SimpleQueue<u64>, u64)) -> Result<()> {
    let hour = Duration::from_secs(3600);
    match hours {
        2 => assert!(!Event::new(named("never"))?.wait_within(hour * 2)?),
        _ => sleep(hour * hours as u32, Title::NONE).map_err(SyncError::from)?,
    }
    order.put(&hours)
}

#[test]
fn waiting_for_a_time_costs_none_and_happens_in_order() {
    let began = Instant::now();
    let slept = run(Plan::Seed(5), || {
        let order = SimpleQueue::new(named("order"))?;
        let all = [3, 1, 4, 2].map(|hours| start("sleeper", sleeps, (order.clone(), hours)));
        for sleeper in all {
            sleeper?.join()?;
        }
        (0..4).map(|_| order.get()).collect::<Result<Vec<_>>>()
    });
    assert_eq!(slept.result, Ok(vec![1, 2, 3, 4]));
    assert!(began.elapsed() < Duration::from_secs(60));
}

fn panics(value: Value<u32>) -> Result<()> {
    let _held = value.guard()?;
    panic!("on purpose")
}

#[test]
fn a_process_that_panics_or_is_ended_passes_the_turn_on() {
    for seed in 0..20 {
        let ended: Run<Result<_>> = run(Plan::Seed(seed), || {
            let (own, its) = (Value::new(named("own"), 0)?, Value::new(named("its"), 0)?);
            let (unlucky, victim) = (start("unlucky", panics, own)?, start("victim", endless, its)?);
            while its.raw().get()? < 3 {}
            victim.terminate()?;
            Ok([unlucky.join()?, victim.join()?])
        });
        assert_eq!(ended.result, Ok([ExitCode::PANICKED, ExitCode::TERMINATED]), "{seed}");
        assert!(!ended.outcome.stuck, "{seed}");
    }
}

#[test]
fn what_is_left_of_a_seeded_run_goes_to_its_end_before_it_is_over() {
    let left = run(Plan::Seed(2), || start("late", waits_a_while, ()).map(|_| ()));
    assert_eq!(left.result, Ok(()));
    assert!(left.lines.iter().filter(|line| line.ends_with("Ended(Completed)")).count() == 2, "{:#?}", left.lines);
}

fn waits_a_while((): ()) -> Result<()> {
    sleep(Duration::from_secs(1), Title::NONE).map_err(SyncError::from)?;
    Ok(())
}

/// Threads that take turns before any process takes part: one that waits in the segment gives its turn away, and its
/// timeouts end.
#[test]
fn a_thread_that_waits_in_the_segment_before_the_first_process_holds_up_no_turn() {
    fn answer((end, go): (Connection, Event)) -> Result<()> {
        go.wait()?;
        end.send(&7_u32)
    }
    let program = || {
        interleave_runtime::segment::Segment::new().install();
        let (here, there) = both_ways(named("pipe"))?;
        let go = Event::new(named("go"))?;
        assert!(!go.wait_within(Duration::from_millis(5))?);
        let other = start("other", answer, (there, go))?;
        let waiter = thread::spawn("waiter", move || Ok(here.receive::<u32>()));
        thread::sleep(Duration::from_millis(1))?;
        go.set()?;
        let received = waiter.join()??;
        assert_eq!(other.join()?, ExitCode::WELL);
        Ok::<u32, ProcessError>(received)
    };
    for seed in 1..20 {
        let run = replayed::run(Plan::Seed(seed), WhenStuck::Stay, program);
        assert_eq!((run.result, run.outcome.stuck), (Ok(7), false), "seed {seed}");
    }
}
