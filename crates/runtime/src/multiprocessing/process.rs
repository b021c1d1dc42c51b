//! Processes of a program: a function in an instance of its own, with arguments that were sent there.

use std::fmt::Display;
use std::time::Duration;

use interleave_trace::{LaneId, ObjectId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ProcessError, from_bytes, to_bytes};
use crate::rt::Wait;
use crate::segment::{self, Entry, ProcessBlock, Segment, Source};
use crate::span::{self, Title};

pub use crate::segment::{ExitCode, exit_now, is_child};

/// What a process's function may give.
pub trait Exit {
    /// How the process ends with it.
    fn exit_code(self) -> ExitCode;
}

impl Exit for () {
    fn exit_code(self) -> ExitCode {
        ExitCode::WELL
    }
}

impl Exit for ExitCode {
    fn exit_code(self) -> ExitCode {
        self
    }
}

/// An error is told in the log and ends the process as an exception does in Python.
impl<E: Display> Exit for Result<(), E> {
    fn exit_code(self) -> ExitCode {
        match self {
            Ok(()) => ExitCode::WELL,
            Err(error) => {
                span::failed(&error.to_string());
                ExitCode::PANICKED
            }
        }
    }
}

/// A process that was not started yet.
#[must_use]
pub struct Process {
    title: Title,
    daemon: bool,
    entry: Entry,
    arguments: Result<Vec<u8>, ProcessError>,
}

/// In the new process: calls the function with what was sent.
fn run<A: DeserializeOwned, R: Exit>(function: usize, arguments: &[u8]) -> ExitCode {
    // SAFETY: `Process::new` made the number of a function of this very type, in an instance of the same module.
    let function: fn(A) -> R = unsafe { std::mem::transmute(function) };
    match from_bytes(arguments) {
        Ok(arguments) => function(arguments).exit_code(),
        Err(error) => Err::<(), _>(error).exit_code(),
    }
}

impl Process {
    /// One that is to run `function`.
    pub fn new<A: Serialize + DeserializeOwned, R: Exit>(title: Title, function: fn(A) -> R, arguments: A) -> Self {
        let entry = Entry { run: run::<A, R>, function: function as usize };
        Self { title, daemon: false, entry, arguments: to_bytes(&arguments) }
    }

    /// It is ended when the process is over that starts it, and starts none itself.
    pub fn daemon(self) -> Self {
        Self { daemon: true, ..self }
    }

    /// Starts it.
    pub fn start(self) -> Result<Started, ProcessError> {
        let segment = Segment::needed_for("A process that is started with a function")?;
        let block = ProcessBlock::start(&segment, self.title, self.daemon, self.entry, &self.arguments?)?;
        Ok(Started { block, lane: block.lane(&segment), title: self.title, daemon: self.daemon })
    }
}

/// A process that was started.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    block: ProcessBlock,
    lane: LaneId,
    title: Title,
    daemon: bool,
}

impl Started {
    pub(crate) fn block(&self) -> ProcessBlock {
        self.block
    }

    /// What it is called.
    pub fn title(&self) -> Title {
        self.title
    }

    /// Whether it ends with the one who started it.
    pub fn is_daemon(&self) -> bool {
        self.daemon
    }

    /// Its lane.
    pub fn lane(&self) -> LaneId {
        self.lane
    }

    /// Its number among the instances of the run: its process id.
    pub fn pid(&self) -> u32 {
        self.lane.instance().0
    }

    /// What its end is to the trace.
    pub fn object(&self) -> ObjectId {
        self.block.object()
    }

    /// Waits until it has ended. Gives how.
    #[track_caller]
    pub fn join(&self) -> Result<ExitCode, ProcessError> {
        let ended = self.block.join(&segment()?, &Wait::forever())?;
        ended.ok_or(ProcessError::StillRunning)
    }

    /// Waits for so long at most. Gives how it ended, if it did.
    #[track_caller]
    pub fn join_within(&self, timeout: Duration) -> Result<Option<ExitCode>, ProcessError> {
        self.block.join(&segment()?, &Wait::at_most(timeout))
    }

    /// Waits until it has ended, as long as `wait` says. Gives how, if it did.
    pub fn wait(&self, wait: &Wait) -> Result<Option<ExitCode>, ProcessError> {
        self.block.join(&segment()?, wait)
    }

    /// How it ended, if it did.
    pub fn exit_code(&self) -> Result<Option<ExitCode>, ProcessError> {
        Ok(self.block.exit_code(&segment()?))
    }

    /// Whether it has not ended.
    pub fn is_alive(&self) -> Result<bool, ProcessError> {
        Ok(self.exit_code()?.is_none())
    }

    /// Ends it where it is, as if asked to: with -15.
    pub fn terminate(&self) -> Result<(), ProcessError> {
        self.block.end(&segment()?, ExitCode::TERMINATED);
        Ok(())
    }

    /// Ends it where it is, by force: with -9.
    pub fn kill(&self) -> Result<(), ProcessError> {
        self.block.end(&segment()?, ExitCode::KILLED);
        Ok(())
    }

    /// Its end, to be waited for beside other things.
    pub fn sentinel(&self) -> Source {
        Source::process(self.block)
    }
}

/// The end of the process that started the calling one, to be waited for beside other things; the first process of a run has
/// no such process. Its own end nobody sees: all others end with it.
pub fn parent_sentinel() -> Result<Option<Source>, ProcessError> {
    Ok(segment::parent(&segment()?).map(Source::process))
}

fn segment() -> Result<Segment, ProcessError> {
    Segment::needed_for("A process that is started with a function")
}

/// How many processes that the calling one started have not ended.
pub fn active_children() -> Result<usize, ProcessError> {
    Ok(segment::children(&segment()?).len())
}

/// What happens when a process is over: its daemons are ended, its other children waited for. The first process of a run
/// calls it at the end of its program.
pub fn end_children() {
    if let Some(segment) = Segment::current() {
        segment::end_children(&segment);
    }
}
