//! Where in a program something was called: a file and a line, passed in by whoever calls a primitive.

use std::panic::Location;

use interleave_trace::{NO_NUMBER, NameId, intern, is_recording};

/// A call site. In a Rust program that is where the call stands; a language front end gives its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    pub(crate) file: NameId,
    pub(crate) line: u32,
}

impl Site {
    /// Nowhere in particular.
    pub const NONE: Self = Self { file: NameId::NONE, line: NO_NUMBER };

    /// A line of a file whose name is known to the trace.
    pub fn new(file: NameId, line: u32) -> Self {
        Self { file, line }
    }

    /// Its file and its line, as they are recorded.
    pub fn parts(self) -> (NameId, u32) {
        (self.file, self.line)
    }

    /// Where this is called, or where its caller is called if that is marked `#[track_caller]`, and so on.
    #[track_caller]
    #[inline]
    pub fn here() -> Self {
        if is_recording() { Self::of(Location::caller()) } else { Self::NONE }
    }

    fn of(location: &'static Location<'static>) -> Self {
        let path = location.file();
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        Self { file: intern(name), line: location.line() }
    }
}
