//! What the page consists of: one component a file, each a function of plain props.

mod app;
mod banner;
mod catalogue;
mod compare_view;
mod details;
mod help;
mod icon;
mod knobs;
mod lesson_view;
mod log_view;
mod model_switch;
mod panel;
mod picture_view;
mod player;
mod program_view;
mod report_view;
mod run_bar;
mod small_table;
mod source_view;
mod state_bar;
mod table_view;
mod timeline_view;

pub use app::App;
pub use player::Player;
