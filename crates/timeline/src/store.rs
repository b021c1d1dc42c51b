//! Everything that a trace told, ready to be asked for by time.
//!
//! The rings of a run are read one after another, so what two lanes tell arrives out of order, a lane may be
//! seen at work before anybody said that it was asked for, and a name may come after its use. So nothing here
//! depends on the order in which rings are read: spans are put where their time says, ends of edges wait for
//! each other, and names are looked up when they are shown.
//!
//! ```text
//!  append(slots) -> slots         as they were recorded, to be saved again
//!                -> lanes         each with its spans, in columns
//!                -> objects       what lanes wait for, who holds it
//!                -> edges, marks, notes, messages, gauges, what was produced
//! ```

use std::collections::HashMap;

use interleave_trace::{
    Entry, Event, Gauge, LaneId, LaneKind, Level, Mark, MessageId, NO_NUMBER, NameId, ObjectId, ObjectKind, Outcome,
    State, TimeNs, What, decode, ring::Slot,
};

use crate::activity::{Activity, Share};
use crate::edges::{Edge, EdgeId, EdgeKind, Edges, PendingWake};
use crate::ids::Ids;
use crate::objects::{Hold, Object, noun};
use crate::spans::{Spans, StateTotals};

/// Larger amounts are taken for this one: a damaged file must not overflow sums. As a time it is 104 days.
const LARGEST: u64 = 1 << 53;
/// How many lanes that say something are kept apart.
const MOST_SPEAKERS: usize = 100;

/// One context of execution.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Which.
    pub id: LaneId,
    /// What it is. Until it is known to have been spawned, a guess.
    pub kind: LaneKind,
    /// Who asked for it, or none.
    pub parent: LaneId,
    /// The lane of the worker on whose event loop it runs, if it is not a worker itself.
    pub host: LaneId,
    /// What it is called.
    pub name: NameId,
    /// The number behind its name, or [`NO_NUMBER`].
    pub number: u32,
    /// When it was asked for.
    pub spawned: Option<TimeNs>,
    /// When it ran its first instruction.
    pub started: Option<TimeNs>,
    /// When and how it was over.
    pub ended: Option<(TimeNs, Outcome)>,
    /// The most memory that its instance was seen to have, in bytes.
    pub memory_bytes: Option<u64>,
    spans: Spans,
    /// When it gave up waiting, and for what, in order of time.
    timeouts: Vec<(u64, ObjectId)>,
    /// Somebody said that it can go on, but not through what.
    pub(crate) is_called: bool,
    /// It was not told how it ended, but the worker that ran it is over.
    ended_with_host: bool,
    wakes_pending: bool,
    joins_pending: bool,
}

impl Lane {
    fn new(id: LaneId) -> Self {
        Self {
            id,
            kind: if id.instance().0 == 0 { LaneKind::Page } else { LaneKind::Thread },
            parent: LaneId::NONE,
            host: LaneId::NONE,
            name: NameId::NONE,
            number: NO_NUMBER,
            spawned: None,
            started: None,
            ended: None,
            memory_bytes: None,
            spans: Spans::default(),
            timeouts: Vec::new(),
            is_called: false,
            ended_with_host: false,
            wakes_pending: false,
            joins_pending: false,
        }
    }

    /// How many spans it has so far.
    pub fn span_count(&self) -> usize {
        self.spans.len()
    }

    /// When its first span began.
    pub fn first_start(&self) -> Option<TimeNs> {
        self.spans.start(0).map(TimeNs)
    }

    /// How long it took from being asked for to its first instruction, in nanoseconds.
    pub fn start_up_ns(&self) -> Option<u64> {
        Some(self.started?.since(self.spawned?))
    }

    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// The last span that began at `time` or before.
    pub(crate) fn begun_by(&self, time: u64) -> Option<usize> {
        self.spans.begun_by(time).checked_sub(1)
    }
}

/// A state that a lane is in for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// On which lane.
    pub lane: LaneId,
    /// The how-manieth of its lane.
    pub index: usize,
    /// From when.
    pub start: TimeNs,
    /// Until when; while it is open, the newest time there is.
    pub end: TimeNs,
    /// Whether it goes on.
    pub open: bool,
    /// What the lane does.
    pub state: State,
    /// What the span is called; of a wait for a made object, the file of the call. See [`Store::span_title`].
    pub name: NameId,
    /// The number behind its name, the line in its file, or [`NO_NUMBER`].
    pub number: u32,
    /// What it waits for, or none.
    pub on: ObjectId,
    /// Which lane held that, or none.
    pub holder: LaneId,
    /// Whether it waits no longer than a set time.
    pub timed: bool,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitEnd {
    /// It goes on.
    Open,
    /// A lane let it go on.
    Woken {
        /// The edge that tells who and when.
        by: EdgeId,
    },
    /// The time was up.
    TimedOut,
    /// The lane was ended while it waited.
    Over(Outcome),
    /// Nobody told.
    Unknown,
}

impl Span {
    /// How long it lasted so far, in nanoseconds.
    pub fn duration_ns(&self) -> u64 {
        self.end.since(self.start)
    }
}

/// A line of the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// When.
    pub time: TimeNs,
    /// Who said it, or none.
    pub lane: LaneId,
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: NameId,
}

/// A part of the run's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Produced {
    /// When it was finished.
    pub time: TimeNs,
    /// By whom.
    pub lane: LaneId,
    /// The first one.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The verdict on the run's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When it was checked.
    pub time: TimeNs,
    /// Whether it is right.
    pub passed: bool,
    /// The result in words.
    pub summary: NameId,
    /// A digest of the whole result.
    pub digest: u64,
}

/// One message between lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// What it carries.
    pub name: NameId,
    /// Its payload, in bytes.
    pub bytes: u32,
    /// When and by whom it was sent.
    pub sent: Option<(TimeNs, LaneId)>,
    /// When and by whom it was received.
    pub received: Option<(TimeNs, LaneId)>,
}

/// See the module's text.
#[derive(Clone, Debug, Default)]
pub struct Store {
    slots: Vec<Slot>,
    lanes: Vec<Lane>,
    places: HashMap<LaneId, u32, Ids>,
    names: HashMap<NameId, Box<str>, Ids>,
    objects: Vec<Object>,
    object_places: HashMap<ObjectId, u32, Ids>,
    edges: Edges,
    activity: Activity,
    notes: Vec<Note>,
    speakers: Vec<LaneId>,
    produced: Vec<Produced>,
    messages: Vec<Message>,
    message_places: HashMap<MessageId, u32, Ids>,
    /// The tasks of each worker, by its lane.
    hosted: HashMap<LaneId, Vec<u32>, Ids>,
    checked: Option<Checked>,
    earliest: Option<u64>,
    latest: u64,
    run_started: Option<u64>,
    run_finished: Option<u64>,
    spans: u64,
    lost: u64,
    unknown: u64,
    revision: u64,
}

// Appending.
impl Store {
    /// A store of all that is in `slots`.
    pub fn of(slots: &[Slot]) -> Self {
        let mut store = Self::default();
        store.append(slots);
        store
    }

    /// Appends what a reader took from one ring. Entries must be whole: a name and its text in one call.
    pub fn append(&mut self, slots: &[Slot]) {
        self.slots.reserve(slots.len());
        let mut unknown = 0;
        unknown += decode(slots, |entry| self.push(entry));
        self.unknown += unknown as u64;
    }

    /// Appends one entry.
    pub fn push(&mut self, entry: Entry) {
        self.revision += 1;
        let slot = self.slots.len() as u32;
        match entry {
            Entry::Event(event) => {
                self.slots.push(event.encode());
                self.tell(event, slot);
            }
            Entry::Lost(count) => {
                entry.encode(&mut self.slots);
                self.lost += u64::from(count);
            }
            Entry::Name(id, _) => {
                entry.encode(&mut self.slots);
                if let Entry::Name(_, text) = entry {
                    self.names.insert(id, text.into_boxed_str());
                }
            }
        }
    }

    /// Says that it is `now`: what is open grows until then. Without it, the newest time is the last event's.
    pub fn advance(&mut self, now: TimeNs) {
        self.latest = self.latest.max(now.0.min(LARGEST));
    }

    fn tell(&mut self, event: Event, slot: u32) {
        let Event { lane, what, .. } = event;
        let time = event.time.0.min(LARGEST);
        self.earliest = Some(self.earliest.map_or(time, |earliest| earliest.min(time)));
        self.latest = self.latest.max(time);
        match what {
            What::Marked(Mark::RunStarted) => {
                self.run_started = Some(self.run_started.map_or(time, |earlier| earlier.min(time)));
            }
            What::Marked(Mark::RunFinished) => {
                self.run_finished = Some(self.run_finished.map_or(time, |later| later.max(time)));
            }
            What::Noted { level, text } => {
                self.notes.push(Note { time: TimeNs(time), lane, level, text });
                if lane != LaneId::NONE && self.speakers.len() < MOST_SPEAKERS && !self.speakers.contains(&lane) {
                    self.speakers.push(lane);
                }
            }
            What::Produced { first, count } => {
                self.produced.push(Produced { time: TimeNs(time), lane, first, count });
            }
            What::Checked { passed, summary, digest } => {
                if self.checked.is_none_or(|earlier| earlier.time.0 <= time) {
                    self.checked = Some(Checked { time: TimeNs(time), passed, summary, digest });
                }
            }
            _ if lane.some().is_none() => {}
            What::Measured { gauge: Gauge::Memory, value } => {
                let place = self.place(lane);
                let value = value.min(LARGEST);
                let memory = &mut self.lanes[place].memory_bytes;
                *memory = Some(memory.map_or(value, |most| most.max(value)));
            }
            What::Spawned { parent, kind, name, number, host } => {
                let place = self.place(lane);
                let known = &mut self.lanes[place];
                if known.spawned.is_some() {
                    return;
                }
                known.spawned = Some(TimeNs(time));
                (known.parent, known.kind, known.name, known.number, known.host) = (parent, kind, name, number, host);
                self.enter(place, time, State::Starting, slot, true);
                self.link_spawn(place);
                if host.some().is_some() && host != lane {
                    self.hosted.entry(host).or_default().push(place as u32);
                    if let Some((end, _)) = self.lane(host).and_then(|host| host.ended) {
                        self.end(place, end.0, None);
                    }
                }
            }
            What::Started => {
                let place = self.place(lane);
                if self.lanes[place].started.is_some() {
                    return;
                }
                self.lanes[place].started = Some(TimeNs(time));
                self.enter(place, time, State::Running, slot, true);
                self.link_spawn(place);
            }
            What::Entered { state, on, holder, .. } => {
                let place = self.place(lane);
                if on.some().is_some() && matches!(state, State::Waiting | State::Ready) {
                    let object = self.known_object(on);
                    object.wait(place, slot);
                    if state == State::Waiting {
                        object.owe(lane, 1);
                    }
                    if holder.some().is_some() {
                        object.of = holder;
                    }
                }
                self.enter(place, time, state, slot, false);
            }
            What::Woke { target, on } => {
                if on.some().is_some() {
                    self.known_object(on).owe(target, -1);
                } else if target.some().is_some() {
                    let place = self.place(target);
                    self.lanes[place].is_called = true;
                }
                self.woke(target, PendingWake { time, waker: lane, on });
            }
            What::Joined { child } => {
                let place = self.place(child);
                match self.lanes[place].ended.filter(|_| !self.lanes[place].ended_with_host) {
                    Some(_) => self.link_join(child, lane, time),
                    None => {
                        self.lanes[place].joins_pending = true;
                        self.edges.join_later(child, lane, time);
                    }
                }
            }
            What::Sent { message, bytes, name } => {
                let known = self.message(message);
                (known.name, known.bytes, known.sent) = (name, bytes, Some((TimeNs(time), lane)));
                self.link_message(message);
            }
            What::Received { message, bytes } => {
                let known = self.message(message);
                (known.bytes, known.received) = (bytes, Some((TimeNs(time), lane)));
                self.link_message(message);
            }
            What::Made { on, kind, name, number } => {
                let object = self.known_object(on);
                (object.kind, object.name, object.number) = (Some(kind), name, number);
                object.made = Some((TimeNs(time), lane));
            }
            What::Acquired { on, file, line } => self.known_object(on).take(lane, time, file, line),
            What::Released { on, holder } => self.known_object(on).release(holder, time),
            What::TimedOut { on } => {
                self.known_object(on).owe(lane, -1);
                let place = self.place(lane);
                let timeouts = &mut self.lanes[place].timeouts;
                let at = timeouts.partition_point(|(earlier, _)| *earlier <= time);
                timeouts.insert(at, (time, on));
            }
            What::Ended(outcome) => {
                let place = self.place(lane);
                self.end(place, time, Some(outcome));
            }
        }
    }

    fn place(&mut self, lane: LaneId) -> usize {
        if let Some(&place) = self.places.get(&lane) {
            return place as usize;
        }
        let place = self.lanes.len();
        self.lanes.push(Lane::new(lane));
        self.places.insert(lane, place as u32);
        place
    }

    fn known_object(&mut self, id: ObjectId) -> &mut Object {
        let place = *self.object_places.entry(id).or_insert(self.objects.len() as u32) as usize;
        if place == self.objects.len() {
            self.objects.push(Object::new(id));
        }
        &mut self.objects[place]
    }

    fn message(&mut self, id: MessageId) -> &mut Message {
        let place = *self.message_places.entry(id).or_insert(self.messages.len() as u32) as usize;
        if place == self.messages.len() {
            self.messages.push(Message { id, name: NameId::NONE, bytes: 0, sent: None, received: None });
        }
        &mut self.messages[place]
    }

    /// Begins a span. An `implied` one (a lane that was spawned is starting, one that started runs) gives way
    /// to one that was recorded for the same instant, and a lane that was seen before it was asked for (two
    /// clocks) was not starting.
    fn enter(&mut self, place: usize, time: u64, state: State, slot: u32, implied: bool) {
        let lane = &self.lanes[place];
        if lane.ended.is_some_and(|(end, _)| time > end.0) {
            return;
        }
        let mut at = lane.spans.len();
        if lane.spans.last_start().is_some_and(|last| last >= time) {
            at = lane.spans.begun_by(time);
            let first = lane.spans.begun_before(time);
            if implied {
                if (first..at).any(|at| !self.is_implied(place, at)) {
                    return;
                }
                // Of those of the same instant, starting comes first.
                at = if state == State::Starting { first } else { at };
            } else {
                while at > first && self.is_implied(place, at - 1) {
                    at -= 1;
                    self.drop_span(place, at);
                }
            }
            while state != State::Starting && self.is_starting(place, at) {
                self.drop_span(place, at);
            }
        }
        if implied && state == State::Starting && at > 0 {
            return;
        }
        let lane = &mut self.lanes[place];
        let next = lane.spans.start(at).or(lane.ended.map(|(end, _)| end.0));
        let before = at.checked_sub(1).and_then(|before| lane.spans.state(before));
        lane.spans.insert_at(at, time, state, slot);
        self.spans += 1;
        self.activity.change(time, state, 1);
        if let Some(before) = before {
            self.activity.change(time, before, -1);
        }
        if let Some(next) = next {
            self.activity.change(next, state, -1);
            if let Some(before) = before {
                self.activity.change(next, before, 1);
            }
        }
        if self.lanes[place].wakes_pending {
            self.retry_wakes(place, time);
        }
    }

    /// Whether a span was not recorded as such, but follows from the lane's being spawned or started.
    fn is_implied(&self, place: usize, at: usize) -> bool {
        let slot = self.lanes[place].spans.slot(at).and_then(|slot| self.slots.get(slot as usize));
        let what = slot.and_then(event).map(|event| event.what);
        matches!(what, Some(What::Spawned { .. } | What::Started))
    }

    fn is_starting(&self, place: usize, at: usize) -> bool {
        self.lanes[place].spans.state(at) == Some(State::Starting) && self.is_implied(place, at)
    }

    fn drop_span(&mut self, place: usize, at: usize) {
        let lane = &mut self.lanes[place];
        let (Some(start), Some(state)) = (lane.spans.start(at), lane.spans.state(at)) else { return };
        let next = lane.spans.start(at + 1).or(lane.ended.map(|(end, _)| end.0));
        let before = at.checked_sub(1).and_then(|before| lane.spans.state(before));
        self.activity.change(start, state, -1);
        if let Some(next) = next {
            self.activity.change(next, state, 1);
        }
        if let Some(before) = before {
            self.activity.change(start, before, 1);
            if let Some(next) = next {
                self.activity.change(next, before, -1);
            }
        }
        lane.spans.remove(at);
        self.spans -= 1;
    }

    /// Ends a lane. If two say when, the earlier is right: the page ends what its worker may just have ended.
    /// Without an outcome of its own a task ends because its worker does: nothing runs it any more.
    fn end(&mut self, place: usize, time: u64, told: Option<Outcome>) {
        let lane = &mut self.lanes[place];
        if let Some((end, outcome)) = &mut lane.ended
            && end.0 <= time
        {
            if let Some(told) = told.filter(|_| lane.ended_with_host) {
                (*outcome, lane.ended_with_host) = (told, false);
                self.link_joins(place);
            }
            return;
        }
        while self.lanes[place].spans.last_start().is_some_and(|start| start > time) {
            self.drop_span(place, self.lanes[place].spans.len() - 1);
        }
        let lane = &mut self.lanes[place];
        if let Some(state) = lane.spans.len().checked_sub(1).and_then(|last| lane.spans.state(last)) {
            self.activity.change(time, state, -1);
            if let Some((end, _)) = lane.ended {
                self.activity.change(end.0, state, 1);
            }
        }
        // What it was told of itself stays, also if its worker was over before.
        let own = lane.ended.filter(|_| !lane.ended_with_host).map(|(_, outcome)| outcome);
        lane.ended_with_host = told.or(own).is_none();
        lane.ended = Some((TimeNs(time), told.or(own).unwrap_or(Outcome::Stopped)));
        if self.lanes[place].wakes_pending {
            self.retry_wakes(place, u64::MAX);
        }
        self.link_joins(place);
        let id = self.lanes[place].id;
        if let Some(tasks) = self.hosted.remove(&id) {
            for &task in tasks.iter().filter(|&&task| task as usize != place) {
                self.end(task as usize, time, None);
            }
            self.hosted.insert(id, tasks);
        }
    }

    fn link_spawn(&mut self, place: usize) {
        let lane = &self.lanes[place];
        if let (Some(spawned), Some(started), Some(parent)) = (lane.spawned, lane.started, lane.parent.some()) {
            let on = ObjectId::NONE;
            let edge = Edge { kind: EdgeKind::Spawn, from: parent, left: spawned, to: lane.id, arrived: started, on };
            self.edges.add(edge);
        }
    }

    /// Links those who were told to have joined a lane before it was told to have ended.
    fn link_joins(&mut self, place: usize) {
        let lane = &mut self.lanes[place];
        if lane.joins_pending && !lane.ended_with_host {
            lane.joins_pending = false;
            let id = lane.id;
            for (by, at) in self.edges.take_joins(id) {
                self.link_join(id, by, at);
            }
        }
    }

    fn link_join(&mut self, child: LaneId, by: LaneId, time: u64) {
        let Some((ended, _)) = self.lane(child).and_then(|lane| lane.ended) else { return };
        let on = ObjectId::NONE;
        self.edges.add(Edge { kind: EdgeKind::Join, from: child, left: ended, to: by, arrived: TimeNs(time), on });
    }

    fn link_message(&mut self, id: MessageId) {
        let message = *self.message(id);
        if let (Some((left, from)), Some((arrived, to))) = (message.sent, message.received) {
            let on = ObjectId::NONE;
            self.edges.add(Edge { kind: EdgeKind::Message, from, left, to, arrived, on });
        }
    }

    fn woke(&mut self, target: LaneId, wake: PendingWake) {
        if target.some().is_none() {
            return;
        }
        let place = self.place(target);
        let lane = &self.lanes[place];
        let gone_on = match wake.on.some() {
            Some(on) => self.wait_ended(lane, wake.time, on),
            None => None,
        };
        match gone_on.unwrap_or_else(|| gone_on_after(&lane.spans, wake.time, lane.ended.is_some())) {
            GoneOn::At(time) => self.link_wake(target, wake, time),
            GoneOn::WasNotBlocked => {}
            GoneOn::NotYet => {
                self.lanes[place].wakes_pending = true;
                self.edges.wake_later(target, wake);
            }
        }
    }

    /// When the wait for `on` ended that was under way at `time`, or began just then; `None` if there was none.
    fn wait_ended(&self, lane: &Lane, time: u64, on: ObjectId) -> Option<GoneOn> {
        let latest = time.saturating_add(WAKE_TOLD_LATE_NS);
        let mut at = lane.spans.begun_before(time).saturating_sub(1);
        while let (Some(start), Some(state)) = (lane.spans.start(at), lane.spans.state(at)) {
            if start > latest {
                return None;
            }
            let end = lane.spans.start(at + 1).or(lane.ended.map(|(end, _)| end.0));
            if state == State::Waiting && end.is_none_or(|end| end >= time) && self.waited_for(lane, at) == on {
                return Some(end.map_or(GoneOn::NotYet, GoneOn::At));
            }
            at += 1;
        }
        // What the lane did is not known far enough.
        if lane.ended.is_some() { None } else { Some(GoneOn::NotYet) }
    }

    fn waited_for(&self, lane: &Lane, index: usize) -> ObjectId {
        let slot = lane.spans.slot(index).and_then(|slot| self.slots.get(slot as usize));
        match slot.and_then(event).map(|event| event.what) {
            Some(What::Entered { on, .. }) => on,
            _ => ObjectId::NONE,
        }
    }

    /// The lane was told about up to `time`: that may be enough to know what it was woken from.
    fn retry_wakes(&mut self, place: usize, time: u64) {
        let target = self.lanes[place].id;
        let (wakes, left) = self.edges.take_wakes(target, time);
        // Before the rest: a wake may have to wait once more.
        self.lanes[place].wakes_pending = left;
        for wake in wakes {
            self.woke(target, wake);
        }
    }

    fn link_wake(&mut self, target: LaneId, wake: PendingWake, arrived: u64) {
        self.edges.add(Edge {
            kind: EdgeKind::Wake,
            from: wake.waker,
            left: TimeNs(wake.time.min(arrived)),
            to: target,
            arrived: TimeNs(arrived),
            on: wake.on,
        });
    }
}

/// Whether a lane in this state goes on only when something else happens.
pub fn is_blocked(state: State) -> bool {
    matches!(state, State::Waiting | State::Sleeping | State::Io)
}

enum GoneOn {
    At(u64),
    WasNotBlocked,
    NotYet,
}

/// By how much later than the lane went on its waking may be told, in nanoseconds: the waker first lets the
/// other go on, then records that it did.
const WAKE_TOLD_LATE_NS: u64 = 100_000;

/// When the lane that was blocked at `time` went on. Clocks are coarse, so a lane that begins to wait or goes
/// on at this very instant counts as blocked. What the lane did is known beyond `time` if it did something
/// else later, or if it is `over`.
fn gone_on_after(spans: &Spans, time: u64, over: bool) -> GoneOn {
    let mut at = spans.begun_before(time);
    let blocked_at = |at: usize| spans.state(at).is_some_and(is_blocked);
    let mut blocked = at.checked_sub(1).is_some_and(blocked_at);
    if !blocked && at > 0 && (over || at < spans.len()) {
        // The last instant before at which it went on, if that was just now.
        let earlier = (1..at).rev().take_while(|&at| spans.start(at).is_some_and(|s| s + WAKE_TOLD_LATE_NS >= time));
        if let Some(start) = earlier.into_iter().find(|&at| !blocked_at(at) && blocked_at(at - 1)) {
            return spans.start(start).map_or(GoneOn::WasNotBlocked, GoneOn::At);
        }
    }
    while let (Some(start), Some(state)) = (spans.start(at), spans.state(at)) {
        if blocked && !is_blocked(state) {
            return GoneOn::At(start);
        }
        if !blocked && start > time {
            return GoneOn::WasNotBlocked;
        }
        blocked = is_blocked(state);
        at += 1;
    }
    GoneOn::NotYet
}

fn event(slot: &Slot) -> Option<Event> {
    let mut found = None;
    decode(std::slice::from_ref(slot), |entry| {
        if let Entry::Event(event) = entry {
            found = Some(event);
        }
    });
    found
}

// Asking.
impl Store {
    /// Everything as it was recorded, to be saved.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Grows with every entry, so that a reader knows whether there is anything new.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether nothing was told yet.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// All lanes, in the order in which they were first heard of.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// A lane by its id.
    pub fn lane(&self, id: LaneId) -> Option<&Lane> {
        self.lanes.get(*self.places.get(&id)? as usize)
    }

    pub(crate) fn lane_place(&self, id: LaneId) -> Option<usize> {
        self.places.get(&id).map(|&place| place as usize)
    }

    /// How many spans there are on all lanes.
    pub fn span_count(&self) -> u64 {
        self.spans
    }

    /// The first time that was told.
    pub fn earliest(&self) -> TimeNs {
        TimeNs(self.earliest.unwrap_or(0))
    }

    /// The newest time that was told, by an event or by [`Self::advance`].
    pub fn latest(&self) -> TimeNs {
        TimeNs(self.latest)
    }

    /// When the work began.
    pub fn run_started(&self) -> Option<TimeNs> {
        self.run_started.map(TimeNs)
    }

    /// When the work was done.
    pub fn run_finished(&self) -> Option<TimeNs> {
        self.run_finished.map(TimeNs)
    }

    /// The time from which times are counted for people: the run's start, or the first event before that.
    pub fn zero(&self) -> TimeNs {
        self.run_started().unwrap_or(self.earliest())
    }

    /// The text with that id; empty if it has not come yet.
    pub fn name(&self, id: NameId) -> &str {
        self.names.get(&id).map_or("", |text| text)
    }

    /// A name with its number: "rows 32".
    pub fn title(&self, name: NameId, number: u32) -> String {
        let name = self.name(name);
        match (name, number) {
            (name, NO_NUMBER) => name.to_owned(),
            ("", number) => number.to_string(),
            (name, number) => format!("{name} {number}"),
        }
    }

    /// What a lane is called: "thread 3". A lane without a name is called by its kind.
    pub fn lane_title(&self, id: LaneId) -> String {
        let Some(lane) = self.lane(id) else {
            return if id.some().is_some() { format!("lane {id:?}") } else { "nobody".to_owned() };
        };
        match self.title(lane.name, lane.number) {
            title if title.is_empty() && lane.kind == LaneKind::Page => "page".to_owned(),
            title if title.is_empty() => format!("{} {}", lane.kind.text(), lane.id.count()),
            title if lane.name.some().is_none() => format!("{} {title}", lane.kind.text()),
            title => title,
        }
    }

    /// When a lane's last span is over, or the newest time if it is not.
    pub fn lane_end(&self, lane: &Lane) -> TimeNs {
        lane.ended.map_or(self.latest(), |(end, _)| end)
    }

    /// The `index`-th span of a lane.
    pub fn span(&self, lane: LaneId, index: usize) -> Option<Span> {
        self.span_of(self.lane(lane)?, index)
    }

    /// As [`Self::span`], of a lane at hand.
    pub fn span_of(&self, lane: &Lane, index: usize) -> Option<Span> {
        let (start, state, slot) = (lane.spans.start(index)?, lane.spans.state(index)?, lane.spans.slot(index)?);
        let next = lane.spans.start(index + 1).map(TimeNs);
        let end = next.unwrap_or_else(|| self.lane_end(lane));
        let (name, number, on, holder, timed) = match event(self.slots.get(slot as usize)?)?.what {
            What::Entered { name, number, on, holder, timed, .. } => (name, number, on, holder, timed),
            _ => (NameId::NONE, NO_NUMBER, ObjectId::NONE, LaneId::NONE, false),
        };
        let open = next.is_none() && lane.ended.is_none();
        Some(Span { lane: lane.id, index, start: TimeNs(start), end, open, state, name, number, on, holder, timed })
    }

    /// Everything that lanes were told to wait for or to hold, in the order in which it was first heard of.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Something that lanes wait for or hold.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(*self.object_places.get(&id)? as usize)
    }

    /// What kind of thing it is, if it was told to have been made.
    pub fn object_kind(&self, id: ObjectId) -> Option<ObjectKind> {
        self.object(id)?.kind
    }

    /// What an object is called: "lock accounts", "queue jobs", "end of thread 1", "GIL".
    pub fn object_title(&self, id: ObjectId) -> String {
        let Some((object, kind)) = self.object(id).and_then(|object| Some((object, object.kind?))) else {
            return if id.some().is_some() { format!("object {id:?}") } else { String::new() };
        };
        let (noun, title) = (noun(kind), self.title(object.name, object.number));
        match kind {
            ObjectKind::Gil => noun.to_owned(),
            ObjectKind::End if object.of.some().is_some() => format!("{noun} {}", self.lane_title(object.of)),
            _ if title.is_empty() => format!("{noun} {}", id.count()),
            _ if title.to_ascii_lowercase().starts_with(&noun.to_ascii_lowercase()) => title,
            _ => format!("{noun} {title}"),
        }
    }

    /// What a span is called: the work, or what is waited for. A wait for a made object is called after that.
    pub fn span_title(&self, span: &Span) -> String {
        match self.object_kind(span.on) {
            None => self.title(span.name, span.number),
            Some(ObjectKind::End) if span.holder.some().is_some() => format!("join {}", self.lane_title(span.holder)),
            Some(_) => self.object_title(span.on),
        }
    }

    /// A place in a program: "bank.rs:12".
    pub fn site(&self, file: NameId, line: u32) -> Option<String> {
        match (self.name(file), line) {
            ("", _) => None,
            (file, NO_NUMBER) => Some(file.to_owned()),
            (file, line) => Some(format!("{file}:{line}")),
        }
    }

    /// Where the call stands that waits for a made object, if that was told.
    pub fn span_site(&self, span: &Span) -> Option<String> {
        self.object_kind(span.on).filter(|kind| *kind != ObjectKind::Gil)?;
        self.site(span.name, span.number)
    }

    /// What a lane has now, in the order in which it took it.
    pub fn held_by(&self, lane: LaneId) -> Vec<Hold> {
        let all = self.objects.iter().flat_map(Object::holders);
        let mut own: Vec<Hold> = all.filter(|hold| hold.lane == lane).collect();
        own.sort_unstable_by_key(|hold| (hold.since, hold.on));
        own
    }

    /// Whether a wait ended since its time was up.
    pub fn timed_out(&self, span: &Span) -> bool {
        let Some(lane) = self.lane(span.lane).filter(|_| span.timed && !span.open) else { return false };
        let first = lane.timeouts.partition_point(|(time, _)| *time < span.start.0);
        let mut timeouts = lane.timeouts[first..].iter().take_while(|(time, _)| *time <= span.end.0);
        timeouts.any(|(_, on)| *on == span.on)
    }

    /// How a wait ended.
    pub fn wait_end(&self, span: &Span) -> WaitEnd {
        if span.open {
            return WaitEnd::Open;
        }
        let Some(lane) = self.lane(span.lane) else { return WaitEnd::Unknown };
        let mut wakes = self.edges_of(span.lane).filter(|(_, edge)| {
            let here = edge.to == span.lane
                && edge.arrived == span.end
                && edge.left.0.saturating_add(WAKE_TOLD_LATE_NS) >= span.start.0;
            here && edge.kind == EdgeKind::Wake && (edge.on == span.on || edge.on.some().is_none())
        });
        if let Some((by, _)) = wakes.rfind(|(_, edge)| edge.from != span.lane) {
            return WaitEnd::Woken { by };
        }
        if self.timed_out(span) {
            return WaitEnd::TimedOut;
        }
        match lane.ended {
            Some((end, outcome)) if end == span.end && lane.spans.len() == span.index + 1 => WaitEnd::Over(outcome),
            _ => WaitEnd::Unknown,
        }
    }

    /// The span of a lane that began with the event in a slot, unless it gave way to another.
    pub(crate) fn span_begun_by(&self, lane: &Lane, slot: u32) -> Option<Span> {
        let begun = event(self.slots.get(slot as usize)?)?.time.0.min(LARGEST);
        let after = lane.spans.begun_by(begun);
        let at = (lane.spans.begun_before(begun)..after).find(|&at| lane.spans.slot(at) == Some(slot))?;
        self.span_of(lane, at)
    }

    /// The spans of a lane.
    pub fn spans(&self, lane: LaneId) -> impl Iterator<Item = Span> {
        let lane = self.lane(lane);
        (0..lane.map_or(0, Lane::span_count)).filter_map(move |index| self.span_of(lane?, index))
    }

    /// The span of a lane that covers `time`.
    pub fn span_at(&self, lane: LaneId, time: TimeNs) -> Option<Span> {
        let lane = self.lane(lane)?;
        let span = self.span_of(lane, lane.begun_by(time.0)?)?;
        (time < span.end || span.open).then_some(span)
    }

    /// Time per state of a lane between two times.
    pub fn totals(&self, lane: &Lane, from: TimeNs, to: TimeNs) -> StateTotals {
        lane.spans.totals(from.0, to.0, self.lane_end(lane).0)
    }

    /// Lanes in each state in `columns` equal stretches between two times.
    pub fn activity(&self, from: TimeNs, to: TimeNs, columns: usize) -> Vec<Share> {
        self.activity.columns(from.0, to.0.min(self.latest.max(from.0)), columns)
    }

    /// An edge by its id.
    pub fn edge(&self, id: EdgeId) -> Option<&Edge> {
        self.edges.all().get(id.0 as usize)
    }

    /// All edges, in the order in which both of their ends were known.
    pub fn edges(&self) -> &[Edge] {
        self.edges.all()
    }

    /// The edges that touch the time between `from` and `to`, kind by kind.
    pub fn edges_in(&self, from: TimeNs, to: TimeNs) -> impl Iterator<Item = (EdgeId, &Edge)> {
        EdgeKind::ALL.into_iter().flat_map(move |kind| self.edges.of_kind_in(kind, from.0, to.0))
    }

    /// The edges that leave or reach a lane.
    pub fn edges_of(&self, lane: LaneId) -> impl DoubleEndedIterator<Item = (EdgeId, &Edge)> {
        self.edges.touching(lane)
    }

    pub(crate) fn edge_index(&self) -> &Edges {
        &self.edges
    }

    /// The log, in order of arrival.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The lanes that said something, in the order in which they began to; of very many the first.
    pub fn speakers(&self) -> &[LaneId] {
        &self.speakers
    }

    /// What was produced, in order of arrival.
    pub fn produced(&self) -> &[Produced] {
        &self.produced
    }

    /// All messages, in the order in which they were first heard of.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The verdict on the run's result.
    pub fn checked(&self) -> Option<Checked> {
        self.checked
    }

    /// Entries that found no room when they were recorded.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Slots that this version does not understand.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }
}
