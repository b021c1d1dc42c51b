//! What Python's interpreter does most, by which the compiler arranges its code ("Profile-guided Optimization" in rustc's
//! book).
//!
//! The counts are in the repository, so that an artifact follows from the sources alone, and a build needs neither a
//! browser nor twice the time. `cargo xtask python --profile` counts again: it builds an interpreter that counts, runs the
//! programs of `crates/python/profile` with it in a browser, and writes what their workers' memories hold. They are others
//! than those of the bench.
//!
//! A function's counts are found by its name, and there is the hash of a crate in that: another version, feature or profile of a
//! crate or of one that it uses, or another compiler, makes another name. Such counts do no harm and no good, so what they
//! were made for is kept beside them, and a build with anything else says so.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, json};

use crate::Project;
use crate::browser::Driver;
use crate::build;
use crate::command::{command, run};
use crate::python::{self, Python};
use crate::server::{Headers, Site};
use crate::site;
use crate::toolchain::{self, Toolchain};
use crate::tools::{self, Browser, fnv1a};

/// The programs, the counts, and what these were made for.
const PROGRAMS: &str = "crates/python/profile";
pub const COUNTS: &str = "crates/python/profile/counts.profdata.br";
const MADE_FOR: &str = "crates/python/profile/made-for.txt";

/// Counts of each way through a function, and not of the values that it met: whoever counts those needs a runtime.
const NO_VALUES: &str = "-Cllvm-args=-disable-vp";

/// Put before a worker's script.
const COUNTING: &str = include_str!("../driver/counting.js");

/// The flags by which the compiler takes the counts, which are unpacked into `target`.
pub fn flags(project: &Project, toolchain: &Toolchain, target: &Path) -> Result<Vec<String>> {
    let read = |name: &str| fs::read(project.root.join(name)).with_context(|| format!("{name} cannot be read"));
    let packed = read(COUNTS)?;
    if read(MADE_FOR)? != made_for(project, toolchain)?.into_bytes() {
        eprintln!(
            "Python is built with counts that were made for other crates, another compiler or another place, so it may be \
             slower: `cargo xtask python --profile` makes new ones."
        );
    }
    // Its name says what is in it, since Cargo looks at flags and not at files.
    let counts = target.join(format!("counts-{:016x}.profdata", fnv1a(&packed)));
    if !counts.is_file() {
        let part = counts.with_extension("part");
        let mut file = fs::File::create(&part).with_context(|| format!("{} cannot be written", part.display()))?;
        brotli::BrotliDecompress(&mut &packed[..], &mut file).with_context(|| format!("{COUNTS} is damaged"))?;
        fs::rename(&part, &counts).with_context(|| format!("{} cannot be written", counts.display()))?;
    }
    Ok(vec![format!("-Cprofile-use={}", counts.display()), NO_VALUES.into()])
}

/// The flags by which it counts, without a profiler's runtime: there is none for WebAssembly.
pub fn counting_flags() -> [String; 3] {
    ["-Cprofile-generate", "-Zno-profiler-runtime", NO_VALUES].map(String::from)
}

/// What a function's name depends on: the compiler, the versions of all crates, how they are built, and where those lie
/// that Cargo knows by their path, such as the standard library.
fn made_for(project: &Project, toolchain: &Toolchain) -> Result<String> {
    let text = |name: &str| {
        let path = project.root.join("crates/python").join(name);
        fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let manifest = text("Cargo.toml")?;
    let (_, profiles) = manifest.split_once("[profile.release]").context("crates/python/Cargo.toml has no profile")?;
    let place = project.cache.root().to_string_lossy();
    let [lock, profiles, place] = [&text("Cargo.lock")?, profiles, &place].map(|text| fnv1a(text.as_bytes()));
    let version = toolchain.verbose_version()?;
    Ok(format!("{version}\nCargo.lock {lock:016x}\nprofiles {profiles:016x}\nplace {place:016x}\n"))
}

/// Counts again, and replaces the counts in the repository.
pub fn count(project: &Project) -> Result<()> {
    let tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let profdata = toolchain::ensure_profdata(&project.cache, &tools.toolchain)?;
    let driver = Driver::new(project, Browser::Chromium)?;
    let scratch = project.scratch("profile")?;
    let _ = fs::remove_dir_all(&scratch);
    let served = build::fresh_site(project, Python::LeftOut)?;
    build::copy_directory(&served, &scratch).with_context(|| format!("{} cannot be written", scratch.display()))?;
    let worker = scratch.join("worker.js");
    let script = fs::read_to_string(&worker).with_context(|| format!("{} cannot be read", worker.display()))?;
    fs::write(&worker, [COUNTING, &script].concat())
        .with_context(|| format!("{} cannot be written", worker.display()))?;
    // Whose compressed form is still the script without it.
    for form in ["br", "gz"] {
        let _ = fs::remove_file(site::compressed(&worker, form));
    }
    python::build_counting(project, &scratch.join(python::FOLDER))?;

    let entries = fs::read_dir(project.root.join(PROGRAMS)).with_context(|| format!("{PROGRAMS} cannot be read"))?;
    let mut programs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    programs.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    programs.sort();
    let site = Site::serve(scratch.clone(), 0, Headers::Isolated)?;
    let raw = scratch.join("counts.profraw");
    let mut request = Map::new();
    request.insert("url".into(), json!(site.url()));
    request.insert("programs".into(), json!(programs));
    request.insert("out".into(), json!(raw));
    let answer = driver.run(project, "profile.mjs", request)?;
    let counts = scratch.join("counts.profdata");
    // What never ran is part of it: knowing that, the compiler makes it small.
    run(command(profdata).args(["merge", "-o"]).arg(&counts).arg(&raw), "llvm-profdata")?;
    let bytes = fs::read(&counts).with_context(|| format!("{} cannot be read", counts.display()))?;
    let made_for = made_for(project, &tools.toolchain)?;
    fs::write(project.root.join(COUNTS), site::brotli_of(&bytes)?)
        .and_then(|()| fs::write(project.root.join(MADE_FOR), made_for))
        .with_context(|| format!("{COUNTS} cannot be written"))?;
    println!("Counted what {} functions do: {COUNTS}", answer["functions"]);
    Ok(())
}
