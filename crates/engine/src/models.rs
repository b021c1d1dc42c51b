//! The four models: the same steps, laid out in lanes four ways.

pub mod processes;
pub mod sequential;
mod steps;
pub mod tasks;
pub mod threads;
