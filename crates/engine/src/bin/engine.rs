//! The engine as an artifact: everything that a worker calls is exported by the library.
//!
//! A program rather than a `cdylib`, because Trunk names what it writes after the program:
//! `engine.js` and `engine_bg.wasm`.

// Named so that it is linked.
use interleave_engine as _;

fn main() {}
