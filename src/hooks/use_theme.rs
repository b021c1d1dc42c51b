//! Light and dark.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use yew::prelude::*;

use crate::browser;
use crate::link::Theme;
use crate::workbench::Workbench;

/// Shows the page in a theme, and draws the timeline anew when its colours change.
#[hook]
pub fn use_theme(theme: Theme, bench: &Rc<Workbench>) {
    let restyled = bench.clone();
    use_effect_with(theme, move |theme| {
        browser::set_root_attribute("data-theme", (*theme != Theme::System).then_some(theme.id()));
        restyled.restyle();
    });
    let bench = bench.clone();
    use_effect_with((), move |()| {
        let query = browser::window().and_then(|it| it.match_media("(prefers-color-scheme: dark)").ok().flatten());
        let changed = Closure::<dyn Fn()>::new(move || bench.restyle());
        if let Some(query) = &query {
            let _ = query.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        }
        move || {
            if let Some(query) = &query {
                let _ = query.remove_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
            }
        }
    });
}
