//! Does what the page around a player asks for: to run, to stop, to be light or dark. See `embed/player.js`.

use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::CustomEvent;
use yew::prelude::*;

use crate::browser;
use crate::link::Theme;
use crate::session::Action;
use crate::workbench::Workbench;

use super::SessionHandle;

/// The event that asks; its detail has `run`, `stop` or `theme`.
const ASKED: &str = "interleave:do";

/// See the module's text. A run that is asked for waits until its program is there; what keeps it from running is
/// announced as `interleave:refused`.
#[hook]
pub fn use_asked(session: &SessionHandle, bench: &Rc<Workbench>) {
    let wanted = use_state(|| false);
    let (set, dispatcher, bench) = (wanted.setter(), session.dispatcher(), bench.clone());
    use_effect_with((), move |()| {
        let asked = Closure::<dyn Fn(CustomEvent)>::new(move |event: CustomEvent| {
            let said = |key: &str| Reflect::get(&event.detail(), &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
            if said("run").is_truthy() {
                set.set(true);
            }
            if said("stop").is_truthy() {
                bench.stop();
            }
            if let Some(theme) = said("theme").as_string().as_deref().and_then(Theme::from_id) {
                dispatcher.dispatch(Action::ThemeChosen(theme));
            }
        });
        let window = browser::window();
        if let Some(window) = &window {
            let _ = window.add_event_listener_with_callback(ASKED, asked.as_ref().unchecked_ref());
        }
        move || {
            if let Some(window) = &window {
                let _ = window.remove_event_listener_with_callback(ASKED, asked.as_ref().unchecked_ref());
            }
        }
    });
    let can_answer = *wanted && session.is_idle() && !(session.spec.is_python() && session.program.pending);
    let session = session.clone();
    use_effect_with(can_answer, move |can_answer| {
        if *can_answer {
            wanted.set(false);
            if let Some(obstacle) = session.obstacle() {
                browser::announce("interleave:refused", &JsValue::from_str(obstacle));
            }
            session.dispatch(Action::RunPressed);
        }
    });
}
