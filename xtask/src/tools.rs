//! Finds or installs the programs beside the compiler, each at a fixed version: wasm-bindgen,
//! Trunk, wasm-opt, the browsers and what drives them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::cache::Cache;
use crate::command::{command, find, native_cargo, version_of};
use crate::progress::{Steps, run_logged};
use crate::toolchain::{self, Toolchain};

/// Trunk 0.22 wants a newer compiler than the one that builds the project.
pub const TRUNK: &str = "0.21.14";
/// What the driver of the browsers runs on.
const OLDEST_NODE: u32 = 20;

/// A program that is there.
#[derive(Clone, Debug)]
pub struct Tool {
    pub version: String,
    pub path: PathBuf,
}

/// What a build needs.
#[derive(Clone, Debug)]
pub struct BuildTools {
    pub toolchain: Toolchain,
    pub wasm_bindgen: Tool,
    pub trunk: Tool,
}

/// What a small build and everything in a browser need beside that.
#[derive(Clone, Debug)]
pub struct NodeTools {
    pub node: Tool,
    packages: PathBuf,
}

impl NodeTools {
    /// wasm-opt as npm's binaryen brings it: a script for Node.
    pub fn wasm_opt(&self) -> PathBuf {
        self.packages.join("node_modules/binaryen/bin/wasm-opt")
    }

    /// The version of one of the packages, as installed.
    pub fn version(&self, package: &str) -> Option<String> {
        let text = fs::read_to_string(self.packages.join("node_modules").join(package).join("package.json")).ok()?;
        let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
        manifest["version"].as_str().map(str::to_owned)
    }

    /// What messages are compared with: a module for browsers.
    pub fn comlink(&self) -> PathBuf {
        self.packages.join("node_modules/comlink/dist/esm/comlink.mjs")
    }

    /// The module that a driver script imports.
    pub fn puppeteer(&self) -> PathBuf {
        self.packages.join("node_modules/puppeteer-core/lib/puppeteer/puppeteer-core.js")
    }
}

/// The browsers that everything is tried in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    Chromium,
    Firefox,
}

impl Browser {
    pub const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];

    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "chromium" => Ok(Self::Chromium),
            "firefox" => Ok(Self::Firefox),
            _ => bail!("There is no browser '{name}': say chromium or firefox."),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }

    /// The environment variable that names its program.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "INTERLEAVE_CHROMIUM",
            Self::Firefox => "INTERLEAVE_FIREFOX",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox-esr",
        }
    }

    fn candidates(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &[
                "chromium",
                "chromium-browser",
                "google-chrome",
                "google-chrome-stable",
                "/Applications/Chromium.app/Contents/MacOS/Chromium",
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            ],
            Self::Firefox => &["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
        }
    }
}

/// Compiler, wasm-bindgen and Trunk; installs what is missing.
pub fn ensure_build_tools(cache: &Cache, root: &Path) -> Result<BuildTools> {
    let bindgen = locked_wasm_bindgen(root)?;
    if let (Some(toolchain), Some(wasm_bindgen), Some(trunk)) = (
        toolchain::find_installed(cache),
        find_cargo_tool(cache, "wasm-bindgen", &bindgen),
        find_cargo_tool(cache, "trunk", TRUNK),
    ) {
        return Ok(BuildTools { toolchain, wasm_bindgen, trunk });
    }
    let _lock = cache.lock("tools")?;
    eprintln!("Setting up; everything goes to {} and is done once.", cache.root().display());
    let mut steps = Steps::new(3);
    steps.next(&format!("Compiler {} with the source of std", toolchain::VERSION));
    let toolchain = toolchain::ensure(cache)?;
    let label = steps.next(&format!("wasm-bindgen {bindgen}"));
    // Its own lock file names a version that was withdrawn.
    let recipe = Recipe { package: "wasm-bindgen-cli", options: &[], optimisation: "1" };
    let wasm_bindgen = ensure_cargo_tool(cache, "wasm-bindgen", &bindgen, &recipe, &label)?;
    let label = steps.next(&format!("Trunk {TRUNK}"));
    // Trunk's own downloads are not used, and leaving out TLS halves its build.
    // It has hundreds of crates to compile and then only starts other programs, so it is not optimised.
    let recipe = Recipe { package: "trunk", options: &["--locked", "--no-default-features"], optimisation: "0" };
    let trunk = ensure_cargo_tool(cache, "trunk", TRUNK, &recipe, &label)?;
    Ok(BuildTools { toolchain, wasm_bindgen, trunk })
}

/// The version that the lock file holds: the program must match the library to the digit.
pub fn locked_wasm_bindgen(root: &Path) -> Result<String> {
    let path = root.join("Cargo.lock");
    let text =
        fs::read_to_string(&path).with_context(|| format!("{} cannot be read: check it out again", path.display()))?;
    version_in_lock(&text, "wasm-bindgen")
        .context("Cargo.lock names no version of wasm-bindgen: run `cargo update --workspace`.")
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.next()?;
    let version = lines.next()?.strip_prefix("version = \"")?;
    version.strip_suffix('"').map(str::to_owned)
}

/// From the cache, or from the path if it is exactly this version.
pub fn find_cargo_tool(cache: &Cache, program: &str, version: &str) -> Option<Tool> {
    let cached =
        cache.tool(&format!("{program}-{version}")).join("bin").join(format!("{program}{}", env::consts::EXE_SUFFIX));
    [Some(cached), find(program)]
        .into_iter()
        .flatten()
        .find(|path| path.is_file() && version_of(path).as_deref() == Some(version))
        .map(|path| Tool { version: version.to_owned(), path })
}

/// How a program from Cargo's registry is built.
struct Recipe {
    package: &'static str,
    options: &'static [&'static str],
    optimisation: &'static str,
}

fn ensure_cargo_tool(cache: &Cache, program: &str, version: &str, recipe: &Recipe, label: &str) -> Result<Tool> {
    if let Some(found) = find_cargo_tool(cache, program, version) {
        return Ok(found);
    }
    let Recipe { package, options, optimisation } = *recipe;
    // A directory of its own, so that an interrupted build goes on where it was.
    let target = cache.tool(&format!("{program}-{version}-build"));
    let mut install = native_cargo();
    install
        .args(["install", package, "--version", version, "--force", "--root"])
        .arg(cache.tool(&format!("{program}-{version}")))
        .args(options)
        // Outside the checkout: its own settings are not meant for other people's programs.
        .current_dir(cache.root())
        .env("CARGO_TARGET_DIR", &target)
        // Built once and run seldom: what counts is how soon it is there.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", optimisation)
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_PROFILE_RELEASE_PANIC", "unwind");
    run_logged(&mut install, label, &cache.log(program)?)?;
    let _ = fs::remove_dir_all(target);
    find_cargo_tool(cache, program, version).with_context(|| {
        format!(
            "{program} {version} was installed but does not run: see {}",
            cache.log(program).unwrap_or_default().display()
        )
    })
}

/// Node, if it is new enough.
pub fn find_node() -> Option<Tool> {
    let path = find("node").or_else(|| find("nodejs"))?;
    let version = version_of(&path)?;
    let major: u32 = version.split('.').next()?.parse().ok()?;
    (major >= OLDEST_NODE).then_some(Tool { version, path })
}

/// Node and the packages of `xtask/npm`; installs what is missing.
pub fn ensure_node_tools(cache: &Cache, root: &Path) -> Result<NodeTools> {
    let node = match find_node() {
        Some(node) => node,
        None => {
            let advice = format!("Node {OLDEST_NODE} or newer is needed: install it and put it on the path.");
            apt::install(cache, &["nodejs", "npm"]).context(advice.clone())?;
            find_node().context(advice)?
        }
    };
    let packages = ensure_packages(cache, root, &DRIVER)?;
    Ok(NodeTools { node, packages })
}

/// Packages of npm that belong together.
pub struct Packages {
    /// Where their lock file is, in the checkout.
    source: &'static str,
    /// What their directories in the cache are called.
    name: &'static str,
    /// What they are.
    label: &'static str,
}

const DRIVER: Packages =
    Packages { source: "xtask/npm", name: "npm", label: "wasm-opt and the browser driver, from npm" };

/// The editor for Python programs, and what bundles it.
pub const EDITOR: Packages = Packages { source: "editor", name: "editor", label: "the editor, from npm" };

/// What Python programs in the page are compared with.
pub const BENCH: Packages = Packages { source: "benches/npm", name: "bench", label: "Pyodide and codapi, from npm" };

/// What the tests in browsers take beside the driver.
pub const TESTS: Packages =
    Packages { source: "tests/npm", name: "tests", label: "a check of accessibility and a bundler, from npm" };

/// The directory with these packages; installs what is missing.
pub fn ensure_packages(cache: &Cache, root: &Path, wanted: &Packages) -> Result<PathBuf> {
    if let Some(packages) = find_packages(cache, root, wanted)? {
        return Ok(packages);
    }
    let _lock = cache.lock("tools")?;
    if let Some(packages) = find_packages(cache, root, wanted)? {
        return Ok(packages);
    }
    let source = root.join(wanted.source);
    let packages = packages_directory(cache, root, wanted)?;
    fs::create_dir_all(&packages).with_context(|| format!("{} cannot be created", packages.display()))?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(source.join(name), packages.join(name))
            .with_context(|| format!("{} cannot be copied: check it out again", source.join(name).display()))?;
    }
    let npm = find("npm").with_context(|| format!("npm is needed for {}: install it beside Node.", wanted.label))?;
    let label = Steps::new(1).next(wanted.label);
    let mut ci = command(npm);
    ci.args(["ci", "--ignore-scripts", "--loglevel=error"]).current_dir(&packages);
    run_logged(&mut ci, &label, &cache.log(wanted.name)?)?;
    fs::write(packages.join("complete"), b"").context("the npm packages could not be marked as complete")?;
    Ok(packages)
}

/// One directory for each state of the lock file.
fn packages_directory(cache: &Cache, root: &Path, wanted: &Packages) -> Result<PathBuf> {
    let lock = root.join(wanted.source).join("package-lock.json");
    let text = fs::read(&lock).with_context(|| format!("{} cannot be read: check it out again", lock.display()))?;
    Ok(cache.tool(&format!("{}-{:016x}", wanted.name, fnv1a(&text))))
}

/// What npm installed earlier for this state of the lock file.
pub fn find_node_tools(cache: &Cache, root: &Path, node: Tool) -> Option<NodeTools> {
    let packages = find_packages(cache, root, &DRIVER).ok()??;
    Some(NodeTools { node, packages })
}

fn find_packages(cache: &Cache, root: &Path, wanted: &Packages) -> Result<Option<PathBuf>> {
    let packages = packages_directory(cache, root, wanted)?;
    Ok(packages.join("complete").is_file().then_some(packages))
}

/// A short name for some bytes; nothing depends on it being hard to forge.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The program that its variable names, or the first in the usual places.
pub fn find_browser(browser: Browser) -> Option<Tool> {
    let named = env::var_os(browser.variable()).filter(|value| !value.is_empty()).map(PathBuf::from);
    let path = named.or_else(|| {
        browser.candidates().iter().find_map(|candidate| {
            let path = PathBuf::from(candidate);
            if path.is_absolute() { path.is_file().then_some(path) } else { find(candidate) }
        })
    })?;
    let version = version_of(&path)?;
    Some(Tool { version, path })
}

/// A browser; installs it where that is possible.
pub fn ensure_browser(cache: &Cache, browser: Browser) -> Result<Tool> {
    if let Some(found) = find_browser(browser) {
        return Ok(found);
    }
    let advice = format!("{} was not found: install it, or set {} to its program.", browser.name(), browser.variable());
    let _lock = cache.lock("tools")?;
    // Without any font, text in screenshots is boxes.
    apt::install(cache, &[browser.package(), "fonts-dejavu-core"]).context(advice.clone())?;
    find_browser(browser).context(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_says_which_wasm_bindgen() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in_lock(lock, "trunk"), None);
    }

    #[test]
    fn browsers_are_known_by_name() {
        for browser in Browser::ALL {
            assert_eq!(Browser::parse(browser.name()).ok(), Some(browser));
        }
        assert!(Browser::parse("lynx").is_err());
    }
}
