//! The native engine: runs a workload in one of the four models.
//!
//! A [`workload`] says what is to be done, a model in [`models`] where; a program in [`experiments`] says both.
//! [`run::run`] brings it all together; `web` is the artifact's door in the browser.

pub mod experiments;
mod failure;
pub mod models;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
pub mod run;
pub mod stock;
#[cfg(target_arch = "wasm32")]
mod web;
pub mod workload;
pub mod workloads;
