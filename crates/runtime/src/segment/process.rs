//! A process as the segment knows it: what it is to run, how far it is, how it ended, and what it has open.
//!
//! ```text
//!  MADE -> RUNNING -> ENDING -> ENDED        by itself, or by whoever saw that it is gone
//!    ^                            |
//!    |               the count of ends is one more, and all who are blocked look again
//!    +- CLAIMED <- ENDED                    its worker was kept, and runs another
//! ```
//! What a process had open when it ended is closed by the first who looks; so it does not matter how it ended.

use std::fmt;

use interleave_trace::segment::{exit, head, process, status};
use interleave_trace::{InstanceId, LaneId, LaneKind, ObjectId, ObjectKind, What, fresh_object, is_recording, record};

use super::error::ProcessError;
use super::monitor::{Monitor, Over, go_on, record_wait};
use super::pipe::{self, Role};
use super::waiters::{Deadline, Signal};
use super::{Segment, word};
use crate::instance::{begin_lane, end_lane};
use crate::rt::schedule::{self, SeatId};
use crate::rt::{SyncError, Wait};
use crate::span::Title;
use crate::sys;
use crate::threads::record_spawn;

const LANE: u32 = 12;
const PARENT: u32 = 16;
const DAEMON: u32 = 20;
const RUN: u32 = 24;
const FUNCTION: u32 = 32;
const ARGUMENTS: u32 = 40;
const LENGTH: u32 = 44;
const NEXT: u32 = 48;
const HOLDINGS: u32 = 52;
const OBJECT: u32 = 56;
const CLEARED: u32 = 60;
const KIND: u32 = 64;
/// Where its first thread sits in a seeded schedule, if there is one: which schedule, and which seat.
const SCHEDULE: u32 = 68;
const SEAT: u32 = 72;
/// Whether it is over and its worker waits for another process to run.
const SPARE: u32 = 76;
const BYTES: u32 = 80;
/// Marks the block of a process.
const MARK: u32 = 0x7072_6f63;

/// The first instance that belongs to a program's own processes; those before are the engine's.
const FIRST_INSTANCE: u32 = 128;
/// How many instances a lane's id can tell apart.
const INSTANCES: u32 = 1 << 12;
/// How many processes that were started live at a time. Each has a worker and a memory of its own, tens of megabytes for an
/// interpreter: Chromium loses a page that has a thousand, and Firefox lets a site have 512 workers and the rest wait.
const MOST_AT_ONCE: usize = 64;

/// How a process ended: 0 for well, a number of its own, or the negative number of what ended it, as POSIX counts
/// signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExitCode(pub i32);

impl ExitCode {
    /// Nothing went wrong.
    pub const WELL: Self = Self(0);
    /// It panicked.
    pub const PANICKED: Self = Self(exit::PANICKED);
    /// It trapped.
    pub const TRAPPED: Self = Self(exit::TRAPPED);
    /// It was ended by force.
    pub const KILLED: Self = Self(exit::KILLED);
    /// It was asked to end.
    pub const TERMINATED: Self = Self(exit::TERMINATED);
}

impl fmt::Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a process runs: the code that knows what the function is, and the function. Both are places in the table of
/// functions, which is the same in every instance of a module.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) run: fn(function: usize, arguments: &[u8]) -> ExitCode,
    pub(crate) function: usize,
}

/// A process by the address of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct ProcessBlock {
    at: u32,
    object: u32,
}

/// The block of the process that the calling thread belongs to; 0 is the first process of the run.
pub(super) fn own_block() -> u32 {
    sys::own_process()
}

/// In a worker of its own, whose thread has a ring: runs the process whose description is at `block`, to its end.
pub fn run_child(block: u32) {
    if let Some(segment) = Segment::current()
        && let Ok(process) = ProcessBlock::of_worker(&segment, block)
    {
        process.run(&segment);
        while process.waits_for_another(&segment) {
            segment.clone().install();
            process.run(&segment);
        }
    }
}

/// From now on the worker of a process that is over waits for another process, which then has that one's place and lane.
pub fn keep_workers() {
    if let Some(segment) = Segment::current() {
        segment.memory.store(word::KEEPS, 1);
    }
}

/// Workers that wait for a process end.
pub fn dismiss_workers() {
    if let Some(segment) = Segment::current() {
        dismiss_workers_of(&segment);
    }
}

fn dismiss_workers_of(segment: &Segment) {
    segment.memory.store(word::KEEPS, 0);
    for block in [word::PROCESSES, word::SPARES].map(|list| segment.listed(list)).concat() {
        segment.memory.notify(block + process::STATUS);
    }
}

/// All lanes of a program but the calling one are over, and another program is next: gives the segment back as it was at
/// first, but for workers that are kept.
pub fn renew() {
    let Some(segment) = Segment::current() else { return };
    // Natively a thread that was ended from outside stands still in its segment for ever.
    #[cfg(not(target_arch = "wasm32"))]
    if segment.memory.load(word::FORCED) != 0 {
        Segment::new().install();
        if segment.memory.load(word::KEEPS) != 0 {
            dismiss_workers_of(&segment);
            keep_workers();
        }
        return;
    }
    let spares = [word::PROCESSES, word::SPARES].map(|list| segment.listed(list)).concat();
    let spares: Vec<u32> = spares.into_iter().filter(|block| segment.memory.load(block + SPARE) != 0).collect();
    let floor = spares.iter().map(|block| segment.end_of(*block)).max().unwrap_or(super::allocator::FIRST);
    segment.free_from(floor);
    for list in [word::PROCESSES, word::SPARES, word::PROCESS_COUNT, word::NAMES, word::NAME_COUNT, word::CROWDED] {
        if spares.is_empty() || list != word::PROCESS_COUNT {
            segment.memory.store(list, 0);
        }
    }
    for block in spares {
        let next = segment.memory.swap(word::SPARES, block);
        segment.memory.store(block + NEXT, next);
    }
}

/// Ends the process that the calling thread belongs to, here and at once, if another asked for it.
pub fn exit_now(exit: ExitCode) {
    if let Some(segment) = Segment::current()
        && let Ok(process) = ProcessBlock::of_worker(&segment, own_block())
    {
        // Natively it is this very thread that says so.
        sys::set_own_process(0);
        sys::end_child(&segment, process, exit);
        segment.stand_still();
    }
}

/// Whether the calling thread belongs to a process that another asked for.
pub fn is_child() -> bool {
    own_block() != 0
}

impl Segment {
    fn load_wide(&self, at: u32) -> usize {
        (u64::from(self.memory.load(at)) | u64::from(self.memory.load(at + 4)) << 32) as usize
    }

    fn store_wide(&self, at: u32, value: usize) {
        let value = value as u64;
        self.memory.store(at, value as u32);
        self.memory.store(at + 4, (value >> 32) as u32);
    }

    /// Whether the process with that block runs no more code.
    pub(super) fn is_over(&self, process: u32) -> bool {
        process != 0
            && (self.memory.load(process + process::CRITICAL) & process::KILLED != 0
                || self.memory.load(process + process::STATUS) == status::ENDED as u32)
    }

    /// The blocks of a list of processes.
    fn listed(&self, list: u32) -> Vec<u32> {
        let _held = self.lock(word::REGISTRY);
        let mut found = Vec::new();
        let mut at = self.memory.load(list);
        while at != 0 {
            found.push(at);
            at = self.memory.load(at + NEXT);
        }
        found
    }

    /// Whether the process `own` may start another. Once there were too many only the first process may: of processes that
    /// all start others, those that end would make room for more for ever.
    ///
    /// Several that start one at the same moment can be a few too many.
    fn may_start_more(&self, own: u32) -> bool {
        let alive = self.listed(word::PROCESSES).into_iter().filter(|process| !self.has_ended(*process)).count();
        if alive >= MOST_AT_ONCE {
            self.memory.store(word::CROWDED, 1);
            return false;
        }
        own == 0 || self.memory.load(word::CROWDED) == 0
    }

    /// A process whose worker waits for another.
    fn take_spare(&self) -> Option<u32> {
        let _held = self.lock(word::REGISTRY);
        let spare = Some(self.memory.load(word::SPARES)).filter(|spare| *spare != 0)?;
        self.memory.store(word::SPARES, self.memory.load(spare + NEXT));
        Some(spare)
    }

    /// Whether a process has said how it ended, or somebody else has.
    pub(super) fn has_ended(&self, process: u32) -> bool {
        self.memory.load(process + process::STATUS) == status::ENDED as u32
    }

    /// Closes what processes had open that have ended since. Gives whether there was such a process.
    pub(super) fn clear_up(&self) -> bool {
        let ends = self.ends();
        if self.memory.load(word::CLEARED) == ends {
            return false;
        }
        while let Some(process) = self.uncleared() {
            let mut holding = self.memory.swap(process + HOLDINGS, 0);
            while holding != 0 {
                let next = self.memory.load(holding + holding::NEXT);
                self.drop_holding(holding);
                holding = next;
            }
            self.free_waiters_of(process);
        }
        self.memory.store(word::CLEARED, ends);
        true
    }

    /// A process that has ended and that nobody has cleared up after; from now on somebody has.
    fn uncleared(&self) -> Option<u32> {
        let _held = self.lock(word::REGISTRY);
        let mut at = self.memory.load(word::PROCESSES);
        while at != 0 {
            let is_over = self.memory.load(at + process::STATUS) == status::ENDED as u32;
            if is_over && self.memory.swap(at + CLEARED, 1) == 0 {
                return Some(at);
            }
            at = self.memory.load(at + NEXT);
        }
        None
    }

    fn drop_holding(&self, holding: u32) {
        let [at, object, role] =
            [holding::MONITOR, holding::OBJECT, holding::ROLE].map(|word| self.memory.load(holding + word));
        self.free(holding);
        pipe::close(self, Monitor::from_parts(at, object), Role::from_number(role));
    }

    /// The calling process has one side of a pipe open.
    pub(super) fn hold(&self, monitor: Monitor, role: Role) -> Result<(), ProcessError> {
        let own = own_block();
        if own == 0 {
            return Ok(());
        }
        let at = self.allocate(u64::from(holding::BYTES))?;
        let (address, object) = monitor.into_parts();
        self.memory.store(at + holding::MONITOR, address);
        self.memory.store(at + holding::OBJECT, object);
        self.memory.store(at + holding::ROLE, role as u32);
        let _held = self.lock(word::REGISTRY);
        let first = self.memory.swap(own + HOLDINGS, at);
        self.memory.store(at + holding::NEXT, first);
        Ok(())
    }

    /// The calling process has closed it. Gives whether it was open there, once at least.
    pub(super) fn let_go(&self, monitor: Monitor, role: Role) -> bool {
        let own = own_block();
        if own == 0 {
            return true;
        }
        let wanted = monitor.into_parts();
        let found = {
            let _held = self.lock(word::REGISTRY);
            let (mut link, mut at) = (own + HOLDINGS, self.memory.load(own + HOLDINGS));
            loop {
                if at == 0 {
                    return false;
                }
                let is_it = wanted == (self.memory.load(at + holding::MONITOR), self.memory.load(at + holding::OBJECT))
                    && self.memory.load(at + holding::ROLE) == role as u32;
                if is_it {
                    self.memory.store(link, self.memory.load(at + holding::NEXT));
                    break at;
                }
                (link, at) = (at + holding::NEXT, self.memory.load(at + holding::NEXT));
            }
        };
        self.free(found);
        true
    }
}

/// What a process has open.
mod holding {
    pub const NEXT: u32 = 0;
    pub const MONITOR: u32 = 4;
    pub const OBJECT: u32 = 8;
    pub const ROLE: u32 = 12;
    pub const BYTES: u32 = 16;
}

/// Who says that a process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It does so itself.
    ByItself,
    /// Another lane ended it.
    ByForce,
}

impl ProcessBlock {
    /// Asks for a process. It begins at once, somewhere else.
    pub(crate) fn start(
        segment: &Segment,
        title: Title,
        daemon: bool,
        entry: Entry,
        arguments: &[u8],
    ) -> Result<Self, ProcessError> {
        let memory = &segment.memory;
        let own = own_block();
        if own != 0 && memory.load(own + DAEMON) != 0 {
            return Err(ProcessError::DaemonsHaveNoChildren);
        }
        if !segment.may_start_more(own) {
            return Err(ProcessError::TooManyAtOnce { most: MOST_AT_ONCE });
        }
        let bytes = segment.allocate(arguments.len() as u64)?;
        let spare = segment.take_spare();
        let made = spare.map_or_else(|| Self::make(segment), |at| Ok((at, LaneId(memory.load(at + LANE)))));
        let (at, lane) = made.inspect_err(|_| segment.free(bytes))?;
        memory.write(bytes, arguments);
        let object = fresh_object();
        for (word, value) in [
            // Before anything finds it, since whoever looks would take it for one that has ended.
            (process::STATUS, status::CLAIMED as u32),
            (process::EXIT, 0),
            (process::CRITICAL, 0),
            (LANE, lane.0),
            (PARENT, own),
            (DAEMON, u32::from(daemon)),
            (ARGUMENTS, bytes),
            (LENGTH, arguments.len() as u32),
            (OBJECT, object.0),
            (KIND, MARK),
            (HOLDINGS, 0),
            (CLEARED, 0),
            (SCHEDULE, 0),
            (SPARE, 0),
        ] {
            memory.store(at + word, value);
        }
        segment.store_wide(at + RUN, entry.run as usize);
        segment.store_wide(at + FUNCTION, entry.function);
        record(What::Made { on: object, kind: ObjectKind::End, name: title.name(), number: title.number() });
        record_spawn(lane, LaneKind::Process, title, LaneId::NONE);
        {
            let _held = segment.lock(word::REGISTRY);
            let first = memory.swap(word::PROCESSES, at);
            memory.store(at + NEXT, first);
        }
        if let Some(seat) = schedule::enrol_process(at) {
            memory.store(at + SCHEDULE, seat.schedule);
            memory.store(at + SEAT, seat.index as u32);
        }
        memory.store(at + process::STATUS, status::MADE as u32);
        match spare {
            Some(_) => memory.notify(at + process::STATUS),
            None => sys::spawn_child(segment, lane, at),
        }
        schedule::point();
        Ok(Self { at, object: object.0 })
    }

    /// A block for a process of an instance that there was not yet, and its lane.
    fn make(segment: &Segment) -> Result<(u32, LaneId), ProcessError> {
        let instance = FIRST_INSTANCE + segment.memory.add(word::PROCESS_COUNT, 1);
        if instance >= INSTANCES - 1 {
            return Err(ProcessError::TooManyProcesses);
        }
        Ok((segment.allocate(u64::from(BYTES))?, LaneId::new(InstanceId(instance), 0)))
    }

    /// Whether its worker, which has run it to its end, is to run another that has its block.
    fn waits_for_another(self, segment: &Segment) -> bool {
        let at = self.at + process::STATUS;
        loop {
            if segment.memory.load(word::KEEPS) == 0 {
                return false;
            }
            match segment.memory.load(at) {
                made if made == status::MADE as u32 => return true,
                other => segment.memory.wait(at, other, None),
            }
        }
    }

    /// The one whose block is at `at`, as its worker was told.
    fn of_worker(segment: &Segment, at: u32) -> Result<Self, ProcessError> {
        let is_it = segment.is_block(at, BYTES) && segment.memory.load(at + KIND) == MARK;
        let object = is_it.then(|| segment.memory.load(at + OBJECT));
        object.map(|object| Self { at, object }).ok_or(ProcessError::Gone)
    }

    /// Runs it to its end, its children's end included. In a seeded schedule it does nothing before its first turn.
    fn run(self, segment: &Segment) {
        sys::set_own_process(self.at);
        let schedule = segment.memory.load(self.at + SCHEDULE);
        if schedule != 0 {
            schedule::arrive_shared(SeatId { schedule, index: segment.memory.load(self.at + SEAT) as usize });
        }
        begin_lane(self.lane(segment));
        segment.memory.compare_exchange(self.at, status::MADE as u32, status::RUNNING as u32);
        let bytes = segment.memory.load(self.at + ARGUMENTS);
        let mut arguments = vec![0; segment.memory.load(self.at + LENGTH) as usize];
        segment.memory.read(bytes, &mut arguments);
        segment.free(bytes);
        let function = segment.load_wide(self.at + FUNCTION);
        // SAFETY: the word was written by `start`, from a function of this very type, in an instance of the same module:
        // the table of functions is the same here, and natively it is the same program.
        let run: fn(usize, &[u8]) -> ExitCode = unsafe { std::mem::transmute(segment.load_wide(self.at + RUN)) };
        let exit = sys::catching(|| run(function, &arguments)).unwrap_or_else(|fault| {
            crate::span::failed(&fault.to_string());
            ExitCode::PANICKED
        });
        end_children(segment);
        end_lane();
        sys::flush();
        // Threads that it leaves behind go no further. In a browser their workers end with it, which may take a while: Chromium
        // lets a worker that is told to end go on for two seconds if it does not come to an end by itself.
        while self.bar(segment) {
            std::thread::yield_now();
        }
        // What it still does is not the process's: that may have ended, and its block be another's.
        sys::set_own_process(0);
        // It is taken for another process only when all lanes of the program are over.
        segment.memory.store(self.at + SPARE, segment.memory.load(word::KEEPS));
        self.announce(segment, exit, Ending::ByItself);
        schedule::leave();
        // All that it had open is closed now, and not once more when the thread drops what it still has.
        Segment::put_away();
    }

    /// Says how it ended. The first who does counts. Gives whether that was this one.
    pub(crate) fn announce(self, segment: &Segment, exit: ExitCode, ending: Ending) -> bool {
        let memory = &segment.memory;
        let at = self.at + process::STATUS;
        let ending_now = status::ENDING as u32;
        let is_first = [status::MADE, status::RUNNING]
            .iter()
            .any(|before| memory.compare_exchange(at, *before as u32, ending_now) == *before as u32);
        if !is_first {
            return false;
        }
        if ending == Ending::ByForce {
            memory.store(word::FORCED, 1);
            record_end_of(self.lane(segment));
        }
        memory.store(self.at + process::EXIT, exit.0 as u32);
        if schedule::own_seat_among_processes().is_some() {
            // With the turn goes the time, and whoever sees the end first passes the turn on.
            segment.publish_time();
        }
        memory.store(at, status::ENDED as u32);
        memory.add(head::ENDS, 1);
        segment.disturb_all();
        schedule::process_ended(segment);
        true
    }

    /// Ends it from outside.
    pub(crate) fn end(self, segment: &Segment, exit: ExitCode) {
        if self.exit_code(segment).is_none() {
            if is_recording() {
                // It will be over soon, whatever it waits for.
                record(What::Woke { target: self.lane(segment), on: ObjectId::NONE });
            }
            sys::end_child(segment, self, exit);
            if schedule::own_seat_among_processes().is_some() {
                self.see_the_end(segment);
            }
        }
    }

    /// Keeps the turn until somebody outside has ended it: so it ends at the same step in every run.
    fn see_the_end(self, segment: &Segment) {
        let Ok(waiter) = segment.take_waiter(None) else { return };
        while !segment.has_ended(self.at) {
            segment.wait_for_signal(waiter);
        }
        segment.free_waiter(waiter);
        schedule::process_ended(segment);
    }

    /// From now on its threads change nothing in the segment. Gives whether one of them is just doing so.
    pub(crate) fn bar(self, segment: &Segment) -> bool {
        let before = segment.memory.or(self.at + process::CRITICAL, process::KILLED);
        before & !process::KILLED != 0
    }

    /// Its lane.
    pub(crate) fn lane(self, segment: &Segment) -> LaneId {
        LaneId(segment.memory.load(self.at + LANE))
    }

    /// The address of its block.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn address(self) -> u32 {
        self.at
    }

    /// What its end is to the trace.
    pub(crate) fn object(self) -> ObjectId {
        ObjectId(self.object)
    }

    /// Whether it ends with the one who started it.
    pub(crate) fn is_daemon(self, segment: &Segment) -> bool {
        segment.memory.load(self.at + DAEMON) != 0
    }

    /// Whether the calling process started it.
    pub(crate) fn is_own_child(self, segment: &Segment) -> bool {
        segment.memory.load(self.at + PARENT) == own_block()
    }

    /// How it ended, if it did. The first process of a run has not as long as anybody asks.
    pub(crate) fn exit_code(self, segment: &Segment) -> Option<ExitCode> {
        let is_over = self.at != 0 && segment.memory.load(self.at + process::STATUS) == status::ENDED as u32;
        is_over.then(|| ExitCode(segment.memory.load(self.at + process::EXIT) as i32))
    }

    /// Waits until it has ended. Gives how, or `None` if the time was up.
    pub(crate) fn join(self, segment: &Segment, wait: &Wait) -> Result<Option<ExitCode>, ProcessError> {
        if !self.is_own_child(segment) {
            return Err(ProcessError::NotAChild);
        }
        let lane = self.lane(segment);
        let exit = match self.exit_code(segment) {
            Some(exit) => Some(exit),
            None if wait.timeout.is_some_and(|timeout| timeout.is_zero()) => None,
            None => self.wait_for_end(segment, wait, lane)?,
        };
        if exit.is_some() {
            record(What::Joined { child: lane });
        }
        Ok(exit)
    }

    fn wait_for_end(self, segment: &Segment, wait: &Wait, lane: LaneId) -> Result<Option<ExitCode>, ProcessError> {
        let deadline = Deadline::after(wait.timeout);
        let waiter = segment.take_waiter(None)?;
        record_wait(self.object(), wait, lane);
        let exit = loop {
            if let Some(exit) = self.exit_code(segment) {
                break Ok(Some(exit));
            }
            match segment.block(waiter, deadline) {
                Signal::TimedOut => break Ok(self.exit_code(segment)),
                Signal::Cancelled => break Err(SyncError::Cancelled.into()),
                Signal::Woken | Signal::LookAgain => {}
            }
        };
        segment.free_waiter(waiter);
        go_on(self.object(), if exit == Ok(None) { Over::TimedOut } else { Over::ByItself });
        exit
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn record_end_of(lane: LaneId) {
    let now = interleave_trace::clock::now();
    interleave_trace::record_at(now, lane, What::Ended(interleave_trace::Outcome::Killed));
}

/// In a browser the page does.
#[cfg(target_arch = "wasm32")]
fn record_end_of(_lane: LaneId) {}

/// The process that started the calling one, if that was started. The first process of a run has no block.
pub(crate) fn parent(segment: &Segment) -> Option<ProcessBlock> {
    let own = own_block();
    let at = (own != 0).then(|| segment.memory.load(own + PARENT))?;
    Some(ProcessBlock { at, object: if at == 0 { 0 } else { segment.memory.load(at + OBJECT) } })
}

/// The children of the calling process that have not ended.
pub(crate) fn children(segment: &Segment) -> Vec<ProcessBlock> {
    let own = own_block();
    let memory = &segment.memory;
    let _held = segment.lock(word::REGISTRY);
    let mut found = Vec::new();
    let mut at = memory.load(word::PROCESSES);
    while at != 0 {
        let is_alive = memory.load(at + process::STATUS) != status::ENDED as u32;
        if memory.load(at + PARENT) == own && is_alive {
            found.push(ProcessBlock { at, object: memory.load(at + OBJECT) });
        }
        at = memory.load(at + NEXT);
    }
    found.reverse();
    found
}

/// As Python does when a process is over: its daemons are terminated, its other children waited for.
pub(crate) fn end_children(segment: &Segment) {
    let all = children(segment);
    all.iter().filter(|child| child.is_daemon(segment)).for_each(|child| child.end(segment, ExitCode::TERMINATED));
    for child in all {
        // Only a run that is being ended does not wait.
        let _ended = child.join(segment, &Wait { site: crate::rt::Site::NONE, timeout: None });
    }
}
