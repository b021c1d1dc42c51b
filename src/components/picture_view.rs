//! The picture that a run draws, filling in, each piece tinted by the lane that made it.

use std::rc::Rc;

use interleave_trace::LaneId;
use js_sys::Uint8ClampedArray;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlInputElement, ImageData};
use yew::prelude::*;

use crate::recording::Recording;
use crate::session::Ticket;
use crate::workbench::Workbench;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub bench: Rc<Workbench>,
    pub ticket: Option<Ticket>,
    pub growth: u32,
}

/// Tints of lanes, far apart in hue and lightness; lanes beyond them begin anew.
const TINTS: [&str; 8] = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2", "#ffffff"];

/// The lanes that made a piece, in the order in which they made their first, with how many rows each made.
fn makers(recording: &Recording) -> Vec<(LaneId, u32)> {
    let mut makers: Vec<(LaneId, u32)> = Vec::new();
    for piece in recording.store.produced() {
        match makers.iter_mut().find(|(lane, _)| *lane == piece.lane) {
            Some((_, rows)) => *rows += piece.count,
            None => makers.push((piece.lane, piece.count)),
        }
    }
    makers
}

#[component]
pub fn PictureView(props: &Props) -> Html {
    let canvas = use_node_ref();
    let tinted = use_state(|| true);
    {
        let (canvas, bench, ticket, tinted) = (canvas.clone(), props.bench.clone(), props.ticket, *tinted);
        use_effect_with((props.growth, ticket, tinted), move |_| {
            let shelf = bench.shelf.borrow();
            if let (Some(canvas), Some(recording)) = (canvas.cast(), ticket.and_then(|ticket| shelf.get(ticket))) {
                draw(&canvas, recording, tinted);
            }
        });
    }
    let shelf = props.bench.shelf.borrow();
    let Some(recording) = props.ticket.and_then(|ticket| shelf.get(ticket)) else {
        return html! { <p class="nothing">{ "Nothing was run yet. Mandelbrot and Gaussian blur draw a picture." }</p> };
    };
    if !recording.spec.workload.info().picture {
        return html! { <p class="nothing">{ "This workload draws no picture. Mandelbrot and Gaussian blur do." }</p> };
    }
    let edge = recording.spec.size;
    let toggle = {
        let tinted = tinted.clone();
        move |event: Event| {
            if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
                tinted.set(input.checked());
            }
        }
    };
    let makers = makers(recording);
    let rows: u32 = makers.iter().map(|(_, rows)| rows).sum();
    html! {
        <div class="picture">
            <canvas ref={canvas} class="picture-canvas" width={edge.to_string()} height={edge.to_string()} role="img"
                aria-label={format!("The picture: {} of {edge} rows are there.", rows.min(edge))}></canvas>
            <div class="picture-side">
                <p class="picture-rows">{ format!("{} of {edge} rows", rows.min(edge)) }</p>
                <label class="check"><input type="checkbox" checked={*tinted} onchange={toggle} />{ "Tint by the lane that made each piece" }</label>
                <ul class="makers">
                    { for makers.iter().take(64).enumerate().map(|(at, (lane, rows))| html! {
                        <li>
                            <svg class="swatch" width="18" height="12" aria-hidden="true"><rect x=".5" y=".5" width="17" height="11" fill={TINTS[at % TINTS.len()]} class="tint" /></svg>
                            <span>{ recording.store.lane_title(*lane) }</span><span class="rows">{ format!("{rows} rows") }</span>
                        </li>
                    }) }
                </ul>
                if recording.picture.rgba.is_empty() && recording.is_over {
                    <p class="quiet-text">{ "A saved run keeps who made which rows, but not the pixels." }</p>
                }
            </div>
        </div>
    }
}

fn draw(canvas: &HtmlCanvasElement, recording: &Recording, tinted: bool) {
    let edge = if recording.picture.edge > 0 { recording.picture.edge } else { recording.spec.size };
    if canvas.width() != edge || canvas.height() != edge {
        canvas.set_width(edge);
        canvas.set_height(edge);
    }
    let Some(context) = canvas.get_context("2d").ok().flatten() else { return };
    let Ok(context) = context.dyn_into::<CanvasRenderingContext2d>() else { return };
    let side = f64::from(edge);
    context.clear_rect(0.0, 0.0, side, side);
    let pixels = &recording.picture.rgba;
    if pixels.len() == edge as usize * edge as usize * 4 {
        // The page's own memory is shared, which a picture's must not be: so the pixels are copied.
        let copy = Uint8ClampedArray::new_with_length(pixels.len() as u32);
        copy.copy_from(pixels);
        if let Ok(image) = ImageData::new_with_js_u8_clamped_array_and_sh(&copy, edge, edge) {
            let _ = context.put_image_data(&image, 0.0, 0.0);
        }
    }
    if !tinted {
        return;
    }
    let makers = makers(recording);
    context.set_global_alpha(if pixels.is_empty() { 0.8 } else { 0.3 });
    for piece in recording.store.produced() {
        let at = makers.iter().position(|(lane, _)| *lane == piece.lane).unwrap_or(0);
        context.set_fill_style_str(TINTS[at % TINTS.len()]);
        context.fill_rect(0.0, f64::from(piece.first), side, f64::from(piece.count));
    }
    context.set_global_alpha(1.0);
}
