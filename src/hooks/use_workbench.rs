//! What the page's parts share beside the session, made once; and a number that changes when there is more to see.

use std::rc::Rc;

use yew::prelude::*;

use crate::browser;
use crate::engine_client;
use crate::workbench::Workbench;

use super::SessionHandle;

/// See the module's text.
#[hook]
pub fn use_workbench(session: &SessionHandle) -> (Rc<Workbench>, u32) {
    let growth = use_mut_ref(|| 0u32);
    let redraw = use_force_update();
    let bench: Rc<Workbench> = {
        let (dispatcher, growth) = (session.dispatcher(), growth.clone());
        (*use_memo((), move |()| {
            let grown = Callback::from(move |()| {
                *growth.borrow_mut() += 1;
                redraw.force_update();
            });
            Workbench::new(Callback::from(move |action| dispatcher.dispatch(action)), grown)
        }))
        .clone()
    };
    let grown = *growth.borrow();
    (bench, grown)
}

/// Says that the page is ready, and loads the engine beforehand. Comes after all hooks that listen.
#[hook]
pub fn use_ready() {
    use_effect_with((), |()| {
        wasm_bindgen_futures::spawn_local(async {
            // A run says by itself what kept the engine from loading.
            let _ = engine_client::preload().await;
        });
        browser::set_root_attribute("data-ready", Some("yes"));
        browser::announce("interleave:ready", &wasm_bindgen::JsValue::NULL);
    });
}
