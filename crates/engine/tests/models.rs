//! Every workload in every model, natively: the same checked result, and lanes that overlap or do not as the
//! model says.

use std::collections::HashMap;

use interleave_engine::native::run_natively;
use interleave_protocol::{Chunking, Failure, Kind, Model, RunSpec, Start, Workload};
use interleave_trace::ring::Slot;
use interleave_trace::{Entry, Event, LaneId, LaneKind, Mark, Outcome, State, What, decode};

/// A small run: enough for every worker to get work.
fn small(workload: Workload) -> RunSpec {
    let size = match workload {
        Workload::Primes => 60_000,
        Workload::Mandelbrot | Workload::Blur => 96,
        Workload::Matmul => 64,
        Workload::Pi => 400,
        Workload::Words => 30,
        Workload::Timers => 20,
        Workload::Downloads => 6,
        Workload::Requests => 20,
        _ => 10,
    };
    let mut spec = RunSpec { size, tasks: 8, workers: 2, ..RunSpec::new(workload, 2) };
    if spec.latency_ms > 0 {
        spec.latency_ms = 10;
    }
    spec
}

fn events(slots: &[Slot]) -> Vec<Event> {
    let mut events = Vec::new();
    let unknown = decode(slots, |entry| match entry {
        Entry::Event(event) => events.push(event),
        Entry::Lost(count) => panic!("{count} events were lost"),
        Entry::Name(..) => {}
    });
    assert_eq!(unknown, 0);
    events
}

/// The spans of each lane in `state`, as start and end in ns.
fn spans(events: &[Event], state: State) -> HashMap<LaneId, Vec<(u64, u64)>> {
    let mut open: HashMap<LaneId, (State, u64)> = HashMap::new();
    let mut spans: HashMap<LaneId, Vec<(u64, u64)>> = HashMap::new();
    for event in events {
        let next = match event.what {
            What::Entered { state, .. } => Some((state, event.time.0)),
            What::Ended(_) => None,
            _ => continue,
        };
        let before = match next {
            Some(next) => open.insert(event.lane, next),
            None => open.remove(&event.lane),
        };
        if let Some((before, start)) = before
            && before == state
        {
            spans.entry(event.lane).or_default().push((start, event.time.0));
        }
    }
    spans
}

fn overlap(a: &[(u64, u64)], b: &[(u64, u64)]) -> u64 {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    pairs.map(|(a, b)| a.1.min(b.1).saturating_sub(a.0.max(b.0))).sum()
}

/// How long, in ns, any two lanes of the workers' kind ran at the same time.
fn overlap_of_workers(slots: &[Slot], kind: LaneKind) -> u64 {
    let events = events(slots);
    let workers: Vec<LaneId> = events
        .iter()
        .filter(|event| matches!(event.what, What::Spawned { kind: it, parent, .. } if it == kind && parent != LaneId::NONE))
        .map(|event| event.lane)
        .collect();
    let running = spans(&events, State::Running);
    let of = |lane: &LaneId| running.get(lane).map_or(&[][..], Vec::as_slice);
    let pairs = workers.iter().enumerate().flat_map(|(n, a)| workers[n + 1..].iter().map(move |b| (a, b)));
    pairs.map(|(a, b)| overlap(of(a), of(b))).sum()
}

#[test]
fn every_workload_gives_the_same_checked_result_in_every_model() {
    for &workload in
        Workload::ALL.iter().filter(|workload| workload.info().only.is_none() && workload.info().kind != Kind::Accident)
    {
        let mut answers = Vec::new();
        for &model in Model::ALL {
            for &chunking in Chunking::ALL {
                for &start in Start::ALL {
                    let spec = RunSpec { model, chunking, start, ..small(workload) };
                    let (answer, slots) = run_natively(spec);
                    let answer = answer.unwrap_or_else(|failure| panic!("{spec:?}: {failure}"));
                    let checked = events(&slots).into_iter().find_map(|event| match event.what {
                        What::Checked { passed, digest, .. } => Some((passed, digest)),
                        _ => None,
                    });
                    assert_eq!(checked, Some((true, answer.digest)), "{spec:?}");
                    answers.push(answer);
                }
            }
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{workload:?}: {answers:?}");
    }
}

#[test]
fn one_lane_at_a_time_in_tasks_and_several_in_threads_and_processes() {
    let spec = |model| RunSpec { model, size: 400_000, workers: 2, ..small(Workload::Primes) };
    let (_, slots) = run_natively(spec(Model::Tasks));
    assert_eq!(overlap_of_workers(&slots, LaneKind::Task), 0, "one thread polls all tasks");
    // A busy machine may let one worker do it all before another gets a processor; not time after time.
    for (model, kind) in [(Model::Threads, LaneKind::Thread), (Model::Processes, LaneKind::Process)] {
        let overlaps = |_| overlap_of_workers(&run_natively(spec(model)).1, kind) > 0;
        assert!((0..20).any(overlaps), "{model:?}");
    }
}

#[test]
fn a_run_has_one_beginning_and_one_end_and_every_lane_ends() {
    for &model in Model::ALL {
        for workload in [Workload::Words, Workload::Requests] {
            let (_, slots) = run_natively(RunSpec { model, ..small(workload) });
            let events = events(&slots);
            let count = |what: What| events.iter().filter(|event| event.what == what).count();
            assert_eq!(count(What::Marked(Mark::RunStarted)), 1, "{model:?}");
            assert_eq!(count(What::Marked(Mark::RunFinished)), 1, "{model:?}");
            let spawned = events.iter().filter(|event| matches!(event.what, What::Spawned { .. })).count();
            assert_eq!(count(What::Started), spawned, "{model:?} {workload:?}");
            assert_eq!(count(What::Ended(Outcome::Completed)), spawned, "{model:?} {workload:?}");
        }
    }
}

#[test]
fn waiting_overlaps_in_tasks_and_adds_up_in_sequence() {
    let spec = |model| RunSpec { model, size: 30, tasks: 6, workers: 6, ..small(Workload::Timers) };
    let wall_ms = |model| {
        let (_, slots) = run_natively(spec(model));
        let at =
            |mark| events(&slots).iter().find(|event| event.what == What::Marked(mark)).map(|event| event.time.as_ms());
        at(Mark::RunFinished).zip(at(Mark::RunStarted)).map_or(0.0, |(end, start)| end - start)
    };
    assert!(wall_ms(Model::Sequential) >= 180.0);
    assert!((30.0..150.0).contains(&wall_ms(Model::Tasks)));
    assert!((30.0..150.0).contains(&wall_ms(Model::Threads)));
}

#[test]
fn a_panic_fails_the_run_in_every_model_that_shares_the_host() {
    for model in [Model::Sequential, Model::Threads, Model::Tasks] {
        let (answer, _) = run_natively(RunSpec { model, ..small(Workload::Panic) });
        assert!(matches!(answer, Err(Failure::Panicked { .. })), "{model:?}: {answer:?}");
    }
}
