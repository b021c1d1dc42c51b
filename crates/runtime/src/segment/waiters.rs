//! Those who are blocked, as the segment knows them: each has a place in a table, where its lane stands and the signal
//! that it blocks at. So whoever lets it go on can say whom, and the page can let all of them look again when a process
//! is gone.
//!
//! Also the short locks that keep a structure in the segment whole while it is changed. A process is not ended from
//! outside while a thread of it has one.

use std::cell::Cell;
use std::time::Duration;

use interleave_trace::segment::{head, process, signal, waiters};
use interleave_trace::{LaneId, clock};

use super::Segment;
use super::error::ProcessError;
use super::process::own_block;
use crate::rt::gil;
use crate::rt::schedule::{self, SeatId};
use crate::sys::sync::{here, thread_local};

pub(super) const COUNT: u32 = if cfg!(feature = "model") { 12 } else { waiters::COUNT };

/// Addresses within a waiter that only this crate knows.
const SIGNAL: u32 = 8;
const LANE: u32 = 12;
const NEXT: u32 = 16;
const QUEUED: u32 = 20;
const PROCESS: u32 = 24;
/// Where its thread sits in a seeded schedule, and one; 0 is nowhere.
const SEAT: u32 = 28;

/// When a wait is over in any case, in nanoseconds on the run's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<u64>);

impl Deadline {
    pub(super) fn after(timeout: Option<Duration>) -> Self {
        let ns = |timeout: Duration| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        Self(timeout.map(|timeout| clock::now().0.saturating_add(ns(timeout))))
    }

    /// How long it is until then: `None` for ever, `Some(None)` for over.
    #[cfg(not(feature = "model"))]
    fn left(self) -> Option<Option<Duration>> {
        self.0.map(|end| match end.saturating_sub(clock::now().0) {
            0 => None,
            ns => Some(Duration::from_nanos(ns)),
        })
    }
}

#[cfg(feature = "model")]
impl Deadline {
    /// In the model no time passes: a wait with an end may be over whenever it is looked at.
    fn left(self) -> Option<Option<Duration>> {
        self.0.map(|_| (!crate::sys::sync::is_time_up()).then_some(Duration::MAX))
    }
}

/// A wait until a deadline that is not part of a schedule. While lanes take turns the run's clock counts steps, so how
/// long it takes goes by the platform's.
struct Waits {
    deadline: Deadline,
    steps: Option<(f64, Option<Duration>)>,
}

impl Waits {
    fn until(deadline: Deadline) -> Self {
        let counts_steps = clock::steps() != 0;
        let steps = || deadline.left().map(|left| (clock::epoch_ms(), left));
        Self { deadline, steps: counts_steps.then(steps).flatten() }
    }

    /// As [`Deadline::left`].
    fn left(&self) -> Option<Option<Duration>> {
        let Some((began_ms, at_first)) = self.steps else { return self.deadline.left() };
        let passed = Duration::from_secs_f64((clock::epoch_ms() - began_ms).max(0.0) / 1e3);
        let left = at_first.and_then(|left| left.checked_sub(passed)).filter(|left| !left.is_zero());
        if left.is_none() {
            clock::jump_to(self.deadline.0.unwrap_or(0));
        }
        Some(left)
    }
}

/// Why a lane is blocked no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Woken,
    LookAgain,
    TimedOut,
    Cancelled,
}

/// A place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiter(pub(super) u32);

thread_local! {
    /// The place that this thread had last: most likely it is free again.
    static LAST: Cell<u32> = Cell::new(0);
    /// How many things this thread is in the middle of that are to be done whole.
    static WHOLES: Cell<u32> = Cell::new(0);
}

const fn place(n: u32) -> u32 {
    waiters::FIRST + n * waiters::SIZE
}

impl Segment {
    /// A place for the calling lane, whose signal is its own or that of another place of the same lane.
    pub(super) fn take_waiter(&self, main: Option<Waiter>) -> Result<Waiter, ProcessError> {
        let _whole = self.uninterrupted();
        let memory = &self.memory;
        let first = LAST.with(Cell::get);
        let found = (0..COUNT)
            .map(|n| place((first + n) % COUNT))
            .find(|at| memory.load(*at) == 0 && memory.compare_exchange(at + waiters::USED, 0, 1) == 0);
        let at = found.ok_or(ProcessError::TooManyWait)?;
        LAST.with(|last| last.set((at - waiters::FIRST) / waiters::SIZE));
        let signal_at = main.map_or(at, |main| main.0) + SIGNAL;
        if main.is_none() {
            memory.store(signal_at, signal::NONE as u32);
        }
        memory.store(at + PROCESS, own_block());
        memory.store(at + SEAT, schedule::own_seat_among_processes().map_or(0, |seat| seat.index as u32 + 1));
        memory.store(at + LANE, here().0);
        memory.store(at + waiters::SIGNAL_AT, signal_at);
        Ok(Waiter(at))
    }

    /// The place is free again; its lane is in no queue.
    pub(super) fn free_waiter(&self, waiter: Waiter) {
        let _whole = self.uninterrupted();
        self.memory.store(waiter.0 + waiters::SIGNAL_AT, 0);
        // In this order: `free_waiters_of` must not take it for one that nobody will find in a queue any more.
        self.memory.store(waiter.0 + PROCESS, 0);
        self.memory.store(waiter.0 + QUEUED, 0);
        self.memory.store(waiter.0 + waiters::USED, 0);
    }

    /// Frees what a process that has ended left behind, but for what is still in a queue: that is found there.
    pub(super) fn free_waiters_of(&self, process: u32) {
        for at in (0..COUNT).map(place) {
            let memory = &self.memory;
            if memory.load(at + QUEUED) == 0 && memory.load(at + PROCESS) == process {
                self.free_waiter(Waiter(at));
            }
        }
    }

    /// Everybody who is blocked looks again at what it waits for.
    pub(super) fn disturb_all(&self) {
        let memory = &self.memory;
        for at in (0..COUNT).map(place) {
            let signal_at = memory.load(at + waiters::SIGNAL_AT);
            if memory.load(at) == 1 && signal_at != 0 {
                memory.compare_exchange(signal_at, signal::NONE as u32, signal::LOOK_AGAIN as u32);
                memory.notify(signal_at);
            }
        }
    }

    /// Blocks the calling thread at its place until it is signalled, whatever befalls the run.
    pub(super) fn wait_for_signal(&self, waiter: Waiter) {
        let signal_at = waiter.0 + SIGNAL;
        loop {
            let found = {
                let _whole = self.uninterrupted();
                self.memory.swap(signal_at, signal::NONE as u32) as i32
            };
            if found != signal::NONE {
                return;
            }
            self.memory.wait(signal_at, signal::NONE as u32, None);
        }
    }

    /// Blocks the calling lane until somebody signals it. It gives up the GIL meanwhile; taking it again is the caller's.
    pub(super) fn block(&self, waiter: Waiter, deadline: Deadline) -> Signal {
        let signal_at = waiter.0 + SIGNAL;
        if let Some(seat) = schedule::own_seat_among_processes() {
            // That a process has ended is for the table of turns to say, which does so at the same step in every run.
            let is_woken = || self.memory.load(signal_at) == signal::WOKEN as u32;
            let cancelled = schedule::block_in_segment(seat, deadline.0, is_woken);
            return match self.memory.swap(signal_at, signal::NONE as u32) as i32 {
                signal::WOKEN => Signal::Woken,
                _ if cancelled || self.is_cancelled() => Signal::Cancelled,
                _ if deadline.left() == Some(None) => Signal::TimedOut,
                _ => Signal::LookAgain,
            };
        }
        gil::give_up();
        schedule::outside(|| self.block_freely(waiter, deadline))
    }

    fn block_freely(&self, waiter: Waiter, deadline: Deadline) -> Signal {
        let signal_at = waiter.0 + SIGNAL;
        let waits = Waits::until(deadline);
        self.look_for_signal(signal_at);
        loop {
            let found = {
                // The place may be another's by the time that a process which was ended gets here.
                let _whole = self.uninterrupted();
                self.memory.swap(signal_at, signal::NONE as u32) as i32
            };
            match found {
                signal::WOKEN => return Signal::Woken,
                _ if self.is_cancelled() => return Signal::Cancelled,
                signal::LOOK_AGAIN => return Signal::LookAgain,
                _ => {}
            }
            let left = waits.left();
            if left == Some(None) {
                return Signal::TimedOut;
            }
            self.memory.wait(signal_at, signal::NONE as u32, left.flatten());
        }
    }
}

/// How long a lane looks for its signal before it blocks, in milliseconds: about what waking it would take. So a wait costs
/// at most twice what it would if its length were known (Karlin, Li, Manasse and Owicki, "Empirical Studies of Competitive
/// Spinning for a Shared-Memory Multiprocessor", 1991).
const LOOK_FOR_MS: f64 = if cfg!(feature = "model") { 0.0 } else { 0.03 };

impl Segment {
    /// Returns as soon as there is a signal, or when it is time to block.
    fn look_for_signal(&self, signal_at: u32) {
        let until = clock::epoch_ms() + LOOK_FOR_MS;
        while self.memory.load(signal_at) == signal::NONE as u32 && clock::epoch_ms() < until {
            std::hint::spin_loop();
        }
    }
}

/// A queue of waiters: the words of its first and its last.
#[derive(Clone, Copy)]
pub(super) struct Queue {
    pub(super) first: u32,
}

impl Queue {
    fn last(self) -> u32 {
        self.first + 4
    }

    pub(super) fn push_back(self, segment: &Segment, waiter: Waiter) {
        let memory = &segment.memory;
        memory.store(waiter.0 + NEXT, 0);
        memory.store(waiter.0 + QUEUED, 1);
        match memory.swap(self.last(), waiter.0) {
            0 => memory.store(self.first, waiter.0),
            last => memory.store(last + NEXT, waiter.0),
        }
    }

    pub(super) fn push_front(self, segment: &Segment, waiter: Waiter) {
        let memory = &segment.memory;
        let first = memory.swap(self.first, waiter.0);
        memory.store(waiter.0 + NEXT, first);
        memory.store(waiter.0 + QUEUED, 1);
        if first == 0 {
            memory.store(self.last(), waiter.0);
        }
    }

    /// The first who still lives, with its lane. Who was ended while it waited is passed over.
    pub(super) fn pop(self, segment: &Segment) -> Option<(Waiter, LaneId)> {
        let memory = &segment.memory;
        loop {
            let waiter = Waiter(Some(memory.load(self.first)).filter(|first| *first != 0)?);
            let next = memory.load(waiter.0 + NEXT);
            memory.store(self.first, next);
            if next == 0 {
                memory.store(self.last(), 0);
            }
            if segment.is_over(memory.load(waiter.0 + PROCESS)) {
                segment.free_waiter(waiter);
                continue;
            }
            memory.store(waiter.0 + QUEUED, 0);
            return Some((waiter, LaneId(memory.load(waiter.0 + LANE))));
        }
    }

    /// Takes one out. Gives whether it was there.
    pub(super) fn remove(self, segment: &Segment, waiter: Waiter) -> bool {
        let memory = &segment.memory;
        let (mut before, mut at) = (0, memory.load(self.first));
        while at != 0 && at != waiter.0 {
            (before, at) = (at, memory.load(at + NEXT));
        }
        if at == 0 {
            return false;
        }
        let next = memory.load(at + NEXT);
        memory.store(if before == 0 { self.first } else { before + NEXT }, next);
        if next == 0 {
            memory.store(self.last(), before);
        }
        memory.store(at + QUEUED, 0);
        true
    }

    /// How many are in it.
    pub(super) fn length(self, segment: &Segment) -> u32 {
        let mut at = segment.memory.load(self.first);
        let mut length = 0;
        while at != 0 {
            length += 1;
            at = segment.memory.load(at + NEXT);
        }
        length
    }

    /// Lets one go on that was popped.
    pub(super) fn signal(segment: &Segment, waiter: Waiter) {
        let seat = segment.memory.load(waiter.0 + SEAT);
        Self::signal_only(segment, waiter);
        if seat != 0
            && let Some(own) = schedule::own_seat_among_processes()
        {
            schedule::wake(SeatId { index: seat as usize - 1, ..own });
        }
    }

    /// Takes a wake back that its lane has noticed otherwise.
    pub(super) fn forget_signal(segment: &Segment, waiter: Waiter) {
        segment.memory.compare_exchange(waiter.0 + SIGNAL, signal::WOKEN as u32, signal::NONE as u32);
    }

    /// Lets one go on that waits for its turn.
    pub(super) fn signal_only(segment: &Segment, waiter: Waiter) {
        let signal_at = segment.memory.load(waiter.0 + waiters::SIGNAL_AT);
        if signal_at != 0 {
            segment.memory.store(signal_at, signal::WOKEN as u32);
            segment.memory.notify(signal_at);
        }
    }
}

/// Whoever has it changes what the lock is for.
pub(super) struct Held<'a> {
    whole: Whole<'a>,
    at: u32,
}

/// As long as it is there the calling process is not ended from outside.
pub(super) struct Whole<'a> {
    segment: &'a Segment,
}

const FREE: u32 = 0;
const TAKEN: u32 = 1;
const WANTED: u32 = 2;
/// How often a lock that is held for moments is looked at before the thread blocks.
const LOOKS: u32 = if cfg!(feature = "model") { 1 } else { 20 };

impl Segment {
    /// Takes the lock whose word is at `at` (the mutex of Drepper's "Futexes Are Tricky", 2011).
    pub(super) fn lock(&self, at: u32) -> Held<'_> {
        let whole = self.uninterrupted();
        let memory = &self.memory;
        let mut found = memory.compare_exchange(at, FREE, TAKEN);
        for _ in 0..LOOKS {
            if found != TAKEN {
                break;
            }
            std::hint::spin_loop();
            found = memory.compare_exchange(at, FREE, TAKEN);
        }
        if found != FREE {
            while memory.swap(at, WANTED) != FREE {
                memory.wait(at, WANTED, None);
            }
        }
        Held { whole, at }
    }

    /// What follows is done whole: if the calling process was to be ended from outside, it goes no further than this, or
    /// is ended after.
    pub(super) fn uninterrupted(&self) -> Whole<'_> {
        let own = own_block();
        if own != 0 && WHOLES.with(|wholes| wholes.replace(wholes.get() + 1)) == 0 {
            let before = self.memory.add(own + process::CRITICAL, 1);
            if before & process::KILLED != 0 {
                self.memory.add(own + process::CRITICAL, u32::MAX);
                self.stand_still();
            }
        }
        Whole { segment: self }
    }

    /// What is left of a thread whose process was ended: in a browser its worker ends in a moment, natively it sleeps.
    pub(super) fn stand_still(&self) -> ! {
        loop {
            self.memory.wait(head::ENDS, self.ends(), None);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let memory = &self.whole.segment.memory;
        if memory.swap(self.at, FREE) == WANTED {
            memory.notify(self.at);
        }
    }
}

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        let own = own_block();
        if own != 0 && WHOLES.with(|wholes| wholes.replace(wholes.get().saturating_sub(1))) == 1 {
            self.segment.memory.add(own + process::CRITICAL, u32::MAX);
        }
    }
}
