//! Which lines of a program lanes waited at: what a listing shows beside its lines.

use std::collections::HashMap;

use interleave_trace::{LaneId, NO_NUMBER, State};

use crate::scene::SpanRef;
use crate::store::{Span, Store};

/// A line at which lanes waited.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The file's name.
    pub file: String,
    /// The line, counted from one.
    pub line: u32,
    /// How often lanes waited there.
    pub waits: u64,
    /// How long in all, in nanoseconds.
    pub waited_ns: u64,
    /// Which lanes wait there now, and in what state.
    pub now: Vec<(LaneId, State)>,
    /// Some of the waits, in the order of lanes and times.
    pub spans: Vec<SpanRef>,
}

/// How many waits of a line are listed.
const MOST_SPANS: usize = 1_000;

/// The file and line that a span waits at, if it waits at one.
pub fn site_of(store: &Store, span: &Span) -> Option<(String, u32)> {
    store.span_site(span)?;
    (span.state != State::Running && span.number != NO_NUMBER).then(|| (store.name(span.name).to_owned(), span.number))
}

/// Every line at which lanes waited, in the order of files and lines.
pub fn sites(store: &Store) -> Vec<Site> {
    let mut found: HashMap<(String, u32), Site> = HashMap::new();
    for lane in store.lanes() {
        for span in store.spans(lane.id) {
            let Some((file, line)) = site_of(store, &span) else { continue };
            let site = found.entry((file.clone(), line)).or_insert_with(|| Site {
                file,
                line,
                waits: 0,
                waited_ns: 0,
                now: Vec::new(),
                spans: Vec::new(),
            });
            site.waits += 1;
            site.waited_ns += span.duration_ns();
            if span.open {
                site.now.push((span.lane, span.state));
            }
            if site.spans.len() < MOST_SPANS {
                site.spans.push(SpanRef { lane: span.lane, index: span.index });
            }
        }
    }
    let mut sites: Vec<Site> = found.into_values().collect();
    sites.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    sites
}
