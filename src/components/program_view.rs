//! The Python program: where it is written, and beside it what it writes.

use std::cell::Cell;
use std::rc::Rc;

use interleave_timeline::sites;
use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use super::log_view::LogView;
use super::panel::ViewProps;
use super::run_bar::save_file;
use crate::engine_client::check_python;
use crate::hooks::SessionHandle;
use crate::program::Editor;
use crate::session::{Action, View};
use crate::workbench::Workbench;

/// What is wrong with a program, and where.
fn sentence(found: &Array) -> String {
    let line = found.get(0).as_f64().unwrap_or_default();
    format!("Line {line}: {}.", found.get(4).as_string().unwrap_or_default())
}

/// An editor with what it calls.
struct Open {
    editor: Editor,
    _changed: Closure<dyn Fn(String)>,
}

#[component]
pub fn ProgramView(props: &ViewProps) -> Html {
    let ViewProps { session, bench, ticket, growth } = props;
    let place = use_node_ref();
    let open = use_mut_ref(|| None::<Open>);
    {
        let (place, open, dispatcher) = (place.clone(), open.clone(), session.dispatcher());
        let text = session.program.text.clone();
        use_effect_with((), move |()| {
            if let Some(place) = place.cast::<Element>() {
                let changed =
                    Closure::new(move |text: String| dispatcher.dispatch(Action::ProgramWritten(text.into())));
                open.replace(Some(Open { editor: Editor::new(&place, &text, &changed), _changed: changed }));
            }
            move || {
                if let Some(open) = open.take() {
                    open.editor.close();
                }
            }
        });
    }
    let with = {
        let open = open.clone();
        move |act: &dyn Fn(&Editor)| {
            if let Some(open) = open.borrow().as_ref() {
                act(&open.editor);
            }
        }
    };
    {
        let with = with.clone();
        use_effect_with(session.program.text.clone(), move |text| with(&|editor| editor.write(text)));
    }
    let wrong = use_state(|| None::<String>);
    {
        let (with, wrong) = (with.clone(), wrong.clone());
        use_effect_with(session.program.text.clone(), move |text| {
            let (text, is_current) = (text.clone(), Rc::new(Cell::new(true)));
            let still = is_current.clone();
            spawn_local(async move {
                let found = check_python(&text).await;
                if still.get() {
                    with(&|editor| editor.underline(found.as_ref()));
                    wrong.set(found.map(|found| sentence(&found)));
                }
            });
            move || is_current.set(false)
        });
    }
    {
        let with = with.clone();
        use_effect_with(session.program.line, move |(line, times)| {
            if *times > 0 {
                with(&|editor| editor.choose(*line));
            }
        });
    }
    {
        let (bench, ticket) = (bench.clone(), *ticket);
        use_effect_with((*growth, ticket), move |_| {
            let shelf = bench.shelf.borrow();
            let marks = Array::new();
            if let Some(recording) = ticket.and_then(|ticket| shelf.get(ticket)) {
                for site in sites(&recording.store).iter().filter(|site| site.file == "program.py") {
                    let here: Vec<String> =
                        site.now.iter().map(|(lane, _)| recording.store.lane_title(*lane)).collect();
                    marks.push(&Array::of3(
                        &site.line.into(),
                        &JsValue::from_bool(!here.is_empty()),
                        &interleave_timeline::amounts::count(site.waits, "wait").into(),
                    ));
                }
            }
            with(&|editor| editor.mark(&marks));
        });
    }
    let save = {
        let (dispatcher, program) = (session.dispatcher(), session.program.clone());
        move |_: MouseEvent| {
            let name = format!("{}.py", program.lesson.map_or("program", |lesson| lesson.id));
            dispatcher.dispatch(save_file(&name, program.text.as_bytes()));
        }
    };
    html! {
        <div class="program">
            <div class="program-text">
                <div class="editor" ref={place}></div>
                <p class="program-wrong" role="status">{ wrong.as_deref().unwrap_or_default() }</p>
            </div>
            <div class="program-output">
                <p class="program-tools"><button type="button" onclick={save}>{ "Save program" }</button></p>
                if session.view == View::Program {
                    <LogView session={session.clone()} bench={bench.clone()} {ticket} {growth} />
                }
                if let Some(asking) = &session.asking {
                    <Answer session={session.clone()} bench={bench.clone()} lane={asking.lane.clone()} />
                }
            </div>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct AnswerProps {
    session: SessionHandle,
    bench: Rc<Workbench>,
    lane: String,
}

/// Where a line is typed that a lane asked for.
#[component]
fn Answer(props: &AnswerProps) -> Html {
    let line = use_node_ref();
    let give = {
        let (bench, dispatcher) = (props.bench.clone(), props.session.dispatcher());
        Callback::from(move |line: Option<String>| {
            bench.answer(line.as_deref());
            dispatcher.dispatch(Action::LineGiven);
        })
    };
    {
        let line = line.clone();
        use_effect_with((), move |()| {
            if let Some(line) = line.cast::<HtmlInputElement>() {
                let _ = line.focus();
            }
        });
    }
    let onsubmit = {
        let (give, line) = (give.clone(), line.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            give.emit(line.cast::<HtmlInputElement>().map(|line| line.value()));
        }
    };
    html! {
        <form class="answer-line" {onsubmit}>
            <label for="answer">{ format!("{} asks for a line", props.lane) }</label>
            <input ref={line} id="answer" type="text" autocomplete="off" />
            <button type="submit">{ "Give" }</button>
            <button type="button" onclick={move |_: MouseEvent| give.emit(None)}>{ "End of input" }</button>
        </form>
    }
}
