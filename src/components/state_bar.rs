//! Time in states as a bar, in the timeline's colours and patterns.
//!
//! The bars are SVG: their sizes are attributes, which a strict content security policy allows, unlike inline
//! styles. The patterns are defined once, in [`Patterns`], from the style sheet's colours.

use interleave_timeline::StateTotals;
use interleave_trace::State;
use yew::prelude::*;

/// What a visitor reads for a state.
pub fn state_title(state: State) -> &'static str {
    match state {
        State::Starting => "Starting",
        State::Running => "Running",
        State::Ready => "Ready",
        State::Waiting => "Waiting",
        State::Sleeping => "Sleeping",
        State::Io => "I/O",
    }
}

/// What a state means, in a few words.
pub fn state_meaning(state: State) -> &'static str {
    match state {
        State::Starting => "being created: worker, module and memory are on their way",
        State::Running => "executing",
        State::Ready => "could run, and waits for its turn or for the GIL",
        State::Waiting => "waits for another lane: a lock, a queue, a message, a join",
        State::Sleeping => "waits for a time",
        State::Io => "waits for the outside: a download",
    }
}

fn fill(state: State) -> String {
    format!("fill-{}", state.text())
}

/// The patterns of states, for every bar and swatch of the page.
#[component]
pub fn Patterns() -> Html {
    let tile = |state: State, mark: Html| {
        let id = format!("pattern-{}", state.text());
        html! {
            <pattern {id} width="6" height="6" patternUnits="userSpaceOnUse">
                <rect width="6" height="6" class={format!("ground-{}", state.text())} />
                <g class={format!("mark-{}", state.text())}>{ mark }</g>
            </pattern>
        }
    };
    html! {
        <svg class="definitions" width="0" height="0" aria-hidden="true">
            <defs>
                { tile(State::Ready, html! { <><circle cx="1.5" cy="1.5" r=".95" /><circle cx="4.5" cy="4.5" r=".95" /></> }) }
                { tile(State::Waiting, html! { <path d="M-1 1 1-1M0 6 6 0M5 7 7 5" fill="none" stroke-width="1.3" /> }) }
                { tile(State::Sleeping, html! { <rect y="2" width="6" height="1.2" /> }) }
                { tile(State::Io, html! { <rect x="2" width="1.5" height="6" /> }) }
            </defs>
        </svg>
    }
}

#[derive(PartialEq, Properties)]
pub struct SwatchProps {
    pub state: State,
}

/// A sample of a state.
#[component]
pub fn Swatch(props: &SwatchProps) -> Html {
    html! {
        <svg class="swatch" width="18" height="12" aria-hidden="true">
            <rect x=".5" y=".5" width="17" height="11" class={fill(props.state)} />
        </svg>
    }
}

#[derive(PartialEq, Properties)]
pub struct BarProps {
    pub totals: StateTotals,
    /// What the bar's full width stands for.
    pub whole_ns: u64,
    /// What it says to those who do not see it.
    pub label: AttrValue,
}

/// Time in states, as parts of a whole.
#[component]
pub fn StateBar(props: &BarProps) -> Html {
    const ORDER: [State; 6] =
        [State::Running, State::Ready, State::Waiting, State::Io, State::Sleeping, State::Starting];
    let mut left = 0.0;
    let parts = ORDER.into_iter().filter_map(|state| {
        let share = props.totals.get(state) as f64 / props.whole_ns.max(1) as f64 * 100.0;
        let x = left;
        left += share;
        (share > 0.05).then(|| {
            html! { <rect x={format!("{x:.2}%")} width={format!("{share:.2}%")} height="100%" class={fill(state)} /> }
        })
    });
    html! { <svg class="state-bar" role="img" aria-label={props.label.clone()}>{ for parts }</svg> }
}
