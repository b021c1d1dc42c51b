//! The whole conversation between the page and its workers, as two enums.
//!
//! ```text
//!  page                                             host worker (instance 1)
//!   | -- what to load: module (+ memory) -----------> |   before every Begin
//!   | -- Begin{Host} -------------------------------> |
//!   | <------------------------ Ready (+ memory) ---- |
//!   | <------- SpawnThread{entry} / SpawnProcess ---- |   the page creates each worker
//!   | -- Begin{Thread|Process} (+ port) -> the new worker
//!   | <------------------------ Records + bytes ----- |   only where memory cannot be shared
//!   | <------------------------ Finished / Failed --- |
//! ```
//! A message is an object in JavaScript: `command` or `update` in bytes, and beside it the handles that only a
//! structured clone can carry (`module`, `memory`, `port`, `segment`, `buffer`), or a text of any length (`program`). Workers that the page did not create (rayon's)
//! tell failures on the broadcast channel [`channel`]. What happened in a run is in its trace;
//! messages only steer.

use interleave_trace::{InstanceId, LaneId};
use serde::{Deserialize, Serialize};

use crate::explore::{Attempt, Plan};
use crate::failure::Failure;
use crate::spec::{RunSpec, Switch};

/// How many seeds of a program are explored.
pub const EXPLORED_SEEDS: u32 = 1_000;
/// For how long seeds are explored, in milliseconds.
pub const EXPLORED_MS: u32 = 10_000;

/// What a new worker is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The first worker of a run: it knows the work and asks for the others.
    Host,
    /// A thread of an instance that is there.
    Thread {
        /// What it runs: an address in the shared memory, to be used once.
        entry: u32,
    },
    /// A process: an instance of its own.
    Process,
    /// As the host, but it runs its program under one seed after another, from 1 on, until one goes wrong.
    Explorer {
        /// How many seeds at most.
        seeds: u32,
        /// For how long at most, in milliseconds.
        patience_ms: u32,
    },
    /// A process that another described in the segment that they share.
    Child {
        /// Where.
        block: u32,
    },
}

/// From the page to a worker. There is just one: a worker is for one run and is ended from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// What the worker is.
    pub role: Role,
    /// What is run.
    pub spec: RunSpec,
    /// For a run that is one of many, of which only what comes out is wanted: how it is decided who goes on.
    pub plan: Option<Plan>,
    /// The instance it belongs to.
    pub instance: u32,
    /// Its own lane.
    pub lane: u32,
    /// When the run's clock reads zero, in milliseconds since the Unix epoch.
    pub origin_ms: f64,
    /// Whether the page can read the worker's memory.
    pub isolated: bool,
}

/// From a worker to the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update {
    /// An instance runs. Where memory can be shared, the message carries it.
    Ready {
        /// The address of its directory of rings.
        directory: u32,
    },
    /// A worker for a thread of this instance is wanted.
    SpawnThread {
        /// What it is to run.
        entry: u32,
        /// Its lane.
        lane: u32,
    },
    /// A worker for a process is wanted. The message carries the port of its channel to the sender.
    SpawnProcess {
        /// Its instance.
        instance: u32,
        /// Its lane.
        lane: u32,
    },
    /// A worker for a process is wanted that the sender described in the segment. What befalls it ends it and not the run.
    SpawnChild {
        /// Its lane.
        lane: u32,
        /// Where it is described.
        block: u32,
    },
    /// Such a process is to be ended.
    EndChild {
        /// Its lane.
        lane: u32,
        /// Where it is described.
        block: u32,
        /// How it ended then.
        exit: i32,
    },
    /// A part of the trace, in the message's buffer.
    Records,
    /// Where the run's picture lies in the sender's memory: `edge` rows of `edge` pixels, RGBA.
    PictureAt {
        /// Its address.
        address: u32,
        /// Its width and height in pixels.
        edge: u32,
    },
    /// Rows of the picture, in the message's buffer; only where memory cannot be shared.
    PictureRows {
        /// The first of them.
        first: u32,
        /// The picture's width and height in pixels.
        edge: u32,
    },
    /// A thread or process is over; nothing more comes from its worker.
    Over,
    /// The run is over and its result checked.
    Finished,
    /// An explorer has tried so many seeds, and none went wrong yet.
    Tried {
        /// How many.
        seeds: u32,
    },
    /// An explorer found a schedule under which its program goes wrong.
    Found(Finding),
    /// A run that is one of many has ended as far as this process goes, or is stuck.
    Attempted(Attempted),
    /// A lane gave up, and with it the run.
    Failed {
        /// Which lane.
        lane: u32,
        /// Why.
        failure: Failure,
    },
    /// A lane waits for a line of input, in the sender's memory: see [`answer`].
    Asked {
        /// Where the answer goes.
        address: u32,
    },
}

/// Where things lie that a lane which asked for a line waits for, in bytes from the address that it told.
pub mod answer {
    /// A word that is 0 until the answer is there, and that the lane waits at.
    pub const STATE: u32 = 0;
    /// The length of the line in bytes, or [`END`].
    pub const LENGTH: u32 = 4;
    /// The line, in UTF-8, without its end.
    pub const TEXT: u32 = 8;
    /// How long a line may be, in bytes.
    pub const LONGEST: u32 = 4096;
    /// In place of a length: there is no line, and there will be none.
    pub const END: u32 = u32::MAX;
}

/// In which way a run goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrong {
    /// Every lane waited, with nobody left to wake one.
    Stuck,
    /// It ended, and its check failed.
    Check,
    /// It gave up.
    Failed,
    /// It ended well, but printed other lines than when each lane goes on as long as it can.
    Differs,
}

/// What came of a run that is one of many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempted {
    /// Its schedule, and what went wrong as far as one run tells.
    pub attempt: Attempt,
    /// What was printed.
    pub printed: String,
}

/// A schedule under which a program goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The seed that it came from.
    pub seed: u32,
    /// How many seeds were tried, this one included.
    pub tried: u32,
    /// The decisions that it takes, as few as were found.
    pub switches: Vec<Switch>,
    /// How many it took at first.
    pub switches_at_first: u32,
    /// How it goes wrong.
    pub wrong: Wrong,
    /// What it says.
    pub summary: String,
}

/// The name of the broadcast channel of the run with that origin.
pub fn channel(origin_ms: f64) -> String {
    format!("interleave-{origin_ms}")
}

impl Command {
    /// Its lane as an id.
    pub fn lane(&self) -> LaneId {
        LaneId(self.lane)
    }

    /// Its instance as an id.
    pub fn instance(&self) -> InstanceId {
        InstanceId(self.instance)
    }
}

macro_rules! bytes {
    ($($name:ident)*) => {$(
        impl $name {
            /// As bytes.
            pub fn to_bytes(&self) -> Vec<u8> {
                postcard::to_allocvec(self).unwrap_or_default()
            }

            /// From bytes; `None` if they are not its own.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                postcard::from_bytes(bytes).ok()
            }
        }
    )*};
}

bytes! { Command Update }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Workload;

    #[test]
    fn messages_survive_the_journey() {
        let command = Command {
            role: Role::Thread { entry: 1_048_576 },
            spec: RunSpec::new(Workload::Blur, 4),
            plan: None,
            instance: 1,
            lane: 1 << 20,
            origin_ms: 1.7e12,
            isolated: true,
        };
        assert_eq!(Command::from_bytes(&command.to_bytes()).as_ref(), Some(&command));
        let update =
            Update::Failed { lane: 7, failure: Failure::Download { file: "files/03.txt".into(), status: 503 } };
        assert_eq!(Update::from_bytes(&update.to_bytes()), Some(update));
        assert_eq!(Update::from_bytes(&[250, 1, 2]), None);
    }
}
