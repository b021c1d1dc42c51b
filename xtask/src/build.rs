//! Builds the page and its artifacts into a directory of static files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Instant, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use interleave_protocol::{Lesson, RunSpec, downloads};

use crate::Project;
use crate::command::{command, output_of, run};
use crate::embed;
use crate::python::{self, Python};
use crate::site;
use crate::tools::{self, BuildTools, NodeTools, fnv1a};

/// How much time the build may take for the result to be fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Optimised, without link-time optimisation and wasm-opt: for looking at a change.
    Quick,
    /// As it is published.
    Full,
}

impl Effort {
    /// Cargo's profile.
    pub fn profile(self) -> &'static str {
        match self {
            Self::Quick => "serve",
            Self::Full => "release",
        }
    }
}

/// The features that every artifact is built with and every browser with wasm threads has.
const WASM_FEATURES: [&str; 9] = [
    "--enable-threads",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-mutable-globals",
    "--enable-simd",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// The page's artifact, by which a built site is known.
const PAGE: &str = "interleave_bg.wasm";

/// What a change to makes a build stale.
const SOURCES: [&str; 12] = [
    "src",
    "crates",
    "crates/python/lessons",
    "docs/examples",
    "editor",
    "embed",
    "www",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
];

/// What is no part of the page: it is built by itself and laid beside it.
const ELSEWHERE: &str = "crates/python";

/// Builds the site into `out`, replacing it as a whole and only if everything went well.
pub fn site(project: &Project, effort: Effort, out: &Path) -> Result<()> {
    may_replace(&project.root, out)?;
    let build_tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let node_tools = match effort {
        Effort::Quick => None,
        Effort::Full => Some(tools::ensure_node_tools(&project.cache, &project.root)?),
    };
    let started = Instant::now();
    // Of this process alone, since two commands may run in one checkout.
    let stage = project.scratch(&format!("stage-{}", std::process::id()))?;
    let built = trunk(project, &build_tools, effort, &stage)
        .and_then(|()| write_downloads(&stage))
        .and_then(|()| copy_sources(project, &stage))
        .and_then(|()| {
            node_tools.map_or(Ok(()), |node_tools| {
                minify(project, &stage)?;
                optimise(&node_tools, &stage)
            })
        })
        .and_then(|()| bundle(project, effort, &stage))
        // Looked at again, since a build takes its time.
        .and_then(|()| may_replace(&project.root, out))
        .and_then(|()| replace(&stage, out));
    if built.is_err() {
        let _ = fs::remove_dir_all(&stage);
    }
    built?;
    eprintln!("Built in {} s: {}", started.elapsed().as_secs(), out.display());
    Ok(())
}

/// The built page as it is before it is laid out for publishing, with Python beside it if that is wanted; built again
/// only if something changed since.
pub fn fresh_site(project: &Project, python: Python) -> Result<PathBuf> {
    let site = project.scratch("built")?;
    let stamp = project.scratch("built-stamp")?;
    let now = format!("{:016x}", fingerprint(&project.root));
    if !(site.join(PAGE).is_file() && fs::read_to_string(&stamp).is_ok_and(|before| before == now)) {
        build_into(project, &site)?;
    }
    python::install(project, Effort::Full, python, &site)?;
    Ok(site)
}

/// Builds the page and remembers what it was made of.
fn build_into(project: &Project, out: &Path) -> Result<()> {
    let stamp = project.scratch("built-stamp")?;
    // Taken first: what changes during the build is not in it for sure.
    let now = format!("{:016x}", fingerprint(&project.root));
    site(project, Effort::Full, out)?;
    site::compress(out)?;
    fs::write(&stamp, now).with_context(|| format!("{} cannot be written", stamp.display()))
}

/// What is published.
pub struct Publication {
    pub out: PathBuf,
    pub python: Python,
    /// The address of the folder that it will be in, if that is known.
    pub base_url: Option<String>,
}

/// `dist/`, made again only if something changed since.
pub fn fresh_dist(project: &Project, python: Python) -> Result<PathBuf> {
    let out = project.root.join("dist");
    let built = fresh_site(project, python)?;
    let stamp = project.scratch("dist-stamp")?;
    let mut text = format!("{:016x}", fingerprint(&project.root));
    describe(&built.join(python::FOLDER), &mut text);
    if !(site::is_laid_out(&out) && fs::read_to_string(&stamp).is_ok_and(|before| before == text)) {
        publish(project, &built, &Publication { out: out.clone(), python, base_url: None })?;
        fs::write(&stamp, text).with_context(|| format!("{} cannot be written", stamp.display()))?;
    }
    Ok(out)
}

/// Builds the page and lays it out for publishing.
pub fn dist(project: &Project, publication: &Publication) -> Result<()> {
    // Asked first, since a build takes its time.
    may_replace(&project.root, &publication.out)?;
    let built = project.scratch("built")?;
    build_into(project, &built)?;
    python::install(project, Effort::Full, publication.python, &built)?;
    publish(project, &built, publication)
}

fn publish(project: &Project, built: &Path, publication: &Publication) -> Result<()> {
    // What is there may be of other settings than those that `fresh_dist` has.
    let stamp = project.scratch("dist-stamp")?;
    if stamp.exists() {
        fs::remove_file(&stamp).with_context(|| format!("{} cannot be deleted", stamp.display()))?;
    }
    let stage = project.scratch(&format!("laid-out-{}", std::process::id()))?;
    let laid_out = site::lay_out(built, &stage, publication.base_url.as_deref())
        .and_then(|()| may_replace(&project.root, &publication.out))
        .and_then(|()| replace(&stage, &publication.out));
    if laid_out.is_err() {
        let _ = fs::remove_dir_all(&stage);
    }
    laid_out
}

/// Packs what was published into a file beside it, and says what its bytes come to.
pub fn pack(project: &Project, out: &Path) -> Result<PathBuf> {
    let name = format!("interleave-{}", env!("CARGO_PKG_VERSION"));
    let file = out.with_file_name(format!("{name}.tar.gz"));
    site::archive(out, &name, source_time(project)?, &file)?;
    println!("{}  {}", site::digest(&file)?, file.display());
    Ok(file)
}

/// When the sources were changed last, in seconds of Unix: as the environment says (reproducible-builds.org), or when they
/// were committed.
fn source_time(project: &Project) -> Result<u64> {
    let said = std::env::var("SOURCE_DATE_EPOCH").ok();
    let committed = || output_of(command("git").args(["log", "-1", "--format=%ct"]).current_dir(&project.root));
    let text = said.or_else(committed).context(
        "Nothing says when the sources were changed: set SOURCE_DATE_EPOCH, or pack in a checkout with its history.",
    )?;
    text.trim().parse().with_context(|| format!("SOURCE_DATE_EPOCH takes seconds, not '{text}'."))
}

/// A number that changes when a source is edited, added or removed.
pub fn fingerprint(root: &Path) -> u64 {
    let mut text = String::new();
    for source in SOURCES {
        for_each_source(&root.join(source), Some(&root.join(ELSEWHERE)), &mut |path| describe_one(path, &mut text));
    }
    fnv1a(text.as_bytes())
}

/// Says of each source in `path` when it was changed and how long it is.
pub fn describe(path: &Path, text: &mut String) {
    for_each_source(path, None, &mut |path| describe_one(path, text));
}

fn describe_one(path: &Path, text: &mut String) {
    let Ok(metadata) = fs::metadata(path) else { return };
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_nanos());
    text.push_str(&format!("{} {} {modified}\n", path.display(), metadata.len()));
}

/// Says of each source in a path below `root` what is in it: the same in every checkout.
pub fn describe_content(root: &Path, path: &str, text: &mut String) -> Result<()> {
    let mut result = Ok(());
    for_each_source(&root.join(path), None, &mut |path| match fs::read(path) {
        Ok(bytes) => {
            let name = path.strip_prefix(root).unwrap_or(path);
            text.push_str(&format!("{} {:016x}\n", name.display(), fnv1a(&bytes)));
        }
        Err(error) => result = Err(error).with_context(|| format!("{} cannot be read", path.display())),
    });
    result
}

/// The files below a path, in order, without what is in one directory.
fn for_each_source(path: &Path, elsewhere: Option<&Path>, each: &mut dyn FnMut(&Path)) {
    if elsewhere == Some(path) {
        return;
    }
    if path.is_file() {
        return each(path);
    }
    let Ok(entries) = fs::read_dir(path) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Editors' own files come and go without meaning.
        if !name.ends_with('~') && !name.ends_with(".swp") && name != "target" && name != "node_modules" {
            for_each_source(&path, elsewhere, each);
        }
    }
}

fn trunk(project: &Project, tools: &BuildTools, effort: Effort, stage: &Path) -> Result<()> {
    let (target, _lock) = project.cache.target("wasm", &project.root)?;
    // Trunk copies all that it finds there, so what an earlier build left would be published.
    let _ = fs::remove_dir_all(target.join("wasm-bindgen"));
    let mut trunk = command(&tools.trunk.path);
    trunk
        .args(["--quiet", "build", "--release", "--cargo-profile", effort.profile(), "--dist"])
        .arg(stage)
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", &target)
        .env("TRUNK_SKIP_VERSION_CHECK", "true")
        // The compiler's own words say why a build failed; a trace of Trunk does not.
        .env("RUST_BACKTRACE", "0")
        // Trunk refuses to start where this is set to anything but true or false.
        .env_remove("NO_COLOR");
    let directories: Vec<PathBuf> = [&tools.wasm_bindgen.path, &tools.trunk.path]
        .into_iter()
        .filter_map(|path| path.parent().map(Path::to_owned))
        .collect();
    tools.toolchain.apply(&mut trunk, &directories)?;
    run(&mut trunk, "The build of the page")?;
    let leftover = stage.join(".stage");
    if leftover.exists() {
        let _ = fs::remove_dir_all(leftover);
    }
    Ok(())
}

/// The files that the download workload fetches from our own site.
fn write_downloads(stage: &Path) -> Result<()> {
    for n in 0..downloads::COUNT {
        let path = stage.join(downloads::path(n));
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).with_context(|| format!("{} cannot be created", directory.display()))?;
        }
        fs::write(&path, downloads::file(n)).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// The files that the page shows beside the timeline: those that are run, in both languages.
fn copy_sources(project: &Project, stage: &Path) -> Result<()> {
    let rust = RunSpec::all_sources().into_iter().map(|file| ("crates/engine/src", file));
    let python = Lesson::ALL.iter().map(|lesson| ("crates/python", lesson.program()));
    for (place, file) in rust.chain(python) {
        let (from, to) = (project.root.join(place).join(&file), stage.join("source").join(&file));
        if let Some(directory) = to.parent() {
            fs::create_dir_all(directory).with_context(|| format!("{} cannot be created", directory.display()))?;
        }
        fs::copy(&from, &to).with_context(|| format!("{} cannot be copied", from.display()))?;
    }
    Ok(())
}

/// What bundles JavaScript: Node, which nothing else needs that is only to be looked at.
pub struct Bundler {
    node: PathBuf,
    packages: PathBuf,
}

impl Bundler {
    pub fn ensure(project: &Project) -> Result<Self> {
        let packages = tools::ensure_packages(&project.cache, &project.root, &tools::EDITOR)?;
        Ok(Self { node: tools::ensure_node_tools(&project.cache, &project.root)?.node.path, packages })
    }

    fn esbuild(&self) -> Command {
        let mut esbuild = command(&self.node);
        esbuild.arg(self.packages.join("node_modules/esbuild/bin/esbuild")).args([
            "--minify",
            "--target=es2022",
            "--log-level=warning",
        ]);
        esbuild
    }

    /// One file of `source` and what it imports.
    pub fn bundle(&self, source: &Path, format: &str, out: &Path) -> Result<()> {
        let mut esbuild = self.esbuild();
        esbuild.arg(source).args(["--bundle", format]).arg(format!("--outfile={}", out.display()));
        run(&mut esbuild, &format!("The bundle of {}", source.display()))
    }
}

/// The scripts that are several files in the sources: the editor for Python programs, which the page loads when somebody
/// wants to write one, and what runs in posts. Where there is no Node, the page has a plain text area, and posts have
/// nothing.
fn bundle(project: &Project, effort: Effort, stage: &Path) -> Result<()> {
    let bundler = match (Bundler::ensure(project), effort) {
        (Ok(bundler), _) => bundler,
        (Err(error), Effort::Quick) => {
            eprintln!("The editor for Python and what runs in posts are left out: {error:#}");
            return Ok(());
        }
        (Err(error), Effort::Full) => return Err(error),
    };
    // Beside its packages, which is where the bundler looks for them.
    let source = bundler.packages.join(format!("editor-{}.js", std::process::id()));
    let original = project.root.join("editor/editor.js");
    fs::copy(&original, &source).with_context(|| format!("{} cannot be copied", original.display()))?;
    let bundled = bundler.bundle(&source, "--format=esm", &stage.join("editor.js"));
    let _ = fs::remove_file(source);
    bundled?;
    embed::build(&project.root, stage, |source, format, out| bundler.bundle(source, format, out))
}

/// Leaves out what the browser does not read of scripts and styles. The sources are in the repository.
fn minify(project: &Project, stage: &Path) -> Result<()> {
    let mut minifier = Bundler::ensure(project)?.esbuild();
    minifier.arg("--allow-overwrite");
    for place in ["outdir", "outbase"] {
        minifier.arg(format!("--{place}={}", stage.display()));
    }
    minifier.args(at_the_top(stage, "js")?).args(at_the_top(&stage.join("styles"), "css")?);
    run(&mut minifier, "The minified scripts and styles")
}

/// The files directly in a directory that have this extension.
fn at_the_top(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("{} cannot be read", directory.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|its| its == extension)).collect())
}

/// wasm-opt over every artifact at the top: the page for size, all others for speed.
fn optimise(tools: &NodeTools, stage: &Path) -> Result<()> {
    let artifacts = at_the_top(stage, "wasm")?;
    if artifacts.is_empty() {
        bail!("Trunk made no wasm: check the rust links in index.html.");
    }
    thread::scope(|scope| {
        let running: Vec<_> = artifacts.iter().map(|artifact| scope.spawn(|| optimise_one(tools, artifact))).collect();
        for thread in running {
            match thread.join() {
                Ok(result) => result?,
                Err(_) => bail!("wasm-opt could not be run: please report this with the lines above."),
            }
        }
        Ok(())
    })
}

/// The page is small before it is fast. Each of these was measured: another order of blocks 0.5 %, functions that differ in
/// a constant made one 0.2 %, and what is folded into addresses 0.6 %: no pointer is so low that an offset could carry it
/// over the end of memory, since what is lowest there is the far end of the stack.
const SMALL: &[&str] = &[
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--merge-similar-functions",
    "-Oz",
    "--strip-producers",
];

pub fn optimise_one(tools: &NodeTools, artifact: &Path) -> Result<()> {
    let level: &[&str] = match artifact.file_name().and_then(|name| name.to_str()) {
        Some(PAGE) => SMALL,
        _ => &["-O3", "--low-memory-unused"],
    };
    let result = artifact.with_extension("opt");
    let mut wasm_opt = command(&tools.node.path);
    wasm_opt
        .arg(tools.wasm_opt())
        .args(level)
        .args(WASM_FEATURES)
        .arg("--strip-debug")
        .arg("--output")
        .arg(&result)
        .arg(artifact);
    run(&mut wasm_opt, &format!("wasm-opt for {}", artifact.display()))?;
    fs::rename(&result, artifact).with_context(|| format!("{} cannot be replaced", artifact.display()))
}

/// Refuses to replace anything but an earlier build.
fn may_replace(root: &Path, out: &Path) -> Result<()> {
    let is_free = !out.exists() || is_empty(out);
    if root.starts_with(out) || !(is_free || out.join(PAGE).is_file() || site::is_laid_out(out)) {
        bail!("{} holds something else: name a directory that is new or was built before.", out.display());
    }
    Ok(())
}

/// Puts `stage` where `out` is.
fn replace(stage: &Path, out: &Path) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("{} cannot be replaced", out.display()))?;
    }
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent).with_context(|| format!("{} cannot be created", parent.display()))?;
    }
    if fs::rename(stage, out).is_ok() {
        return Ok(());
    }
    // Another file system.
    copy_directory(stage, out).with_context(|| format!("{} cannot be written", out.display()))?;
    let _ = fs::remove_dir_all(stage);
    Ok(())
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

pub fn copy_directory(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_directory(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_replaces_only_a_build() -> Result<()> {
        let root = std::env::temp_dir().join(format!("interleave-build-test-{}", std::process::id()));
        let checkout = root.join("checkout");
        let site = root.join("site");
        fs::create_dir_all(&checkout)?;
        fs::create_dir_all(&site)?;
        assert!(may_replace(&checkout, &site).is_ok());
        assert!(may_replace(&checkout, &checkout.join("dist")).is_ok());
        fs::write(site.join("letter.txt"), "dear")?;
        assert!(may_replace(&checkout, &site).is_err());
        fs::write(site.join(PAGE), "")?;
        assert!(may_replace(&checkout, &site).is_ok());
        for precious in [&checkout, &root] {
            fs::write(precious.join(PAGE), "")?;
            assert!(may_replace(&checkout, precious).is_err());
        }
        fs::remove_dir_all(root)?;
        Ok(())
    }
}
