//! Runs CPython's own tests of what the Python front end is about, in the page, and writes down what became of each.
//!
//! The tests are Debian's copy of the suite of CPython 3.11, which is fetched into the cache. Which of its files are run, and
//! why a test is skipped or fails, is in `xtask/driver/conformance.json`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::{Map, json};

use crate::Project;
use crate::apt;
use crate::browser::Driver;
use crate::build;
use crate::python::Python;
use crate::server::{Headers, Site};
use crate::tools::Browser;

/// The tests, and the part of the library that they need and the page leaves out.
const PACKAGES: [&str; 3] = ["libpython3.11-testsuite", "libpython3.11-stdlib", "libpython3.11-minimal"];

pub struct Options {
    pub browser: Browser,
    /// The one file of the suite to run, or all of them.
    pub only: Option<String>,
}

pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let suite = suite(project)?;
    let driver = Driver::new(project, options.browser)?;
    let site = Site::serve(build::fresh_dist(project, Python::Wanted)?, 0, Headers::Isolated)?;
    let output = project.root.join("test-output");
    fs::create_dir_all(&output).with_context(|| format!("{} cannot be created", output.display()))?;
    let mut request = Map::new();
    request.insert("url".into(), json!(site.url()));
    request.insert("suite".into(), json!(suite.join("usr/lib/python3.11").to_string_lossy()));
    request.insert("results".into(), json!(output.to_string_lossy()));
    request.insert("document".into(), json!(project.root.join("docs/conformance.md").to_string_lossy()));
    request.insert("only".into(), json!(options.only));
    driver.pass_on(project, "conformance.mjs", request)
}

/// The directory with the suite, which is fetched once.
fn suite(project: &Project) -> Result<PathBuf> {
    let suite = project.cache.tool("python-testsuite-3.11");
    let _lock = project.cache.lock("python-testsuite")?;
    if suite.join("fetched").is_file() {
        return Ok(suite);
    }
    fs::create_dir_all(&suite).with_context(|| format!("{} cannot be created", suite.display()))?;
    let packages = apt::download(&project.cache, &PACKAGES, &suite)?;
    for package in &packages {
        apt::unpack(package, &suite)?;
    }
    let names = packages.iter().filter_map(|package| Path::new(package).file_stem()?.to_str()).collect::<Vec<_>>();
    if names.len() != PACKAGES.len() {
        bail!("apt-get gave {} packages and not {}.", names.len(), PACKAGES.len());
    }
    fs::write(suite.join("fetched"), names.join("\n"))?;
    Ok(suite)
}
