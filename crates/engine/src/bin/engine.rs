//! The artifact with the workloads: everything that a worker calls is exported by the library.
//!
//! A program rather than a `cdylib`, because Trunk names what it writes after the program:
//! `engine.js` and `engine_bg.wasm`.

use interleave_engine::stock::{WORKLOADS, offer};

fn main() {
    offer(&WORKLOADS);
}
