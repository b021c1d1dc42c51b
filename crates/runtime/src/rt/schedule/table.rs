//! The table of a schedule: who takes part, who has the turn, and how it is decided who has it next. Nothing here blocks;
//! where the table is kept, and how a thread waits for its turn, is the business of [`super`].

use interleave_trace::clock;

use super::{Outcome, Plan, Switch, WhenStuck};

/// How many decisions in a row a lane keeps the turn by the rule. Without an end one that asks again and again for what
/// another has yet to do would ask for ever.
const LONGEST_TURN: u32 = 100_000;

/// How a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ready,
    Blocked {
        until: Option<u64>,
        /// Whether it waits for something in the segment, and so looks again when a process has ended.
        looks: bool,
    },
    /// It waits for something that no schedule knows of, and comes back by itself.
    Outside,
    Over,
}

/// The place of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) status: Status,
    /// The block of the process that it belongs to; 0 is the first of the run.
    pub(crate) process: u32,
    /// Where the thread waits for its turn, if the table is in the segment and it does.
    pub(crate) bell: u32,
}

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schedule: u32,
    pub(crate) seats: Vec<Seat>,
    pub(crate) turn: Option<usize>,
    pub(crate) plan: Plan,
    pub(crate) when_stuck: WhenStuck,
    /// The state of the random numbers.
    pub(crate) random: u64,
    /// For how many decisions the lane that has the turn has kept it.
    pub(crate) kept: u32,
    pub(crate) outcome: Outcome,
    pub(crate) cancelled: bool,
}

impl Table {
    /// The calling thread has the first seat and the turn.
    pub(crate) fn new(schedule: u32, plan: Plan, when_stuck: WhenStuck) -> Self {
        let random = if let Plan::Seed(seed) = plan { seed } else { 0 };
        let (seats, outcome) = (vec![Seat::of(0)], Outcome::default());
        Self { schedule, seats, turn: Some(0), plan, when_stuck, random, kept: 0, outcome, cancelled: false }
    }

    /// Gives a thread of a process a seat.
    pub(crate) fn enrol(&mut self, process: u32) -> usize {
        self.seats.push(Seat::of(process));
        self.seats.len() - 1
    }

    /// A decision: who goes on after the thread with the turn. Gives whether that is another.
    pub(crate) fn decide(&mut self, own: usize) -> bool {
        let next = self.choose(own);
        self.turn = next;
        next != Some(own)
    }

    /// A thread with the turn waits for a time, or to be woken.
    pub(crate) fn block(&mut self, own: usize, until: Option<u64>, looks: bool) {
        self.seats[own].status = Status::Blocked { until, looks };
        self.hand_over(own);
    }

    /// A thread that waits can go on.
    pub(crate) fn wake(&mut self, seat: usize) {
        let Some(woken) = self.seats.get_mut(seat).filter(|seat| matches!(seat.status, Status::Blocked { .. })) else {
            return;
        };
        woken.status = Status::Ready;
        // Only somebody without a seat can wake when nobody has the turn.
        self.turn.get_or_insert(seat);
    }

    /// A thread with the turn waits for something outside.
    pub(crate) fn step_outside(&mut self, own: usize) {
        self.seats[own].status = Status::Outside;
        self.hand_over(own);
    }

    /// It waits no longer.
    pub(crate) fn come_back(&mut self, own: usize) {
        self.seats[own].status = Status::Ready;
        self.turn.get_or_insert(own);
    }

    /// A thread takes part no longer.
    pub(crate) fn leave(&mut self, own: usize) {
        self.seats[own].status = Status::Over;
        if self.turn == Some(own) {
            self.hand_over(own);
        }
    }

    /// The threads of a process that is over take part no longer, and who waits for something in the segment looks again.
    /// Once for each process, however often it is noticed: so nothing depends on who notices first.
    pub(crate) fn bury(&mut self, is_over: impl Fn(u32) -> bool) {
        let mut found = false;
        for seat in &mut self.seats {
            if seat.process != 0 && seat.status != Status::Over && is_over(seat.process) {
                seat.status = Status::Over;
                found = true;
            }
        }
        if !found {
            return;
        }
        for seat in &mut self.seats {
            if matches!(seat.status, Status::Blocked { looks: true, .. }) {
                seat.status = Status::Ready;
            }
        }
        if let Some(own) = self.turn.filter(|own| self.seats[*own].status == Status::Over) {
            self.hand_over(own);
        }
    }

    fn is_ready(&self, seat: usize) -> bool {
        self.seats.get(seat).is_some_and(|seat| seat.status == Status::Ready)
    }

    /// Whether nobody takes part any more.
    pub(crate) fn is_over(&self) -> bool {
        self.seats.iter().all(|seat| seat.status == Status::Over)
    }

    /// Whether all wait with no end, or are over: nobody has the turn, and nobody comes back from outside.
    pub(crate) fn is_settled(&self) -> bool {
        self.turn.is_none() && self.seats.iter().all(|seat| seat.status != Status::Outside)
    }

    /// Who goes on after `own`, which keeps the turn by the rule if it can.
    fn choose(&mut self, own: usize) -> Option<usize> {
        self.ready_who_are_due();
        let seats = self.seats.len();
        let first = if self.kept < LONGEST_TURN { own } else { own + 1 };
        let by_rule = (0..seats).map(|n| (first + n) % seats).find(|seat| self.is_ready(*seat))?;
        let ready = (0..seats).filter(|seat| self.is_ready(*seat)).count();
        if ready == 1 {
            return Some(by_rule);
        }
        let step = self.outcome.steps;
        self.outcome.steps += 1;
        let chosen = match &self.plan {
            Plan::Seed(_) => {
                let nth = (next_random(&mut self.random) % ready as u64) as usize;
                (0..seats).filter(|seat| self.is_ready(*seat)).nth(nth)
            }
            Plan::Switches(switches) => {
                let at = switches.iter().find(|switch| switch.step == step);
                at.map(|switch| switch.lane as usize).filter(|seat| self.is_ready(*seat))
            }
        };
        let chosen = chosen.unwrap_or(by_rule);
        self.kept = if chosen == own { self.kept + 1 } else { 0 };
        if chosen != by_rule {
            self.outcome.switches.push(Switch { step, lane: chosen as u32 });
        }
        Some(chosen)
    }

    /// Which of `count` tasks that are ready goes on, counted in the order in which they became so; by the rule the first.
    pub(crate) fn choose_task(&mut self, count: usize) -> usize {
        let step = self.outcome.steps;
        self.outcome.steps += 1;
        let chosen = match &self.plan {
            Plan::Seed(_) => (next_random(&mut self.random) % count as u64) as usize,
            Plan::Switches(switches) => {
                let at = switches.iter().find(|switch| switch.step == step);
                at.map(|switch| switch.lane as usize).filter(|nth| *nth < count).unwrap_or(0)
            }
        };
        if chosen != 0 {
            self.outcome.switches.push(Switch { step, lane: chosen as u32 });
        }
        chosen
    }

    /// Those who wait for a time that has come can go on. So one who looks at the clock until then is not alone for ever.
    fn ready_who_are_due(&mut self) {
        if self.first_deadline().is_none() {
            return;
        }
        let now = clock::now().0;
        for seat in &mut self.seats {
            if matches!(seat.status, Status::Blocked { until: Some(until), .. } if until <= now) {
                seat.status = Status::Ready;
            }
        }
    }

    fn first_deadline(&self) -> Option<u64> {
        let until = |seat: &Seat| if let Status::Blocked { until, .. } = seat.status { until } else { None };
        self.seats.iter().filter_map(until).min()
    }

    /// The turn goes on from `own`, which cannot keep it. If nobody can run, the clock jumps to the first time that
    /// somebody waits for; if nobody does, they are stuck.
    fn hand_over(&mut self, own: usize) {
        let mut next = self.choose(own);
        if next.is_none()
            && let Some(time) = self.first_deadline()
        {
            clock::jump_to(time);
            next = self.choose(own);
        }
        self.turn = next;
        if self.is_settled() && !self.is_over() {
            self.outcome.stuck = true;
            if self.when_stuck == WhenStuck::Cancel {
                self.end_waits();
                self.turn = self.choose(own);
            }
        }
    }

    /// Ends every wait, and those to come.
    pub(crate) fn cancel(&mut self) {
        self.end_waits();
        if self.turn.is_none() {
            self.turn = self.choose(0);
        }
    }

    fn end_waits(&mut self) {
        self.cancelled = true;
        for seat in &mut self.seats {
            if !matches!(seat.status, Status::Over | Status::Outside) {
                seat.status = Status::Ready;
            }
        }
    }
}

impl Seat {
    fn of(process: u32) -> Self {
        Self { status: Status::Ready, process, bell: 0 }
    }
}

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
