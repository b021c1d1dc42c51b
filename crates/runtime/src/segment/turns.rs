//! The table of a seeded schedule in which processes take part: in the segment, where all of them find it.
//!
//! ```text
//!  table   [schedule|turn|..|random|clock|seats|decided]     each operation reads it whole, changes it, writes it back
//!  seats    [status|until|process|bell] [...] ...
//! ```
//! A thread waits for its turn at a place of the table of those who wait, as for anything else here; so it also looks again
//! when a process has ended, and passes on a turn that the process took with it. Instances have a clock each. While they
//! count steps, the time goes with the turn from one to the next.

use interleave_trace::clock;

use super::error::ProcessError;
use super::waiters::{self, Waiter};
use super::{Segment, word};
use crate::rt::schedule::{self, Outcome, Plan, Seat, SeatId, Status, Switch, Table, WhenStuck};

/// The words of the table.
mod at {
    pub const SCHEDULE: usize = 0;
    /// The seat that has the turn, and one; 0 is nobody.
    pub const TURN: usize = 1;
    pub const FLAGS: usize = 2;
    pub const KEPT: usize = 3;
    pub const STEPS: usize = 4;
    pub const RANDOM: usize = 5;
    pub const CLOCK: usize = 7;
    pub const SEATS: usize = 9;
    pub const SEAT_COUNT: usize = 10;
    pub const SEAT_ROOM: usize = 11;
    pub const PLANNED: usize = 12;
    pub const PLANNED_COUNT: usize = 13;
    pub const DECIDED: usize = 14;
    pub const DECIDED_COUNT: usize = 15;
    pub const DECIDED_ROOM: usize = 16;
    /// Where somebody waits for all to be over or stuck.
    pub const SETTLER: usize = 17;
    pub const WORDS: usize = 18;
}

const SEEDED: u32 = 1;
const STAYS: u32 = 2;
const STUCK: u32 = 4;
const CANCELLED: u32 = 8;

/// The words of a seat.
const SEAT_WORDS: usize = 5;
/// The words of a decision.
const SWITCH_WORDS: usize = 2;

const READY: u32 = 0;
const BLOCKED: u32 = 1;
const TIMED: u32 = 2;
const OVER: u32 = 3;
const LOOKS: u32 = 4;
const OUTSIDE: u32 = 8;

type Head = [u32; at::WORDS];

fn wide(words: &[u32], at: usize) -> u64 {
    u64::from(words[at]) | u64::from(words[at + 1]) << 32
}

fn set_wide(words: &mut [u32], at: usize, value: u64) {
    (words[at], words[at + 1]) = (value as u32, (value >> 32) as u32);
}

impl Segment {
    fn read_words<const N: usize>(&self, at: u32, words: &mut [[u32; N]]) {
        let mut bytes = vec![0; size_of_val(words)];
        self.memory.read(at, &mut bytes);
        for (word, bytes) in words.as_flattened_mut().iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
    }

    fn write_words<const N: usize>(&self, at: u32, words: &[[u32; N]]) {
        let bytes: Vec<u8> = words.as_flattened().iter().flat_map(|word| word.to_le_bytes()).collect();
        self.memory.write(at, &bytes);
    }

    /// Puts the table of a schedule here; the calling thread has the turn.
    pub(crate) fn make_turns(&self, table: &Table) -> Result<(), ProcessError> {
        let mut head: Head = [0; at::WORDS];
        head[at::SCHEDULE] = table.schedule;
        if let Plan::Switches(switches) = &table.plan {
            let planned = self.allocate((switches.len() * SWITCH_WORDS * 4) as u64)?;
            let words: Vec<_> = switches.iter().map(|switch| [switch.step, switch.lane]).collect();
            self.write_words(planned, &words);
            (head[at::PLANNED], head[at::PLANNED_COUNT]) = (planned, switches.len() as u32);
        }
        let address = self.allocate(at::WORDS as u64 * 4)?;
        self.write_words(address, &[head]);
        let _held = self.lock(word::TURNS_LOCK);
        self.store_turns(address, head, table)?;
        self.memory.store(word::TURNS, address);
        Ok(())
    }

    fn load_turns(&self, address: u32) -> (Head, Table) {
        let mut head: [Head; 1] = [[0; at::WORDS]];
        self.read_words(address, &mut head);
        let [head] = head;
        let flags = head[at::FLAGS];
        let mut seats = vec![[0; SEAT_WORDS]; head[at::SEAT_COUNT] as usize];
        self.read_words(head[at::SEATS], &mut seats);
        let seat = |words: &[u32; SEAT_WORDS]| {
            let status = match words[0] & !LOOKS {
                READY => Status::Ready,
                OVER => Status::Over,
                OUTSIDE => Status::Outside,
                kind => {
                    Status::Blocked { until: (kind == TIMED).then(|| wide(words, 1)), looks: words[0] & LOOKS != 0 }
                }
            };
            Seat { status, process: words[3], bell: words[4] }
        };
        let plan = if flags & SEEDED != 0 {
            Plan::Seed(0)
        } else {
            Plan::Switches(self.read_switches(head[at::PLANNED], head[at::PLANNED_COUNT]))
        };
        let table = Table {
            schedule: head[at::SCHEDULE],
            seats: seats.iter().map(seat).collect(),
            turn: head[at::TURN].checked_sub(1).map(|turn| turn as usize),
            plan,
            when_stuck: if flags & STAYS != 0 { WhenStuck::Stay } else { WhenStuck::Cancel },
            random: wide(&head, at::RANDOM),
            kept: head[at::KEPT],
            // What was decided before stays where it is.
            outcome: Outcome { switches: Vec::new(), steps: head[at::STEPS], stuck: flags & STUCK != 0 },
            cancelled: flags & CANCELLED != 0,
        };
        (head, table)
    }

    fn read_switches(&self, at: u32, count: u32) -> Vec<Switch> {
        let mut words = vec![[0; SWITCH_WORDS]; count as usize];
        self.read_words(at, &mut words);
        words.iter().map(|&[step, lane]| Switch { step, lane }).collect()
    }

    fn store_turns(&self, address: u32, mut head: Head, table: &Table) -> Result<(), ProcessError> {
        let seats: Vec<[u32; SEAT_WORDS]> = table
            .seats
            .iter()
            .map(|seat| {
                let mut words = [READY, 0, 0, seat.process, seat.bell];
                match seat.status {
                    Status::Ready => {}
                    Status::Over => words[0] = OVER,
                    Status::Outside => words[0] = OUTSIDE,
                    Status::Blocked { until, looks } => {
                        words[0] = if until.is_some() { TIMED } else { BLOCKED } | if looks { LOOKS } else { 0 };
                        set_wide(&mut words, 1, until.unwrap_or(0));
                    }
                }
                words
            })
            .collect();
        let seat_bytes = SEAT_WORDS as u32 * 4;
        self.make_room(&mut head, (at::SEATS, at::SEAT_COUNT, at::SEAT_ROOM), seats.len() as u32, seat_bytes)?;
        self.write_words(head[at::SEATS], &seats);
        head[at::SEAT_COUNT] = seats.len() as u32;

        let decided: Vec<_> = table.outcome.switches.iter().map(|switch| [switch.step, switch.lane]).collect();
        if !decided.is_empty() {
            let (before, bytes) = (head[at::DECIDED_COUNT], SWITCH_WORDS as u32 * 4);
            let count = before + decided.len() as u32;
            self.make_room(&mut head, (at::DECIDED, at::DECIDED_COUNT, at::DECIDED_ROOM), count, bytes)?;
            self.write_words(head[at::DECIDED] + before * bytes, &decided);
            head[at::DECIDED_COUNT] = count;
        }

        head[at::TURN] = table.turn.map_or(0, |turn| turn as u32 + 1);
        head[at::FLAGS] = [
            (SEEDED, matches!(table.plan, Plan::Seed(_))),
            (STAYS, table.when_stuck == WhenStuck::Stay),
            (STUCK, table.outcome.stuck),
            (CANCELLED, table.cancelled),
        ]
        .into_iter()
        .fold(0, |flags, (flag, on)| if on { flags | flag } else { flags });
        (head[at::KEPT], head[at::STEPS]) = (table.kept, table.outcome.steps);
        set_wide(&mut head, at::RANDOM, table.random);
        self.write_words(address, &[head]);
        Ok(())
    }

    /// A list that has no room for so many moves to where it has.
    fn make_room(
        &self,
        head: &mut Head,
        (list, count, room): (usize, usize, usize),
        wanted: u32,
        size: u32,
    ) -> Result<(), ProcessError> {
        if wanted <= head[room] {
            return Ok(());
        }
        let new_room = (wanted * 2).max(16);
        let new = self.allocate(u64::from(new_room) * u64::from(size))?;
        if head[list] != 0 {
            let mut bytes = vec![0; (head[count] * size) as usize];
            self.memory.read(head[list], &mut bytes);
            self.memory.write(new, &bytes);
            self.free(head[list]);
        }
        (head[list], head[room]) = (new, new_room);
        Ok(())
    }

    /// Looks at the table of a schedule, or of whichever is on, or changes it; whoever has the turn then is told.
    pub(crate) fn with_turns<R>(&self, schedule: Option<u32>, change: impl FnOnce(&mut Table) -> R) -> Option<R> {
        self.with_head_and_turns(schedule, |_, table| change(table))
    }

    fn with_head_and_turns<R>(
        &self,
        schedule: Option<u32>,
        change: impl FnOnce(&mut Head, &mut Table) -> R,
    ) -> Option<R> {
        let _held = self.lock(word::TURNS_LOCK);
        let address = Some(self.memory.load(word::TURNS)).filter(|address| *address != 0)?;
        let (mut head, mut table) = self.load_turns(address);
        if schedule.is_some_and(|wanted| wanted != table.schedule) {
            return None;
        }
        let (before, was_stuck) = (table.turn, table.outcome.stuck);
        let now = wide(&head, at::CLOCK);
        if clock::steps() < now {
            clock::count_on_from(now);
        }
        let result = change(&mut head, &mut table);
        set_wide(&mut head, at::CLOCK, clock::steps());
        if self.store_turns(address, head, &table).is_err() {
            // The segment is full: nobody can take turns any more, and all are told so.
            self.memory.store(word::TURNS, 0);
            table.seats.iter().for_each(|seat| self.ring(seat.bell));
            self.ring(head[at::SETTLER]);
            return None;
        }
        if table.outcome.stuck && !was_stuck {
            let switches = self.read_switches(head[at::DECIDED], head[at::DECIDED_COUNT]);
            schedule::tell(&Outcome { switches, ..table.outcome.clone() });
        }
        match table.turn {
            turn if turn == before => {}
            Some(turn) => self.ring(table.seats[turn].bell),
            None => self.ring(head[at::SETTLER]),
        }
        Some(result)
    }

    fn ring(&self, bell: u32) {
        if bell != 0 {
            waiters::Queue::signal_only(self, Waiter(bell));
        }
    }

    /// Waits until the calling thread has the turn. Gives whether the schedule was cancelled, or is over.
    pub(crate) fn wait_for_turn(&self, own: SeatId) -> bool {
        let Ok(waiter) = self.take_waiter(None) else { return true };
        let cancelled = loop {
            let turn = self.with_turns(Some(own.schedule), |table| {
                // Whoever ended before this thread could be told may have taken the turn with it.
                table.bury(|process| self.has_ended(process));
                let is_own = table.turn == Some(own.index);
                table.seats[own.index].bell = if is_own { 0 } else { waiter.0 };
                is_own.then_some(table.cancelled)
            });
            match turn {
                None => break true,
                Some(Some(cancelled)) => break cancelled,
                Some(None) => self.wait_for_signal(waiter),
            }
        };
        self.free_waiter(waiter);
        cancelled
    }

    /// Waits until no lane has the turn, since all wait with no end, or all are over. Gives whether they are.
    pub(crate) fn settle_turns(&self) -> bool {
        let Ok(waiter) = self.take_waiter(None) else { return false };
        let is_over = loop {
            let settled = self.with_head_and_turns(None, |head, table| {
                table.bury(|process| self.has_ended(process));
                let is_over = table.is_over();
                let is_settled = is_over || table.is_settled();
                head[at::SETTLER] = if is_settled { 0 } else { waiter.0 };
                is_settled.then_some(is_over)
            });
            match settled {
                None => break true,
                Some(Some(is_over)) => break is_over,
                Some(None) => self.wait_for_signal(waiter),
            }
        };
        self.free_waiter(waiter);
        is_over
    }

    /// The schedule knows what time it has become for the caller.
    pub(crate) fn publish_time(&self) {
        self.with_turns(None, |_| ());
    }

    /// The threads of processes that have ended take part no longer.
    pub(crate) fn bury_in_turns(&self) {
        self.with_turns(None, |table| table.bury(|process| self.has_ended(process)));
    }

    /// The schedule is over. Gives what became of it.
    pub(crate) fn end_turns(&self) -> Outcome {
        let held = self.lock(word::TURNS_LOCK);
        let address = self.memory.swap(word::TURNS, 0);
        if address == 0 {
            return Outcome::default();
        }
        let (head, table) = self.load_turns(address);
        let switches = self.read_switches(head[at::DECIDED], head[at::DECIDED_COUNT]);
        drop(held);
        table.seats.iter().for_each(|seat| self.ring(seat.bell));
        self.ring(head[at::SETTLER]);
        for block in [head[at::SEATS], head[at::PLANNED], head[at::DECIDED], address] {
            if block != 0 {
                self.free(block);
            }
        }
        Outcome { switches, ..table.outcome }
    }
}
