//! What a program prints and asks, and where that goes.

use std::sync::{Mutex, PoisonError};

use interleave_trace::{LaneId, TimeNs, clock, here};

/// Which of a program's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// `sys.stdout`.
    Out,
    /// `sys.stderr`.
    Err,
}

/// A piece of output, as it was written at once: seldom a whole line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it was written to.
    pub stream: Stream,
    /// Who wrote it.
    pub lane: LaneId,
    /// When.
    pub time: TimeNs,
    /// What.
    pub text: String,
}

/// Where a program's output goes and its input comes from.
#[derive(Clone, Copy)]
pub struct Terminal {
    /// Takes a piece of output.
    pub write: fn(Piece),
    /// Gives the next line of input with its end, or nothing when there is none any more. It may block.
    pub read_line: fn() -> Option<String>,
}

static TERMINAL: Mutex<Option<Terminal>> = Mutex::new(None);

/// From now on programs write to and read from this one.
pub fn set_terminal(terminal: Terminal) {
    *TERMINAL.lock().unwrap_or_else(PoisonError::into_inner) = Some(terminal);
}

fn terminal() -> Option<Terminal> {
    *TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling lane writes.
pub(crate) fn write(stream: Stream, text: &str) {
    if let Some(terminal) = terminal()
        && !text.is_empty()
    {
        (terminal.write)(Piece { stream, lane: here(), time: clock::now(), text: text.to_owned() });
    }
}

/// The calling lane asks for a line.
pub(crate) fn read_line() -> Option<String> {
    terminal().and_then(|terminal| (terminal.read_line)())
}
