//! How long it takes to start a thread, a process and a task, and to hear that it is over.

use super::{Answer, Outcome, RunSpec, duration};
use interleave_runtime::multiprocessing::Process;
use interleave_runtime::span::Title;
use interleave_runtime::sync::thread;
use interleave_runtime::tasks::{self, Raised};
use interleave_trace::clock;

/// Nothing to do: what is left is starting and ending.
fn nothing(_: ()) {}

/// The middle one of some durations, in nanoseconds.
fn middle(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

pub async fn run(spec: RunSpec) -> Outcome {
    let some = spec.tasks;

    let mut threads = Vec::new();
    for number in 1..=some {
        let asked = clock::now();
        thread::spawn(("thread", number), || Ok(())).join()?;
        threads.push(clock::now().since(asked));
    }

    let mut processes = Vec::new();
    for number in 1..=some {
        let asked = clock::now();
        Process::new(Title::numbered("process", number), nothing, ()).start()?.join()?;
        processes.push(clock::now().since(asked));
    }

    // A single one would be shorter than what the clock can tell apart.
    let asked = clock::now();
    let nothings = (1..=spec.size).map(|number| tasks::spawn(("task", number), async { Ok::<(), Raised>(()) }));
    tasks::gather(nothings.collect::<Vec<_>>()).await?;
    let task = clock::now().since(asked) / u64::from(spec.size);

    let (thread, process) = (middle(threads), middle(processes));
    let summary = format!("a task {}, a thread {}, a process {}", duration(task), duration(thread), duration(process));
    Ok(Answer::new(task < thread && task < process, summary))
}
