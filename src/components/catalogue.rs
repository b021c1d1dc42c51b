//! What there is to run: a list beside the timeline, and a select where there is no room for a list. The lessons come
//! first, chapter by chapter, after what a visitor writes; their programs are reached through them.

use interleave_protocol::{Chapter, Field, Kind, Lesson, Workload};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::hooks::SessionHandle;
use crate::session::Action;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
}

const WORKLOADS: [Kind; 4] = [Kind::Cpu, Kind::Io, Kind::Mixed, Kind::Accident];

fn of_chapter(chapter: Chapter) -> impl Iterator<Item = &'static Lesson> {
    Lesson::ALL.iter().filter(move |lesson| lesson.chapter == chapter)
}

fn of_kind(kind: Kind) -> impl Iterator<Item = Workload> {
    Workload::ALL.iter().copied().filter(move |workload| workload.info().kind == kind)
}

/// The list, on wide screens.
#[component]
pub fn Catalogue(props: &Props) -> Html {
    let session = &props.session;
    let present = use_node_ref();
    use_reveal(&present, session.lesson.map(|lesson| lesson.id));
    let chapter = |chapter: Chapter| {
        let item = |lesson: &'static Lesson| {
            let chosen = session.lesson == Some(lesson);
            let dispatcher = session.dispatcher();
            let onclick = move |_: MouseEvent| dispatcher.dispatch(Action::LessonChosen(lesson));
            html! {
                <li>
                    <button ref={if chosen { present.clone() } else { NodeRef::default() }} type="button" class="entry lesson-entry" data-lesson={lesson.id} aria-current={chosen.then_some("true")} {onclick}>
                        { lesson.title }
                    </button>
                </li>
            }
        };
        html! {
            <section key={chapter.title()}>
                <h3>{ chapter.title() }</h3>
                <ul>{ for of_chapter(chapter).map(item) }</ul>
            </section>
        }
    };
    let group = |kind: Kind| {
        let item = |workload: Workload| {
            let info = workload.info();
            let chosen = session.lesson.is_none() && workload == session.spec.workload;
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
                <h3>{ kind.title() }</h3>
                <ul>{ for of_kind(kind).map(item) }</ul>
            </section>
        }
    };
    html! {
        <nav class="catalogue" aria-label="Lessons and workloads">
            <div class="entries">
                { group(Kind::Python) }
                <h2>{ "Lessons" }</h2>
                { for Chapter::ALL.iter().copied().map(chapter) }
                <h2>{ "Workloads" }</h2>
                { for WORKLOADS.into_iter().map(group) }
            </div>
            <p class="about">{ session.info().text }</p>
        </nav>
    }
}

/// What the select says of a lesson before its name, which may be a workload's too.
const LESSON: &str = "lesson:";

/// The select, on narrow ones.
#[component]
pub fn WorkloadSelect(props: &Props) -> Html {
    let session = &props.session;
    let dispatcher = session.dispatcher();
    let onchange = move |event: Event| {
        if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
            let value = select.value();
            let lesson = value.strip_prefix(LESSON).and_then(Lesson::from_id);
            dispatcher.dispatch(match lesson {
                Some(lesson) => Action::LessonChosen(lesson),
                None => Action::FieldSet(Field::Workload, value),
            });
        }
    };
    let chapter = |chapter: Chapter| {
        let option = |lesson: &'static Lesson| {
            let value = format!("{LESSON}{}", lesson.id);
            html! { <option {value} selected={session.lesson == Some(lesson)}>{ lesson.title }</option> }
        };
        html! { <optgroup label={chapter.title()}>{ for of_chapter(chapter).map(option) }</optgroup> }
    };
    let group = |kind: Kind| {
        let option = |workload: Workload| {
            let info = workload.info();
            let chosen = session.lesson.is_none() && workload == session.spec.workload;
            html! { <option value={info.id} selected={chosen}>{ info.title }</option> }
        };
        html! { <optgroup label={kind.title()}>{ for of_kind(kind).map(option) }</optgroup> }
    };
    html! {
        <label class="workload-select">
            <span class="unseen">{ "Lesson or workload" }</span>
            <select {onchange}>
                { group(Kind::Python) }
                { for Chapter::ALL.iter().copied().map(chapter) }
                { for WORKLOADS.into_iter().map(group) }
            </select>
        </label>
    }
}

/// Brings the open lesson's entry into view.
#[hook]
fn use_reveal(entry: &NodeRef, lesson: Option<&'static str>) {
    let entry = entry.clone();
    use_effect_with(lesson, move |lesson| {
        if let (Some(_), Some(entry)) = (lesson, entry.cast::<web_sys::Element>()) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            entry.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}
