//! What is known about the chosen span, and the way to whoever ended its wait.

use std::rc::Rc;

use interleave_timeline::{Step, describe_span, step};
use yew::prelude::*;

use crate::workbench::Workbench;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub bench: Rc<Workbench>,
    /// Changes with everything that may change what there is to tell.
    pub revision: u32,
    pub onchange: Callback<()>,
}

#[component]
pub fn Details(props: &Props) -> Html {
    let (chart, shelf) = (props.bench.chart.borrow(), props.bench.shelf.borrow());
    let chosen = chart.selected.and_then(|chosen| Some((chosen, shelf.get(chosen.ticket)?)));
    let Some((chosen, recording)) = chosen else { return html! {} };
    let description = describe_span(&recording.store, chosen.span);
    let unblocker = step(&recording.store, &recording.rows, chosen.span, Step::Unblocker);
    let act = |what: Step| {
        let (bench, onchange) = (props.bench.clone(), props.onchange.clone());
        move |_: MouseEvent| {
            bench.chart.borrow_mut().walk(&bench.shelf.borrow(), what);
            bench.touch();
            onchange.emit(());
        }
    };
    let close = {
        let (bench, onchange) = (props.bench.clone(), props.onchange.clone());
        move |_: MouseEvent| {
            bench.chart.borrow_mut().select(None);
            bench.touch();
            onchange.emit(());
        }
    };
    html! {
        <aside class="details" aria-label="Chosen span">
            <p class="unseen" role="status">{ description.sentence.clone() }</p>
            <dl>
                { for description.facts.iter().map(|(name, value)| html! { <div><dt>{ *name }</dt><dd>{ value }</dd></div> }) }
            </dl>
            <div class="details-actions">
                if let Some(to) = unblocker {
                    <button type="button" onclick={act(Step::Unblocker)}>
                        { format!("Go to {}", recording.store.lane_title(to.lane)) }
                    </button>
                }
                <button type="button" class="quiet" onclick={act(Step::Previous)} aria-label="Previous span">{ "‹" }</button>
                <button type="button" class="quiet" onclick={act(Step::Next)} aria-label="Next span">{ "›" }</button>
                <button type="button" class="quiet" onclick={close} aria-label="Close details">{ "×" }</button>
            </div>
        </aside>
    }
}
