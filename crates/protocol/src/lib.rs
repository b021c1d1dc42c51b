//! What the page and its workers say to each other, and the catalogue of workloads.
//!
//! The page knows this crate and never the engine; the engine knows it and never the page.

pub mod catalogue;
pub mod downloads;
pub mod explore;
mod failure;
mod lessons;
mod message;
mod spec;

pub use catalogue::{Info, Kind, Knob, Workload};
pub use failure::Failure;
pub use lessons::{Chapter, Evidence, Lesson, MOST_WORDS, Question, Right, Way};
pub use message::{Attempted, Command, EXPLORED_MS, EXPLORED_SEEDS, Finding, Role, Update, Wrong, answer, channel};
pub use spec::{
    Chunking, Field, INTERVAL, MOST_SWITCHES, Model, Problem, RunSpec, Start, Switch, Switches, WORKERS, Wants,
};
