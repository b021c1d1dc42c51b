//! What a trace means: store, lanes, edges, report, viewport and scene, with no browser in sight.
//!
//! ```text
//!  slots -> Store -> Rows ----------+
//!             |                     v
//!             +--- Viewport ---> Scene -> (the page's painter)
//!             +--> Report -> Comparison, lints
//!             +--> table, text
//! ```
//!
//! Everything here is a function of the entries of a trace and of where a visitor looks. Nothing reads a
//! clock, so a saved trace gives the same picture and the same figures again.

mod activity;
pub mod amounts;
mod comparison;
mod contention;
mod deadlock;
mod edges;
mod ids;
mod json;
mod lanes;
mod lints;
mod objects;
mod pointing;
mod report;
mod scene;
mod sites;
mod sketch;
mod spans;
mod store;
pub mod table;
pub mod text;
mod viewport;

pub use activity::Share;
pub use comparison::{Compared, Comparison, ComparisonRow, Load};
pub use contention::{ObjectReport, WaitReport};
pub use deadlock::{Deadlock, Held, Stuck, Watch};
pub use edges::{Edge, EdgeId, EdgeKind};
pub use lanes::{Row, Rows, process_of};
pub use lints::{Diagnosis, Lint, lints};
pub use objects::{Hold, Object, is_owned};
pub use pointing::{
    Description, Hit, Step, describe, describe_edge, describe_lane, describe_span, first_span, hit, nearest, step,
    ways_from_wait,
};
pub use report::{InstanceReport, LaneReport, Report, ResultReport, RunOutcome, Spread, overlap_ns};
pub use scene::{
    Batch, Caption, EdgeLine, EndMarker, Knot, Label, MarkLine, Outline, Overview, Rect, Scene, SceneOptions, SpanRef,
    edges_of_span, overview, scene,
};
pub use sites::{Site, site_of, sites};
pub use sketch::sketch;
pub use spans::{STATES, StateTotals};
pub use store::{Checked, Lane, Message, Note, Produced, Span, Store, WaitEnd, is_blocked};
pub use viewport::{CssPx, Extent, Tick, ViewNs, Viewport};
