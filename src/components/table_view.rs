//! What the timeline shows, as a table.

use std::rc::Rc;

use interleave_timeline::table::{HEADS, OBJECT_HEADS, WAIT_HEADS, objects, table, waits};
use yew::prelude::*;

use super::small_table::SmallTable;
use crate::recording::Recording;
use crate::session::Ticket;
use crate::workbench::Workbench;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub bench: Rc<Workbench>,
    pub ticket: Option<Ticket>,
    pub growth: u32,
}

/// How many lanes a page of the table has.
const PAGE: usize = 100;

#[component]
pub fn TableView(props: &Props) -> Html {
    let first = use_state(|| 0usize);
    let shelf = props.bench.shelf.borrow();
    let Some(recording) = props.ticket.and_then(|ticket| shelf.get(ticket)) else {
        return html! { <p class="nothing">{ "Nothing was run yet. The timeline’s lanes are listed here." }</p> };
    };
    let all = recording.rows.len();
    let from = if *first < all { *first } else { 0 };
    let rows = table(&recording.store, &recording.rows, from, PAGE);
    let to = from + rows.len();
    let turn = |to: usize| {
        let first = first.clone();
        move |_: MouseEvent| first.set(to)
    };
    html! {
        <div class="table-view">
            <table>
                <caption>{ "Every lane of the timeline: time in each state, and when it started and ended. Times count from the run’s start." }</caption>
                <thead><tr>{ for HEADS.iter().map(|head| html! { <th scope="col">{ *head }</th> }) }</tr></thead>
                <tbody>
                    { for rows.iter().map(|row| html! {
                        <tr>
                            { for row.cells.iter().enumerate().map(|(at, cell)| if at == 0 {
                                html! { <th scope="row" class={format!("depth-{}", row.depth.min(3))}>{ cell }</th> }
                            } else {
                                html! { <td>{ cell }</td> }
                            }) }
                        </tr>
                    }) }
                </tbody>
            </table>
            if all > PAGE {
                <p class="pages">
                    <button type="button" disabled={from == 0} onclick={turn(from.saturating_sub(PAGE))}>{ "Earlier lanes" }</button>
                    <span>{ format!("{} to {to} of {all} lanes", from + 1) }</span>
                    <button type="button" disabled={to >= all} onclick={turn(to)}>{ "Later lanes" }</button>
                </p>
            }
            { shared(recording) }
        </div>
    }
}

/// What lanes took or waited for, and who waited for whom.
fn shared(recording: &Recording) -> Html {
    if recording.store.objects().is_empty() {
        return html! {};
    }
    let report = recording.figures();
    html! {
        <>
            <SmallTable caption="What lanes shared" heads={&OBJECT_HEADS[..]}
                rows={objects(&report).iter().map(|row| row.to_vec()).collect::<Vec<_>>()} />
            <SmallTable caption="Who waited for whom" heads={&WAIT_HEADS[..]}
                rows={waits(&report).iter().map(|row| row.to_vec()).collect::<Vec<_>>()} />
        </>
    }
}
