//! The artifact with the programs of the lessons, which the page loads when the first of them is run. See `engine.rs`.

use interleave_engine::stock::{PROGRAMS, offer};

fn main() {
    offer(&PROGRAMS);
}
