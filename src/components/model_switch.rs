//! How the work is laid out: the choice that the whole page is about.

use interleave_protocol::{Field, Model};
use yew::prelude::*;

use crate::hooks::SessionHandle;
use crate::session::Action;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
}

#[component]
pub fn ModelSwitch(props: &Props) -> Html {
    let session = &props.session;
    let problem = session.problem(Field::Model);
    let choice = |model: Model| {
        let dispatcher = session.dispatcher();
        let onchange = move |_: Event| dispatcher.dispatch(Action::FieldSet(Field::Model, model.id().to_owned()));
        let barred = model == Model::Threads && !session.surroundings.isolated;
        let other = session.info().only.is_some_and(|only| only != model);
        html! {
            <label class={classes!("choice", barred.then_some("barred"))}>
                <input type="radio" name="model" value={model.id()} checked={session.spec.model == model} disabled={other} {onchange}
                    aria-describedby={barred.then_some("not-isolated")} />
                <span>{ model.title() }</span>
            </label>
        }
    };
    html! {
        <div class="models">
            <div class="segments" role="radiogroup" aria-label="Model">
                { for Model::ALL.iter().map(|&model| choice(model)) }
            </div>
            if let Some(problem) = problem {
                <p class="problem" role="alert">{ problem }</p>
            }
        </div>
    }
}
