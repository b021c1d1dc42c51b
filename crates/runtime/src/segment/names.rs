//! The directory of shared memory by name: who knows a name can have the same bytes.
//!
//! A name that was unlinked can be used for another block at once; the bytes behind it stay until the last who has them
//! open closes them.

use super::block::Block;
use super::error::ProcessError;
use super::{Segment, word};
use crate::span::Title;

const NEXT: u32 = 0;
const LENGTH: u32 = 4;
const OPEN: u32 = 8;
const UNLINKED: u32 = 12;
const BLOCK: u32 = 16;
const SIZE: u32 = 20;
const OBJECT: u32 = 24;
const NAME: u32 = 32;

/// The longest name, in bytes.
const LONGEST: usize = 255;

/// Shared memory that the calling process has open.
#[derive(Debug)]
pub struct Named {
    entry: u32,
    name: String,
    block: Block,
}

impl Segment {
    /// The entry of a name, and the word that leads there. The registry's lock is held.
    fn find(&self, name: &[u8]) -> Option<(u32, u32)> {
        let (mut link, mut at) = (word::NAMES, self.memory.load(word::NAMES));
        let mut found = [0; LONGEST];
        while at != 0 {
            let length = self.memory.load(at + LENGTH) as usize;
            if length == name.len() && self.memory.load(at + UNLINKED) == 0 {
                self.memory.read(at + NAME, &mut found[..length]);
                if found[..length] == *name {
                    return Some((at, link));
                }
            }
            (link, at) = (at + NEXT, self.memory.load(at + NEXT));
        }
        None
    }
}

impl Named {
    /// Makes shared memory of that name, or of one that nobody has.
    pub fn create(name: Option<&str>, title: Title, size: u64) -> Result<Self, ProcessError> {
        let segment = Segment::needed_for("Shared memory by name")?;
        let memory = &segment.memory;
        let made_up = || format!("shared-{}", memory.add(word::NAME_COUNT, 1) + 1);
        let name = name.map_or_else(made_up, str::to_owned);
        if name.len() > LONGEST {
            return Err(ProcessError::OutOfBounds { at: name.len() as u64, length: LONGEST as u64 });
        }
        let block = Block::make(title, size)?;
        let (at, size, object) = block.into_parts();
        let entry = segment.allocate(u64::from(NAME) + name.len() as u64).inspect_err(|_| segment.free(at))?;
        memory.write(entry + NAME, name.as_bytes());
        for (word, value) in
            [(LENGTH, name.len() as u32), (OPEN, 1), (UNLINKED, 0), (BLOCK, at), (SIZE, size), (OBJECT, object)]
        {
            memory.store(entry + word, value);
        }
        let taken = {
            let _held = segment.lock(word::REGISTRY);
            let taken = segment.find(name.as_bytes()).is_some();
            if !taken {
                memory.store(entry + NEXT, memory.load(word::NAMES));
                memory.store(word::NAMES, entry);
            }
            taken
        };
        if taken {
            segment.free(at);
            segment.free(entry);
            return Err(ProcessError::NameTaken);
        }
        Ok(Self { entry, name, block })
    }

    /// Opens the shared memory of that name.
    pub fn attach(name: &str) -> Result<Self, ProcessError> {
        let segment = Segment::needed_for("Shared memory by name")?;
        let memory = &segment.memory;
        let _held = segment.lock(word::REGISTRY);
        let (entry, _) = segment.find(name.as_bytes()).ok_or(ProcessError::NameUnknown)?;
        memory.add(entry + OPEN, 1);
        let [at, size, object] = [BLOCK, SIZE, OBJECT].map(|word| memory.load(entry + word));
        Ok(Self { entry, name: name.to_owned(), block: Block::from_parts(at, size, object) })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The name is free again.
    pub fn unlink(&self) -> Result<(), ProcessError> {
        let segment = Segment::needed_for("Shared memory by name")?;
        let _held = segment.lock(word::REGISTRY);
        match segment.find(self.name.as_bytes()).filter(|(entry, _)| *entry == self.entry) {
            Some((entry, link)) => {
                let memory = &segment.memory;
                memory.store(link, memory.load(entry + NEXT));
                memory.store(entry + UNLINKED, 1);
                Ok(())
            }
            None => Err(ProcessError::NameUnknown),
        }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let Some(segment) = Segment::current() else { return };
        let memory = &segment.memory;
        let is_last = {
            let _held = segment.lock(word::REGISTRY);
            let open = memory.load(self.entry + OPEN).saturating_sub(1);
            memory.store(self.entry + OPEN, open);
            open == 0 && memory.load(self.entry + UNLINKED) != 0
        };
        if is_last {
            segment.free(self.block.into_parts().0);
            segment.free(self.entry);
        }
    }
}
