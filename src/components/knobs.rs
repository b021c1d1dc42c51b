//! The numbers and choices of a run. A value counts when it is committed; one that is refused stays to be mended, with a
//! message beside it, and the one before it stays in effect.

use interleave_protocol::{Chunking, Field, Start};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::hooks::SessionHandle;
use crate::session::Action;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
    /// Whether a narrow screen shows them.
    pub open: bool,
}

#[component]
pub fn Knobs(props: &Props) -> Html {
    let session = &props.session;
    let has = |field: &Field| session.spec.has(*field);
    let numbers = [Field::Size, Field::Tasks, Field::Workers, Field::Latency, Field::Rate].into_iter().filter(has);
    // How long threads wait for a GIL is of no interest where there is none.
    let schedule = [Field::Interval, Field::Seed].into_iter().filter(has);
    let schedule = schedule.filter(|field| *field != Field::Interval || session.spec.gil);
    let options = |all: &[(&'static str, &'static str)]| all.to_vec();
    let workload_problem = session.problem(Field::Workload);
    html! {
        <section class={classes!("knobs", props.open.then_some("open"))} id="knobs" aria-label="Settings">
            if let Some(problem) = workload_problem {
                <p class="problem" role="alert">{ problem }</p>
            }
            { for numbers.map(|field| html! { <Number key={field.id()} session={session.clone()} {field} /> }) }
            if session.spec.has(Field::Chunking) {
                <Choice session={session.clone()} field={Field::Chunking} label="Chunking"
                    options={Chunking::ALL.iter().map(|it| (it.id(), it.title())).collect::<Vec<_>>()} />
                <Choice session={session.clone()} field={Field::Start} label="Start"
                    options={Start::ALL.iter().map(|it| (it.id(), it.title())).collect::<Vec<_>>()} />
            }
            if session.spec.has(Field::Gil) {
                <Choice session={session.clone()} field={Field::Gil} label="GIL" options={options(&[("off", "Off"), ("on", "On")])} />
            }
            { for schedule.map(|field| html! { <Number key={field.id()} session={session.clone()} {field} /> }) }
            <p class="about narrow">{ session.info().text }</p>
        </section>
    }
}

#[derive(PartialEq, Properties)]
struct NumberProps {
    session: SessionHandle,
    field: Field,
}

#[component]
fn Number(props: &NumberProps) -> Html {
    let (session, field) = (&props.session, props.field);
    let Some((label, range)) = session.number(field) else { return html! {} };
    let refused = session.problems.iter().find(|problem| problem.field == field);
    let value = refused.map_or_else(|| session.spec.get(field), |problem| problem.value.clone());
    let idle = session.idle_reason(field);
    let commit = {
        let (dispatcher, present) = (session.dispatcher(), value.clone());
        Callback::from(move |input: HtmlInputElement| {
            if input.value() != present {
                dispatcher.dispatch(Action::FieldSet(field, input.value()));
            }
        })
    };
    let onchange = {
        let commit = commit.clone();
        move |event: Event| {
            if let Some(input) = event.target_dyn_into() {
                commit.emit(input);
            }
        }
    };
    let onkeydown = move |event: KeyboardEvent| {
        // With Ctrl it also runs; the value has to be there first.
        if event.key() == "Enter"
            && let Some(input) = event.target_dyn_into()
        {
            commit.emit(input);
        }
    };
    let (id, note) = (format!("knob-{}", field.id()), format!("note-{}", field.id()));
    html! {
        <div class={classes!("knob", refused.is_some().then_some("refused"))}>
            <label for={id.clone()}>{ label }</label>
            <input {id} type="text" inputmode="numeric" autocomplete="off" spellcheck="false" name={field.id()}
                {value} disabled={idle.is_some()} title={idle}
                aria-invalid={refused.is_some().then_some("true")} aria-describedby={note.clone()}
                {onchange} {onkeydown} />
            if let Some(problem) = refused {
                <p id={note} class="problem" role="alert">{ problem.to_string() }</p>
            } else {
                <p id={note} class="range">{ idle.map_or(range, str::to_owned) }</p>
            }
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct ChoiceProps {
    session: SessionHandle,
    field: Field,
    label: &'static str,
    options: Vec<(&'static str, &'static str)>,
}

#[component]
fn Choice(props: &ChoiceProps) -> Html {
    let (session, field) = (&props.session, props.field);
    let dispatcher = session.dispatcher();
    let onchange = move |event: Event| {
        if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
            dispatcher.dispatch(Action::FieldSet(field, select.value()));
        }
    };
    let (id, note) = (format!("knob-{}", field.id()), format!("note-{}", field.id()));
    let (present, idle) = (session.spec.get(field), session.idle_reason(field));
    let problem = session.problem(field);
    let meaning = match (field, present.as_str()) {
        (Field::Chunking, "static") => "equal shares beforehand",
        (Field::Chunking, _) => "next task when done",
        (Field::Start, "warm") => "workers wait for work",
        (Field::Gil, "on") => "one thread runs at a time",
        (Field::Gil, _) => "threads run freely",
        _ => "workers start in the run",
    };
    html! {
        <div class={classes!("knob", problem.is_some().then_some("refused"))}>
            <label for={id.clone()}>{ props.label }</label>
            <select {id} name={field.id()} disabled={idle.is_some()} title={idle} aria-describedby={note.clone()} {onchange}>
                { for props.options.iter().map(|(value, title)| html! {
                    <option value={*value} selected={*value == present}>{ *title }</option>
                }) }
            </select>
            if let Some(problem) = problem {
                <p id={note} class="problem" role="alert">{ problem }</p>
            } else {
                <p id={note} class="range">{ idle.unwrap_or(meaning) }</p>
            }
        </div>
    }
}
