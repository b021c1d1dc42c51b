//! One makes things, others use them, and a queue is between them. The end is an item too: a sentinel.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted, say};
use interleave_runtime::sync::{Queue, thread};

/// How many items fit between them: a producer that is too fast waits.
const SHELF: usize = 3;

pub fn run(spec: &RunSpec) -> Outcome {
    let (items, consumers) = (spec.size, spec.tasks);
    let work = Duration::from_millis(spec.latency_ms.into());
    let shelf: Arc<Queue<Option<u32>>> = Arc::new(Queue::bounded("shelf", SHELF));

    let started: Vec<_> = (1..=consumers)
        .map(|number| {
            let shelf = shelf.clone();
            thread::spawn(("consumer", number), move || {
                let mut sum = 0;
                while let Some(item) = shelf.get()? {
                    thread::sleep(work)?;
                    say(format!("consumer {number} used item {item}"));
                    sum += item;
                }
                Ok(sum)
            })
        })
        .collect();

    for item in 1..=items {
        shelf.put(Some(item))?;
    }
    // One sentinel for each consumer, or the others would wait for ever.
    for _ in 0..consumers {
        shelf.put(None)?;
    }

    let mut used = 0;
    for consumer in started {
        used += consumer.join()?;
    }
    let made = items * (items + 1) / 2;
    Ok(Answer::new(
        used == made,
        format!("{} used by {}, numbers sum to {used}", counted(items, "item"), counted(consumers, "consumer")),
    ))
}
