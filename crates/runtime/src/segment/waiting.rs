//! Waiting for several things at once: messages, and ends of processes.

use interleave_trace::{LaneId, ObjectId};

use super::Segment;
use super::error::ProcessError;
use super::monitor::{Door, Monitor, Over, go_on, record_wait};
use super::pipe::{End, is_ready};
use super::process::ProcessBlock;
use super::queue::Queue;
use super::waiters::{Deadline, Signal, Waiter};
use crate::rt::{SyncError, Wait};

/// What can be waited for beside others.
#[derive(Clone, Copy, Debug)]
pub struct Source(pub(crate) Kind);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Pipe(End),
    Queue(Queue),
    Process(ProcessBlock),
}

impl Source {
    /// That something can be received from a pipe, be it the end.
    pub fn pipe(end: End) -> Self {
        Self(Kind::Pipe(end))
    }

    /// That something can be got from a queue.
    pub fn queue(queue: Queue) -> Self {
        Self(Kind::Queue(queue))
    }

    /// Where lanes wait for it, unless it is the end of a process.
    fn monitor(self) -> Result<Option<Monitor>, ProcessError> {
        Ok(match self.0 {
            Kind::Process(_) => None,
            Kind::Pipe(end) => Some(end.incoming()?),
            Kind::Queue(queue) => Some(queue.monitor()),
        })
    }

    pub(crate) fn process(block: ProcessBlock) -> Self {
        Self(Kind::Process(block))
    }

    fn is_ready(self, segment: &Segment) -> Result<bool, ProcessError> {
        match self.0 {
            Kind::Process(block) => Ok(block.exit_code(segment).is_some()),
            Kind::Pipe(end) => Ok(end.incoming()?.with(segment, |access| is_ready(access))),
            Kind::Queue(queue) => Ok(Queue::is_ready(segment, queue.monitor())),
        }
    }

    fn object(self) -> ObjectId {
        match self.0 {
            Kind::Process(block) => block.object(),
            Kind::Pipe(end) => end.object(),
            Kind::Queue(queue) => queue.object(),
        }
    }

    fn holder(self, segment: &Segment) -> LaneId {
        match self.0 {
            Kind::Process(block) => block.lane(segment),
            Kind::Pipe(_) | Kind::Queue(_) => LaneId::NONE,
        }
    }
}

/// The places of all that are ready now.
fn ready(segment: &Segment, sources: &[Source]) -> Result<Vec<usize>, ProcessError> {
    let mut found = Vec::new();
    for (place, source) in sources.iter().enumerate() {
        if source.is_ready(segment)? {
            found.push(place);
        }
    }
    Ok(found)
}

/// Waits until at least one is ready. Gives the places of all that are, or of none if the time was up.
pub fn wait_for_any(sources: &[Source], wait: &Wait) -> Result<Vec<usize>, ProcessError> {
    let segment = Segment::needed_for("Waiting for several things at once")?;
    segment.clear_up();
    let at_once = ready(&segment, sources)?;
    if !at_once.is_empty() || wait.timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Ok(at_once);
    }
    let deadline = Deadline::after(wait.timeout);
    let main = segment.take_waiter(None)?;
    let mut places = Vec::new();
    let mut woken = false;
    let waited = wait_with(&segment, sources, wait, deadline, main, &mut places);
    for Place { monitor, waiter, was_woken } in places {
        monitor.with(&segment, |access| {
            let is_woken = !access.withdraw(Door::First, waiter);
            woken |= is_woken;
            if is_woken || was_woken {
                // It takes nothing: another who waits there goes on.
                access.wake_one(Door::First);
            }
        });
        segment.free_waiter(waiter);
    }
    segment.free_waiter(main);
    let object = if let [one] = sources { one.object() } else { ObjectId::NONE };
    go_on(
        object,
        match &waited {
            _ if woken => Over::Woken,
            Ok(found) if found.is_empty() => Over::TimedOut,
            _ => Over::ByItself,
        },
    );
    waited
}

/// Where a lane waits for one of several things.
struct Place {
    monitor: Monitor,
    waiter: Waiter,
    /// Whether it was woken there and entered the queue again: whoever was to be woken next still is.
    was_woken: bool,
}

fn wait_with(
    segment: &Segment,
    sources: &[Source],
    wait: &Wait,
    deadline: Deadline,
    main: Waiter,
    places: &mut Vec<Place>,
) -> Result<Vec<usize>, ProcessError> {
    let record = || match sources {
        [one] => record_wait(one.object(), wait, one.holder(segment)),
        _ => record_wait(ObjectId::NONE, wait, LaneId::NONE),
    };
    record();
    for source in sources {
        if let Some(monitor) = source.monitor()? {
            let waiter = segment.take_waiter(Some(main))?;
            monitor.with(segment, |access| access.enter(Door::First, waiter, false));
            places.push(Place { monitor, waiter, was_woken: false });
        }
    }
    loop {
        segment.clear_up();
        let found = ready(segment, sources)?;
        if !found.is_empty() {
            return Ok(found);
        }
        match segment.block(main, deadline) {
            Signal::TimedOut => return ready(segment, sources),
            Signal::Cancelled => return Err(SyncError::Cancelled.into()),
            Signal::Woken | Signal::LookAgain => {
                // Who was woken at one pipe is in that queue no more.
                let mut woken = false;
                for Place { monitor, waiter, was_woken } in places.iter_mut() {
                    monitor.with(segment, |access| {
                        let is_woken = !access.withdraw(Door::First, *waiter);
                        woken |= is_woken;
                        *was_woken |= is_woken;
                        access.enter(Door::First, *waiter, false);
                    });
                }
                if woken {
                    // That wait is over; this is another.
                    record();
                }
            }
        }
    }
}
