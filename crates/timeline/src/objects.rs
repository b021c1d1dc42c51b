//! What lanes wait for or hand over: what it is, who holds it, who waited for it.
//!
//! Who takes, who lets go and who waits is told by different rings, in any order. So nothing here follows a lock from
//! hand to hand: takings and releases are counted, and the how-manieth taking of a lane is over with its how-manieth
//! release.
//!
//! ```text
//!  taken by t1     |1     |2        |3
//!  released           |1        |2
//!  t1 holds        [==]   [=====]   [====      since its third taking
//! ```

use std::collections::HashMap;

use interleave_trace::{LaneId, NO_NUMBER, NameId, ObjectId, ObjectKind, TimeNs};

use crate::ids::Ids;

/// Something that lanes wait for or hand over.
#[derive(Clone, Debug)]
pub struct Object {
    /// Which.
    pub id: ObjectId,
    /// What it is, if it was told to have been made.
    pub kind: Option<ObjectKind>,
    /// What it is called.
    pub name: NameId,
    /// The number behind its name, or [`NO_NUMBER`].
    pub number: u32,
    /// When and by whom it was made.
    pub made: Option<(TimeNs, LaneId)>,
    /// Whose it is if it is the end of a lane: as those who waited for it told.
    pub(crate) of: LaneId,
    holds: HashMap<LaneId, Holds, Ids>,
    /// When it was released by nobody in particular: a permit given back.
    returned: Vec<u64>,
    /// How many waits of a lane were not told to be over; never zero.
    owed: HashMap<LaneId, i32, Ids>,
    /// The waits for it: place of the lane, and the slot of the event.
    waits: Vec<(u32, u32)>,
}

/// The takings and releases of one lane, each in order of time.
#[derive(Clone, Debug, Default)]
struct Holds {
    taken: Vec<Taken>,
    released: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Taken {
    time: u64,
    file: NameId,
    line: u32,
}

/// That a lane has something for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What.
    pub on: ObjectId,
    /// Who.
    pub lane: LaneId,
    /// Since when.
    pub since: TimeNs,
    /// Until when, if it is over.
    pub until: Option<TimeNs>,
    /// The file of the call that took it, or none.
    pub file: NameId,
    /// The line in it, or [`NO_NUMBER`].
    pub line: u32,
}

/// Whether only its holder can let a thing of this kind go.
pub const fn is_owned(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::OwnedLock | ObjectKind::RLock | ObjectKind::End | ObjectKind::Gil)
}

/// What a thing of this kind is called in front of its name.
pub(crate) const fn noun(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Lock | ObjectKind::OwnedLock => "lock",
        ObjectKind::RLock => "RLock",
        ObjectKind::Gil => "GIL",
        ObjectKind::End => "end of",
        ObjectKind::Semaphore
        | ObjectKind::Event
        | ObjectKind::Condition
        | ObjectKind::Barrier
        | ObjectKind::Queue
        | ObjectKind::Pipe
        | ObjectKind::Future
        | ObjectKind::Shared => kind.text(),
    }
}

fn insert<T>(list: &mut Vec<T>, item: T, time: impl Fn(&T) -> u64) {
    let at = match list.last() {
        Some(last) if time(last) > time(&item) => list.partition_point(|earlier| time(earlier) <= time(&item)),
        _ => list.len(),
    };
    list.insert(at, item);
}

impl Object {
    pub(crate) fn new(id: ObjectId) -> Self {
        Self {
            id,
            kind: None,
            name: NameId::NONE,
            number: NO_NUMBER,
            made: None,
            of: LaneId::NONE,
            holds: HashMap::default(),
            returned: Vec::new(),
            owed: HashMap::default(),
            waits: Vec::new(),
        }
    }

    pub(crate) fn take(&mut self, lane: LaneId, time: u64, file: NameId, line: u32) {
        insert(&mut self.holds.entry(lane).or_default().taken, Taken { time, file, line }, |taken| taken.time);
    }

    pub(crate) fn release(&mut self, holder: LaneId, time: u64) {
        match holder.some() {
            Some(holder) => insert(&mut self.holds.entry(holder).or_default().released, time, |time| *time),
            None => insert(&mut self.returned, time, |time| *time),
        }
    }

    pub(crate) fn wait(&mut self, place: usize, slot: u32) {
        self.waits.push((place as u32, slot));
    }

    /// Counts waits of a lane that began (1) or are over (-1).
    pub(crate) fn owe(&mut self, lane: LaneId, more: i32) {
        let owed = self.owed.entry(lane).or_default();
        *owed += more;
        if *owed == 0 {
            self.owed.remove(&lane);
        }
    }

    /// How many waits of a lane for it were not told to be over. Where the trace is whole that is one while the lane
    /// waits and nobody has woken it, and none otherwise.
    pub fn owed_to(&self, lane: LaneId) -> i32 {
        self.owed.get(&lane).copied().unwrap_or(0)
    }

    pub(crate) fn waits(&self) -> &[(u32, u32)] {
        &self.waits
    }

    /// How often it was taken.
    pub fn times_taken(&self) -> u64 {
        self.holds.values().map(|holds| holds.taken.len() as u64).sum()
    }

    /// All times for which a lane had it, lane by lane, in order of time within each. A permit that was given back by
    /// nobody in particular is the one that was taken first.
    pub fn holds(&self) -> Vec<Hold> {
        let mut lanes: Vec<_> = self.holds.iter().collect();
        lanes.sort_unstable_by_key(|(lane, _)| **lane);
        let mut all = Vec::new();
        for (&lane, holds) in lanes {
            for (at, taken) in holds.taken.iter().enumerate() {
                let until = holds.released.get(at).map(|&time| TimeNs(time.max(taken.time)));
                let (since, file, line) = (TimeNs(taken.time), taken.file, taken.line);
                all.push(Hold { on: self.id, lane, since, until, file, line });
            }
        }
        if !self.returned.is_empty() {
            let mut open: Vec<&mut Hold> = all.iter_mut().filter(|hold| hold.until.is_none()).collect();
            open.sort_by_key(|hold| (hold.since, hold.lane));
            for (hold, &time) in open.into_iter().zip(&self.returned) {
                hold.until = Some(TimeNs(time).max(hold.since));
            }
        }
        all
    }

    /// Who has it now.
    pub fn holders(&self) -> Vec<Hold> {
        if !self.returned.is_empty() {
            return self.holds().into_iter().filter(|hold| hold.until.is_none()).collect();
        }
        let mut now: Vec<Hold> = Vec::new();
        for (&lane, holds) in &self.holds {
            for taken in holds.taken.get(holds.released.len()..).unwrap_or_default() {
                let (since, file, line) = (TimeNs(taken.time), taken.file, taken.line);
                now.push(Hold { on: self.id, lane, since, until: None, file, line });
            }
        }
        now.sort_unstable_by_key(|hold| (hold.since, hold.lane));
        now
    }

    /// Who alone has it now, where the counts leave no doubt.
    pub fn holder(&self) -> Option<LaneId> {
        let mut holder = None;
        for (&lane, holds) in &self.holds {
            match holds.taken.len().checked_sub(holds.released.len()) {
                Some(0) => {}
                Some(1) if holder.is_none() => holder = Some(lane),
                _ => return None,
            }
        }
        holder.filter(|_| self.returned.is_empty())
    }

    /// How a lane came to have it at a time, if it did.
    pub fn hold_at(&self, lane: LaneId, time: TimeNs) -> Option<Hold> {
        let holds = self.holds.get(&lane)?;
        let at = holds.taken.partition_point(|taken| taken.time <= time.0).checked_sub(1)?;
        let taken = holds.taken.get(at)?;
        let until = holds.released.get(at).map(|&until| TimeNs(until));
        (until.is_none_or(|until| until >= time)).then_some(Hold {
            on: self.id,
            lane,
            since: TimeNs(taken.time),
            until,
            file: taken.file,
            line: taken.line,
        })
    }
}
