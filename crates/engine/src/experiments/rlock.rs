//! A function that takes a lock and calls itself, while it has it.

use std::sync::Arc;

use super::{Answer, Outcome, RunSpec, counted, say};
use interleave_runtime::sync::{RLock, Racy, Result, thread};

struct Tree {
    lock: RLock,
    visits: Racy<u32>,
}

impl Tree {
    /// Visits a branch and all that grow on it. A plain lock would make the second call wait for the first for ever.
    fn visit(&self, height: u32) -> Result<()> {
        let _held = self.lock.acquire()?;
        self.visits.set(self.visits.get()? + 1)?;
        say(format!("at height {height}"));
        if height > 1 {
            self.visit(height - 1)?;
        }
        Ok(())
    }
}

pub fn run(spec: &RunSpec) -> Outcome {
    let height = spec.size;
    let tree = Arc::new(Tree { lock: RLock::new("tree's lock"), visits: Racy::new(0) });

    let visitors: Vec<_> = (1..=spec.tasks)
        .map(|number| {
            let tree = tree.clone();
            thread::spawn(("visitor", number), move || tree.visit(height))
        })
        .collect();
    for visitor in visitors {
        visitor.join()?;
    }

    let visits = tree.visits.get()?;
    Ok(Answer::new(
        visits == spec.tasks * height,
        format!("{} by {}", counted(visits, "visit"), counted(spec.tasks, "thread")),
    ))
}
