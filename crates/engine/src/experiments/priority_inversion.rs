//! One processor that always runs the most important who wants it, and a lock that the least important has.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, compute_for, say};
use interleave_runtime::sync::{Barrier, Condition, Event, Lock, Mutex, Racy, Result, thread};

/// Browsers have no priorities, so here is a processor that has.
struct Processor {
    desk: Mutex<Desk>,
    freed: Condition,
}

#[derive(Default)]
struct Desk {
    busy: bool,
    wanted_by: Vec<u32>,
}

impl Processor {
    /// Executes, a slice at a time, whenever it is free and nobody more important wants it.
    fn run(&self, priority: u32, slices: u32) -> Result<()> {
        self.desk.lock()?.wanted_by.push(priority);
        for slice in 1..=slices {
            let free_for_us = |desk: &mut Desk| !desk.busy && desk.wanted_by.iter().max() == Some(&priority);
            let mut desk = self.freed.wait_for(self.desk.lock()?, free_for_us)?;
            desk.busy = true;
            drop(desk);

            compute_for(Duration::from_millis(4))?;

            let mut desk = self.desk.lock()?;
            desk.busy = false;
            if slice == slices {
                desk.wanted_by.retain(|other| *other != priority);
            }
            self.freed.notify_all()?;
        }
        Ok(())
    }
}

const LOW: u32 = 1;
const MEDIUM: u32 = 2;
const HIGH: u32 = 3;

pub fn run(spec: &RunSpec) -> Outcome {
    let slices = spec.size;
    let desk = Mutex::new("processor", Desk::default());
    let freed = Condition::new("processor freed", &desk);
    let processor = Arc::new(Processor { desk, freed });
    let printer = Arc::new(Lock::new("printer"));
    let (all_here, printer_taken) = (Arc::new(Barrier::new("all here", 3)), Arc::new(Event::new("printer taken")));
    let medium_is_done = Arc::new(Racy::new(false));

    let low = {
        let (processor, printer) = (processor.clone(), printer.clone());
        let (all_here, printer_taken) = (all_here.clone(), printer_taken.clone());
        thread::spawn("low", move || {
            all_here.wait()?;
            let _held = printer.acquire()?;
            printer_taken.set();
            processor.run(LOW, 4)
        })
    };
    let medium = {
        let (processor, medium_is_done) = (processor.clone(), medium_is_done.clone());
        let (all_here, printer_taken) = (all_here.clone(), printer_taken.clone());
        thread::spawn("medium", move || {
            all_here.wait()?;
            printer_taken.wait()?;
            if slices > 0 {
                processor.run(MEDIUM, slices)?;
                medium_is_done.set(true)?;
            }
            Ok(())
        })
    };
    let high = thread::spawn("high", move || {
        all_here.wait()?;
        printer_taken.wait()?;
        let _held = printer.acquire()?;
        say("high has the printer");
        let overtaken = medium_is_done.get()?;
        processor.run(HIGH, 1)?;
        Ok(overtaken)
    });
    low.join()?;
    medium.join()?;

    Ok(match high.join()? {
        true => Answer::new(false, "medium was done before high, though high is more important".to_owned()),
        false => Answer::new(true, "high had the printer as soon as low was done with it".to_owned()),
    })
}
