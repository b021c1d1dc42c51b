//! Keeps the address and the session the same.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use yew::prelude::*;

use crate::browser;
use crate::link::Link;
use crate::session::Action;

use super::SessionHandle;

/// Writes what the controls say into the address, and follows the address when it changes.
#[hook]
pub fn use_link(session: &SessionHandle) {
    let query = session.linked.then(|| session.link().to_query());
    use_effect_with(query, |query| {
        if let Some(query) = query
            && browser::query().trim_start_matches('?') != query
        {
            browser::replace_query(query);
        }
    });
    let (dispatcher, cores) = (session.dispatcher(), session.surroundings.cores);
    use_effect_with((), move |()| {
        let follow = Closure::<dyn Fn()>::new(move || {
            dispatcher.dispatch(Action::LinkFollowed(Link::read(&browser::query(), cores)));
        });
        let listen = |window: &web_sys::Window| {
            let _ = window.add_event_listener_with_callback("popstate", follow.as_ref().unchecked_ref());
        };
        browser::window().iter().for_each(listen);
        move || {
            if let Some(window) = browser::window() {
                let _ = window.remove_event_listener_with_callback("popstate", follow.as_ref().unchecked_ref());
            }
        }
    });
}
