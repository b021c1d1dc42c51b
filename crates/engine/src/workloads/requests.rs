//! A server's requests: each arrives at its time, computes, waits as if for a database, and computes again.

use interleave_protocol::{Failure, RunSpec};

use super::generator::{advance, jump, seed};
use super::{Cut, digest, grouped, wrong};
use crate::workload::{Answer, Message, Step, Workload};

/// See the module's text.
pub struct Requests {
    cut: Cut,
    thousand_steps: u32,
    latency_ms: u32,
    rate: u32,
}

impl Workload for Requests {
    /// The response: where the request's generator arrived.
    type Part = u32;
    const TASK: &'static str = "request";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        Ok(Self {
            cut: Cut { items: spec.tasks, tasks: spec.tasks },
            thousand_steps: spec.size,
            latency_ms: spec.latency_ms,
            rate: spec.rate.max(1),
        })
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        let at_ms = (u64::from(task) * 1000 / u64::from(self.rate)) as u32;
        vec![
            Step::Arrive { at_ms },
            Step::Compute { piece: 0 },
            Step::Sleep { ms: self.latency_ms },
            Step::Compute { piece: 1 },
        ]
    }

    fn compute(&self, task: u32, piece: u32, response: &mut u32) {
        let half = self.thousand_steps / 2;
        *response = match piece {
            0 => advance(seed(task), half),
            _ => advance(*response, self.thousand_steps - half),
        };
    }

    fn reduce(&self, parts: &[u32]) -> Result<Answer, Failure> {
        for (task, response) in self.cut.with(parts)? {
            let right = jump(seed(task.start), self.thousand_steps);
            if *response != right {
                return Err(wrong(format!("request {} was answered {response} instead of {right}", task.start)));
            }
        }
        let steps = u64::from(self.thousand_steps) * 1000;
        Ok(Answer {
            passed: true,
            summary: format!("{} requests of {} steps each", grouped(self.cut.tasks), grouped(steps)),
            digest: digest([&parts.to_vec().to_bytes()[..]]),
        })
    }
}
