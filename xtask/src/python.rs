//! The Python front end, which has a workspace of its own (docs/python.md says why): building it, testing it, and running a
//! file in it. Nothing here happens unless it is asked for.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Map, json};

use crate::Project;
use crate::browser::Driver;
use crate::build::{self, Bundler, Effort, describe_content};
use crate::check;
use crate::command::{command, run};
use crate::profile;
use crate::reproducible;
use crate::server::{Headers, Site, coming};
use crate::site;
use crate::standard_library;
use crate::toolchain;
use crate::tools::{self, Browser, BuildTools, fnv1a};

pub struct Options {
    pub file: PathBuf,
    /// Whether its threads share a GIL.
    pub gil: bool,
    /// What its threads' turns follow from; freely if nothing.
    pub seed: Option<u32>,
    pub browser: Browser,
    pub headers: Headers,
    pub timeout_seconds: u64,
    /// Where to write what happened, in the Trace Event Format.
    pub trace: Option<PathBuf>,
}

/// Whether a site has Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Python {
    /// It is built if it has to be.
    Wanted,
    /// As it was built last, if it was: who does not run Python need not wait for it.
    IfThere,
    /// It is not.
    LeftOut,
}

/// The artifact, as workers load it.
pub const ARTIFACT: &str = "python_bg.wasm";

/// Where it is in a built page; see `www/start.js`.
pub const FOLDER: &str = "python";

const TARGET: &str = "wasm32-unknown-unknown";

/// There is but one: another would build the whole interpreter again.
const PROFILE: Effort = Effort::Full;

/// What the artifact is made of.
const SOURCES: [&str; 12] = [
    "crates/python/src",
    "crates/python/unicode_names2",
    profile::COUNTS,
    "crates/python/lib",
    "crates/python/build.rs",
    "crates/python/Cargo.toml",
    "crates/python/Cargo.lock",
    "crates/door",
    "crates/runtime",
    "crates/trace",
    "crates/protocol",
    ".cargo",
];

/// Runs a file in a headless browser; its exit code is ours.
pub fn run_file(project: &Project, options: &Options) -> Result<ExitCode> {
    let path = fs::canonicalize(&options.file).with_context(|| format!("{} cannot be read", options.file.display()))?;
    let driver = Driver::new(project, options.browser)?;
    let site = Site::serve(build::fresh_dist(project, Python::Wanted)?, 0, options.headers)?;
    let mut query = "workload=python".to_owned();
    if options.gil {
        query.push_str("&gil=on");
    }
    if let Some(seed) = options.seed {
        query.push_str(&format!("&seed={seed}"));
    }
    if options.headers == Headers::Plain {
        // Or the page's own service worker would isolate it after all.
        query.push_str("&isolation=off");
    }
    let mut request = Map::new();
    request.insert("url".into(), json!(format!("{}?{query}", site.url())));
    request.insert("path".into(), json!(path.to_string_lossy()));
    request.insert("timeoutSeconds".into(), json!(options.timeout_seconds));
    if let Some(trace) = &options.trace {
        let trace = std::path::absolute(trace).with_context(|| format!("{} is no path", trace.display()))?;
        request.insert("trace".into(), json!(trace.to_string_lossy()));
    }
    driver.pass_on(project, "python.mjs", request)
}

/// Builds the artifact as it is published and prints how large it is.
pub fn build(project: &Project) -> Result<()> {
    let built = artifact(project, Effort::Full)?;
    print!("{}", check::python_size(&built)?);
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

/// Lays the artifact beside a page that was built.
pub fn install(project: &Project, effort: Effort, wanted: Python, site: &Path) -> Result<()> {
    let built = match wanted {
        Python::Wanted => Some(artifact(project, effort)?),
        Python::IfThere => newest(project),
        Python::LeftOut => None,
    };
    let folder = site.join(FOLDER);
    let installed = match built {
        Some(built) => copy(&built, &folder),
        // Of another time, when it was wanted.
        None if folder.exists() => fs::remove_dir_all(&folder),
        None => Ok(()),
    };
    installed.with_context(|| format!("{} cannot be written", folder.display()))
}

/// Copies what was built beside a page that may be served already: who asks for the artifact gets the whole of it or none.
fn copy(built: &Path, site: &Path) -> std::io::Result<()> {
    fs::create_dir_all(site)?;
    let part = site.join("python_bg.part");
    fs::copy(built.join(ARTIFACT), &part)?;
    for entry in fs::read_dir(built)? {
        let entry = entry?;
        let target = site.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => build::copy_directory(&entry.path(), &target)?,
            false if entry.file_name() == ARTIFACT => {}
            false => drop(fs::copy(entry.path(), target)?),
        }
    }
    fs::rename(part, site.join(ARTIFACT))
}

/// Builds the artifact while a page is already served from `site`, which says meanwhile that it is on its way.
pub fn follow(project: &Project, effort: Effort, site: &Path) {
    let folder = site.join(FOLDER);
    let coming = coming(&folder.join(ARTIFACT));
    if let Err(error) = fs::create_dir_all(folder).and_then(|()| fs::write(&coming, "")) {
        eprintln!("{} cannot be written: {error}", coming.display());
    }
    let (project, site) = (project.clone(), site.to_owned());
    thread::spawn(move || {
        match install(&project, effort, Python::Wanted, &site) {
            Ok(()) => println!("Python can be run."),
            Err(error) => eprintln!("error: {error:#}"),
        }
        let _ = fs::remove_file(coming);
    });
}

/// What was built last, if anything was.
fn newest(project: &Project) -> Option<PathBuf> {
    let site = project.cache.root().join("target/python/site");
    site.join(ARTIFACT).is_file().then_some(site)
}

/// Says in a custom section of the artifact which build it is: what the page keeps of one build is no use to another.
/// (WebAssembly Core Specification, 5.5: a section has an id, 0 for a custom one, and a size, and begins with its name.)
fn mark(artifact: &Path, build: &str) -> Result<()> {
    const NAME: &[u8] = b"interleave-build";
    let [name, size] = [NAME.len(), 1 + NAME.len() + build.len()].map(|length| length as u8);
    // In one byte there are seven bits of a length.
    assert!(size < 128, "{build} is too long");
    let section = [&[0, size, name], NAME, build.as_bytes()].concat();
    let mut file = fs::OpenOptions::new().append(true).open(artifact)?;
    file.write_all(&section).with_context(|| format!("{} cannot be written", artifact.display()))
}

/// So that what one crate does most often is part of whoever calls it in another. Not as the manifest's `lto`, which is in the
/// names of functions, by which their counts are found: an interpreter that counts is built without it.
const AS_A_WHOLE: [&str; 2] = ["-Clto=fat", "-Copt-level=3"];

/// A directory with the artifact, built again only if something changed since.
fn artifact(project: &Project, effort: Effort) -> Result<PathBuf> {
    let (target, _lock) = project.cache.target("python", &project.root)?;
    let mut text = format!("{effort:?}, one script, {AS_A_WHOLE:?}");
    // By content, so that a new checkout finds what an older one built.
    for source in SOURCES {
        describe_content(&project.root, source, &mut text)?;
    }
    let tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let library = standard_library::ensure(&project.cache, &tools.toolchain)?;
    text.push_str(&library.to_string_lossy());
    let site = target.join("site");
    let stamp = target.join("site-stamp");
    let now = format!("{:016x}", fnv1a(text.as_bytes()));
    if site.join(ARTIFACT).is_file() && fs::read_to_string(&stamp).is_ok_and(|before| before == now) {
        return compressed(effort, site);
    }
    let started = Instant::now();
    eprintln!("Building Python, which takes minutes the first time.");
    let mut flags = profile::flags(project, &tools.toolchain, &target)?;
    flags.push("-Cembed-bitcode=yes".into());
    let mut cargo = cargo(project, &tools, &target, &flags)?;
    cargo.args(AS_A_WHOLE);
    run(&mut cargo, "The build of Python")?;
    let _ = fs::remove_dir_all(&site);
    bind(&tools, &target, &site)?;
    if effort == Effort::Full {
        let node = tools::ensure_node_tools(&project.cache, &project.root)?;
        build::optimise_one(&node, &site.join(ARTIFACT))?;
        one_script(project, &site)?;
    }
    // By its bytes, so that two builds of the same sources are the same.
    mark(&site.join(ARTIFACT), &site::digest(&site.join(ARTIFACT))?[..16])?;
    fs::write(&stamp, now).with_context(|| format!("{} cannot be written", stamp.display()))?;
    eprintln!("Built in {} s: {}", started.elapsed().as_secs(), site.display());
    compressed(effort, site)
}

/// What builds the artifact into `target`, with flags for all that is in it; its last arguments are those of the compiler
/// for the artifact as a whole.
fn cargo(project: &Project, tools: &BuildTools, target: &Path, flags: &[String]) -> Result<Command> {
    let library = standard_library::ensure(&project.cache, &tools.toolchain)?;
    let mut cargo = command("cargo");
    let git = reproducible::without_time(&mut cargo, &project.cache)?;
    reproducible::without_chance(&mut cargo, &project.cache)?;
    tools.toolchain.apply(&mut cargo, &[git])?;
    // What is outside of its workspace Cargo knows by its path, which gets into names and their order, and so into the bytes.
    // Through this link each checkout has the same.
    let checkout = target.join("source");
    link(&project.root, &checkout)?;
    // So too with the library, whose path is in the names of nearly all functions, by which their counts are found: through
    // this link it is the same whatever is in it.
    let place = checkout.join("crates/python/target/library");
    fs::create_dir_all(project.root.join("crates/python/target")).context("crates/python/target cannot be created")?;
    link(&library, &place)?;
    // Cargo looks at a library's files no more once it has built them.
    let (stamp, now) = (target.join("library-stamp"), library.to_string_lossy());
    if !fs::read_to_string(&stamp).is_ok_and(|before| before == now) {
        let built = target.join(TARGET);
        if built.is_dir() {
            fs::remove_dir_all(&built).with_context(|| format!("{} cannot be removed", built.display()))?;
        }
        fs::write(&stamp, &*now).with_context(|| format!("{} cannot be written", stamp.display()))?;
    }
    cargo
        .args(["rustc", "--quiet", "--target", TARGET, "--bin", "python", "--profile", PROFILE.profile()])
        .arg("--manifest-path")
        .arg(checkout.join("crates/python/Cargo.toml"))
        // Beside those that every artifact has.
        .args(["--config", &format!("target.{TARGET}.rustflags={}", json!(flags))])
        .arg("--")
        .current_dir(project.root.join("crates/python"))
        .env("CARGO_TARGET_DIR", target)
        // Where Cargo's own tests say which library to build: it has no other option for that.
        .env("__CARGO_TESTS_ONLY_SRC_ROOT", &place);
    Ok(cargo)
}

/// Makes `at` a link to `to`, whatever it was a link to before.
fn link(to: &Path, at: &Path) -> Result<()> {
    if fs::symlink_metadata(at).is_ok() {
        fs::remove_file(at).with_context(|| format!("{} cannot be replaced", at.display()))?;
    }
    symlink(to, at).with_context(|| format!("{} cannot be linked", at.display()))
}

/// Makes what was built last in `target` loadable.
fn bind(tools: &BuildTools, target: &Path, site: &Path) -> Result<()> {
    run(
        command(&tools.wasm_bindgen.path)
            .args(["--target", "web", "--no-typescript", "--out-name", "python", "--out-dir"])
            .arg(site)
            .arg(target.join(TARGET).join(PROFILE.profile()).join("python.wasm")),
        "wasm-bindgen for Python",
    )
}

/// Builds an artifact that counts what it does, for [`profile::count`].
pub fn build_counting(project: &Project, site: &Path) -> Result<()> {
    let (target, _lock) = project.cache.target("python", &project.root)?;
    let tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    eprintln!("Building a Python that counts, which takes minutes.");
    let mut cargo = cargo(project, &tools, &target, &profile::counting_flags())?;
    // Counts keep functions that nobody calls, and those want others that there are not.
    cargo.args(["--cfg", "interleave_counts", "-Clink-arg=--unresolved-symbols=ignore-all"]);
    run(&mut cargo, "The build of Python")?;
    bind(&tools, &target, site)
}

/// What loads the artifact becomes one file: each that a worker imports is another request before it can begin.
fn one_script(project: &Project, site: &Path) -> Result<()> {
    let (script, bundled) = (site.join("python.js"), site.join("python.part"));
    Bundler::ensure(project)?.bundle(&script, "--format=esm", &bundled)?;
    fs::rename(&bundled, &script).with_context(|| format!("{} cannot be replaced", script.display()))?;
    let snippets = site.join("snippets");
    fs::remove_dir_all(&snippets).with_context(|| format!("{} cannot be removed", snippets.display()))
}

/// As it is published it has its compressed forms beside it, which take a minute to make: they are kept like the artifact.
fn compressed(effort: Effort, site: PathBuf) -> Result<PathBuf> {
    if effort == Effort::Full {
        site::compress(&site)?;
    }
    Ok(site)
}
