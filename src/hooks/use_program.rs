//! Fetches the Python program of a lesson, and keeps what a visitor writes: in the page's link, and as a draft over
//! visits.

use std::rc::Rc;

use interleave_protocol::Lesson;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::browser;
use crate::program::{pack, unpack};
use crate::session::Action;

use super::SessionHandle;

const DRAFT: &str = "interleave-program";

/// See the module's text.
#[hook]
pub fn use_program(session: &SessionHandle) {
    let (dispatcher, linked) = (session.dispatcher(), session.program.packed.is_some());
    use_effect_with(session.program.lesson, move |lesson: &Option<&'static Lesson>| match *lesson {
        Some(lesson) => spawn_local(async move {
            let text = browser::fetch_text(&format!("source/{}", lesson.program())).await;
            dispatcher.dispatch(Action::LessonProgram(lesson, text.map(Rc::from)));
        }),
        None => {
            if let Some(draft) = browser::draft(DRAFT).filter(|_| !linked && !browser::is_player()) {
                dispatcher.dispatch(Action::DraftFound(draft.into()));
            }
        }
    });
    // How links carry the text that the page has, as far as it was found out here.
    let known = use_mut_ref(|| None::<String>);
    let (dispatcher, program) = (session.dispatcher(), session.program.clone());
    use_effect_with(program, move |program| {
        let (text, packed) = (program.text.clone(), program.packed.clone());
        match packed {
            Some(packed) if known.borrow().as_ref() != Some(&packed) => spawn_local(async move {
                known.replace(Some(packed.clone()));
                let text = unpack(&packed).await;
                dispatcher.dispatch(Action::ProgramUnpacked(packed, text.map(Rc::from)));
            }),
            // What everybody has at first needs no place in a link.
            None if text != program.original => {
                let is_own = program.lesson.is_none() && !browser::is_player();
                spawn_local(async move {
                    if is_own {
                        browser::keep_draft(DRAFT, &text);
                    }
                    if let Some(packed) = pack(&text).await {
                        known.replace(Some(packed.clone()));
                        dispatcher.dispatch(Action::ProgramPacked(text, packed));
                    }
                });
            }
            _ => {}
        }
    });
}
