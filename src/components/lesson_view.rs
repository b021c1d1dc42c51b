//! The open lesson: what it is about, its question, and what the visitor's own runs say to the answer.

use interleave_protocol::{Lesson, Model, Way};
use interleave_timeline::amounts::duration;
use yew::prelude::*;

use crate::hooks::SessionHandle;
use crate::lesson::{Reply, SurveyRow, survey};
use crate::session::Action;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
}

#[component]
pub fn LessonView(props: &Props) -> Html {
    let session = &props.session;
    let Some(lesson) = session.lesson else {
        return html! { <p class="nothing">{ "Pick a lesson from the catalogue." }</p> };
    };
    let at = Lesson::ALL.iter().position(|it| it == lesson).unwrap_or(0);
    let neighbour = |to: Option<&'static Lesson>, way: &'static str| match to {
        None => html! {},
        Some(lesson) => {
            let dispatcher = session.dispatcher();
            let onclick = move |_: MouseEvent| dispatcher.dispatch(Action::LessonChosen(lesson));
            html! { <button type="button" class="quiet" {onclick}>{ format!("{way}: {}", lesson.title) }</button> }
        }
    };
    let previous = at.checked_sub(1).and_then(|at| Lesson::ALL.get(at));
    html! {
        <article class="lesson" aria-labelledby="lesson-title">
            <div class="lesson-text">
                <p class="quiet-text">{ format!("{} · lesson {} of {}", lesson.chapter.title(), at + 1, Lesson::ALL.len()) }</p>
                <h2 id="lesson-title">{ lesson.title }</h2>
                <p>{ lesson.text }</p>
                if lesson.way == Way::Survey {
                    <Survey session={session.clone()} />
                }
                <p class="lesson-ways">
                    { neighbour(previous, "Before") }
                    { neighbour(Lesson::ALL.get(at + 1), "Next") }
                </p>
            </div>
            <Question session={session.clone()} {lesson} />
        </article>
    }
}

#[derive(PartialEq, Properties)]
struct QuestionProps {
    session: SessionHandle,
    lesson: &'static Lesson,
}

#[component]
fn Question(props: &QuestionProps) -> Html {
    let (session, lesson) = (&props.session, props.lesson);
    let picked = session.answer();
    let choice = |(n, text): (usize, &&'static str)| {
        let dispatcher = session.dispatcher();
        let onchange = move |_: Event| dispatcher.dispatch(Action::AnswerPicked(n));
        html! {
            <label class="answer">
                <input type="radio" name={format!("answer-{}", lesson.id)} checked={picked == Some(n)} {onchange} />
                <span>{ *text }</span>
            </label>
        }
    };
    let (class, said) = match session.reply() {
        None => ("reply", html! { { "Pick an answer, then let a run decide." } }),
        Some(Reply::Run(what)) => ("reply", html! { { what } }),
        Some(Reply::Told { right: true, numbers, .. }) => {
            ("reply good", html! { <><strong>{ "✓ Right. " }</strong>{ numbers }{ " " }{ lesson.question.why }</> })
        }
        Some(Reply::Told { right: false, numbers, answer }) => (
            "reply off",
            html! { <><strong>{ format!("✗ It is: {answer}. ") }</strong>{ numbers }{ " " }{ lesson.question.why }</> },
        ),
    };
    html! {
        <form class="question">
            <fieldset>
                <legend>{ lesson.question.ask }</legend>
                { for lesson.question.choices.iter().enumerate().map(choice) }
            </fieldset>
            <p {class} role="status">{ said }</p>
        </form>
    }
}

/// Which model suits which load, by the visitor's own comparisons.
#[component]
fn Survey(props: &Props) -> Html {
    let session = &props.session;
    let row = |row: SurveyRow| {
        let (dispatcher, spec) = (session.dispatcher(), row.spec);
        let fastest = row.fastest();
        let onclick = move |_: MouseEvent| dispatcher.dispatch(Action::SurveyPressed(spec));
        let wall = |model: Model| row.walls.iter().find(|(it, _)| *it == model).map(|(_, ns)| *ns);
        html! {
            <tr>
                <th scope="row">{ row.title }<span class="range">{ row.spec.workload.info().title }</span></th>
                { for Model::ALL.iter().map(|&model| html! {
                    <td class={(fastest == Some(model)).then_some("fastest")}>
                        { wall(model).map_or("–".to_owned(), duration) }
                        if fastest == Some(model) { <span class="unseen">{ " fastest" }</span> }
                    </td>
                }) }
                <td>
                    <button type="button" disabled={!session.is_idle()} {onclick} aria-label={format!("Measure: {}", row.title)}>
                        { if fastest.is_some() { "Again" } else { "Measure" } }
                    </button>
                </td>
            </tr>
        }
    };
    html! {
        <table class="survey">
            <thead><tr>
                <th scope="col">{ "Load" }</th>
                { for Model::ALL.iter().map(|model| html! { <th scope="col">{ model.title() }</th> }) }
                <th scope="col"><span class="unseen">{ "Measure" }</span></th>
            </tr></thead>
            <tbody>{ for survey(&session.history).into_iter().map(row) }</tbody>
        </table>
    }
}
