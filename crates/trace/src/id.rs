//! Identities. Each is unique within a run, across all of its instances, without any instance asking
//! another: the high bits say which instance made it, the low bits count.

/// Which instance of an artifact: 0 is the page, 1 the host of a run, the rest its processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub u32);

/// How many low bits of an id count within an instance.
const COUNT_BITS: u32 = 20;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// Stands for the absence of one.
            pub const NONE: Self = Self(u32::MAX);

            /// The `count`-th of an instance. Counts wrap at 2^20.
            pub const fn new(instance: InstanceId, count: u32) -> Self {
                Self(instance.0 << COUNT_BITS | (count & ((1 << COUNT_BITS) - 1)))
            }

            /// The instance that made it.
            pub const fn instance(self) -> InstanceId {
                InstanceId(self.0 >> COUNT_BITS)
            }

            /// Its number within that instance.
            pub const fn count(self) -> u32 {
                self.0 & ((1 << COUNT_BITS) - 1)
            }

            /// `None` for [`Self::NONE`].
            pub const fn some(self) -> Option<Self> {
                if self.0 == u32::MAX { None } else { Some(self) }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.some() {
                    Some(_) => write!(f, "{}:{}", self.instance().0, self.count()),
                    None => write!(f, "none"),
                }
            }
        }
    )*};
}

ids! {
    /// One context of execution: the page, a thread, a process, a task.
    LaneId
    /// A text in the trace's side table.
    NameId
    /// Something that lanes wait for or hand over: a lock, a queue, a timer, a download.
    ObjectId
}

/// One message, from its sending to its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u64);

/// The absence of a number behind a name.
pub const NO_NUMBER: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_instance_and_its_count() {
        let id = LaneId::new(InstanceId(65), 1_000_000);
        assert_eq!((id.instance(), id.count()), (InstanceId(65), 1_000_000));
        assert_eq!(LaneId::NONE.some(), None);
    }
}
