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

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use interleave_trace::{State, clock};

use super::waiter::Deadline;
use crate::span::{self, Title};

/// How many decisions in a row a lane keeps the turn by the rule. Without an end one that asks again and again for what
/// another has yet to do would ask for ever.
const LONGEST_TURN: u32 = 100_000;

/// A decision against the rule: at this step the lane with this number goes on, counted in the order of their
/// beginnings, or, where the step is an event loop's, the task with this place among those that are ready.
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

/// What happens when every lane waits with no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenStuck {
    /// They stay as they are, until [`super::cancel_waits`].
    Stay,
    /// Their waits are cancelled, and they unwind in turns, so that this too is the same in every run.
    Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Ready,
    Blocked { until: Option<u64> },
    Over,
}

struct Seat {
    status: Status,
    bell: Arc<Condvar>,
}

/// The place of a thread in a schedule. It belongs to the thread and not to a lane, since the tasks of an event loop are
/// lanes that have one turn between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeatId {
    schedule: u32,
    index: usize,
}

struct Table {
    schedule: u32,
    seats: Vec<Seat>,
    turn: Option<usize>,
    plan: Plan,
    when_stuck: WhenStuck,
    /// The state of the random numbers.
    random: u64,
    /// For how many decisions the lane that has the turn has kept it.
    kept: u32,
    outcome: Outcome,
    cancelled: bool,
}

static ON: AtomicBool = AtomicBool::new(false);
/// What the table says of it, for those who look often.
static CANCELLED: AtomicBool = AtomicBool::new(false);
static TABLE: Mutex<Option<Table>> = Mutex::new(None);
static SCHEDULES: AtomicU32 = AtomicU32::new(0);
/// Rung when every lane waits with no end, and when all are over.
static SETTLED: Condvar = Condvar::new();

thread_local! {
    static OWN: Cell<Option<SeatId>> = const { Cell::new(None) };
}

fn table() -> MutexGuard<'static, Option<Table>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a schedule is on.
#[inline]
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Whether the calling thread has its part in a schedule that was cancelled.
pub(crate) fn is_cancelled() -> bool {
    own_seat().is_some() && CANCELLED.load(Ordering::Relaxed)
}

/// The calling thread's seat in the schedule that is on.
pub(crate) fn own_seat() -> Option<SeatId> {
    if is_on() { OWN.get() } else { None }
}

/// The calling lane is the first of a schedule and has the turn.
pub fn begin(plan: Plan, when_stuck: WhenStuck) {
    let random = if let Plan::Seed(seed) = plan { seed } else { 0 };
    let schedule = SCHEDULES.fetch_add(1, Ordering::Relaxed);
    let seats = vec![Seat { status: Status::Ready, bell: Arc::default() }];
    let outcome = Outcome::default();
    let turn = Some(0);
    *table() = Some(Table { schedule, seats, turn, plan, when_stuck, random, kept: 0, outcome, cancelled: false });
    OWN.set(Some(SeatId { schedule, index: 0 }));
    CANCELLED.store(false, Ordering::Relaxed);
    clock::count_steps(true);
    ON.store(true, Ordering::SeqCst);
}

/// The schedule is over: whoever is left goes on freely, and who is blocked is cancelled. Gives what became of it.
pub fn end() -> Outcome {
    ON.store(false, Ordering::SeqCst);
    clock::count_steps(false);
    let Some(ended) = table().take() else { return Outcome::default() };
    ended.seats.iter().for_each(|seat| seat.bell.notify_all());
    SETTLED.notify_all();
    ended.outcome
}

/// Ends every wait of the schedule, and those to come; its lanes see, in turns, that they are cancelled.
pub(crate) fn cancel() {
    if let Some(table) = &mut *table() {
        table.cancel();
    }
}

/// Blocks the caller, whose thread has no seat or gives it up with this, until every lane waits with no end, or all are
/// over. Gives whether they are.
pub fn settle() -> bool {
    leave();
    let mut guard = table();
    loop {
        match &*guard {
            Some(table) if table.is_over() => return true,
            Some(table) if table.turn.is_none() => return false,
            Some(_) => guard = SETTLED.wait(guard).unwrap_or_else(PoisonError::into_inner),
            None => return true,
        }
    }
}

/// A thread takes part from now on. Its parent calls it, so that the order of seats is the same in every run, and the
/// thread itself goes on with [`arrive`].
pub(crate) fn enrol() -> Option<SeatId> {
    own_seat()?;
    let mut guard = table();
    let table = guard.as_mut()?;
    table.seats.push(Seat { status: Status::Ready, bell: Arc::default() });
    Some(SeatId { schedule: table.schedule, index: table.seats.len() - 1 })
}

/// A new thread takes the seat that it was given and waits for its first turn.
pub(crate) fn arrive(seat: Option<SeatId>) {
    OWN.set(seat);
    if let Some(own) = own_seat() {
        wait_for_turn(table(), own);
    }
}

/// The calling thread takes part no longer; another goes on.
pub(crate) fn leave() {
    let Some(own) = own_seat() else { return };
    OWN.set(None);
    if let Some(table) = table().as_mut().filter(|table| table.schedule == own.schedule) {
        table.seats[own.index].status = Status::Over;
        table.hand_over(own.index);
    }
}

/// Which of `count` tasks of the calling thread's event loop goes on.
pub(crate) fn choose_task(count: usize) -> usize {
    let Some(own) = own_seat().filter(|_| count > 1) else { return 0 };
    table().as_mut().filter(|table| table.schedule == own.schedule).map_or(0, |table| table.choose_task(count))
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
    let Some(own) = own_seat() else { return };
    let mut guard = table();
    let Some(table) = guard.as_mut().filter(|table| table.schedule == own.schedule) else { return };
    let next = table.choose(own.index);
    if next == Some(own.index) {
        return;
    }
    span::waiting(State::Ready, Title::new("turn"));
    table.give_turn(next);
    wait_for_turn(guard, own);
    span::resumed();
}

/// The calling thread, which has the turn, waits until it is woken or its time is up, and then for its turn; not at all
/// if it `is_woken`, which one without a seat may do at any moment. Gives whether it was cancelled.
pub(crate) fn block(own: SeatId, deadline: Deadline, is_woken: impl FnOnce() -> bool) -> bool {
    let mut guard = table();
    let Some(table) = guard.as_mut().filter(|table| table.schedule == own.schedule) else { return true };
    if table.cancelled {
        return true;
    }
    if is_woken() {
        return false;
    }
    table.seats[own.index].status = Status::Blocked { until: deadline.ns() };
    table.hand_over(own.index);
    wait_for_turn(guard, own)
}

/// A thread that waits can go on.
pub(crate) fn wake(seat: SeatId) {
    if let Some(table) = table().as_mut().filter(|table| table.schedule == seat.schedule) {
        table.seats[seat.index].status = Status::Ready;
        // Only somebody without a seat can wake when nobody has the turn.
        if table.turn.is_none() {
            table.give_turn(Some(seat.index));
        }
    }
}

/// Gives whether the schedule was cancelled, or is over.
fn wait_for_turn(mut guard: MutexGuard<'_, Option<Table>>, own: SeatId) -> bool {
    loop {
        match &*guard {
            Some(table) if table.schedule == own.schedule => {
                if table.turn == Some(own.index) {
                    return table.cancelled;
                }
                let bell = table.seats[own.index].bell.clone();
                guard = bell.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            _ => return true,
        }
    }
}

impl Table {
    fn is_ready(&self, seat: usize) -> bool {
        self.seats.get(seat).is_some_and(|seat| seat.status == Status::Ready)
    }

    fn is_over(&self) -> bool {
        self.seats.iter().all(|seat| seat.status == Status::Over)
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
    fn choose_task(&mut self, count: usize) -> usize {
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
            if matches!(seat.status, Status::Blocked { until: Some(until) } if until <= now) {
                seat.status = Status::Ready;
            }
        }
    }

    fn first_deadline(&self) -> Option<u64> {
        let until = |seat: &Seat| if let Status::Blocked { until } = seat.status { until } else { None };
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
        if next.is_none() && !self.is_over() {
            self.outcome.stuck = true;
            if self.when_stuck == WhenStuck::Cancel {
                self.end_waits();
                next = self.choose(own);
            }
        }
        self.give_turn(next);
    }

    fn give_turn(&mut self, next: Option<usize>) {
        self.turn = next;
        match next {
            Some(next) => self.seats[next].bell.notify_all(),
            None => SETTLED.notify_all(),
        }
    }

    fn cancel(&mut self) {
        self.end_waits();
        if self.turn.is_none() {
            let next = self.choose(0);
            self.give_turn(next);
        }
    }

    fn end_waits(&mut self) {
        self.cancelled = true;
        CANCELLED.store(true, Ordering::Relaxed);
        for seat in &mut self.seats {
            if seat.status != Status::Over {
                seat.status = Status::Ready;
            }
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
