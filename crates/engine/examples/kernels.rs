//! What each CPU-bound workload costs on one native thread, as lines of JSON: what wasm is compared with.
//!
//! `cargo run --release --example kernels [WORKLOAD [SIZE [TASKS]]]`

use std::process::ExitCode;
use std::time::Instant;

use interleave_engine::workload::{Step, Workload};
use interleave_engine::workloads::{Visit, dispatch};
use interleave_protocol::{Failure, Field, Kind, RunSpec, Workload as Name};

/// Runs the tasks one after another. Only what tasks do is on the clock.
struct Measure(RunSpec);

impl Visit for Measure {
    type Output = Result<String, Failure>;

    fn visit<W: Workload>(self) -> Result<String, Failure> {
        let RunSpec { workload: name, size, tasks, .. } = self.0;
        let begin = Instant::now();
        let workload = W::prepare(&self.0)?;
        let prepare_ms = begin.elapsed().as_secs_f64() * 1e3;

        let begin = Instant::now();
        let mut parts = Vec::new();
        for task in 0..tasks {
            let mut part = W::Part::default();
            for step in workload.steps(task) {
                if let Step::Compute { piece } = step {
                    workload.compute(task, piece, &mut part);
                }
            }
            parts.push(part);
        }
        let ms = begin.elapsed().as_secs_f64() * 1e3;

        let begin = Instant::now();
        let answer = workload.reduce(&parts)?;
        let reduce_ms = begin.elapsed().as_secs_f64() * 1e3;
        Ok(format!(
            r#"{{"workload":"{}","size":{size},"tasks":{tasks},"ms":{ms:.2},"prepare_ms":{prepare_ms:.2},"reduce_ms":{reduce_ms:.2},"digest":"{:016x}","summary":"{}"}}"#,
            name.info().id,
            answer.digest,
            answer.summary
        ))
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let cpu = Name::ALL.iter().filter(|workload| workload.info().kind == Kind::Cpu);
    let mut specs: Vec<RunSpec> = cpu.map(|workload| RunSpec::new(*workload, 1)).collect();
    if !arguments.is_empty() {
        specs.truncate(1);
        for (field, value) in [Field::Workload, Field::Size, Field::Tasks].into_iter().zip(&arguments) {
            if let Err(problem) = specs[0].set(field, value) {
                eprintln!("{problem}");
                return ExitCode::FAILURE;
            }
        }
        if specs[0].kind() != Kind::Cpu {
            eprintln!("{} does more than compute; pick a CPU-bound workload.", specs[0].workload.info().title);
            return ExitCode::FAILURE;
        }
    }
    for spec in specs {
        match dispatch(spec.workload, Measure(spec)) {
            Some(Ok(line)) => println!("{line}"),
            Some(Err(failure)) => {
                eprintln!("{failure}. {}", failure.advice());
                return ExitCode::FAILURE;
            }
            None => eprintln!("{} has no kernel.", spec.workload.info().title),
        }
    }
    ExitCode::SUCCESS
}
