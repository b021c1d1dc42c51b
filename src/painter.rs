//! Draws the chart on a canvas. It goes through a scene's lists and decides nothing but colours.
//!
//! States are told apart by colour, by lightness and by pattern, so that they can be told apart without any one of
//! these. The colours and patterns are the style sheet's: it says them once, for the page and for the canvas.
//!
//! ```text
//!  running  solid       ready  dots        waiting   slanted lines
//!  starting outline     I/O    uprights    sleeping  level lines
//! ```

use interleave_timeline::{Batch, CssPx, EdgeKind, Knot, Rect, STATES, Scene, SceneOptions, Share, Viewport};
use interleave_trace::{LaneKind, Outcome, State};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasPattern, CanvasRenderingContext2d as Context, DomMatrix, HtmlCanvasElement, HtmlElement};

use crate::browser;
use crate::chart::{Chart, Layout};
use crate::recording::{Recording, Shelf};

/// The side of a pattern's tile.
const TILE: f64 = 6.0;

/// The narrowest bar that shows its pattern.
const SHORTEST_PATTERN: CssPx = 3.0;

/// The width of the scroll bar.
const SCROLL_BAR: CssPx = 6.0;

struct StateInk {
    fill: String,
    line: String,
    ink: String,
    pattern: Option<CanvasPattern>,
}

/// Colours and fonts, as the style sheet has them for the present theme.
pub struct Palette {
    background: String,
    band: String,
    grid: String,
    text: String,
    muted: String,
    accent: String,
    bad: String,
    edge: String,
    states: [StateInk; STATES],
    font: String,
    small: String,
    char_width: CssPx,
    scale: f64,
}

impl Palette {
    /// Reads them. `scale` is the number of the screen's pixels to one of CSS.
    pub fn read(context: &Context, rem: CssPx, scale: f64) -> Option<Self> {
        let document = browser::document()?;
        let probe: HtmlElement = document.create_element("i").ok()?.dyn_into().ok()?;
        probe.set_hidden(true);
        document.body()?.append_child(&probe).ok()?;
        let style = browser::window()?.get_computed_style(&probe).ok()??;
        let color = |name: &str| {
            // A property's own text may be a function of the theme; the colour that it gives is what counts.
            let _ = probe.style().set_property("color", &format!("var(--{name})"));
            style.get_property_value("color").unwrap_or_default()
        };
        let family = style.get_property_value("font-family").unwrap_or_else(|_| "sans-serif".to_owned());
        let states = std::array::from_fn(|code| {
            let state = State::ALL[code];
            let name = state.text();
            let (fill, line) = (color(&format!("{name}-fill")), color(&format!("{name}-line")));
            let pattern = pattern(state, &fill, &line, scale);
            StateInk { ink: color(&format!("{name}-ink")), fill, line, pattern }
        });
        let font = format!("{}px {family}", (0.8 * rem).round());
        let small = format!("{}px {family}", (0.75 * rem).round());
        context.set_font(&font);
        let sample = "rows 0123456789 thread";
        let char_width = context.measure_text(sample).map_or(6.5, |it| it.width() / sample.len() as f64);
        let palette = Self {
            background: color("plot"),
            band: color("band"),
            grid: color("grid"),
            text: color("text"),
            muted: color("muted"),
            accent: color("accent"),
            bad: color("bad"),
            edge: color("edge"),
            states,
            font,
            small,
            char_width,
            scale,
        };
        probe.remove();
        Some(palette)
    }
}

/// A tile of a state's pattern on its ground.
fn pattern(state: State, fill: &str, line: &str, scale: f64) -> Option<CanvasPattern> {
    if matches!(state, State::Running | State::Starting) {
        return None;
    }
    let canvas: HtmlCanvasElement = browser::document()?.create_element("canvas").ok()?.dyn_into().ok()?;
    let side = (TILE * scale).round().max(2.0);
    canvas.set_width(side as u32);
    canvas.set_height(side as u32);
    let context: Context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.set_fill_style_str(fill);
    context.fill_rect(0.0, 0.0, side, side);
    context.set_fill_style_str(line);
    context.set_stroke_style_str(line);
    context.set_line_width((1.3 * scale).round().max(1.0));
    let part = side / TILE;
    match state {
        State::Ready => {
            for (x, y) in [(1.5, 1.5), (4.5, 4.5)] {
                context.begin_path();
                let _ = context.arc(x * part, y * part, 0.95 * part, 0.0, std::f64::consts::TAU);
                context.fill();
            }
        }
        State::Waiting => {
            context.begin_path();
            for shift in [-side, 0.0, side] {
                context.move_to(shift - part, side + part);
                context.line_to(shift + side + part, -part);
            }
            context.stroke();
        }
        State::Sleeping => context.fill_rect(0.0, (2.0 * part).round(), side, (1.2 * part).round().max(1.0)),
        State::Io => context.fill_rect((2.0 * part).round(), 0.0, (1.5 * part).round().max(1.0), side),
        State::Running | State::Starting => {}
    }
    let pattern = context.create_pattern_with_html_canvas_element(&canvas, "repeat").ok()??;
    // The canvas is scaled to CSS pixels; the tile is in the screen's.
    if let Ok(matrix) = DomMatrix::new() {
        matrix.set_a(1.0 / scale);
        matrix.set_d(1.0 / scale);
        pattern.set_transform(JsValue::from(matrix).unchecked_ref());
    }
    Some(pattern)
}

/// Draws.
pub struct Painter {
    canvas: HtmlCanvasElement,
    context: Context,
    palette: Option<Palette>,
    scene: Scene,
}

impl Painter {
    /// On a canvas.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context: Context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Self { canvas, context, palette: None, scene: Scene::default() })
    }

    /// The canvas.
    pub fn canvas(&self) -> &HtmlCanvasElement {
        &self.canvas
    }

    /// Says in words which part of the run the picture shows, for those who do not see it.
    pub fn describe(&self, part: &str) {
        if self.canvas.get_attribute("aria-description").as_deref() != Some(part) {
            // Refused only for names that are none.
            let _set = self.canvas.set_attribute("aria-description", part);
        }
    }

    /// Colours have to be read anew: another theme, another screen.
    pub fn forget_palette(&mut self) {
        self.palette = None;
    }

    /// Draws the chart as it is now.
    pub fn paint(&mut self, chart: &Chart, shelf: &Shelf) {
        let layout = chart.layout;
        let scale = browser::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(0.5, 4.0);
        let size = ((layout.width * scale).round() as u32, (layout.height * scale).round() as u32);
        if (self.canvas.width(), self.canvas.height()) != size {
            self.canvas.set_width(size.0);
            self.canvas.set_height(size.1);
        }
        if self.palette.as_ref().is_none_or(|palette| palette.scale != scale) {
            self.palette = Palette::read(&self.context, layout.rem, scale);
        }
        let Some(palette) = &self.palette else { return };
        let it = Brush { context: &self.context, palette, layout };
        let _ = self.context.set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0);
        it.rect(&palette.background, 0.0, 0.0, layout.width, layout.height);
        if chart.is_empty(shelf) {
            return;
        }
        it.overview(chart, shelf);
        let ticks = chart.view().ticks(6.5 * layout.rem);
        it.axis(&ticks);
        let (plot_width, plot_height) = layout.plot();
        let (left, top) = (layout.gutter(), layout.plot_top());
        it.rect(&palette.grid, left - 1.0, top, 1.0, plot_height);
        for (pane, recording, heading, view) in chart.places(shelf) {
            let of_pane = |chosen: Option<crate::chart::Chosen>| {
                chosen.filter(|chosen| chosen.ticket == pane.ticket).map(|chosen| chosen.span)
            };
            let options = SceneOptions {
                selected: of_pane(chart.selected),
                hovered: of_pane(chart.hovered),
                edges: chart.edges,
                char_width: palette.char_width,
                tick_apart: 6.5 * layout.rem,
            };
            self.scene.draw(&recording.store, &recording.rows, &view, &options);
            if let Some(deadlock) = recording.report.as_ref().and_then(|report| report.deadlock.as_ref()) {
                self.scene.draw_deadlock(&recording.store, &recording.rows, &view, deadlock);
            }
            it.inside(left, top, plot_width, plot_height, || it.plot(&self.scene, recording, &view));
            it.inside(0.0, top, left, plot_height, || it.captions(&self.scene, &view));
            if !pane.heading.is_empty() {
                it.inside(0.0, top, layout.width, plot_height, || {
                    it.heading(&pane.heading, top + heading);
                });
            }
        }
        it.scroll_bar(chart, shelf);
    }
}

struct Brush<'a> {
    context: &'a Context,
    palette: &'a Palette,
    layout: Layout,
}

impl Brush<'_> {
    fn rect(&self, color: &str, x: CssPx, y: CssPx, width: CssPx, height: CssPx) {
        self.context.set_fill_style_str(color);
        self.context.fill_rect(x, y, width, height);
    }

    /// Draws with the origin at a corner, and nothing beyond the size.
    fn inside(&self, x: CssPx, y: CssPx, width: CssPx, height: CssPx, draw: impl FnOnce()) {
        let context = self.context;
        context.save();
        context.begin_path();
        context.rect(x, y, width, height);
        context.clip();
        let _ = context.translate(x, y);
        draw();
        context.restore();
    }

    fn text(&self, color: &str, text: &str, x: CssPx, y: CssPx) {
        self.context.set_fill_style_str(color);
        let _ = self.context.fill_text(text, x, y);
    }

    fn overview(&self, chart: &Chart, shelf: &Shelf) {
        let (left, width, height) = (self.layout.gutter(), self.layout.plot().0, self.layout.strip());
        self.rect(&self.palette.band, 0.0, 0.0, self.layout.width, height);
        let extent = chart.extent(shelf);
        let length = (extent.end_ns - extent.start_ns).max(1.0);
        let x_of = |ns: f64| left + (ns - extent.start_ns) / length * width;
        let panes = chart.recordings(shelf).count().max(1) as f64;
        let each = (height - 6.0) / panes;
        for (at, (_, recording)) in chart.recordings(shelf).enumerate() {
            let store = &recording.store;
            let view = chart.view().with_zero(store.zero());
            let (from, to) = (x_of(view.view_ns(store.earliest())), x_of(view.view_ns(store.latest())));
            let columns = ((to - from) / 2.0).ceil().max(1.0);
            let shares = store.activity(store.earliest(), store.latest(), columns as usize);
            let column = (to - from) / columns;
            self.shares(&shares, from, column, 3.0 + at as f64 * each, each - if panes > 1.0 { 1.0 } else { 0.0 });
        }
        // Where the view is: the rest is veiled.
        let (from, to) = (x_of(chart.view().start_ns).max(left), x_of(chart.view().end_ns()).min(left + width));
        let context = self.context;
        context.set_global_alpha(0.66);
        self.rect(&self.palette.band, left, 0.0, (from - left).max(0.0), height);
        self.rect(&self.palette.band, to, 0.0, (left + width - to).max(0.0), height);
        context.set_global_alpha(1.0);
        context.set_stroke_style_str(&self.palette.accent);
        context.set_line_width(1.5);
        context.stroke_rect(from + 0.75, 0.75, (to - from - 1.5).max(2.0), height - 1.5);
        context.set_font(&self.palette.small);
        context.set_text_baseline("middle");
        let indent = if self.layout.is_narrow() { 0.45 } else { 0.7 } * self.layout.rem;
        self.text(&self.palette.muted, "Overview", indent, height / 2.0);
    }

    fn shares(&self, shares: &[Share], left: CssPx, column: CssPx, top: CssPx, height: CssPx) {
        let most = shares.iter().map(|share| share.0.iter().sum::<f64>()).fold(1.0, f64::max);
        // What runs stands on the ground; the others lie above it.
        const ORDER: [State; STATES] =
            [State::Running, State::Io, State::Sleeping, State::Ready, State::Waiting, State::Starting];
        let mut below = vec![0.0; shares.len()];
        for state in ORDER {
            let ink = &self.palette.states[state as usize];
            self.context.set_fill_style_str(if state == State::Running { &ink.fill } else { &ink.line });
            self.context.set_global_alpha(if state == State::Running { 1.0 } else { 0.45 });
            for (at, (share, below)) in shares.iter().zip(&mut below).enumerate() {
                let part = share.get(state) / most * height;
                if part > 0.01 {
                    let x = left + at as f64 * column;
                    self.context.fill_rect(x, top + height - *below - part, column + 0.3, part);
                }
                *below += part;
            }
        }
        self.context.set_global_alpha(1.0);
    }

    fn axis(&self, ticks: &[interleave_timeline::Tick]) {
        let (left, top, bottom) = (self.layout.gutter(), self.layout.strip(), self.layout.plot_top());
        let height = self.layout.height;
        self.context.set_font(&self.palette.small);
        self.context.set_text_baseline("middle");
        for tick in ticks {
            let x = (left + tick.x).round();
            self.rect(&self.palette.grid, x, bottom, 1.0, height - bottom);
            self.rect(&self.palette.muted, x, bottom - 4.0, 1.0, 4.0);
            self.inside(left, top, self.layout.width - left, bottom - top, || {
                self.text(&self.palette.muted, &tick.label, tick.x + 4.0, (bottom - top) / 2.0);
            });
        }
        self.rect(&self.palette.grid, 0.0, bottom - 1.0, self.layout.width, 1.0);
    }

    fn heading(&self, text: &str, y: CssPx) {
        let top = y - self.layout.plot_top();
        let height = self.layout.heading();
        self.rect(&self.palette.band, 0.0, top, self.layout.width, height);
        self.context.set_font(&self.palette.font);
        self.context.set_text_baseline("middle");
        let indent = if self.layout.is_narrow() { 0.45 } else { 0.7 } * self.layout.rem;
        self.text(&self.palette.text, text, indent, top + height / 2.0);
    }

    fn plot(&self, scene: &Scene, recording: &Recording, view: &Viewport) {
        let context = self.context;
        for y in &scene.separators {
            self.rect(&self.palette.grid, 0.0, y.round() - 0.5, scene.width, 1.0);
        }
        for batch in &scene.batches {
            self.batch(batch);
        }
        self.labels(scene);
        self.edges(scene);
        let rows_top = view.y_of(0).max(0.0);
        let rows_bottom = view.y_of(recording.rows.len()).min(scene.height);
        for mark in &scene.marks {
            self.rect(&self.palette.text, mark.x.round(), rows_top, 1.0, rows_bottom - rows_top);
        }
        for end in &scene.ends {
            self.end(end.x, end.y, end.height, end.outcome);
        }
        if !recording.is_over
            && let Some(now) = scene.now
        {
            self.rect(&self.palette.accent, now.round(), rows_top, 1.5, rows_bottom - rows_top);
        }
        for outline in &scene.outlines {
            let Rect { x, y, width, height } = outline.rect;
            let width = width.max(2.0);
            // A light line within a dark one, or the other way round: it is seen on every state's colour.
            let lines: &[(f64, &str)] = if outline.selected {
                &[(5.0, &self.palette.background), (2.5, &self.palette.text)]
            } else {
                &[(1.5, &self.palette.text)]
            };
            for (line, color) in lines {
                context.set_stroke_style_str(color);
                context.set_line_width(*line);
                context.stroke_rect(x - 0.5, y - 0.5, width, height + 1.0);
            }
        }
        self.knots(&scene.knots);
    }

    /// A deadlock: every wait in it outlined, and numbered arrows to those that it is for. All is drawn on a ground of its
    /// own, so that it is told from the bars by shape and not by its colour alone.
    fn knots(&self, knots: &[Knot]) {
        let (context, ground, ink) = (self.context, &self.palette.background, &self.palette.bad);
        for knot in knots {
            let Rect { x, y, width, height } = knot.rect;
            for (line, color) in [(4.5, ground), (2.5, ink)] {
                context.set_stroke_style_str(color);
                context.set_line_width(line);
                context.stroke_rect(x + 1.0, y, (width - 2.0).max(1.0), height);
            }
        }
        context.set_font(&self.palette.small);
        context.set_text_baseline("middle");
        context.set_text_align("center");
        for knot in knots {
            let Some((x, from, to)) = knot.arrow else { continue };
            let head = if to > from { 7.0 } else { -7.0 };
            for (line, color, wider) in [(6.0, ground, 2.5), (2.0, ink, 0.0)] {
                context.set_stroke_style_str(color);
                context.set_fill_style_str(color);
                context.set_line_width(line);
                context.begin_path();
                context.move_to(x, from);
                context.line_to(x, to - head);
                context.stroke();
                context.begin_path();
                context.move_to(x, to + wider * head.signum());
                context.line_to(x - 5.0 - wider, to - head * 1.3);
                context.line_to(x + 5.0 + wider, to - head * 1.3);
                context.close_path();
                context.fill();
            }
            let radius = if knot.number.is_some() { 8.0 } else { 3.5 };
            for (more, color) in [(2.0, ground), (0.0, ink)] {
                context.set_fill_style_str(color);
                context.begin_path();
                let _ = context.arc(x, from, radius + more, 0.0, std::f64::consts::TAU);
                context.fill();
            }
            if let Some(number) = knot.number {
                self.text(ground, &number.to_string(), x, from + 0.5);
            }
        }
        context.set_text_align("start");
    }

    fn batch(&self, batch: &Batch) {
        let (context, ink) = (self.context, &self.palette.states[batch.state as usize]);
        if batch.bars.is_empty() && batch.cells.is_empty() {
            return;
        }
        if batch.state == State::Starting {
            context.set_stroke_style_str(&ink.line);
            context.set_line_width(1.0);
            let _ = context.set_line_dash(&js_sys::Array::of2(&3.0.into(), &3.0.into()));
            self.rects_of(&batch.bars, 0.0, |it| {
                let width = (it.width - 2.0).max(0.5);
                context.rect(it.x + 0.5, it.y + 0.5, width, it.height - 1.0);
            });
            context.stroke();
            let _ = context.set_line_dash(&js_sys::Array::new());
        } else {
            // A pixel between neighbours, or a row of like spans would look like one.
            context.set_fill_style_str(&ink.fill);
            for it in &batch.bars {
                context.fill_rect(it.x, it.y, bar_width(it), it.height);
            }
            if let Some(pattern) = &ink.pattern {
                context.set_fill_style_canvas_pattern(pattern);
                self.rects_of(&batch.bars, SHORTEST_PATTERN, |it| context.rect(it.x, it.y, bar_width(it), it.height));
                context.fill();
                context.set_fill_style_str(&ink.line);
                context.set_global_alpha(0.7);
                for it in &batch.bars {
                    context.fill_rect(it.x, it.y + it.height - 1.0, bar_width(it), 1.0);
                }
                context.set_global_alpha(1.0);
            }
        }
        context.set_fill_style_str(if batch.state == State::Running { &ink.fill } else { &ink.line });
        if batch.state != State::Running {
            context.set_global_alpha(0.6);
        }
        for it in &batch.cells {
            context.fill_rect(it.x, it.y, it.width, it.height);
        }
        context.set_global_alpha(1.0);
    }

    fn rects_of(&self, rects: &[Rect], least: CssPx, mut each: impl FnMut(&Rect)) {
        self.context.begin_path();
        rects.iter().filter(|it| it.width >= least).for_each(&mut each);
    }

    fn labels(&self, scene: &Scene) {
        let context = self.context;
        context.set_font(&self.palette.font);
        context.set_text_baseline("middle");
        context.set_line_join("round");
        context.set_line_width(4.0);
        for label in &scene.labels {
            let ink = &self.palette.states[label.state as usize];
            if ink.pattern.is_some() {
                // A calm ground for the letters.
                context.set_stroke_style_str(&ink.fill);
                let _ = context.stroke_text(&label.text, label.x, label.y);
            }
            self.text(&ink.ink, &label.text, label.x, label.y);
        }
    }

    fn edges(&self, scene: &Scene) {
        let context = self.context;
        // Many lines are a texture: each is lighter, so that what they connect stays to be seen.
        let crowd = scene.edges.len() as f64;
        let faint = (0.55 * (40.0 / crowd.max(40.0)).sqrt()).max(0.12);
        for emphasised in [false, true] {
            context.set_stroke_style_str(if emphasised { &self.palette.accent } else { &self.palette.edge });
            context.set_fill_style_str(if emphasised { &self.palette.accent } else { &self.palette.edge });
            context.set_line_width(if emphasised { 2.0 } else { 1.0 });
            context.set_global_alpha(if emphasised { 1.0 } else { faint });
            for kind in EdgeKind::ALL {
                let dash = match kind {
                    EdgeKind::Spawn | EdgeKind::Join => js_sys::Array::new(),
                    EdgeKind::Message => js_sys::Array::of2(&4.0.into(), &2.0.into()),
                    EdgeKind::Wake => js_sys::Array::of2(&1.5.into(), &2.0.into()),
                };
                let lines = || scene.edges.iter().filter(|line| line.emphasised == emphasised && line.kind == kind);
                if lines().next().is_none() {
                    continue;
                }
                let _ = context.set_line_dash(&dash);
                context.begin_path();
                for line in lines() {
                    let ((x0, y0), (x1, y1)) = (line.from, line.to);
                    let bend = ((x1 - x0).abs() / 2.0).clamp(6.0, 40.0);
                    context.move_to(x0, y0);
                    context.bezier_curve_to(x0 + bend, y0, x1 - bend, y1, x1, y1);
                }
                context.stroke();
                let _ = context.set_line_dash(&js_sys::Array::new());
                context.begin_path();
                for line in lines() {
                    let (x, y) = line.to;
                    let head = if emphasised { 5.0 } else { 3.5 };
                    context.move_to(x, y);
                    context.line_to(x - head * 1.6, y - head * 0.8);
                    context.line_to(x - head * 1.6, y + head * 0.8);
                    context.close_path();
                }
                context.fill();
            }
        }
        context.set_global_alpha(1.0);
    }

    /// A lane's end: a bar where it came to its end, a cross where it did not.
    fn end(&self, x: CssPx, y: CssPx, height: CssPx, outcome: Outcome) {
        let context = self.context;
        match outcome {
            Outcome::Completed => self.rect(&self.palette.muted, x, y, 2.0, height),
            Outcome::Cancelled | Outcome::Stopped => {
                self.rect(&self.palette.text, x, y, 2.0, height);
                self.rect(&self.palette.text, x + 4.0, y, 2.0, height);
            }
            Outcome::Failed | Outcome::Killed | Outcome::Deadlocked => {
                let (half, middle) = ((height / 3.0).min(7.0), y + height / 2.0);
                context.set_stroke_style_str(&self.palette.bad);
                context.set_line_width(2.5);
                context.begin_path();
                context.move_to(x + 3.0, middle - half);
                context.line_to(x + 3.0 + 2.0 * half, middle + half);
                context.move_to(x + 3.0, middle + half);
                context.line_to(x + 3.0 + 2.0 * half, middle - half);
                context.stroke();
                self.rect(&self.palette.bad, x, y, 2.0, height);
            }
        }
    }

    fn captions(&self, scene: &Scene, view: &Viewport) {
        let (context, rem, width) = (self.context, self.layout.rem, self.layout.gutter());
        let indent = if self.layout.is_narrow() { 0.45 * rem } else { 0.7 * rem };
        context.set_text_baseline("middle");
        let is_tight = view.row_height < 1.1 * rem;
        context.set_font(if is_tight { &self.palette.small } else { &self.palette.font });
        for caption in &scene.captions {
            let middle = caption.y + caption.height / 2.0;
            if caption.first_of_group && caption.y > 0.0 {
                self.rect(&self.palette.grid, 0.0, caption.y.round() - 0.5, width, 1.0);
            }
            let mut x = indent + f64::from(caption.depth) * indent;
            if caption.has_children {
                self.triangle(x + 3.0, middle, caption.collapsed);
                x += 12.0;
            }
            let color = match caption.outcome {
                Some(Outcome::Failed | Outcome::Killed | Outcome::Deadlocked) => &self.palette.bad,
                _ if caption.kind == LaneKind::Page => &self.palette.muted,
                _ => &self.palette.text,
            };
            let room = width - x - 1.1 * rem;
            let chars = (room / self.palette.char_width).max(1.0) as usize;
            let text = match caption.text.chars().nth(chars) {
                Some(_) => caption.text.chars().take(chars - 1).chain(['…']).collect(),
                None => caption.text.clone(),
            };
            self.text(color, &text, x, middle);
            if let Some(state) = caption.now {
                let side = (0.55 * rem).min(caption.height - 4.0);
                let swatch = Rect { x: width - 1.0 * rem, y: middle - side / 2.0, width: side, height: side };
                self.batch(&Batch { state, bars: vec![swatch], cells: Vec::new() });
            }
        }
    }

    fn triangle(&self, x: CssPx, y: CssPx, collapsed: bool) {
        let context = self.context;
        context.set_fill_style_str(&self.palette.muted);
        context.begin_path();
        if collapsed {
            context.move_to(x - 2.0, y - 4.0);
            context.line_to(x + 4.0, y);
            context.line_to(x - 2.0, y + 4.0);
        } else {
            context.move_to(x - 3.0, y - 2.0);
            context.line_to(x + 5.0, y - 2.0);
            context.line_to(x + 1.0, y + 4.0);
        }
        context.fill();
    }

    fn scroll_bar(&self, chart: &Chart, shelf: &Shelf) {
        let (scroll, content, window) = chart.scroll(shelf);
        if content <= window {
            return;
        }
        let height = (window / content * window).max(24.0);
        let y = self.layout.plot_top() + scroll / (content - window) * (window - height);
        self.context.set_global_alpha(0.5);
        self.rect(&self.palette.muted, self.layout.width - SCROLL_BAR, y, SCROLL_BAR, height);
        self.context.set_global_alpha(1.0);
    }
}

fn bar_width(it: &Rect) -> CssPx {
    if it.width > 3.0 { it.width - 1.0 } else { it.width }
}
