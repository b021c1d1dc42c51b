//! Builds whose bytes follow from the sources alone, and neither from where they were made nor from chance.
//!
//! - Paths: a panic's place names its source file, wherever Cargo keeps that. Cargo's `trim-paths` (RFC 3127) leaves only
//!   the package's name and version.
//! - Chance: RustPython's macros go through hash tables in whatever order these have, and the code that they write follows
//!   it. Rust seeds its hash tables with `getrandom`, so on Linux, where the dynamic linker lets a library stand before the
//!   system's (ld.so(8), `LD_PRELOAD`), the build gets one whose bytes are always the same. Elsewhere chance stays, and the
//!   artifact `python` differs from build to build.
//! - Time: RustPython asks Git for that of its last commit, which a package does not have, and takes the current one. So it
//!   finds a Git that knows of one commit, at the beginning of Unix's time.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cache::Cache;
use crate::command::{command, run};
use crate::tools::fnv1a;

const NO_CHANCE: &str = include_str!("reproducible/no_chance.rs");

const NO_HISTORY: &str = include_str!("reproducible/git.sh");

/// Has a Cargo with unstable options leave paths out of what it builds.
pub fn without_paths(cargo: &mut Command) {
    cargo.env("CARGO_UNSTABLE_TRIM_PATHS", "true").env("CARGO_PROFILE_RELEASE_TRIM_PATHS", "object");
}

/// Has `cargo`, and whatever it starts, find no chance.
pub fn without_chance(cargo: &mut Command, cache: &Cache) -> Result<()> {
    if cfg!(target_os = "linux") {
        cargo.env("LD_PRELOAD", no_chance(cache)?);
    }
    Ok(())
}

/// A directory for the front of `PATH`, with a Git that gives every build the same time, and the time zone that goes with it.
pub fn without_time(cargo: &mut Command, cache: &Cache) -> Result<PathBuf> {
    let folder = cache.tool(&format!("no-history-{:016x}", fnv1a(NO_HISTORY.as_bytes())));
    let git = folder.join("git");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&git, NO_HISTORY))
        .and_then(|()| fs::set_permissions(&git, Permissions::from_mode(0o755)))
        .with_context(|| format!("{} cannot be written", git.display()))?;
    cargo.env("TZ", "UTC0");
    Ok(folder)
}

/// The library that stands before the system's, built if it is not there.
fn no_chance(cache: &Cache) -> Result<PathBuf> {
    let folder = cache.tool(&format!("no-chance-{:016x}", fnv1a(NO_CHANCE.as_bytes())));
    let library = folder.join("libno_chance.so");
    if library.is_file() {
        return Ok(library);
    }
    let _lock = cache.lock("tools")?;
    let [source, part] = ["no_chance.rs", "libno_chance.part"].map(|name| folder.join(name));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&source, NO_CHANCE))
        .with_context(|| format!("{} cannot be written", source.display()))?;
    let mut rustc = command(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--crate-type", "cdylib", "-C", "opt-level=2", "-o"]);
    run(rustc.arg(&part).arg(&source), "rustc for no_chance.rs")?;
    // Other commands find the whole of it or none.
    fs::rename(&part, &library).with_context(|| format!("{} cannot be written", library.display()))?;
    Ok(library)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;
    use crate::command::output_of;

    #[test]
    #[ignore = "it is what the test below starts"]
    fn prints_a_hash() {
        println!("hash {}", RandomState::new().hash_one("table"));
    }

    #[test]
    fn hash_tables_have_one_order() {
        let cache = Cache::open().expect("a cache");
        let hash = |chance: bool| {
            let mut child = command(env::current_exe().expect("a test"));
            child.args(["--ignored", "--exact", "--nocapture", "reproducible::tests::prints_a_hash"]);
            if !chance {
                without_chance(&mut child, &cache).expect("a library");
            }
            let output = output_of(&mut child).expect("its output");
            output.lines().find(|line| line.contains("hash ")).expect("a line").to_owned()
        };
        assert_ne!(hash(true), hash(true));
        assert_eq!(hash(false), hash(false));
    }
}
