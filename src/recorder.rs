//! Runs what the session asks for and takes its trace in, a frame at a time.
//!
//! It owns the one run that is under way. It is looked at once a frame, and also when a worker has something
//! to say, since a tab in the background gets no frames.

use std::rc::Rc;

use interleave_timeline::{Note, Report, Watch};
use interleave_trace::{LaneId, clock, ring::Slot};
use js_sys::Array;
use wasm_bindgen::JsValue;
use yew::Callback;

use crate::browser;
use crate::engine_client::{Ended, Phase, Run};
use crate::output::{Row, Told, in_order, last_line, rows};
use crate::recording::{Recording, Shelf};
use crate::session::{Action, Ending, Measured, Stage, Surroundings, Ticket, UnderWay};

/// How often the picture is copied while it fills in, in milliseconds.
const PICTURE_EVERY_MS: f64 = 100.0;

struct Live {
    ticket: Ticket,
    run: Run,
    stage: Stage,
    picture_ms: f64,
    watch: Watch,
    told: Told,
    loaded: Option<f64>,
    asked: Option<LaneId>,
}

/// See the module's text.
#[derive(Default)]
pub struct Recorder {
    live: Option<Live>,
    buffer: Vec<Slot>,
}

impl Recorder {
    /// Starts what the session asks for.
    pub fn start(
        &mut self,
        shelf: &mut Shelf,
        wanted: UnderWay,
        program: Rc<str>,
        here: Surroundings,
        wake: Callback<()>,
    ) {
        let date = browser::date();
        shelf.put(Recording::new(wanted.ticket, wanted.spec, here.cores, here.isolated, date));
        let run = Run::start(wanted.spec, program, wake);
        let (ticket, watch, told) = (wanted.ticket, Watch::default(), Told::default());
        self.live =
            Some(Live { ticket, run, stage: Stage::Loading, picture_ms: 0.0, watch, told, loaded: None, asked: None });
        let query = JsValue::from_str(&wanted.spec.to_query());
        browser::announce("interleave:run", &browser::detail("{}", &[("spec", query)]));
    }

    /// Ends the run's workers at once.
    pub fn stop(&mut self) {
        if let Some(live) = &mut self.live {
            live.run.stop();
        }
    }

    /// Gives the lane that asked its line, or the end of all input.
    pub fn answer(&mut self, line: Option<&str>) {
        if let Some(live) = &mut self.live {
            live.run.answer(line);
            live.asked = None;
        }
    }

    /// Whether there is something to take in.
    pub fn is_running(&self) -> bool {
        self.live.is_some()
    }

    /// Takes in what was recorded since, and gives what the session should know.
    pub fn look(&mut self, shelf: &mut Shelf, now_ms: f64) -> Vec<Action> {
        let mut news = Vec::new();
        let Some(live) = &mut self.live else { return news };
        let Some(recording) = shelf.get_mut(live.ticket) else {
            self.live = None;
            return news;
        };
        // The phase first: what was recorded before the end is there once the end is known.
        let mut phase = live.run.phase();
        let take_in = |run: &mut Run, recording: &mut Recording, buffer: &mut Vec<Slot>, over: bool| {
            buffer.clear();
            run.drain(buffer);
            // A clock that counts steps stands still between them.
            let runs = !over && recording.spec.seed.is_none() && recording.spec.switches.is_none();
            recording.grow(buffer, runs.then(clock::now));
        };
        let mut over = matches!(phase, Phase::Ended(_));
        take_in(&mut live.run, recording, &mut self.buffer, over);
        if !over
            && live.run.reads_in_order()
            && let Some(deadlock) = live.watch.look(&recording.store)
        {
            live.run.give_up_on(deadlock);
            (phase, over) = (live.run.phase(), true);
            take_in(&mut live.run, recording, &mut self.buffer, over);
        }
        if recording.spec.is_python() {
            live.told.tell(recording, over);
        }
        if over || now_ms - live.picture_ms >= PICTURE_EVERY_MS {
            live.picture_ms = now_ms;
            if let Some(edge) = live.run.picture_edge() {
                recording.picture.edge = edge;
                live.run.copy_picture(&mut recording.picture.rgba);
            }
        }
        let stage = match phase {
            Phase::Loading => Stage::Loading,
            Phase::Preparing => Stage::Preparing,
            Phase::Running => Stage::Running,
            Phase::Ended(ended) => {
                let ticket = live.ticket;
                self.live = None;
                let report = recording.close();
                let ending = ending(recording, &report, ended);
                announce_finished(recording, &report, &ending);
                news.push(Action::RunEnded(ticket, ending));
                return news;
            }
        };
        if stage == Stage::Loading
            && let Some(bytes) = live.run.loaded().filter(|bytes| live.loaded != Some(*bytes))
        {
            live.loaded = Some(bytes);
            news.push(Action::Loading(live.ticket, bytes));
        }
        let asked = live.run.asked();
        if asked != live.asked {
            live.asked = asked;
            if let Some(lane) = asked {
                news.push(Action::LineAsked(live.ticket, recording.store.lane_title(lane)));
                browser::announce("interleave:asked", &JsValue::NULL);
            }
        }
        if stage != live.stage {
            live.stage = stage;
            news.push(Action::StageReached(live.ticket, stage));
        }
        news
    }
}

fn ending(recording: &mut Recording, report: &Report, ended: Ended) -> Ending {
    match ended {
        Ended::Finished => {
            let (checked, summary) = match &report.result {
                // A program that ended well says itself what came of it.
                Some(result) if result.passed && recording.spec.is_python() => {
                    (true, last_line(&recording.store).unwrap_or_else(|| result.summary.clone()))
                }
                Some(result) => (result.passed, result.summary.clone()),
                None => (false, String::new()),
            };
            Ending::Finished(Measured { wall_ns: report.wall_ns.unwrap_or(0), checked, summary })
        }
        Ended::Stopped => Ending::Stopped,
        Ended::Deadlocked(deadlock) => Ending::Deadlocked { brief: deadlock.brief(), sentence: deadlock.sentence() },
        Ended::Failed { lane, failure } => {
            let lane = recording.store.lane_title(lane);
            let ending = Ending::Failed { lane: lane.clone(), sentence: failure.to_string(), advice: failure.advice() };
            recording.failure = Some((lane, failure));
            ending
        }
    }
}

/// How many lines a sketch has: the last ones.
const MOST_SKETCHED_LINES: usize = 40;

/// How many lines of a run's output are told; the log of the page has them all.
const MOST_LINES: usize = 1_000;

/// What lanes said: when, who, what.
fn output(recording: &Recording) -> Array {
    let store = &recording.store;
    let line = |note: &Note| {
        let ms = note.time.0 as f64 - store.zero().0 as f64;
        let fields = [
            ("ms", JsValue::from_f64(ms / 1e6)),
            ("lane", JsValue::from_str(&note.lane.some().map(|lane| store.lane_title(lane)).unwrap_or_default())),
            ("text", JsValue::from_str(store.name(note.text))),
        ];
        browser::detail("{}", &fields)
    };
    in_order(store, store.notes()).iter().take(MOST_LINES).map(line).collect()
}

/// The run as it can be drawn where nothing of ours runs, with where it was measured.
fn sketch(recording: &Recording, report: &Report) -> JsValue {
    let store = &recording.store;
    let (rows, skipped) = rows(store, MOST_LINES);
    let earlier = rows.len().saturating_sub(MOST_SKETCHED_LINES);
    let line = |row: &Row| {
        let lane = row.lane.some().map(|lane| store.lane_title(lane)).unwrap_or_default();
        Array::of2(&JsValue::from_str(&lane), &JsValue::from_str(&row.text))
    };
    let fields = [
        ("lines", rows[earlier..].iter().map(line).collect::<Array>().into()),
        ("earlier_lines", (earlier + skipped).into()),
        ("cores", recording.cores.into()),
        ("isolated", recording.isolated.into()),
        ("date", JsValue::from_str(&recording.date)),
        ("browser", JsValue::from_str(&browser::user_agent())),
    ];
    browser::detail(&interleave_timeline::sketch(store, &recording.rows, report), &fields)
}

fn announce_finished(recording: &Recording, report: &Report, ending: &Ending) {
    let (outcome, error) = match ending {
        Ending::Finished(_) => ("finished", None),
        Ending::Stopped => ("stopped", None),
        Ending::Deadlocked { sentence, .. } => ("deadlocked", Some(sentence.clone())),
        Ending::Failed { lane, sentence, .. } => ("failed", Some(format!("{lane}: {sentence}"))),
    };
    let result = report.result.as_ref();
    let text = |text: Option<&str>| text.map_or(JsValue::NULL, JsValue::from_str);
    let digest = result.map(|result| format!("{:016x}", result.digest));
    let spec = &recording.spec;
    let fields = [
        ("outcome", text(Some(outcome))),
        ("checked", JsValue::from_bool(result.is_some_and(|result| result.passed))),
        ("summary", text(result.map(|result| result.summary.as_str()))),
        ("digest", text(digest.as_deref())),
        ("model", text(Some(spec.model.id()))),
        ("workload", text(Some(spec.workload.info().id))),
        ("spec", text(Some(&spec.to_query()))),
        ("wall_ms", report.wall_ns.map_or(JsValue::NULL, |ns| JsValue::from_f64(ns as f64 / 1e6))),
        ("error", text(error.as_deref())),
        ("output", output(recording).into()),
        ("sketch", sketch(recording, report)),
    ];
    browser::announce("interleave:finished", &browser::detail(&report.to_json(), &fields));
}
