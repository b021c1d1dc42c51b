//! A rayon pool whose threads are lanes, for data-parallel work that never blocks.
//!
//! In the browser wasm-bindgen-rayon starts the pool's workers and waits for all of them, so their start-up is
//! known as a whole. Between two pieces of work a thread of the pool waits for work; rayon does not say what it
//! does meanwhile (it looks for work to steal, then sleeps).

use interleave_trace::{LaneId, LaneKind, State, What, current_lane, fresh_lane, record};
use rayon::prelude::*;

use crate::fault::Fault;
use crate::instance::{begin_lane, end_lane};
use crate::span::{self, Title};
use crate::sys;
use crate::threads::record_spawn;

/// How the tasks are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Every thread gets an equal, contiguous share beforehand.
    Equal,
    /// Threads that run out steal from others.
    Stealing,
}

/// A pool of threads.
pub struct Pool {
    lanes: Vec<LaneId>,
    threads: sys::RayonPool,
}

impl Pool {
    /// Starts `threads` threads and waits until all are there.
    pub async fn start(threads: u32) -> Result<Self, Fault> {
        let lanes: Vec<LaneId> = (0..threads).map(|_| fresh_lane()).collect();
        for (number, lane) in lanes.iter().enumerate() {
            record_spawn(*lane, LaneKind::Thread, Title::numbered("thread", number as u32 + 1), LaneId::NONE);
        }
        span::waiting(State::Waiting, Title::new("workers"));
        let threads = sys::start_rayon(threads).await?;
        threads.broadcast(|index| {
            if let Some(lane) = lanes.get(index) {
                begin_lane(*lane);
                span::waiting(State::Waiting, Title::new("work"));
            }
        });
        span::resumed();
        Ok(Self { lanes, threads })
    }

    /// The threads' lanes.
    pub fn lanes(&self) -> &[LaneId] {
        &self.lanes
    }

    /// Runs tasks 0 to `tasks` and gives their results in that order. The calling lane waits meanwhile.
    pub fn run<T: Send>(
        &self,
        tasks: u32,
        sharing: Sharing,
        share: impl Fn(u32) -> std::ops::Range<u32> + Sync,
        task: impl Fn(u32) -> T + Sync,
    ) -> Vec<T> {
        let one = |number: u32| {
            let result = task(number);
            span::waiting(State::Waiting, Title::new("work"));
            result
        };
        span::waiting(State::Waiting, Title::new("pool"));
        let results = match sharing {
            Sharing::Stealing => self.threads.install(|| (0..tasks).into_par_iter().with_max_len(1).map(one).collect()),
            Sharing::Equal => {
                let shares = self.threads.broadcast(|index| share(index as u32).map(one).collect::<Vec<T>>());
                shares.into_iter().flatten().collect()
            }
        };
        span::resumed();
        results
    }

    /// Ends the threads' lanes; their workers end with the instance.
    pub fn end(&self) {
        self.threads.broadcast(|_| {
            if current_lane().is_some() {
                end_lane();
            }
        });
        for child in &self.lanes {
            record(What::Joined { child: *child });
        }
    }
}
