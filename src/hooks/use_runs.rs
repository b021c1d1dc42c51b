//! Does what the session decided: starts runs, shows their traces, drops those that nobody names.

use std::rc::Rc;

use yew::prelude::*;

use crate::session::{Action, Attempt, Session, Shown, Ticket};
use crate::workbench::Workbench;

use super::SessionHandle;

/// See the module's text.
#[hook]
pub fn use_runs(session: &SessionHandle, bench: &Rc<Workbench>) {
    let starting = (session.under_way.map(|run| run.ticket), bench.clone(), session.clone());
    use_effect_with(starting.0, move |ticket| {
        let (_, bench, session) = starting;
        if let Some(run) = session.under_way.filter(|run| Some(run.ticket) == *ticket) {
            bench.start(run, session.program.text.clone(), session.surroundings);
        }
    });
    let (shown, in_use) = (panes(session), session.tickets_in_use());
    let bench = bench.clone();
    use_effect_with((shown, in_use), move |(shown, in_use)| {
        bench.shelf.borrow_mut().keep(in_use);
        bench.chart.borrow_mut().show(&bench.shelf.borrow(), shown.clone());
        bench.touch();
    });
    let dispatcher = session.dispatcher();
    let first = !session.linked;
    use_effect_with((), move |()| {
        if first {
            dispatcher.dispatch(Action::VisitorCame);
        }
    });
}

/// The runs that the timeline shows, each with its heading.
fn panes(session: &Session) -> Vec<(Ticket, String)> {
    match &session.shown {
        Shown::Nothing => Vec::new(),
        Shown::Run { ticket, .. } => vec![(*ticket, String::new())],
        Shown::Comparison => {
            let attempts = session.comparison.iter().flat_map(|comparison| &comparison.attempts);
            let pane = |(model, attempt): &(interleave_protocol::Model, Attempt)| {
                let title = model.title();
                let heading = match attempt {
                    Attempt::Finished(_, measured) => {
                        format!("{title} · {}", interleave_timeline::amounts::duration(measured.wall_ns))
                    }
                    Attempt::Failed(_, sentence) => format!("{title} · {sentence}"),
                    Attempt::Stopped(_) => format!("{title} · stopped"),
                    _ => title.to_owned(),
                };
                Some((attempt.ticket()?, heading))
            };
            attempts.filter_map(pane).collect()
        }
    }
}
