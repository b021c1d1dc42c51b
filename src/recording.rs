//! The traces that the page holds, by ticket, each with what is derived from it.
//!
//! They live outside the session's state: a trace grows sixty times a second and may hold a million spans, and
//! a state that is compared and cloned must be small. A trace that nothing of the state names any more is
//! dropped.

use std::rc::Rc;

use interleave_protocol::{Failure, RunSpec};
use interleave_timeline::{Report, Rows, Store};
use interleave_trace::{Saved, SavedError, TimeNs, ring::Slot};

use crate::session::Ticket;

/// A run's picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Its width and height in pixels.
    pub edge: u32,
    /// Its pixels, row by row.
    pub rgba: Vec<u8>,
}

/// One trace.
pub struct Recording {
    /// Which.
    pub ticket: Ticket,
    /// What was run.
    pub spec: RunSpec,
    /// Everything that was told.
    pub store: Store,
    /// Its lanes in their order.
    pub rows: Rows,
    /// Whether nothing will be added.
    pub is_over: bool,
    /// The figures, once it is over.
    pub report: Option<Rc<Report>>,
    /// The picture as far as it was copied.
    pub picture: Picture,
    /// Why it gave up, and on which lane.
    pub failure: Option<(String, Failure)>,
    /// Processors of the machine it ran on.
    pub cores: u32,
    /// Whether it ran isolated.
    pub isolated: bool,
    /// When it ran.
    pub date: String,
}

impl Recording {
    /// One that has just begun.
    pub fn new(ticket: Ticket, spec: RunSpec, cores: u32, isolated: bool, date: String) -> Self {
        Self {
            ticket,
            spec,
            store: Store::default(),
            rows: Rows::default(),
            is_over: false,
            report: None,
            picture: Picture::default(),
            failure: None,
            cores,
            isolated,
            date,
        }
    }

    /// Takes in what was recorded since, up to `now`.
    pub fn grow(&mut self, slots: &[Slot], now: Option<TimeNs>) {
        self.store.append(slots);
        if let Some(now) = now.filter(|_| !self.store.is_empty()) {
            self.store.advance(now);
        }
        self.rows.update(&self.store);
    }

    /// Nothing will be added.
    pub fn close(&mut self) -> Rc<Report> {
        self.is_over = true;
        self.rows.settle(&self.store);
        let report = Rc::new(Report::of(&self.store));
        self.report = Some(report.clone());
        report
    }

    /// The figures, of a run that goes on as far as it has come.
    pub fn figures(&self) -> Rc<Report> {
        self.report.clone().unwrap_or_else(|| Rc::new(Report::of(&self.store)))
    }

    /// As a file: the trace and a query that says what was run and where.
    pub fn to_saved(&self, user_agent: &str) -> Vec<u8> {
        let mut about = form_urlencoded::Serializer::new(self.spec.to_query());
        about.append_pair("cores", &self.cores.to_string());
        about.append_pair("isolated", if self.isolated { "yes" } else { "no" });
        about.append_pair("date", &self.date);
        about.append_pair("browser", user_agent);
        Saved { about: about.finish(), slots: self.store.slots().to_vec() }.to_bytes()
    }

    /// From a file.
    pub fn from_saved(ticket: Ticket, bytes: &[u8]) -> Result<Self, SavedError> {
        let saved = Saved::from_bytes(bytes)?;
        let said = |key: &str| {
            let mut pairs = form_urlencoded::parse(saved.about.as_bytes());
            pairs.find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
        };
        let cores = said("cores").and_then(|cores| cores.parse().ok()).unwrap_or(1);
        let (spec, _) = RunSpec::from_query(&saved.about, cores);
        let isolated = said("isolated").as_deref() == Some("yes");
        let mut recording = Self::new(ticket, spec, cores, isolated, said("date").unwrap_or_default());
        recording.grow(&saved.slots, None);
        recording.close();
        Ok(recording)
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("interleave-{}-{}.interleave", self.spec.workload.info().id, self.spec.model.id())
    }
}

/// All traces that the page holds.
#[derive(Default)]
pub struct Shelf {
    recordings: Vec<Recording>,
}

impl Shelf {
    /// Adds one.
    pub fn put(&mut self, recording: Recording) {
        self.recordings.push(recording);
    }

    /// The one with that ticket.
    pub fn get(&self, ticket: Ticket) -> Option<&Recording> {
        self.recordings.iter().find(|recording| recording.ticket == ticket)
    }

    /// The one with that ticket, to be changed.
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Recording> {
        self.recordings.iter_mut().find(|recording| recording.ticket == ticket)
    }

    /// Drops those that nobody names.
    pub fn keep(&mut self, tickets: &[Ticket]) {
        self.recordings.retain(|recording| tickets.contains(&recording.ticket));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_protocol::{Model, Workload};
    use interleave_trace::{Entry, Event, InstanceId, LaneId, Mark, NameId, State, What};

    fn slots() -> Vec<Slot> {
        let lane = LaneId::new(InstanceId(1), 0);
        let entered = What::Entered {
            state: State::Running,
            name: NameId(1),
            number: 3,
            on: interleave_trace::ObjectId::NONE,
            holder: LaneId::NONE,
            timed: false,
        };
        let mut slots = Vec::new();
        Entry::Name(NameId(1), "rows".into()).encode(&mut slots);
        for (time, what) in [(5, What::Marked(Mark::RunStarted)), (5, entered), (105, What::Marked(Mark::RunFinished))]
        {
            Entry::Event(Event { time: TimeNs(time), lane, what }).encode(&mut slots);
        }
        slots
    }

    #[test]
    fn a_saved_run_opens_to_the_same_figures() {
        let spec = RunSpec { model: Model::Sequential, ..RunSpec::new(Workload::Blur, 2) };
        let mut recording = Recording::new(7, spec, 2, true, "2026-11-21T10:00:00Z".into());
        recording.grow(&slots(), None);
        let report = recording.close();
        assert_eq!(report.wall_ns, Some(100));
        let opened = Recording::from_saved(9, &recording.to_saved("A browser/1.0 (with; signs&)"));
        let opened = opened.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((opened.spec, opened.cores, opened.isolated), (spec, 2, true));
        assert_eq!(opened.report, Some(report));
        assert_eq!(opened.file_name(), "interleave-blur-sequential.interleave");
    }

    #[test]
    fn any_other_file_is_told_apart() {
        assert_eq!(Recording::from_saved(1, b"\x89PNG").err(), Some(SavedError::NotATrace));
    }

    #[test]
    fn a_trace_that_nobody_names_is_dropped() {
        let mut shelf = Shelf::default();
        for ticket in 1..4 {
            shelf.put(Recording::new(ticket, RunSpec::new(Workload::Pi, 2), 2, true, String::new()));
        }
        shelf.keep(&[2]);
        assert!(shelf.get(2).is_some() && shelf.get(1).is_none() && shelf.get(3).is_none());
    }
}
