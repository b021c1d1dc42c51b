//! Blocks of the segment, by size: a block that was freed serves the next who wants one of its size.
//!
//! ```text
//!  free lists   32  40  48  56  64  80  96 112 128 ...      four sizes between two powers of two
//!                |
//!               [size|next|......]                         the word before a block tells its size, and whether it is free
//! ```
//! Nothing is joined again once it was cut, so a list may hold what another lacks; what is wasted within a block is less
//! than a quarter of it.

use interleave_trace::segment::waiters;

use super::error::ProcessError;
use super::waiters::COUNT;
use super::{Segment, word};

/// Where blocks begin.
pub(super) const FIRST: u32 = waiters::FIRST + COUNT * waiters::SIZE;

/// What stands before a block: its size, and whether somebody has it.
const HEAD: u32 = 8;
const IN_USE: u32 = 1;
const LEAST_BITS: u32 = 5;
const MOST_BITS: u32 = 28;

/// The number of a size's list, and the size.
fn size_class(bytes: u32) -> Option<(u32, u32)> {
    let bytes = bytes.max(1 << LEAST_BITS);
    let bits = bytes.ilog2();
    let quarter = 1 << (bits - 2);
    let quarters = (bytes - (1 << bits)).div_ceil(quarter);
    let (bits, quarters) = if quarters == 4 { (bits + 1, 0) } else { (bits, quarters) };
    (bits < MOST_BITS).then(|| ((bits - LEAST_BITS) * 4 + quarters, (1 << bits) + quarters * (1 << (bits - 2))))
}

impl Segment {
    /// A block of zeros. Its address is a multiple of eight and never zero.
    pub(super) fn allocate(&self, bytes: u64) -> Result<u32, ProcessError> {
        let memory = &self.memory;
        let no_room = || {
            let left = memory.length().saturating_sub(memory.load(word::BREAK));
            ProcessError::NoRoom { wanted: bytes, left: u64::from(left) }
        };
        let fitting = u32::try_from(bytes).ok().and_then(size_class);
        let (class, size) = fitting.ok_or_else(no_room)?;
        let list = word::FREE + 4 * class;
        let held = self.lock(word::ALLOCATOR);
        let free = memory.load(list);
        if free != 0 {
            memory.store(list, memory.load(free));
            memory.store(free - HEAD, size | IN_USE);
            drop(held);
            memory.clear(free, size);
            return Ok(free);
        }
        let block = memory.load(word::BREAK) + HEAD;
        let end = u64::from(block) + u64::from(size);
        if end > u64::from(memory.length()) {
            drop(held);
            return Err(no_room());
        }
        memory.store(word::BREAK, end as u32);
        memory.store(block - HEAD, size | IN_USE);
        Ok(block)
    }

    /// Gives a block back.
    pub(super) fn free(&self, block: u32) {
        let memory = &self.memory;
        let _held = self.lock(word::ALLOCATOR);
        let size = memory.load(block - HEAD);
        let Some((class, _)) = size_class(size & !IN_USE).filter(|_| size & IN_USE != 0) else {
            debug_assert!(false, "a block is freed once");
            return;
        };
        memory.store(block - HEAD, size & !IN_USE);
        let list = word::FREE + 4 * class;
        memory.store(block, memory.load(list));
        memory.store(list, block);
    }

    /// Gives back all but what lies below an address, which may be in use or not.
    pub(super) fn free_from(&self, floor: u32) {
        let memory = &self.memory;
        let _held = self.lock(word::ALLOCATOR);
        let end = memory.load(word::BREAK);
        memory.clear(word::FREE, waiters::FIRST - word::FREE);
        memory.clear(floor, end - floor);
        memory.store(word::BREAK, floor);
    }

    /// Where a block ends.
    pub(super) fn end_of(&self, block: u32) -> u32 {
        block + (self.memory.load(block - HEAD) & !IN_USE)
    }

    /// Whether an address that came from outside is that of a block with so many bytes which somebody has.
    pub(super) fn is_block(&self, at: u32, bytes: u32) -> bool {
        let end = u64::from(at) + u64::from(bytes);
        let inside = at >= FIRST + HEAD && at.is_multiple_of(8) && end <= u64::from(self.memory.load(word::BREAK));
        inside && {
            let size = self.memory.load(at - HEAD);
            size & IN_USE != 0 && size & !IN_USE >= bytes
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32"), not(feature = "model")))]
mod tests {
    use super::*;

    #[test]
    fn sizes_waste_less_than_a_quarter() {
        for bytes in (1..5000).chain([1 << 20, (1 << 20) + 1, (1 << 27) + 1]) {
            let (_, size) = size_class(bytes).expect("not too large");
            assert!(size >= bytes && size.is_multiple_of(8), "{bytes}: {size}");
            assert!(bytes < 32 || size - bytes < bytes / 4 + 1, "{bytes}: {size}");
            assert_eq!(size_class(size), size_class(bytes), "a size is of its own class");
        }
        assert_eq!(size_class(1 << 28), None);
    }

    #[test]
    fn a_freed_block_is_had_again_and_is_zero() {
        let segment = Segment::with_size(1 << 20);
        let block = segment.allocate(100).expect("room");
        segment.memory.write(block, &[7; 100]);
        segment.free(block);
        assert_eq!(segment.allocate(97), Ok(block));
        let mut bytes = [1; 100];
        segment.memory.read(block, &mut bytes);
        assert_eq!(bytes, [0; 100]);
    }

    #[test]
    fn blocks_do_not_overlap() {
        let segment = Segment::with_size(1 << 20);
        let sizes: Vec<u32> = (1..200).map(|n| n * 7 % 311 + 1).collect();
        let mut blocks: Vec<(u32, u32)> =
            sizes.iter().map(|size| (segment.allocate((*size).into()).expect("room"), *size)).collect();
        blocks.sort_unstable();
        assert!(blocks.windows(2).all(|two| two[0].0 + two[0].1 <= two[1].0));
    }

    #[test]
    fn running_out_is_an_error_that_says_how_much_is_left() {
        let segment = Segment::with_size(128 << 10);
        let Err(ProcessError::NoRoom { wanted, left }) = segment.allocate(1 << 20) else { panic!("there is no room") };
        assert_eq!(wanted, 1 << 20);
        assert!(left > 0 && left < 128 << 10, "{left}");
        assert!(segment.allocate(u64::MAX).is_err());
        assert!(segment.allocate(100).is_ok(), "a refusal uses nothing up");
    }

    #[test]
    fn an_address_from_outside_is_looked_at() {
        let segment = Segment::with_size(1 << 20);
        let block = segment.allocate(64).expect("room");
        assert!(segment.is_block(block, 64));
        assert!(![0, 4, block + 4, block + 64, u32::MAX].iter().any(|at| segment.is_block(*at, 1)));
        assert!(!segment.is_block(block, 65));
        segment.free(block);
        assert!(!segment.is_block(block, 1));
    }
}
