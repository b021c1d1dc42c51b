//! Barriers: lanes wait until so many have come, and go on together.
//!
//! ```text
//!  generation        0                1
//!  lane 1   run wait |-----| run wait |----------
//!  lane 2   run ...... wait| run ........... wait
//!                        action (by the last to come)
//! ```
//! Each round is a generation. Those of one that is over may still be on their way out while those of the next come in,
//! so what became of a generation is kept until its last has left.

use interleave_trace::{LaneId, ObjectKind};

use super::error::SyncError;
use super::monitor::{Access, Monitor, Unmet, Wait, Want};
use super::object::Object;
use crate::span::Title;

/// Python's `threading.Barrier`.
pub struct Barrier {
    monitor: Monitor<Rounds>,
    parties: u32,
}

#[derive(Default)]
struct Rounds {
    generation: u64,
    /// How many have come in this generation.
    come: u32,
    broken: bool,
    over: Vec<Over>,
}

/// A generation that still has lanes at the barrier.
struct Over {
    generation: u64,
    end: End,
    left: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// All have come, and the last performs the action.
    Acting,
    Passed,
    Broken,
}

impl Rounds {
    /// Those who have come so far belong together, and the next to come to another generation.
    fn close(&mut self, end: End, left: u32) {
        if left > 0 || end == End::Acting {
            self.over.push(Over { generation: self.generation, end, left });
        }
        self.generation += 1;
        self.come = 0;
    }

    fn acting(&self) -> impl Iterator<Item = u64> {
        self.over.iter().filter(|over| over.end == End::Acting).map(|over| over.generation)
    }

    /// Says what becomes of a generation whose last performed the action. Gives whether that was still open.
    fn decide(&mut self, generation: u64, end: End) -> bool {
        let open = |over: &Over| over.generation == generation && over.end == End::Acting;
        let Some(at) = self.over.iter().position(open) else { return false };
        self.over[at].end = end;
        if self.over[at].left == 0 {
            self.over.swap_remove(at);
        }
        true
    }

    /// One of a generation leaves it, whatever becomes of it.
    fn abandon(&mut self, generation: u64) {
        if self.leave(generation).is_none()
            && let Some(over) = self.over.iter_mut().find(|over| over.generation == generation)
        {
            over.left -= 1;
        }
    }

    /// What became of a generation, for one that leaves it if that is known.
    fn leave(&mut self, generation: u64) -> Option<End> {
        let at = self.over.iter().position(|over| over.generation == generation)?;
        let end = self.over[at].end;
        if end == End::Acting {
            return None;
        }
        self.over[at].left -= 1;
        if self.over[at].left == 0 {
            self.over.swap_remove(at);
        }
        Some(end)
    }
}

/// Those of different generations wait for different things.
fn want(generation: u64) -> Want {
    Want(generation as u8)
}

fn let_go(rounds: &mut Access<'_, Rounds>, generation: u64) {
    while rounds.wake_one_of(want(generation)) {}
}

/// The generation that is coming in fails.
fn fail_those_who_came(rounds: &mut Access<'_, Rounds>) {
    let (generation, come) = (rounds.generation, rounds.come);
    rounds.close(End::Broken, come);
    let_go(rounds, generation);
}

/// What a lane is that came to the barrier.
enum Come {
    /// The last.
    Last { generation: u64 },
    /// One of those before, who waits.
    Early { generation: u64, index: u32 },
}

impl Barrier {
    /// For so many lanes, one at least.
    pub fn new(title: Title, parties: u32) -> Self {
        let object = Object::new(ObjectKind::Barrier, title);
        Self { monitor: Monitor::new(object, Rounds::default()), parties: parties.max(1) }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// Waits until all have come. Gives a number from 0 to `parties`, another to each of them. Who gives up breaks the
    /// barrier for all.
    pub fn wait(&self, wait: &Wait) -> Result<u32, SyncError> {
        self.wait_and(wait, || Ok(()))
    }

    /// As [`Barrier::wait`]; the last to come performs `action` before anybody goes on. If that fails the barrier is
    /// broken.
    pub fn wait_and<E: From<SyncError>>(&self, wait: &Wait, action: impl FnOnce() -> Result<(), E>) -> Result<u32, E> {
        let come = self.monitor.with(|rounds| {
            if rounds.broken {
                return Err(SyncError::BarrierBroken);
            }
            let (generation, index) = (rounds.generation, rounds.come);
            rounds.come += 1;
            if rounds.come < self.parties {
                return Ok(Come::Early { generation, index });
            }
            rounds.close(End::Acting, index);
            Ok(Come::Last { generation })
        })?;
        match come {
            Come::Last { generation } => {
                let acting = Acting { barrier: self, generation };
                action()?;
                acting.pass()?;
                Ok(self.parties - 1)
            }
            Come::Early { generation, index } => Ok(self.wait_for_others(wait, generation, index)?),
        }
    }

    fn wait_for_others(&self, wait: &Wait, generation: u64, index: u32) -> Result<u32, SyncError> {
        let leave = |rounds: &mut Access<'_, Rounds>| rounds.leave(generation);
        let mut end = self.monitor.wait_wanting(want(generation), wait, |_| LaneId::NONE, leave);
        if let Err(unmet) = end
            && !self.give_up(generation, unmet)
        {
            // All had come before the time was up: now it is the action that counts.
            end =
                self.monitor.wait_wanting(want(generation), &Wait { timeout: None, ..*wait }, |_| LaneId::NONE, leave);
        }
        match end {
            Ok(End::Passed) => Ok(index),
            Ok(_) | Err(Unmet::TimedOut) => Err(SyncError::BarrierBroken),
            Err(Unmet::Cancelled) => Err(SyncError::Cancelled),
        }
    }

    /// One of a generation waits no longer, which breaks the barrier, unless all had come. Gives whether it did.
    fn give_up(&self, generation: u64, unmet: Unmet) -> bool {
        self.monitor.peek(|rounds| {
            if rounds.generation == generation {
                rounds.come -= 1;
                rounds.broken = true;
                fail_those_who_came(rounds);
                return true;
            }
            if unmet == Unmet::Cancelled {
                rounds.abandon(generation);
            }
            unmet == Unmet::Cancelled
        })
    }

    /// Makes it as new. Who waits fails, as at a broken one.
    pub fn reset(&self) {
        self.monitor.with(|rounds| {
            rounds.broken = false;
            fail_those_who_came(rounds);
        });
    }

    /// Breaks it: who waits, and who comes until it is reset, fails.
    pub fn abort(&self) {
        self.monitor.with(|rounds| {
            rounds.broken = true;
            fail_those_who_came(rounds);
            let acting: Vec<u64> = rounds.acting().collect();
            for generation in acting {
                rounds.decide(generation, End::Broken);
                let_go(rounds, generation);
            }
        });
    }

    /// Whether it is broken now.
    pub fn is_broken(&self) -> bool {
        self.monitor.peek(|rounds| rounds.broken)
    }

    /// How many it is for.
    pub fn parties(&self) -> u32 {
        self.parties
    }

    /// How many wait for the others.
    pub fn waiting(&self) -> u32 {
        self.monitor.peek(|rounds| rounds.come)
    }
}

/// The last of a generation performs the action: however that ends, the others go on.
struct Acting<'a> {
    barrier: &'a Barrier,
    generation: u64,
}

impl Acting<'_> {
    fn pass(self) -> Result<(), SyncError> {
        let passed = self.finish(End::Passed);
        std::mem::forget(self);
        if passed { Ok(()) } else { Err(SyncError::BarrierBroken) }
    }

    /// Gives whether that was still to be decided.
    fn finish(&self, end: End) -> bool {
        self.barrier.monitor.with(|rounds| {
            if !rounds.decide(self.generation, end) {
                return false;
            }
            let_go(rounds, self.generation);
            if end == End::Broken {
                rounds.broken = true;
                fail_those_who_came(rounds);
            }
            true
        })
    }
}

impl Drop for Acting<'_> {
    fn drop(&mut self) {
        self.finish(End::Broken);
    }
}
