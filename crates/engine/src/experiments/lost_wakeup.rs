//! A wake-up that comes before anybody sleeps. Looking and falling asleep are two steps here, and the bell may ring in
//! between.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, say};
use interleave_runtime::sync::{Barrier, Condition, Mutex, Racy, thread};

pub fn run(spec: &RunSpec) -> Outcome {
    let hesitation = Duration::from_millis(spec.latency_ms.into());
    let bedroom = Mutex::new("bedroom", ());
    let bell = Condition::new("bell", &bedroom);
    let (house, rung) = (Arc::new((bedroom, bell)), Arc::new(Racy::new(false)));
    let evening = Arc::new(Barrier::new("evening", 2));

    let sleeper = {
        let (house, rung, evening) = (house.clone(), rung.clone(), evening.clone());
        thread::spawn("sleeper", move || {
            evening.wait()?;
            // The mistake: it looks before it has the lock, so that what it saw may be old by the time it waits.
            if !rung.get()? {
                thread::sleep(hesitation)?;
                let (bedroom, bell) = &*house;
                let in_bed = bedroom.lock()?;
                bell.wait(in_bed)?;
            }
            say("the sleeper gets up");
            Ok(())
        })
    };
    let ringer = thread::spawn("ringer", move || {
        evening.wait()?;
        thread::sleep(hesitation / 2)?;
        let (bedroom, bell) = &*house;
        let _here = bedroom.lock()?;
        rung.set(true)?;
        bell.notify_all()?;
        say("the bell has rung");
        Ok(())
    });
    ringer.join()?;
    sleeper.join()?;

    Ok(Answer::new(true, "the sleeper heard the bell, with luck".to_owned()))
}
