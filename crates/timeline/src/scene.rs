//! What is to be painted, as lists of shapes: a function of the store, the rows and the viewport.
//!
//! A painter goes through the lists and knows nothing else, so a picture can be tested as a text. Bars come in
//! batches, one for each state, since setting a style costs a canvas more than a rectangle does.
//!
//! Where spans are narrower than a pixel or two, they are gathered in *cells*, each of the state that has most
//! of it. A cell costs a search and a difference of two sums, however many spans it stands for, and neighbours
//! of the same state are joined: so a picture costs what it shows, and not what there is.
//!
//! ```text
//!  spans   |R     |W  |R|W|R|R|W|R|W|W|W|R    |
//!  cells   .   .   .   .   .   .   .   .   .          fixed in time, a power of two long
//!  scene   [R bar][W  ][R      ][W      ][R   ]
//! ```

use std::collections::HashSet;
use std::ops::Range;

use interleave_trace::{LaneId, LaneKind, Mark, Outcome, State, TimeNs};

use crate::activity::Share;
use crate::deadlock::{Deadlock, Stuck};
use crate::edges::{Edge, EdgeId, EdgeKind};
use crate::ids::Ids;
use crate::lanes::{Row, Rows};
use crate::spans::{STATES, Spans};
use crate::store::{Lane, Store, is_blocked};
use crate::viewport::{CssPx, Extent, Tick, ViewNs, Viewport};

/// The least width of a cell, in which the spans are gathered that are narrower.
const CELL_PX: CssPx = 1.25;

/// The space above and below a bar.
const GAP_PX: CssPx = 2.0;

/// The shortest room that gets a label, in characters.
const SHORTEST_LABEL: f64 = 3.0;

/// From how many edges of a kind in view on none of them can be told from another.
const MOST_EDGES: usize = 4000;

/// How far the arrows of a deadlock stand from each other.
const ARROW_APART: CssPx = 22.0;

/// How many lanes of a deadlock are drawn as such.
const MOST_KNOTS: usize = 64;

/// What a visitor points at or has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanRef {
    /// The lane.
    pub lane: LaneId,
    /// The how-manieth span of it.
    pub index: usize,
}

/// What changes a picture beside the data and the place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SceneOptions {
    /// The span that was chosen.
    pub selected: Option<SpanRef>,
    /// The span under the pointer.
    pub hovered: Option<SpanRef>,
    /// Whether edges are drawn at all; those of the selected and the hovered span are drawn always.
    pub edges: bool,
    /// The width of a character of a label.
    pub char_width: CssPx,
    /// The least distance between two lines of the axis.
    pub tick_apart: CssPx,
}

impl Default for SceneOptions {
    fn default() -> Self {
        Self { selected: None, hovered: None, edges: true, char_width: 6.5, tick_apart: 90.0 }
    }
}

/// A rectangle, from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// From the left edge.
    pub x: CssPx,
    /// From the upper edge.
    pub y: CssPx,
    /// To the right.
    pub width: CssPx,
    /// Down.
    pub height: CssPx,
}

/// The rectangles of one state.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Which state.
    pub state: State,
    /// Each one span.
    pub bars: Vec<Rect>,
    /// Each many spans, of which this state has the most time.
    pub cells: Vec<Rect>,
}

/// A text on a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where it begins.
    pub x: CssPx,
    /// The middle of its line.
    pub y: CssPx,
    /// How wide it may be.
    pub max_width: CssPx,
    /// What it says, cut to fit.
    pub text: String,
    /// The state of the bar that it is on.
    pub state: State,
}

/// A lane's name, for the space beside the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// Which lane.
    pub lane: LaneId,
    /// What it is.
    pub kind: LaneKind,
    /// Its name.
    pub text: String,
    /// The top of its row.
    pub y: CssPx,
    /// The height of its row.
    pub height: CssPx,
    /// How far it is indented.
    pub depth: u8,
    /// Whether a process begins here.
    pub first_of_group: bool,
    /// Whether lanes belong under it.
    pub has_children: bool,
    /// Whether these are hidden.
    pub collapsed: bool,
    /// What it does at the newest time, unless it is over.
    pub now: Option<State>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// An edge, as a line from its cause to its effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EdgeLine {
    /// Which.
    pub id: EdgeId,
    /// What it tells.
    pub kind: EdgeKind,
    /// Where the cause is.
    pub from: (CssPx, CssPx),
    /// Where the effect is.
    pub to: (CssPx, CssPx),
    /// Whether it belongs to the selected or the hovered span.
    pub emphasised: bool,
}

/// A point of the whole run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarkLine {
    /// Where.
    pub x: CssPx,
    /// What.
    pub mark: Mark,
}

/// The end of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EndMarker {
    /// Where the lane ends.
    pub x: CssPx,
    /// The top of its bar.
    pub y: CssPx,
    /// The height of its bar.
    pub height: CssPx,
    /// How it ended.
    pub outcome: Outcome,
}

/// The outline of a span that is pointed at or chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    /// Where.
    pub rect: Rect,
    /// Chosen, or only pointed at.
    pub selected: bool,
}

/// A lane that can never go on: the outline of its wait, and an arrow to the row of the lane that it waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// The wait, as far as it is in view.
    pub rect: Rect,
    /// Its place in the circle, from 1, if it belongs to it.
    pub number: Option<u32>,
    /// Where the arrow stands, where it begins and where it ends; none if nobody in view holds what is waited for.
    pub arrow: Option<(CssPx, CssPx, CssPx)>,
}

/// See the module's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The picture's width.
    pub width: CssPx,
    /// The picture's height.
    pub height: CssPx,
    /// One for each state, in the order of [`State::ALL`].
    pub batches: [Batch; STATES],
    /// Texts on bars.
    pub labels: Vec<Label>,
    /// Names of lanes.
    pub captions: Vec<Caption>,
    /// Where processes begin, but for the first.
    pub separators: Vec<CssPx>,
    /// Causes that cross lanes.
    pub edges: Vec<EdgeLine>,
    /// How many edges are in view but too many to be told apart; 0 if all are drawn.
    pub edges_hidden: usize,
    /// Lines of the axis.
    pub ticks: Vec<Tick>,
    /// Points of the whole run.
    pub marks: Vec<MarkLine>,
    /// Ends of lanes.
    pub ends: Vec<EndMarker>,
    /// Outlines of the selected and the hovered span.
    pub outlines: Vec<Outline>,
    /// Lanes that can never go on.
    pub knots: Vec<Knot>,
    /// Where the newest time is, if it is in view and the work was not told to be done. Whether more will come
    /// only the painter's owner knows.
    pub now: Option<CssPx>,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            width: 0.0,
            height: 0.0,
            batches: std::array::from_fn(|code| Batch { state: State::ALL[code], bars: Vec::new(), cells: Vec::new() }),
            labels: Vec::new(),
            captions: Vec::new(),
            separators: Vec::new(),
            edges: Vec::new(),
            edges_hidden: 0,
            ticks: Vec::new(),
            marks: Vec::new(),
            ends: Vec::new(),
            outlines: Vec::new(),
            knots: Vec::new(),
            now: None,
        }
    }
}

/// The picture of what a viewport shows.
pub fn scene(store: &Store, rows: &Rows, viewport: &Viewport, options: &SceneOptions) -> Scene {
    let mut scene = Scene::default();
    scene.draw(store, rows, viewport, options);
    scene
}

impl Scene {
    /// Becomes the picture of what a viewport shows, in the memory it has.
    pub fn draw(&mut self, store: &Store, rows: &Rows, viewport: &Viewport, options: &SceneOptions) {
        self.clear();
        (self.width, self.height) = (viewport.width, viewport.height);
        for row in viewport.visible_rows(rows.len()) {
            self.draw_row(store, &rows.rows()[row], viewport.y_of(row), viewport, options);
        }
        self.draw_edges(store, rows, viewport, options);
        self.draw_outlines(store, rows, viewport, options);
        self.ticks = viewport.ticks(options.tick_apart);
        let marks = [(store.run_started(), Mark::RunStarted), (store.run_finished(), Mark::RunFinished)];
        for (time, mark) in marks {
            if let Some(x) = time.map(|time| viewport.x_of(time)).filter(|&x| x >= 0.0 && x <= self.width) {
                self.marks.push(MarkLine { x, mark });
            }
        }
        if store.run_finished().is_none() {
            self.now = Some(viewport.x_of(store.latest())).filter(|&x| x >= 0.0 && x <= self.width);
        }
    }

    fn clear(&mut self) {
        for batch in &mut self.batches {
            batch.bars.clear();
            batch.cells.clear();
        }
        self.labels.clear();
        self.captions.clear();
        self.separators.clear();
        self.edges.clear();
        self.edges_hidden = 0;
        self.marks.clear();
        self.ends.clear();
        self.outlines.clear();
        self.knots.clear();
        self.now = None;
    }

    fn draw_row(&mut self, store: &Store, row: &Row, top: CssPx, viewport: &Viewport, options: &SceneOptions) {
        let Some(lane) = store.lanes().get(row.place as usize) else { return };
        let last = lane.span_count().checked_sub(1).and_then(|last| lane.spans().state(last));
        self.captions.push(Caption {
            lane: lane.id,
            kind: lane.kind,
            text: store.lane_title(lane.id),
            y: top,
            height: viewport.row_height,
            depth: row.depth,
            first_of_group: row.first_of_group,
            has_children: row.has_children,
            collapsed: row.collapsed,
            now: last.filter(|_| lane.ended.is_none()),
            outcome: lane.ended.map(|(_, outcome)| outcome),
        });
        if row.first_of_group && top > 0.0 {
            self.separators.push(top);
        }
        let (y, height) = bar(viewport, top);
        let least = SHORTEST_LABEL * options.char_width;
        for piece in pieces(store, lane, viewport) {
            let batch = &mut self.batches[piece.state as usize];
            let rect = Rect { x: piece.left, y, width: piece.right - piece.left, height };
            if piece.is_cell {
                match batch.cells.last_mut() {
                    Some(before) if before.y == y && before.x + before.width >= rect.x => {
                        before.width = piece.right - before.x;
                    }
                    _ => batch.cells.push(rect),
                }
                continue;
            }
            batch.bars.push(rect);
            let room = rect.width - options.char_width;
            if room >= least
                && height >= 10.0
                && let Some(span) = store.span_of(lane, piece.spans.start)
            {
                let title = store.span_title(&span);
                // That a lane is ready is said by its pattern; as a word it would stand on every other span.
                let named = if title.is_empty() && span.state != State::Ready { span.state.text() } else { &title };
                let text = cut(named, room / options.char_width);
                if !text.is_empty() {
                    let x = rect.x + options.char_width / 2.0;
                    let y = y + height / 2.0;
                    self.labels.push(Label { x, y, max_width: room, text, state: piece.state });
                }
            }
        }
        if let Some((time, outcome)) = lane.ended {
            let x = viewport.x_of(time);
            if x >= 0.0 && x <= viewport.width {
                self.ends.push(EndMarker { x, y, height, outcome });
            }
        }
    }

    fn draw_edges(&mut self, store: &Store, rows: &Rows, viewport: &Viewport, options: &SceneOptions) {
        let (from, to) = viewport.times();
        let mut drawn: HashSet<u64, Ids> = HashSet::default();
        let mut emphasised: HashSet<u32, Ids> = HashSet::default();
        for chosen in [options.selected, options.hovered].into_iter().flatten() {
            for (id, edge) in edges_of_span(store, chosen) {
                if emphasised.insert(id.0)
                    && let Some(line) = line(store, rows, viewport, id, edge, true)
                {
                    self.edges.push(line);
                }
            }
        }
        if !options.edges {
            return;
        }
        for kind in EdgeKind::ALL {
            let most = store.edge_index().most_in(kind, from.0, to.0);
            if most > MOST_EDGES {
                self.edges_hidden += most;
                continue;
            }
            for (id, edge) in store.edge_index().of_kind_in(kind, from.0, to.0) {
                if emphasised.contains(&id.0) {
                    continue;
                }
                let Some(line) = line(store, rows, viewport, id, edge, false) else { continue };
                // Two lines between the same rows and almost the same pixels are one.
                let key = (line.from.0 / 3.0) as i32 as u32 as u64 ^ ((line.to.0 / 3.0) as i32 as u32 as u64) << 16;
                let rows = (line.from.1 as i32 as u32 as u64) << 32 ^ (line.to.1 as i32 as u32 as u64) << 48;
                if drawn.insert(key ^ rows) {
                    self.edges.push(line);
                }
            }
        }
    }

    fn draw_outlines(&mut self, store: &Store, rows: &Rows, viewport: &Viewport, options: &SceneOptions) {
        for (chosen, selected) in [(options.hovered, false), (options.selected, true)] {
            let Some(chosen) = chosen else { continue };
            let (Some(row), Some(span)) = (rows.row_of(store, chosen.lane), store.span(chosen.lane, chosen.index))
            else {
                continue;
            };
            let (y, height) = bar(viewport, viewport.y_of(row));
            let left = viewport.x_of(span.start).max(0.0);
            let right = viewport.x_of(span.end).max(left + 1.0).min(viewport.width);
            if left < viewport.width && right > 0.0 && y + height > 0.0 && y < viewport.height {
                self.outlines.push(Outline { rect: Rect { x: left, y, width: right - left, height }, selected });
            }
        }
    }

    /// Adds a deadlock to the picture. The arrows of a circle stand side by side, so that two between the same rows can be
    /// told apart.
    ///
    /// ```text
    ///  lane 1   running  [waits for right  (2)  (1)]
    ///                                       ^    |
    ///                                       |    v
    ///  lane 2   running     [waits for left (2)    ]
    /// ```
    pub fn draw_deadlock(&mut self, store: &Store, rows: &Rows, viewport: &Viewport, deadlock: &Deadlock) {
        let visible = |stuck: &Stuck| {
            let (row, span) = (rows.row_of(store, stuck.lane)?, store.span(stuck.lane, stuck.span.index)?);
            let left = viewport.x_of(span.start).max(0.0);
            let right = viewport.x_of(span.end).max(left + 1.0).min(viewport.width);
            (left < viewport.width && right > 0.0).then_some((row, left, right))
        };
        let places = deadlock.circle as u32 + 1;
        let circle = deadlock.lanes.iter().take(deadlock.circle).filter_map(visible);
        let room = circle.map(|(_, left, right)| right - left).fold(f64::INFINITY, f64::min);
        let apart = ARROW_APART.min(room / f64::from(places + 1));
        for stuck in deadlock.lanes.iter().take(MOST_KNOTS) {
            let Some((row, left, right)) = visible(stuck) else { continue };
            let (y, height) = bar(viewport, viewport.y_of(row));
            let rect = Rect { x: left, y, width: right - left, height };
            let to = stuck.holder.filter(|holder| *holder != stuck.lane).and_then(|holder| rows.row_of(store, holder));
            let arrow = to.map(|to| {
                let x = right - apart * f64::from(stuck.in_circle.unwrap_or(places));
                let (above, below) = bar(viewport, viewport.y_of(to));
                // From the middle of the wait to the nearer edge of the other row's bar.
                let end = if to > row { above } else { above + below };
                (x, y + height / 2.0, end)
            });
            self.knots.push(Knot { rect, number: stuck.in_circle, arrow });
        }
    }

    /// The edge within `reach` pixels of a point, if any: the nearest of those drawn.
    pub fn edge_at(&self, x: CssPx, y: CssPx, reach: CssPx) -> Option<EdgeId> {
        let near = self.edges.iter().map(|line| (distance((x, y), line.from, line.to), line.id));
        near.filter(|(away, _)| *away <= reach).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id)
    }
}

/// Top and height of the bars of a row.
fn bar(viewport: &Viewport, top: CssPx) -> (CssPx, CssPx) {
    let gap = if viewport.row_height >= 4.0 * GAP_PX { GAP_PX } else { 0.0 };
    (top + gap, viewport.row_height - 2.0 * gap)
}

fn distance(point: (CssPx, CssPx), from: (CssPx, CssPx), to: (CssPx, CssPx)) -> CssPx {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / length.max(1e-9);
    let along = along.clamp(0.0, 1.0);
    (point.0 - from.0 - along * dx).hypot(point.1 - from.1 - along * dy)
}

/// As much of a text as has room, with an ellipsis if that is not all.
fn cut(text: &str, most_chars: f64) -> String {
    let most = most_chars.max(0.0) as usize;
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        // A few letters of a word say nothing.
        Some(_) if most < 6 => String::new(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

fn line(
    store: &Store,
    rows: &Rows,
    viewport: &Viewport,
    id: EdgeId,
    edge: &Edge,
    emphasised: bool,
) -> Option<EdgeLine> {
    let (from, to) = (rows.row_of(store, edge.from)?, rows.row_of(store, edge.to)?);
    if from == to {
        return None;
    }
    let middle = |row| viewport.y_of(row) + viewport.row_height / 2.0;
    let (from, to) = ((viewport.x_of(edge.left), middle(from)), (viewport.x_of(edge.arrived), middle(to)));
    let outside = |a: CssPx, b: CssPx, most: CssPx| a.max(b) < 0.0 || a.min(b) > most;
    if outside(from.0, to.0, viewport.width) || outside(from.1, to.1, viewport.height) {
        return None;
    }
    Some(EdgeLine { id, kind: edge.kind, from, to, emphasised })
}

/// The edges that leave a span or reach it, and the one that ends it if it is a wait.
pub fn edges_of_span(store: &Store, chosen: SpanRef) -> Vec<(EdgeId, &Edge)> {
    let Some(span) = store.span(chosen.lane, chosen.index) else { return Vec::new() };
    let within = |time: TimeNs| time >= span.start && (time < span.end || (time == span.end && is_blocked(span.state)));
    store
        .edges_of(chosen.lane)
        .filter(|(_, edge)| {
            (edge.from == chosen.lane && within(edge.left)) || (edge.to == chosen.lane && within(edge.arrived))
        })
        .take(64)
        .collect()
}

/// A stretch of a row: one span that is wide enough, or all that fall into one cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub left: CssPx,
    pub right: CssPx,
    pub state: State,
    pub spans: Range<usize>,
    pub is_cell: bool,
}

/// The length of a cell, in nanoseconds: the power of two that makes it from [`CELL_PX`] to twice that wide.
/// So cells stay where they are in time while a view is moved or slowly grows, and do not flicker.
fn cell_ns(viewport: &Viewport) -> u64 {
    ((viewport.ns_per_px * CELL_PX).max(1.0) as u64).next_power_of_two()
}

/// The pieces of a lane from the left edge of the viewport to the right. They lie side by side.
pub(crate) fn pieces<'a>(store: &'a Store, lane: &'a Lane, viewport: &'a Viewport) -> Pieces<'a> {
    let (first, last) = viewport.times();
    let cell_ns = cell_ns(viewport);
    let from = first.0 / cell_ns * cell_ns;
    let index = lane.begun_by(from).unwrap_or(0);
    let from = lane.spans().start(index).map_or(0, |start| start.max(from));
    let pixel_ns = viewport.ns_per_px.ceil() as u64;
    Pieces { spans: lane.spans(), viewport, end: store.lane_end(lane).0, until: last.0, cell_ns, pixel_ns, index, from }
}

/// See [`pieces`].
pub(crate) struct Pieces<'a> {
    spans: &'a Spans,
    viewport: &'a Viewport,
    /// When the lane's last span ends.
    end: u64,
    /// When the view ends.
    until: u64,
    cell_ns: u64,
    pixel_ns: u64,
    /// The span that comes next, and from when on.
    index: usize,
    from: u64,
}

impl Pieces<'_> {
    fn end_of(&self, index: usize) -> u64 {
        self.spans.start(index + 1).unwrap_or(self.end)
    }

    fn piece(&self, from: u64, to: u64, state: State, spans: Range<usize>, is_cell: bool) -> Piece {
        let left = self.viewport.x_of(TimeNs(from)).max(0.0);
        let right = self.viewport.x_of(TimeNs(to)).min(self.viewport.width);
        Piece { left, right, state, spans, is_cell }
    }

    /// The next piece; it may lie to the left of the view.
    fn step(&mut self) -> Option<Piece> {
        let (from, first) = (self.from, self.index);
        if from > self.until {
            return None;
        }
        let state = self.spans.state(first)?;
        let end = self.end_of(first);
        if end.saturating_sub(from) >= self.cell_ns {
            (self.index, self.from) = (first + 1, end);
            return Some(self.piece(from, end, state, first..first + 1, false));
        }
        let is_last = first + 1 == self.spans.len();
        if is_last || self.end_of(first + 1).saturating_sub(end.max(from)) >= 2 * self.cell_ns {
            // A short one beside a long one is shown for itself, at least a pixel wide.
            let to = end.max(from + self.pixel_ns);
            (self.index, self.from) = (first + 1, to);
            return Some(self.piece(from, to, state, first..first + 1, true));
        }
        let mut to = (from / self.cell_ns + 1) * self.cell_ns;
        if to - from < self.cell_ns / 2 {
            to += self.cell_ns;
        }
        let after = self.spans.begun_before_from(to, first).max(first + 1);
        let end = self.end_of(after - 1);
        let state = self.spans.totals_of(first, after, from, to.min(end)).dominant().unwrap_or(state);
        (self.index, self.from) = if end > to { (after - 1, to) } else { (after, to) };
        Some(self.piece(from, to, state, first..after, true))
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            let piece = self.step()?;
            if piece.left >= self.viewport.width {
                return None;
            }
            if piece.right > piece.left {
                return Some(piece);
            }
        }
    }
}

/// The whole of a run in a strip: for each column, how many lanes were in which state.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// From the left.
    pub columns: Vec<Share>,
    /// The times at the strip's two ends, relative to the viewport's zero.
    pub extent: Extent,
    /// The most lanes that any column has, in all states together: the strip's full height.
    pub most_lanes: f64,
    /// Where the viewport's edges are, in columns.
    pub window: (f64, f64),
}

impl Overview {
    /// The time at a place of the strip, in columns, relative to the viewport's zero.
    pub fn ns_at(&self, column: f64) -> ViewNs {
        let share = column / (self.columns.len().max(1) as f64);
        self.extent.start_ns + share * (self.extent.end_ns - self.extent.start_ns)
    }
}

/// The strip of a run, `columns` wide, with the part that the viewport shows.
pub fn overview(store: &Store, viewport: &Viewport, columns: usize) -> Overview {
    let (from, to) = (store.earliest().min(store.zero()), store.latest());
    let shares = store.activity(from, to, columns);
    let most_lanes = shares.iter().map(|share| share.0.iter().sum::<f64>()).fold(0.0, f64::max);
    let length = to.since(from).max(1) as f64;
    let column = |ns: f64| ((ns - viewport.view_ns(from)) / length).clamp(0.0, 1.0) * columns as f64;
    let extent = Extent { start_ns: viewport.view_ns(from), end_ns: viewport.view_ns(to) };
    Overview { columns: shares, extent, most_lanes, window: (column(viewport.start_ns), column(viewport.end_ns())) }
}
