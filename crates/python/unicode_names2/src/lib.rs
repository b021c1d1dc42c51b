//! Stands in for `unicode_names2` 1, of which RustPython's parser wants the character that `\N{...}` names.
//!
//! The rest of RustPython has version 3. Each brings the names of all characters, some 200 KB of a download, and with this
//! crate there is one such table in the artifact, and one version of Unicode in Python.

pub use unicode_names2_3::character;
