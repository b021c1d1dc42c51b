//! What is under the pointer, what it is in words, and where the keyboard goes from there.
//!
//! Pointing goes through the same pieces as the picture, so what is found is what is seen: a span where a bar
//! is, and all the spans of a cell where they are too narrow to be told apart.

use std::ops::Range;

use interleave_trace::{LaneId, ObjectId, ObjectKind, Outcome, State, TimeNs};

use crate::amounts::{count, duration, moment, percent};
use crate::edges::{EdgeId, EdgeKind};
use crate::lanes::Rows;
use crate::scene::{SpanRef, edges_of_span, pieces};
use crate::store::{Span, Store, WaitEnd, is_blocked};
use crate::viewport::{CssPx, Viewport};

/// What is at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The lane whose row it is.
    pub lane: LaneId,
    /// The spans that are drawn there: none beside the lane's bars, one on a bar, several on a cell.
    pub spans: Range<usize>,
    /// The state that is drawn there.
    pub state: Option<State>,
}

impl Hit {
    /// The one span at the point; on a cell the first one.
    pub fn span(&self) -> Option<SpanRef> {
        (!self.spans.is_empty()).then_some(SpanRef { lane: self.lane, index: self.spans.start })
    }
}

/// What is at a point of the picture.
pub fn hit(store: &Store, rows: &Rows, viewport: &Viewport, x: CssPx, y: CssPx) -> Option<Hit> {
    let row = rows.rows().get(viewport.row_at(y, rows.len())?)?;
    let lane = store.lanes().get(row.place as usize)?;
    let beside = Hit { lane: row.lane, spans: 0..0, state: None };
    if x < 0.0 || x >= viewport.width {
        return Some(beside);
    }
    // Pieces begin anew at the left edge of a picture, so they are asked for from there.
    let piece = pieces(store, lane, viewport).take_while(|piece| piece.left <= x).find(|piece| x < piece.right);
    Some(match piece {
        Some(piece) => Hit { lane: row.lane, spans: piece.spans, state: Some(piece.state) },
        None => beside,
    })
}

/// A thing in words: one sentence, and its facts one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// All of it in one sentence.
    pub sentence: String,
    /// Name and value of each fact.
    pub facts: Vec<(&'static str, String)>,
}

/// What was hit, in words.
pub fn describe(store: &Store, hit: &Hit) -> Description {
    match hit.spans.len() {
        0 => describe_lane(store, hit.lane),
        1 => describe_span(store, SpanRef { lane: hit.lane, index: hit.spans.start }),
        _ => describe_cell(store, hit),
    }
}

/// What a lane does in a state: "was running".
fn was(state: State, open: bool) -> &'static str {
    match (state, open) {
        (State::Starting, false) => "was starting",
        (State::Running, false) => "was running",
        (State::Ready, false) => "was ready",
        (State::Waiting, false) => "was waiting",
        (State::Sleeping, false) => "was sleeping",
        (State::Io, false) => "was at I/O",
        (State::Starting, true) => "has been starting",
        (State::Running, true) => "has been running",
        (State::Ready, true) => "has been ready",
        (State::Waiting, true) => "has been waiting",
        (State::Sleeping, true) => "has been sleeping",
        (State::Io, true) => "has been at I/O",
    }
}

/// A time in words, counted from the run's zero.
fn at(store: &Store, time: TimeNs) -> String {
    moment(time.0 as i64 - store.zero().0 as i64)
}

/// One span in words: "thread 2 was running “rows 32” for 3.1 ms, from 12.4 ms to 15.5 ms."
pub fn describe_span(store: &Store, chosen: SpanRef) -> Description {
    let Some(span) = store.span(chosen.lane, chosen.index) else { return Description::default() };
    let (lane, title) = (store.lane_title(span.lane), store.span_title(&span));
    let took = duration(span.duration_ns());
    let mut sentence = format!("{lane} {}", was(span.state, span.open));
    if wants_gil(store, &span) {
        sentence = format!("{lane} {} the GIL", if span.open { "wants" } else { "wanted" });
    } else if !title.is_empty() {
        let on = if is_blocked(span.state) { " for" } else { "" };
        sentence.push_str(&format!("{on} “{title}”"));
    }
    let mut facts = vec![("Lane", lane), ("State", span.state.text().to_owned())];
    if !title.is_empty() {
        facts.push(("What", title));
    }
    if let Some(site) = store.span_site(&span) {
        sentence.push_str(&format!(" at {site}"));
        facts.push(("Called at", site));
    }
    if let Some(holder) = holder_of(store, &span) {
        let taken = taken_at(store, span.on, holder, span.start);
        let holder = store.lane_title(holder);
        sentence.push_str(&format!(", held by {holder},"));
        facts.push(("Held by", holder));
        if let Some(site) = taken {
            facts.push(("Taken at", site));
        }
    }
    let (start, end) = (at(store, span.start), at(store, span.end));
    if span.open {
        sentence.push_str(&format!(" for {took} so far, since {start}"));
    } else {
        sentence.push_str(&format!(" for {took}, from {start} to {end}"));
    }
    facts.push(("Duration", took));
    facts.push(("From", start));
    facts.push(("To", if span.open { "still open".to_owned() } else { end }));
    if span.timed {
        facts.push(("Waits", "no longer than a set time".to_owned()));
    }
    if is_blocked(span.state) && store.wait_end(&span) == WaitEnd::TimedOut {
        sentence.push_str("; then its time was up");
        facts.push(("Ended", "its time was up".to_owned()));
    } else if matches!(store.wait_end(&span), WaitEnd::Over(Outcome::Deadlocked)) {
        sentence.push_str("; that could never have ended");
        facts.push(("Ended", "never: deadlock".to_owned()));
    } else if let Some((_, edge)) = waker(store, &span) {
        let waker = store.lane_title(edge.from);
        sentence.push_str(&format!("; {waker} let it go on"));
        facts.push(("Let go on by", waker));
    }
    sentence.push('.');
    Description { sentence, facts }
}

/// Whether a lane could run, but for the GIL.
fn wants_gil(store: &Store, span: &Span) -> bool {
    span.state == State::Ready && store.object_kind(span.on) == Some(ObjectKind::Gil)
}

/// Who had what a span waits for when it began to wait: as the lane itself told, or as others did.
pub(crate) fn holder_of(store: &Store, span: &Span) -> Option<LaneId> {
    if span.holder.some().is_some() {
        return span.holder.some();
    }
    if !is_blocked(span.state) {
        return None;
    }
    let holds = store.object(span.on)?.holds();
    let then =
        |since: TimeNs, until: Option<TimeNs>| since <= span.start && until.is_none_or(|until| until > span.start);
    let mut holders = holds.iter().filter(|hold| hold.lane != span.lane && then(hold.since, hold.until));
    let first = holders.next()?.lane;
    // Of several none alone is to blame.
    holders.next().is_none().then_some(first)
}

/// Where a lane took what it had at a time.
fn taken_at(store: &Store, on: ObjectId, holder: LaneId, time: TimeNs) -> Option<String> {
    let hold = store.object(on)?.hold_at(holder, time)?;
    store.site(hold.file, hold.line)
}

fn describe_cell(store: &Store, hit: &Hit) -> Description {
    let spans = store.lane(hit.lane).and_then(|lane| {
        let first = store.span_of(lane, hit.spans.start)?;
        let last = store.span_of(lane, hit.spans.end.checked_sub(1)?)?;
        Some((lane, first.start, last.end))
    });
    let Some((lane, start, end)) = spans else { return Description::default() };
    let (title, totals) = (store.lane_title(hit.lane), store.totals(lane, start, end));
    let number = count(hit.spans.len() as u64, "span");
    let took = duration(end.since(start));
    let mut facts = vec![("Lane", title.clone()), ("Spans", number.clone()), ("Duration", took.clone())];
    let mut parts = Vec::new();
    for state in State::ALL {
        if totals.get(*state) > 0 {
            let share = percent(totals.get(*state) as f64 / totals.sum().max(1) as f64);
            parts.push(format!("{share} {}", state.text()));
        }
    }
    facts.push(("From", at(store, start)));
    facts.push(("To", at(store, end)));
    let mut sentence = format!("{title} had {number} in {took}");
    if !parts.is_empty() {
        sentence.push_str(": ");
        sentence.push_str(&parts.join(", "));
        facts.push(("States", parts.join(", ")));
    }
    sentence.push_str("; zoom in to see them.");
    Description { sentence, facts }
}

/// A lane in words: "thread 2, a thread of host, ran for 12.1 ms of 15.0 ms and has completed."
pub fn describe_lane(store: &Store, id: LaneId) -> Description {
    let Some(lane) = store.lane(id) else { return Description::default() };
    let title = store.lane_title(id);
    let mut sentence = format!("{title}, a {}", lane.kind.text());
    let mut facts = vec![("Lane", title), ("Kind", lane.kind.text().to_owned())];
    if lane.parent.some().is_some() {
        let parent = store.lane_title(lane.parent);
        sentence.push_str(&format!(" asked for by {parent}"));
        facts.push(("Asked for by", parent));
    }
    if let Some(start) = lane.first_start() {
        let end = store.lane_end(lane);
        let totals = store.totals(lane, start, end);
        let (busy, all) = (duration(totals.get(State::Running)), duration(end.since(start)));
        sentence.push_str(&format!(", was running for {busy} of {all}"));
        facts.push(("Running", busy));
        facts.push(("Lasted", all));
        facts.push(("Spans", count(lane.span_count() as u64, "span")));
    }
    if let Some(start_up) = lane.start_up_ns() {
        facts.push(("Start-up", duration(start_up)));
    }
    if let Some((end, outcome)) = lane.ended {
        let end = at(store, end);
        sentence.push_str(&format!(" and {} at {end}", outcome.text()));
        facts.push(("Ended", format!("{} at {end}", outcome.text())));
    }
    sentence.push('.');
    Description { sentence, facts }
}

/// An edge in words: "host sent a message to process 2: it took 0.3 ms."
pub fn describe_edge(store: &Store, id: EdgeId) -> Description {
    let Some(edge) = store.edge(id) else { return Description::default() };
    let (from, to) = (store.lane_title(edge.from), store.lane_title(edge.to));
    let took = duration(edge.arrived.since(edge.left));
    let sentence = match edge.kind {
        EdgeKind::Spawn => format!("{from} asked for {to}, which started {took} later."),
        EdgeKind::Join => format!("{to} knew {took} later that {from} had ended."),
        EdgeKind::Message => format!("{from} sent a message to {to}, which received it {took} later."),
        EdgeKind::Wake if store.object_kind(edge.on).is_some() => {
            let through = store.object_title(edge.on);
            format!("{from} let {to} go on through “{through}”, which it did {took} later.")
        }
        EdgeKind::Wake => format!("{from} let {to} go on, which it did {took} later."),
    };
    let mut facts = vec![
        ("Edge", edge.kind.text().to_owned()),
        ("From", from),
        ("To", to),
        ("Left", at(store, edge.left)),
        ("Arrived", at(store, edge.arrived)),
        ("Took", took),
    ];
    if store.object_kind(edge.on).is_some() {
        facts.insert(1, ("Through", store.object_title(edge.on)));
    }
    Description { sentence, facts }
}

/// The edge that ended a wait.
fn waker<'a>(store: &'a Store, span: &Span) -> Option<(EdgeId, &'a crate::edges::Edge)> {
    if !is_blocked(span.state) || span.open {
        return None;
    }
    match store.wait_end(span) {
        WaitEnd::Woken { by } => return store.edge(by).map(|edge| (by, edge)),
        WaitEnd::TimedOut => return None,
        WaitEnd::Open | WaitEnd::Over(_) | WaitEnd::Unknown => {}
    }
    let rank = |kind: EdgeKind| (kind == EdgeKind::Wake) as u8;
    let edges = edges_of_span(store, SpanRef { lane: span.lane, index: span.index });
    let arriving = edges.into_iter().filter(|(_, edge)| edge.to == span.lane && edge.from != span.lane);
    let causes = arriving.filter(|(_, edge)| edge.kind != EdgeKind::Spawn && edge.left <= span.end);
    causes.max_by_key(|(_, edge)| (rank(edge.kind), edge.arrived))
}

/// A step of the keyboard through the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The span after this one.
    Next,
    /// The span before this one.
    Previous,
    /// The lane above, at the same time.
    Up,
    /// The lane below, at the same time.
    Down,
    /// The lane's first span.
    First,
    /// The lane's last span.
    Last,
    /// Whoever this wait was for: who let it go on, or who holds what it waits for.
    Unblocker,
    /// Who had what this wait was for when it began.
    Holder,
}

/// Which steps lead from a wait to those that it was for, where they lead anywhere: to the holder when it began, and to
/// the wake that ended it.
pub fn ways_from_wait(store: &Store, rows: &Rows, from: SpanRef) -> Vec<Step> {
    let Some(span) = store.span(from.lane, from.index) else { return Vec::new() };
    let mut ways = Vec::new();
    if (is_blocked(span.state) || wants_gil(store, &span)) && step(store, rows, from, Step::Holder).is_some() {
        ways.push(Step::Holder);
    }
    if waker(store, &span).is_some() {
        ways.push(Step::Unblocker);
    }
    ways
}

/// Where a step leads from a span; `None` if it leads nowhere.
pub fn step(store: &Store, rows: &Rows, from: SpanRef, step: Step) -> Option<SpanRef> {
    let lane = store.lane(from.lane)?;
    let on_lane = |index: usize| (index < lane.span_count()).then_some(SpanRef { lane: from.lane, index });
    match step {
        Step::Next => on_lane(from.index + 1),
        Step::Previous => on_lane(from.index.checked_sub(1)?),
        Step::First => on_lane(0),
        Step::Last => on_lane(lane.span_count().checked_sub(1)?),
        Step::Up | Step::Down => {
            let start = store.span(from.lane, from.index)?.start;
            let row = rows.row_of(store, from.lane)?;
            let on_row = |row: usize| nearest(store, rows.rows().get(row)?.lane, start);
            if step == Step::Up { (0..row).rev().find_map(on_row) } else { (row + 1..rows.len()).find_map(on_row) }
        }
        Step::Unblocker => {
            let span = store.span(from.lane, from.index)?;
            let waits = is_blocked(span.state) || wants_gil(store, &span);
            match waker(store, &span).filter(|_| waits) {
                None if !waits => None,
                Some((_, edge)) => doing(store, edge.from, edge.left),
                None => nearest(store, holder_of(store, &span)?, span.start),
            }
        }
        Step::Holder => {
            let span = store.span(from.lane, from.index)?;
            nearest(store, holder_of(store, &span).filter(|holder| *holder != from.lane)?, span.start)
        }
    }
}

/// The span of a lane at a time, or the one nearest to it.
pub fn nearest(store: &Store, lane: LaneId, time: TimeNs) -> Option<SpanRef> {
    let known = store.lane(lane).filter(|known| known.span_count() > 0)?;
    Some(SpanRef { lane, index: known.begun_by(time.0).unwrap_or(0) })
}

/// What a lane was doing when it did something: who lets another go on and waits at the same instant was not
/// waiting.
fn doing(store: &Store, lane: LaneId, time: TimeNs) -> Option<SpanRef> {
    let found = nearest(store, lane, time)?;
    let span = store.span(lane, found.index)?;
    let before = found.index.checked_sub(1).filter(|_| span.start == time && is_blocked(span.state));
    Some(SpanRef { lane, index: before.unwrap_or(found.index) })
}

/// A span to begin with: the first of the first row that has one.
pub fn first_span(store: &Store, rows: &Rows) -> Option<SpanRef> {
    rows.rows().iter().find_map(|row| nearest(store, row.lane, TimeNs(0)))
}
