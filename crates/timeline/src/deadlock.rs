//! Deadlock: lanes that can never go on, found from the trace alone and named with what they hold and wait for.
//!
//! # Who is stuck
//!
//! A lane *waits for good* if it waits for a made object with no end set, and no wake for it was told. It is stuck if
//! everything that could let it go on is stuck as well:
//!
//! ```text
//!  it waits for                          could let it go on
//!  RLock, owned lock, GIL                who holds it; nobody if that lane has ended
//!  the end of a lane                     that lane
//!  anything else                         any lane that lives: a lock may be released by whoever knows it
//! ```
//! The stuck lanes are the greatest set for which that is true: all that wait for good, less those that a lane outside
//! could help, until none is left to be taken out. A lane outside is any that lives and does not wait for good: one that
//! runs, sleeps, starts, is at I/O, waits for a set time only, or waits for something without an identity: so does who waits
//! for messages from outside, so a message on its way needs no care. One that lies in a queue wakes nobody.
//!
//! # Why it is never said of what lives
//!
//! Rings are read one after another, so what was read need not be true at any one time. [`Watch`] therefore judges only
//! what two complete readings in a row have found unchanged. Let `C` be all that was read.
//!
//! 1. *`C` is closed under causes.* Take an entry `f` in `C`, and an entry `e` that happened before it. `f` was there
//!    when the first of the two readings came to its ring, so `e` was there when the second came to `e`'s. The second found
//!    nothing new, so `e` is in `C`.
//! 2. *No stuck lane acts after `C`.* Otherwise take the first entry outside `C`, in the order of causes, that a stuck lane
//!    recorded. The lane went on from its wait, so it was woken, or was let have the GIL. If the record of that were in
//!    `C`, the counts would have told so, since by 1. all earlier wakes of the lane are there too. So it is outside `C`,
//!    and by a lane that could help: not by a stuck one, whose entry would be an earlier one outside `C`; not by one that
//!    had ended; so by one that lives outside the set, or was begun by such a one. But a stuck lane has none.
//!
//! Between processes this is coarser than it could be: once one has ended, only circles of owned things are judged, since
//! what it had open is closed by whoever looks next.
//!
//! For this the recorder promises (see the runtime's monitor):
//!
//! - a lane records its wait when it has given up what it gives up for it, and does nothing others notice until it is over;
//! - every wait for a made object ends with just one `Woke` of the lane through the object, or `TimedOut` by the lane, and
//!   the `Woke` is recorded before the lane can go on;
//! - `Released` is recorded before anybody else can hold the object, and `Acquired` by its holder before it does anything
//!   else; both of just the things whose kind is owned, at least;
//! - a lane is recorded as spawned before it can do anything, and does nothing after its end but end;
//! - who waits for what no lane of the trace brings about (a timer, a download, a message) sleeps, is at I/O, or waits for
//!   something without an identity;
//! - who asks for the end of another lane records a `Woke` of it through nothing, and that lane is taken for one that lives;
//! - an entry that found no room is counted as lost by the next reading.
//!
//! Times play no part: two workers' clocks are coarse, and equal times are common.

use std::collections::{HashMap, HashSet};

use interleave_trace::{LaneId, LaneKind, ObjectId, ObjectKind, Outcome, State, TimeNs};

use crate::ids::Ids;
use crate::json::Json;
use crate::objects::is_owned;
use crate::scene::SpanRef;
use crate::store::{Lane, Span, Store};

/// How many lanes a sentence names; there may be 100,000.
const MOST_NAMED: usize = 8;

/// Something that a stuck lane has and another wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What.
    pub on: ObjectId,
    /// What it is called.
    pub title: String,
    /// Where it was taken, if that was told.
    pub taken_at: Option<String>,
}

/// One lane that can never go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Which.
    pub lane: LaneId,
    /// What it is called.
    pub title: String,
    /// The span that is its wait.
    pub span: SpanRef,
    /// Since when it waits.
    pub since: TimeNs,
    /// For what.
    pub on: ObjectId,
    /// What kind of thing that is.
    pub kind: ObjectKind,
    /// What it is called.
    pub wants: String,
    /// Where the call stands, if that was told.
    pub at: Option<String>,
    /// Who has it: the lane that is to come to its end, or the one that holds the lock.
    pub holder: Option<LaneId>,
    /// What that is called.
    pub holder_title: Option<String>,
    /// Whether the holder is over.
    pub holder_ended: bool,
    /// What it has that other stuck lanes want.
    pub holds: Vec<Held>,
    /// Which place it has in the circle, from 1, if it belongs to it.
    pub in_circle: Option<u32>,
}

/// Lanes that can never go on. See the module's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// Those of the circle first, each waiting for the next and the last for the first; then the others.
    pub lanes: Vec<Stuck>,
    /// How many of them are the circle; 0 if there is none.
    pub circle: usize,
}

/// Looks for a deadlock as readings come in.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    seen: Option<u64>,
    judged: bool,
}

impl Watch {
    /// To be called after each *complete* reading: of all rings of all instances, with what they lost.
    pub fn look(&mut self, store: &Store) -> Option<Deadlock> {
        let unchanged = self.seen.replace(store.revision()) == Some(store.revision());
        let judged = std::mem::replace(&mut self.judged, unchanged);
        // What does not change is judged once.
        if unchanged && !judged { Deadlock::of(store) } else { None }
    }
}

/// What could let a lane that waits for good go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Helper {
    Only(LaneId),
    Anyone,
}

struct Wait {
    span: Span,
    kind: ObjectKind,
    helper: Helper,
}

/// What a lane waits for, if it waits for good. `over` says which lanes count as ended.
fn wait_of(store: &Store, lane: &Lane, over: fn(&Lane) -> bool) -> Option<Wait> {
    if over(lane) || (lane.is_called && lane.kind != LaneKind::Task) {
        return None;
    }
    let span = store.span_of(lane, lane.span_count().checked_sub(1)?)?;
    let object = store.object(span.on)?;
    let kind = object.kind?;
    let waits = match span.state {
        State::Waiting => !span.timed && kind != ObjectKind::Gil && object.owed_to(lane.id) == 1,
        State::Ready => kind == ObjectKind::Gil,
        State::Starting | State::Running | State::Sleeping | State::Io => false,
    };
    let helper = match kind {
        _ if !waits => return None,
        ObjectKind::End => Helper::Only(span.holder.some()?),
        // Who has just got the GIL has not gone on yet.
        ObjectKind::Gil => Helper::Only(object.holder().filter(|holder| *holder != lane.id)?),
        kind if is_owned(kind) => Helper::Only(object.holder()?),
        _ => Helper::Anyone,
    };
    Some(Wait { span, kind, helper })
}

fn is_over(lane: &Lane) -> bool {
    lane.ended.is_some()
}

/// As long as its run could have gone on: who was stopped was not over by itself.
fn was_over(lane: &Lane) -> bool {
    lane.ended.is_some_and(|(_, outcome)| !matches!(outcome, Outcome::Stopped | Outcome::Deadlocked))
}

/// The greatest set of lanes none of which can be helped from outside, in the order of the store.
fn stuck(store: &Store) -> Vec<(LaneId, Wait)> {
    let mut waits: Vec<(LaneId, Wait)> =
        store.lanes().iter().filter_map(|lane| Some((lane.id, wait_of(store, lane, is_over)?))).collect();
    if waits.is_empty() {
        return waits;
    }
    let living = store.lanes().iter().filter(|lane| lane.kind != LaneKind::Page && !is_over(lane)).count();
    // When a process is over, others still have to close what it had open, and nobody records that it lets them.
    let in_disorder = store.lanes().iter().any(|lane| lane.kind == LaneKind::Process && is_over(lane));
    let ended = |lane: LaneId| store.lane(lane).is_some_and(is_over);
    let mut left: HashSet<LaneId, Ids> = waits.iter().map(|(lane, _)| *lane).collect();
    loop {
        let outsiders = in_disorder || living > left.len();
        let before = waits.len();
        waits.retain(|(lane, wait)| {
            let stays = match wait.helper {
                Helper::Anyone => !outsiders,
                // A lane that has ended wakes who waits for that; a lock that it kept is lost.
                Helper::Only(holder) => left.contains(&holder) || (wait.kind != ObjectKind::End && ended(holder)),
            };
            if !stays {
                left.remove(lane);
            }
            stays
        });
        if waits.len() == before {
            return waits;
        }
    }
}

/// Lanes that wait for each other in a circle, if there are some: each for what the next one has.
fn circle(waits: &[(LaneId, Wait)], store: &Store) -> Vec<LaneId> {
    let among: HashMap<LaneId, &Wait, Ids> = waits.iter().map(|(lane, wait)| (*lane, wait)).collect();
    let next = |lane: LaneId| -> Vec<LaneId> {
        let Some(wait) = among.get(&lane) else { return Vec::new() };
        let holders = holders_of(store, wait);
        holders.into_iter().filter(|holder| among.contains_key(holder)).collect()
    };
    let mut done: HashSet<LaneId, Ids> = HashSet::default();
    let mut starts: Vec<LaneId> = waits.iter().map(|(lane, _)| *lane).collect();
    starts.sort_unstable();
    for start in starts {
        // The way from the start, with what is left to be tried from each of its lanes.
        let mut way = vec![(start, next(start))];
        while let Some((lane, rest)) = way.last_mut() {
            let lane = *lane;
            match rest.pop() {
                Some(to) => {
                    if let Some(at) = way.iter().position(|(on_way, _)| *on_way == to) {
                        let mut circle: Vec<LaneId> = way[at..].iter().map(|(lane, _)| *lane).collect();
                        // Told alike whichever ring was read first.
                        let first = (0..circle.len()).min_by_key(|at| circle[*at]).unwrap_or(0);
                        circle.rotate_left(first);
                        return circle;
                    }
                    if !done.contains(&to) {
                        way.push((to, next(to)));
                    }
                }
                None => {
                    done.insert(lane);
                    way.pop();
                }
            }
        }
    }
    Vec::new()
}

/// Who has what is waited for, the first to take it last.
fn holders_of(store: &Store, wait: &Wait) -> Vec<LaneId> {
    match wait.helper {
        Helper::Only(holder) => vec![holder],
        Helper::Anyone => {
            let holders = store.object(wait.span.on).map(|object| object.holders()).unwrap_or_default();
            holders.iter().rev().map(|hold| hold.lane).collect()
        }
    }
}

impl Deadlock {
    /// The deadlock that a trace ends with: as it was found when the run ended, or else as it is now.
    ///
    /// That it is so now may be said only of a trace that is closed under causes: see [`Watch`].
    pub fn of(store: &Store) -> Option<Self> {
        let told = |lane: &&Lane| matches!(lane.ended, Some((_, Outcome::Deadlocked)));
        let waits: Vec<(LaneId, Wait)> = if store.lanes().iter().any(|lane| told(&lane)) {
            let lanes = store.lanes().iter().filter(told);
            lanes.filter_map(|lane| Some((lane.id, wait_of(store, lane, was_over)?))).collect()
        } else if store.lost() > 0 || store.unknown() > 0 || store.run_finished().is_some() {
            // With gaps nothing is certain; and who is left when the work is done is not missed.
            return None;
        } else {
            stuck(store)
        };
        (!waits.is_empty()).then(|| Self::name(store, waits))
    }

    fn name(store: &Store, mut waits: Vec<(LaneId, Wait)>) -> Self {
        let circle = circle(&waits, store);
        let place = |lane: LaneId| circle.iter().position(|it| *it == lane);
        waits.sort_by_key(|(lane, _)| (place(*lane).unwrap_or(usize::MAX), *lane));
        let wanted: HashSet<ObjectId, Ids> = waits.iter().map(|(_, wait)| wait.span.on).collect();
        let mut held: HashMap<LaneId, Vec<Held>, Ids> = HashMap::default();
        let mut objects: Vec<ObjectId> = wanted.into_iter().collect();
        objects.sort_unstable();
        for on in objects {
            for hold in store.object(on).map(|object| object.holders()).unwrap_or_default() {
                let (title, taken_at) = (store.object_title(on), store.site(hold.file, hold.line));
                held.entry(hold.lane).or_default().push(Held { on, title, taken_at });
            }
        }
        let lanes = waits.iter().map(|(lane, wait)| {
            let at = place(*lane);
            let next = at.map(|at| circle[(at + 1) % circle.len()]);
            let holder = next.or_else(|| holders_of(store, wait).last().copied());
            Stuck {
                lane: *lane,
                title: store.lane_title(*lane),
                span: SpanRef { lane: *lane, index: wait.span.index },
                since: wait.span.start,
                on: wait.span.on,
                kind: wait.kind,
                wants: match wait.kind {
                    ObjectKind::End => {
                        format!("end of {}", holder.map(|holder| store.lane_title(holder)).unwrap_or_default())
                    }
                    _ => store.object_title(wait.span.on),
                },
                at: store.span_site(&wait.span),
                holder,
                holder_title: holder.map(|holder| store.lane_title(holder)),
                holder_ended: holder.and_then(|holder| store.lane(holder)).is_some_and(was_over),
                holds: held.get(lane).cloned().unwrap_or_default(),
                in_circle: at.map(|at| at as u32 + 1),
            }
        });
        Self { lanes: lanes.collect(), circle: circle.len() }
    }

    /// In few words: "thread 1 and thread 2 wait for each other".
    pub fn brief(&self) -> String {
        let circle: Vec<&str> = self.lanes[..self.circle].iter().map(|stuck| stuck.title.as_str()).collect();
        match (circle.as_slice(), self.lanes.as_slice()) {
            ([], [one]) => format!("{} waits for what can never come", one.title),
            ([], all) => format!("{} lanes wait for what can never come", all.len()),
            ([one], _) => format!("{one} waits for itself"),
            ([rest @ .., last], _) if rest.len() < MOST_NAMED => {
                format!("{} and {last} wait for each other", rest.join(", "))
            }
            (all, _) => format!("{} lanes wait for each other", all.len()),
        }
    }

    /// Whether a lane is one of those that can never go on.
    pub fn holds_up(&self, lane: LaneId) -> bool {
        self.lanes.iter().any(|stuck| stuck.lane == lane)
    }

    /// All of it: who holds what and waits for what, the circle first.
    pub fn sentence(&self) -> String {
        let (circle, others) = self.lanes.split_at(self.circle);
        let mut text = String::from("Deadlock: ");
        let rest = if circle.is_empty() {
            match others {
                [one] if one.holder.is_none() => {
                    return format!("Deadlock: {}, and nobody is left to wake it.", one.sentence());
                }
                _ if others.iter().all(|stuck| stuck.holder.is_none()) => {
                    text.push_str("everyone waits and nobody is left to wake them: ");
                }
                _ => {}
            }
            others
        } else {
            text.push_str(&listed(circle));
            if !others.is_empty() {
                text.push_str(". Because of that, ");
            }
            others
        };
        text.push_str(&listed(rest));
        text.push('.');
        text
    }

    pub(crate) fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.key("sentence").text(&self.sentence());
            json.key("circle").number(Some(self.circle as u64));
            json.key("lanes").list(&self.lanes, |stuck, json| {
                json.object(|json| {
                    json.key("name").text(&stuck.title);
                    json.key("waits_for").text(&stuck.wants);
                    json.key("kind").text(stuck.kind.text());
                    json.key("at").optional(stuck.at.as_deref());
                    json.key("held_by").optional(stuck.holder_title.as_deref());
                    json.key("since_ns").number(Some(stuck.since.0));
                    json.key("holds").list(&stuck.holds, |held, json| {
                        json.object(|json| {
                            json.key("name").text(&held.title);
                            json.key("taken_at").optional(held.taken_at.as_deref());
                        });
                    });
                });
            });
        });
    }
}

fn listed(lanes: &[Stuck]) -> String {
    let mut text: Vec<String> = lanes.iter().take(MOST_NAMED).map(Stuck::sentence).collect();
    if lanes.len() > MOST_NAMED {
        text.push(format!("and {} more", crate::amounts::count((lanes.len() - MOST_NAMED) as u64, "lane")));
    }
    text.join("; ")
}

impl Stuck {
    /// "thread 1 holds lock left (taken at bank.rs:12) and waits for lock right at bank.rs:14".
    pub fn sentence(&self) -> String {
        let the = |title: &str, kind: ObjectKind| match kind {
            ObjectKind::End | ObjectKind::Gil => format!("the {title}"),
            _ => title.to_owned(),
        };
        let mut text = self.title.clone();
        let mut waits_for_own = false;
        for (at, held) in self.holds.iter().enumerate() {
            text.push_str(if at == 0 { " holds " } else { ", " });
            let gil = self.kind == ObjectKind::Gil && held.on == self.on || held.title == "GIL";
            text.push_str(&the(&held.title, if gil { ObjectKind::Gil } else { ObjectKind::Lock }));
            if let Some(site) = &held.taken_at {
                text.push_str(&format!(" (taken at {site})"));
            }
            waits_for_own |= held.on == self.on;
        }
        if !self.holds.is_empty() {
            text.push_str(" and");
        }
        match self.kind {
            ObjectKind::Gil => text.push_str(" wants the GIL"),
            _ if waits_for_own => text.push_str(" waits for it again"),
            kind => text.push_str(&format!(" waits for {}", the(&self.wants, kind))),
        }
        if let Some(site) = &self.at {
            text.push_str(&format!(" at {site}"));
        }
        match &self.holder_title {
            Some(holder) if self.holder_ended => text.push_str(&format!(", which {holder} kept when it ended")),
            Some(holder) if self.in_circle.is_none() && self.kind != ObjectKind::End => {
                text.push_str(&format!(", held by {holder}"));
            }
            _ => {}
        }
        text
    }
}

/// Lanes that waited for each other in a circle when they were stopped, through things that others could have released;
/// empty if the run ended otherwise.
pub(crate) fn stopped_circle(store: &Store) -> Vec<Stuck> {
    let waits = store.lanes().iter().filter_map(|lane| Some((lane.id, wait_of(store, lane, was_over)?)));
    let waits: Vec<(LaneId, Wait)> = waits.collect();
    let circle = circle(&waits, store);
    let waits = waits.into_iter().filter(|(lane, _)| circle.contains(lane)).collect();
    Deadlock::name(store, waits).lanes
}
