//! Recording: each thread of execution has a ring and knows which lane it is running.
//!
//! Recording never blocks. A thread that was not attached records nothing, so library code may call
//! [`record`] without asking where it runs.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::clock::{self, TimeNs};
use crate::event::{Entry, Event, What};
use crate::id::{InstanceId, LaneId, MessageId, NameId, ObjectId};
use crate::ring::{CAPACITY, Directory, Ring, Slot};

static DIRECTORY: Directory = Directory::new();
/// The rings that only this instance reads; see [`Apart`].
#[cfg(feature = "apart")]
static OWN_DIRECTORY: Directory = Directory::new();
#[cfg(feature = "apart")]
static IS_APART: AtomicBool = AtomicBool::new(false);
static INSTANCE: AtomicU32 = AtomicU32::new(0);
static RECORDING: AtomicBool = AtomicBool::new(true);
/// The first lane of an instance is named from outside, when the instance is asked for.
static LANES: AtomicU32 = AtomicU32::new(1);
static NAMES: AtomicU32 = AtomicU32::new(0);
static OBJECTS: AtomicU32 = AtomicU32::new(0);
static MESSAGES: AtomicU32 = AtomicU32::new(0);
static INTERNED: Mutex<Option<HashMap<&'static str, NameId>>> = Mutex::new(None);
/// Rings whose threads are gone; the next thread writes on where they ended.
static SPARE: Mutex<Vec<&'static Ring>> = Mutex::new(Vec::new());

thread_local! {
    static RING: Cell<Option<&'static Ring>> = const { Cell::new(None) };
    static LANE: Cell<LaneId> = const { Cell::new(LaneId::NONE) };
    /// Its own, whatever it polls.
    static THREAD: Cell<LaneId> = const { Cell::new(LaneId::NONE) };
    static FLUSH: Cell<Option<fn()>> = const { Cell::new(None) };
    static FLUSHED: Cell<u64> = const { Cell::new(0) };
    /// Texts that this thread asked for last, by where they lie: call sites are asked for at every operation.
    static ASKED: [Cell<Asked>; ASKED_SLOTS] = const { [const { Cell::new(Asked { address: 0, length: 0, id: NameId::NONE }) }; ASKED_SLOTS] };
}

/// A static text and its id.
#[derive(Clone, Copy)]
struct Asked {
    address: usize,
    length: usize,
    id: NameId,
}

const ASKED_SLOTS: usize = 32;

/// How long a thread with a flush hook keeps its entries to itself, in nanoseconds.
const FLUSH_AFTER_NS: u64 = 16_000_000;

/// Says which instance this is; ids made before belong to the page.
pub fn set_instance(instance: InstanceId) {
    INSTANCE.store(instance.0, Ordering::Release);
}

/// Which instance this is.
pub fn instance() -> InstanceId {
    InstanceId(INSTANCE.load(Ordering::Relaxed))
}

/// Turns the recording of span changes on or off, for measuring what recording costs. See [`is_recording`].
pub fn set_recording(on: bool) {
    RECORDING.store(on, Ordering::Relaxed);
}

/// Whether work records its spans. A run's frame (lanes, marks, result) is recorded always.
#[inline]
pub fn is_recording() -> bool {
    RECORDING.load(Ordering::Relaxed)
}

/// Where the rings of this instance's threads are listed.
fn directory() -> &'static Directory {
    #[cfg(feature = "apart")]
    if IS_APART.load(Ordering::Acquire) {
        return &OWN_DIRECTORY;
    }
    &DIRECTORY
}

/// As long as it lives, what this instance records goes into rings of its own, which nobody outside reads and empties: so
/// a test can do so itself. The calling thread keeps its lane and has no ring. There is one at a time, and when it begins
/// and ends no other thread records.
#[cfg(feature = "apart")]
pub struct Apart {
    ring: Option<&'static Ring>,
    lane: LaneId,
    flush: Option<fn()>,
}

#[cfg(feature = "apart")]
impl Apart {
    /// From now on.
    pub fn begin() -> Self {
        let before = Self { ring: RING.take(), lane: LANE.get(), flush: FLUSH.take() };
        start_anew();
        IS_APART.store(true, Ordering::Release);
        before
    }
}

#[cfg(feature = "apart")]
impl Drop for Apart {
    fn drop(&mut self) {
        IS_APART.store(false, Ordering::Release);
        start_anew();
        RING.set(self.ring);
        LANE.set(self.lane);
        FLUSH.set(self.flush);
    }
}

/// The next thread gets a ring of its own, and every text is recorded again.
#[cfg(feature = "apart")]
fn start_anew() {
    if let (Ok(mut spare), Ok(mut interned)) = (SPARE.lock(), INTERNED.lock()) {
        spare.clear();
        *interned = None;
    }
    ASKED.with(|asked| asked.iter().for_each(|asked| asked.set(Asked { address: 0, length: 0, id: NameId::NONE })));
}

/// Gives the calling thread a ring and makes `lane` its current one. Calling it again changes the lane.
pub fn attach(lane: LaneId) {
    if RING.get().is_none() {
        let spare = SPARE.lock().ok().and_then(|mut spare| spare.pop());
        RING.set(spare.or_else(|| directory().add(Ring::new(CAPACITY))));
    }
    LANE.set(lane);
    THREAD.set(lane);
}

/// Takes the calling thread's ring away, with all that was not read yet, for another thread to write on.
pub fn detach() {
    LANE.set(LaneId::NONE);
    THREAD.set(LaneId::NONE);
    if let (Some(ring), Ok(mut spare)) = (RING.take(), SPARE.lock()) {
        spare.push(ring);
    }
}

/// Whether the calling thread has a ring: what it records is kept.
#[inline]
pub fn is_attached() -> bool {
    RING.get().is_some()
}

/// The lane that the calling thread is running.
#[inline]
pub fn here() -> LaneId {
    LANE.get()
}

/// The lane that the calling thread itself is, also while it polls a task, whose lane [`here`] is then.
#[inline]
pub fn thread() -> LaneId {
    THREAD.get()
}

/// As [`here`], but `None` on a thread that runs no lane.
pub fn current_lane() -> Option<LaneId> {
    LANE.get().some()
}

/// Changes the lane that the calling thread is running and gives the one before: an event loop moves from
/// task to task with this.
pub fn set_current_lane(lane: LaneId) -> LaneId {
    LANE.replace(lane)
}

/// Records `what` on the calling thread's lane, now.
#[inline]
pub fn record(what: What) {
    // Who records nothing leaves the clock alone, which may count who looks at it.
    if is_attached() {
        record_at(clock::now(), LANE.get(), what);
    }
}

/// Records `what` on any lane at any time; still into the calling thread's ring.
#[inline]
pub fn record_at(time: TimeNs, lane: LaneId, what: What) {
    let Some(ring) = RING.get() else { return };
    ring.push(&[Event { time, lane, what }.encode()]);
    if let Some(flush) = FLUSH.get()
        && (time.0.saturating_sub(FLUSHED.get()) > FLUSH_AFTER_NS || ring.used() > CAPACITY / 2)
    {
        FLUSHED.set(time.0);
        flush();
    }
}

/// Sets what the calling thread does with its entries every 16 ms or when its ring is half full, for
/// readers that cannot look into this memory.
pub fn set_flush(flush: fn()) {
    FLUSH.set(Some(flush));
}

/// Calls the calling thread's flush hook now, as before a long wait. Without a hook it does nothing.
pub fn flush() {
    if let Some(flush) = FLUSH.get() {
        FLUSHED.set(clock::now().0);
        flush();
    }
}

/// How many more slots the calling thread can record before its reader has to look.
pub fn room() -> u32 {
    RING.get().map_or(u32::MAX, |ring| CAPACITY.saturating_sub(ring.used()))
}

/// Moves what the calling thread recorded into `out`, with a count of what found no room.
pub fn drain_thread(out: &mut Vec<Slot>) {
    let Some(ring) = RING.get() else { return };
    drain_ring(ring, out);
}

/// Moves what every thread of this instance recorded into `out`, ring by ring. One reader at a time.
pub fn drain_all(out: &mut Vec<Slot>) {
    for ring in directory().rings() {
        drain_ring(ring, out);
    }
}

fn drain_ring(ring: &Ring, out: &mut Vec<Slot>) {
    ring.drain(out);
    match ring.lost() {
        0 => {}
        lost => Entry::Lost(lost).encode(out),
    }
}

/// Where this instance's directory of rings lies, for a reader that shares the memory.
pub fn directory_address() -> usize {
    std::ptr::from_ref(&DIRECTORY).addr()
}

/// A lane that nobody had before.
pub fn fresh_lane() -> LaneId {
    LaneId::new(instance(), LANES.fetch_add(1, Ordering::Relaxed))
}

/// An object that nobody had before.
pub fn fresh_object() -> ObjectId {
    ObjectId::new(instance(), OBJECTS.fetch_add(1, Ordering::Relaxed))
}

/// A message that nobody had before.
pub fn fresh_message() -> MessageId {
    MessageId(u64::from(instance().0) << 32 | u64::from(MESSAGES.fetch_add(1, Ordering::Relaxed)))
}

/// The id of a text that recurs. The first to ask records the text.
#[inline]
pub fn intern(text: &'static str) -> NameId {
    let (address, length) = (text.as_ptr().addr(), text.len());
    // Texts lie next to each other, so their addresses differ in the low bits.
    let slot = (address ^ (address >> 5)) % ASKED_SLOTS;
    let asked = ASKED.with(|asked| asked[slot].get());
    // No text lies at 0.
    if (asked.address, asked.length) == (address, length) {
        return asked.id;
    }
    let id = intern_shared(text);
    if id != NameId::NONE {
        ASKED.with(|asked| asked[slot].set(Asked { address, length, id }));
    }
    id
}

fn intern_shared(text: &'static str) -> NameId {
    let Ok(mut guard) = INTERNED.lock() else { return NameId::NONE };
    let names = guard.get_or_insert_with(HashMap::new);
    *names.entry(text).or_insert_with(|| name_once(text))
}

/// The id of a text that is used once: a line of the log, a result.
pub fn name_once(text: &str) -> NameId {
    let id = NameId::new(instance(), NAMES.fetch_add(1, Ordering::Relaxed));
    if let Some(ring) = RING.get() {
        let mut slots = Vec::new();
        Entry::Name(id, text.to_owned()).encode(&mut slots);
        ring.push(&slots);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{State, decode};
    use crate::id::NO_NUMBER;

    fn drained() -> Vec<Entry> {
        let mut slots = Vec::new();
        drain_thread(&mut slots);
        let mut entries = Vec::new();
        decode(&slots, |entry| entries.push(entry));
        entries
    }

    fn running() -> What {
        What::Entered {
            state: State::Running,
            name: NameId::NONE,
            number: NO_NUMBER,
            on: ObjectId::NONE,
            holder: LaneId::NONE,
            timed: false,
        }
    }

    /// On a thread of its own, since rings belong to threads.
    fn on_a_thread(body: impl FnOnce() + Send + 'static) {
        std::thread::spawn(body).join().expect("the thread ends");
    }

    #[test]
    fn a_thread_without_a_ring_records_nothing() {
        on_a_thread(|| {
            record(running());
            assert_eq!(drained(), []);
        });
    }

    #[test]
    fn a_lost_entry_is_counted_and_reported_once() {
        on_a_thread(|| {
            attach(fresh_lane());
            for _ in 0..CAPACITY + 7 {
                record(running());
            }
            assert_eq!(drained().last(), Some(&Entry::Lost(7)));
            record(running());
            assert!(!drained().contains(&Entry::Lost(7)), "reported once only");
            detach();
        });
    }

    #[test]
    fn a_flush_hook_is_called_before_the_ring_is_full() {
        thread_local! { static FLUSHES: Cell<u32> = const { Cell::new(0) } }
        on_a_thread(|| {
            attach(fresh_lane());
            set_flush(|| {
                FLUSHES.set(FLUSHES.get() + 1);
                drain_thread(&mut Vec::new());
            });
            for _ in 0..CAPACITY * 4 {
                record(running());
            }
            assert!(FLUSHES.get() >= 7, "{}", FLUSHES.get());
            assert!(!drained().iter().any(|entry| matches!(entry, Entry::Lost(_))));
            detach();
        });
    }

    #[test]
    fn a_text_is_recorded_by_the_first_who_asks() {
        on_a_thread(|| {
            attach(fresh_lane());
            let id = intern("only in this test");
            assert_eq!(intern("only in this test"), id);
            assert_eq!(drained(), [Entry::Name(id, "only in this test".to_owned())]);
            detach();
        });
    }

    #[test]
    fn texts_that_begin_at_the_same_place_are_told_apart() {
        on_a_thread(|| {
            let text = "a text and its beginning";
            let (whole, part) = (intern(text), intern(&text[..6]));
            assert_ne!(whole, part);
            assert_eq!((intern(text), intern(&text[..6])), (whole, part));
        });
    }

    #[test]
    fn all_threads_know_a_text_by_the_same_id() {
        let id = intern("known to all threads");
        // As many as push the text out of the cache.
        on_a_thread(move || {
            for _ in 0..2 {
                assert_eq!(intern("known to all threads"), id);
                let many: &'static str = Box::leak("x".repeat(1000).into_boxed_str());
                assert!((0..999).all(|from| intern(&many[from..]).some().is_some()));
            }
        });
    }
}
