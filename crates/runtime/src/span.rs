//! What the current lane is doing: each call here ends the lane's span and begins the next.

use std::cell::Cell;

use interleave_trace::{
    LaneId, Level, NO_NUMBER, NameId, ObjectId, Outcome, State, What, intern, is_recording, name_once, record,
};

/// A span's title: a recurring text and a number behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Title {
    name: NameId,
    number: u32,
}

impl Title {
    /// Without a text.
    pub const NONE: Self = Self { name: NameId::NONE, number: NO_NUMBER };

    /// Just a text.
    pub fn new(text: &'static str) -> Self {
        Self { name: intern(text), number: NO_NUMBER }
    }

    /// A text with a number behind it.
    pub fn numbered(text: &'static str, number: u32) -> Self {
        Self { name: intern(text), number }
    }

    /// The same text with a number behind it.
    pub fn with_number(self, number: u32) -> Self {
        Self { number, ..self }
    }

    /// The text's id.
    pub fn name(self) -> NameId {
        self.name
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.number
    }
}

impl From<&'static str> for Title {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

impl From<(&'static str, u32)> for Title {
    fn from((text, number): (&'static str, u32)) -> Self {
        Self::numbered(text, number)
    }
}

thread_local! {
    /// What the lane of this thread was last running, to return to after a wait.
    static RUNNING: Cell<Title> = const { Cell::new(Title::NONE) };
    /// How the lane of this thread will end.
    static OUTCOME: Cell<Outcome> = const { Cell::new(Outcome::Completed) };
}

/// The lane enters `state`.
#[inline]
pub fn enter(state: State, title: Title, on: ObjectId, holder: LaneId) {
    if is_recording() {
        record(What::Entered { state, name: title.name, number: title.number, on, holder, timed: false });
    }
}

/// The lane runs something.
#[inline]
pub fn running(title: Title) {
    RUNNING.set(title);
    enter(State::Running, title, ObjectId::NONE, LaneId::NONE);
}

/// The lane waits, with nothing known about whom for.
#[inline]
pub fn waiting(state: State, title: Title) {
    enter(state, title, ObjectId::NONE, LaneId::NONE);
}

/// The lane runs on with what it did before it waited.
#[inline]
pub fn resumed() {
    enter(State::Running, RUNNING.get(), ObjectId::NONE, LaneId::NONE);
}

/// Runs `wait` as a span of waiting and returns to what the lane did before.
pub fn while_waiting<T>(state: State, title: Title, wait: impl FnOnce() -> T) -> T {
    waiting(state, title);
    let result = wait();
    resumed();
    result
}

/// Swaps what the thread returns to after a wait: an event loop does so as it moves from task to task.
pub fn swap_running(title: Title) -> Title {
    RUNNING.replace(title)
}

/// Swaps how the lane will end: as [`swap_running`], for an event loop.
pub fn swap_outcome(outcome: Outcome) -> Outcome {
    OUTCOME.replace(outcome)
}

/// The lane cannot go on: the log gets the reason, and the lane's end will say that it failed. What is said again
/// before that end changes nothing, so every layer that a failure passes may tell it.
pub fn failed(reason: &str) {
    if OUTCOME.replace(Outcome::Failed) != Outcome::Failed {
        note(Level::Error, reason);
    }
}

/// The lane ends early since it was asked to. If it has failed before, it is that which counts.
pub fn cancelled() {
    if OUTCOME.get() != Outcome::Failed {
        OUTCOME.set(Outcome::Cancelled);
    }
}

/// How the lane ends, as far as it knows.
pub fn outcome() -> Outcome {
    OUTCOME.replace(Outcome::Completed)
}

/// The lane says something for the log.
pub fn note(level: Level, text: &str) {
    record(What::Noted { level, text: name_once(text) });
}
