//! The instance that this code runs in: its beginning on each thread, and what it asks of the outside.

use std::sync::OnceLock;

use interleave_trace::{Gauge, InstanceId, LaneId, What, attach, record};

use crate::fault::Fault;
use crate::span;
use crate::sys;

/// What an instance asks of the outside. In the browser that is the page, which creates every worker.
pub struct Outside {
    /// Wants a worker on this instance's memory that calls `threads::run` with the entry.
    pub spawn_thread: fn(entry: usize, lane: LaneId),
    /// Wants a worker with an instance of its own, with one end of a channel.
    #[cfg(target_arch = "wasm32")]
    pub spawn_process: fn(InstanceId, LaneId, web_sys::MessagePort),
    /// Wants a worker with an instance of its own, for a process that the segment describes at that address.
    #[cfg(target_arch = "wasm32")]
    pub spawn_child: fn(LaneId, block: u32),
    /// Wants the workers of such a process to end, which then ended so.
    #[cfg(target_arch = "wasm32")]
    pub end_child: fn(LaneId, block: u32, exit: crate::segment::ExitCode),
    /// The lane gave up, and with it this thread: nothing of this instance can be relied on any more.
    pub gave_up: fn(LaneId, Fault),
}

static OUTSIDE: OnceLock<Outside> = OnceLock::new();

/// Says how the outside is reached. The first call counts.
pub fn set_outside(outside: Outside) {
    let _already_set = OUTSIDE.set(outside);
}

#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "natively the operating system is asked"))]
pub(crate) fn outside() -> Option<&'static Outside> {
    OUTSIDE.get()
}

/// The calling thread becomes `lane`: it gets a ring, tells of panics and traps, and says that it started.
pub fn begin_lane(lane: LaneId) {
    attach(lane);
    sys::watch_for_faults();
    record(What::Started);
}

/// The lane of the calling thread is over, after telling how large its instance's memory has become.
pub fn end_lane() {
    measure_memory();
    record(What::Ended(span::outcome()));
}

/// The size of this instance's memory, where that can be known: a program that runs natively shares its process with
/// others.
pub fn memory_bytes() -> Option<u64> {
    sys::memory_bytes()
}

/// Records the size of this instance's memory.
pub fn measure_memory() {
    if let Some(value) = sys::memory_bytes() {
        record(What::Measured { gauge: Gauge::Memory, value });
    }
}

/// The instance number of the `n`-th process of a run; the host is 1, the page 0.
pub(crate) fn instance_of_process(n: u32) -> InstanceId {
    InstanceId(2 + n)
}
