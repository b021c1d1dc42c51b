//! Runs that nobody ran, as large as wanted: what the timeline has to be smooth with.

use interleave_protocol::{RunSpec, Workload};
use interleave_trace::{
    Entry, Event, InstanceId, LaneId, LaneKind, Mark, NameId, ObjectId, Outcome, Saved, State, TimeNs, What,
};

/// As many as a large run on a large machine has, and more than fit on a screen.
const LANES: u32 = 32;

/// How long the run is said to have taken.
const LENGTH_NS: u64 = 2_000_000_000;

const NAMES: [&str; 6] = ["rows", "queue", "task", "lock", "file", "thread"];

/// A saved run of so many spans of uneven lengths, all named; every fourth is woken by another lane.
pub fn saved(spans: u32) -> Vec<u8> {
    let mut slots = Vec::new();
    let mut tell = |entry: Entry| entry.encode(&mut slots);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let lane = |n: u32| LaneId::new(InstanceId(1), n);
    let name = |n: u32| NameId::new(InstanceId(1), n);
    let event = |time: u64, lane: LaneId, what: What| Entry::Event(Event { time: TimeNs(time), lane, what });
    for (n, text) in NAMES.iter().enumerate() {
        tell(Entry::Name(name(n as u32), (*text).to_owned()));
    }
    for n in 0..LANES {
        let parent = if n == 0 { LaneId::NONE } else { lane(0) };
        let (kind, name, host) = (LaneKind::Thread, name(5), LaneId::NONE);
        tell(event(u64::from(n), lane(n), What::Spawned { parent, kind, name, number: n, host }));
    }
    // Being created is a lane's first span, and the work itself begins once all are there.
    let each = (spans / LANES).saturating_sub(1).max(1);
    let mean = LENGTH_NS / u64::from(each);
    let mut times: Vec<u64> = (0..LANES).map(|n| 1_000 + u64::from(n)).collect();
    for (n, time) in times.iter().enumerate() {
        tell(event(*time, lane(n as u32), What::Started));
    }
    tell(event(2_000, lane(0), What::Marked(Mark::RunStarted)));
    for number in 0..each {
        for n in 0..LANES {
            let time = &mut times[n as usize];
            *time += 1 + random.below(2 * mean);
            let state = State::ALL[1 + random.below(5) as usize];
            let (name, on, holder) = (name(random.below(5) as u32), ObjectId::NONE, LaneId::NONE);
            tell(event(*time, lane(n), What::Entered { state, name, number, on, holder, timed: false }));
            if random.below(4) == 0 {
                let target = lane(random.below(u64::from(LANES)) as u32);
                tell(event(*time, lane(n), What::Woke { target, on: ObjectId::NONE }));
            }
        }
    }
    let end = times.iter().copied().max().unwrap_or(0) + mean;
    tell(event(end, lane(0), What::Marked(Mark::RunFinished)));
    for n in 0..LANES {
        tell(event(end + 1, lane(n), What::Ended(Outcome::Completed)));
    }
    let spec = RunSpec { workers: LANES, ..RunSpec::new(Workload::Timers, LANES) };
    Saved { about: format!("{}&cores={LANES}&isolated=yes", spec.to_query()), slots }.to_bytes()
}

/// Xorshift (Marsaglia 2003): every machine opens the same run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}
