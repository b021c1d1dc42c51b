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
//! The threads of one instance keep the table of a schedule in their own memory. Where processes take part it is in the
//! segment that they share, from the start or from when the first of them is started, and with the turn goes the time that
//! it has become.
//!
//! The clock counts steps meanwhile, and a wait with an end costs no time: when nobody else can run, the clock jumps
//! there.

mod table;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use interleave_trace::{State, clock};

pub(crate) use table::{Seat, Status, Table};

use super::waiter::Deadline;
use crate::segment::Segment;
use crate::span::{self, Title};
use crate::sys;

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

/// The place of a thread in a schedule. It belongs to the thread and not to a lane, since the tasks of an event loop are
/// lanes that have one turn between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeatId {
    pub(crate) schedule: u32,
    pub(crate) index: usize,
}

/// A table in this instance's own memory.
struct Own {
    table: Table,
    /// One for each seat.
    bells: Vec<Arc<Condvar>>,
}

static ON: AtomicBool = AtomicBool::new(false);
/// Whether the table is in the segment.
static SHARED: AtomicBool = AtomicBool::new(false);
/// What the table says of it, for those who look often.
static CANCELLED: AtomicBool = AtomicBool::new(false);
static OWN_TABLE: Mutex<Option<Own>> = Mutex::new(None);
static SCHEDULES: AtomicU32 = AtomicU32::new(1);
/// Who hears of it when every lane waits with no end.
static TOLD: OnceLock<fn(&Outcome)> = OnceLock::new();
/// Rung when every lane waits with no end, and when all are over.
static SETTLED: Condvar = Condvar::new();

thread_local! {
    static OWN: Cell<Option<SeatId>> = const { Cell::new(None) };
}

fn own_table() -> MutexGuard<'static, Option<Own>> {
    OWN_TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The segment, if the schedule's table is there.
fn shared() -> Option<Segment> {
    if SHARED.load(Ordering::Relaxed) { Segment::current() } else { None }
}

/// Looks at the table of a schedule, or of whichever is on, or changes it; whoever has the turn then is told. Gives
/// nothing if there is no such schedule.
fn with<R>(schedule: Option<u32>, change: impl FnOnce(&mut Table) -> R) -> Option<R> {
    if let Some(segment) = shared() {
        return segment.with_turns(schedule, change);
    }
    let mut guard = own_table();
    let Some(own) = guard.as_mut() else {
        // It may have moved to the segment meanwhile.
        drop(guard);
        return shared()?.with_turns(schedule, change);
    };
    schedule.is_none_or(|wanted| own.table.schedule == wanted).then(|| own.with(change))
}

impl Own {
    fn with<R>(&mut self, change: impl FnOnce(&mut Table) -> R) -> R {
        let (before, was_stuck) = (self.table.turn, self.table.outcome.stuck);
        let result = change(&mut self.table);
        if self.table.outcome.stuck && !was_stuck {
            tell(&self.table.outcome);
        }
        self.bells.resize_with(self.table.seats.len(), Arc::default);
        match self.table.turn {
            turn if turn == before => {}
            Some(turn) => self.bells[turn].notify_all(),
            None => SETTLED.notify_all(),
        }
        CANCELLED.store(self.table.cancelled, Ordering::Relaxed);
        result
    }
}

/// From now on the lane whose wait is the last of all tells this of what became of its schedule until then, and then waits
/// as well.
pub fn tell_when_stuck(told: fn(&Outcome)) {
    TOLD.get_or_init(|| told);
}

pub(crate) fn tell(stuck: &Outcome) {
    if let Some(told) = TOLD.get() {
        told(stuck);
    }
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

/// As [`own_seat`], in a schedule in which processes take part.
pub(crate) fn own_seat_among_processes() -> Option<SeatId> {
    own_seat().filter(|_| SHARED.load(Ordering::Relaxed))
}

/// The calling lane is the first of a schedule and has the turn. The others are threads and tasks of its instance.
pub fn begin(plan: Plan, when_stuck: WhenStuck) {
    let schedule = SCHEDULES.fetch_add(1, Ordering::Relaxed);
    let table = Table::new(schedule, plan, when_stuck);
    *own_table() = Some(Own { table, bells: vec![Arc::default()] });
    SHARED.store(false, Ordering::SeqCst);
    begun(schedule);
}

/// As [`begin`], of a schedule in which processes take part, too. Gives whether there is a segment for them.
pub fn begin_shared(plan: Plan, when_stuck: WhenStuck) -> bool {
    let Some(segment) = Segment::current() else { return false };
    let schedule = SCHEDULES.fetch_add(1, Ordering::Relaxed);
    if segment.make_turns(&Table::new(schedule, plan, when_stuck)).is_err() {
        return false;
    }
    SHARED.store(true, Ordering::SeqCst);
    begun(schedule);
    true
}

fn begun(schedule: u32) {
    OWN.set(Some(SeatId { schedule, index: 0 }));
    CANCELLED.store(false, Ordering::Relaxed);
    clock::count_steps(true);
    ON.store(true, Ordering::SeqCst);
}

/// The schedule is over: whoever is left goes on freely, and who is blocked is cancelled. Gives what became of it.
pub fn end() -> Outcome {
    let shared = shared();
    let was_on = ON.swap(false, Ordering::SeqCst);
    SHARED.store(false, Ordering::SeqCst);
    clock::count_steps(false);
    if !was_on {
        return Outcome::default();
    }
    if let Some(segment) = shared {
        return segment.end_turns();
    }
    let Some(ended) = own_table().take() else { return Outcome::default() };
    ended.bells.iter().for_each(|bell| bell.notify_all());
    SETTLED.notify_all();
    ended.table.outcome
}

/// Ends every wait of the schedule, and those to come; its lanes see, in turns, that they are cancelled.
pub(crate) fn cancel() {
    if is_on() {
        with(None, Table::cancel);
    }
}

/// Blocks the caller, whose thread has no seat or gives it up with this, until every lane waits with no end, or all are
/// over. Gives whether they are.
pub fn settle() -> bool {
    leave();
    if let Some(segment) = shared() {
        return segment.settle_turns();
    }
    let mut guard = own_table();
    loop {
        match &*guard {
            Some(own) if own.table.is_over() => return true,
            Some(own) if own.table.is_settled() => return false,
            Some(_) => guard = SETTLED.wait(guard).unwrap_or_else(PoisonError::into_inner),
            None => break,
        }
    }
    drop(guard);
    shared().is_none_or(|segment| segment.settle_turns())
}

/// A thread takes part from now on. Its parent calls it, so that the order of seats is the same in every run, and the
/// thread itself goes on with [`arrive`].
pub(crate) fn enrol() -> Option<SeatId> {
    enrol_for(sys::own_process())
}

/// As [`enrol`], for the first thread of the process with that block. If it is the first process, the table moves to where
/// it finds it.
pub(crate) fn enrol_process(block: u32) -> Option<SeatId> {
    own_seat()?;
    share();
    own_seat_among_processes()?;
    enrol_for(block)
}

/// The table moves to the segment, if there is one and it has room. The calling thread has the turn.
fn share() {
    let mut guard = own_table();
    if let Some(own) = &*guard
        && let Some(segment) = Segment::current()
        && segment.make_turns(&own.table).is_ok()
    {
        SHARED.store(true, Ordering::SeqCst);
        // Whoever waits here goes on waiting there.
        own.bells.iter().for_each(|bell| bell.notify_all());
        SETTLED.notify_all();
        *guard = None;
    }
}

fn enrol_for(process: u32) -> Option<SeatId> {
    let own = own_seat()?;
    let index = with(Some(own.schedule), |table| table.enrol(process))?;
    Some(SeatId { schedule: own.schedule, index })
}

/// A new thread takes the seat that it was given and waits for its first turn.
pub(crate) fn arrive(seat: Option<SeatId>) {
    OWN.set(seat);
    if let Some(own) = own_seat() {
        wait_for_turn(own);
    }
}

/// As [`arrive`], of the first thread of a process, whose instance knows of no schedule yet.
pub(crate) fn arrive_shared(seat: SeatId) {
    SHARED.store(true, Ordering::SeqCst);
    ON.store(true, Ordering::SeqCst);
    // The clock of an instance may have counted in a schedule before. Natively all processes have one clock.
    #[cfg(target_arch = "wasm32")]
    clock::count_on_from(0);
    arrive(Some(seat));
}

/// The calling thread takes part no longer; another goes on.
pub(crate) fn leave() {
    let Some(own) = own_seat() else { return };
    OWN.set(None);
    with(Some(own.schedule), |table| table.leave(own.index));
}

/// Which of `count` tasks of the calling thread's event loop goes on.
pub(crate) fn choose_task(count: usize) -> usize {
    let Some(own) = own_seat().filter(|_| count > 1) else { return 0 };
    with(Some(own.schedule), |table| table.choose_task(count)).unwrap_or(0)
}

/// Another lane may go on before the calling one does.
#[inline]
pub fn point() {
    if is_on() {
        decide(|| span::waiting(State::Ready, Title::new("turn")), span::resumed);
    }
}

/// As [`point`], of a thread whose own lane waits meanwhile: nothing is recorded of it.
pub(crate) fn pass() {
    if is_on() {
        decide(|| {}, || {});
    }
}

#[cold]
fn decide(before: impl FnOnce(), after: impl FnOnce()) {
    let Some(own) = own_seat() else { return };
    let goes_on = with(Some(own.schedule), |table| {
        let another = table.decide(own.index);
        if another {
            // Before the other can go on.
            before();
        }
        another
    });
    if goes_on == Some(true) {
        wait_for_turn(own);
        after();
    }
}

/// The calling thread has nothing to do before a time, or before it is woken; as [`block`].
pub(crate) fn idle(own: SeatId, until: Option<u64>, is_woken: impl FnOnce() -> bool) -> bool {
    block(own, Deadline::at(until), is_woken)
}

/// The calling thread, which has the turn, waits until it is woken or its time is up, and then for its turn; not at all
/// if it `is_woken`, which one without a seat may do at any moment. Gives whether it was cancelled.
pub(crate) fn block(own: SeatId, deadline: Deadline, is_woken: impl FnOnce() -> bool) -> bool {
    block_as(own, deadline.ns(), false, is_woken)
}

/// As [`block`], of a thread that waits for something in the segment, and looks again when a process has ended.
pub(crate) fn block_in_segment(own: SeatId, until: Option<u64>, is_woken: impl FnOnce() -> bool) -> bool {
    block_as(own, until, true, is_woken)
}

fn block_as(own: SeatId, until: Option<u64>, looks: bool, is_woken: impl FnOnce() -> bool) -> bool {
    let at_once = with(Some(own.schedule), |table| {
        if table.cancelled {
            return Some(true);
        }
        if is_woken() {
            return Some(false);
        }
        table.block(own.index, until, looks);
        None
    });
    match at_once {
        Some(Some(cancelled)) => cancelled,
        Some(None) => wait_for_turn(own),
        None => true,
    }
}

/// The calling thread waits for something that its schedule knows nothing of, since processes have no part in it: the
/// others have their turns meanwhile. What comes when is then for the system to decide.
pub(crate) fn outside<R>(wait: impl FnOnce() -> R) -> R {
    let Some(own) = own_seat().filter(|_| !SHARED.load(Ordering::Relaxed)) else { return wait() };
    with(Some(own.schedule), |table| table.step_outside(own.index));
    let result = wait();
    with(Some(own.schedule), |table| table.come_back(own.index));
    wait_for_turn(own);
    result
}

/// A thread that waits can go on.
pub(crate) fn wake(seat: SeatId) {
    with(Some(seat.schedule), |table| table.wake(seat.index));
}

/// A process has ended: its threads take part no longer.
pub(crate) fn process_ended(segment: &Segment) {
    if SHARED.load(Ordering::Relaxed) {
        segment.bury_in_turns();
    }
}

/// Gives whether the schedule was cancelled, or is over.
fn wait_for_turn(own: SeatId) -> bool {
    if let Some(segment) = shared() {
        let cancelled = segment.wait_for_turn(own);
        CANCELLED.store(cancelled, Ordering::Relaxed);
        return cancelled;
    }
    let mut guard = own_table();
    loop {
        match &*guard {
            Some(it) if it.table.schedule == own.schedule => {
                if it.table.turn == Some(own.index) {
                    return it.table.cancelled;
                }
                let bell = it.bells[own.index].clone();
                guard = bell.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            _ => break,
        }
    }
    drop(guard);
    match shared() {
        Some(_) => wait_for_turn(own),
        None => true,
    }
}
