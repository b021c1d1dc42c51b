//! What holds for every workload: the same answer however it is cut and whether or not it travels, and no
//! answer from parts that are wrong.

use interleave_protocol::{Failure, RunSpec, Workload as Name, downloads};
use interleave_runtime::processes::Payload;

use super::{Visit, dispatch as dispatch_any};
use crate::workload::{Answer, Message, Step, Workload};

fn dispatch<V: Visit>(workload: Name, visitor: V) -> V::Output {
    dispatch_any(workload, visitor).expect("no program")
}

/// The workloads that end, each at a size that an unoptimized build computes in no time.
const SMALL: [(Name, u32); 9] = [
    (Name::Primes, 3_000),
    (Name::Mandelbrot, 25),
    (Name::Matmul, 37),
    (Name::Pi, 60),
    (Name::Blur, 50),
    (Name::Words, 40),
    (Name::Timers, 5),
    (Name::Downloads, 20),
    (Name::Requests, 2),
];

fn spec(workload: Name, size: u32, tasks: u32) -> RunSpec {
    RunSpec { size, tasks, ..RunSpec::new(workload, 2) }
}

/// Does the steps of a task at once, without waiting.
fn run_task<W: Workload>(workload: &W, task: u32) -> W::Part {
    let mut part = W::Part::default();
    for step in workload.steps(task) {
        match step {
            Step::Compute { piece } => workload.compute(task, piece, &mut part),
            Step::Download { file } => {
                workload.downloaded(task, file, &downloads::file(file), &mut part).expect("the right file");
            }
            Step::Arrive { .. } | Step::Sleep { .. } => {}
        }
    }
    part
}

fn parts_here<W: Workload>(workload: &W, tasks: u32) -> Vec<W::Part> {
    (0..tasks).map(|task| run_task(workload, task)).collect()
}

/// Everything in memory.
struct Here(RunSpec);

impl Visit for Here {
    type Output = Answer;

    fn visit<W: Workload>(self) -> Answer {
        let workload = W::prepare(&self.0).expect("small");
        workload.reduce(&parts_here(&workload, self.0.tasks)).expect("right")
    }
}

/// As it arrives.
fn sent(bytes: &[u8]) -> Payload {
    bytes.to_vec().into()
}

/// Two processes, which get their tasks in turn and share nothing but bytes with the host.
struct Apart(RunSpec);

impl Visit for Apart {
    type Output = Answer;

    fn visit<W: Workload>(self) -> Answer {
        let host = W::prepare(&self.0).expect("small");
        let mut processes = [(); 2].map(|()| {
            let mut process = W::prepare_process(&self.0).expect("small");
            process.accept_setup(sent(&host.setup()));
            process
        });
        let mut parts: Vec<W::Part> = Vec::new();
        for task in (0..self.0.tasks).rev() {
            let process = &mut processes[task as usize % 2];
            process.accept_input(task, sent(&host.input(task)));
            parts.push(W::Part::from_payload(sent(&run_task(process, task).to_bytes())).expect("made by to_bytes"));
        }
        parts.reverse();
        host.reduce(&parts).expect("right")
    }
}

/// Leaves a part away, doubles it, and puts it in another's place.
struct Spoilt(RunSpec);

impl Visit for Spoilt {
    type Output = ();

    fn visit<W: Workload>(self) {
        let workload = W::prepare(&self.0).expect("small");
        let is_noticed = |what: &str, spoil: fn(&W, &mut Vec<W::Part>)| {
            let mut parts = parts_here(&workload, self.0.tasks);
            assert!(workload.reduce(&parts).is_ok());
            spoil(&workload, &mut parts);
            let end = workload.reduce(&parts);
            assert!(matches!(end, Err(Failure::WrongResult { .. })), "{:?}, {what}: {end:?}", self.0.workload);
        };
        is_noticed("a part is empty", |_, parts| parts[1] = W::Part::default());
        is_noticed("a part is missing", |_, parts| drop(parts.pop()));
        is_noticed("a part is there twice", |workload, parts| parts.push(run_task(workload, 0)));
        is_noticed("there is nothing", |_, parts| parts.clear());
    }
}

/// Writes the picture piece by piece, if there is one.
struct Shown(RunSpec);

impl Visit for Shown {
    type Output = Option<Vec<u32>>;

    fn visit<W: Workload>(self) -> Option<Vec<u32>> {
        let workload = W::prepare(&self.0).expect("small");
        let mut rows = 0;
        for task in 0..self.0.tasks {
            let mut part = W::Part::default();
            for step in workload.steps(task) {
                let Step::Compute { piece } = step else { continue };
                workload.compute(task, piece, &mut part);
                if let Some((first, count)) = workload.show(task, piece, &part) {
                    assert_eq!(first, rows, "pieces follow each other");
                    rows += count;
                }
            }
        }
        let picture = workload.picture()?;
        assert_eq!((picture.edge(), rows), (self.0.size, self.0.size));
        Some(picture.read_rows(0, rows))
    }
}

#[test]
fn the_answer_does_not_depend_on_the_number_of_tasks() {
    // There, each task is an item of its own.
    let by_task = [Name::Timers, Name::Requests];
    for (workload, size) in SMALL.into_iter().filter(|(workload, _)| !by_task.contains(workload)) {
        let answer = dispatch(workload, Here(spec(workload, size, 1)));
        for tasks in [3, 16, 97] {
            assert_eq!(dispatch(workload, Here(spec(workload, size, tasks))), answer, "{workload:?}, {tasks} tasks");
        }
    }
}

#[test]
fn the_answer_does_not_depend_on_where_tasks_run() {
    for (workload, size) in SMALL {
        for tasks in [1, 3, 16, 97] {
            let spec = spec(workload, size, tasks);
            assert_eq!(dispatch(workload, Apart(spec)), dispatch(workload, Here(spec)), "{workload:?}, {tasks} tasks");
        }
    }
}

#[test]
fn wrong_parts_give_no_answer() {
    for (workload, size) in SMALL {
        dispatch(workload, Spoilt(spec(workload, size, 3)));
    }
}

#[test]
fn pictures_fill_in_whole() {
    for (workload, size) in SMALL {
        let pictures = [1, 7, 97].map(|tasks| dispatch(workload, Shown(spec(workload, size, tasks))));
        assert_eq!(pictures[0].is_some(), workload.info().picture, "{workload:?}");
        assert!(pictures.iter().all(|picture| *picture == pictures[0]), "{workload:?}");
        let pixels = pictures[0].iter().flatten();
        assert!(pixels.into_iter().all(|pixel| pixel.to_le_bytes()[3] == 255), "{workload:?}");
    }
}

#[test]
fn the_least_sizes_work() {
    for (workload, _) in SMALL {
        let least = workload.info().size.map_or(0, |knob| knob.min);
        dispatch(workload, Here(spec(workload, least, 2)));
    }
}

#[test]
fn known_answers() {
    let summary = |workload, size| dispatch(workload, Here(spec(workload, size, 4))).summary;
    assert_eq!(summary(Name::Primes, 100_000), "9,592 primes below 100,000");
    assert_eq!(summary(Name::Timers, 5), "4 sleeps of 5 ms, 20 ms in all");
    assert_eq!(summary(Name::Downloads, 16), "16 files, 622,592 bytes");
    assert_eq!(summary(Name::Requests, 2), "4 requests of 2,000 steps each");
    assert_eq!(summary(Name::Matmul, 20), "20 by 20 elements, 16,000 operations");
}

#[test]
fn numbers_are_grouped_by_three() {
    let texts = [0_u32, 12, 999, 1000, 1_234_567].map(super::grouped);
    assert_eq!(texts, ["0", "12", "999", "1,000", "1,234,567"]);
}

#[test]
fn digests_are_fnv_1a() {
    // The published vectors.
    assert_eq!(super::digest([&b""[..]]), 0xcbf2_9ce4_8422_2325);
    assert_eq!(super::digest([&b"foo"[..], b"bar"]), 0x8594_4171_f739_67e8);
    assert_eq!(super::digest_words([&[u32::from(b'a')][..]]), super::digest([&b"a"[..]]));
}

#[test]
fn other_bytes_are_no_parts() {
    assert_eq!(Vec::<f32>::from_payload(sent(&[1, 2, 3])), None);
    assert_eq!(u32::from_payload(sent(&[1, 2, 3])), None);
    assert_eq!(Vec::<u16>::from_payload(sent(&[1, 2, 3, 4])), Some(vec![0x0201, 0x0403]));
}
