//! `cargo xtask check`: what has to hold beside the tests.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::Project;
use crate::command::{native_cargo, output_of, run};
use crate::{embed, site, toolchain, tools};

/// How many things held and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// What the page and the engine may weigh together, as brotli would send them.
const SIZE_LIMIT: u64 = 450_000;

/// What Python may weigh in all, as brotli would send it.
const PYTHON_SIZE_LIMIT: u64 = 5_000_000;

/// Who may know whom. Dependencies for tests alone are free.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("interleave-trace", &[]),
    ("interleave-timeline", &["interleave-trace"]),
    ("interleave-protocol", &["interleave-trace"]),
    ("interleave-runtime", &["interleave-trace"]),
    ("interleave-door", &["interleave-runtime", "interleave-protocol", "interleave-trace"]),
    ("interleave-engine", &["interleave-door", "interleave-runtime", "interleave-protocol", "interleave-trace"]),
    ("interleave-python", &["interleave-door", "interleave-runtime", "interleave-protocol", "interleave-trace"]),
    ("interleave", &["interleave-timeline", "interleave-protocol", "interleave-trace"]),
    ("interleave-bench", &["interleave-engine", "interleave-runtime", "interleave-protocol", "interleave-trace"]),
    ("xtask", &["interleave-protocol"]),
];

/// Where a workspace is. Python's is looked at only as far as that needs no build: `cargo xtask python --test` does the rest.
const WORKSPACES: [&str; 2] = ["", "crates/python"];

type Check = fn(&Project) -> Result<()>;

/// Runs all checks, says how each went and goes on after one that failed.
pub fn check(project: &Project) -> Result<Tally> {
    let checks: [(&str, Check); 9] = [
        ("formatting", formatting),
        ("clippy", clippy),
        ("clippy for wasm", clippy_for_wasm),
        ("who depends on whom", dependency_direction),
        ("docs", docs),
        ("links", links),
        ("words", words),
        ("recorded runs", recorded_runs),
        ("sizes", size_limit),
    ];
    let mut tally = Tally::default();
    for (name, check) in checks {
        let started = Instant::now();
        let result = check(project);
        let seconds = started.elapsed().as_secs_f64();
        match result {
            Ok(()) => {
                tally.passed += 1;
                println!("check {name}: ok ({seconds:.1} s)");
            }
            Err(error) => {
                tally.failed += 1;
                println!("check {name}: FAILED ({seconds:.1} s)\n    {error:#}");
            }
        }
    }
    Ok(tally)
}

fn cargo(project: &Project, target: &Path) -> Command {
    let mut cargo = native_cargo();
    cargo.current_dir(&project.root).env("CARGO_TARGET_DIR", target);
    cargo
}

fn formatting(project: &Project) -> Result<()> {
    for workspace in WORKSPACES {
        run(
            native_cargo().args(["fmt", "--all", "--check", "--", "-l"]).current_dir(project.root.join(workspace)),
            "The formatting of the files above (`cargo fmt --all` puts it right)",
        )?;
    }
    Ok(())
}

fn clippy(project: &Project) -> Result<()> {
    if output_of(native_cargo().args(["clippy", "--version"])).is_none() {
        bail!("This compiler comes without clippy: `rustup component add clippy`.");
    }
    let (target, _lock) = project.cache.target("native", &project.root)?;
    // What only tests ask for is in no build of the workspace.
    for packages in [&["--workspace"][..], &["--package", "interleave-runtime", "--features", "model,stress"]] {
        let mut clippy = cargo(project, &target);
        clippy.args(["clippy", "--quiet", "--all-targets", "--keep-going"]).args(packages);
        run(clippy.args(["--", "-D", "warnings"]), "cargo clippy")?;
    }
    Ok(())
}

/// What only exists in the browser, nothing native ever compiles.
fn clippy_for_wasm(project: &Project) -> Result<()> {
    let tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let mut clippy = toolchain::ensure_clippy(&project.cache, &tools.toolchain)?;
    let (target, _lock) = project.cache.target("wasm", &project.root)?;
    clippy.current_dir(&project.root).env("CARGO_TARGET_DIR", target).args(["--quiet", "--keep-going"]);
    clippy.args(["--target", "wasm32-unknown-unknown", "--package", "interleave", "--package", "interleave-engine"]);
    clippy.args(["--package", "interleave-runtime", "--package", "interleave-trace", "--package", "interleave-bench"]);
    run(clippy.args(["--", "-D", "warnings"]), "cargo clippy for wasm")
}

fn docs(project: &Project) -> Result<()> {
    let (target, _lock) = project.cache.target("native", &project.root)?;
    run(
        cargo(project, &target)
            .args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items", "--keep-going"])
            .env("RUSTDOCFLAGS", "-D warnings"),
        "cargo doc",
    )
}

fn dependency_direction(project: &Project) -> Result<()> {
    let mut packages = Vec::new();
    for workspace in WORKSPACES {
        let mut cargo = native_cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(project.root.join(workspace));
        let text = output_of(&mut cargo).context("cargo metadata failed: run it to see why")?;
        let mut metadata: Value = serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
        if let Some(found) = metadata["packages"].as_array_mut() {
            packages.append(found);
        }
    }
    let wrong = wrong_dependencies(&packages);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n    "));
    }
    Ok(())
}

fn wrong_dependencies(packages: &[Value]) -> Vec<String> {
    let empty = Vec::new();
    let names: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            wrong.push(format!("{name} is new: say in xtask/src/check.rs whom it may know."));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap_or(&empty) {
            let other = dependency["name"].as_str().unwrap_or_default();
            if dependency["kind"] != "dev" && names.contains(other) && !allowed.contains(&other) {
                wrong.push(format!("{name} must not know {other} (docs/ARCHITECTURE.md says why)."));
            }
        }
    }
    wrong
}

/// Relative links of every Markdown file lead somewhere.
fn links(project: &Project) -> Result<()> {
    let mut broken = Vec::new();
    for file in project_files(&project.root) {
        if file.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let directory = file.parent().unwrap_or(&project.root);
        for link in relative_links(&text) {
            if !directory.join(&link).exists() {
                broken.push(format!("{}: {link}", shown(project, &file)));
            }
        }
    }
    if !broken.is_empty() {
        bail!("These links lead nowhere: {}", broken.join(", "));
    }
    Ok(())
}

fn relative_links(markdown: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split([')', ' ', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                links.push(target.to_owned());
            }
        }
    }
    links
}

/// Nothing in the project names a place on one particular machine or network.
fn words(project: &Project) -> Result<()> {
    let mut found = Vec::new();
    for file in project_files(&project.root) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let mut bad: Vec<String> = forbidden_in(&text).into_iter().map(str::to_owned).collect();
        if file.file_name().is_some_and(|name| name == "Cargo.lock") {
            bad.extend(strange_sources(&text));
        }
        for word in bad {
            found.push(format!("{} in {}", word, shown(project, &file)));
        }
    }
    if !found.is_empty() {
        bail!("These belong to one machine only: {}", found.join(", "));
    }
    Ok(())
}

/// In two halves, so that this file does not find itself.
const FORBIDDEN: [(&str, &str); 7] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/home", "/"),
    ("registry.npm", "js.org"),
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("\"resolved\"", ": \"http"),
];

fn forbidden_in(text: &str) -> Vec<&'static str> {
    FORBIDDEN
        .iter()
        .filter(|(first, second)| {
            text.match_indices(first).any(|(at, _)| {
                let starts_a_path = !first.starts_with('/')
                    || !text[..at].ends_with(|c: char| c.is_alphanumeric() || "._-~}$/".contains(c));
                starts_a_path && text[at + first.len()..].starts_with(second)
            })
        })
        .map(|(first, _)| *first)
        .collect()
}

fn strange_sources(lock: &str) -> Vec<String> {
    lock.lines()
        .filter_map(|line| line.strip_prefix("source = "))
        .filter(|source| *source != "\"registry+https://github.com/rust-lang/crates.io-index\"")
        .map(str::to_owned)
        .collect()
}

/// Every file of the checkout that is not generated.
fn project_files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if !matches!(
                    name.to_string_lossy().as_ref(),
                    ".git" | "target" | "dist" | "node_modules" | "test-output"
                ) {
                    directories.push(path);
                }
            } else if name != ".git" {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn shown(project: &Project, file: &Path) -> String {
    file.strip_prefix(&project.root).unwrap_or(file).display().to_string()
}

/// What the artifacts weigh.
pub struct Sizes {
    pub text: String,
    /// Page and engine together, brotli.
    pub first_load: u64,
}

/// Weighs every artifact of a published site.
pub fn sizes(dist: &Path) -> Result<Sizes> {
    let mut sizes = Sizes { text: String::new(), first_load: 0 };
    sizes.text.push_str(&format!("{:<28} {:>10} {:>10}\n", "file", "raw", "brotli"));
    for (name, raw, brotli) in weighed(&site::loaded(dist))? {
        sizes.text.push_str(&format!("{name:<28} {raw:>10} {brotli:>10}\n"));
        if name.starts_with("interleave") || name.starts_with("engine") {
            sizes.first_load += brotli;
        }
    }
    sizes.text.push_str(&format!(
        "page and engine: {:.1} KB brotli of {} KB\n",
        sizes.first_load as f64 / 1000.0,
        SIZE_LIMIT / 1000
    ));
    Ok(sizes)
}

/// The size of Python's artifact, which is an error if it weighs too much.
pub fn python_size(folder: &Path) -> Result<String> {
    let files = weighed(&[folder.to_owned()])?;
    let (raw, brotli) = files.iter().fold((0, 0), |sum, (_, raw, brotli)| (sum.0 + raw, sum.1 + brotli));
    let text = format!("Python: {raw} B, {brotli} B brotli of {PYTHON_SIZE_LIMIT} B\n");
    if brotli > PYTHON_SIZE_LIMIT {
        bail!("{text}Freeze less of the library (crates/python/build.rs) or leave native modules out.");
    }
    Ok(text)
}

/// The name of each file in these folders that a browser loads, its size, and that of its brotli form if it has one.
fn weighed(folders: &[PathBuf]) -> Result<Vec<(String, u64, u64)>> {
    let mut files = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(folder)
            .with_context(|| format!("{} cannot be read: run `cargo xtask dist` first", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| ["wasm", "js", "css"].iter().any(|known| extension == *known)) {
                let size = |path: &Path| fs::metadata(path).map(|metadata| metadata.len());
                let raw = size(&path).with_context(|| format!("{} cannot be read", path.display()))?;
                let brotli = size(&site::compressed(&path, "br")).unwrap_or(raw);
                files.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), raw, brotli));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A post shows a run of the very program that it would run.
fn recorded_runs(project: &Project) -> Result<()> {
    embed::stale(&project.root).map_or(Ok(()), |sentence| bail!("{sentence}"))
}

fn size_limit(project: &Project) -> Result<()> {
    let dist = project.root.join("dist");
    if !site::is_laid_out(&dist) {
        println!("    There is no dist/ to weigh; `cargo xtask dist` makes one.");
        return Ok(());
    }
    let sizes = sizes(&dist)?;
    if sizes.first_load > SIZE_LIMIT {
        bail!("Page and engine weigh more than {} KB brotli:\n{}", SIZE_LIMIT / 1000, sizes.text);
    }
    Ok(())
}

/// Whether colours are wanted in what we pass on from others.
pub fn colour() -> &'static str {
    use std::io::IsTerminal;
    if std::io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none() { "always" } else { "never" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_page_must_not_know_the_runtime() {
        let package = |name: &str, dependencies: Value| json!({"name": name, "dependencies": dependencies});
        let packages = [
            package("interleave", json!([{"name": "interleave-runtime", "kind": null}, {"name": "yew", "kind": null}])),
            package("interleave-runtime", json!([{"name": "interleave-timeline", "kind": "dev"}])),
            package("interleave-timeline", json!([])),
            package("stranger", json!([])),
        ];
        let wrong = wrong_dependencies(&packages);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].starts_with("interleave must not know interleave-runtime"));
        assert!(wrong[1].starts_with("stranger is new"));
    }

    #[test]
    fn only_relative_links_are_followed() {
        let markdown =
            "[a](docs/a.md#part) [b](https://example.org) [c](#here) ![d](d.png \"title\")\n```\n[e](no.md)\n```";
        assert_eq!(relative_links(markdown), ["docs/a.md", "d.png"]);
    }

    #[test]
    fn places_of_one_machine_are_found() {
        let path = |first: &str, second: &str| format!("see {first}{second}x");
        assert_eq!(forbidden_in(&path("/wo", "rk/")), ["/wo"]);
        assert_eq!(forbidden_in(&path("target/wo", "rk/")), Vec::<&str>::new());
        assert!(forbidden_in("nothing here").is_empty());
        assert_eq!(strange_sources("source = \"sparse+https://mirror/\"").len(), 1);
    }
}
