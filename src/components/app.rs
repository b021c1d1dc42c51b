//! The whole page.

use std::rc::Rc;

use web_sys::DragEvent;
use yew::prelude::*;

use super::banner::Banner;
use super::catalogue::{Catalogue, WorkloadSelect};
use super::help::{self, Help};
use super::icon::{Icon, Shape};
use super::knobs::Knobs;
use super::model_switch::ModelSwitch;
use super::panel::Panel;
use super::run_bar::{RunBar, Tools};
use super::state_bar::Patterns;
use super::timeline_view::TimelineView;
use crate::browser;
use crate::hooks::{
    SessionHandle, use_comparison_news, use_kept_run, use_keys, use_link, use_program, use_ready, use_runs,
    use_session, use_theme, use_workbench,
};
use crate::program;
use crate::recording::Recording;
use crate::session::{Action, FIRST_FILE_TICKET};
use crate::workbench::Workbench;

/// See the module's text.
#[component]
pub fn App() -> Html {
    let session = use_session();
    let (bench, growth) = use_workbench(&session);
    let help = use_node_ref();
    let knobs = use_state(|| false);
    let open_help = {
        let help = help.clone();
        Callback::from(move |()| help::open(&help))
    };
    use_program(&session);
    use_link(&session);
    use_theme(session.theme, &bench);
    use_runs(&session, &bench);
    use_kept_run(&session, &bench);
    use_comparison_news(&session, &bench);
    use_keys(&session, &bench, open_help.clone());
    use_ready();
    let onopen = use_open(&session, &bench);
    let ondragover = |event: DragEvent| event.prevent_default();
    let ondrop = {
        let onopen = onopen.clone();
        move |event: DragEvent| {
            event.prevent_default();
            if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
                onopen.emit(file);
            }
        }
    };
    let toggle_knobs = {
        let knobs = knobs.clone();
        move |_: MouseEvent| knobs.set(!*knobs)
    };
    html! {
        <div class={classes!("app", (!session.is_idle()).then_some("busy"), session.spec.is_python().then_some("python"))} {ondragover} {ondrop}>
            <Patterns />
            <header class="top">
                <p class="brand"><svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M2 6h9M14 6h8M2 12h4M9 12h9M2 18h12M17 18h5" /></svg>{ "Interleave" }</p>
                <WorkloadSelect session={session.clone()} />
                <ModelSwitch session={session.clone()} />
                <RunBar session={session.clone()} bench={bench.clone()} />
                <button type="button" class="knobs-toggle" aria-expanded={if *knobs { "true" } else { "false" }} aria-controls="knobs" onclick={toggle_knobs}>
                    <Icon shape={Shape::Knobs} /><span>{ "Settings" }</span>
                </button>
                <Tools session={session.clone()} bench={bench.clone()} {onopen} onhelp={open_help} />
            </header>
            <Catalogue session={session.clone()} />
            <main class="work">
                <Banner session={session.clone()} />
                <div class="settings">
                    <Knobs session={session.clone()} open={*knobs} />
                    <p class={session.status.tone.class()} role="status" aria-live="polite" title={session.status.text.clone()}>{ &session.status.text }</p>
                </div>
                <TimelineView session={session.clone()} bench={bench.clone()} {growth} />
                <Panel session={session.clone()} bench={bench.clone()} {growth} />
            </main>
            <Help dialog={help} />
        </div>
    }
}

/// What a file that was picked or dropped holds.
enum Opened {
    Run(Box<Recording>),
    Program(String),
}

/// Reads a saved run or a program that was picked or dropped.
#[hook]
fn use_open(session: &SessionHandle, bench: &Rc<Workbench>) -> Callback<web_sys::File> {
    let next = use_mut_ref(|| FIRST_FILE_TICKET);
    let (dispatcher, bench, idle) = (session.dispatcher(), bench.clone(), session.is_idle());
    Callback::from(move |file: web_sys::File| {
        let (dispatcher, bench, name) = (dispatcher.clone(), bench.clone(), file.name());
        if !idle {
            let sentence = "Stop the run first, then open the file.".to_owned();
            dispatcher.dispatch(Action::FileRefused { name, sentence });
            return;
        }
        let ticket = *next.borrow();
        *next.borrow_mut() += 1;
        wasm_bindgen_futures::spawn_local(async move {
            let opened = match browser::read(&file).await {
                Some(bytes) if name.ends_with(".py") => program::from_file(bytes).map(Opened::Program),
                Some(bytes) => {
                    let opened = Recording::from_saved(ticket, &bytes);
                    opened.map(|recording| Opened::Run(Box::new(recording))).map_err(|error| error.to_string())
                }
                None => Err("The browser could not read this file.".to_owned()),
            };
            dispatcher.dispatch(match opened {
                Ok(Opened::Run(recording)) => {
                    let spec = recording.spec;
                    bench.shelf.borrow_mut().put(*recording);
                    Action::FileOpened { name, spec, ticket }
                }
                Ok(Opened::Program(text)) => Action::ProgramOpened { name, text: text.into() },
                Err(sentence) => Action::FileRefused { name, sentence },
            });
        });
    })
}
