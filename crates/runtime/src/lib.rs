//! Threads, processes and tasks that record what happens to them.
//!
//! Everything here knows the trace and nothing else: no page, no workload, no language front end. What has to
//! be asked of the outside (a worker for a thread, a worker for a process) is asked through
//! [`instance::Outside`], which the artifact provides.
//!
//! The same code runs natively, where a thread is an operating system's thread and a process is a thread
//! that shares nothing but messages; so the models are tested without a browser too.

pub mod downloads;
pub mod instance;
pub mod multiprocessing;
pub mod pool;
pub mod processes;
pub mod rt;
pub mod segment;
pub mod span;
pub mod sync;
pub mod sys;
pub mod tasks;
pub mod threads;

mod fault;

pub use fault::Fault;
