//! What to run: one value that a link, a control, the command line and a worker's message all carry.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Kind, Knob, Workload};
use crate::explore::Plan;

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

/// How long a thread waits for the GIL before it asks the holder to let go. The default is CPython's.
pub const INTERVAL: Knob = Knob { label: "Switch interval", unit: "ms", min: 1, max: 1_000, default: 5 };

/// The most decisions that a link may carry.
pub const MOST_SWITCHES: usize = 12;

/// A decision of a schedule against its rule: at this step that lane goes on, counted in the order of their beginnings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Switch {
    /// The how-manieth decision of the run.
    pub step: u32,
    /// Who goes on.
    pub lane: u32,
}

/// A schedule as the list of its decisions: `12.1-40.0` in links, `none` if it is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Switches {
    list: [Switch; MOST_SWITCHES],
    length: u8,
}

impl Switches {
    /// Of these; `None` if they are more than a link may carry.
    pub fn new(switches: &[Switch]) -> Option<Self> {
        let mut list = [Switch::default(); MOST_SWITCHES];
        list.get_mut(..switches.len())?.copy_from_slice(switches);
        Some(Self { list, length: switches.len() as u8 })
    }

    /// In their order.
    pub fn as_slice(&self) -> &[Switch] {
        self.list.get(..usize::from(self.length)).unwrap_or(&self.list)
    }

    fn parse(text: &str) -> Option<Self> {
        if text == NO_SWITCHES {
            return Some(Self::default());
        }
        let switch = |pair: &str| {
            let (step, lane) = pair.split_once('.')?;
            Some(Switch { step: step.parse().ok()?, lane: lane.parse().ok()? })
        };
        let switches: Option<Vec<Switch>> = text.split('-').map(switch).collect();
        Self::new(&switches?)
    }
}

const NO_SWITCHES: &str = "none";

impl fmt::Display for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.as_slice().is_empty() {
            return f.write_str(NO_SWITCHES);
        }
        for (n, Switch { step, lane }) in self.as_slice().iter().enumerate() {
            if n > 0 {
                f.write_str("-")?;
            }
            write!(f, "{step}.{lane}")?;
        }
        Ok(())
    }
}

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
    /// Whether of the threads of an instance only one runs at a time.
    pub gil: bool,
    /// How long a thread waits for the GIL before it asks for it, in milliseconds.
    pub interval_ms: u32,
    /// What a seeded schedule's decisions follow from; `None` lets all lanes run freely.
    pub seed: Option<u32>,
    /// A schedule by its decisions. It goes before a seed.
    pub switches: Option<Switches>,
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
    /// [`RunSpec::gil`]
    Gil,
    /// [`RunSpec::interval_ms`]
    Interval,
    /// [`RunSpec::seed`]
    Seed,
    /// [`RunSpec::switches`]
    Switches,
}

impl Field {
    /// All of them, in the order of a link. The workload comes first: the other defaults depend on it.
    pub const ALL: [Field; 14] = [
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
        Field::Gil,
        Field::Interval,
        Field::Seed,
        Field::Switches,
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
            Field::Gil => "gil",
            Field::Interval => "interval",
            Field::Seed => "seed",
            Field::Switches => "switches",
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
    /// Any whole number that fits 32 bits, or nothing.
    ASeed,
    /// Decisions of a schedule.
    Decisions,
    /// Nothing: what is run has no such thing.
    Nothing,
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
            Wants::ASeed => write!(f, "Seed takes a whole number from 0 to {}, or nothing, not “{value}”.", u32::MAX),
            Wants::Decisions => {
                write!(f, "Switches are up to {MOST_SWITCHES} pairs of step and lane like 12.1-40.0, not “{value}”.")
            }
            Wants::Nothing => {
                write!(f, "{} has no meaning for what is run, so “{value}” changes nothing.", self.field.id())
            }
        }
    }
}

impl RunSpec {
    /// The artifact that runs Python programs.
    pub const PYTHON_ARTIFACT: &str = "python";

    /// The artifact that runs it, as workers load it: `engine.js` and `engine_bg.wasm`.
    pub fn artifact(&self) -> &'static str {
        match (self.workload.info().kind, self.workload.info().only) {
            (Kind::Python, _) => Self::PYTHON_ARTIFACT,
            (Kind::Proof, _) => "rules",
            (_, Some(_)) => "programs",
            (_, None) => "engine",
        }
    }

    /// A workload as it is to begin with, on a machine of so many cores.
    pub fn new(workload: Workload, cores: u32) -> Self {
        let info = workload.info();
        let of = |knob: Option<Knob>| knob.map_or(0, |knob| knob.default);
        // A program says itself how many lanes it has, so the machine does not matter.
        let workers = if info.only.is_some() { WORKERS.default } else { cores };
        Self {
            workload,
            model: info.only.unwrap_or(Model::Threads),
            size: of(info.size),
            tasks: of(info.tasks),
            workers: workers.clamp(WORKERS.min, WORKERS.max),
            chunking: Chunking::Dynamic,
            start: Start::Cold,
            latency_ms: of(info.latency),
            rate: of(info.rate),
            record: true,
            gil: false,
            interval_ms: INTERVAL.default,
            seed: None,
            switches: None,
        }
    }

    /// The value of a field, as in a link.
    pub fn get(&self, field: Field) -> String {
        let on = |it: bool| if it { "on" } else { "off" }.to_owned();
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
            Field::Record => on(self.record),
            Field::Gil => on(self.gil),
            Field::Interval => self.interval_ms.to_string(),
            Field::Seed => self.seed.map(|seed| seed.to_string()).unwrap_or_default(),
            Field::Switches => self.switches.map(|switches| switches.to_string()).unwrap_or_default(),
        }
    }

    /// Sets a field from text; a value that the field does not take changes nothing. Another workload
    /// brings its own size, tasks, latency and rate, and runs freely and without a GIL. Of a seed and a list of switches
    /// the last that is set counts.
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
        if matches!(field, Field::Workers | Field::Chunking | Field::Start | Field::Interval) && !self.has(field) {
            return Err(refuse(Wants::Nothing));
        }
        match field {
            Field::Workload => {
                let workload = Workload::from_id(value).ok_or_else(|| refuse(Wants::AWorkload))?;
                let Self { model, workers, chunking, start, record, .. } = *self;
                let new = Self { record, ..Self::new(workload, workers) };
                let free = Self { model, workers, chunking, start, ..new };
                *self = if workload.info().only.is_some() { new } else { free };
            }
            Field::Model => {
                let words = models(info.only);
                let model = Model::from_id(value).filter(|model| words.contains(&model.id()));
                self.model = model.ok_or_else(|| refuse(Wants::OneOf(words)))?;
            }
            Field::Size => self.size = number(info.size)?,
            Field::Tasks => self.tasks = number(info.tasks)?,
            Field::Workers => self.workers = number(Some(WORKERS))?,
            Field::Chunking => {
                self.chunking = Chunking::from_id(value).ok_or_else(|| refuse(Wants::OneOf(&["dynamic", "static"])))?;
            }
            Field::Start => {
                self.start = Start::from_id(value).ok_or_else(|| refuse(Wants::OneOf(&["cold", "warm"])))?;
            }
            Field::Latency => self.latency_ms = number(info.latency)?,
            Field::Rate => self.rate = number(info.rate)?,
            Field::Record => self.record = on_or_off(value).ok_or_else(|| refuse(Wants::OneOf(ON_OFF)))?,
            Field::Gil => {
                let gil = on_or_off(value).ok_or_else(|| refuse(Wants::OneOf(ON_OFF)))?;
                if gil && !info.can_have_gil() {
                    return Err(refuse(Wants::Nothing));
                }
                self.gil = gil;
            }
            Field::Interval => self.interval_ms = number(Some(INTERVAL))?,
            Field::Seed => {
                let seed = if value.is_empty() { None } else { Some(value.parse().map_err(|_| refuse(Wants::ASeed))?) };
                if seed.is_some() && !info.can_be_seeded() {
                    return Err(refuse(Wants::Nothing));
                }
                (self.seed, self.switches) = (seed, None);
            }
            Field::Switches => {
                let switches = match value {
                    "" => None,
                    _ => Some(Switches::parse(value).ok_or_else(|| refuse(Wants::Decisions))?),
                };
                if switches.is_some() && !info.can_be_seeded() {
                    return Err(refuse(Wants::Nothing));
                }
                (self.seed, self.switches) = (None, switches);
            }
        }
        Ok(())
    }

    /// As a link's query, without the question mark. Says all that matters for this workload and model, so
    /// that a link means the same on another machine; recording is said only when off, a GIL only when on, and a
    /// schedule only if there is one.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for field in Field::ALL {
            let silent = match field {
                Field::Record => self.record,
                Field::Gil => !self.gil,
                Field::Interval => self.interval_ms == INTERVAL.default,
                Field::Seed => self.seed.is_none() || self.switches.is_some(),
                Field::Switches => self.switches.is_none(),
                _ => false,
            };
            if self.has(field) && !silent {
                query.append_pair(field.id(), &self.get(field));
            }
        }
        query.finish()
    }

    /// From a link's query, on a machine of so many cores. What is not said takes its default; what is said
    /// badly takes its default too and is told. Parameters of others are passed over.
    pub fn from_query(query: &str, cores: u32) -> (Self, Vec<Problem>) {
        Self::new(Workload::ALL[0], cores).with_query(query, cores)
    }

    /// What a link's query says on top of this, on a machine of so many cores.
    pub fn with_query(self, query: &str, cores: u32) -> (Self, Vec<Problem>) {
        let pairs: Vec<_> = form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).collect();
        let mut spec = self;
        let mut problems = Vec::new();
        for field in Field::ALL {
            let said = pairs.iter().find(|(key, _)| key == field.id());
            if let Some((_, value)) = said {
                // The same workload again would undo what it was given before.
                if field == Field::Workload && *value == spec.workload.info().id {
                    continue;
                }
                let was_program = spec.workload.info().only.is_some();
                problems.extend(spec.set(field, value).err());
                if field == Field::Workload && was_program && spec.workload.info().only.is_none() {
                    spec.workers = cores.clamp(WORKERS.min, WORKERS.max);
                }
            }
        }
        (spec, problems)
    }

    /// Whether a field has a meaning for this workload.
    pub fn has(&self, field: Field) -> bool {
        let info = self.workload.info();
        match field {
            Field::Size => info.size.is_some(),
            Field::Tasks => info.tasks.is_some(),
            Field::Latency => info.latency.is_some(),
            Field::Rate => info.rate.is_some(),
            Field::Workers | Field::Chunking | Field::Start => info.only.is_none(),
            Field::Gil | Field::Interval => info.can_have_gil(),
            Field::Seed | Field::Switches => info.can_be_seeded(),
            Field::Workload | Field::Model | Field::Record => true,
        }
    }

    /// How many workers do the work in this model.
    pub fn lanes_at_work(&self) -> u32 {
        match self.model {
            Model::Sequential | Model::Tasks => 1,
            Model::Threads | Model::Processes if self.workload.info().only.is_some() => self.tasks.max(1),
            Model::Threads | Model::Processes => self.workers,
        }
    }

    /// In what order its lanes are to run, if not freely.
    pub fn plan(&self) -> Option<Plan> {
        let listed = self.switches.map(|switches| Plan::Switches(switches.as_slice().to_vec()));
        listed.or(self.seed.map(Plan::Seed))
    }

    /// Whether it is a Python program that is run.
    pub fn is_python(&self) -> bool {
        self.kind() == Kind::Python
    }

    /// What limits the workload.
    pub fn kind(&self) -> Kind {
        self.workload.info().kind
    }
}

const ON_OFF: &[&str] = &["on", "off"];

fn on_or_off(value: &str) -> Option<bool> {
    match value {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// The names of the models that there are for something: all, or the one that it is written for.
const fn models(only: Option<Model>) -> &'static [&'static str] {
    match only {
        None => &["sequential", "threads", "processes", "tasks"],
        Some(Model::Sequential) => &["sequential"],
        Some(Model::Threads) => &["threads"],
        Some(Model::Processes) => &["processes"],
        Some(Model::Tasks) => &["tasks"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn switches() -> impl Strategy<Value = Switches> {
        let switch = (any::<u32>(), 0u32..64).prop_map(|(step, lane)| Switch { step, lane });
        proptest::collection::vec(switch, 0..=MOST_SWITCHES).prop_filter_map("too many", |list| Switches::new(&list))
    }

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
    fn a_program_runs_in_its_own_model_and_links_say_only_what_it_has() {
        let mut spec = RunSpec::new(Workload::Race, 8);
        assert_eq!(spec.to_query(), "workload=race&model=threads&size=1000000&tasks=2");
        let refused = spec.set(Field::Model, "tasks").map_err(|problem| problem.to_string());
        assert_eq!(refused, Err("“tasks” is not one of: threads.".to_owned()));
        for (field, value) in [(Field::Gil, "on"), (Field::Interval, "2"), (Field::Seed, "7")] {
            assert_eq!(spec.set(field, value), Ok(()));
        }
        assert_eq!(spec.to_query(), "workload=race&model=threads&size=1000000&tasks=2&gil=on&interval=2&seed=7");
    }

    #[test]
    fn of_a_seed_and_switches_the_last_counts() {
        let mut spec = RunSpec::new(Workload::Race, 2);
        assert_eq!(spec.set(Field::Seed, "7"), Ok(()));
        assert_eq!(spec.set(Field::Switches, "12.1-40.0"), Ok(()));
        assert_eq!((spec.seed, spec.get(Field::Switches).as_str()), (None, "12.1-40.0"));
        assert_eq!(spec.set(Field::Seed, "8"), Ok(()));
        assert_eq!((spec.seed, spec.switches), (Some(8), None));
        assert_eq!(spec.set(Field::Switches, "none"), Ok(()));
        assert_eq!(spec.switches.map(|switches| switches.as_slice().len()), Some(0));
    }

    #[test]
    fn a_schedule_that_is_none_is_told() {
        let mut spec = RunSpec::new(Workload::Race, 2);
        for text in ["1", "1.2.3", "-1.0", "1.0-", "a.b", &["1.0"; MOST_SWITCHES + 1].join("-")] {
            assert!(spec.set(Field::Switches, text).is_err(), "{text}");
        }
        assert!(spec.set(Field::Seed, "4294967296").is_err());
        let told = RunSpec::new(Workload::Pi, 2).set(Field::Seed, "7").map_err(|problem| problem.to_string());
        assert_eq!(told, Err("seed has no meaning for what is run, so “7” changes nothing.".to_owned()));
    }

    #[test]
    fn a_workload_after_a_program_has_the_machines_workers_again() {
        let lesson = RunSpec::new(Workload::Race, 6);
        assert_eq!(lesson.with_query("workload=pi", 6).0.workers, 6);
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
            gil in proptest::option::of(1u32..=1000),
            seed in proptest::option::of(any::<u32>()),
            switches in proptest::option::of(switches()),
        ) {
            let mut spec = RunSpec { record, ..RunSpec::new(workload, 2) };
            let info = workload.info();
            let within = |knob: Option<Knob>| {
                knob.map_or(0, |knob| knob.min + ((knob.max - knob.min) as f64 * part) as u32)
            };
            spec.size = within(info.size);
            spec.tasks = within(info.tasks);
            if info.only.is_none() {
                (spec.model, spec.workers) = (model, workers);
            }
            if info.can_have_gil() && let Some(interval_ms) = gil {
                (spec.gil, spec.interval_ms) = (true, interval_ms);
            }
            if info.can_be_seeded() {
                (spec.seed, spec.switches) = (seed.filter(|_| switches.is_none()), switches);
            }
            prop_assert_eq!(RunSpec::from_query(&spec.to_query(), 7), (spec, vec![]));
        }

        #[test]
        fn switches_survive_their_text(switches in switches()) {
            prop_assert_eq!(Switches::parse(&switches.to_string()), Some(switches));
        }

        #[test]
        fn any_query_is_read_without_a_panic(query in ".{0,200}") {
            let (spec, _) = RunSpec::from_query(&query, 2);
            if let Some(knob) = spec.workload.info().size {
                prop_assert!((knob.min..=knob.max).contains(&spec.size));
            }
        }
    }
}
