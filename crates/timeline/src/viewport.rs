//! Which part of a run is looked at, and how times and rows become pixels.
//!
//! ```text
//!            start_ns                         start_ns + width * ns_per_px
//!               |<------------- width ------------->|
//!   zero        |___________________________________|  --- scroll_y
//!     +---------+---------------> time              |
//!               |  row 3  ############              |  row_height
//!               |  row 4      #####                 |
//!               |___________________________________|  height
//! ```
//!
//! Times are counted from `zero`, the run's start on the run's clock, so that several runs can be laid on one
//! axis: each has its own `zero`, and all else is the same.

use interleave_trace::TimeNs;

use crate::amounts::fixed;

/// A length on the screen, in CSS pixels.
pub type CssPx = f64;

/// A time relative to the viewport's zero, in nanoseconds; negative before it.
pub type ViewNs = f64;

/// The closest one can look: a hundred pixels for a nanosecond's worth of clock would show nothing more.
const CLOSEST_NS_PER_PX: f64 = 1.0;

/// The shortest time that a view of a whole run shows, so that a run's first instants do not fill it.
const SHORTEST_EXTENT_NS: f64 = 1e6;

/// How much room a view of a whole run leaves on its right, as a share of its width.
const MARGIN: f64 = 0.03;

/// From when to when there is anything to look at, relative to the viewport's zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// From when.
    pub start_ns: ViewNs,
    /// Until when.
    pub end_ns: ViewNs,
}

/// A line of the time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where.
    pub x: CssPx,
    /// Which time, relative to zero.
    pub at_ns: i64,
    /// The time in words, with its unit.
    pub label: String,
}

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// The time on the run's clock that the axis counts from.
    pub zero: TimeNs,
    /// The time at the left edge.
    pub start_ns: ViewNs,
    /// The scale.
    pub ns_per_px: f64,
    /// The width of the picture.
    pub width: CssPx,
    /// The height of the picture.
    pub height: CssPx,
    /// How far rows are scrolled.
    pub scroll_y: CssPx,
    /// The height of a row.
    pub row_height: CssPx,
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            zero: TimeNs(0),
            start_ns: 0.0,
            ns_per_px: 1e5,
            width: 1.0,
            height: 1.0,
            scroll_y: 0.0,
            row_height: 20.0,
        }
    }
}

// Where things are.
impl Viewport {
    /// A time on the run's clock, relative to zero.
    pub fn view_ns(&self, time: TimeNs) -> ViewNs {
        // The difference is exact: both are below 2^53.
        time.0 as f64 - self.zero.0 as f64
    }

    /// A time relative to zero, on the run's clock.
    pub fn time(&self, at: ViewNs) -> TimeNs {
        TimeNs((at + self.zero.0 as f64).max(0.0) as u64)
    }

    /// Where a time is.
    pub fn x_of(&self, time: TimeNs) -> CssPx {
        (self.view_ns(time) - self.start_ns) / self.ns_per_px
    }

    /// Which time, relative to zero, is at `x`.
    pub fn ns_at(&self, x: CssPx) -> ViewNs {
        self.start_ns + x * self.ns_per_px
    }

    /// Which time on the run's clock is at `x`.
    pub fn time_at(&self, x: CssPx) -> TimeNs {
        self.time(self.ns_at(x))
    }

    /// The time at the right edge, relative to zero.
    pub fn end_ns(&self) -> ViewNs {
        self.ns_at(self.width)
    }

    /// The times on the run's clock at the two edges.
    pub fn times(&self) -> (TimeNs, TimeNs) {
        (self.time_at(0.0), self.time_at(self.width))
    }

    /// Where the top of a row is.
    pub fn y_of(&self, row: usize) -> CssPx {
        row as f64 * self.row_height - self.scroll_y
    }

    /// Which row is at `y`, if there are `rows` of them.
    pub fn row_at(&self, y: CssPx, rows: usize) -> Option<usize> {
        let row = ((y + self.scroll_y) / self.row_height).floor();
        (row >= 0.0 && row < rows as f64).then_some(row as usize)
    }

    /// The rows that can be seen, of `rows`.
    pub fn visible_rows(&self, rows: usize) -> std::ops::Range<usize> {
        let first = (self.scroll_y / self.row_height).floor().max(0.0) as usize;
        let after = ((self.scroll_y + self.height) / self.row_height).ceil().max(0.0) as usize;
        first.min(rows)..after.min(rows)
    }

    /// The height of all rows.
    pub fn content_height(&self, rows: usize) -> CssPx {
        rows as f64 * self.row_height
    }

    /// The times between which there is something to see in a run.
    pub fn extent(&self, earliest: TimeNs, latest: TimeNs) -> Extent {
        let start_ns = self.view_ns(earliest).min(0.0);
        Extent { start_ns, end_ns: self.view_ns(latest).max(start_ns + SHORTEST_EXTENT_NS) }
    }
}

// Looking elsewhere.
impl Viewport {
    /// Counts from another time; what is seen stays where it is.
    pub fn set_zero(&mut self, zero: TimeNs) {
        self.start_ns += self.zero.0 as f64 - zero.0 as f64;
        self.zero = zero;
    }

    /// The same view of another run, whose zero is another.
    pub fn with_zero(mut self, zero: TimeNs) -> Self {
        self.zero = zero;
        self
    }

    /// Takes on another size; the left edge stays.
    pub fn resize(&mut self, width: CssPx, height: CssPx) {
        (self.width, self.height) = (width.max(1.0), height.max(1.0));
    }

    /// Moves what is seen: to the right and down by positive amounts.
    pub fn pan(&mut self, dx: CssPx, dy: CssPx) {
        self.start_ns -= dx * self.ns_per_px;
        self.scroll_y -= dy;
    }

    /// Magnifies time by `factor` (less than one: looks at more of it) and keeps the time at `x` where it is.
    pub fn zoom(&mut self, factor: f64, x: CssPx) {
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        let anchor = self.ns_at(x);
        self.ns_per_px = (self.ns_per_px / factor).max(CLOSEST_NS_PER_PX);
        self.start_ns = anchor - x * self.ns_per_px;
    }

    /// Shows the time between two, relative to zero, over the whole width.
    pub fn fit(&mut self, extent: Extent) {
        let length = (extent.end_ns - extent.start_ns).max(self.width * CLOSEST_NS_PER_PX);
        self.ns_per_px = length * (1.0 + MARGIN) / self.width;
        self.start_ns = extent.start_ns;
    }

    /// Shows a stretch of time with some room around it.
    pub fn fit_around(&mut self, start: TimeNs, end: TimeNs) {
        let (start, end) = (self.view_ns(start), self.view_ns(end));
        let room = (end - start).max(self.width * CLOSEST_NS_PER_PX) * 0.2;
        self.fit(Extent { start_ns: start - room, end_ns: end + room });
    }

    /// Keeps the newest time in view while a run grows. A view that begins at or before the run keeps its
    /// left edge and shows more and more; any other keeps its scale and moves on.
    ///
    /// The newest time approaches the right edge and stays there: nothing changes until it reaches it, and
    /// then each frame changes by just what was added, so nothing jumps.
    pub fn follow(&mut self, extent: Extent) {
        let newest = extent.end_ns + (self.width * MARGIN) * self.ns_per_px;
        let over = newest - self.end_ns();
        if over <= 0.0 {
            return;
        }
        if self.start_ns <= extent.start_ns {
            self.fit(Extent { start_ns: self.start_ns, end_ns: extent.end_ns });
        } else {
            self.start_ns += over;
        }
    }

    /// Stays where there is something to see: some of the run, and rows down to the last.
    pub fn clamp(&mut self, extent: Extent, rows: usize) {
        let length = (extent.end_ns - extent.start_ns).max(SHORTEST_EXTENT_NS);
        let farthest = (2.0 * length / self.width).max(CLOSEST_NS_PER_PX);
        self.ns_per_px = self.ns_per_px.clamp(CLOSEST_NS_PER_PX, farthest);
        let quarter = self.width * self.ns_per_px * 0.25;
        let (first, last) = (extent.start_ns - 3.0 * quarter, extent.end_ns - quarter);
        self.start_ns = self.start_ns.clamp(first, last.max(first));
        self.scroll_y = self.scroll_y.min(self.content_height(rows) - self.height).max(0.0);
    }

    /// Scrolls just so far that a row can be seen.
    pub fn reveal_row(&mut self, row: usize) {
        let top = row as f64 * self.row_height;
        self.scroll_y = self.scroll_y.clamp((top + self.row_height - self.height).min(top), top.max(0.0));
    }

    /// Moves just so far that a stretch of time can be seen, or its beginning if it is too long.
    pub fn reveal_time(&mut self, start: TimeNs, end: TimeNs) {
        let (start, end) = (self.view_ns(start), self.view_ns(end));
        let room = self.width * self.ns_per_px * 0.1;
        if end + room > self.end_ns() {
            self.start_ns = end + room - self.width * self.ns_per_px;
        }
        if start - room < self.start_ns {
            self.start_ns = start - room;
        }
    }
}

// The axis.
impl Viewport {
    /// Lines of the axis at round times (1, 2, 5, 10 ...), at least `apart` pixels from each other.
    pub fn ticks(&self, apart: CssPx) -> Vec<Tick> {
        let step = round_step(self.ns_per_px * apart.max(1.0));
        let first = (self.start_ns / step as f64).ceil() as i64;
        let last = (self.end_ns() / step as f64).floor() as i64;
        (first..=last)
            .take(1000)
            .map(|at| {
                let at_ns = at.saturating_mul(step);
                let x = (at_ns as f64 - self.start_ns) / self.ns_per_px;
                Tick { x, at_ns, label: tick_label(at_ns, step) }
            })
            .collect()
    }
}

/// The smallest of 1, 2, 5, 10, 20 ... that is not less than `least`, in nanoseconds.
fn round_step(least: f64) -> i64 {
    let mut decade = 1i64;
    loop {
        for step in [1, 2, 5] {
            if (decade * step) as f64 >= least || decade >= 1_000_000_000_000_000 {
                return decade * step;
            }
        }
        decade *= 10;
    }
}

/// A time of the axis, as exact as its step is fine.
fn tick_label(at_ns: i64, step_ns: i64) -> String {
    let (unit, digits, symbol) = match step_ns {
        ..1_000 => (1_000, 3, "µs"),
        ..1_000_000 if at_ns.abs() < 1_000_000 => (1_000, 3, "µs"),
        ..1_000_000_000 if at_ns.abs() < 1_000_000_000 => (1_000_000, 6, "ms"),
        _ => (1_000_000_000, 9, "s"),
    };
    if at_ns == 0 {
        return format!("0 {symbol}");
    }
    // Decimals: none if the step is at least a unit, else as many as it is smaller.
    let (mut decimals, mut small) = (0, step_ns.max(1));
    while small < unit && decimals < digits {
        small *= 10;
        decimals += 1;
    }
    let scaled = at_ns.unsigned_abs() / (unit as u64 / 10u64.pow(decimals)).max(1);
    format!("{}{} {symbol}", if at_ns < 0 { "−" } else { "" }, fixed(scaled, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(start_ns: f64, ns_per_px: f64) -> String {
        let viewport = Viewport { start_ns, ns_per_px, width: 500.0, height: 100.0, ..Viewport::default() };
        let labels: Vec<String> = viewport.ticks(100.0).into_iter().map(|tick| tick.label).collect();
        labels.join(" | ")
    }

    #[test]
    fn ticks_are_round_and_have_units() {
        assert_eq!(labels(0.0, 1e5), "0 ms | 10 ms | 20 ms | 30 ms | 40 ms | 50 ms");
        assert_eq!(labels(-15e6, 1e5), "−10 ms | 0 ms | 10 ms | 20 ms | 30 ms");
        assert_eq!(labels(0.0, 1e3), "0 µs | 100 µs | 200 µs | 300 µs | 400 µs | 500 µs");
        assert_eq!(labels(12.4e6, 2e3), "12.4 ms | 12.6 ms | 12.8 ms | 13.0 ms | 13.2 ms | 13.4 ms");
        assert_eq!(labels(3e9, 1e6), "3.0 s | 3.1 s | 3.2 s | 3.3 s | 3.4 s | 3.5 s");
        assert_eq!(labels(0.0, 1e7), "0 s | 1 s | 2 s | 3 s | 4 s | 5 s");
    }

    #[test]
    fn following_keeps_the_newest_time_at_the_right_edge() {
        let mut viewport = Viewport { width: 1000.0, ..Viewport::default() };
        viewport.fit(viewport.extent(TimeNs(0), TimeNs(0)));
        let mut before = viewport.ns_per_px;
        for ms in 0..2000u64 {
            let latest = TimeNs(ms * 1_000_000);
            viewport.follow(viewport.extent(TimeNs(0), latest));
            let x = viewport.x_of(latest);
            assert!(x <= 1000.0 && viewport.start_ns == 0.0, "{x}");
            assert!(viewport.ns_per_px >= before, "it never zooms in");
            before = viewport.ns_per_px;
        }
        assert!(viewport.x_of(TimeNs(1_999_000_000)) > 960.0);
    }

    #[test]
    fn following_a_part_keeps_the_scale() {
        let mut viewport = Viewport { width: 1000.0, start_ns: 5e6, ns_per_px: 1e4, ..Viewport::default() };
        for ms in 0..200u64 {
            viewport.follow(viewport.extent(TimeNs(0), TimeNs(ms * 1_000_000)));
        }
        assert_eq!(viewport.ns_per_px, 1e4);
        assert_eq!(viewport.x_of(TimeNs(199_000_000)).round(), 970.0);
    }

    proptest! {
        #[test]
        fn zooming_keeps_the_time_under_the_pointer(
            start in -1e9f64..1e10, scale in 1.0f64..1e7, factor in 0.01f64..100.0, x in 0.0f64..2000.0,
        ) {
            let mut viewport = Viewport { start_ns: start, ns_per_px: scale, width: 2000.0, ..Viewport::default() };
            let before = viewport.ns_at(x);
            viewport.zoom(factor, x);
            prop_assert!((viewport.ns_at(x) - before).abs() <= 1e-6 * before.abs().max(1.0));
        }

        #[test]
        fn a_clamped_view_shows_some_of_the_run(
            start in -1e12f64..1e12, scale in 1e-3f64..1e12, scroll in -1e6f64..1e6, rows in 0usize..1000,
        ) {
            let mut viewport = Viewport {
                start_ns: start, ns_per_px: scale, width: 800.0, height: 300.0, scroll_y: scroll, ..Viewport::default()
            };
            let extent = viewport.extent(TimeNs(0), TimeNs(5_000_000_000));
            viewport.clamp(extent, rows);
            prop_assert!(viewport.start_ns <= extent.end_ns && viewport.end_ns() >= extent.start_ns);
            prop_assert!(viewport.scroll_y >= 0.0);
            prop_assert!(rows == 0 || !viewport.visible_rows(rows).is_empty());
            let once = viewport;
            viewport.clamp(extent, rows);
            prop_assert!((viewport.start_ns - once.start_ns).abs() < 1.0 && viewport.scroll_y == once.scroll_y);
        }

        #[test]
        fn counting_from_another_time_moves_nothing(zero in 0u64..1 << 40, time in 0u64..1 << 40) {
            let mut viewport = Viewport { start_ns: 12.0e6, ns_per_px: 1e4, width: 800.0, ..Viewport::default() };
            let x = viewport.x_of(TimeNs(time));
            viewport.set_zero(TimeNs(zero));
            prop_assert!((viewport.x_of(TimeNs(time)) - x).abs() < 1e-3);
        }

        #[test]
        fn ticks_are_apart_and_in_view(start in -1e9f64..1e10, scale in 1.0f64..1e8) {
            let viewport = Viewport { start_ns: start, ns_per_px: scale, width: 1000.0, ..Viewport::default() };
            let ticks = viewport.ticks(90.0);
            prop_assert!(ticks.windows(2).all(|pair| pair[1].x - pair[0].x >= 89.9));
            prop_assert!(ticks.iter().all(|tick| tick.x >= -1e-3 && tick.x <= 1000.0 + 1e-3));
            prop_assert!(ticks.windows(2).all(|pair| pair[1].label != pair[0].label));
        }
    }
}
