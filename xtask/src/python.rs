//! The Python front end, which has a workspace of its own (docs/python.md says why): building it, testing it, and running a
//! file in it. Nothing here happens unless it is asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Map, json};

use crate::Project;
use crate::browser::Driver;
use crate::build::{self, Effort, describe};
use crate::check;
use crate::command::{command, run};
use crate::server::{Headers, Site};
use crate::toolchain;
use crate::tools::{self, Browser, fnv1a};

pub struct Options {
    pub file: PathBuf,
    /// Whether its threads share a GIL.
    pub gil: bool,
    pub browser: Browser,
    pub timeout_seconds: u64,
}

/// CPython's own interval.
const GIL_MS: f64 = 5.0;

/// What the artifact is made of.
const SOURCES: [&str; 5] = ["crates/python", "crates/runtime", "crates/trace", "crates/protocol", ".cargo"];

/// Runs a file in a headless browser; its exit code is ours.
pub fn run_file(project: &Project, options: &Options) -> Result<ExitCode> {
    let path = fs::canonicalize(&options.file).with_context(|| format!("{} cannot be read", options.file.display()))?;
    let driver = Driver::new(project, options.browser)?;
    let site = Site::serve(artifact(project, Effort::Full)?, 0, Headers::Isolated)?;
    let mut request = Map::new();
    request.insert("url".into(), json!(site.url()));
    request.insert("path".into(), json!(path.to_string_lossy()));
    request.insert("file".into(), json!(path.file_name().unwrap_or_default().to_string_lossy()));
    request.insert("gil".into(), if options.gil { json!(GIL_MS) } else { json!(null) });
    request.insert("timeoutSeconds".into(), json!(options.timeout_seconds));
    driver.pass_on(project, "python.mjs", request)
}

/// Builds the artifact as it is published and prints how large it is.
pub fn build(project: &Project) -> Result<()> {
    let built = artifact(project, Effort::Full)?;
    print!("{}", check::python_size(project, &built)?);
    eprintln!("{}", built.display());
    Ok(())
}

/// Formatting, clippy and the native tests of the front end, with the compiler that everything for wasm is built with:
/// RustPython needs one as new as that.
pub fn test(project: &Project) -> Result<()> {
    let tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let (target, _lock) = project.cache.target("python-native", &project.root)?;
    let mut format = command("cargo");
    format.args(["fmt", "--check", "--", "-l"]);
    let mut clippy = toolchain::ensure_clippy(&project.cache, &tools.toolchain)?;
    clippy.args(["--all-targets", "--", "-D", "warnings"]);
    let mut test = command("cargo");
    tools.toolchain.apply(&mut test, &[])?;
    test.arg("test");
    for (what, mut cargo) in [("cargo fmt", format), ("cargo clippy", clippy), ("cargo test", test)] {
        // The library of this machine needs no building.
        cargo.env_remove("CARGO_UNSTABLE_BUILD_STD").env("CARGO_TARGET_DIR", &target);
        run(cargo.current_dir(project.root.join("crates/python")), what)?;
    }
    Ok(())
}

/// A directory with the artifact and the least page that can use it, built again only if something changed since.
fn artifact(project: &Project, effort: Effort) -> Result<PathBuf> {
    let (target, _lock) = project.cache.target("python", &project.root)?;
    let mut text = format!("{effort:?}");
    for source in SOURCES {
        describe(&project.root.join(source), &mut text);
    }
    let site = target.join("site");
    let stamp = target.join("site-stamp");
    let now = format!("{:016x}", fnv1a(text.as_bytes()));
    if site.join("index.html").is_file() && fs::read_to_string(&stamp).is_ok_and(|before| before == now) {
        return Ok(site);
    }
    let started = Instant::now();
    eprintln!("Building Python, which takes minutes the first time.");
    let tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let mut cargo = command("cargo");
    tools.toolchain.apply(&mut cargo, &[])?;
    let profile = effort.profile();
    cargo
        .args(["build", "--quiet", "--target", "wasm32-unknown-unknown", "--bin", "python", "--profile", profile])
        .current_dir(project.root.join("crates/python"))
        .env("CARGO_TARGET_DIR", &target);
    run(&mut cargo, "The build of Python")?;
    let _ = fs::remove_dir_all(&site);
    let wasm = target.join("wasm32-unknown-unknown").join(profile).join("python.wasm");
    run(
        command(&tools.wasm_bindgen.path)
            .args(["--target", "web", "--no-typescript", "--out-name", "python", "--out-dir"])
            .arg(&site)
            .arg(&wasm),
        "wasm-bindgen for Python",
    )?;
    if effort == Effort::Full {
        let node = tools::ensure_node_tools(&project.cache, &project.root)?;
        build::optimise_one(&node, &site.join("python_bg.wasm"))?;
    }
    let www = project.root.join("crates/python/www");
    for entry in fs::read_dir(&www).with_context(|| format!("{} cannot be read", www.display()))?.flatten() {
        copy(&entry.path(), &site.join(entry.file_name()))?;
    }
    fs::write(&stamp, now).with_context(|| format!("{} cannot be written", stamp.display()))?;
    eprintln!("Built in {} s: {}", started.elapsed().as_secs(), site.display());
    Ok(site)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_file() {
        bail!("{} is not a file, and only files are expected there.", from.display());
    }
    fs::copy(from, to).map(drop).with_context(|| format!("{} cannot be written", to.display()))
}
