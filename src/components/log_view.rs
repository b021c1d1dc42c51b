//! What was said: by the page about its runs, and by the lanes of the run that is shown.

use std::collections::HashMap;

use interleave_timeline::SpanRef;
use interleave_timeline::amounts::moment;
use interleave_trace::{LaneId, Level, TimeNs};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::panel::ViewProps;
use crate::chart::Chosen;
use crate::output::{line_named, rows};
use crate::recording::Recording;
use crate::session::{Action, Tone};

/// How many of a run's notes are shown: its last ones.
const MOST_NOTES: usize = 1_000;

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "line",
        Tone::Good => "line good",
        Tone::Warning => "line warning",
        Tone::Bad => "line bad",
    }
}

fn notes(recording: &Recording, props: &ViewProps, only: Option<LaneId>) -> Html {
    let (store, ticket) = (&recording.store, recording.ticket);
    let (mut rows, skipped) = rows(store, MOST_NOTES);
    rows.retain(|row| only.is_none_or(|lane| row.lane == lane));
    // As notes come, others leave: who is still there is known by its key, and not drawn again.
    let mut met = HashMap::new();
    let mut key_of = |lane: LaneId, time: TimeNs| {
        let before = met.entry((lane, time)).or_insert(0_u32);
        *before += 1;
        format!("{}-{}-{before}", lane.0, time.0)
    };
    html! {
        <>
            if skipped > 0 {
                <li class="line">{ format!("{skipped} earlier notes are in the saved file.") }</li>
            }
            { for rows.into_iter().map(|row| {
                let (tone, written) = match row.level {
                    Level::Info => (Tone::Plain, None),
                    Level::Warning => (Tone::Warning, None),
                    Level::Error => (Tone::Bad, None),
                    Level::Out => (Tone::Plain, Some("written")),
                    Level::Err => (Tone::Bad, Some("written")),
                };
                let lane = row.lane.some().map(|lane| store.lane_title(lane)).unwrap_or_default();
                let text = match line_named(&row.text) {
                    Some(line) if written.is_some() => {
                        let dispatcher = props.session.dispatcher();
                        let onclick = move |_: MouseEvent| dispatcher.dispatch(Action::LineChosen(line));
                        html! { <button type="button" class="line-link" {onclick}>{ row.text }</button> }
                    }
                    _ => html! { row.text },
                };
                let when = moment(row.time.0 as i64 - store.zero().0 as i64);
                let when = match store.span_at(row.lane, row.time) {
                    Some(span) if written.is_some() => {
                        let (bench, span) = (props.bench.clone(), SpanRef { lane: span.lane, index: span.index });
                        let onclick = move |_: MouseEvent| bench.choose(Chosen { ticket, span });
                        html! { <button type="button" class="moment" title="Show this moment on the timeline" {onclick}>{ when }</button> }
                    }
                    _ => html! { when },
                };
                html! {
                    <li key={key_of(row.lane, row.time)} class={classes!(class(tone), written)}>
                        <span class="when">{ when }</span>
                        <span class="who">{ lane }</span>
                        <span>{ text }</span>
                    </li>
                }
            }) }
        </>
    }
}

#[component]
pub fn LogView(props: &ViewProps) -> Html {
    let shelf = props.bench.shelf.borrow();
    let recording = props.ticket.and_then(|ticket| shelf.get(ticket));
    let only = use_state(|| None::<LaneId>);
    let speakers = recording.map_or(Vec::new(), |recording| recording.store.speakers().to_vec());
    // Another run has other lanes.
    let only_now = only.filter(|lane| speakers.contains(lane));
    let pick = {
        let (only, speakers) = (only.clone(), speakers.clone());
        move |event: Event| {
            if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
                let nth = usize::try_from(select.selected_index() - 1).ok();
                only.set(nth.and_then(|nth| speakers.get(nth).copied()));
            }
        }
    };
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
                    { for before.map(|recording| notes(recording, props, only_now)) }
                    <li class={class(line.said.tone)}>
                        <span class="when"></span><span class="who">{ "page" }</span><span>{ &line.said.text }</span>
                    </li>
                </>
            }
        })
        .collect();
    let rest = recording.filter(|_| !told).map(|recording| notes(recording, props, only_now));
    let is_empty = lines.is_empty() && recording.is_none_or(|recording| recording.store.notes().is_empty());
    html! {
        <div class="log-view">
            if let (true, Some(recording)) = (speakers.len() > 1, recording) {
                <label class="log-filter">{ "Lanes " }
                    <select onchange={pick}>
                        <option selected={only_now.is_none()}>{ "all" }</option>
                        { for speakers.iter().map(|lane| html! {
                            <option selected={only_now == Some(*lane)}>{ recording.store.lane_title(*lane) }</option>
                        }) }
                    </select>
                </label>
            }
            <div role="log" aria-label="Log">
                <ol class="log">
                    { for lines }
                    { for rest }
                    if is_empty {
                        <li class="nothing">{ "Nothing was said yet." }</li>
                    }
                </ol>
            </div>
        </div>
    }
}
