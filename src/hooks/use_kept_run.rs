//! Keeps the run that is shown over a reload of the page, for as long as its tab is open.
//!
//! A link says what to run and not what came of it. Who reloads wants to see the same picture, so the trace goes
//! into the tab's session storage, which no other tab and no shared link gets to see.

use std::rc::Rc;

use yew::prelude::*;

use crate::browser;
use crate::recording::Recording;
use crate::session::{Action, KEPT_TICKET, Shown};
use crate::workbench::Workbench;

use super::SessionHandle;

/// Browsers give a site about 5 MB for all that it keeps; a larger run is not kept.
const MOST_BYTES: usize = 1 << 20;

const KEY: &str = "interleave-run";

/// See the module's text. Comes after [`super::use_runs`], which drops what nobody names yet.
#[hook]
pub fn use_kept_run(session: &SessionHandle, bench: &Rc<Workbench>) {
    let (dispatcher, shelf) = (session.dispatcher(), bench.clone());
    use_effect_with((), move |()| {
        let kept = browser::kept(KEY).and_then(|bytes| Recording::from_saved(KEPT_TICKET, &bytes).ok());
        if let Some(recording) = kept {
            let spec = recording.spec;
            shelf.shelf.borrow_mut().put(recording);
            dispatcher.dispatch(Action::RunKept { spec, ticket: KEPT_TICKET });
        }
    });
    let over = match session.shown {
        Shown::Run { ticket, .. } if session.is_idle() && session.linked => Some(ticket),
        _ => None,
    };
    let bench = bench.clone();
    use_effect_with(over, move |over| {
        let Some(ticket) = *over else { return };
        let shelf = bench.shelf.borrow();
        let Some(recording) = shelf.get(ticket).filter(|recording| recording.is_over) else { return };
        let bytes = recording.to_saved(&browser::user_agent());
        browser::keep(KEY, if bytes.len() <= MOST_BYTES { &bytes } else { &[] });
    });
}
