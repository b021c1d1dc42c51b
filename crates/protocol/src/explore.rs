//! Exploring: one program under many seeds, until one of them goes wrong; then as few decisions as make it go wrong again.
//!
//! ```text
//!  seed 1, 2, 3 ... 17: its check fails, by 42 decisions
//!  42 -> 21 -> 10 -> 5 -> 3 decisions, each time run again to see that it still fails
//! ```
//! The decisions that are left are a schedule of their own: with them a run goes wrong the same way, every time. Making
//! them fewer is delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
//! Transactions on Software Engineering, 2002).
//!
//! How one run is made is the caller's: the engine makes all of them in one worker, the page has a worker for each run of
//! a Python program.

use serde::{Deserialize, Serialize};

use crate::message::{Finding, Wrong};
use crate::spec::Switch;

/// How it is decided who goes on in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Plan {
    /// By a seed.
    Seed(u32),
    /// By the rule, but for these.
    Switches(Vec<Switch>),
}

/// One run of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The decisions against the rule.
    pub switches: Vec<Switch>,
    /// In which way it went wrong, if it did, and what it says of that.
    pub wrong: Option<(Wrong, String)>,
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many seeds were tried.
    Tried(u32),
    /// The schedule that was found is being made shorter.
    Shortening,
}

/// How often a schedule is made shorter at most.
const MOST_TRIALS: u32 = 500;

/// Tries the seeds one after another, as long as `goes_on` says so. A run that only prints something else is remembered:
/// another may show what is worse.
pub async fn explore(
    seeds: impl Iterator<Item = u32>,
    mut goes_on: impl FnMut(Step) -> bool,
    mut attempt: impl AsyncFnMut(Plan) -> Attempt,
) -> Option<Finding> {
    let mut tried = 0;
    let mut found = None;
    for seed in seeds {
        let Attempt { switches, wrong } = attempt(Plan::Seed(seed)).await;
        tried += 1;
        if let Some((wrong, summary)) = wrong
            && (wrong != Wrong::Differs || found.is_none())
        {
            found = Some((seed, switches, wrong, summary));
            if wrong != Wrong::Differs {
                break;
            }
        }
        if !goes_on(Step::Tried(tried)) {
            break;
        }
    }
    let (seed, switches, wrong, summary) = found?;
    let switches_at_first = switches.len() as u32;
    let (switches, summary) = shrink(switches, wrong, summary, || goes_on(Step::Shortening), attempt).await;
    Some(Finding { seed, tried, switches, switches_at_first, wrong, summary })
}

/// Takes decisions away, many at once and then one at a time, as long as what is left goes wrong in the same way. Gives
/// those that are left, and what their run says.
async fn shrink(
    mut switches: Vec<Switch>,
    wrong: Wrong,
    mut summary: String,
    mut goes_on: impl FnMut() -> bool,
    mut attempt: impl AsyncFnMut(Plan) -> Attempt,
) -> (Vec<Switch>, String) {
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
            match run.wrong {
                // What was decided against the rule may be less than what was asked for.
                Some((same, says)) if same == wrong && run.switches.len() < switches.len() => {
                    (switches, summary, shorter) = (run.switches, says, true);
                }
                _ => at += size,
            }
        }
        // One decision less may make another needless.
        size = if size == 1 && shorter && trials < MOST_TRIALS && goes_on() { 1 } else { size / 2 };
    }
    (switches, summary)
}
