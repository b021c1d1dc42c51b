//! What was measured in a run.

use interleave_protocol::Model;
use interleave_timeline::{
    Report, Spread, Stuck,
    amounts::{bytes, count, duration, fixed, percent, ratio},
    lints, table,
};
use interleave_trace::State;
use yew::prelude::*;

use super::panel::ViewProps;
use super::small_table::SmallTable;
use super::state_bar::{StateBar, state_title};

/// How many lanes the report shows one by one; the table has them all.
const MOST_LANES: usize = 80;

/// How many lanes of a deadlock are listed.
const MOST_STUCK: usize = 12;

/// How many objects, and pairs of lanes, the report shows.
const MOST_SHARED: usize = 8;

#[component]
pub fn ReportView(props: &ViewProps) -> Html {
    let shelf = props.bench.shelf.borrow();
    let Some(recording) = props.ticket.and_then(|ticket| shelf.get(ticket)) else {
        return html! { <p class="nothing">{ "Nothing was run yet. What a run measures is shown here." }</p> };
    };
    let report = recording.figures();
    let spec = &recording.spec;
    let workers = spec.lanes_at_work();
    let baseline = props.session.baseline(spec).map(|baseline| baseline.wall_ns);
    let wall = report.wall_ns.filter(|_| report.outcome.is_done());
    let (speed_up, efficiency, beside) = match (spec.model, baseline.zip(wall)) {
        (Model::Sequential, _) => ("1.00 ×".to_owned(), None, "is the baseline".to_owned()),
        (_, Some((base, wall))) if wall > 0 => {
            let speed_up = base as f64 / wall as f64;
            let efficiency = percent(speed_up / f64::from(workers));
            (format!("{} ×", ratio(speed_up)), Some(efficiency), format!("sequential took {}", duration(base)))
        }
        _ => ("–".to_owned(), None, "run Sequential or Compare to get it".to_owned()),
    };
    let at_once = report.at_once().map_or("–".to_owned(), |lanes| fixed((lanes * 100.0).round() as u64, 2));
    let is_over = recording.is_over;
    let remarks = if is_over { lints(&recording.store, &report) } else { Vec::new() };
    html! {
        <div class="report">
            <div class="report-figures">
                { result(&report, recording.failure.as_ref(), spec.workload.info().only.is_some()) }
                <dl class="figures">
                    { figure("Wall time", report.wall_ns.map_or("–".to_owned(), duration), report.outcome.text().to_owned()) }
                    { figure("Speed-up", speed_up, beside) }
                    { figure("Efficiency", efficiency.unwrap_or("–".to_owned()), format!("speed-up per worker, {}", count(workers.into(), "worker"))) }
                    { figure("Running at once", at_once, "lanes, on average".to_owned()) }
                    { figure("Start-up", spread(report.start_up), start_up_note(&report, spec.start.title())) }
                    { figure("Memory", bytes(report.memory_bytes()), count(report.instances.len() as u64, "instance")) }
                    { figure("Messages", interleave_timeline::amounts::grouped(report.messages), format!("carrying {}", bytes(report.message_bytes))) }
                    { figure("Recorded", count(report.spans, "span"), if report.lost > 0 { format!("{} lost", count(report.lost, "entry").replace("entrys", "entries")) } else { "nothing lost".to_owned() }) }
                </dl>
                { contention(&report) }
                if !remarks.is_empty() {
                    <ul class="remarks">{ for remarks.iter().map(|remark| html! { <li>{ &remark.sentence }</li> }) }</ul>
                }
                if report.instances.len() > 1 {
                    <p class="quiet-text">
                        { "Memory: " }
                        { report.instances.iter().take(12).map(|it| format!("{} {}", it.title, bytes(it.memory_bytes))).collect::<Vec<_>>().join(" · ") }
                    </p>
                }
            </div>
            <div class="report-lanes">{ lanes(&report) }</div>
        </div>
    }
}

fn figure(name: &'static str, value: String, note: String) -> Html {
    html! { <div class="figure"><dt>{ name }</dt><dd><span class="value">{ value }</span><span class="note">{ note }</span></dd></div> }
}

fn spread(spread: Option<Spread>) -> String {
    spread.map_or("–".to_owned(), |spread| duration(spread.median_ns))
}

fn start_up_note(report: &Report, start: &str) -> String {
    match report.start_up {
        None => "no worker was started".to_owned(),
        Some(spread) if spread.count == 1 => format!("{}, one worker", start.to_lowercase()),
        Some(spread) => {
            format!(
                "{}, middle of {}: {} to {}",
                start.to_lowercase(),
                spread.count,
                duration(spread.min_ns),
                duration(spread.max_ns)
            )
        }
    }
}

/// A program that shows an accident has a result all the same.
fn result(report: &Report, failure: Option<&(String, interleave_protocol::Failure)>, is_program: bool) -> Html {
    if let Some((lane, failure)) = failure {
        return html! {
            <p class="result bad"><strong>{ format!("{lane}: {failure}. ") }</strong>{ failure.advice() }</p>
        };
    }
    if let Some(deadlock) = &report.deadlock {
        let (circle, others) = deadlock.lanes.split_at(deadlock.circle);
        let line = |stuck: &Stuck| html! { <li>{ stuck.sentence() }</li> };
        return html! {
            <div class="result bad" role="group" aria-label="Deadlock">
                <p><strong>{ "✗ Deadlock. " }</strong>{ if deadlock.circle > 0 { "These wait for each other:" } else { "These wait for what can never come:" } }</p>
                if !circle.is_empty() {
                    <ol class="stuck">{ for circle.iter().take(MOST_STUCK).map(line) }</ol>
                }
                if !circle.is_empty() && !others.is_empty() {
                    <p>{ "Because of that:" }</p>
                }
                <ul class="stuck">{ for others.iter().take(MOST_STUCK).map(line) }</ul>
            </div>
        };
    }
    match &report.result {
        Some(result) => html! {
            <p class={match (result.passed, is_program) { (true, _) => "result good", (false, true) => "result off", (false, false) => "result bad" }}>
                <strong>{ match (result.passed, is_program) { (true, _) => "✓ Checked. ", (false, true) => "✗ Not as meant. ", (false, false) => "✗ Wrong result. " } }</strong>
                { &result.summary }
                <span class="digest" title="Equal results have equal digests">{ format!("{:016x}", result.digest) }</span>
            </p>
        },
        None => html! { <p class="result">{ format!("{}.", capital(report.outcome.text())) }</p> },
    }
}

/// What lanes shared and who waited for whom: the few that cost most. The table has them all.
fn contention(report: &Report) -> Html {
    if report.objects.is_empty() {
        return html! {};
    }
    let objects = table::objects(report);
    let waits = table::waits(report);
    html! {
        <div class="contention">
            <SmallTable caption="What lanes shared" heads={&table::OBJECT_HEADS[..]}
                rows={objects.iter().take(MOST_SHARED).map(|row| row.to_vec()).collect::<Vec<_>>()} />
            if !waits.is_empty() {
                <SmallTable caption="Who waited for whom" heads={&table::WAIT_HEADS[..]}
                    rows={waits.iter().take(MOST_SHARED).map(|row| row.to_vec()).collect::<Vec<_>>()} />
            }
        </div>
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn lanes(report: &Report) -> Html {
    let whole = report.wall_ns.unwrap_or(0).max(1);
    let hidden = report.lanes.len().saturating_sub(MOST_LANES);
    html! {
        <>
            <h3>{ "Busy, by lane" }</h3>
            <ul class="lane-bars">
                { for report.lanes.iter().take(MOST_LANES).map(|lane| {
                    let busy = percent(lane.busy_ns() as f64 / whole as f64);
                    let parts: Vec<String> = State::ALL.iter()
                        .filter(|state| lane.totals.get(**state) > 0)
                        .map(|state| format!("{} {}", state_title(*state), duration(lane.totals.get(*state))))
                        .collect();
                    let label = format!("{}: {}", lane.title, parts.join(", "));
                    html! {
                        <li title={label.clone()}>
                            <span class="lane-name">{ &lane.title }</span>
                            <StateBar totals={lane.totals} whole_ns={whole} {label} />
                            <span class="lane-busy">{ busy }</span>
                            <span class="lane-time">{ duration(lane.busy_ns()) }</span>
                        </li>
                    }
                }) }
            </ul>
            if hidden > 0 {
                <p class="quiet-text">{ format!("and {} more; the table has them all.", count(hidden as u64, "lane")) }</p>
            }
        </>
    }
}
