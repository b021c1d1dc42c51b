//! What was said: by the page about its runs, and by the lanes of the run that is shown.

use std::rc::Rc;

use interleave_timeline::amounts::moment;
use interleave_trace::Level;
use yew::prelude::*;

use crate::hooks::SessionHandle;
use crate::recording::Recording;
use crate::session::{Ticket, Tone};
use crate::workbench::Workbench;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
    pub bench: Rc<Workbench>,
    pub ticket: Option<Ticket>,
    pub growth: u32,
}

/// How many of a run's notes are shown: its last ones.
const MOST_NOTES: usize = 500;

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "line",
        Tone::Good => "line good",
        Tone::Warning => "line warning",
        Tone::Bad => "line bad",
    }
}

fn notes(recording: &Recording) -> Html {
    let store = &recording.store;
    let skipped = store.notes().len().saturating_sub(MOST_NOTES);
    html! {
        <>
            if skipped > 0 {
                <li class="line">{ format!("{skipped} earlier notes are in the saved file.") }</li>
            }
            { for store.notes().iter().skip(skipped).map(|note| {
                let tone = match note.level {
                    Level::Info => Tone::Plain,
                    Level::Warning => Tone::Warning,
                    Level::Error => Tone::Bad,
                };
                let lane = note.lane.some().map(|lane| store.lane_title(lane)).unwrap_or_default();
                html! {
                    <li class={class(tone)}>
                        <span class="when">{ moment(note.time.0 as i64 - store.zero().0 as i64) }</span>
                        <span class="who">{ lane }</span>
                        <span>{ store.name(note.text) }</span>
                    </li>
                }
            }) }
        </>
    }
}

#[component]
pub fn LogView(props: &Props) -> Html {
    let shelf = props.bench.shelf.borrow();
    let recording = props.ticket.and_then(|ticket| shelf.get(ticket));
    let mut told = false;
    let lines: Vec<Html> = props
        .session
        .log
        .iter()
        .map(|line| {
            // A run's notes come before the line that says how it ended.
            let before = recording.filter(|it| line.ticket == Some(it.ticket) && !std::mem::replace(&mut told, true));
            html! {
                <>
                    { for before.map(notes) }
                    <li class={class(line.said.tone)}>
                        <span class="when"></span><span class="who">{ "page" }</span><span>{ &line.said.text }</span>
                    </li>
                </>
            }
        })
        .collect();
    let rest = recording.filter(|_| !told).map(notes);
    let is_empty = lines.is_empty() && recording.is_none_or(|recording| recording.store.notes().is_empty());
    html! {
        <ol class="log" role="log" aria-label="Log">
            { for lines }
            { for rest }
            if is_empty {
                <li class="nothing">{ "Nothing was said yet." }</li>
            }
        </ol>
    }
}
