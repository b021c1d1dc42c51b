//! Run and Stop, the comparison, and what one does with a run: save it, open one, share the page.

use std::rc::Rc;

use interleave_protocol::{EXPLORED_SEEDS, RunSpec, Workload};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
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
    pub bench: Rc<Workbench>,
}

/// Run, Stop and Compare.
#[component]
pub fn RunBar(props: &Props) -> Html {
    let session = &props.session;
    let press = |action: Action| {
        let dispatcher = session.dispatcher();
        move |_: MouseEvent| dispatcher.dispatch(action.clone())
    };
    // Its workers end at once, and not when the page has been drawn again.
    let stop = {
        let bench = props.bench.clone();
        move |_: MouseEvent| bench.stop()
    };
    let idle = session.is_idle();
    let missing = session.surroundings.missing.is_some();
    let obstacle = session.obstacle();
    let single = session.cannot_compare();
    html! {
        <div class="run-bar">
            <button type="button" class="primary" id="run" disabled={!idle || obstacle.is_some()} title={obstacle.unwrap_or("Run (Ctrl+Enter)")}
                onclick={press(Action::RunPressed)}><Icon shape={Shape::Run} /><span>{ "Run" }</span></button>
            <button type="button" id="stop" disabled={idle} onclick={stop}>
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

/// What the page shows, for those who want to show it elsewhere: see `embed/share.js`.
fn shared(session: &SessionHandle) -> JsValue {
    let (spec, lesson, cores) = (&session.spec, session.lesson, session.surroundings.cores);
    let is_python = spec.is_python();
    let usual = match lesson {
        Some(lesson) if !is_python => Some(lesson.spec(cores)),
        _ if is_python => Some(RunSpec::new(Workload::Python, cores)),
        _ => None,
    };
    let own = is_python && (lesson.is_none() || session.program.text != session.program.original);
    let text = |text: Option<&str>| text.map_or(JsValue::UNDEFINED, JsValue::from_str);
    let preset = (usual != Some(*spec)).then(|| spec.to_query());
    let fields = [
        ("query", text(Some(&session.link().to_query()))),
        ("lesson", text(lesson.map(|lesson| lesson.id))),
        ("lang", text(is_python.then_some("python"))),
        ("program", text(own.then_some(&*session.program.text))),
        ("preset", text(preset.as_deref())),
        ("title", text(lesson.map(|lesson| lesson.title))),
    ];
    browser::detail("{}", &fields)
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
            let dispatcher = session.dispatcher();
            let what = shared(&session);
            browser::replace_query(&session.link().to_query());
            wasm_bindgen_futures::spawn_local(async move {
                if JsFuture::from(browser::share(&what)).await.is_err() {
                    let text = "The address above is the link to these settings. More did not come from the site.";
                    dispatcher.dispatch(Action::Told(Said { tone: Tone::Plain, text: text.to_owned() }));
                }
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
            <button type="button" class="quiet" id="share" onclick={share} aria-label="Share" title="A link, or this run in a post of yours">
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
