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
use crate::run::run_workload;
use crate::workload::Answer;

/// A run on its way.
pub type Running = Pin<Box<dyn Future<Output = Result<Answer, Failure>>>>;

/// A process at work.
pub type Process = Pin<Box<dyn Future<Output = ()>>>;

/// See the module's text.
pub struct Stock {
    /// Runs a workload; nothing if that is a program, or not here.
    pub workload: fn(RunSpec) -> Option<Running>,
    /// What a process of a workload does.
    pub process: fn(Mailbox, Peer) -> Process,
    /// The program of a name; nothing if that is a workload, or not here.
    pub program: fn(Workload) -> Option<Body>,
}

/// The artifact `engine`.
pub static WORKLOADS: Stock = Stock {
    workload: run_workload,
    process: |mailbox, parent| Box::pin(process_main(mailbox, parent)),
    program: |_| None,
};

/// The artifact `programs`.
pub static PROGRAMS: Stock = Stock {
    workload: |_| None,
    process: |mailbox, parent| Box::pin(program_main(mailbox, parent)),
    program: experiments::program,
};

/// All that there is.
#[cfg(not(target_arch = "wasm32"))]
static EVERYTHING: Stock = Stock {
    workload: run_workload,
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
