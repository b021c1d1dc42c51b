//! What to run: one value that a link, a control, the command line and a worker's message all carry.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Kind, Knob, Workload};

/// How the work is laid out in lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Model {
    /// One after another, in one worker: the baseline.
    Sequential,
    /// Workers over one shared memory.
    Threads,
    /// Workers with a memory each, which exchange messages.
    Processes,
    /// Futures on one worker's event loop.
    Tasks,
}

/// Who gets which task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Chunking {
    /// Each worker gets an equal share of the tasks beforehand.
    Static,
    /// Each worker takes the next task when it is done with one.
    Dynamic,
}

/// Whether the workers are there before the clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Start {
    /// Workers are created within the run.
    Cold,
    /// Workers are created before the run and wait for work.
    Warm,
}

macro_rules! choices {
    ($($name:ident { $($variant:ident = $id:literal $title:literal),* })*) => {$(
        impl $name {
            /// All of them, in the order of their control.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// Its name in links and on the command line.
            pub const fn id(self) -> &'static str {
                match self { $($name::$variant => $id),* }
            }

            /// Its name on the page.
            pub const fn title(self) -> &'static str {
                match self { $($name::$variant => $title),* }
            }

            /// The one with that name in links.
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.id() == id)
            }
        }
    )*};
}

choices! {
    Model {
        Sequential = "sequential" "Sequential",
        Threads = "threads" "Threads",
        Processes = "processes" "Processes",
        Tasks = "tasks" "Async tasks"
    }
    Chunking { Dynamic = "dynamic" "Dynamic", Static = "static" "Static" }
    Start { Cold = "cold" "Cold", Warm = "warm" "Warm" }
}

/// The workers of threads and processes. The default is the machine's number of cores.
pub const WORKERS: Knob = Knob { label: "Workers", unit: "workers", min: 1, max: 64, default: 2 };

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSpec {
    /// What.
    pub workload: Workload,
    /// In which model.
    pub model: Model,
    /// How much, in the unit of the workload's knob.
    pub size: u32,
    /// Cut into how many tasks.
    pub tasks: u32,
    /// On how many threads or processes.
    pub workers: u32,
    /// Who gets which task.
    pub chunking: Chunking,
    /// Whether workers exist before the clock starts.
    pub start: Start,
    /// How long each wait for the outside takes, in milliseconds.
    pub latency_ms: u32,
    /// How many requests arrive in a second.
    pub rate: u32,
    /// Whether work records its spans; off only for measuring what that costs.
    pub record: bool,
}

/// A part of a [`RunSpec`] that has a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// [`RunSpec::workload`]
    Workload,
    /// [`RunSpec::model`]
    Model,
    /// [`RunSpec::size`]
    Size,
    /// [`RunSpec::tasks`]
    Tasks,
    /// [`RunSpec::workers`]
    Workers,
    /// [`RunSpec::chunking`]
    Chunking,
    /// [`RunSpec::start`]
    Start,
    /// [`RunSpec::latency_ms`]
    Latency,
    /// [`RunSpec::rate`]
    Rate,
    /// [`RunSpec::record`]
    Record,
}

impl Field {
    /// All of them, in the order of a link. The workload comes first: the other defaults depend on it.
    pub const ALL: [Field; 10] = [
        Field::Workload,
        Field::Model,
        Field::Size,
        Field::Tasks,
        Field::Workers,
        Field::Chunking,
        Field::Start,
        Field::Latency,
        Field::Rate,
        Field::Record,
    ];

    /// Its name in links.
    pub const fn id(self) -> &'static str {
        match self {
            Field::Workload => "workload",
            Field::Model => "model",
            Field::Size => "size",
            Field::Tasks => "tasks",
            Field::Workers => "workers",
            Field::Chunking => "chunking",
            Field::Start => "start",
            Field::Latency => "latency",
            Field::Rate => "rate",
            Field::Record => "record",
        }
    }
}

/// A value that a field does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which field.
    pub field: Field,
    /// What was given.
    pub value: String,
    /// What would be taken.
    pub wants: Wants,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A whole number in a range.
    Number(Knob),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of the catalogue's names.
    AWorkload,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = &self.value;
        match self.wants {
            Wants::Number(Knob { label, unit, min, max, .. }) => {
                write!(f, "{label} takes a whole number from {min} to {max} {unit}, not “{value}”.")
            }
            Wants::OneOf(words) => write!(f, "“{value}” is not one of: {}.", words.join(", ")),
            Wants::AWorkload => write!(f, "There is no workload named “{value}”; pick one from the catalogue."),
        }
    }
}

impl RunSpec {
    /// A workload as it is to begin with, on a machine of so many cores.
    pub fn new(workload: Workload, cores: u32) -> Self {
        let info = workload.info();
        let of = |knob: Option<Knob>| knob.map_or(0, |knob| knob.default);
        Self {
            workload,
            model: Model::Threads,
            size: info.size.default,
            tasks: info.tasks.default,
            workers: cores.clamp(WORKERS.min, WORKERS.max),
            chunking: Chunking::Dynamic,
            start: Start::Cold,
            latency_ms: of(info.latency),
            rate: of(info.rate),
            record: true,
        }
    }

    /// The value of a field, as in a link.
    pub fn get(&self, field: Field) -> String {
        match field {
            Field::Workload => self.workload.info().id.into(),
            Field::Model => self.model.id().into(),
            Field::Size => self.size.to_string(),
            Field::Tasks => self.tasks.to_string(),
            Field::Workers => self.workers.to_string(),
            Field::Chunking => self.chunking.id().into(),
            Field::Start => self.start.id().into(),
            Field::Latency => self.latency_ms.to_string(),
            Field::Rate => self.rate.to_string(),
            Field::Record => if self.record { "on" } else { "off" }.into(),
        }
    }

    /// Sets a field from text; a value that the field does not take changes nothing. Another workload
    /// brings its own size, tasks, latency and rate.
    pub fn set(&mut self, field: Field, value: &str) -> Result<(), Problem> {
        let value = value.trim();
        let refuse = |wants| Problem { field, value: value.chars().take(40).collect(), wants };
        let number = |knob: Option<Knob>| -> Result<u32, Problem> {
            let Some(knob) = knob else { return Ok(0) };
            let plain: String =
                value.chars().filter(|c| !matches!(c, '_' | ',' | ' ' | '\u{202f}' | '\u{a0}')).collect();
            let parsed = plain.parse().ok().filter(|n| (knob.min..=knob.max).contains(n));
            parsed.ok_or_else(|| refuse(Wants::Number(knob)))
        };
        let info = self.workload.info();
        match field {
            Field::Workload => {
                let workload = Workload::from_id(value).ok_or_else(|| refuse(Wants::AWorkload))?;
                let Self { model, workers, chunking, start, record, .. } = *self;
                *self = Self { model, workers, chunking, start, record, ..Self::new(workload, workers) };
            }
            Field::Model => {
                const WORDS: &[&str] = &["sequential", "threads", "processes", "tasks"];
                self.model = Model::from_id(value).ok_or_else(|| refuse(Wants::OneOf(WORDS)))?;
            }
            Field::Size => self.size = number(Some(info.size))?,
            Field::Tasks => self.tasks = number(Some(info.tasks))?,
            Field::Workers => self.workers = number(Some(WORKERS))?,
            Field::Chunking => {
                self.chunking = Chunking::from_id(value).ok_or_else(|| refuse(Wants::OneOf(&["dynamic", "static"])))?;
            }
            Field::Start => {
                self.start = Start::from_id(value).ok_or_else(|| refuse(Wants::OneOf(&["cold", "warm"])))?;
            }
            Field::Latency => self.latency_ms = number(info.latency)?,
            Field::Rate => self.rate = number(info.rate)?,
            Field::Record => {
                self.record = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(refuse(Wants::OneOf(&["on", "off"]))),
                }
            }
        }
        Ok(())
    }

    /// As a link's query, without the question mark. Says all that matters for this workload and model, so
    /// that a link means the same on another machine; recording is said only when off.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for field in Field::ALL {
            if self.has(field) && (field != Field::Record || !self.record) {
                query.append_pair(field.id(), &self.get(field));
            }
        }
        query.finish()
    }

    /// From a link's query, on a machine of so many cores. What is not said takes its default; what is said
    /// badly takes its default too and is told. Parameters of others are passed over.
    pub fn from_query(query: &str, cores: u32) -> (Self, Vec<Problem>) {
        let pairs: Vec<_> = form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).collect();
        let mut spec = Self::new(Workload::ALL[0], cores);
        let mut problems = Vec::new();
        for field in Field::ALL {
            let said = pairs.iter().find(|(key, _)| key == field.id());
            if let Some((_, value)) = said {
                problems.extend(spec.set(field, value).err());
            }
        }
        (spec, problems)
    }

    /// Whether a field has a meaning for this workload.
    pub fn has(&self, field: Field) -> bool {
        let info = self.workload.info();
        match field {
            Field::Latency => info.latency.is_some(),
            Field::Rate => info.rate.is_some(),
            _ => true,
        }
    }

    /// How many workers do the work in this model.
    pub fn lanes_at_work(&self) -> u32 {
        match self.model {
            Model::Sequential | Model::Tasks => 1,
            Model::Threads | Model::Processes => self.workers,
        }
    }

    /// What limits the workload.
    pub fn kind(&self) -> Kind {
        self.workload.info().kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_link_says_what_matters() {
        let spec = RunSpec::new(Workload::Primes, 2);
        assert_eq!(
            spec.to_query(),
            "workload=primes&model=threads&size=3000000&tasks=16&workers=2&chunking=dynamic&start=cold"
        );
        assert_eq!(RunSpec::from_query("", 8).0, RunSpec::new(Workload::Primes, 8));
    }

    #[test]
    fn the_order_of_a_link_does_not_matter() {
        let (spec, problems) = RunSpec::from_query("?size=256&model=tasks&workload=blur", 2);
        assert_eq!((spec.workload, spec.size, spec.model), (Workload::Blur, 256, Model::Tasks));
        assert_eq!(problems, []);
    }

    #[test]
    fn bad_values_are_told_and_change_nothing() {
        let (spec, problems) = RunSpec::from_query("workload=blur&size=1e9&workers=65&model=fibers&tasks=", 2);
        assert_eq!(spec, RunSpec::new(Workload::Blur, 2));
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "“fibers” is not one of: sequential, threads, processes, tasks.",
                "Picture edge takes a whole number from 16 to 4096 pixels, not “1e9”.",
                "Tasks takes a whole number from 1 to 4096 tasks, not “”.",
                "Workers takes a whole number from 1 to 64 workers, not “65”.",
            ]
        );
    }

    #[test]
    fn the_words_of_a_problem_are_the_choices_there_are() {
        let mut spec = RunSpec::new(Workload::Primes, 2);
        for (field, ids) in [
            (Field::Model, Model::ALL.iter().map(|it| it.id()).collect::<Vec<_>>()),
            (Field::Chunking, Chunking::ALL.iter().map(|it| it.id()).collect()),
            (Field::Start, Start::ALL.iter().map(|it| it.id()).collect()),
        ] {
            let Err(Problem { wants: Wants::OneOf(words), .. }) = spec.set(field, "?") else { panic!("{field:?}") };
            assert_eq!(words, ids);
        }
    }

    proptest! {
        #[test]
        fn a_spec_survives_its_link(
            workload in proptest::sample::select(Workload::ALL),
            model in proptest::sample::select(Model::ALL),
            workers in 1u32..=64,
            part in 0.0f64..1.0,
            record in any::<bool>(),
        ) {
            let mut spec = RunSpec { model, workers, record, ..RunSpec::new(workload, 2) };
            let info = workload.info();
            let within = |knob: Knob| knob.min + ((knob.max - knob.min) as f64 * part) as u32;
            spec.size = within(info.size);
            spec.tasks = within(info.tasks);
            prop_assert_eq!(RunSpec::from_query(&spec.to_query(), 7), (spec, vec![]));
        }

        #[test]
        fn any_query_is_read_without_a_panic(query in ".{0,200}") {
            let (spec, _) = RunSpec::from_query(&query, 2);
            prop_assert!((spec.workload.info().size.min..=spec.workload.info().size.max).contains(&spec.size));
        }
    }
}
