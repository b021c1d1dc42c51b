//! The page.
//!
//! ```text
//!  components --Action--> session (pure) --ticket--> recorder -> engine client -> workers
//!       ^                     |                         |
//!       +------ hooks <-------+      chart, painter <---+-- recording (traces, by ticket)
//! ```

pub mod browser;
pub mod chart;
pub mod components;
pub mod engine_client;
pub mod explorer;
pub mod hooks;
pub mod lesson;
pub mod link;
pub mod listing;
pub mod output;
pub mod painter;
pub mod program;
pub mod recorder;
pub mod recording;
pub mod session;
pub mod workbench;
