//! What ties the session to the browser: its reducer, its address, its runs, its keys.

mod use_asked;
mod use_comparison_news;
mod use_kept_run;
mod use_keys;
mod use_link;
mod use_program;
mod use_runs;
mod use_session;
mod use_theme;
mod use_workbench;

pub use use_asked::use_asked;
pub use use_comparison_news::{compared, use_comparison_news};
pub use use_kept_run::use_kept_run;
pub use use_keys::use_keys;
pub use use_link::use_link;
pub use use_program::use_program;
pub use use_runs::use_runs;
pub use use_session::{SessionHandle, use_session};
pub use use_theme::use_theme;
pub use use_workbench::{use_ready, use_workbench};
