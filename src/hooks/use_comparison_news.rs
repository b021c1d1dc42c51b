//! The comparison's table, and the event that tells outside drivers of it.

use std::rc::Rc;

use interleave_protocol::Model;
use interleave_timeline::{Compared, Comparison, Report};
use wasm_bindgen::JsValue;
use yew::prelude::*;

use crate::browser;
use crate::recording::Shelf;
use crate::session::{Attempt, Comparison as Turns};
use crate::workbench::Workbench;

use super::SessionHandle;

fn plural(model: Model) -> &'static str {
    match model {
        Model::Sequential => "sequential",
        Model::Threads => "threads",
        Model::Processes => "processes",
        Model::Tasks => "tasks",
    }
}

/// What the finished turns of a comparison come to; nothing before the sequential one is over.
pub fn compared(turns: &Turns, shelf: &Shelf) -> Option<Comparison> {
    let report = |attempt: &Attempt| -> Option<Rc<Report>> { Some(shelf.get(attempt.ticket()?)?.figures()) };
    let (_, first) = turns.attempts.iter().find(|(model, _)| *model == Model::Sequential)?;
    let sequential = match first {
        Attempt::Finished(..) => report(first)?,
        _ => return None,
    };
    let reports: Vec<(Model, &Attempt, Option<Rc<Report>>)> = turns
        .attempts
        .iter()
        .filter(|(model, attempt)| {
            *model != Model::Sequential && !matches!(attempt, Attempt::Pending | Attempt::Running(_))
        })
        .map(|(model, attempt)| (*model, attempt, report(attempt)))
        .collect();
    let others: Vec<Compared> = reports
        .iter()
        .map(|(model, attempt, report)| Compared {
            name: plural(*model),
            workers: if *model == Model::Tasks { 1 } else { turns.spec.workers },
            run: match (attempt, report) {
                (Attempt::Skipped(why), _) => Err(why.trim_end_matches('.')),
                (_, Some(report)) => Ok(report.as_ref()),
                (_, None) => Err("its trace is gone"),
            },
        })
        .collect();
    Some(Comparison::of(&sequential, &others))
}

/// Dispatches `interleave:compared` when every turn of a comparison is over.
#[hook]
pub fn use_comparison_news(session: &SessionHandle, bench: &Rc<Workbench>) {
    let over = session.comparison.clone().filter(|comparison| session.is_idle() && comparison.is_over());
    let bench = bench.clone();
    use_effect_with(over, move |over| {
        let Some(turns) = over else { return };
        let json = compared(turns, &bench.shelf.borrow()).map(|comparison| comparison.to_json());
        let query = JsValue::from_str(&turns.spec.to_query());
        let stopped = turns.attempts.iter().any(|(_, attempt)| matches!(attempt, Attempt::Stopped(_)));
        let fields = [("spec", query), ("outcome", JsValue::from_str(if stopped { "stopped" } else { "finished" }))];
        browser::announce("interleave:compared", &browser::detail(json.as_deref().unwrap_or("{}"), &fields));
    });
}
