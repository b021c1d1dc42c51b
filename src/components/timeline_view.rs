//! The timeline: the canvas with its pointer and keys, the tools above it, the legend below.
//!
//! The canvas is painted by the workbench's loop; this component only tells it what a visitor does. The wheel
//! is listened to directly, since it has to be kept from scrolling the page.

use std::rc::Rc;

use interleave_timeline::{describe, describe_lane};
use interleave_trace::State;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{AddEventListenerOptions, HtmlCanvasElement, HtmlElement, PointerEvent, ResizeObserver, WheelEvent};
use yew::prelude::*;

use super::details::Details;
use super::icon::{Icon, Shape};
use super::state_bar::{Swatch, state_title};
use crate::chart::{Key, Target};
use crate::hooks::SessionHandle;
use crate::session::{Purpose, Shown, Source, Stage, model_title, run_title, spec_summary};
use crate::workbench::Workbench;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub session: SessionHandle,
    pub bench: Rc<Workbench>,
    /// Changes a few times a second while a run grows.
    pub growth: u32,
}

/// Fingers and buttons that are down.
#[derive(Default)]
struct Pointers {
    down: Vec<(i32, f64, f64)>,
    moved: f64,
    on_strip: bool,
}

/// How far a pointer may move and still have clicked, in CSS pixels.
const CLICK_SLOP: f64 = 5.0;

/// What a click of a wheel's lines is in pixels.
const LINE_PX: f64 = 20.0;

#[component]
pub fn TimelineView(props: &Props) -> Html {
    let (session, bench) = (&props.session, &props.bench);
    let (canvas, tooltip) = (use_node_ref(), use_node_ref());
    let redraw = use_force_update();
    let revision = use_mut_ref(|| 0u32);
    let pointers = use_mut_ref(Pointers::default);
    let changed = {
        let (revision, bench) = (revision.clone(), bench.clone());
        Callback::from(move |()| {
            *revision.borrow_mut() += 1;
            redraw.force_update();
            bench.tell_selection();
        })
    };
    use_canvas(canvas.clone(), bench.clone(), changed.clone());

    let at = |event: &PointerEvent| (f64::from(event.offset_x()), f64::from(event.offset_y()));
    let onpointerdown = {
        let (bench, pointers, tooltip) = (bench.clone(), pointers.clone(), tooltip.clone());
        move |event: PointerEvent| {
            if event.button() != 0 {
                return;
            }
            let (x, y) = at(&event);
            let mut pointers = pointers.borrow_mut();
            if pointers.down.is_empty() {
                pointers.moved = 0.0;
                let target = bench.chart.borrow().target(&bench.shelf.borrow(), x, y);
                pointers.on_strip = matches!(target, Target::Overview(_));
                if let Target::Overview(part) = target {
                    bench.chart.borrow_mut().look_at(&bench.shelf.borrow(), part);
                    bench.touch();
                }
            }
            pointers.down.push((event.pointer_id(), x, y));
            if let Some(canvas) = event.target_dyn_into::<HtmlCanvasElement>() {
                let _ = canvas.set_pointer_capture(event.pointer_id());
            }
            hide(&tooltip);
        }
    };
    let onpointermove = {
        let (bench, pointers, tooltip, changed) = (bench.clone(), pointers.clone(), tooltip.clone(), changed.clone());
        move |event: PointerEvent| {
            let (x, y) = at(&event);
            let mut pointers = pointers.borrow_mut();
            let Some(mine) = pointers.down.iter().position(|(id, ..)| *id == event.pointer_id()) else {
                point(&bench, &tooltip, x, y);
                return;
            };
            let (_, was_x, was_y) = pointers.down[mine];
            pointers.down[mine] = (event.pointer_id(), x, y);
            pointers.moved += (x - was_x).abs() + (y - was_y).abs();
            if pointers.moved <= CLICK_SLOP {
                return;
            }
            let followed = bench.chart.borrow().follow;
            let (mut chart, shelf) = (bench.chart.borrow_mut(), bench.shelf.borrow());
            if pointers.on_strip {
                if let Target::Overview(part) = chart.target(&shelf, x, 1.0) {
                    chart.look_at(&shelf, part);
                }
            } else if let Some(&(_, other_x, _)) = pointers.down.iter().find(|(id, ..)| *id != event.pointer_id()) {
                let (before, now) = ((was_x - other_x).abs().max(8.0), (x - other_x).abs().max(8.0));
                chart.zoom(&shelf, now / before, (x + other_x) / 2.0);
                chart.drag(&shelf, 0.0, (y - was_y) / 2.0);
            } else {
                chart.drag(&shelf, x - was_x, y - was_y);
            }
            let follows = chart.follow;
            drop((chart, shelf));
            bench.touch();
            if followed != follows {
                changed.emit(());
            }
        }
    };
    let onpointerup = {
        let (bench, pointers, changed) = (bench.clone(), pointers.clone(), changed.clone());
        move |event: PointerEvent| {
            let (x, y) = at(&event);
            let mut pointers = pointers.borrow_mut();
            let was_down = pointers.down.len();
            pointers.down.retain(|(id, ..)| *id != event.pointer_id());
            if was_down != 1 || pointers.on_strip || pointers.moved > CLICK_SLOP {
                return;
            }
            click(&bench, x, y);
            changed.emit(());
        }
    };
    let onpointercancel = {
        let pointers = pointers.clone();
        move |event: PointerEvent| pointers.borrow_mut().down.retain(|(id, ..)| *id != event.pointer_id())
    };
    let onpointerleave = {
        let (bench, tooltip) = (bench.clone(), tooltip.clone());
        move |_: PointerEvent| {
            hide(&tooltip);
            if bench.chart.borrow_mut().hover(None) {
                bench.touch();
            }
        }
    };
    let onkeydown = {
        let (bench, changed) = (bench.clone(), changed.clone());
        move |event: KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() {
                return;
            }
            let Some(key) = Key::from_name(&event.key()) else { return };
            let meant = bench.chart.borrow_mut().press(&bench.shelf.borrow(), key);
            if meant {
                event.prevent_default();
                event.stop_propagation();
                bench.touch();
                changed.emit(());
            }
        }
    };
    let press = |key: Key| {
        let (bench, changed) = (bench.clone(), changed.clone());
        move |_: MouseEvent| {
            bench.chart.borrow_mut().press(&bench.shelf.borrow(), key);
            bench.touch();
            changed.emit(());
        }
    };
    let toggle = |change: fn(&Workbench)| {
        let (bench, changed) = (bench.clone(), changed.clone());
        move |_: MouseEvent| {
            change(&bench);
            bench.touch();
            changed.emit(());
        }
    };
    let (follows, edges) = {
        let chart = bench.chart.borrow();
        (chart.follow, chart.edges)
    };
    let (title, origin) = heading(session, bench);
    let empty = bench.chart.borrow().is_empty(&bench.shelf.borrow());
    let label = format!("Timeline. {title}. {} The tab Table says the same in words.", summary(bench));
    html! {
        <section class="timeline" aria-label="Timeline">
            <header class="timeline-head">
                <h1 class="run-title">
                    <span>{ title }</span>
                    if let Some(origin) = origin {
                        <span class="origin">{ origin }</span>
                    }
                </h1>
                <div class="timeline-tools" role="group" aria-label="View">
                    <button type="button" class="quiet" aria-pressed={if edges { "true" } else { "false" }}
                        title="Lines for spawn, join and messages"
                        onclick={toggle(|bench| { let mut chart = bench.chart.borrow_mut(); chart.edges = !chart.edges; })}>
                        { "Links" }
                    </button>
                    <button type="button" class="quiet" aria-pressed={if follows { "true" } else { "false" }}
                        title="Keep the newest time in view"
                        onclick={toggle(|bench| {
                            let mut chart = bench.chart.borrow_mut();
                            let follow = !chart.follow;
                            chart.set_follow(&bench.shelf.borrow(), follow);
                        })}>
                        { "Follow" }
                    </button>
                    <button type="button" class="quiet bare" onclick={press(Key::Farther)} aria-label="Zoom out" title="Zoom out (S)"><Icon shape={Shape::Farther} /></button>
                    <button type="button" class="quiet bare" onclick={press(Key::Closer)} aria-label="Zoom in" title="Zoom in (W)"><Icon shape={Shape::Closer} /></button>
                    <button type="button" class="quiet bare" onclick={press(Key::Fit)} aria-label="Show the whole run" title="Show the whole run (F)"><Icon shape={Shape::Fit} /></button>
                </div>
            </header>
            <div class="stage">
                <canvas ref={canvas} class="chart" tabindex="0" role="application" aria-roledescription="timeline"
                    aria-label={label} {onpointerdown} {onpointermove} {onpointerup} {onpointercancel} {onpointerleave}
                    {onkeydown}></canvas>
                if empty {
                    <Empty session={session.clone()} />
                }
                <div ref={tooltip} class="tooltip" hidden=true aria-hidden="true"></div>
                <Details bench={bench.clone()} revision={*revision.borrow() ^ props.growth << 16} onchange={changed} />
            </div>
            <footer class="legend" aria-label="Legend">
                { for State::ALL.iter().map(|&state| html! { <span class="legend-entry"><Swatch {state} />{ state_title(state) }</span> }) }
                <span class="legend-keys" aria-hidden="true"><kbd>{ "W" }</kbd><kbd>{ "S" }</kbd>{ "zoom" }<kbd>{ "A" }</kbd><kbd>{ "D" }</kbd>{ "pan" }<kbd>{ "F" }</kbd>{ "fit" }<kbd>{ "?" }</kbd>{ "all keys" }</span>
            </footer>
        </section>
    }
}

/// What is shown, and where it comes from.
fn heading(session: &SessionHandle, bench: &Workbench) -> (String, Option<String>) {
    match &session.shown {
        Shown::Nothing => (session.info().title.to_owned(), None),
        Shown::Comparison => {
            let spec = session.comparison.as_ref().map_or(session.spec, |comparison| comparison.spec);
            (format!("{}, four ways", spec.workload.info().title), Some(spec_summary(&spec)))
        }
        Shown::Run { ticket, spec, source } => {
            let title = match spec.workload.info().only {
                Some(_) => run_title(spec),
                None => format!("{} · {}", spec.workload.info().title, model_title(spec)),
            };
            let origin = match (source, session.under_way) {
                (_, Some(run)) if run.ticket == *ticket => match run.stage {
                    Stage::Loading => "loading the engine …".to_owned(),
                    Stage::Preparing => "getting ready …".to_owned(),
                    Stage::Running if run.purpose == Purpose::FirstVisit => "recording on this machine …".to_owned(),
                    Stage::Running => "running …".to_owned(),
                },
                (Source::FirstVisit, _) => "recorded just now on this machine".to_owned(),
                (Source::Here, _) => spec_summary(spec),
                (Source::BeforeReload, _) => "recorded on this machine before the page was reloaded".to_owned(),
                (Source::File(name), _) => {
                    let shelf = bench.shelf.borrow();
                    let date = shelf.get(*ticket).map_or("", |recording| recording.date.get(..10).unwrap_or(""));
                    let cores = shelf.get(*ticket).map_or(0, |recording| recording.cores);
                    format!("opened from {name}, recorded {date} on {cores} cores")
                }
            };
            (title, Some(origin))
        }
    }
}

fn summary(bench: &Workbench) -> String {
    let (chart, shelf) = (bench.chart.borrow(), bench.shelf.borrow());
    let (mut lanes, mut spans) = (0u64, 0u64);
    for (_, recording) in chart.recordings(&shelf) {
        lanes += recording.rows.len() as u64;
        spans += recording.store.span_count();
    }
    use interleave_timeline::amounts::count;
    format!("{} with {}.", count(lanes, "lane"), count(spans, "span"))
}

#[derive(PartialEq, Properties)]
struct EmptyProps {
    session: SessionHandle,
}

/// What would run, while nothing was.
#[component]
fn Empty(props: &EmptyProps) -> Html {
    let session = &props.session;
    if !session.is_idle() {
        let stage = session.under_way.map(|run| run.stage);
        let text = if stage == Some(Stage::Loading) { "Loading the engine …" } else { "Getting ready …" };
        return html! { <div class="empty"><p class="empty-text">{ text }</p></div> };
    }
    let spec = &session.spec;
    html! {
        <div class="empty">
            <h2>{ run_title(spec) }</h2>
            <p class="empty-text">{ spec.workload.info().text }</p>
            <p class="empty-text">{ spec_summary(spec) }</p>
            if let Some(obstacle) = session.obstacle() {
                <p class="empty-text problem">{ obstacle }</p>
            } else {
                <p class="empty-text">{ "Press " }<strong>{ "Run" }</strong>{ " to see every lane of it live here." }</p>
            }
        </div>
    }
}

fn click(bench: &Workbench, x: f64, y: f64) {
    let target = bench.chart.borrow().target(&bench.shelf.borrow(), x, y);
    if let Target::Caption(ticket, lane) = target {
        let mut shelf = bench.shelf.borrow_mut();
        if let Some(recording) = shelf.get_mut(ticket) {
            recording.rows.toggle(&recording.store, lane);
        }
    } else {
        bench.chart.borrow_mut().select(target.chosen());
    }
    bench.touch();
}

/// Says in the tooltip what is under the pointer.
fn point(bench: &Workbench, tooltip: &NodeRef, x: f64, y: f64) {
    let target = bench.chart.borrow().target(&bench.shelf.borrow(), x, y);
    if bench.chart.borrow_mut().hover(target.chosen()) {
        bench.touch();
    }
    let shelf = bench.shelf.borrow();
    let text = match &target {
        Target::Bar(ticket, hit) => shelf.get(*ticket).map(|recording| describe(&recording.store, hit).sentence),
        Target::Caption(ticket, lane) => {
            shelf.get(*ticket).map(|recording| describe_lane(&recording.store, *lane).sentence)
        }
        _ => None,
    };
    let (Some(text), Some(element)) = (text.filter(|text| !text.is_empty()), tooltip.cast::<HtmlElement>()) else {
        hide(tooltip);
        return;
    };
    element.set_text_content(Some(&text));
    element.set_hidden(false);
    let stage = element.parent_element();
    let (width, height) =
        stage.map_or((800.0, 400.0), |stage| (f64::from(stage.client_width()), f64::from(stage.client_height())));
    let (own_width, own_height) = (f64::from(element.offset_width()), f64::from(element.offset_height()));
    let left = if x + 16.0 + own_width > width { (x - 12.0 - own_width).max(4.0) } else { x + 16.0 };
    let top = if y + 18.0 + own_height > height { (y - 12.0 - own_height).max(4.0) } else { y + 18.0 };
    let _ = element.style().set_property("transform", &format!("translate({}px, {}px)", left.round(), top.round()));
}

fn hide(tooltip: &NodeRef) {
    if let Some(element) = tooltip.cast::<HtmlElement>() {
        element.set_hidden(true);
    }
}

/// Gives the canvas to the workbench and listens to its size and to the wheel.
#[hook]
fn use_canvas(canvas: NodeRef, bench: Rc<Workbench>, changed: Callback<()>) {
    use_effect_with((), move |()| {
        let mut undo: Option<Box<dyn FnOnce()>> = None;
        if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
            bench.attach(canvas.clone());
            let resized = {
                let bench = bench.clone();
                Closure::<dyn Fn()>::new(move || bench.measure())
            };
            let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
            if let Some(observer) = &observer {
                observer.observe(&canvas);
            }
            let turned = {
                let bench = bench.clone();
                Closure::<dyn Fn(WheelEvent)>::new(move |event: WheelEvent| {
                    if wheel(&bench, &event) {
                        event.prevent_default();
                        bench.touch();
                        changed.emit(());
                    }
                })
            };
            let options = AddEventListenerOptions::new();
            options.set_passive(false);
            let _ = canvas.add_event_listener_with_callback_and_add_event_listener_options(
                "wheel",
                turned.as_ref().unchecked_ref(),
                &options,
            );
            undo = Some(Box::new(move || {
                let _ = canvas.remove_event_listener_with_callback("wheel", turned.as_ref().unchecked_ref());
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(resized);
            }));
        }
        move || {
            if let Some(undo) = undo {
                undo();
            }
        }
    });
}

/// Turns the wheel: with Ctrl it zooms, with Shift or sideways it pans, else it scrolls lanes. Gives whether it
/// did anything; if not, the page may scroll.
fn wheel(bench: &Workbench, event: &WheelEvent) -> bool {
    let unit = if event.delta_mode() == WheelEvent::DOM_DELTA_LINE { LINE_PX } else { 1.0 };
    let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
    let (mut chart, shelf) = (bench.chart.borrow_mut(), bench.shelf.borrow());
    if chart.is_empty(&shelf) {
        return false;
    }
    if event.ctrl_key() || event.meta_key() {
        chart.zoom(&shelf, (-dy * 0.004).exp(), f64::from(event.offset_x()));
        return true;
    }
    if event.shift_key() || dx.abs() > dy.abs() {
        chart.drag(&shelf, if dx == 0.0 { -dy } else { -dx }, 0.0);
        return true;
    }
    let (before, ..) = chart.scroll(&shelf);
    chart.drag(&shelf, 0.0, -dy);
    chart.scroll(&shelf).0 != before
}
