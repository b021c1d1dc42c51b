//! Many want to download, and only so many may at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted};
use interleave_runtime::sync::{Semaphore, thread};

pub fn run(spec: &RunSpec) -> Outcome {
    let (most, download) = (spec.size, Duration::from_millis(spec.latency_ms.into()));
    let permits = Arc::new(Semaphore::bounded("connections", most));
    let (now, peak) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));

    let clients: Vec<_> = (1..=spec.tasks)
        .map(|number| {
            let (permits, now, peak) = (permits.clone(), now.clone(), peak.clone());
            thread::spawn(("client", number), move || {
                let permit = permits.acquire()?;
                peak.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                thread::sleep(download)?;
                now.fetch_sub(1, SeqCst);
                drop(permit);
                Ok(())
            })
        })
        .collect();
    for client in clients {
        client.join()?;
    }

    let peak = peak.load(SeqCst);
    Ok(Answer::new(peak <= most, format!("never more than {} at a time, of {}", peak, counted(spec.tasks, "client"))))
}
