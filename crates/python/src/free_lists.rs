//! Free lists in front of an allocator: what a thread frees it keeps, if it is small, and takes again for the next block of
//! about that size. An interpreter frees nearly as fast as it wants, so most of its blocks come from here, without a look at
//! the heap and, where there are threads, without its lock. (S. Ghemawat, P. Menage: TCMalloc, "Per-Thread Caching".)

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr;

/// Blocks of this many bytes and fewer are kept.
const LARGEST: usize = 64 * STEP + HEADER;
/// Lists differ by this many bytes, and each block has so much less: as dlmalloc's chunks do on wasm32, so that none is
/// larger than it would be without lists.
const STEP: usize = 8;
const HEADER: usize = 4;
const ALIGN: usize = 8;
const LISTS: usize = 65;
/// How many blocks a list has at most: all lists together keep up to 4.3 MB from a thread's neighbours.
const MOST: u32 = 256;
/// A list that is empty gets about so many bytes of blocks at once. They are mostly next to each other, so that what a thread
/// writes lies in cache lines that no other thread writes to: two threads whose blocks alternate are slower than one.
const AT_ONCE: usize = 1024;

/// What is in a block that nobody has.
struct Free {
    next: *mut Free,
}

struct List {
    first: Cell<*mut Free>,
    length: Cell<u32>,
}

impl List {
    const EMPTY: Self = Self { first: Cell::new(ptr::null_mut()), length: Cell::new(0) };

    #[inline(always)]
    fn take(&self) -> Option<*mut u8> {
        let first = self.first.get();
        if first.is_null() {
            return None;
        }
        // SAFETY: it was put here by `keep`, by this thread, and nobody had it since.
        self.first.set(unsafe { (*first).next });
        self.length.set(self.length.get() - 1);
        Some(first.cast())
    }

    /// Whether there was room for it.
    ///
    /// # Safety
    ///
    /// It is a block of this list's size, and nobody uses it any more.
    #[inline(always)]
    unsafe fn keep(&self, block: *mut u8) -> bool {
        let length = self.length.get();
        if length == MOST {
            return false;
        }
        let free: *mut Free = block.cast();
        // SAFETY: every block has room for it and is aligned for it; see `blocks_have_room`.
        unsafe { (*free).next = self.first.get() };
        self.first.set(free);
        self.length.set(length + 1);
        true
    }
}

thread_local! {
    static OWN: [List; LISTS] = const { [List::EMPTY; LISTS] };
}

/// A thread of a WebAssembly instance has its first blocks, its stack and its thread-locals, before it has thread-locals.
/// They are too large for the lists, so for them nobody looks.
const _: () = assert!(size_of::<[List; LISTS]>() > LARGEST);

const fn blocks_have_room() -> bool {
    size_of_list(1) >= size_of::<Free>() && ALIGN >= align_of::<Free>()
}
const _: () = assert!(blocks_have_room() && AT_ONCE / size_of_list(1) <= MOST as usize);

/// The list that has blocks for such a layout.
#[inline(always)]
const fn list_of(layout: Layout) -> Option<usize> {
    if layout.size() > LARGEST || layout.align() > ALIGN {
        return None;
    }
    Some(if layout.size() <= size_of_list(1) { 1 } else { (layout.size() - HEADER).div_ceil(STEP) })
}

const fn size_of_list(list: usize) -> usize {
    list * STEP + HEADER
}

/// What the allocator behind the lists is asked for in place of this layout: all blocks of a list are alike, and growing
/// does not change an alignment.
#[inline(always)]
fn asked_for(layout: Layout) -> Layout {
    match list_of(layout) {
        // SAFETY: the alignment is a power of two, and the size is far from the largest.
        Some(list) => unsafe { Layout::from_size_align_unchecked(size_of_list(list), ALIGN) },
        // The largest of all cannot be aligned so.
        None => layout.align_to(ALIGN).unwrap_or(layout),
    }
}

/// An allocator with lists in front. Every thread has its own; a block may be freed by another thread than wanted it.
pub struct FreeLists<A>(pub A);

impl<A: GlobalAlloc> FreeLists<A> {
    /// A block for a list that is empty, and more that it keeps. Those in the middle are the first to be taken.
    #[cold]
    fn fetch(&self, list: usize) -> *mut u8 {
        // SAFETY: the alignment is a power of two, and the size is far from the largest and not zero.
        let next = || unsafe { self.0.alloc(Layout::from_size_align_unchecked(size_of_list(list), ALIGN)) };
        let mut blocks = [ptr::null_mut(); AT_ONCE / size_of_list(1)];
        let count = (AT_ONCE / size_of_list(list)).max(1);
        blocks[..count].fill_with(next);
        let (before, after) = blocks[..count].split_at(count / 2);
        for pair in before.iter().zip(after.iter().rev()) {
            for block in [*pair.0, *pair.1] {
                // SAFETY: nobody has it. The list was empty, so it has room for them all.
                let is_kept = block.is_null() || OWN.with(|own| unsafe { own[list].keep(block) });
                debug_assert!(is_kept);
            }
        }
        if count % 2 == 1 {
            return after[0];
        }
        OWN.with(|own| own[list].take()).unwrap_or(ptr::null_mut())
    }
}

// SAFETY: a block is either from the allocator behind, with the layout that `asked_for` says, or was given back to a list of
// blocks with that very layout. Whoever takes it out of there is the only one who has it.
unsafe impl<A: GlobalAlloc> GlobalAlloc for FreeLists<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(list) = list_of(layout) else {
            // SAFETY: the caller keeps `alloc`'s contract.
            return unsafe { self.0.alloc(asked_for(layout)) };
        };
        if let Some(block) = OWN.with(|own| own[list].take()) {
            return block;
        }
        self.fetch(list)
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(list) = list_of(layout) {
            // SAFETY: a block with this layout is of this list's size, and the caller gives it up.
            if OWN.with(|own| unsafe { own[list].keep(block) }) {
                return;
            }
        }
        // SAFETY: it was asked for with that layout.
        unsafe { self.0.dealloc(block, asked_for(layout)) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if list_of(layout).is_none() {
            // SAFETY: the caller keeps `alloc_zeroed`'s contract.
            return unsafe { self.0.alloc_zeroed(asked_for(layout)) };
        }
        // SAFETY: the same; a block of a list is as large as the layout says.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps `realloc`'s contract, so the size is none too large for that alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        let (had, wanted) = (asked_for(layout), asked_for(new));
        if had == wanted {
            return block;
        }
        if had.align() != wanted.align() {
            // One of the two is half of the address space.
            return ptr::null_mut();
        }
        // SAFETY: it was asked for with that layout, and the new one differs in its size only.
        unsafe { self.0.realloc(block, had, wanted.size()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;
    use std::collections::{HashMap, HashSet};
    use std::sync::atomic::{AtomicPtr, Ordering};
    use std::sync::{Barrier, Mutex};
    use std::thread;

    /// The system's allocator, which checks that layouts are those that it was asked for.
    struct Strict(Mutex<HashMap<usize, Layout>>);

    impl Strict {
        fn held(&self) -> std::sync::MutexGuard<'_, HashMap<usize, Layout>> {
            self.0.lock().expect("no other test panicked")
        }
    }

    // SAFETY: all calls go to the system's allocator unchanged.
    unsafe impl GlobalAlloc for Strict {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller keeps the contract.
            let block = unsafe { System.alloc(layout) };
            assert!(self.held().insert(block.addr(), layout).is_none());
            block
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            assert_eq!(self.held().remove(&block.addr()), Some(layout));
            // SAFETY: the caller keeps the contract.
            unsafe { System.dealloc(block, layout) }
        }
    }

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a layout")
    }

    #[test]
    fn each_size_has_the_smallest_list_that_is_large_enough() {
        for size in 1..=LARGEST {
            let list = list_of(layout(size, 1)).expect("it is small");
            assert!((1..LISTS).contains(&list) && size_of_list(list) >= size);
            assert!(list == 1 || size_of_list(list - 1) < size);
        }
        assert_eq!(list_of(layout(LARGEST + 1, 1)), None);
        assert_eq!(list_of(layout(16, 2 * ALIGN)), None);
    }

    #[test]
    fn a_block_that_was_freed_is_the_next_of_its_size() {
        let lists = FreeLists(Strict(Mutex::default()));
        // SAFETY: every block is used as its layout says, and freed once.
        unsafe {
            let first = lists.alloc(layout(13, 1));
            lists.dealloc(first, layout(13, 1));
            let other = lists.alloc(layout(40, 8));
            assert_ne!(other, first);
            let second = lists.alloc_zeroed(layout(20, 4));
            assert_eq!(second, first);
            assert_eq!(std::slice::from_raw_parts(second, 20), [0; 20]);
            assert_eq!(lists.realloc(second, layout(20, 4), 14), second, "it is of the same list");
        }
        let at_once = |size| AT_ONCE / size_of_list(list_of(layout(size, 1)).expect("it is small"));
        assert_eq!(lists.0.held().len(), at_once(13) + at_once(40));
    }

    /// Gives one block after the other, of a memory that is large enough, and takes none back.
    struct OneByOne(AtomicPtr<u8>);

    // SAFETY: blocks do not overlap.
    unsafe impl GlobalAlloc for OneByOne {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.0.fetch_byte_add(layout.size().next_multiple_of(ALIGN), Ordering::Relaxed)
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }

    #[test]
    fn no_two_threads_that_take_turns_get_blocks_in_one_cache_line() {
        let mut memory = vec![0_u64; 8 * AT_ONCE];
        let lists = FreeLists(OneByOne(AtomicPtr::new(memory.as_mut_ptr().cast())));
        let turns = Barrier::new(2);
        let lines_of = |layout: Layout| {
            (0..4)
                .map(|_| {
                    turns.wait();
                    // SAFETY: the layout has a size.
                    unsafe { lists.alloc(layout) }.addr() / 64
                })
                .collect::<HashSet<_>>()
        };
        for size in [12, 28, 100] {
            let [one, other] = thread::scope(|scope| {
                [(); 2]
                    .map(|()| scope.spawn(|| lines_of(layout(size, 8))))
                    .map(|it| it.join().expect("it did not panic"))
            });
            assert!(one.is_disjoint(&other), "{size}: {one:?} {other:?}");
        }
    }

    #[test]
    fn what_is_used_as_its_layout_says_stays_as_it_was_written() {
        // Small and large sizes, so that blocks move between lists and the allocator behind.
        let sizes = [1, 8, 12, 13, 100, 500, LARGEST, LARGEST + 1, 4000];
        let lists = FreeLists(Strict(Mutex::default()));
        let mut blocks: Vec<(*mut u8, Layout, u8)> = Vec::new();
        let mut state = 1_u32;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        for round in 0..100_000 {
            // SAFETY: as above.
            unsafe {
                if blocks.len() < 600 && draw(2) == 0 {
                    let layout = layout(sizes[draw(sizes.len())], 1 << draw(5));
                    let block = lists.alloc(layout);
                    assert!(block.addr().is_multiple_of(layout.align()));
                    block.write_bytes(round as u8, layout.size());
                    blocks.push((block, layout, round as u8));
                } else if !blocks.is_empty() {
                    let at = draw(blocks.len());
                    let (mut block, mut layout, byte) = blocks.swap_remove(at);
                    if draw(2) == 0 {
                        let size = sizes[draw(sizes.len())];
                        block = lists.realloc(block, layout, size);
                        let whole = std::slice::from_raw_parts(block, size.min(layout.size()));
                        assert!(whole.iter().all(|it| *it == byte));
                        layout = self::layout(size, layout.align());
                    } else {
                        let whole = std::slice::from_raw_parts(block, layout.size());
                        assert!(whole.iter().all(|it| *it == byte));
                    }
                    lists.dealloc(block, layout);
                }
            }
        }
    }
}
