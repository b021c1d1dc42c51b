//! The event vocabulary and its encoding in slots.
//!
//! An event is one slot; a name is a head slot and as many as its text needs:
//!
//! ```text
//!  word   0..1     2                          3      4   5   6   7
//!  event  time     tag | detail<<8            lane   a   b   c   d
//!  name   length   tag (NAME)                 id     text...   (0 is the length in bytes, 1 unused)
//! ```

use crate::clock::TimeNs;
use crate::id::{LaneId, MessageId, NameId, ObjectId};
use crate::ring::Slot;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// Its name in texts and files.
            pub const fn text(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// The one with that name.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.text() == text)
            }

            fn from_code(code: u8) -> Option<Self> {
                Self::ALL.get(usize::from(code)).copied()
            }
        }
    )*};
}

codes! {
    /// What kind of context a lane is.
    LaneKind {
        /// The page's own thread.
        Page = "page",
        /// A thread: a worker that shares its instance's memory with others.
        Thread = "thread",
        /// A process: a worker with an instance and memory of its own.
        Process = "process",
        /// A task: a future on some worker's event loop.
        Task = "task",
    }

    /// What a lane is doing for a while.
    State {
        /// Being created: worker, module and memory are on their way.
        Starting = "starting",
        /// Executing.
        Running = "running",
        /// Could run, and waits for a processor, an event loop or the GIL.
        Ready = "ready",
        /// Waits for another lane: a lock, a queue, a join, a message.
        Waiting = "waiting",
        /// Waits for a time.
        Sleeping = "sleeping",
        /// Waits for the outside: a download.
        Io = "io",
    }

    /// How a lane ended.
    Outcome {
        /// It ran to its end.
        Completed = "completed",
        /// It gave up with an error.
        Failed = "failed",
        /// It was asked to end and did.
        Cancelled = "cancelled",
        /// It was ended from outside, by Stop or with its run.
        Stopped = "stopped",
        /// It vanished: its worker was gone.
        Killed = "killed",
        /// It waited for what could never come, and its run was ended for that.
        Deadlocked = "deadlocked",
    }

    /// A point that belongs to the whole run.
    Mark {
        /// The work begins; what came before was preparation.
        RunStarted = "run-started",
        /// The work is done; what comes after is checking.
        RunFinished = "run-finished",
    }

    /// How much a note matters.
    Level {
        /// For interest.
        Info = "info",
        /// Something is not as asked.
        Warning = "warning",
        /// Something went wrong.
        Error = "error",
        /// A piece of what a program writes to its output, with the ends of its lines.
        Out = "out",
        /// As that, to where it tells of errors.
        Err = "err",
    }

    /// What kind of thing lanes wait for or hand over. What may let a waiting lane go on depends on it: an owned one
    /// only its holder, any other whoever knows it.
    ObjectKind {
        /// A lock that any lane may release, as Python's `threading.Lock`.
        Lock = "lock",
        /// A lock that only its holder can release.
        OwnedLock = "owned-lock",
        /// A lock that its holder may take again.
        RLock = "rlock",
        /// A counter of permits.
        Semaphore = "semaphore",
        /// A flag that lanes wait for.
        Event = "event",
        /// Where lanes wait until they are notified.
        Condition = "condition",
        /// Where lanes wait until enough have come.
        Barrier = "barrier",
        /// Items on their way from lane to lane.
        Queue = "queue",
        /// Bytes on their way between two ends.
        Pipe = "pipe",
        /// A result that is to come.
        Future = "future",
        /// The end of a lane.
        End = "end",
        /// The lock that running threads of one interpreter hold.
        Gil = "gil",
        /// Memory that several processes see.
        Shared = "shared",
    }

    /// Something measured about a lane or its instance.
    Gauge {
        /// The size of the instance's linear memory, in bytes.
        Memory = "memory",
    }
}

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub time: TimeNs,
    /// On which lane.
    pub lane: LaneId,
    /// What.
    pub what: What,
}

/// What happened on a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// The lane was asked for; it is starting until [`What::Started`].
    Spawned {
        /// Who asked, or none.
        parent: LaneId,
        /// What it is.
        kind: LaneKind,
        /// What it is called.
        name: NameId,
        /// A number behind the name, or [`crate::NO_NUMBER`].
        number: u32,
        /// The lane of the worker whose event loop it runs on, if it is not a worker itself.
        host: LaneId,
    },
    /// The lane runs its first instruction.
    Started,
    /// The lane is in `state` from now until its next `Entered` or its end.
    Entered {
        /// What it does.
        state: State,
        /// What the span is called: the piece of work, or what is waited for. If it waits for an object that was
        /// [`What::Made`], which has a name of its own, then the file of the call site.
        name: NameId,
        /// A number behind the name, the line in its file, or [`crate::NO_NUMBER`].
        number: u32,
        /// What it waits for, or none.
        on: ObjectId,
        /// Which lane holds what it waits for, or none.
        holder: LaneId,
        /// Whether it waits no longer than a set time.
        timed: bool,
    },
    /// The lane made something that lanes can wait for.
    Made {
        /// Which.
        on: ObjectId,
        /// What it is.
        kind: ObjectKind,
        /// What it is called, or none.
        name: NameId,
        /// A number behind the name, or [`crate::NO_NUMBER`].
        number: u32,
    },
    /// The lane holds `on` from now on, or one more of its permits.
    Acquired {
        /// What.
        on: ObjectId,
        /// The file of the call site, or none.
        file: NameId,
        /// The line in it, or [`crate::NO_NUMBER`].
        line: u32,
    },
    /// `on` is held by `holder` no longer, or has one permit more. Recorded before anybody else can hold it.
    Released {
        /// What.
        on: ObjectId,
        /// Who held it: the lane itself, or another if it may be released by others; or none.
        holder: LaneId,
    },
    /// The lane waited for `on` as long as it wanted to, in vain.
    TimedOut {
        /// What.
        on: ObjectId,
    },
    /// The lane made `target` able to go on: released, put, set, fired.
    Woke {
        /// Who can go on.
        target: LaneId,
        /// Through what, or none.
        on: ObjectId,
    },
    /// The lane waited for the end of `child` and knows of it.
    Joined {
        /// Who had ended.
        child: LaneId,
    },
    /// The lane sent a message.
    Sent {
        /// Which.
        message: MessageId,
        /// Its payload, in bytes.
        bytes: u32,
        /// What it carries.
        name: NameId,
    },
    /// The lane received a message.
    Received {
        /// Which.
        message: MessageId,
        /// Its payload, in bytes.
        bytes: u32,
    },
    /// The lane finished a part of the run's output: picture rows, results.
    Produced {
        /// The first one.
        first: u32,
        /// How many.
        count: u32,
    },
    /// The lane says something for the log.
    Noted {
        /// How much it matters.
        level: Level,
        /// What it says.
        text: NameId,
    },
    /// Something was measured.
    Measured {
        /// What.
        gauge: Gauge,
        /// How much, in the gauge's unit.
        value: u64,
    },
    /// A point that belongs to the whole run.
    Marked(Mark),
    /// The run's result was checked.
    Checked {
        /// Whether it is right.
        passed: bool,
        /// The result in words.
        summary: NameId,
        /// A digest of the whole result: equal results have equal digests.
        digest: u64,
    },
    /// The lane is over.
    Ended(Outcome),
}

/// What a reader finds in the slots.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Something that happened.
    Event(Event),
    /// A text for the side table.
    Name(NameId, String),
    /// Entries that found no room in their ring, as the reader noticed it.
    Lost(u32),
}

mod tag {
    pub const NAME: u8 = 1;
    pub const LOST: u8 = 2;
    pub const SPAWNED: u8 = 3;
    pub const STARTED: u8 = 4;
    pub const ENTERED: u8 = 5;
    pub const WOKE: u8 = 6;
    pub const JOINED: u8 = 7;
    pub const SENT: u8 = 8;
    pub const RECEIVED: u8 = 9;
    pub const PRODUCED: u8 = 10;
    pub const NOTED: u8 = 11;
    pub const MEASURED: u8 = 12;
    pub const MARKED: u8 = 13;
    pub const CHECKED: u8 = 14;
    pub const ENDED: u8 = 15;
    pub const MADE: u8 = 16;
    pub const ACQUIRED: u8 = 17;
    pub const RELEASED: u8 = 18;
    pub const TIMED_OUT: u8 = 19;
}

/// In the detail of an `ENTERED`, beside the state: the wait has an end of its own.
const TIMED: u8 = 0x80;

/// The longest text of a name, in bytes; the rest is cut at a character.
pub const LONGEST_TEXT: usize = 4096;

const fn low(value: u64) -> u32 {
    value as u32
}

const fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

const fn join(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

impl Event {
    /// As a slot.
    #[inline]
    pub fn encode(&self) -> Slot {
        let (tag, detail, a, b, c, d) = match self.what {
            What::Spawned { parent, kind, name, number, host } => {
                // The fields fill all four words; the kind goes into the detail.
                (tag::SPAWNED, kind as u8, parent.0, number, name.0, host.0)
            }
            What::Started => (tag::STARTED, 0, 0, 0, 0, 0),
            What::Entered { state, name, number, on, holder, timed } => {
                (tag::ENTERED, state as u8 | if timed { TIMED } else { 0 }, name.0, number, on.0, holder.0)
            }
            What::Made { on, kind, name, number } => (tag::MADE, kind as u8, on.0, number, name.0, 0),
            What::Acquired { on, file, line } => (tag::ACQUIRED, 0, on.0, line, file.0, 0),
            What::Released { on, holder } => (tag::RELEASED, 0, on.0, holder.0, 0, 0),
            What::TimedOut { on } => (tag::TIMED_OUT, 0, on.0, 0, 0, 0),
            What::Woke { target, on } => (tag::WOKE, 0, target.0, on.0, 0, 0),
            What::Joined { child } => (tag::JOINED, 0, child.0, 0, 0, 0),
            What::Sent { message, bytes, name } => (tag::SENT, 0, bytes, name.0, low(message.0), high(message.0)),
            What::Received { message, bytes } => (tag::RECEIVED, 0, bytes, 0, low(message.0), high(message.0)),
            What::Produced { first, count } => (tag::PRODUCED, 0, first, count, 0, 0),
            What::Noted { level, text } => (tag::NOTED, level as u8, text.0, 0, 0, 0),
            What::Measured { gauge, value } => (tag::MEASURED, gauge as u8, 0, 0, low(value), high(value)),
            What::Marked(mark) => (tag::MARKED, mark as u8, 0, 0, 0, 0),
            What::Checked { passed, summary, digest } => {
                (tag::CHECKED, u8::from(passed), summary.0, 0, low(digest), high(digest))
            }
            What::Ended(outcome) => (tag::ENDED, outcome as u8, 0, 0, 0, 0),
        };
        let head = u32::from(tag) | u32::from(detail) << 8;
        [low(self.time.0), high(self.time.0), head, self.lane.0, a, b, c, d]
    }

    /// From a slot; `None` if it is no event of this version.
    fn decode(slot: &Slot) -> Option<Self> {
        let [time_low, time_high, head, lane, a, b, c, d] = *slot;
        let detail = (head >> 8) as u8;
        let what = match head as u8 {
            tag::SPAWNED => What::Spawned {
                parent: LaneId(a),
                kind: LaneKind::from_code(detail)?,
                name: NameId(c),
                number: b,
                host: LaneId(d),
            },
            tag::STARTED => What::Started,
            tag::ENTERED => What::Entered {
                state: State::from_code(detail & !TIMED)?,
                name: NameId(a),
                number: b,
                on: ObjectId(c),
                holder: LaneId(d),
                timed: detail & TIMED != 0,
            },
            tag::MADE => {
                What::Made { on: ObjectId(a), kind: ObjectKind::from_code(detail)?, name: NameId(c), number: b }
            }
            tag::ACQUIRED => What::Acquired { on: ObjectId(a), file: NameId(c), line: b },
            tag::RELEASED => What::Released { on: ObjectId(a), holder: LaneId(b) },
            tag::TIMED_OUT => What::TimedOut { on: ObjectId(a) },
            tag::WOKE => What::Woke { target: LaneId(a), on: ObjectId(b) },
            tag::JOINED => What::Joined { child: LaneId(a) },
            tag::SENT => What::Sent { message: MessageId(join(c, d)), bytes: a, name: NameId(b) },
            tag::RECEIVED => What::Received { message: MessageId(join(c, d)), bytes: a },
            tag::PRODUCED => What::Produced { first: a, count: b },
            tag::NOTED => What::Noted { level: Level::from_code(detail)?, text: NameId(a) },
            tag::MEASURED => What::Measured { gauge: Gauge::from_code(detail)?, value: join(c, d) },
            tag::MARKED => What::Marked(Mark::from_code(detail)?),
            tag::CHECKED => What::Checked { passed: detail != 0, summary: NameId(a), digest: join(c, d) },
            tag::ENDED => What::Ended(Outcome::from_code(detail)?),
            _ => return None,
        };
        Some(Self { time: TimeNs(join(time_low, time_high)), lane: LaneId(lane), what })
    }
}

impl Entry {
    /// Appends its slots to `out`.
    pub fn encode(&self, out: &mut Vec<Slot>) {
        match self {
            Entry::Event(event) => out.push(event.encode()),
            Entry::Lost(count) => out.push([*count, 0, u32::from(tag::LOST), 0, 0, 0, 0, 0]),
            Entry::Name(id, text) => {
                let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
                out.push([text.len() as u32, 0, u32::from(tag::NAME), id.0, 0, 0, 0, 0]);
                for chunk in text.as_bytes().chunks(size_of::<Slot>()) {
                    let mut slot = [0; 8];
                    for (word, bytes) in slot.iter_mut().zip(chunk.chunks(4)) {
                        let mut four = [0; 4];
                        four[..bytes.len()].copy_from_slice(bytes);
                        *word = u32::from_le_bytes(four);
                    }
                    out.push(slot);
                }
            }
        }
    }
}

/// Reads all entries out of `slots`, passing over what it does not know: a trace of a newer version still
/// shows what this one understands. Gives the number of slots passed over.
pub fn decode(slots: &[Slot], mut each: impl FnMut(Entry)) -> usize {
    let mut unknown = 0;
    let mut at = 0;
    while let Some(slot) = slots.get(at) {
        at += 1;
        match slot[2] as u8 {
            tag::NAME => {
                let length = slot[0] as usize;
                let texts = length.div_ceil(size_of::<Slot>());
                let Some(rest) = slots.get(at..at + texts) else { return unknown + slots.len() - at + 1 };
                let bytes: Vec<u8> = rest.iter().flatten().flat_map(|word| word.to_le_bytes()).take(length).collect();
                each(Entry::Name(NameId(slot[3]), String::from_utf8_lossy(&bytes).into_owned()));
                at += texts;
            }
            tag::LOST => each(Entry::Lost(slot[0])),
            _ => match Event::decode(slot) {
                Some(event) => each(Entry::Event(event)),
                None => unknown += 1,
            },
        }
    }
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whats() -> impl Strategy<Value = What> {
        let lane = any::<u32>().prop_map(LaneId);
        let name = any::<u32>().prop_map(NameId);
        let object = any::<u32>().prop_map(ObjectId);
        let message = any::<u64>().prop_map(MessageId);
        prop_oneof![
            (lane.clone(), proptest::sample::select(LaneKind::ALL), name.clone(), any::<u32>(), lane.clone())
                .prop_map(|(parent, kind, name, number, host)| What::Spawned { parent, kind, name, number, host }),
            Just(What::Started),
            (
                (proptest::sample::select(State::ALL), name.clone(), any::<u32>()),
                (object.clone(), lane.clone(), any::<bool>())
            )
                .prop_map(|((state, name, number), (on, holder, timed))| What::Entered {
                    state,
                    name,
                    number,
                    on,
                    holder,
                    timed
                }),
            (object.clone(), proptest::sample::select(ObjectKind::ALL), name.clone(), any::<u32>())
                .prop_map(|(on, kind, name, number)| What::Made { on, kind, name, number }),
            (object.clone(), name.clone(), any::<u32>()).prop_map(|(on, file, line)| What::Acquired { on, file, line }),
            (object.clone(), lane.clone()).prop_map(|(on, holder)| What::Released { on, holder }),
            object.clone().prop_map(|on| What::TimedOut { on }),
            (lane.clone(), object).prop_map(|(target, on)| What::Woke { target, on }),
            lane.prop_map(|child| What::Joined { child }),
            (message.clone(), any::<u32>(), name.clone()).prop_map(|(message, bytes, name)| What::Sent {
                message,
                bytes,
                name
            }),
            (message, any::<u32>()).prop_map(|(message, bytes)| What::Received { message, bytes }),
            (any::<u32>(), any::<u32>()).prop_map(|(first, count)| What::Produced { first, count }),
            (proptest::sample::select(Level::ALL), name.clone()).prop_map(|(level, text)| What::Noted { level, text }),
            (proptest::sample::select(Gauge::ALL), any::<u64>())
                .prop_map(|(gauge, value)| What::Measured { gauge, value }),
            proptest::sample::select(Mark::ALL).prop_map(What::Marked),
            (any::<bool>(), name, any::<u64>()).prop_map(|(passed, summary, digest)| What::Checked {
                passed,
                summary,
                digest
            }),
            proptest::sample::select(Outcome::ALL).prop_map(What::Ended),
        ]
    }

    fn entries() -> impl Strategy<Value = Entry> {
        prop_oneof![
            4 => (any::<u64>(), any::<u32>(), whats()).prop_map(|(time, lane, what)| {
                Entry::Event(Event { time: TimeNs(time), lane: LaneId(lane), what })
            }),
            1 => (any::<u32>(), ".{0,80}").prop_map(|(id, text)| Entry::Name(NameId(id), text)),
            1 => any::<u32>().prop_map(Entry::Lost),
        ]
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(entries in proptest::collection::vec(entries(), 0..40)) {
            let mut slots = Vec::new();
            entries.iter().for_each(|entry| entry.encode(&mut slots));
            let mut back = Vec::new();
            let unknown = decode(&slots, |entry| back.push(entry));
            prop_assert_eq!(back, entries);
            prop_assert_eq!(unknown, 0);
        }

        #[test]
        fn any_slots_are_read_without_a_panic(slots in proptest::collection::vec(any::<Slot>(), 0..40)) {
            decode(&slots, |_| {});
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let mut slots = Vec::new();
        Entry::Name(NameId(1), "ä".repeat(3000)).encode(&mut slots);
        let mut back = Vec::new();
        decode(&slots, |entry| back.push(entry));
        assert_eq!(back, [Entry::Name(NameId(1), "ä".repeat(2048))]);
    }
}
