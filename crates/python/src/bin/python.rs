//! The Python front end as an artifact: everything that a worker calls is exported by the library.

// Named so that it is linked.
use interleave_python as _;

fn main() {}
