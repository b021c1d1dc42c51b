//! Seeded schedules of tasks: the seed decides which ready task is polled next, time costs nothing, and a loop that can
//! never go on is told.

mod replayed;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use interleave_runtime::downloads::{download, download_async};
use interleave_runtime::rt::schedule::{Plan, WhenStuck};
use interleave_runtime::rt::{allow_waits, cancel_waits};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{self, SyncError, thread};
use interleave_runtime::sys::set_files;
use interleave_runtime::tasks::{
    self, Event, Lock, Queue, Raised, drive, gather, gather_settled, sleep, spawn, task_group, to_thread, wait_for,
    yield_now,
};
use replayed::Run;

type Result<T> = std::result::Result<T, Raised>;

/// A program of tasks under a plan. One that never ends gives nothing.
fn run<T: Send, F: Future<Output = T>>(plan: Plan, program: impl FnOnce() -> F + Send) -> Run<Option<T>> {
    replayed::run(plan, WhenStuck::Cancel, || drive(program()))
}

fn freely() -> Plan {
    Plan::Switches(Vec::new())
}

/// The order in which six tasks take three turns each, with a long sleep in between.
async fn order() -> String {
    let log = Rc::new(RefCell::new(String::new()));
    let tasks = (0..6u32).map(|n| {
        let log = log.clone();
        spawn(("task", n), async move {
            for _ in 0..3 {
                log.borrow_mut().push_str(&n.to_string());
                yield_now().await?;
            }
            sleep(Duration::from_secs(3600)).await
        })
    });
    gather(tasks.collect::<Vec<_>>()).await.expect("all end");
    log.take()
}

/// What tasks have, and a thread beside them: gives an order that the schedule decides.
async fn everything() -> Result<Vec<u32>> {
    let (queue, lock, start) =
        (Rc::new(Queue::new("queue", 2)), Rc::new(Lock::new("lock")), Rc::new(Event::new("start")));
    let shared = Arc::new(sync::Mutex::new("shared", Vec::new()));
    let workers: Vec<_> = (0..3u32)
        .map(|n| {
            let (queue, lock, start, shared) = (queue.clone(), lock.clone(), start.clone(), shared.clone());
            spawn(("worker", n), async move {
                start.wait().await?;
                for turn in 0..3 {
                    let _held = lock.lock().await?;
                    queue.put(10 * n + turn).await?;
                    sleep(Duration::from_micros(u64::from(7 * n))).await?;
                }
                let own = shared.clone();
                to_thread(("helper", n), move || own.lock().map(|mut shared| shared.push(100 + n))).await??;
                Ok(())
            })
        })
        .collect();
    let reader = queue.clone();
    let consumer = spawn("consumer", async move {
        let mut got = Vec::new();
        for _ in 0..9 {
            got.push(reader.get().await?);
        }
        Ok(got)
    });
    let late = spawn("late", async { sleep(Duration::from_secs(60)).await });
    let out_of_time = wait_for(Duration::from_millis(1), async move { late.join().await }).await;
    assert!(matches!(out_of_time, Err(Raised::TimedOut)));
    start.set();
    gather(workers).await?;
    let mut got = consumer.join().await?;
    got.extend(shared.lock()?.iter());
    Ok(got)
}

#[test]
fn a_seed_decides_the_order_of_tasks_and_its_decisions_give_it_again() {
    let began = Instant::now();
    let order = |plan| {
        let run = run(plan, order);
        (run.result.expect("it ends"), run.outcome)
    };
    assert_eq!(order(freely()).0, "012345".repeat(3));
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

#[test]
fn a_hundred_replays_of_a_seed_are_the_same_event_for_event() {
    let seeded = || {
        let run = run(Plan::Seed(11), || async {
            tasks::run("program", everything()).await.map_err(|raised| raised.to_string())
        });
        (run.lines, run.outcome, run.result)
    };
    let first = seeded();
    assert!(first.0.len() > 150 && first.2.as_ref().is_some_and(std::result::Result::is_ok), "{first:#?}");
    for _ in 1..100 {
        let again = seeded();
        assert_eq!(first.0.iter().zip(&again.0).find(|(one, other)| one != other), None);
        assert_eq!((first.0.len(), &first.1, &first.2), (again.0.len(), &again.1, &again.2));
    }
}

#[test]
fn another_seed_is_another_run_and_its_switches_give_the_same() {
    let seeded =
        |plan| run(plan, || async { tasks::run("program", everything()).await.map_err(|raised| raised.to_string()) });
    let runs: Vec<_> = (0..6).map(|seed| seeded(Plan::Seed(seed))).collect();
    assert!(runs.windows(2).all(|pair| pair[0].lines != pair[1].lines));
    for run in runs {
        assert!(run.result.as_ref().is_some_and(std::result::Result::is_ok), "{:?}", run.result);
        let again = seeded(Plan::Switches(run.outcome.switches.clone()));
        assert!(again == run, "{:?}", run.outcome.switches);
    }
}

#[test]
fn tasks_that_nobody_can_wake_are_stuck_and_unwind() {
    let stuck = run(freely(), || async {
        let (one, other) = (Rc::new(Lock::new("one")), Rc::new(Lock::new("other")));
        let takes = |first: &Rc<Lock>, second: &Rc<Lock>| {
            let (first, second) = (first.clone(), second.clone());
            spawn("taker", async move {
                let _first = first.lock().await?;
                yield_now().await?;
                let _second = second.lock().await?;
                Ok(())
            })
        };
        let both = [takes(&one, &other), takes(&other, &one)];
        let ends = gather_settled(both).await;
        ends.is_err_and(|raised| raised.is(SyncError::Cancelled))
    });
    assert!(stuck.outcome.stuck);
    assert_eq!(stuck.result, Some(true));
    assert!(stuck.lines.iter().filter(|line| line.ends_with("Ended(Cancelled)")).count() >= 2, "{:#?}", stuck.lines);
}

#[test]
fn what_waits_in_vain_and_does_not_know_it_is_given_up() {
    let stuck = run(freely(), || async {
        spawn("deaf", std::future::pending::<Result<()>>());
        std::future::pending::<()>().await;
    });
    assert!(stuck.outcome.stuck && stuck.result.is_none());
    assert!(stuck.lines.iter().any(|line| line.ends_with("Ended(Stopped)")), "{:#?}", stuck.lines);
}

#[test]
fn a_task_and_a_thread_that_wait_for_each_other_are_stuck() {
    let stuck = run(Plan::Seed(3), || async {
        let (never, waits) = (Arc::new(sync::Event::new("never")), Rc::new(Event::new("after")));
        let end = never.clone();
        let thread = to_thread("thread", move || end.wait()).await;
        waits.set();
        never.set();
        matches!(thread, Err(Raised::Refused(SyncError::Cancelled)) | Ok(Err(SyncError::Cancelled)))
    });
    assert!(stuck.outcome.stuck, "{:#?}", stuck.lines);
    assert_eq!(stuck.result, Some(true));
}

#[test]
fn tasks_go_on_while_a_thread_is_waited_for() {
    for seed in 0..20 {
        let run = run(Plan::Seed(seed), || async {
            let let_go = Arc::new(sync::Event::new("let go"));
            let waits = let_go.clone();
            let waiter = spawn("waiter", async move { to_thread("thread", move || waits.wait()).await });
            let setter = spawn("setter", async move {
                sleep(Duration::from_secs(5)).await?;
                let_go.set();
                Ok(())
            });
            let waited = waiter.join().await;
            setter.join().await.is_ok() && waited.is_ok_and(|waited| waited.is_ok())
        });
        assert!(run.result == Some(true) && !run.outcome.stuck, "{seed}: {:#?}", run.lines);
    }
}

#[test]
fn threads_and_tasks_take_turns_as_the_seed_says() {
    let race = |seed| {
        let run = run(Plan::Seed(seed), || async {
            let counter = Arc::new(sync::Racy::new(0));
            let adds = |counter: &Arc<sync::Racy<u32>>| {
                let counter = counter.clone();
                move || (0..3).try_for_each(|_| counter.update(|n| n + 1))
            };
            let thread = thread::spawn("thread", adds(&counter));
            let helper = spawn("helper", to_thread("helper", adds(&counter)));
            helper.join().await.expect("it ends").expect("nobody ends the run");
            thread.join().and_then(|()| counter.get())
        });
        run.result
    };
    let sums: Vec<_> = (0..40).map(race).collect();
    assert!(sums.contains(&Some(Ok(6))) && sums.iter().any(|sum| *sum != Some(Ok(6))), "{sums:?}");
}

#[test]
fn a_download_takes_its_latency_on_the_runs_own_clock() {
    set_files(|path| Some(path.as_bytes().to_vec()));
    let began = Instant::now();
    let at = |line: &String| line.split_once(' ').and_then(|(ns, _)| ns.parse::<u64>().ok());
    let loaded = run(Plan::Seed(1), || async {
        let file = |name: &'static str, ms| {
            spawn(name, async move {
                let file = download_async(name, Title::new(name), ms).await.map_err(Raised::Fault)?;
                Ok(file.body)
            })
        };
        let files = gather([file("slow", 3_600_000), file("fast", 1_000)]).await.expect("both come");
        let blocking = download("blocking", Title::new("blocking"), 2_000).expect("it comes");
        (files, blocking.body)
    });
    assert_eq!(loaded.result, Some((vec![b"slow".to_vec(), b"fast".to_vec()], b"blocking".to_vec())));
    let last = loaded.lines.last().and_then(at).unwrap_or(0);
    assert!((3_602_000_000_000..3_603_000_000_000).contains(&last), "{last}");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn ending_all_waits_ends_those_of_tasks() {
    let ended = replayed::run(freely(), WhenStuck::Cancel, || {
        let outside = thread::spawn("outside", || {
            thread::sleep(Duration::from_secs(1))?;
            cancel_waits();
            Ok(())
        });
        let ends = drive(async {
            let event = Rc::new(Event::new("never"));
            let waits = event.clone();
            let waiter = spawn("waiter", async move { waits.wait().await });
            let sleeper = spawn("sleeper", sleep(Duration::from_secs(3600)));
            let group = task_group(async |group| {
                group.spawn("member", async move { event.wait().await }).map(drop).map_err(Raised::from)
            });
            (waiter.join().await.is_err(), sleeper.join().await.is_err(), group.await.is_err())
        });
        allow_waits();
        (ends, outside.join())
    });
    assert_eq!(ended.result.0, Some((true, true, true)));
    assert!(!ended.outcome.stuck);
}
