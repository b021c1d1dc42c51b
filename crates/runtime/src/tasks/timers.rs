//! What is to happen at a time: all timers of an event loop, behind the one timer that the platform is asked for.

use std::collections::BTreeMap;
use std::task::Waker;

/// When a timer is due, in nanoseconds on the run's clock, and how many were set before it: those of the same time are
/// due in the order in which they were set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    at: u64,
    turn: u32,
}

/// See the module's text.
#[derive(Default)]
pub(crate) struct Timers {
    set: BTreeMap<Key, Due>,
    turns: u32,
}

/// Whom a timer wakes, and whether a wait ends in vain thereby.
pub(crate) struct Due {
    pub(crate) waker: Waker,
    pub(crate) in_vain: bool,
}

impl Timers {
    pub(crate) fn set(&mut self, at: u64, due: Due) -> Key {
        self.turns = self.turns.wrapping_add(1);
        let key = Key { at, turn: self.turns };
        self.set.insert(key, due);
        key
    }

    /// Changes whom a timer wakes. Gives whether it is still to come.
    pub(crate) fn wakes(&mut self, key: Key, waker: &Waker) -> bool {
        self.set.get_mut(&key).map(|due| due.waker.clone_from(waker)).is_some()
    }

    pub(crate) fn is_set(&self, key: Key) -> bool {
        self.set.contains_key(&key)
    }

    pub(crate) fn clear(&mut self, key: Key) {
        self.set.remove(&key);
    }

    /// When the first is due.
    pub(crate) fn first(&self) -> Option<u64> {
        self.set.first_key_value().map(|(key, _)| key.at)
    }

    /// Takes the first, if it is due by `now`.
    pub(crate) fn take_due(&mut self, now: u64) -> Option<Due> {
        let first = self.set.first_entry().filter(|first| first.key().at <= now)?;
        Some(first.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn due() -> Due {
        Due { waker: Waker::noop().clone(), in_vain: false }
    }

    proptest! {
        #[test]
        fn timers_are_due_by_time_and_then_in_the_order_of_their_setting(times in proptest::collection::vec(0u64..20, 0..60)) {
            let mut timers = Timers::default();
            let keys: Vec<Key> = times.iter().map(|at| timers.set(*at, due())).collect();
            let mut expected = keys.clone();
            expected.sort_by_key(|key| (key.at, keys.iter().position(|it| it == key)));
            for key in expected {
                prop_assert_eq!(timers.first(), Some(key.at));
                prop_assert!(key.at == 0 || timers.take_due(key.at - 1).is_none());
                prop_assert!(timers.is_set(key));
                prop_assert!(timers.take_due(key.at).is_some());
                prop_assert!(!timers.is_set(key));
            }
            prop_assert_eq!(timers.first(), None);
        }
    }

    #[test]
    fn a_timer_that_was_cleared_is_never_due() {
        let mut timers = Timers::default();
        let (one, two) = (timers.set(1, due()), timers.set(2, due()));
        timers.clear(one);
        assert_eq!((timers.first(), timers.is_set(one)), (Some(2), false));
        assert!(timers.take_due(5).is_some() && timers.take_due(5).is_none());
        assert!(!timers.wakes(two, Waker::noop()));
    }
}
