//! What is known about the chosen span, and the ways to whoever held what it waited for and ended its wait.

use std::rc::Rc;

use interleave_timeline::{Step, describe_span, step, ways_from_wait};
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
    let ways = ways_from_wait(&recording.store, &recording.rows, chosen.span).into_iter().filter_map(|way| {
        let to = step(&recording.store, &recording.rows, chosen.span, way)?;
        let lane = recording.store.lane_title(to.lane);
        Some((way, if way == Step::Holder { format!("Go to holder: {lane}") } else { format!("Go to wake: {lane}") }))
    });
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
                { for ways.map(|(way, text)| html! { <button type="button" onclick={act(way)}>{ text }</button> }) }
                <button type="button" class="quiet" onclick={act(Step::Previous)} aria-label="Previous span">{ "‹" }</button>
                <button type="button" class="quiet" onclick={act(Step::Next)} aria-label="Next span">{ "›" }</button>
                <button type="button" class="quiet" onclick={close} aria-label="Close details">{ "×" }</button>
            </div>
        </aside>
    }
}
