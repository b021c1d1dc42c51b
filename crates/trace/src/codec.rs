//! Saved traces: a small header, a text about the run, and the slots as they were recorded.
//!
//! ```text
//!  "INTERLVE" | version u32 | length of the text u32 | text (UTF-8) | slots, 32 bytes each
//! ```
//! All numbers are little-endian. The text is the front end's own (what was run, where); this crate does
//! not look into it.

use std::fmt;

use crate::ring::Slot;

const MAGIC: &[u8; 8] = b"INTERLVE";
const VERSION: u32 = 1;

/// What a file of a run holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// What the front end says about the run.
    pub about: String,
    /// Everything that was recorded.
    pub slots: Vec<Slot>,
}

/// Why a file could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedError {
    /// It does not begin as a saved run does.
    NotATrace,
    /// It was saved by a later version.
    Newer {
        /// The version it names.
        version: u32,
    },
    /// It ends too early or is damaged.
    Damaged,
}

impl fmt::Display for SavedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATrace => write!(f, "This file is not a run saved by Interleave."),
            Self::Newer { version } => {
                write!(f, "This run was saved by a newer Interleave (format {version}; this one reads {VERSION}).")
            }
            Self::Damaged => write!(f, "This file ends too early or is damaged; save the run again."),
        }
    }
}

impl std::error::Error for SavedError {}

impl Saved {
    /// As the bytes of a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.about.len() + self.slots.len() * size_of::<Slot>());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(self.about.len() as u32).to_le_bytes());
        bytes.extend_from_slice(self.about.as_bytes());
        for word in self.slots.iter().flatten() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// From the bytes of a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SavedError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SavedError::NotATrace)?;
        let (version, rest) = word(rest)?;
        if version > VERSION {
            return Err(SavedError::Newer { version });
        }
        let (length, rest) = word(rest)?;
        let (about, rest) = rest.split_at_checked(length as usize).ok_or(SavedError::Damaged)?;
        let about = String::from_utf8(about.to_vec()).map_err(|_| SavedError::Damaged)?;
        let (slots, left) = rest.as_chunks::<{ size_of::<Slot>() }>();
        if !left.is_empty() {
            return Err(SavedError::Damaged);
        }
        Ok(Self { about, slots: slots.iter().map(slot_from_bytes).collect() })
    }
}

fn word(bytes: &[u8]) -> Result<(u32, &[u8]), SavedError> {
    let (word, rest) = bytes.split_first_chunk().ok_or(SavedError::Damaged)?;
    Ok((u32::from_le_bytes(*word), rest))
}

/// A slot from its bytes, as they lie in a 32-bit instance's memory.
pub fn slot_from_bytes(bytes: &[u8; size_of::<Slot>()]) -> Slot {
    let mut slot = [0; 8];
    for (word, four) in slot.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*four);
    }
    slot
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_saved_run_opens_again(about in ".*", slots in proptest::collection::vec(any::<Slot>(), 0..20)) {
            let saved = Saved { about, slots };
            prop_assert_eq!(Saved::from_bytes(&saved.to_bytes()), Ok(saved));
        }

        #[test]
        fn any_bytes_are_opened_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _: Result<Saved, SavedError> = Saved::from_bytes(&bytes);
        }

        #[test]
        fn a_cut_file_is_refused(cut in 1usize..60) {
            let bytes = Saved { about: "primes".into(), slots: vec![[7; 8]; 3] }.to_bytes();
            let result = Saved::from_bytes(&bytes[..bytes.len() - cut]);
            // A cut between two slots cannot be told from a shorter run.
            prop_assert!(result == Err(SavedError::Damaged) || cut % 32 == 0);
        }
    }

    #[test]
    fn other_files_are_refused_in_a_sentence() {
        assert_eq!(Saved::from_bytes(b"{\"traceEvents\":[]}"), Err(SavedError::NotATrace));
        let mut newer = Saved { about: String::new(), slots: vec![] }.to_bytes();
        newer[8] = 9;
        assert_eq!(Saved::from_bytes(&newer), Err(SavedError::Newer { version: 9 }));
    }
}
