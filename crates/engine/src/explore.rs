//! Exploring: one program under many seeds, until one of them goes wrong; then as few decisions as make it go wrong again.
//!
//! ```text
//!  seed 1, 2, 3 ... 17: its check fails, by 42 decisions
//!  42 -> 21 -> 10 -> 5 -> 3 decisions, each time run again to see that it still fails
//! ```
//! The decisions that are left are a schedule of their own: with them a run goes wrong the same way, every time. Making
//! them fewer is delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
//! Transactions on Software Engineering, 2002).

use interleave_protocol::{Failure, Finding, Switch, Wrong};
use interleave_runtime::rt::schedule::{self, Outcome, Plan};

use crate::workload::Answer;

/// One run of the program.
pub struct Attempt {
    /// What became of its schedule.
    pub outcome: Outcome,
    /// What came out.
    pub result: Result<Answer, Failure>,
}

impl Attempt {
    /// In which way it went wrong, if it did, and what it says of that.
    pub fn wrong(&self) -> Option<(Wrong, String)> {
        match &self.result {
            _ if self.outcome.stuck => {
                Some((Wrong::Stuck, "every lane waits, and nobody is left to wake one".to_owned()))
            }
            Err(failure) => Some((Wrong::Failed, failure.to_string())),
            Ok(answer) if !answer.passed => Some((Wrong::Check, answer.summary.clone())),
            Ok(_) => None,
        }
    }
}

/// How often a schedule is made shorter at most.
const MOST_TRIALS: u32 = 500;

/// Tries the seeds one after another, as long as `goes_on` says so of the number that were tried; it is asked between
/// the trials that make a finding shorter, too.
pub async fn explore(
    seeds: impl Iterator<Item = u32>,
    mut goes_on: impl FnMut(u32) -> bool,
    mut attempt: impl AsyncFnMut(Plan) -> Attempt,
) -> Option<Finding> {
    let mut tried = 0;
    for seed in seeds {
        let run = attempt(Plan::Seed(seed.into())).await;
        tried += 1;
        if let Some((wrong, summary)) = run.wrong() {
            let switches_at_first = run.outcome.switches.len() as u32;
            let (switches, summary) = shrink(run.outcome.switches, wrong, summary, || goes_on(tried), attempt).await;
            let switches = switches.iter().map(|it| Switch { step: it.step, lane: it.lane }).collect();
            return Some(Finding { seed, tried, switches, switches_at_first, wrong, summary });
        }
        if !goes_on(tried) {
            break;
        }
    }
    None
}

/// Takes decisions away, many at once and then one at a time, as long as what is left goes wrong in the same way. Gives
/// those that are left, and what their run says.
async fn shrink(
    mut switches: Vec<schedule::Switch>,
    wrong: Wrong,
    mut summary: String,
    mut goes_on: impl FnMut() -> bool,
    mut attempt: impl AsyncFnMut(Plan) -> Attempt,
) -> (Vec<schedule::Switch>, String) {
    let mut trials = 0;
    let mut size = switches.len();
    while size > 0 {
        let mut at = 0;
        let mut shorter = false;
        while at < switches.len() && trials < MOST_TRIALS && goes_on() {
            let mut fewer = switches.clone();
            fewer.drain(at..(at + size).min(fewer.len()));
            trials += 1;
            let run = attempt(Plan::Switches(fewer)).await;
            match run.wrong() {
                // What was decided against the rule may be less than what was asked for.
                Some((same, says)) if same == wrong && run.outcome.switches.len() < switches.len() => {
                    (switches, summary, shorter) = (run.outcome.switches, says, true);
                }
                _ => at += size,
            }
        }
        // One decision less may make another needless.
        size = if size == 1 && shorter && trials < MOST_TRIALS && goes_on() { 1 } else { size / 2 };
    }
    (switches, summary)
}
