//! What an artifact has to run: one the workloads, another the programs of the lessons. So a page that runs a workload
//! does not load what it would run in a lesson, and the other way round. Natively there is everything.

use std::pin::Pin;
use std::sync::OnceLock;

use interleave_protocol::{Failure, RunSpec, Workload};
use interleave_runtime::processes::{Mailbox, Peer};

use crate::experiments::{self, Body};
#[cfg(not(target_arch = "wasm32"))]
use crate::models::processes::any_main;
use crate::models::processes::{process_main, program_main};
use crate::run::{run_program, run_workload};
use crate::workload::Answer;

/// A run on its way.
pub type Running = Pin<Box<dyn Future<Output = Result<Answer, Failure>>>>;

/// A process at work.
pub type Process = Pin<Box<dyn Future<Output = ()>>>;

/// See the module's text.
pub struct Stock {
    /// Runs what the specification names.
    pub run: fn(RunSpec) -> Running,
    /// What a process of a workload does.
    pub process: fn(Mailbox, Peer) -> Process,
    /// The program of a name; nothing if that is a workload, or not here.
    pub program: fn(Workload) -> Option<Body>,
    /// What a child of a program does, which stands at an address of the segment.
    #[cfg(target_arch = "wasm32")]
    pub child: fn(u32),
    /// Tries so many seeds of a program, for about so many nanoseconds, in a page that is isolated or not.
    #[cfg(target_arch = "wasm32")]
    pub explore: fn(RunSpec, u32, u64, bool) -> Process,
}

/// The artifact `engine`.
pub static WORKLOADS: Stock = Stock {
    run: |spec| Box::pin(run_workload(spec)),
    process: |mailbox, parent| Box::pin(process_main(mailbox, parent)),
    program: |_| None,
    #[cfg(target_arch = "wasm32")]
    child: |_| {},
    #[cfg(target_arch = "wasm32")]
    explore: |_, _, _, _| Box::pin(std::future::ready(())),
};

/// The artifact `programs`.
pub static PROGRAMS: Stock = Stock {
    run: |spec| Box::pin(run_program(spec)),
    process: |mailbox, parent| Box::pin(program_main(mailbox, parent)),
    program: experiments::program,
    #[cfg(target_arch = "wasm32")]
    child: interleave_runtime::segment::run_child,
    #[cfg(target_arch = "wasm32")]
    explore: |spec, seeds, patience_ns, isolated| Box::pin(crate::web::explorer(spec, seeds, patience_ns, isolated)),
};

/// All that there is.
#[cfg(not(target_arch = "wasm32"))]
static EVERYTHING: Stock = Stock {
    run: |spec| match experiments::program(spec.workload) {
        Some(_) => Box::pin(run_program(spec)) as Running,
        None => Box::pin(run_workload(spec)),
    },
    process: |mailbox, parent| Box::pin(any_main(mailbox, parent)),
    program: experiments::program,
};

static STOCK: OnceLock<&'static Stock> = OnceLock::new();

/// Says what this artifact has. The first call counts; threads find what the first worker of their instance said.
pub fn offer(stock: &'static Stock) {
    let _already_set = STOCK.set(stock);
}

/// What this artifact has, if it said so.
pub(crate) fn stock() -> Option<&'static Stock> {
    #[cfg(not(target_arch = "wasm32"))]
    return Some(STOCK.get().copied().unwrap_or(&EVERYTHING));
    #[cfg(target_arch = "wasm32")]
    STOCK.get().copied()
}
