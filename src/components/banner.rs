//! What the page cannot do here, and the way out.

use yew::prelude::*;

use crate::browser;
use crate::hooks::SessionHandle;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
}

#[component]
pub fn Banner(props: &Props) -> Html {
    let session = &props.session;
    if let Some(missing) = session.surroundings.missing {
        return html! {
            <div class="banner bad" role="alert">
                <p>{ missing }{ " Saved runs can be opened all the same." }</p>
            </div>
        };
    }
    if session.surroundings.isolated {
        return html! {};
    }
    let mut link = session.link();
    let was_refused = link.others.iter().any(|(key, value)| key == "isolation" && value == "off");
    link.others.retain(|(key, _)| key != "isolation");
    let address = browser::address();
    let page = address.split(['?', '#']).next().unwrap_or_default();
    let href = format!("{page}?{}", link.to_query());
    html! {
        <div class="banner" id="not-isolated" role="note">
            <p>
                <strong>{ "No threads here. " }</strong>
                { "This page is not cross-origin isolated, so its workers cannot share memory. Sequential, Processes and Async tasks work." }
                { " " }
                <a {href} target={(!was_refused).then_some("_blank")} rel="noopener">
                    { if was_refused { "Open it isolated" } else { "Open it in a tab of its own" } }
                </a>
            </p>
        </div>
    }
}
