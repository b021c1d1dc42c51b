//! A ring of slots in an instance's memory: one thread writes, one reader drains.
//!
//! The reader is often *another agent*: the page reads the rings of a running engine straight out of its
//! shared memory, by the byte offsets in [`layout`]. So the layout is part of the contract.
//!
//! ```text
//!  directory:  count | ring | ring | ...            one per instance, at `directory_address()`
//!  ring:       head | tail | dropped | capacity | slots ->
//!  slots:      capacity x 32 bytes;  head and tail count slots and wrap at 2^32
//! ```

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// One slot: eight little-endian words.
pub type Slot = [u32; 8];

/// How many slots a ring holds: 512 KiB, or a quarter of a second at 60,000 events a second.
pub const CAPACITY: u32 = 1 << 14;

/// How many rings an instance can have.
pub const MOST_RINGS: usize = 512;

/// Where things lie in the memory of a 32-bit instance, in bytes.
pub mod layout {
    /// In the directory: how many rings there are.
    pub const DIRECTORY_COUNT: u32 = 0;
    /// In the directory: the first ring's address; the others follow every 4 bytes.
    pub const DIRECTORY_RINGS: u32 = 4;
    /// In a ring: slots written so far.
    pub const HEAD: u32 = 0;
    /// In a ring: slots read so far. Written by the reader alone.
    pub const TAIL: u32 = 4;
    /// In a ring: entries that found no room.
    pub const DROPPED: u32 = 8;
    /// In a ring: how many slots it has, a power of two.
    pub const CAPACITY: u32 = 12;
    /// In a ring: the address of its slots.
    pub const SLOTS: u32 = 16;
    /// The size of a slot.
    pub const SLOT: u32 = 32;
}

/// See the module's text.
#[repr(C)]
pub struct Ring {
    head: AtomicU32,
    tail: AtomicU32,
    dropped: AtomicU32,
    capacity: u32,
    /// `capacity` of them; a thin pointer, so that the layout is one that the page can rely on.
    slots: *mut UnsafeCell<Slot>,
    /// How many of `dropped` a reader within the instance was told of.
    reported: AtomicU32,
}

// SAFETY: slots are written by the one writing thread only while `head - tail < capacity` keeps the reader
// off them, and are handed over by the release store of `head`; `tail` hands them back the same way.
unsafe impl Sync for Ring {}
// SAFETY: a ring owns its slots and is tied to no thread; see above for who may touch them when.
unsafe impl Send for Ring {}

impl Ring {
    /// A ring of `capacity` slots, which must be a power of two.
    pub fn new(capacity: u32) -> Self {
        assert!(capacity.is_power_of_two(), "a ring's capacity is a power of two");
        let slots: Box<[UnsafeCell<Slot>]> = (0..capacity).map(|_| UnsafeCell::new([0; 8])).collect();
        Self {
            head: AtomicU32::new(0),
            tail: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
            capacity,
            slots: Box::into_raw(slots).cast(),
            reported: AtomicU32::new(0),
        }
    }

    /// The slot that the count `at` falls on.
    #[inline]
    fn slot(&self, at: u32) -> *mut Slot {
        // SAFETY: the masked index is below `capacity`, the number of slots behind the pointer.
        unsafe { (*self.slots.add((at & (self.capacity - 1)) as usize)).get() }
    }

    /// Appends an entry of one or more slots whole, or counts it as dropped if it finds no room. Only the
    /// ring's one writing thread may call it.
    #[inline]
    pub fn push(&self, entry: &[Slot]) -> bool {
        let head = self.head.load(Ordering::Relaxed);
        let used = head.wrapping_sub(self.tail.load(Ordering::Acquire));
        if used as usize + entry.len() > self.capacity as usize {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        for (offset, slot) in entry.iter().enumerate() {
            // SAFETY: the slot lies between head and tail + capacity, where the reader does not look, and
            // this is the only writing thread.
            unsafe { *self.slot(head.wrapping_add(offset as u32)) = *slot };
        }
        self.head.store(head.wrapping_add(entry.len() as u32), Ordering::Release);
        true
    }

    /// How full it is, from 0 to `capacity`.
    pub fn used(&self) -> u32 {
        self.head.load(Ordering::Relaxed).wrapping_sub(self.tail.load(Ordering::Relaxed))
    }

    /// Entries that found no room since the last call.
    pub fn lost(&self) -> u32 {
        let dropped = self.dropped.load(Ordering::Relaxed);
        dropped.wrapping_sub(self.reported.swap(dropped, Ordering::Relaxed))
    }

    /// Moves all that was written into `out`. Only one reader may call it at a time, and only within the
    /// instance; the page has its own way in, by [`layout`].
    pub fn drain(&self, out: &mut Vec<Slot>) {
        let head = self.head.load(Ordering::Acquire);
        let mut tail = self.tail.load(Ordering::Relaxed);
        while tail != head {
            // SAFETY: the slot lies between tail and head, where the writer does not write.
            out.push(unsafe { *self.slot(tail) });
            tail = tail.wrapping_add(1);
        }
        self.tail.store(tail, Ordering::Release);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let slots = std::ptr::slice_from_raw_parts_mut(self.slots, self.capacity as usize);
        // SAFETY: `new` made the box from just this many slots, and nobody else frees it.
        drop(unsafe { Box::from_raw(slots) });
    }
}

/// All rings of an instance, so that a reader finds them.
#[repr(C)]
pub struct Directory {
    count: AtomicU32,
    rings: [AtomicPtr<Ring>; MOST_RINGS],
}

impl Directory {
    /// Without rings yet.
    pub const fn new() -> Self {
        Self { count: AtomicU32::new(0), rings: [const { AtomicPtr::new(std::ptr::null_mut()) }; MOST_RINGS] }
    }

    /// Adds a ring for good: an instance is dropped whole. `None` if the directory is full.
    pub fn add(&self, ring: Ring) -> Option<&'static Ring> {
        let index = self
            .count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < MOST_RINGS as u32).then_some(n + 1))
            .ok()?;
        let ring: &'static Ring = Box::leak(Box::new(ring));
        // A reader that comes between the count and this store sees null and passes it over.
        self.rings[index as usize].store(std::ptr::from_ref(ring).cast_mut(), Ordering::Release);
        Some(ring)
    }

    /// The rings there are.
    pub fn rings(&self) -> impl Iterator<Item = &'static Ring> {
        let count = self.count.load(Ordering::Acquire) as usize;
        self.rings[..count].iter().filter_map(|ring| {
            // SAFETY: it is null or a leaked ring, which lives as long as the program.
            unsafe { ring.load(Ordering::Acquire).as_ref() }
        })
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_goes_in_comes_out_once_and_in_order() {
        let ring = Ring::new(4);
        let mut out = Vec::new();
        for n in 0..10u32 {
            assert!(ring.push(&[[n; 8]]));
            ring.drain(&mut out);
        }
        assert_eq!(out.iter().map(|slot| slot[0]).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
        assert_eq!(ring.lost(), 0);
    }

    #[test]
    fn a_full_ring_counts_what_it_drops_and_never_tears_an_entry() {
        let ring = Ring::new(4);
        assert!(ring.push(&[[1; 8]; 3]));
        assert!(!ring.push(&[[2; 8]; 2]), "two slots do not fit where one is free");
        assert!(ring.push(&[[3; 8]]));
        let mut out = Vec::new();
        ring.drain(&mut out);
        assert_eq!(out.iter().map(|slot| slot[0]).collect::<Vec<_>>(), [1, 1, 1, 3]);
        assert_eq!((ring.lost(), ring.lost()), (1, 0));
    }

    #[test]
    fn a_reader_on_another_thread_sees_whole_slots_in_order() {
        let ring = Arc::new(Ring::new(64));
        let writer = {
            let ring = ring.clone();
            std::thread::spawn(move || {
                let mut n = 0u32;
                while n < 100_000 {
                    if ring.push(&[[n; 8]]) {
                        n += 1;
                    }
                }
            })
        };
        let mut out = Vec::new();
        while out.len() < 100_000 {
            ring.drain(&mut out);
        }
        writer.join().expect("the writer ends");
        assert!(out.iter().enumerate().all(|(n, slot)| *slot == [n as u32; 8]));
    }
}
