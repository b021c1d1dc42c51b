//! What a thread, a process and a task weigh: how much memory there is before and after some of each were started.

use std::rc::Rc;
use std::sync::Arc;

use super::{Answer, Outcome, RunSpec, bytes, counted, say};
use interleave_runtime::instance::memory_bytes;
use interleave_runtime::multiprocessing::{Process, ProcessError, SimpleQueue};
use interleave_runtime::span::Title;
use interleave_runtime::sync::{self, thread};
use interleave_runtime::tasks;

/// A process has a memory of its own, all of which is its weight.
fn weigh_yourself(weights: SimpleQueue<u64>) -> Result<(), ProcessError> {
    weights.put(&memory_bytes().unwrap_or(0))
}

pub async fn run(spec: RunSpec) -> Outcome {
    let (many, some) = (u64::from(spec.size), u64::from(spec.tasks));
    // All stay until the end, so that nobody is given memory that another had before.
    let at_first = memory_bytes();

    let over = Rc::new(tasks::Event::new("weighed"));
    let waiting: Vec<_> = (0..spec.size)
        .map(|number| {
            let over = over.clone();
            tasks::spawn(("task", number + 1), async move { over.wait().await })
        })
        .collect();
    tasks::sleep(std::time::Duration::from_millis(1)).await?;
    let with_tasks = memory_bytes();

    let (here, weighed) = (Arc::new(sync::Semaphore::new("here", 0)), Arc::new(sync::Event::new("weighed")));
    let threads: Vec<_> = (0..spec.tasks)
        .map(|number| {
            let (here, weighed) = (here.clone(), weighed.clone());
            thread::spawn(("thread", number + 1), move || {
                here.release()?;
                weighed.wait()
            })
        })
        .collect();
    for _ in 0..some {
        here.acquire()?.keep();
    }
    let with_threads = memory_bytes();

    let weights = SimpleQueue::new(Title::new("weights"))?;
    let mut processes = Vec::new();
    for number in 0..spec.tasks {
        let title = Title::numbered("process", number + 1);
        processes.push(Process::new(title, weigh_yourself, weights.clone()).start()?);
    }
    let mut all_processes = 0;
    for _ in 0..some {
        all_processes += weights.get()?;
    }

    over.set();
    weighed.set();
    for task in waiting {
        task.join().await?;
    }
    for thread in threads {
        thread.join()?;
    }
    for process in processes {
        process.join()?;
    }
    let (Some(at_first), Some(with_tasks), Some(with_threads)) = (at_first, with_tasks, with_threads) else {
        return Ok(Answer::new(true, "only an instance in a browser knows how much memory it has".to_owned()));
    };
    let (tasks, threads) = (with_tasks - at_first, with_threads - with_tasks);
    say(format!("{} took {}", counted(spec.size, "task"), bytes(tasks)));
    say(format!("{} took {}", counted(spec.tasks, "thread"), bytes(threads)));
    say(format!("{} of their own took {}", counted(spec.tasks, "memory"), bytes(all_processes)));
    let summary = format!(
        "a task {}, a thread {}, a process {}",
        bytes(tasks / many),
        bytes(threads / some),
        bytes(all_processes / some)
    );
    Ok(Answer::new(tasks / many < threads / some, summary))
}
