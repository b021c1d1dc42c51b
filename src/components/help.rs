//! All keys, and what the picture means.

use interleave_trace::State;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::state_bar::{Swatch, state_meaning, state_title};

#[derive(PartialEq, Properties)]
pub struct Props {
    /// The dialog. Whether it is open is the dialog's own business: a copy of that could lag behind it.
    pub dialog: NodeRef,
}

/// Opens the help, unless it is.
pub fn open(dialog: &NodeRef) {
    if let Some(dialog) = dialog.cast::<HtmlDialogElement>().filter(|dialog| !dialog.open()) {
        // It fails only for a dialog that is not in the document, and this one always is.
        let _shown = dialog.show_modal();
    }
}

const KEYS: [(&str, &str); 12] = [
    ("Ctrl Enter", "run"),
    ("W S", "zoom in, out"),
    ("A D", "pan to earlier, later times"),
    ("F or 0", "show the whole run"),
    ("Ctrl wheel, pinch", "zoom at the pointer"),
    ("Wheel", "scroll lanes"),
    ("Shift wheel, drag", "pan"),
    ("← →", "choose the span before, after"),
    ("↑ ↓", "choose a span of the lane above, below"),
    ("Enter", "look closely at the chosen span"),
    ("Esc", "choose nothing"),
    ("?", "this help"),
];

#[component]
pub fn Help(props: &Props) -> Html {
    html! {
        <dialog ref={props.dialog.clone()} class="help" aria-labelledby="help-title">
            <h2 id="help-title">{ "Help and keys" }</h2>
            <div class="help-columns">
                <div>
                    <h3>{ "Keys" }</h3>
                    <dl class="keys">
                        { for KEYS.iter().map(|(key, meaning)| html! {
                            <><dt><kbd>{ *key }</kbd></dt><dd>{ *meaning }</dd></>
                        }) }
                    </dl>
                    <p class="quiet-text">{ "Arrows, Enter and Esc act on the timeline while it has the focus." }</p>
                </div>
                <div>
                    <h3>{ "States" }</h3>
                    <dl class="states">
                        { for State::ALL.iter().map(|&state| html! {
                            <><dt><Swatch {state} />{ state_title(state) }</dt><dd>{ state_meaning(state) }</dd></>
                        }) }
                    </dl>
                    <h3>{ "Lines between lanes" }</h3>
                    <p>{ "Solid: a lane started or joined another. Dashed: a message. Dotted: a lane let another go on." }</p>
                    <p>{ "Everything shown was measured in that run, on this machine, in this browser." }</p>
                </div>
            </div>
            <form method="dialog"><button class="primary">{ "Close" }</button></form>
        </dialog>
    }
}
