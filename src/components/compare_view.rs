//! The four models on the same work: one sentence, one table.

use std::rc::Rc;

use interleave_protocol::Model;
use interleave_timeline::{
    ComparisonRow,
    amounts::{bytes, duration, grouped, percent, ratio},
};
use yew::prelude::*;

use crate::hooks::{SessionHandle, compared};
use crate::session::Attempt;
use crate::workbench::Workbench;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
    pub bench: Rc<Workbench>,
    pub growth: u32,
}

const HEADS: [&str; 9] = [
    "Model",
    "Wall time",
    "Of sequential",
    "Speed-up",
    "Efficiency",
    "Running at once",
    "Start-up",
    "Memory",
    "Messages",
];

#[component]
pub fn CompareView(props: &Props) -> Html {
    let session = &props.session;
    let Some(turns) = &session.comparison else {
        return html! {
            <p class="nothing">
                <strong>{ "Compare four ways" }</strong>
                { " runs this workload sequentially, on threads, on processes and as async tasks, one after the other, and lays them on one time axis." }
            </p>
        };
    };
    let comparison = compared(turns, &props.bench.shelf.borrow());
    let sentence = match &comparison {
        Some(comparison) if turns.is_over() => comparison.sentence.clone(),
        _ if !turns.is_over() => {
            let running = turns.attempts.iter().find(|(_, attempt)| matches!(attempt, Attempt::Running(_)));
            running
                .map_or("Comparing …".to_owned(), |(model, _)| format!("Running {} …", model.title().to_lowercase()))
        }
        _ => "There is nothing to compare with: the sequential run did not finish.".to_owned(),
    };
    let row_of = |model: Model| {
        let name = match model {
            Model::Sequential => "sequential",
            Model::Threads => "threads",
            Model::Processes => "processes",
            Model::Tasks => "tasks",
        };
        comparison.as_ref().and_then(|comparison| comparison.rows.iter().find(|row| row.name == name))
    };
    html! {
        <div class="compare-view">
            <p class="sentence" role="status">{ sentence }</p>
            <table>
                <thead><tr>{ for HEADS.iter().map(|head| html! { <th scope="col">{ *head }</th> }) }</tr></thead>
                <tbody>
                    { for turns.attempts.iter().map(|(model, attempt)| row(*model, attempt, row_of(*model))) }
                </tbody>
            </table>
        </div>
    }
}

fn row(model: Model, attempt: &Attempt, figures: Option<&ComparisonRow>) -> Html {
    let note = match attempt {
        Attempt::Pending => Some("its turn comes".to_owned()),
        Attempt::Running(_) => Some("running …".to_owned()),
        Attempt::Skipped(why) => Some((*why).to_owned()),
        Attempt::Stopped(_) => Some("stopped".to_owned()),
        Attempt::Failed(_, sentence) => Some(sentence.clone()),
        Attempt::Finished(..) => None,
    };
    let cells = match (note, figures) {
        (Some(note), _) => html! { <td colspan="8" class="words">{ note }</td> },
        (None, Some(row)) => {
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
            let workers = if row.workers > 1 { format!(" of {}", row.workers) } else { String::new() };
            html! {
                <>
                    <td>{ or_dash(row.wall_ns.map(duration)) }</td>
                    <td>{ or_dash(row.ratio.map(ratio)) }</td>
                    <td>{ or_dash(row.speed_up.map(|it| format!("{} ×", ratio(it)))) }</td>
                    <td>{ or_dash(row.efficiency.map(percent)) }</td>
                    <td>{ or_dash(row.at_once.map(|it| format!("{} lanes", ratio(it)))) }{ workers }</td>
                    <td>{ or_dash(row.start_up_ns.map(duration)) }</td>
                    <td>{ bytes(row.memory_bytes) }</td>
                    <td>{ format!("{}, {}", grouped(row.messages), bytes(row.message_bytes)) }</td>
                </>
            }
        }
        (None, None) => match attempt {
            Attempt::Finished(_, measured) => {
                html! { <><td>{ duration(measured.wall_ns) }</td><td colspan="7" class="words">{ "no sequential run to compare with" }</td></> }
            }
            _ => html! { <td colspan="8"></td> },
        },
    };
    html! { <tr><th scope="row">{ model.title() }</th>{ cells }</tr> }
}
