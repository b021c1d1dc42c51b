//! Every task sleeps once: waiting without computing.

use interleave_protocol::{Failure, RunSpec};

use super::{Cut, digest, grouped, wrong};
use crate::workload::{Answer, Message, Step, Workload};

/// See the module's text.
pub struct Timers {
    cut: Cut,
    ms: u32,
}

impl Workload for Timers {
    /// How often the task woke up.
    type Part = u32;
    const TASK: &'static str = "timer";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        Ok(Self { cut: Cut { items: spec.tasks, tasks: spec.tasks }, ms: spec.size })
    }

    fn steps(&self, _task: u32) -> Vec<Step> {
        vec![Step::Sleep { ms: self.ms }, Step::Compute { piece: 0 }]
    }

    fn compute(&self, _task: u32, _piece: u32, wakings: &mut u32) {
        *wakings += 1;
    }

    fn reduce(&self, parts: &[u32]) -> Result<Answer, Failure> {
        for (task, wakings) in self.cut.with(parts)? {
            if *wakings != 1 {
                return Err(wrong(format!("timer {} woke up {wakings} times instead of once", task.start)));
            }
        }
        let (times, total) = (grouped(self.cut.tasks), u64::from(self.cut.tasks) * u64::from(self.ms));
        Ok(Answer {
            passed: true,
            summary: format!("{times} sleeps of {} ms, {} ms in all", grouped(self.ms), grouped(total)),
            digest: digest([&parts.to_vec().to_bytes()[..]]),
        })
    }
}
