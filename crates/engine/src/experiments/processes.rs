//! Processes are started, compute a power each, and are waited for. What they find out they have to send.

use super::{Answer, Outcome, RunSpec, counted, grouped, say};
use interleave_runtime::multiprocessing::messages::{Child, Hub, Queue};
use interleave_runtime::multiprocessing::{ExitCode, Process, ProcessError, SimpleQueue};
use interleave_runtime::span::Title;

/// Runs in a memory of its own: it knows nothing but what it was sent.
fn power((base, exponent, results): (u64, u32, SimpleQueue<u64>)) -> Result<(), ProcessError> {
    let result = base.pow(exponent);
    say(format!("{base} to the power of {exponent} is {}", grouped(result)));
    results.put(&result)
}

pub fn run(spec: &RunSpec) -> Outcome {
    let base = u64::from(spec.size);
    let results = SimpleQueue::new(Title::new("results"))?;

    let mut started = Vec::new();
    for exponent in 2..2 + spec.tasks {
        let title = Title::numbered("power", exponent);
        started.push(Process::new(title, power, (base, exponent, results.clone())).start()?);
    }

    let mut sum = 0;
    for _ in &started {
        sum += results.get()?;
    }
    let mut well = 0;
    for process in &started {
        well += u32::from(process.join()? == ExitCode::WELL);
    }
    Ok(told(spec, sum, well))
}

fn told(spec: &RunSpec, sum: u64, well: u32) -> Answer {
    let base = u64::from(spec.size);
    let expected: u64 = (2..2 + spec.tasks).map(|exponent| base.pow(exponent)).sum();
    let right = sum == expected && well == spec.tasks;
    Answer::new(right, format!("{} ended well, powers that sum to {}", counted(well, "process"), grouped(sum)))
}

/// Where processes share no memory they are sent all they know, and what they find out is awaited.
async fn power_by_messages(child: Child) -> Result<(), ProcessError> {
    let (base, exponent, results): (u64, u32, Queue<u64>) = child.argument()?;
    let result = base.pow(exponent);
    say(format!("{base} to the power of {exponent} is {}", grouped(result)));
    child.put(&results, &result)
}

pub async fn run_by_messages(spec: RunSpec) -> Outcome {
    let mut hub = Hub::default();
    let results: Queue<u64> = hub.queue();
    let mut started = Vec::new();
    for exponent in 2..2 + spec.tasks {
        let argument = (u64::from(spec.size), exponent, results.clone());
        let title = Title::numbered("power", exponent);
        started.push(hub.start(title, |child| Box::pin(power_by_messages(child)), &argument)?);
    }

    let (mut sum, mut well) = (0_u64, 0);
    for _ in &started {
        sum += hub.get(&results).await?;
    }
    for process in started {
        well += u32::from(hub.join(process).await? == ExitCode::WELL);
    }
    Ok(told(&spec, sum, well))
}
