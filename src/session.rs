//! What the page knows, and how that changes: a state, events in the past tense, and one function between them.
//!
//! Nothing in here touches the browser, so that everything a visitor can do is tested natively. The reducer also
//! decides what runs next: it hands out a ticket, and whoever owns the workers starts what the ticket names
//! and reports back with it. A report about an older ticket changes nothing, so that a late word from a worker
//! that was stopped cannot disturb the run after it.
//!
//! ```text
//!  RunPressed ---> under_way: ticket 4 ---> (the recorder starts the engine)
//!                       ^                            |
//!                       +--- StageReached, RunEnded -+
//! ```
//! The traces are not in the state: they are large and grow sixty times a second. The state names them by
//! ticket, see [`crate::recording`].

use std::rc::Rc;

use interleave_protocol::{
    Chunking, EXPLORED_SEEDS, Field, Finding, INTERVAL, Info, Knob, Lesson, Model, Problem, RunSpec, Start, Switches,
    WORKERS, Workload, Wrong,
};

use crate::lesson::{LONGEST_HISTORY, Past, Reply, reply};
use crate::link::{Link, Theme};

/// Names one execution, for as long as the page is open.
pub type Ticket = u32;

/// What the page found when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Processors that the browser admits to.
    pub cores: u32,
    /// Whether memory can be shared with workers.
    pub isolated: bool,
    /// What this browser lacks to run anything at all.
    pub missing: Option<&'static str>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The engine is fetched and compiled.
    Loading,
    /// The host prepares the work; the clock does not run yet.
    Preparing,
    /// The work is being done.
    Running,
}

/// Why a run was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The page showed something to a first visitor.
    FirstVisit,
    /// Run was pressed.
    Asked,
    /// It is one of a comparison's.
    Compared,
    /// Its program is tried under many seeds.
    Explored,
}

/// A run that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Which.
    pub ticket: Ticket,
    /// What is run.
    pub spec: RunSpec,
    /// Why.
    pub purpose: Purpose,
    /// How far it is.
    pub stage: Stage,
}

/// A lane that waits for a line of input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Of which run.
    pub ticket: Ticket,
    /// What it is called.
    pub lane: String,
}

/// Where a trace that is shown comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The small run for a first visitor.
    FirstVisit,
    /// A run that was asked for here.
    Here,
    /// A file.
    File(String),
    /// This page, before it was reloaded.
    BeforeReload,
}

/// What the timeline shows.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Shown {
    /// Nothing yet: it says what would run.
    #[default]
    Nothing,
    /// One run.
    Run {
        /// Which.
        ticket: Ticket,
        /// What was run.
        spec: RunSpec,
        /// Where it comes from.
        source: Source,
    },
    /// The runs of the comparison, one below the other.
    Comparison,
}

/// What the state keeps of a finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// From the first instruction of the work to its last, in nanoseconds.
    pub wall_ns: u64,
    /// Whether the result was checked and is right.
    pub checked: bool,
    /// The result in words.
    pub summary: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// To its end.
    Finished(Measured),
    /// By Stop.
    Stopped,
    /// By the page, since lanes waited for what could never come.
    Deadlocked {
        /// Who waits for whom, in few words.
        brief: String,
        /// Who holds what and waits for what.
        sentence: String,
    },
    /// With an error.
    Failed {
        /// The lane's name.
        lane: String,
        /// What happened.
        sentence: String,
        /// What to do.
        advice: &'static str,
    },
}

/// What became of one model of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Its turn has not come.
    Pending,
    /// It cannot run here.
    Skipped(&'static str),
    /// It runs.
    Running(Ticket),
    /// It finished.
    Finished(Ticket, Measured),
    /// It was stopped.
    Stopped(Ticket),
    /// It failed, and how.
    Failed(Ticket, String),
}

impl Attempt {
    /// The trace it left or is leaving.
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Running(ticket) | Self::Finished(ticket, _) | Self::Stopped(ticket) | Self::Failed(ticket, _) => {
                Some(*ticket)
            }
            Self::Pending | Self::Skipped(_) => None,
        }
    }
}

/// The models in turn, on the same work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The work; each attempt has its own model.
    pub spec: RunSpec,
    /// One for each model, in their order.
    pub attempts: Vec<(Model, Attempt)>,
}

impl Comparison {
    /// Whether every turn is over.
    pub fn is_over(&self) -> bool {
        !self.attempts.iter().any(|(_, attempt)| matches!(attempt, Attempt::Pending | Attempt::Running(_)))
    }

    fn settle(&mut self, ticket: Ticket, outcome: Attempt) {
        for (_, attempt) in &mut self.attempts {
            if *attempt == Attempt::Running(ticket) {
                *attempt = outcome;
                return;
            }
        }
    }
}

/// How long the same work took one after another, to measure speed-ups against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    work: Work,
    /// Its wall time.
    pub wall_ns: u64,
}

/// What has to be equal for two runs to have done the same work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    workload: Workload,
    size: u32,
    tasks: u32,
    latency_ms: u32,
    rate: u32,
}

impl Work {
    /// That of a run.
    pub fn of(spec: &RunSpec) -> Self {
        let RunSpec { workload, size, tasks, latency_ms, rate, .. } = *spec;
        Self { workload, size, tasks, latency_ms, rate }
    }
}

/// What came of trying many seeds of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exploration {
    /// A schedule under which it goes wrong.
    Found(Finding),
    /// It was right under all of them.
    Nothing {
        /// How many were tried.
        tried: u32,
    },
    /// Stop was pressed.
    Stopped {
        /// How many were tried until then.
        tried: u32,
    },
    /// Under this seed it took its instance with it.
    Broke {
        /// Which.
        seed: u32,
        /// What happened.
        sentence: String,
        /// What to do.
        advice: &'static str,
    },
}

/// The panels below the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum View {
    /// The lesson's text and question.
    Lesson,
    /// What was measured.
    #[default]
    Report,
    /// The picture that the run draws.
    Picture,
    /// What was said.
    Log,
    /// The timeline as a table.
    Table,
    /// The four models side by side.
    Compare,
    /// The files that are run.
    Source,
    /// The Python program, and what it writes.
    Program,
}

impl View {
    /// All of them, in the order of their tabs.
    pub const ALL: [View; 8] =
        [View::Lesson, View::Report, View::Picture, View::Log, View::Table, View::Compare, View::Source, View::Program];

    /// Its name in links.
    pub const fn id(self) -> &'static str {
        match self {
            View::Lesson => "lesson",
            View::Program => "program",
            View::Source => "source",
            View::Report => "report",
            View::Picture => "picture",
            View::Log => "log",
            View::Table => "table",
            View::Compare => "compare",
        }
    }

    /// Its name on the page.
    pub const fn title(self) -> &'static str {
        match self {
            View::Lesson => "Lesson",
            View::Program => "Python",
            View::Source => "Rust",
            View::Report => "Report",
            View::Picture => "Picture",
            View::Log => "Log",
            View::Table => "Table",
            View::Compare => "Compare",
        }
    }

    /// The one with that name in links.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.id() == id)
    }

    /// Whether there is such a panel: a lesson has one of its own and both languages, and Python draws no picture and is
    /// written for no model.
    pub fn is_there(self, lesson: Option<&Lesson>, spec: &RunSpec) -> bool {
        match self {
            View::Lesson => lesson.is_some(),
            View::Program => lesson.is_some() || spec.is_python(),
            View::Source => lesson.is_some() || !spec.is_python(),
            View::Picture | View::Compare => !spec.is_python(),
            View::Report | View::Log | View::Table => true,
        }
    }
}

/// How much a line of the log or the status matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tone {
    /// For interest.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Not as asked.
    Warning,
    /// Went wrong.
    Bad,
}

impl Tone {
    /// How the status looks that has it.
    pub const fn class(self) -> &'static str {
        match self {
            Tone::Plain => "status",
            Tone::Good => "status good",
            Tone::Warning => "status warning",
            Tone::Bad => "status bad",
        }
    }
}

/// A sentence with its weight.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Said {
    /// How much it matters.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// A line of the page's own log. What lanes say is in their traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The run it belongs to, if any.
    pub ticket: Option<Ticket>,
    /// What it says.
    pub said: Said,
}

/// The largest size with which a program is explored: a schedule of few decisions is one that can be read.
const EXPLORED_SIZE: u32 = 20;

/// How many lines the log keeps.
pub const LONGEST_LOG: usize = 200;

/// What a visitor finds who has written no Python yet.
pub const FIRST_PROGRAM: &str = include_str!("first_program.py");

/// A Python program as it is written, and as links carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The lesson whose it is; none of a visitor's own.
    pub lesson: Option<&'static Lesson>,
    /// What it was before somebody wrote on it.
    pub original: Rc<str>,
    /// Its text.
    pub text: Rc<str>,
    /// The text in few characters, once that is known.
    pub packed: Option<String>,
    /// Whether the text is not yet that of the link, or of the lesson.
    pub pending: bool,
    /// A line that is to be shown, and how many were so far.
    pub line: (u32, u32),
}

impl Default for Program {
    fn default() -> Self {
        let original: Rc<str> = FIRST_PROGRAM.into();
        Self { lesson: None, text: original.clone(), original, packed: None, pending: false, line: (0, 0) }
    }
}

impl Program {
    /// That of a lesson, or else a visitor's own, which is still to come.
    fn of(lesson: Option<&'static Lesson>) -> Self {
        match lesson {
            Some(_) => Self { lesson, original: "".into(), text: "".into(), pending: true, ..Self::default() },
            None => Self::default(),
        }
    }
}

/// Everything the page knows beside the traces.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// What was found when the page was opened.
    pub surroundings: Surroundings,
    /// What the controls say.
    pub spec: RunSpec,
    /// Values that were refused, until their control gets a good one.
    pub problems: Vec<Problem>,
    /// The run that is not over.
    pub under_way: Option<UnderWay>,
    /// Who wants a line of input.
    pub asking: Option<Asking>,
    /// What the timeline shows.
    pub shown: Shown,
    /// The last comparison.
    pub comparison: Option<Comparison>,
    /// Sequential runs to measure against.
    pub baselines: Vec<Baseline>,
    /// The lesson that is open.
    pub lesson: Option<&'static Lesson>,
    /// What was answered to the questions of lessons, by their names.
    pub answers: Vec<(&'static str, usize)>,
    /// The runs of this tab, for questions to be answered by them.
    pub history: Vec<Past>,
    /// The Python program.
    pub program: Program,
    /// The panel in front.
    pub view: View,
    /// Light, dark, or as the system has it.
    pub theme: Theme,
    /// What became of the last thing that was done.
    pub status: Said,
    /// What the page has to say.
    pub log: Vec<Line>,
    /// Whether the address says what the controls say. Not so on a first visit.
    pub linked: bool,
    /// Parameters of the address that are others' business.
    pub others: Vec<(String, String)>,
    next_ticket: Ticket,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The page had nothing to show and somebody to show it to.
    VisitorCame,
    /// The address changed under the page: back, forward.
    LinkFollowed(Link),
    /// A lesson was opened.
    LessonChosen(&'static Lesson),
    /// A lesson's question was answered with this choice.
    AnswerPicked(usize),
    /// A row of the survey is to be measured.
    SurveyPressed(RunSpec),
    /// The Python program is another one now.
    ProgramWritten(Rc<str>),
    /// How links carry the program that was written.
    ProgramPacked(Rc<str>, String),
    /// What a link carries is this program.
    ProgramUnpacked(String, Option<Rc<str>>),
    /// A file with a program was opened.
    ProgramOpened {
        /// Its name.
        name: String,
        /// Its text.
        text: Rc<str>,
    },
    /// The program of a lesson came, or did not.
    LessonProgram(&'static Lesson, Option<Rc<str>>),
    /// An earlier visit left a program.
    DraftFound(Rc<str>),
    /// A line of the program is to be seen.
    LineChosen(u32),
    /// A control was given a value.
    FieldSet(Field, String),
    /// Run was pressed.
    RunPressed,
    /// Compare was pressed.
    ComparePressed,
    /// Explore was pressed.
    ExplorePressed,
    /// So many seeds were tried.
    SeedsTried(Ticket, u32),
    /// Seeds are tried no more.
    Explored(Ticket, Exploration),
    /// So many bytes of what runs it have come; less than none while that is still to be built.
    Loading(Ticket, f64),
    /// A lane, called so, waits for a line of input.
    LineAsked(Ticket, String),
    /// It was given one.
    LineGiven,
    /// A run got on.
    StageReached(Ticket, Stage),
    /// A run is over.
    RunEnded(Ticket, Ending),
    /// A saved run was read.
    FileOpened {
        /// The file's name.
        name: String,
        /// What was run.
        spec: RunSpec,
        /// Under which ticket its trace is kept.
        ticket: Ticket,
    },
    /// The page was reloaded, and the run that it had shown is still there.
    RunKept {
        /// What was run.
        spec: RunSpec,
        /// Under which ticket its trace is kept.
        ticket: Ticket,
    },
    /// A file was no saved run.
    FileRefused {
        /// The file's name.
        name: String,
        /// Why.
        sentence: String,
    },
    /// A panel was brought to the front.
    ViewChosen(View),
    /// Light or dark was chosen.
    ThemeChosen(Theme),
    /// Something is to be told.
    Told(Said),
}

/// Tickets of files, which no run ever gets.
pub const FIRST_FILE_TICKET: Ticket = 1 << 31;

/// The ticket of the run that was kept over a reload.
pub const KEPT_TICKET: Ticket = FIRST_FILE_TICKET - 1;

/// Why threads cannot run here.
pub const NO_THREADS: &str = "Threads need a page that is cross-origin isolated.";

/// Why processes that share something cannot run here.
pub const NO_SEGMENT: &str =
    "These processes share memory and not only messages, which needs a page that is cross-origin isolated.";

/// Why processes cannot take turns here.
pub const NO_TURNS: &str =
    "Processes take turns through memory that they share, which needs a page that is cross-origin isolated.";

impl Session {
    /// As the page is opened at an address.
    pub fn new(surroundings: Surroundings, link: Link) -> Self {
        let mut session = Self {
            surroundings,
            spec: link.spec,
            problems: Vec::new(),
            under_way: None,
            asking: None,
            shown: Shown::Nothing,
            comparison: None,
            baselines: Vec::new(),
            lesson: None,
            answers: Vec::new(),
            history: Vec::new(),
            program: Program::default(),
            view: View::default(),
            theme: Theme::default(),
            status: Said::default(),
            log: Vec::new(),
            linked: false,
            others: Vec::new(),
            next_ticket: 1,
        };
        session.follow(link);
        session
    }

    /// What the first visitor is shown: small, pretty, and with a picture. Its workers are warm, so that the work
    /// fills the picture and not the starting of workers.
    pub fn first_spec(surroundings: &Surroundings) -> RunSpec {
        let model = if surroundings.isolated { Model::Threads } else { Model::Processes };
        let workers = surroundings.cores.clamp(2, 4);
        let start = Start::Warm;
        RunSpec {
            model,
            size: 512,
            tasks: 24,
            workers,
            start,
            ..RunSpec::new(Workload::Mandelbrot, surroundings.cores)
        }
    }

    /// What the catalogue says about the workload that the controls name.
    pub fn info(&self) -> &'static Info {
        self.spec.workload.info()
    }

    /// The knob behind a field, if the workload has it.
    pub fn knob(&self, field: Field) -> Option<Knob> {
        if field == Field::Workers { Some(WORKERS) } else { self.info().knob(field) }
    }

    /// What a number is called beside its control, and what it may be.
    pub fn number(&self, field: Field) -> Option<(&'static str, String)> {
        use interleave_timeline::amounts::grouped;
        let range = |knob: Knob| format!("{}–{} {}", grouped(knob.min.into()), grouped(knob.max.into()), knob.unit);
        match field {
            Field::Seed if self.spec.switches.is_some() => Some(("Seed", "a schedule is replayed".to_owned())),
            Field::Seed => Some(("Seed", "a number, or nothing: run freely".to_owned())),
            Field::Interval => Some((INTERVAL.label, range(INTERVAL))),
            _ => self.knob(field).map(|knob| (knob.label, range(knob))),
        }
    }

    /// What was wrong with the last value of a field.
    pub fn problem(&self, field: Field) -> Option<String> {
        self.problems.iter().find(|problem| problem.field == field).map(ToString::to_string)
    }

    /// The tabs that there are: a lesson has one of its own.
    pub fn views(&self) -> Vec<View> {
        let mut views: Vec<View> =
            View::ALL.into_iter().filter(|view| view.is_there(self.lesson, &self.spec)).collect();
        if self.first_view() == View::Program {
            views.rotate_right(1);
        }
        views
    }

    /// What was answered to the open lesson's question.
    pub fn answer(&self) -> Option<usize> {
        let lesson = self.lesson?;
        self.answers.iter().find(|(id, _)| *id == lesson.id).map(|(_, pick)| *pick)
    }

    /// What the runs of this tab say to that answer.
    pub fn reply(&self) -> Option<Reply> {
        Some(reply(self.lesson?, &self.spec, self.answer()?, &self.history))
    }

    /// Why a control has no effect as things are.
    pub fn idle_reason(&self, field: Field) -> Option<&'static str> {
        match field {
            Field::Gil | Field::Interval if self.spec.model != Model::Threads => {
                return Some("Only threads share one.");
            }
            Field::Gil if !self.spec.is_python() && self.spec.seed.is_some() || self.spec.switches.is_some() => {
                return Some("One lane runs at a time anyway.");
            }
            Field::Interval if !self.spec.gil => return Some("The GIL is off."),
            Field::Seed | Field::Gil | Field::Interval => return None,
            _ => {}
        }
        let alone = match self.spec.model {
            Model::Sequential => "One worker does it all.",
            Model::Tasks => "One event loop runs all.",
            Model::Threads | Model::Processes => return None,
        };
        matches!(field, Field::Workers | Field::Chunking | Field::Start).then_some(alone)
    }

    /// Why Run would do nothing good.
    pub fn obstacle(&self) -> Option<&'static str> {
        if self.surroundings.missing.is_some() {
            return self.surroundings.missing;
        }
        if self.spec.is_python() {
            return self.program.pending.then_some("The program is on its way.");
        }
        if self.surroundings.isolated {
            return None;
        }
        match (self.spec.model, self.info().only) {
            (Model::Threads, _) => Some(NO_THREADS),
            // Those of a workload only send messages.
            (Model::Processes, Some(_)) if !self.info().by_messages => Some(NO_SEGMENT),
            (Model::Processes, Some(_)) if self.spec.seed.is_some() || self.spec.switches.is_some() => Some(NO_TURNS),
            _ => None,
        }
    }

    /// Why there is nothing to compare.
    pub fn cannot_compare(&self) -> Option<&'static str> {
        match self.spec.is_python() {
            true => Some("interleave.compare(function, inputs), in a program, runs a function in every way."),
            false => self.info().only.map(|_| "This program is written for one model."),
        }
    }

    /// Why there are no seeds to try.
    pub fn cannot_explore(&self) -> Option<&'static str> {
        match self.info().can_be_seeded() {
            false => Some("Only programs whose lanes can take turns are explored."),
            true if self.spec.model == Model::Processes && !self.surroundings.isolated => Some(NO_TURNS),
            true => None,
        }
    }

    /// Whether nothing runs.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_none()
    }

    /// Whether a comparison is on its way.
    pub fn is_comparing(&self) -> bool {
        self.under_way.is_some_and(|run| run.purpose == Purpose::Compared)
    }

    /// The sequential run of the same work, if there was one.
    pub fn baseline(&self, spec: &RunSpec) -> Option<&Baseline> {
        let work = Work::of(spec);
        self.baselines.iter().find(|baseline| baseline.work == work)
    }

    /// The traces that something of the state still names.
    pub fn tickets_in_use(&self) -> Vec<Ticket> {
        let mut tickets: Vec<Ticket> = self.under_way.iter().map(|run| run.ticket).collect();
        if let Shown::Run { ticket, .. } = self.shown {
            tickets.push(ticket);
        }
        let attempts = self.comparison.iter().flat_map(|comparison| &comparison.attempts);
        tickets.extend(attempts.filter_map(|(_, attempt)| attempt.ticket()));
        tickets
    }

    /// The address that says what the controls say.
    pub fn link(&self) -> Link {
        Link {
            lesson: self.lesson,
            spec: self.spec,
            problems: Vec::new(),
            unknown_lesson: None,
            view: self.view,
            theme: self.theme,
            program: self.program.packed.clone().filter(|_| self.spec.is_python()),
            others: self.others.clone(),
            says_something: true,
        }
    }

    /// The state after something happened.
    pub fn after(mut self, action: Action) -> Self {
        match action {
            Action::VisitorCame => {
                if self.is_idle() && self.shown == Shown::Nothing && self.surroundings.missing.is_none() {
                    self.spec = Self::first_spec(&self.surroundings);
                    self.start(self.spec, Purpose::FirstVisit);
                }
            }
            Action::LinkFollowed(link) => self.follow(link),
            Action::LessonChosen(lesson) => self.open_lesson(lesson),
            Action::AnswerPicked(pick) => {
                if let Some(lesson) = self.lesson {
                    self.answers.retain(|(id, _)| *id != lesson.id);
                    self.answers.push((lesson.id, pick));
                }
            }
            Action::SurveyPressed(spec) => {
                if self.is_idle() {
                    self.spec = RunSpec { workers: spec.workers.max(self.surroundings.cores.min(WORKERS.max)), ..spec };
                    self.problems.clear();
                    self.compare();
                }
            }
            Action::ProgramWritten(text) => {
                if text != self.program.text {
                    self.linked = true;
                    self.program = Program { text, packed: None, pending: false, ..self.program };
                }
            }
            Action::ProgramPacked(text, packed) => {
                if text == self.program.text {
                    self.program.packed = Some(packed);
                }
            }
            Action::ProgramUnpacked(packed, text) => {
                if self.program.packed.as_ref() == Some(&packed) {
                    self.program.pending = false;
                    match text {
                        Some(text) => self.program.text = text,
                        None => {
                            // That of the lesson may still be on its way.
                            let pending = self.program.original.is_empty();
                            let text = self.program.original.clone();
                            self.program = Program { text, packed: None, pending, ..std::mem::take(&mut self.program) };
                            self.tell(
                                Tone::Warning,
                                "The program in this link cannot be read: it was cut short, perhaps.".to_owned(),
                            );
                        }
                    }
                }
            }
            Action::LessonProgram(lesson, text) => {
                if self.program.lesson == Some(lesson) {
                    match text {
                        Some(text) => {
                            self.program.original = text.clone();
                            if self.program.packed.is_none() {
                                self.program = Program { text, pending: false, ..std::mem::take(&mut self.program) };
                            }
                        }
                        None => self.tell(
                            Tone::Warning,
                            "The lesson's program did not come from the site. Check the connection and reload."
                                .to_owned(),
                        ),
                    }
                }
            }
            Action::DraftFound(text) => {
                if self.program == Program::default() {
                    self.program.text = text;
                }
            }
            Action::LineChosen(line) => {
                self.program.line = (line, self.program.line.1 + 1);
                self.view = View::Program;
            }
            Action::FieldSet(field, value) => self.set(field, &value),
            Action::RunPressed => self.run(),
            Action::ComparePressed => self.compare(),
            Action::ExplorePressed => self.explore(),
            Action::SeedsTried(ticket, tried) => {
                if self.under_way.is_some_and(|run| run.ticket == ticket) {
                    let text =
                        format!("Exploring: {tried} of {EXPLORED_SEEDS} seeds tried, and nothing went wrong yet.");
                    self.status = Said { tone: Tone::Plain, text };
                }
            }
            Action::Explored(ticket, outcome) => self.take_finding(ticket, outcome),
            Action::Loading(ticket, bytes) => {
                if self.under_way.is_some_and(|run| run.ticket == ticket) {
                    let text = match bytes < 0.0 {
                        true => {
                            "Python is still being built on this machine; the run begins once it is there.".to_owned()
                        }
                        false => format!("Loading Python, once a visit: {:.0} MB so far.", bytes / 1e6),
                    };
                    self.status = Said { tone: Tone::Plain, text };
                }
            }
            Action::LineAsked(ticket, lane) => {
                if self.under_way.is_some_and(|run| run.ticket == ticket) {
                    self.asking = Some(Asking { ticket, lane });
                    self.view = View::Program;
                }
            }
            Action::LineGiven => self.asking = None,
            Action::StageReached(ticket, stage) => {
                if let Some(run) = self.under_way.as_mut().filter(|run| run.ticket == ticket) {
                    if run.spec.is_python() && run.stage == Stage::Loading && stage > Stage::Loading {
                        self.status = Said::default();
                    }
                    run.stage = run.stage.max(stage);
                }
            }
            Action::RunEnded(ticket, ending) => self.end(ticket, ending),
            Action::FileOpened { name, spec, ticket } => {
                self.tell(Tone::Plain, format!("Opened {name}: {}.", run_title(&spec)));
                if self.is_idle() {
                    self.spec = spec;
                    self.problems.clear();
                    self.linked = true;
                    if self.lesson.is_some_and(|lesson| !lesson.is_about(&spec)) {
                        self.close_lesson();
                    }
                    self.shown = Shown::Run { ticket, spec, source: Source::File(name) };
                    if self.view == View::Compare || !self.view.is_there(self.lesson, &spec) {
                        self.view = View::Report;
                    }
                }
            }
            Action::ProgramOpened { name, text } => {
                self.set(Field::Workload, Workload::Python.info().id);
                self.program = Program { text, ..Program::default() };
                self.linked = true;
                self.tell(Tone::Plain, format!("Opened {name}."));
            }
            Action::RunKept { spec, ticket } => {
                // Only if the address still says the same; another link was followed otherwise.
                if self.linked && self.is_idle() && self.spec == spec && self.shown == Shown::Nothing {
                    self.shown = Shown::Run { ticket, spec, source: Source::BeforeReload };
                }
            }
            Action::FileRefused { name, sentence } => self.tell(Tone::Bad, format!("{name}: {sentence}")),
            Action::ViewChosen(view) => {
                self.view = view;
                self.linked |= self.is_idle();
                self.speak_language_of(view);
                self.show_what_fits(view);
            }
            Action::ThemeChosen(theme) => self.theme = theme,
            Action::Told(said) => self.tell(said.tone, said.text),
        }
        self
    }

    fn follow(&mut self, link: Link) {
        self.linked |= link.says_something;
        self.lesson = link.lesson;
        self.spec = link.spec;
        self.problems = link.problems;
        self.view = link.view;
        self.theme = link.theme;
        self.take_program();
        if link.program.is_some() && link.program != self.program.packed {
            self.program = Program { packed: link.program, pending: true, ..std::mem::take(&mut self.program) };
        }
        self.others = link.others;
        if let Some(name) = link.unknown_lesson {
            self.tell(Tone::Warning, format!("There is no lesson named “{name}”; pick one from the catalogue."));
        }
        for problem in self.problems.clone() {
            self.note(None, Tone::Warning, format!("The link was not understood in one place. {problem}"));
        }
    }

    fn open_lesson(&mut self, lesson: &'static Lesson) {
        self.lesson = Some(lesson);
        self.spec = lesson.spec(self.surroundings.cores);
        self.problems.clear();
        self.view = View::Lesson;
        self.linked = true;
        if self.is_idle() {
            self.shown = Shown::Nothing;
            self.status = Said::default();
        }
    }

    /// The tabs of a lesson's two languages choose what is run.
    fn speak_language_of(&mut self, view: View) {
        let Some(lesson) = self.lesson else { return };
        let cores = self.surroundings.cores;
        let spec = match view {
            View::Program if !self.spec.is_python() => RunSpec::new(Workload::Python, cores),
            View::Source if self.spec.is_python() => lesson.spec(cores),
            _ => return,
        };
        self.spec = spec;
        self.problems.clear();
        self.take_program();
    }

    /// The program is that of the lesson, or the visitor's own, as soon as one is wanted.
    fn take_program(&mut self) {
        if self.spec.is_python() && self.program.lesson != self.lesson {
            self.program = Program::of(self.lesson);
        }
    }

    fn set(&mut self, field: Field, value: &str) {
        let was_program = self.info().only.is_some();
        match self.spec.set(field, value) {
            Ok(()) => {
                self.linked = true;
                if was_program && self.info().only.is_none() {
                    self.spec.workers = self.surroundings.cores.clamp(WORKERS.min, WORKERS.max);
                }
                if field == Field::Workload && self.spec.is_python() {
                    self.view = View::Program;
                }
                if self.lesson.is_some_and(|lesson| field == Field::Workload || !lesson.is_about(&self.spec)) {
                    self.close_lesson();
                }
                self.take_program();
                if !self.view.is_there(self.lesson, &self.spec) {
                    self.view = View::default();
                }
                self.problems.retain(|problem| {
                    // Another workload brings its own numbers, and with them other ranges.
                    let numbers = matches!(problem.field, Field::Size | Field::Tasks | Field::Latency | Field::Rate);
                    problem.field != field && !(field == Field::Workload && numbers)
                });
            }
            Err(problem) => {
                self.problems.retain(|other| other.field != field);
                self.problems.push(problem);
            }
        }
    }

    fn close_lesson(&mut self) {
        self.lesson = None;
        if self.view == View::Lesson {
            self.view = View::default();
        }
    }

    fn run(&mut self) {
        if !self.is_idle() {
            return;
        }
        if let Some(obstacle) = self.obstacle() {
            self.tell(Tone::Bad, obstacle.to_owned());
            return;
        }
        self.linked = true;
        if self.view == View::Compare {
            self.view = self.first_view();
        }
        self.start(self.spec, Purpose::Asked);
    }

    fn compare(&mut self) {
        if !self.is_idle() {
            return;
        }
        if let Some(obstacle) = self.surroundings.missing.or(self.cannot_compare()) {
            self.tell(Tone::Bad, obstacle.to_owned());
            return;
        }
        let attempt = |model: Model| {
            let skipped = model == Model::Threads && !self.surroundings.isolated;
            (model, if skipped { Attempt::Skipped(NO_THREADS) } else { Attempt::Pending })
        };
        let attempts = Model::ALL.iter().map(|&model| attempt(model)).collect();
        self.comparison = Some(Comparison { spec: self.spec, attempts });
        self.linked = true;
        if self.view != View::Lesson {
            self.view = View::Compare;
        }
        self.shown = Shown::Comparison;
        self.start_next_turn();
    }

    fn explore(&mut self) {
        if !self.is_idle() {
            return;
        }
        if let Some(obstacle) = self.obstacle().or(self.cannot_explore()) {
            self.tell(Tone::Bad, obstacle.to_owned());
            return;
        }
        self.linked = true;
        let mut spec = RunSpec { seed: None, switches: None, ..self.spec };
        let mut text = "Exploring: one seed after another …".to_owned();
        if let Some(size) = self.knob(Field::Size).filter(|size| spec.size > EXPLORED_SIZE.max(size.min)) {
            spec.size = EXPLORED_SIZE.max(size.min);
            text = format!("Exploring with {} {}: what goes wrong goes wrong in small, too …", spec.size, size.unit);
        }
        self.start(spec, Purpose::Explored);
        self.status = Said { tone: Tone::Plain, text };
    }

    /// What went wrong under some seed is run again, to be seen.
    fn take_finding(&mut self, ticket: Ticket, outcome: Exploration) {
        let Some(run) = self.under_way.filter(|run| run.ticket == ticket) else { return };
        self.under_way = None;
        let seeds = |tried: u32| interleave_timeline::amounts::count(tried.into(), "seed");
        let finding = match outcome {
            Exploration::Found(finding) => finding,
            Exploration::Nothing { tried } => {
                let was = if run.spec.is_python() { "ended well, with the same lines," } else { "was right" };
                self.tell(Tone::Good, format!("Explored {}: the program {was} under every one.", seeds(tried)));
                return;
            }
            Exploration::Stopped { tried } => {
                self.tell(Tone::Plain, format!("Exploring was stopped after {}.", seeds(tried)));
                return;
            }
            Exploration::Broke { seed, sentence, advice } => {
                self.spec = RunSpec { seed: Some(seed), switches: None, ..run.spec };
                self.tell(Tone::Bad, format!("Exploring ended with seed {seed}: {sentence}. {advice}"));
                return;
            }
        };
        let Finding { seed, tried, switches, switches_at_first, wrong, summary } = finding;
        let switches = Switches::new(&switches);
        let by = |switches: &Switches| {
            let fewest = interleave_timeline::amounts::count(switches.as_slice().len() as u64, "decision");
            format!("{fewest} of the {switches_at_first} it took are enough, and this link replays them")
        };
        let how = switches.as_ref().map_or_else(|| "this link replays it".to_owned(), by);
        let what = if wrong == Wrong::Differs { summary } else { format!("it goes wrong ({summary})") };
        let text = format!("Explored {}: under seed {seed} {what}; {how}.", seeds(tried));
        self.spec = RunSpec { seed: switches.is_none().then_some(seed), switches, ..run.spec };
        self.start(self.spec, Purpose::Asked);
        self.tell(Tone::Warning, text);
    }

    /// Where a run is looked at first.
    fn first_view(&self) -> View {
        match self.lesson {
            Some(_) => View::Lesson,
            None if self.spec.is_python() => View::Program,
            None => View::default(),
        }
    }

    /// Starts the comparison's next model; gives whether there was one.
    fn start_next_turn(&mut self) -> bool {
        let ticket = self.next_ticket;
        let Some(comparison) = &mut self.comparison else { return false };
        let pending = comparison.attempts.iter_mut().find(|(_, attempt)| *attempt == Attempt::Pending);
        let Some((model, attempt)) = pending else { return false };
        *attempt = Attempt::Running(ticket);
        let spec = RunSpec { model: *model, ..comparison.spec };
        self.start(spec, Purpose::Compared);
        true
    }

    fn start(&mut self, spec: RunSpec, purpose: Purpose) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.under_way = Some(UnderWay { ticket, spec, purpose, stage: Stage::Loading });
        self.status = Said::default();
        let source = match purpose {
            Purpose::FirstVisit => Source::FirstVisit,
            Purpose::Asked => Source::Here,
            Purpose::Compared | Purpose::Explored => return,
        };
        self.shown = Shown::Run { ticket, spec, source };
    }

    fn end(&mut self, ticket: Ticket, ending: Ending) {
        let Some(run) = self.under_way.filter(|run| run.ticket == ticket) else { return };
        self.under_way = None;
        self.asking = None;
        let title = run_title(&run.spec);
        let wall = |measured: &Measured| interleave_timeline::amounts::duration(measured.wall_ns);
        self.remember(&run.spec, &ending);
        match &ending {
            Ending::Finished(measured) => {
                let took = wall(measured);
                if measured.checked {
                    self.tell_of(ticket, Tone::Good, format!("{title}: {took}. {}", measured.summary));
                } else if run.spec.workload.info().only.is_some() {
                    // What a program shows may be that things go wrong.
                    self.tell_of(ticket, Tone::Warning, format!("{title}: {took}. {}", measured.summary));
                } else {
                    self.tell_of(
                        ticket,
                        Tone::Bad,
                        format!("{title}: {took}, but the result is not what it has to be. {}", measured.summary),
                    );
                }
                if run.spec.model == Model::Sequential && measured.checked {
                    let work = Work::of(&run.spec);
                    self.baselines.retain(|baseline| baseline.work != work);
                    self.baselines.push(Baseline { work, wall_ns: measured.wall_ns });
                }
            }
            Ending::Stopped => self.tell_of(ticket, Tone::Plain, format!("{title}: stopped.")),
            Ending::Deadlocked { brief, sentence } => {
                self.note(Some(ticket), Tone::Bad, format!("{title}. {sentence}"));
                self.status = Said { tone: Tone::Bad, text: format!("{title}. Deadlock: {brief}.") };
            }
            Ending::Failed { lane, sentence, advice } => {
                self.tell_of(ticket, Tone::Bad, format!("{title}, {lane}: {sentence}. {advice}"));
            }
        }
        if run.purpose != Purpose::Compared {
            return;
        }
        let stopped = ending == Ending::Stopped;
        let outcome = match ending {
            Ending::Finished(measured) => Attempt::Finished(ticket, measured),
            Ending::Stopped => Attempt::Stopped(ticket),
            Ending::Deadlocked { sentence, .. } | Ending::Failed { sentence, .. } => Attempt::Failed(ticket, sentence),
        };
        if let Some(comparison) = &mut self.comparison {
            comparison.settle(ticket, outcome);
            if stopped {
                for (_, attempt) in &mut comparison.attempts {
                    if *attempt == Attempt::Pending {
                        *attempt = Attempt::Skipped("The comparison was stopped.");
                    }
                }
                self.status = Said { tone: Tone::Plain, text: "The comparison was stopped.".to_owned() };
                return;
            }
        }
        if !self.start_next_turn() {
            self.status = Said { tone: Tone::Good, text: "All four compared; see Compare below.".to_owned() };
        }
    }

    /// Keeps what a lesson's question may be answered with.
    fn remember(&mut self, spec: &RunSpec, ending: &Ending) {
        let (wall_ns, said) = match ending {
            Ending::Finished(measured) => (Some(measured.wall_ns), measured.summary.clone()),
            Ending::Deadlocked { sentence, .. } | Ending::Failed { sentence, .. } => (None, sentence.clone()),
            Ending::Stopped => return,
        };
        if self.history.len() == LONGEST_HISTORY {
            self.history.remove(0);
        }
        let program = self.program.lesson.filter(|_| spec.is_python());
        self.history.push(Past { spec: *spec, program, wall_ns, said });
    }

    /// The comparison's panel goes with the comparison's timeline, the others with a run's.
    fn show_what_fits(&mut self, view: View) {
        if self.is_idle() && view == View::Compare && self.comparison.is_some() {
            self.shown = Shown::Comparison;
        }
    }

    fn tell(&mut self, tone: Tone, text: String) {
        self.status = Said { tone, text: text.clone() };
        self.note(None, tone, text);
    }

    fn tell_of(&mut self, ticket: Ticket, tone: Tone, text: String) {
        self.status = Said { tone, text: text.clone() };
        self.note(Some(ticket), tone, text);
    }

    fn note(&mut self, ticket: Option<Ticket>, tone: Tone, text: String) {
        if self.log.len() == LONGEST_LOG {
            self.log.remove(0);
        }
        self.log.push(Line { ticket, said: Said { tone, text } });
    }
}

/// How a run was laid out, in words: "2 threads", "one event loop".
pub fn model_title(spec: &RunSpec) -> String {
    let workers = spec.workers;
    match spec.model {
        Model::Sequential => "one worker in sequence".to_owned(),
        Model::Threads if workers == 1 => "1 thread".to_owned(),
        Model::Threads => format!("{workers} threads"),
        Model::Processes if workers == 1 => "1 process".to_owned(),
        Model::Processes => format!("{workers} processes"),
        Model::Tasks => "async tasks".to_owned(),
    }
}

/// Everything that decides about a run, in one line: "16 tasks, dynamic, cold start".
pub fn spec_summary(spec: &RunSpec) -> String {
    let info = spec.workload.info();
    let amount = |knob: Knob, value: u32| {
        let unit = match (value, knob.unit) {
            (1, "processes") => "process",
            (1, "ms") => "ms",
            (1, unit) => unit.strip_suffix('s').unwrap_or(unit),
            (_, unit) => unit,
        };
        format!("{} {unit}", interleave_timeline::amounts::grouped(value.into()))
    };
    let both = [(info.size, spec.size), (info.tasks, spec.tasks)];
    let mut parts: Vec<String> = both.into_iter().filter_map(|(knob, value)| Some(amount(knob?, value))).collect();
    if let Some(knob) = info.latency {
        parts.push(format!("{} {}", knob.label, amount(knob, spec.latency_ms)));
    }
    if let Some(knob) = info.rate {
        parts.push(amount(knob, spec.rate));
    }
    if matches!(spec.model, Model::Threads | Model::Processes) && info.only.is_none() {
        parts.push(match spec.chunking {
            Chunking::Dynamic => "dynamic chunking".to_owned(),
            Chunking::Static => "static chunking".to_owned(),
        });
        parts.push(format!("{} start", spec.start.title().to_lowercase()));
    }
    if spec.gil && spec.model == Model::Threads {
        parts.push("with a GIL".to_owned());
    }
    match (spec.switches, spec.seed) {
        (Some(_), _) => parts.push("replayed, one lane at a time".to_owned()),
        (None, Some(seed)) => parts.push(format!("seed {seed}, one lane at a time")),
        (None, None) => {}
    }
    parts.join(", ")
}

/// What was run, in words: "Count primes with 2 threads". A program says itself how it is laid out.
pub fn run_title(spec: &RunSpec) -> String {
    let info = spec.workload.info();
    match info.only {
        Some(_) => info.title.to_owned(),
        None => format!("{} with {}", info.title, model_title(spec)),
    }
}

#[cfg(test)]
mod tests;
