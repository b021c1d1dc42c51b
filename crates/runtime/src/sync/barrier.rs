//! Barriers: threads wait until so many have come.

use std::time::Duration;

use super::Result;
use crate::rt::{self, Wait};
use crate::span::Title;

/// Where threads wait until so many have come, again and again.
pub struct Barrier {
    barrier: rt::Barrier,
    action: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Barrier {
    /// For so many threads, one at least.
    pub fn new(title: impl Into<Title>, parties: u32) -> Self {
        Self { barrier: rt::Barrier::new(title.into(), parties), action: None }
    }

    /// As [`Barrier::new`]; the last to come performs `action` before anybody goes on.
    pub fn with_action(title: impl Into<Title>, parties: u32, action: impl Fn() + Send + Sync + 'static) -> Self {
        Self { action: Some(Box::new(action)), ..Self::new(title, parties) }
    }

    /// Waits until all have come. Gives a number from 0 on, another to each of them.
    #[track_caller]
    pub fn wait(&self) -> Result<u32> {
        self.wait_as_said(&Wait::forever())
    }

    /// As [`Barrier::wait`]; who gives up when the time is up breaks the barrier for all.
    #[track_caller]
    pub fn wait_within(&self, timeout: Duration) -> Result<u32> {
        self.wait_as_said(&Wait::at_most(timeout))
    }

    fn wait_as_said(&self, wait: &Wait) -> Result<u32> {
        self.barrier.wait_and(wait, || {
            self.action.iter().for_each(|action| action());
            Ok(())
        })
    }

    /// Makes it as new; who waits fails.
    pub fn reset(&self) {
        self.barrier.reset();
    }

    /// Breaks it: who waits, and who comes until it is reset, fails.
    pub fn abort(&self) {
        self.barrier.abort();
    }

    /// Whether it is broken now.
    pub fn is_broken(&self) -> bool {
        self.barrier.is_broken()
    }

    /// How many wait for the others.
    pub fn waiting(&self) -> u32 {
        self.barrier.waiting()
    }
}
