//! Events: a flag, and lanes that wait until it is set.

use interleave_trace::{LaneId, ObjectKind};

use super::error::{SyncError, in_time};
use super::monitor::{Monitor, Wait};
use super::object::Object;
use crate::span::Title;

/// Python's `threading.Event`.
pub struct Event {
    monitor: Monitor<Flag>,
}

#[derive(Default)]
struct Flag {
    set: bool,
    /// How often it was set.
    times: u64,
}

impl Event {
    /// One that is not set, called `title`.
    pub fn new(title: Title) -> Self {
        Self { monitor: Monitor::new(Object::new(ObjectKind::Event, title), Flag::default()) }
    }

    /// One that is not set and that no trace knows.
    pub fn unseen() -> Self {
        Self { monitor: Monitor::new(Object::unseen(ObjectKind::Event), Flag::default()) }
    }

    /// What it is to the trace.
    pub fn object(&self) -> &Object {
        self.monitor.object()
    }

    /// Lets all go on who wait, and who come until it is cleared.
    pub fn set(&self) {
        self.monitor.with(|flag| {
            flag.set = true;
            flag.times += 1;
            flag.wake_all();
        });
    }

    /// Who comes from now on waits.
    pub fn clear(&self) {
        self.monitor.with(|flag| flag.set = false);
    }

    /// Whether it is set now.
    pub fn is_set(&self) -> bool {
        self.monitor.with(|flag| flag.set)
    }

    /// Waits until it is set. Gives whether it was, in time.
    ///
    /// Who was woken goes on even if it has been cleared again meanwhile: that it was set is what it waited for.
    pub fn wait(&self, wait: &Wait) -> Result<bool, SyncError> {
        let mut times = None;
        let set = self.monitor.wait_until(
            wait,
            |_| LaneId::NONE,
            |flag| {
                let before = *times.get_or_insert(flag.times);
                (flag.set || flag.times > before).then_some(())
            },
        );
        in_time(set)
    }
}
