//! Keeps the Python program in the page's link, and as a draft over visits.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::browser;
use crate::program::{pack, unpack};
use crate::session::{Action, FIRST_PROGRAM};

use super::SessionHandle;

const DRAFT: &str = "interleave-program";

/// See the module's text.
#[hook]
pub fn use_program(session: &SessionHandle) {
    let dispatcher = session.dispatcher();
    let wanted = session.program.packed.clone();
    use_effect_with((), move |()| {
        if wanted.is_none()
            && let Some(draft) = browser::draft(DRAFT)
        {
            dispatcher.dispatch(Action::DraftFound(draft.into()));
        }
    });
    // How links carry the text that the page has, as far as it was found out here.
    let known = use_mut_ref(|| None::<String>);
    let (dispatcher, program) = (session.dispatcher(), session.program.clone());
    use_effect_with(
        (program.text.clone(), program.packed.clone()),
        move |(text, packed): &(Rc<str>, Option<String>)| {
            let (text, packed) = (text.clone(), packed.clone());
            match packed {
                Some(packed) if known.borrow().as_ref() != Some(&packed) => spawn_local(async move {
                    known.replace(Some(packed.clone()));
                    let text = unpack(&packed).await;
                    dispatcher.dispatch(Action::ProgramUnpacked(packed, text.map(Rc::from)));
                }),
                // The program that everybody has at first needs no place in a link.
                None if *text != *FIRST_PROGRAM => spawn_local(async move {
                    browser::keep_draft(DRAFT, &text);
                    if let Some(packed) = pack(&text).await {
                        known.replace(Some(packed.clone()));
                        dispatcher.dispatch(Action::ProgramPacked(text, packed));
                    }
                }),
                _ => {}
            }
        },
    );
}
