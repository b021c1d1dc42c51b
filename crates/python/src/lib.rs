//! The Python front end: RustPython, with the project's own primitives in place of its own.
//!
//! RustPython is used as it is. What has to differ is put in its place from outside once an interpreter is built:
//! locks, threads and queues that show on the timeline, clocks that a seeded schedule counts, output that knows its lane,
//! an `os` without an operating system. The native side of that is [`modules`], the Python side the files in `lib/`.

extern crate rustpython_vm as vm;

pub mod interpreter;
pub mod output;
pub mod site;

mod errors;
#[cfg(any(target_arch = "wasm32", test))]
mod free_lists;
mod modules;
mod names;
mod place;

#[cfg(target_arch = "wasm32")]
mod requests;
#[cfg(target_arch = "wasm32")]
pub mod web;

#[cfg(not(target_arch = "wasm32"))]
pub mod native;
