//! The very files that are run, with the lines at which lanes wait or waited.
//!
//! A line that is pressed chooses its waits on the timeline, one after another; a wait that is chosen on the timeline
//! shows its line here.

use std::rc::Rc;

use interleave_timeline::{Site, amounts::count, amounts::duration, site_of, sites};
use interleave_trace::State;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::panel::ViewProps;
use super::state_bar::{Swatch, state_title};
use crate::browser;
use crate::chart::Chosen;
use crate::listing::pieces;
use crate::recording::Recording;
use crate::session::Ticket;
use crate::workbench::Workbench;

/// What became of a file.
#[derive(Clone, PartialEq)]
enum Listing {
    Coming,
    Here(Rc<str>),
    Missing,
}

#[component]
pub fn SourceView(props: &ViewProps) -> Html {
    let session = &props.session;
    let shelf = props.bench.shelf.borrow();
    let recording = props.ticket.and_then(|ticket| shelf.get(ticket)).filter(|recording| !recording.spec.is_python());
    // Of the run that is shown, or else of the one that would be.
    let spec = recording.map_or(session.spec, |recording| recording.spec);
    let files = spec.sources();
    let picked = use_state(|| 0usize);
    let file = files.get(*picked).or(files.first()).cloned().unwrap_or_default();
    let listing = use_file(&file);
    let chosen = chosen_line(&props.bench, recording, &file);
    use_reveal(chosen);
    let name = file.rsplit('/').next().unwrap_or_default().to_owned();
    let marks: Vec<Site> = recording
        .map_or(Vec::new(), |recording| sites(&recording.store).into_iter().filter(|site| site.file == name).collect());
    let onchange = {
        let picked = picked.clone();
        move |event: Event| {
            if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
                picked.set(select.selected_index().max(0) as usize);
            }
        }
    };
    html! {
        <div class="source">
            <p class="source-head">
                if files.len() > 1 {
                    <label><span class="unseen">{ "File" }</span>
                        <select {onchange}>
                            { for files.iter().enumerate().map(|(n, file)| html! { <option selected={n == *picked}>{ file.clone() }</option> }) }
                        </select>
                    </label>
                } else {
                    <strong>{ &file }</strong>
                }
                <span class="quiet-text">{ told(&marks) }</span>
            </p>
            { match &listing {
                Listing::Coming => html! { <p class="nothing">{ "Loading …" }</p> },
                Listing::Missing => html! { <p class="nothing">{ format!("{file} did not come from the site. Check the connection and open this tab again.") }</p> },
                Listing::Here(text) => html! {
                    <ol class="listing" aria-label={format!("Source of {file}")}>
                        { for text.lines().enumerate().map(|(n, line)| {
                            let number = n as u32 + 1;
                            let site = marks.iter().find(|site| site.line == number);
                            html! { <Line key={n} bench={props.bench.clone()} {number} text={line.to_owned()}
                                mark={site.map(|site| mark(recording, site))} ticket={props.ticket} chosen={chosen == Some(number)} /> }
                        }) }
                    </ol>
                },
            } }
        </div>
    }
}

/// What the lines together say.
fn told(marks: &[Site]) -> String {
    if marks.is_empty() {
        return "the file that is run".to_owned();
    }
    let waits: u64 = marks.iter().map(|site| site.waits).sum();
    format!(
        "{} at {}; press one to see it on the timeline",
        count(waits, "wait"),
        count(marks.len() as u64, "marked line")
    )
}

/// What stands beside a line.
#[derive(Clone, PartialEq)]
struct Mark {
    text: String,
    /// The state of a lane that waits there now.
    now: Option<State>,
    spans: Vec<interleave_timeline::SpanRef>,
}

fn mark(recording: Option<&Recording>, site: &Site) -> Mark {
    let waiting: Vec<String> = recording.map_or(Vec::new(), |recording| {
        site.now.iter().take(3).map(|(lane, _)| recording.store.lane_title(*lane)).collect()
    });
    let text = match waiting.len() {
        0 => format!("{}, {}", count(site.waits, "wait"), duration(site.waited_ns)),
        _ => format!("{} here", waiting.join(", ")),
    };
    Mark { text, now: site.now.first().map(|(_, state)| *state), spans: site.spans.clone() }
}

/// The line of the span that is chosen on the timeline, if it is in this file.
fn chosen_line(bench: &Workbench, recording: Option<&Recording>, file: &str) -> Option<u32> {
    let recording = recording?;
    let chosen = bench.chart.borrow().selected.filter(|chosen| chosen.ticket == recording.ticket)?;
    let span = recording.store.span(chosen.span.lane, chosen.span.index)?;
    let (name, line) = site_of(&recording.store, &span)?;
    file.ends_with(&format!("/{name}")).then_some(line)
}

#[derive(PartialEq, Properties)]
struct LineProps {
    bench: Rc<Workbench>,
    number: u32,
    text: String,
    mark: Option<Mark>,
    ticket: Option<Ticket>,
    chosen: bool,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let code = html! {
        <code>{ for pieces(&props.text).into_iter().map(|(piece, text)| match piece.class() {
            Some(class) => html! { <span {class}>{ text }</span> },
            None => html! { { text } },
        }) }</code>
    };
    let id = format!("line-{}", props.number);
    let current = props.chosen.then_some("true");
    let Some(mark) = &props.mark else {
        return html! { <li {id} aria-current={current}><span class="number">{ props.number }</span>{ code }</li> };
    };
    let onclick = {
        let (bench, spans, ticket) = (props.bench.clone(), mark.spans.clone(), props.ticket);
        move |_: MouseEvent| {
            let Some(ticket) = ticket else { return };
            let present = bench.chart.borrow().selected.map(|chosen| chosen.span);
            let at = present.and_then(|present| spans.iter().position(|span| *span == present));
            let next = spans.get(at.map_or(0, |at| (at + 1) % spans.len().max(1)));
            if let Some(&span) = next {
                bench.choose(Chosen { ticket, span });
            }
        }
    };
    let state = mark.now.unwrap_or(State::Waiting);
    html! {
        <li {id} class={classes!("marked", mark.now.map(|_| "now"))} aria-current={current}>
            <span class="number">{ props.number }</span>
            { code }
            <button type="button" class="line-mark" {onclick} title={format!("{}: choose the next wait at this line", state_title(state))}>
                <Swatch {state} /><span>{ &mark.text }</span>
            </button>
        </li>
    }
}

/// Fetches a file of the site, once for each name.
#[hook]
fn use_file(file: &str) -> Listing {
    let listing = use_state(|| (String::new(), Listing::Coming));
    let setter = listing.setter();
    use_effect_with(file.to_owned(), move |file| {
        let file = file.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let got = match browser::fetch_text(&format!("source/{file}")).await {
                Some(text) => Listing::Here(text.into()),
                None => Listing::Missing,
            };
            setter.set((file, got));
        });
    });
    if listing.0 == file { listing.1.clone() } else { Listing::Coming }
}

/// Brings a line into view when it is chosen.
#[hook]
fn use_reveal(line: Option<u32>) {
    use_effect_with(line, |line| {
        let Some(line) = line else { return };
        let element = browser::document().and_then(|document| document.get_element_by_id(&format!("line-{line}")));
        if let Some(element) = element {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}
