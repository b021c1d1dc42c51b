//! The timeline as a visitor handles it: what is in view, what is chosen, and what a key or a drag does.
//!
//! ```text
//!  +--------+------------------------------+
//!  |        | overview strip               |  one strip a pane, with a window that can be dragged
//!  |        +------------------------------+
//!  |        | axis                         |
//!  +--------+------------------------------+
//!  | gutter | plot: pane, pane, ...        |  a pane is a run; a comparison has four on one axis
//!  +--------+------------------------------+
//! ```
//! It computes places and never draws: that is [`crate::painter`]'s. So all of it is tested natively.

use interleave_protocol::{Model, RunSpec};
use interleave_timeline::{CssPx, Extent, Hit, SpanRef, Step, Viewport, first_span, hit, nearest, step};
use interleave_trace::{LaneId, TimeNs};

use crate::recording::{Recording, Shelf};
use crate::session::Ticket;

/// A run in the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Pane {
    /// Which.
    pub ticket: Ticket,
    /// What its heading says; only a comparison has headings.
    pub heading: String,
    /// The time that its axis counted from when it was last looked at.
    zero: TimeNs,
}

/// A span of one of the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Which run.
    pub ticket: Ticket,
    /// Which span of it.
    pub span: SpanRef,
}

/// What lies under a point.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Nothing to speak of.
    Nothing,
    /// The overview strip, so far along the whole time there is.
    Overview(f64),
    /// A lane's name.
    Caption(Ticket, LaneId),
    /// A bar: one span, or several that are too narrow to be told apart.
    Bar(Ticket, Hit),
}

impl Target {
    /// The span that a click chooses.
    pub fn chosen(&self) -> Option<Chosen> {
        match self {
            Self::Bar(ticket, hit) => hit.span().map(|span| Chosen { ticket: *ticket, span }),
            _ => None,
        }
    }
}

/// Where the parts of the picture are, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// The whole picture's width.
    pub width: CssPx,
    /// The whole picture's height.
    pub height: CssPx,
    /// The size of text on the page, which everything scales with.
    pub rem: CssPx,
}

impl Layout {
    /// Whether space beside the plot is dear.
    pub fn is_narrow(&self) -> bool {
        self.width < 40.0 * self.rem
    }

    /// The width of the space for names.
    pub fn gutter(&self) -> CssPx {
        if self.is_narrow() { 6.2 * self.rem } else { 9.5 * self.rem }
    }

    /// The height of the overview strip.
    pub fn strip(&self) -> CssPx {
        2.5 * self.rem
    }

    /// Where the plot begins, from the top.
    pub fn plot_top(&self) -> CssPx {
        self.strip() + 1.6 * self.rem
    }

    /// The size of the plot.
    pub fn plot(&self) -> (CssPx, CssPx) {
        ((self.width - self.gutter()).max(1.0), (self.height - self.plot_top()).max(1.0))
    }

    /// The height of a pane's heading.
    pub fn heading(&self) -> CssPx {
        1.6 * self.rem
    }
}

/// A key that the timeline knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Zoom in.
    Closer,
    /// Zoom out.
    Farther,
    /// Pan towards earlier times.
    Earlier,
    /// Pan towards later times.
    Later,
    /// Show everything.
    Fit,
    /// Choose the span before.
    Before,
    /// Choose the span after.
    After,
    /// Choose a span of the lane above.
    Above,
    /// Choose a span of the lane below.
    Below,
    /// Look closely at the chosen span.
    Enter,
    /// Choose nothing.
    Clear,
}

impl Key {
    /// From a keyboard event's `key`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "w" | "W" | "+" | "=" => Self::Closer,
            "s" | "S" | "-" => Self::Farther,
            "a" | "A" => Self::Earlier,
            "d" | "D" => Self::Later,
            "f" | "F" | "0" => Self::Fit,
            "ArrowLeft" => Self::Before,
            "ArrowRight" => Self::After,
            "ArrowUp" => Self::Above,
            "ArrowDown" => Self::Below,
            "Enter" => Self::Enter,
            "Escape" => Self::Clear,
            _ => return None,
        })
    }
}

/// See the module's text.
pub struct Chart {
    /// Where its parts are.
    pub layout: Layout,
    view: Viewport,
    panes: Vec<Pane>,
    /// Whether the newest time stays in view.
    pub follow: bool,
    /// Whether causes that cross lanes are drawn.
    pub edges: bool,
    /// The span that was chosen.
    pub selected: Option<Chosen>,
    /// The span under the pointer.
    pub hovered: Option<Chosen>,
    /// Whether the picture on the screen is an old one.
    pub is_stale: bool,
    fit_wanted: bool,
}

impl Default for Chart {
    fn default() -> Self {
        Self {
            layout: Layout { width: 800.0, height: 400.0, rem: 16.0 },
            view: Viewport::default(),
            panes: Vec::new(),
            follow: true,
            edges: true,
            selected: None,
            hovered: None,
            is_stale: true,
            fit_wanted: true,
        }
    }
}

/// The least and the greatest height of a row, in rem.
const ROW_REM: (CssPx, CssPx) = (1.3, 4.5);

/// How much time before a run's start a view of the run shows, as a share of the run.
const LEAD: f64 = 0.02;

/// How many rows a run will have: known before it, so that nothing jumps in it.
fn lanes_of(spec: &RunSpec) -> u32 {
    match spec.model {
        Model::Sequential => 1,
        Model::Threads | Model::Processes => spec.lanes_at_work() + 1,
        Model::Tasks => spec.tasks + 1,
    }
}

// What is shown.
impl Chart {
    /// Shows other runs: one, or a comparison's with their headings.
    pub fn show(&mut self, shelf: &Shelf, panes: Vec<(Ticket, String)>) {
        let same = panes.iter().map(|(ticket, _)| *ticket).eq(self.panes.iter().map(|pane| pane.ticket));
        let grown = !self.panes.is_empty()
            && panes.len() > self.panes.len()
            && self.panes.iter().zip(&panes).all(|(old, (ticket, _))| old.ticket == *ticket);
        let zero = |ticket| shelf.get(ticket).map_or(TimeNs(0), |recording| recording.store.zero());
        let new = panes.into_iter().map(|(ticket, heading)| Pane { ticket, heading, zero: zero(ticket) });
        self.panes = new.collect();
        self.is_stale = true;
        if same {
            return;
        }
        if !grown {
            self.follow = true;
            self.fit_wanted = true;
            self.selected = None;
            self.view.scroll_y = 0.0;
        }
        self.hovered = None;
        self.size_rows(shelf);
    }

    /// Gives rows the height at which those that are to come fill the plot, within reason.
    fn size_rows(&mut self, shelf: &Shelf) {
        let Layout { rem, .. } = self.layout;
        let headings =
            if self.has_headings() { Model::ALL.len() as f64 * (self.layout.heading() + rem * 0.5) } else { 0.0 };
        let mut lanes: u32 = self.recordings(shelf).map(|(_, recording)| lanes_of(&recording.spec)).sum();
        if let (true, Some((_, first))) = (self.has_headings(), self.recordings(shelf).next()) {
            // The comparison's later turns need room too.
            lanes = Model::ALL.iter().map(|&model| lanes_of(&RunSpec { model, ..first.spec })).sum();
        }
        let fitting = (self.layout.plot().1 - headings) / (f64::from(lanes) + 0.5);
        self.view.row_height = fitting.clamp(ROW_REM.0 * rem, ROW_REM.1 * rem).floor();
    }

    /// Takes on another size.
    pub fn resize(&mut self, shelf: &Shelf, layout: Layout) {
        if self.layout == layout {
            return;
        }
        let was = self.layout;
        let shown = self.view.width * self.view.ns_per_px;
        self.layout = layout;
        let (width, height) = layout.plot();
        self.view.resize(width, height);
        if was.plot().0 != width {
            // What was in view stays in view.
            self.view.ns_per_px = shown / self.view.width;
        }
        self.size_rows(shelf);
        self.is_stale = true;
    }

    /// The runs that are shown and that there is anything of.
    pub fn recordings<'a>(&'a self, shelf: &'a Shelf) -> impl Iterator<Item = (&'a Pane, &'a Recording)> {
        self.panes.iter().filter_map(|pane| Some((pane, shelf.get(pane.ticket)?)))
    }

    /// Whether there is anything to see.
    pub fn is_empty(&self, shelf: &Shelf) -> bool {
        self.recordings(shelf).all(|(_, recording)| recording.store.is_empty())
    }

    /// Whether panes have headings.
    pub fn has_headings(&self) -> bool {
        self.panes.iter().any(|pane| !pane.heading.is_empty())
    }

    /// The runs with their places: the heading's top, and the view of their own rows.
    pub fn places<'a>(&'a self, shelf: &'a Shelf) -> Vec<(&'a Pane, &'a Recording, CssPx, Viewport)> {
        let heading = if self.has_headings() { self.layout.heading() } else { 0.0 };
        let mut top = 0.0;
        let mut places = Vec::with_capacity(self.panes.len());
        for (pane, recording) in self.recordings(shelf) {
            let mut view = self.view.with_zero(recording.store.zero());
            view.scroll_y = self.view.scroll_y - top - heading;
            places.push((pane, recording, top - self.view.scroll_y, view));
            top += heading + view.content_height(recording.rows.len());
            if heading > 0.0 {
                top += self.layout.rem * 0.5;
            }
        }
        places
    }

    fn content_height(&self, shelf: &Shelf) -> CssPx {
        let heading = if self.has_headings() { self.layout.heading() + self.layout.rem * 0.5 } else { 0.0 };
        self.recordings(shelf).map(|(_, recording)| heading + self.view.content_height(recording.rows.len())).sum()
    }

    /// How far rows are scrolled, and how high all of them and the window on them are.
    pub fn scroll(&self, shelf: &Shelf) -> (CssPx, CssPx, CssPx) {
        (self.view.scroll_y, self.content_height(shelf), self.view.height)
    }

    /// From when to when there is anything to see, over all runs, each counted from its own start.
    pub fn extent(&self, shelf: &Shelf) -> Extent {
        let mut whole: Option<Extent> = None;
        for (_, recording) in self.recordings(shelf) {
            let store = &recording.store;
            if store.is_empty() {
                continue;
            }
            let own = self.view.with_zero(store.zero()).extent(store.earliest(), store.latest());
            whole = Some(match whole {
                None => own,
                Some(whole) => {
                    Extent { start_ns: whole.start_ns.min(own.start_ns), end_ns: whole.end_ns.max(own.end_ns) }
                }
            });
        }
        whole.unwrap_or(Extent { start_ns: 0.0, end_ns: 1e6 })
    }

    /// From just before the work to the newest time, which is what a view of the run shows. What came before the
    /// work is there for those who pan to it.
    fn focus(&self, shelf: &Shelf) -> Extent {
        let whole = self.extent(shelf);
        let started = self.recordings(shelf).any(|(_, recording)| recording.store.run_started().is_some());
        if !started {
            return whole;
        }
        Extent { start_ns: whole.start_ns.max(-LEAD * whole.end_ns), ..whole }
    }

    /// The view, with times counted from each run's start.
    pub fn view(&self) -> &Viewport {
        &self.view
    }

    /// Takes in that the runs have grown; before each picture.
    pub fn catch_up(&mut self, shelf: &Shelf) {
        let single = self.panes.len() == 1;
        for pane in &mut self.panes {
            let Some(recording) = shelf.get(pane.ticket) else { continue };
            let zero = recording.store.zero();
            if zero == pane.zero {
                continue;
            }
            if single && !self.follow {
                // The run's start has become known: what is looked at stays where it is.
                self.view.start_ns += pane.zero.0 as f64 - zero.0 as f64;
            } else {
                // The clock starts at the left edge.
                self.fit_wanted = true;
            }
            pane.zero = zero;
        }
        let (extent, focus) = (self.extent(shelf), self.focus(shelf));
        if std::mem::take(&mut self.fit_wanted) {
            self.fit_wanted = self.is_empty(shelf);
            self.view.fit(focus);
        } else if self.follow {
            self.view.follow(Extent { start_ns: focus.start_ns.max(self.view.start_ns), ..focus });
        }
        self.clamp(shelf, extent);
    }

    fn clamp(&mut self, shelf: &Shelf, extent: Extent) {
        // The rows' own clamp knows one list of rows; here headings lie between several.
        let scroll = self.view.scroll_y;
        self.view.clamp(extent, 0);
        self.view.scroll_y = scroll.clamp(0.0, (self.content_height(shelf) - self.view.height).max(0.0));
    }
}

// What a visitor does.
impl Chart {
    /// What lies under a point of the picture.
    pub fn target(&self, shelf: &Shelf, x: CssPx, y: CssPx) -> Target {
        let layout = &self.layout;
        let plot_x = x - layout.gutter();
        if y < layout.strip() {
            return if plot_x >= 0.0 { Target::Overview(plot_x / layout.plot().0) } else { Target::Nothing };
        }
        let plot_y = y - layout.plot_top();
        if plot_y < 0.0 {
            return Target::Nothing;
        }
        for (pane, recording, _, view) in self.places(shelf) {
            let Some(row) = view.row_at(plot_y, recording.rows.len()) else { continue };
            let lane = recording.rows.rows()[row].lane;
            if plot_x < 0.0 {
                return Target::Caption(pane.ticket, lane);
            }
            let found = hit(&recording.store, &recording.rows, &view, plot_x, plot_y);
            return match found {
                Some(hit) if !hit.spans.is_empty() => Target::Bar(pane.ticket, hit),
                _ => Target::Nothing,
            };
        }
        Target::Nothing
    }

    /// Chooses a span, or none.
    pub fn select(&mut self, chosen: Option<Chosen>) {
        self.is_stale |= self.selected != chosen;
        self.selected = chosen;
    }

    /// Points at a span, or none. Gives whether that changed anything.
    pub fn hover(&mut self, chosen: Option<Chosen>) -> bool {
        let changed = self.hovered != chosen;
        self.is_stale |= changed;
        self.hovered = chosen;
        changed
    }

    /// Moves the picture with the pointer.
    pub fn drag(&mut self, shelf: &Shelf, dx: CssPx, dy: CssPx) {
        if dx != 0.0 {
            self.follow = false;
        }
        self.view.pan(dx, dy);
        self.settle(shelf);
    }

    /// Magnifies around a point of the picture.
    pub fn zoom(&mut self, shelf: &Shelf, factor: f64, x: CssPx) {
        self.view.zoom(factor, (x - self.layout.gutter()).clamp(0.0, self.view.width));
        self.follow &= self.view.end_ns() >= self.extent(shelf).end_ns;
        self.settle(shelf);
    }

    /// Moves the window so that its middle is so far along the whole.
    pub fn look_at(&mut self, shelf: &Shelf, part: f64) {
        let extent = self.extent(shelf);
        let middle = extent.start_ns + part.clamp(0.0, 1.0) * (extent.end_ns - extent.start_ns);
        self.view.start_ns = middle - self.view.width * self.view.ns_per_px / 2.0;
        self.follow = false;
        self.settle(shelf);
    }

    /// Shows the run; if that is what is shown, everything.
    pub fn fit(&mut self, shelf: &Shelf) {
        let before = self.view;
        self.view.fit(self.focus(shelf));
        if before == self.view {
            self.view.fit(self.extent(shelf));
        }
        self.follow = true;
        self.settle(shelf);
    }

    /// Keeps the newest time in view, or does so no more.
    pub fn set_follow(&mut self, shelf: &Shelf, follow: bool) {
        self.follow = follow;
        if follow {
            let extent = self.extent(shelf);
            if self.view.end_ns() < extent.end_ns {
                self.view.follow(extent);
            }
        }
        self.settle(shelf);
    }

    fn settle(&mut self, shelf: &Shelf) {
        let extent = self.extent(shelf);
        self.clamp(shelf, extent);
        self.is_stale = true;
    }

    /// Does what a key says. Gives whether it meant anything.
    pub fn press(&mut self, shelf: &Shelf, key: Key) -> bool {
        let middle = self.layout.gutter() + self.view.width / 2.0;
        match key {
            Key::Closer => self.zoom(shelf, 1.25, middle),
            Key::Farther => self.zoom(shelf, 0.8, middle),
            Key::Earlier => self.drag(shelf, self.view.width * 0.1, 0.0),
            Key::Later => self.drag(shelf, -self.view.width * 0.1, 0.0),
            Key::Fit => self.fit(shelf),
            Key::Before => return self.walk(shelf, Step::Previous),
            Key::After => return self.walk(shelf, Step::Next),
            Key::Above => return self.walk(shelf, Step::Up),
            Key::Below => return self.walk(shelf, Step::Down),
            Key::Enter => return self.look_closely(shelf),
            Key::Clear => {
                let had = self.selected.is_some();
                self.select(None);
                return had;
            }
        }
        true
    }

    /// Chooses the span that a step leads to, across the panes of a comparison. Gives whether there is anything
    /// to walk on.
    pub fn walk(&mut self, shelf: &Shelf, by: Step) -> bool {
        let Some(chosen) = self.selected else { return self.choose_first(shelf) };
        let Some(recording) = shelf.get(chosen.ticket) else { return false };
        let found = step(&recording.store, &recording.rows, chosen.span, by);
        let found = found.map(|span| Chosen { span, ..chosen }).or_else(|| self.in_next_pane(shelf, chosen, by));
        if let Some(found) = found {
            self.go_to(shelf, found);
        }
        true
    }

    fn in_next_pane(&self, shelf: &Shelf, from: Chosen, by: Step) -> Option<Chosen> {
        let store = &shelf.get(from.ticket)?.store;
        let since = store.span(from.span.lane, from.span.index)?.start.0 as f64 - store.zero().0 as f64;
        let at = self.panes.iter().position(|pane| pane.ticket == from.ticket)?;
        let pane = match by {
            Step::Up => self.panes.get(at.checked_sub(1)?)?,
            Step::Down => self.panes.get(at + 1)?,
            _ => return None,
        };
        let Recording { store, rows, .. } = shelf.get(pane.ticket)?;
        let time = TimeNs((since + store.zero().0 as f64).max(0.0) as u64);
        let mut lanes = rows.rows().iter().map(|row| row.lane);
        let find = |lane| nearest(store, lane, time);
        let span = if by == Step::Up { lanes.rev().find_map(find) } else { lanes.find_map(find) }?;
        Some(Chosen { ticket: pane.ticket, span })
    }

    fn choose_first(&mut self, shelf: &Shelf) -> bool {
        let places = self.places(shelf);
        let first = places.iter().find_map(|(pane, recording, ..)| {
            let span = first_span(&recording.store, &recording.rows)?;
            Some(Chosen { ticket: pane.ticket, span })
        });
        let Some(first) = first else { return false };
        self.go_to(shelf, first);
        true
    }

    fn look_closely(&mut self, shelf: &Shelf) -> bool {
        let Some(chosen) = self.selected else { return self.choose_first(shelf) };
        let Some(store) = shelf.get(chosen.ticket).map(|recording| &recording.store) else { return false };
        let Some(span) = store.span(chosen.span.lane, chosen.span.index) else { return false };
        let mut view = self.view.with_zero(store.zero());
        view.fit_around(span.start, span.end);
        (self.view.start_ns, self.view.ns_per_px) = (view.start_ns, view.ns_per_px);
        self.follow = false;
        self.settle(shelf);
        true
    }

    /// Chooses a span and brings it into view.
    pub fn go_to(&mut self, shelf: &Shelf, chosen: Chosen) {
        self.select(Some(chosen));
        let Some(recording) = shelf.get(chosen.ticket) else { return };
        let Some(span) = recording.store.span(chosen.span.lane, chosen.span.index) else { return };
        let places = self.places(shelf);
        let place = places.iter().find(|(pane, ..)| pane.ticket == chosen.ticket);
        let row = recording.rows.row_of(&recording.store, chosen.span.lane);
        let top = place.zip(row).map(|((_, _, _, view), row)| view.y_of(row) + self.view.scroll_y);
        let mut view = self.view.with_zero(recording.store.zero());
        view.reveal_time(span.start, span.end);
        if view.start_ns != self.view.start_ns {
            self.follow = false;
        }
        self.view.start_ns = view.start_ns;
        if let Some(top) = top {
            let least = (top + self.view.row_height - self.view.height).min(top);
            self.view.scroll_y = self.view.scroll_y.clamp(least, top.max(least));
        }
        self.settle(shelf);
    }
}

#[cfg(test)]
mod tests;
