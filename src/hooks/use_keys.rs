//! Keys that work wherever the focus is, unless it is where one writes or chooses.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;

use crate::browser;
use crate::chart::Key;
use crate::session::Action;
use crate::workbench::Workbench;

use super::SessionHandle;

/// Ctrl+Enter runs, `?` asks for help, and the timeline's letters move it.
#[hook]
pub fn use_keys(session: &SessionHandle, bench: &Rc<Workbench>, help: Callback<()>) {
    let (dispatcher, bench) = (session.dispatcher(), bench.clone());
    use_effect_with((), move |()| {
        let pressed = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            let key = event.key();
            if key == "Enter" && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                dispatcher.dispatch(Action::RunPressed);
                return;
            }
            let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
            let writes = target.is_some_and(|target| {
                target
                    .closest("input:not([type=radio]), select, textarea, dialog[open], [contenteditable=true]")
                    .is_ok_and(|it| it.is_some())
            });
            if writes || event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
                return;
            }
            if key == "?" {
                event.prevent_default();
                help.emit(());
                return;
            }
            // Arrows, Enter and Escape belong to whatever has the focus; letters and digits to the timeline.
            if key.chars().count() == 1
                && let Some(key) = Key::from_name(&key)
            {
                let moved = bench.chart.borrow_mut().press(&bench.shelf.borrow(), key);
                if moved {
                    event.prevent_default();
                    bench.touch();
                }
            }
        });
        if let Some(window) = browser::window() {
            let _ = window.add_event_listener_with_callback("keydown", pressed.as_ref().unchecked_ref());
        }
        move || {
            if let Some(window) = browser::window() {
                let _ = window.remove_event_listener_with_callback("keydown", pressed.as_ref().unchecked_ref());
            }
        }
    });
}
