//! What became of a lesson's question: the visitor's own runs answer it, or it says which are still missing.
//!
//! Nothing here knows a figure that was not measured in this tab: a run that has not been made cannot be told about.

use interleave_protocol::{Evidence, Kind, Lesson, Model, Right, RunSpec, Way};
use interleave_timeline::amounts::duration;

use crate::session::Work;

/// What is kept of a run when its trace is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// What was run.
    pub spec: RunSpec,
    /// The lesson whose program in Python it was.
    pub program: Option<&'static Lesson>,
    /// How long it took, if it came to its end.
    pub wall_ns: Option<u64>,
    /// What came of it, in words.
    pub said: String,
}

/// How many runs are kept in mind.
pub const LONGEST_HISTORY: usize = 200;

/// What can be told about the answer that was picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A run is missing: which.
    Run(String),
    /// The runs are there.
    Told {
        /// Whether the pick was right.
        right: bool,
        /// The visitor's own numbers.
        numbers: String,
        /// The right answer.
        answer: &'static str,
    },
}

/// What the runs of this tab say to `pick`.
pub fn reply(lesson: &Lesson, spec: &RunSpec, pick: usize, history: &[Past]) -> Reply {
    let question = &lesson.question;
    let numbers = match evidence(lesson, spec, history) {
        Ok(numbers) => numbers,
        Err(missing) => return Reply::Run(missing),
    };
    let right = match question.right {
        Right::Choice(n) => n,
        Right::Fastest => {
            let fastest = models(spec, history).into_iter().min_by_key(|(_, ns)| *ns);
            fastest.and_then(|(model, _)| Model::ALL.iter().position(|it| *it == model)).unwrap_or(0)
        }
    };
    let answer = question.choices.get(right).copied().unwrap_or_default();
    Reply::Told { right: pick == right, numbers, answer }
}

/// The numbers that a question is answered with, or what has to be run first.
fn evidence(lesson: &Lesson, spec: &RunSpec, history: &[Past]) -> Result<String, String> {
    if lesson.way == Way::Survey {
        let rows = survey(history);
        let missing: Vec<&str> = rows.iter().filter(|row| !row.is_complete()).map(|row| row.title).collect();
        if !missing.is_empty() {
            return Err(format!("Still to be measured: {}.", missing.join(", ")));
        }
        let fastest = rows.iter().filter_map(|row| {
            let model = row.fastest()?.title().to_lowercase();
            Some(format!("{}: {model}", row.title.to_lowercase()))
        });
        return Ok(format!("Fastest in your runs: {}.", fastest.collect::<Vec<_>>().join("; ")));
    }
    // A program says itself what there is to compare.
    if spec.is_python() && lesson.question.right != Right::Fastest {
        let own = history.iter().rev().find(|past| past.program == Some(lesson));
        return own.map(|past| format!("Your run: {}", past.said)).ok_or("Press Run to find out.".to_owned());
    }
    let spec = if spec.is_python() { &lesson.spec(spec.workers) } else { spec };
    let mine = || history.iter().rev().filter(|past| !past.spec.is_python() && lesson.is_about(&past.spec));
    match lesson.question.evidence {
        Evidence::OneRun => {
            mine().next().map(|past| format!("Your run: {}", past.said)).ok_or("Press Run to find out.".to_owned())
        }
        Evidence::SeveralRuns => {
            let mut said: Vec<String> = mine().take(3).map(summary).collect();
            if said.len() < 2 {
                return Err(["Run it twice to find out.", "One more run to find out."][said.len()].to_owned());
            }
            said.reverse();
            Ok(format!("Your runs: {}.", said.join("; ")))
        }
        Evidence::Models => {
            let walls = models(spec, history);
            if walls.len() < 3 {
                return Err("Press Compare four ways to find out.".to_owned());
            }
            let each = walls.iter().map(|(model, ns)| format!("{} {}", model.title().to_lowercase(), duration(*ns)));
            Ok(format!("Your runs: {}.", each.collect::<Vec<_>>().join(", ")))
        }
        Evidence::Gil => {
            let last = |gil: bool| {
                let mut same = history.iter().rev().filter(|past| {
                    past.spec.model == Model::Threads
                        && past.spec.gil == gil
                        && past.spec.workers == spec.workers
                        && Work::of(&past.spec) == Work::of(spec)
                });
                same.find_map(|past| past.wall_ns)
            };
            match (last(true), last(false)) {
                (Some(with), Some(without)) => {
                    Ok(format!("Your runs: {} with the GIL, {} without.", duration(with), duration(without)))
                }
                (Some(_), None) => Err("Now switch the GIL off and run again.".to_owned()),
                (None, Some(_)) => Err("Now switch the GIL on and run again.".to_owned()),
                (None, None) => Err("Run it with the GIL, and once more without.".to_owned()),
            }
        }
        Evidence::And(other) => {
            let own = mine().next();
            let others = history.iter().rev().find(|past| past.spec.workload == other);
            match (own, others) {
                (Some(own), Some(others)) => {
                    Ok(format!("Your runs: {} And {}: {}", own.said, other.info().title, others.said))
                }
                (Some(_), None) => Err(format!("Now run the lesson “{}” and come back.", other.info().title)),
                (None, _) => Err("Press Run to find out.".to_owned()),
            }
        }
    }
}

/// What a run came to, and how long it took.
fn summary(past: &Past) -> String {
    let said = past.said.trim_end_matches('.');
    past.wall_ns.map_or(said.to_owned(), |ns| format!("{said} in {}", duration(ns)))
}

/// The newest wall time of each model for the work of `spec`, among runs alike in all else.
pub fn models(spec: &RunSpec, history: &[Past]) -> Vec<(Model, u64)> {
    let alike = |past: &&Past| {
        Work::of(&past.spec) == Work::of(spec)
            && (past.spec.workers, past.spec.chunking, past.spec.start, past.spec.gil)
                == (spec.workers, spec.chunking, spec.start, spec.gil)
    };
    let newest = |model: Model| {
        let mut runs = history.iter().rev().filter(alike).filter(|past| past.spec.model == model);
        runs.find_map(|past| past.wall_ns)
    };
    Model::ALL.iter().filter_map(|&model| Some((model, newest(model)?))).collect()
}

/// A row of the table that says which model suits which load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyRow {
    /// What the load does.
    pub title: &'static str,
    /// What was run, or would be.
    pub spec: RunSpec,
    /// The wall times that there are.
    pub walls: Vec<(Model, u64)>,
}

impl SurveyRow {
    /// Whether enough models were measured: threads cannot be everywhere.
    pub fn is_complete(&self) -> bool {
        self.walls.len() >= 3
    }

    /// The fastest, once enough were measured.
    pub fn fastest(&self) -> Option<Model> {
        let least = self.walls.iter().min_by_key(|(_, ns)| *ns).filter(|_| self.is_complete());
        least.map(|(model, _)| *model)
    }
}

/// What is compared for each kind of load, until the visitor has compared something of that kind.
const LOADS: [(Kind, &str, &str); 3] = [
    (Kind::Cpu, "Computing", "workload=primes&model=threads&size=1500000"),
    (Kind::Io, "Waiting", "workload=timers&model=tasks&size=60&tasks=12"),
    (Kind::Mixed, "Both", "workload=requests&model=threads&size=2000&tasks=24&latency=30&rate=1000"),
];

/// The newest comparison of each kind of load.
pub fn survey(history: &[Past]) -> Vec<SurveyRow> {
    let row = |(kind, title, preset): (Kind, &'static str, &str)| {
        let newest = history
            .iter()
            .rev()
            .map(|past| past.spec)
            .find(|spec| spec.kind() == kind && models(spec, history).len() >= 3);
        let spec = newest.unwrap_or_else(|| RunSpec::from_query(preset, 1).0);
        SurveyRow { title, spec, walls: newest.map(|spec| models(&spec, history)).unwrap_or_default() }
    };
    LOADS.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(query: &str, ms: u64, said: &str) -> Past {
        let spec = RunSpec::from_query(query, 2).0;
        Past { spec, program: None, wall_ns: Some(ms * 1_000_000), said: said.to_owned() }
    }

    fn ask(lesson: &str, pick: usize, history: &[Past]) -> Reply {
        let lesson = Lesson::from_id(lesson).expect("a lesson");
        reply(lesson, &lesson.spec(2), pick, history)
    }

    #[test]
    fn nothing_is_told_before_it_was_measured() {
        assert_eq!(ask("race", 1, &[]), Reply::Run("Run it twice to find out.".into()));
        let one = [past("workload=race", 5, "3 of 9 additions were lost")];
        assert_eq!(ask("race", 1, &one), Reply::Run("One more run to find out.".into()));
        assert_eq!(ask("cpu-bound", 1, &one), Reply::Run("Press Compare four ways to find out.".into()));
    }

    #[test]
    fn several_runs_are_told_in_their_order() {
        let runs =
            [past("workload=race", 5, "3 lost"), past("workload=pi", 1, "x"), past("workload=race", 6, "4 lost")];
        let Reply::Told { right, numbers, .. } = ask("race", 1, &runs) else { panic!("it was measured") };
        assert_eq!((right, numbers.as_str()), (true, "Your runs: 3 lost in 5.0 ms; 4 lost in 6.0 ms."));
    }

    #[test]
    fn the_fastest_is_the_one_that_was_measured() {
        let runs = [
            past("workload=primes&model=sequential", 900, ""),
            past("workload=primes&model=threads", 500, ""),
            past("workload=primes&model=processes", 400, ""),
            past("workload=primes&model=tasks&size=1000", 1, "less work"),
        ];
        let Reply::Told { right, answer, .. } = ask("cpu-bound", 1, &runs) else { panic!("it was measured") };
        assert_eq!((right, answer), (false, "Processes"));
    }

    #[test]
    fn a_gil_is_measured_with_and_without() {
        let preset = Lesson::from_id("gil").expect("a lesson").preset;
        let on = past(preset, 900, "");
        let spec = RunSpec { gil: false, ..on.spec };
        let off = Past { spec, wall_ns: Some(450_000_000), ..on.clone() };
        assert_eq!(
            ask("gil", 1, std::slice::from_ref(&on)),
            Reply::Run("Now switch the GIL off and run again.".into())
        );
        let Reply::Told { numbers, .. } = ask("gil", 1, &[on, off]) else { panic!("it was measured") };
        assert_eq!(numbers, "Your runs: 900 ms with the GIL, 450 ms without.");
    }

    #[test]
    fn the_survey_is_made_of_the_visitors_own_comparisons() {
        assert!(survey(&[]).iter().all(|row| row.fastest().is_none()));
        let runs: Vec<Past> = ["sequential", "processes", "tasks"]
            .iter()
            .zip([90, 60, 30])
            .map(|(model, ms)| past(&format!("workload=downloads&model={model}"), ms, ""))
            .collect();
        let rows = survey(&runs);
        assert_eq!(rows.iter().map(SurveyRow::fastest).collect::<Vec<_>>(), [None, Some(Model::Tasks), None]);
    }
}
