//! Run and Stop, the comparison, and what one does with a run: save it, open one, share the page.

use std::rc::Rc;

use interleave_protocol::EXPLORED_SEEDS;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::icon::{Icon, Shape};
use crate::browser;
use crate::hooks::SessionHandle;
use crate::link::Theme;
use crate::session::{Action, Said, Shown, Tone};
use crate::workbench::Workbench;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
}

/// Run, Stop and Compare.
#[component]
pub fn RunBar(props: &Props) -> Html {
    let session = &props.session;
    let press = |action: Action| {
        let dispatcher = session.dispatcher();
        move |_: MouseEvent| dispatcher.dispatch(action.clone())
    };
    let idle = session.is_idle();
    let missing = session.surroundings.missing.is_some();
    let obstacle = session.obstacle();
    let single = session.cannot_compare();
    html! {
        <div class="run-bar">
            <button type="button" class="primary" id="run" disabled={!idle || obstacle.is_some()} title={obstacle.unwrap_or("Run (Ctrl+Enter)")}
                onclick={press(Action::RunPressed)}><Icon shape={Shape::Run} /><span>{ "Run" }</span></button>
            <button type="button" id="stop" disabled={idle} onclick={press(Action::StopPressed)}>
                <Icon shape={Shape::Stop} /><span>{ "Stop" }</span>
            </button>
            if session.cannot_explore().is_none() {
                <button type="button" id="explore" disabled={!idle || obstacle.is_some()} onclick={press(Action::ExplorePressed)}
                    title={format!("Try up to {EXPLORED_SEEDS} schedules until one goes wrong, then show it")}>
                    <Icon shape={Shape::Explore} /><span>{ "Explore" }</span>
                </button>
            }
            <button type="button" id="compare" disabled={!idle || missing || single.is_some()} onclick={press(Action::ComparePressed)}
                aria-label="Compare four ways" title={single.unwrap_or("Run the four models in turn, on one time axis")}>
                <Icon shape={Shape::Compare} /><span class="long">{ "Compare four ways" }</span>
                <span class="short" aria-hidden="true">{ "Compare" }</span>
            </button>
        </div>
    }
}

#[derive(PartialEq, Properties)]
pub struct ToolsProps {
    pub session: SessionHandle,
    pub bench: Rc<Workbench>,
    pub onopen: Callback<web_sys::File>,
    pub onhelp: Callback<()>,
}

/// Hands the visitor a file, and gives what is to be said of that.
pub fn save_file(name: &str, bytes: &[u8]) -> Action {
    Action::Told(match browser::download(name, bytes) {
        Some(()) => Said { tone: Tone::Good, text: format!("Saved as {name}.") },
        None => Said { tone: Tone::Bad, text: "The browser did not let the page save a file.".to_owned() },
    })
}

/// What one does with a run and with the page.
#[component]
pub fn Tools(props: &ToolsProps) -> Html {
    let session = &props.session;
    let savable = match session.shown {
        Shown::Run { ticket, .. } if session.is_idle() => Some(ticket),
        _ => None,
    };
    let save = {
        let (bench, dispatcher) = (props.bench.clone(), session.dispatcher());
        move |_: MouseEvent| {
            let shelf = bench.shelf.borrow();
            let Some(recording) = savable.and_then(|ticket| shelf.get(ticket)) else { return };
            let name = recording.file_name();
            dispatcher.dispatch(save_file(&name, &recording.to_saved(&browser::user_agent())));
        }
    };
    let picker = use_node_ref();
    let open = {
        let picker = picker.clone();
        move |_: MouseEvent| {
            if let Some(input) = picker.cast::<HtmlInputElement>() {
                input.click();
            }
        }
    };
    let picked = {
        let onopen = props.onopen.clone();
        move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                onopen.emit(file);
            }
            // The same file may be picked again.
            input.set_value("");
        }
    };
    let share = {
        let session = session.clone();
        move |_: MouseEvent| {
            let (dispatcher, query) = (session.dispatcher(), session.link().to_query());
            browser::replace_query(&query);
            wasm_bindgen_futures::spawn_local(async move {
                let said = if browser::copy(browser::address()).await {
                    Said {
                        tone: Tone::Good,
                        text: "Link copied. It shows these settings and starts nothing by itself.".to_owned(),
                    }
                } else {
                    Said { tone: Tone::Plain, text: "The address above is the link to these settings.".to_owned() }
                };
                dispatcher.dispatch(Action::Told(said));
            });
        }
    };
    let next_theme = match session.theme {
        Theme::System => Theme::Dark,
        Theme::Dark => Theme::Light,
        Theme::Light => Theme::System,
    };
    let theme = {
        let dispatcher = session.dispatcher();
        move |_: MouseEvent| dispatcher.dispatch(Action::ThemeChosen(next_theme))
    };
    let theme_label = format!("Colours: {}. Change to {}", session.theme.id(), next_theme.id());
    let help = {
        let onhelp = props.onhelp.clone();
        move |_: MouseEvent| onhelp.emit(())
    };
    html! {
        <div class="tools">
            <button type="button" class="quiet" id="save" disabled={savable.is_none()} onclick={save} aria-label="Save run" title="Save this run to a file">
                <Icon shape={Shape::Save} /><span>{ "Save" }</span>
            </button>
            <button type="button" class="quiet" id="open" disabled={!session.is_idle()} onclick={open} aria-label="Open run" title="Open a saved run">
                <Icon shape={Shape::Open} /><span>{ "Open" }</span>
            </button>
            <input ref={picker} type="file" accept=".interleave,.py" hidden=true onchange={picked} aria-label="Saved run or program" />
            <button type="button" class="quiet" id="share" onclick={share} aria-label="Share link" title="Copy a link to these settings">
                <Icon shape={Shape::Share} /><span>{ "Share" }</span>
            </button>
            <button type="button" class="quiet bare" id="theme" onclick={theme} aria-label={theme_label.clone()} title={theme_label}>
                <Icon shape={Shape::Theme} />
            </button>
            <button type="button" class="quiet bare" id="help" onclick={help} aria-label="Help and keys" title="Help and keys (?)">
                <Icon shape={Shape::Help} />
            </button>
        </div>
    }
}
