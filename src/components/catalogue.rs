//! What there is to run: a list beside the timeline, and a select where there is no room for a list.

use interleave_protocol::{Field, Kind, Workload};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::hooks::SessionHandle;
use crate::session::Action;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
}

fn of_kind(kind: Kind) -> impl Iterator<Item = Workload> {
    Workload::ALL.iter().copied().filter(move |workload| workload.info().kind == kind)
}

/// The list, on wide screens.
#[component]
pub fn Catalogue(props: &Props) -> Html {
    let session = &props.session;
    let group = |kind: Kind| {
        let item = |workload: Workload| {
            let info = workload.info();
            let chosen = workload == session.spec.workload;
            let dispatcher = session.dispatcher();
            let onclick =
                move |_: MouseEvent| dispatcher.dispatch(Action::FieldSet(Field::Workload, info.id.to_owned()));
            html! {
                <li>
                    <button type="button" class="entry" aria-current={chosen.then_some("true")} {onclick}>
                        { info.title }
                    </button>
                </li>
            }
        };
        html! {
            <section key={kind.title()}>
                <h2>{ kind.title() }</h2>
                <ul>{ for of_kind(kind).map(item) }</ul>
            </section>
        }
    };
    html! {
        <nav class="catalogue" aria-label="Workloads">
            <div class="entries">{ for Kind::ALL.into_iter().map(group) }</div>
            <p class="about">{ session.info().text }</p>
        </nav>
    }
}

/// The select, on narrow ones.
#[component]
pub fn WorkloadSelect(props: &Props) -> Html {
    let session = &props.session;
    let dispatcher = session.dispatcher();
    let onchange = move |event: Event| {
        if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
            dispatcher.dispatch(Action::FieldSet(Field::Workload, select.value()));
        }
    };
    let group = |kind: Kind| {
        let option = |workload: Workload| {
            let info = workload.info();
            html! { <option value={info.id} selected={workload == session.spec.workload}>{ info.title }</option> }
        };
        html! { <optgroup label={kind.title()}>{ for of_kind(kind).map(option) }</optgroup> }
    };
    html! {
        <label class="workload-select">
            <span class="unseen">{ "Workload" }</span>
            <select {onchange}>{ for Kind::ALL.into_iter().map(group) }</select>
        </label>
    }
}
