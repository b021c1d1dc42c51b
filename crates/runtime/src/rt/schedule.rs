//! A seeded schedule: one lane of an instance runs at a time, and at every primitive operation and checkpoint it is
//! decided anew which. The decisions follow from a seed or from a list, so a run can be repeated event for event.
//!
//! ```text
//!  lane A   run  point          run
//!  lane B              run block
//!  turn     A    A->B  B   B->A A          the decisions: (step 1: B), ...
//! ```
//! By itself a lane keeps its turn until it blocks or ends, and then the next in the order of their beginnings goes on.
//! What a seed decides otherwise is kept as a list of [`Switch`]es, which gives the same run again and can be made
//! shorter. The idea is that of controlled concurrency testing, as in Burckhardt et al., "A Randomized Scheduler with
//! Probabilistic Guarantees of Finding Bugs" (ASPLOS 2010).
//!
//! The clock counts steps meanwhile, and a wait with an end costs no time: when nobody else can run, the clock jumps
//! there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use interleave_trace::{LaneId, State, clock, here};

use super::waiter::{Deadline, Signal};
use crate::span::{self, Title};

/// A decision against the rule: at this step the lane with this number goes on, counted in the order of their
/// beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The how-manieth decision of the run.
    pub step: u32,
    /// Who goes on.
    pub lane: u32,
}

/// Where decisions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// All lanes that could go on are as likely.
    Seed(u64),
    /// These, and by the rule otherwise.
    Switches(Vec<Switch>),
}

/// What became of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The decisions against the rule, in order.
    pub switches: Vec<Switch>,
    /// How many decisions there were.
    pub steps: u32,
    /// Whether at some time every lane waited, with no end.
    pub stuck: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Ready,
    Blocked { until: Option<u64> },
    Over,
}

struct Seat {
    lane: LaneId,
    status: Status,
    bell: Arc<Condvar>,
}

struct Table {
    seats: Vec<Seat>,
    turn: Option<usize>,
    plan: Plan,
    /// How much of a list of switches is used up, or the state of the random numbers.
    cursor: u64,
    outcome: Outcome,
    cancelled: bool,
}

static ON: AtomicBool = AtomicBool::new(false);
static TABLE: Mutex<Option<Table>> = Mutex::new(None);
/// Rung when every lane waits with no end.
static STUCK: Condvar = Condvar::new();

fn table() -> MutexGuard<'static, Option<Table>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a schedule is on.
#[inline]
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// The calling lane is the first of a schedule and has the turn.
pub fn begin(plan: Plan) {
    let cursor = if let Plan::Seed(seed) = plan { seed } else { 0 };
    let first = Seat { lane: here(), status: Status::Ready, bell: Arc::default() };
    let outcome = Outcome::default();
    *table() = Some(Table { seats: vec![first], turn: Some(0), plan, cursor, outcome, cancelled: false });
    clock::count_steps(true);
    ON.store(true, Ordering::SeqCst);
}

/// The schedule is over: whoever is left goes on freely. Gives what became of it.
pub fn end() -> Outcome {
    ON.store(false, Ordering::SeqCst);
    clock::count_steps(false);
    let Some(mut ended) = table().take() else { return Outcome::default() };
    ended.cancelled = true;
    ended.seats.iter().for_each(|seat| seat.bell.notify_all());
    ended.outcome
}

/// Ends every wait of the schedule; its lanes see that they are cancelled.
pub(crate) fn cancel() {
    if let Some(table) = &mut *table() {
        table.cancelled = true;
        table.seats.iter().for_each(|seat| seat.bell.notify_all());
    }
}

/// Blocks a thread that is no part of the schedule until every lane waits with no end, or until `done`. Gives whether
/// they do.
pub fn wait_until_stuck(done: impl Fn() -> bool) -> bool {
    let mut guard = table();
    loop {
        match &*guard {
            Some(table) if table.outcome.stuck => return true,
            Some(_) if !done() => guard = STUCK.wait(guard).unwrap_or_else(PoisonError::into_inner),
            _ => return false,
        }
    }
}

/// Lets [`wait_until_stuck`] ask again whether it is done.
pub fn ring_stuck() {
    let _table = table();
    STUCK.notify_all();
}

/// A lane takes part from now on. Its parent calls it, so that the order of lanes is the same in every run.
pub(crate) fn enrol(lane: LaneId) {
    if let Some(table) = table().as_mut().filter(|_| is_on()) {
        table.seats.push(Seat { lane, status: Status::Ready, bell: Arc::default() });
    }
}

/// A new lane waits for its first turn.
pub(crate) fn arrive() {
    if is_on() {
        let guard = table();
        let _cancelled = wait_for_turn(guard, here());
    }
}

/// The calling lane is over; another goes on.
pub(crate) fn leave() {
    if !is_on() {
        return;
    }
    if let Some(table) = &mut *table()
        && let Some(own) = table.seat_of(here())
    {
        table.seats[own].status = Status::Over;
        table.hand_over(own);
    }
}

/// Another lane may go on before the calling one does.
#[inline]
pub fn point() {
    if is_on() {
        decide();
    }
}

#[cold]
fn decide() {
    let lane = here();
    let mut guard = table();
    let Some(table) = &mut *guard else { return };
    let Some(own) = table.seat_of(lane).filter(|own| table.turn == Some(*own) && !table.cancelled) else { return };
    let next = table.choose(own);
    if next == Some(own) {
        return;
    }
    span::waiting(State::Ready, Title::new("turn"));
    table.give_turn(next);
    if wait_for_turn(guard, lane) {
        span::resumed();
    }
}

/// The calling lane, which has the turn and was not woken yet, waits until it is woken or its time is up, and then for
/// its turn.
pub(crate) fn block(deadline: Deadline) -> Signal {
    let lane = here();
    let mut guard = table();
    if let Some(table) = &mut *guard
        && let Some(own) = table.seat_of(lane)
        && !table.cancelled
    {
        table.seats[own].status = Status::Blocked { until: deadline.ns() };
        table.hand_over(own);
    }
    if wait_for_turn(guard, lane) { Signal::Woken } else { Signal::Cancelled }
}

/// A lane that waits can go on.
pub(crate) fn wake(lane: LaneId) {
    if !is_on() {
        return;
    }
    if let Some(table) = &mut *table()
        && let Some(seat) = table.seat_of(lane)
    {
        table.seats[seat].status = Status::Ready;
    }
}

/// Gives whether the turn came, or the schedule was cancelled.
fn wait_for_turn(mut guard: MutexGuard<'_, Option<Table>>, lane: LaneId) -> bool {
    loop {
        let Some(table) = &*guard else { return false };
        let Some(own) = table.seat_of(lane) else { return true };
        if table.cancelled {
            return false;
        }
        if table.turn == Some(own) {
            return true;
        }
        let bell = table.seats[own].bell.clone();
        guard = bell.wait(guard).unwrap_or_else(PoisonError::into_inner);
    }
}

impl Table {
    fn seat_of(&self, lane: LaneId) -> Option<usize> {
        self.seats.iter().position(|seat| seat.lane == lane && seat.status != Status::Over)
    }

    fn is_ready(&self, seat: usize) -> bool {
        self.seats.get(seat).is_some_and(|seat| seat.status == Status::Ready)
    }

    /// Who goes on after `own`, which keeps the turn by the rule if it can.
    fn choose(&mut self, own: usize) -> Option<usize> {
        let seats = self.seats.len();
        let by_rule = (0..seats).map(|n| (own + n) % seats).find(|seat| self.is_ready(*seat))?;
        let ready = (0..seats).filter(|seat| self.is_ready(*seat)).count();
        if ready == 1 {
            return Some(by_rule);
        }
        let step = self.outcome.steps;
        self.outcome.steps += 1;
        let chosen = match &self.plan {
            Plan::Seed(_) => {
                let nth = (next_random(&mut self.cursor) % ready as u64) as usize;
                (0..seats).filter(|seat| self.is_ready(*seat)).nth(nth)
            }
            Plan::Switches(switches) => {
                let at = switches.iter().find(|switch| switch.step == step);
                at.map(|switch| switch.lane as usize).filter(|seat| self.is_ready(*seat))
            }
        };
        let chosen = chosen.unwrap_or(by_rule);
        if chosen != by_rule {
            self.outcome.switches.push(Switch { step, lane: chosen as u32 });
        }
        Some(chosen)
    }

    fn hand_over(&mut self, own: usize) {
        let next = self.choose(own).or_else(|| self.let_time_pass());
        self.give_turn(next);
    }

    /// Nobody can run: the clock jumps to the first time that somebody waits for.
    fn let_time_pass(&mut self) -> Option<usize> {
        let until = |seat: &Seat| if let Status::Blocked { until } = seat.status { until } else { None };
        let (time, seat) = self.seats.iter().enumerate().filter_map(|(n, seat)| Some((until(seat)?, n))).min()?;
        clock::jump_to(time);
        self.seats[seat].status = Status::Ready;
        Some(seat)
    }

    fn give_turn(&mut self, next: Option<usize>) {
        self.turn = next;
        match next {
            Some(next) => self.seats[next].bell.notify_all(),
            None if self.seats.iter().any(|seat| seat.status != Status::Over) => {
                self.outcome.stuck = true;
                STUCK.notify_all();
            }
            None => STUCK.notify_all(),
        }
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
