//! Async tasks: futures on the calling worker's event loop, each a lane, each poll a span.
//!
//! ```text
//!  lane of a task:   running | sleeping........ | ready | running | waiting for a lock | ready | running
//!                    a poll    it is pending      woken   a poll    it is pending        woken   a poll
//! ```
//! Names and rules are those of Python's `asyncio`; an event loop polls its tasks from a queue of its own
//! (the module `event_loop`), so it is decided here, and can be decided by a seed, who goes next. Since one thread polls them all,
//! two tasks never run at the same time, and the lane that hosts the loop waits meanwhile.
//!
//! **Cancelling** is an error at the await: [`TaskRef::cancel`] wakes the task, and what it waits in gives
//! `Err(Raised::Cancelled)`, which `?` carries out of the task, or which it catches to clean up, to await more, or to go
//! on. Nothing is torn away. Each primitive leaves its queue then, and passes on what it had been given and did not take.
//! Futures from elsewhere give no such error; [`cancellable`] puts it around them.
//!
//! A wait that was recorded ends with one record, as it does for threads: the event loop sees to it when the task
//! becomes ready, whoever did it.

mod as_completed;
mod barrier;
mod condition;
mod event;
mod event_loop;
mod gather;
mod group;
mod lock;
mod queue;
mod raised;
mod semaphore;
mod task;
mod thread;
mod time;
mod timeout;
mod timers;
mod wait;
mod waiting;

pub use as_completed::{AsCompleted, Completed, as_completed};
pub use barrier::Barrier;
pub use condition::Condition;
pub use event::Event;
pub(crate) use event_loop::cancel_waits;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use event_loop::close;
pub use event_loop::drive;
pub use gather::{gather, gather_settled, shield};
pub use group::{TaskGroup, task_group};
pub use lock::{Lock, LockGuard};
pub use queue::{Channel, LifoQueue, PriorityQueue, Queue};
pub use raised::Raised;
pub use semaphore::{BoundedSemaphore, Permit, Semaphore};
pub use task::{Task, TaskRef, all_tasks, current, run, spawn};
pub use thread::to_thread;
pub(crate) use time::io;
pub use time::{sleep, sleep_until, yield_now};
pub use timeout::{Timeout, wait_for};
pub use wait::{Settled, When, wait};
pub use waiting::{cancellable, pending_on};
