//! Finds or installs the compiler for wasm: one with the source of std, which has to be built with
//! atomics.
//!
//! A prebuilt std for wasm has none, so the usual `wasm32-unknown-unknown` target is of no use
//! here. `RUSTC_BOOTSTRAP` lets a stable compiler of a known version do what is otherwise a
//! nightly's: `-Z build-std`.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::cache::Cache;
use crate::command::{command, find, output_of, prepend_path, run, version_of};
use crate::reproducible;

/// The version that the project is built with, everywhere.
pub const VERSION: &str = "1.96.0";
/// Debian's own build of the same version, with std's source and a linker for wasm.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CLIPPY: &str = "/usr/bin/cargo-clippy";
const DEBIAN_CLIPPY_PACKAGE: &str = "rust-web-clippy";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// A compiler that can build std for wasm.
#[derive(Clone, Debug)]
pub struct Toolchain {
    pub version: String,
    pub rustc: PathBuf,
    pub source: PathBuf,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Has its own linker for wasm.
    Rustup { name: String },
    /// `shims` holds cargo and rustc alone, so that they can go first on the path without the rest
    /// of `/usr/bin`.
    System { shims: PathBuf, linker: PathBuf },
}

impl Toolchain {
    /// The linker's path, or how it is known to the compiler.
    pub fn linker(&self) -> PathBuf {
        match &self.kind {
            Kind::Rustup { .. } => PathBuf::from("rust-lld (the compiler's own)"),
            Kind::System { linker, .. } => linker.clone(),
        }
    }

    /// What the compiler says of itself, which tells two builds of one version apart.
    pub fn verbose_version(&self) -> Result<String> {
        output_of(command(&self.rustc).arg("-vV")).context("the compiler does not say its version")
    }

    /// Makes `command`, and every cargo and rustc that it starts, use this compiler.
    pub fn apply(&self, command: &mut Command, tools: &[PathBuf]) -> Result<()> {
        for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
            command.env_remove(name);
        }
        command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
        reproducible::without_paths(command);
        let mut path = Vec::new();
        match &self.kind {
            Kind::Rustup { name } => {
                command.env("RUSTUP_TOOLCHAIN", name);
            }
            Kind::System { shims, linker } => {
                path.push(shims.clone());
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            }
        }
        path.extend_from_slice(tools);
        prepend_path(command, &path)
    }
}

/// What is there already.
pub fn find_installed(cache: &Cache) -> Option<Toolchain> {
    find_rustup().or_else(|| find_system(cache))
}

/// What is there, or else what can be installed.
pub fn ensure(cache: &Cache) -> Result<Toolchain> {
    if let Some(found) = find_installed(cache) {
        return Ok(found);
    }
    let mut tried = Vec::new();
    if apt::usable() {
        match apt::install(cache, &DEBIAN_PACKAGES) {
            Ok(()) => {}
            Err(error) => tried.push(format!("apt: {error}")),
        }
        if let Some(found) = find_installed(cache) {
            return Ok(found);
        }
    }
    if find("rustup").is_some() {
        let mut rustup = command("rustup");
        rustup.args(["toolchain", "install", VERSION, "--component", "rust-src", "--profile", "minimal"]);
        match run(&mut rustup, "rustup toolchain install") {
            Ok(()) => {}
            Err(error) => tried.push(format!("rustup: {error}")),
        }
        if let Some(found) = find_installed(cache) {
            return Ok(found);
        }
    }
    let reasons = if tried.is_empty() { "neither rustup nor apt as root is here".to_owned() } else { tried.join("; ") };
    bail!(
        "No compiler {VERSION} with the source of std was found or could be installed ({reasons}): \
         run `rustup toolchain install {VERSION} -c rust-src` on a machine with a network, or install {} on Debian.",
        DEBIAN_PACKAGES.join(", ")
    )
}

/// `cargo clippy` of this very compiler, to be given its options; installs it if need be.
pub fn ensure_clippy(cache: &Cache, toolchain: &Toolchain) -> Result<Command> {
    let make = || -> Result<Command> {
        let mut clippy = match &toolchain.kind {
            Kind::Rustup { .. } => command("cargo"),
            // Or rustup's clippy would be found first.
            Kind::System { .. } => command(DEBIAN_CLIPPY),
        };
        toolchain.apply(&mut clippy, &[])?;
        if let Kind::System { shims, .. } = &toolchain.kind {
            clippy.env("CARGO", shims.join("cargo"));
        }
        clippy.arg("clippy");
        Ok(clippy)
    };
    let is_there = || -> Result<bool> { Ok(output_of(make()?.arg("--version")).is_some()) };
    if !is_there()? {
        let _lock = cache.lock("tools")?;
        match &toolchain.kind {
            Kind::Rustup { name } => run(
                command("rustup").args(["component", "add", "clippy", "--toolchain", name]),
                "rustup component add clippy",
            )?,
            Kind::System { .. } => apt::install(cache, &[DEBIAN_CLIPPY_PACKAGE])?,
        }
        if !is_there()? {
            bail!("clippy {VERSION} was installed but does not run: try `cargo clippy --version` with that compiler.");
        }
    }
    make()
}

/// `llvm-profdata` of the LLVM that this compiler has; installs it if need be.
pub fn ensure_profdata(cache: &Cache, toolchain: &Toolchain) -> Result<PathBuf> {
    let version = toolchain.verbose_version()?;
    let said = |name: &str| version.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let llvm = said("LLVM version:").and_then(|version| version.split('.').next());
    let llvm = llvm.context("the compiler does not say which LLVM it has")?;
    match &toolchain.kind {
        Kind::Rustup { name } => {
            run(
                command("rustup").args(["component", "add", "llvm-tools", "--toolchain", name]),
                "rustup component add",
            )?;
            let library = toolchain.source.parent().and_then(Path::parent).context("the compiler has no library")?;
            let host = said("host:").context("the compiler does not say what it runs on")?;
            Ok(library.join(host).join("bin/llvm-profdata"))
        }
        Kind::System { .. } => {
            let program = format!("llvm-profdata-{llvm}");
            if find(&program).is_none() {
                let _lock = cache.lock("tools")?;
                apt::install(cache, &[&format!("llvm-{llvm}")])?;
            }
            find(&program).with_context(|| format!("llvm-{llvm} was installed but there is no {program}."))
        }
    }
}

fn find_rustup() -> Option<Toolchain> {
    let listed = output_of(command("rustup").args(["toolchain", "list"]))?;
    let name = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|name| *name == VERSION || name.starts_with(&format!("{VERSION}-")))?
        .to_owned();
    let rustc = PathBuf::from(output_of(command("rustup").args(["which", "--toolchain", &name, "rustc"]))?);
    let sysroot = rustc.parent()?.parent()?;
    let source = sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml");
    source.is_file().then(|| Toolchain {
        version: VERSION.to_owned(),
        source: sysroot.join("lib/rustlib/src/rust"),
        rustc: rustc.clone(),
        kind: Kind::Rustup { name },
    })
}

fn find_system(cache: &Cache) -> Option<Toolchain> {
    let rustc = Path::new(DEBIAN_RUSTC);
    let version = version_of(rustc)?;
    if version != VERSION || !Path::new(DEBIAN_SOURCE).is_file() {
        return None;
    }
    let linker = find_linker()?;
    let shims = make_shims(cache).ok()?;
    Some(Toolchain {
        version,
        rustc: rustc.to_owned(),
        source: PathBuf::from("/usr/lib/rustlib/src/rust"),
        kind: Kind::System { shims, linker },
    })
}

/// Older linkers do not know the features that std is built with.
const OLDEST_LINKER: u32 = 19;

fn find_linker() -> Option<PathBuf> {
    let major = |path: &Path| {
        let version = version_of(path)?;
        version.split('.').next()?.parse::<u32>().ok()
    };
    ["wasm-ld-19", "wasm-ld-20", "wasm-ld-21", "wasm-ld-22", "wasm-ld"]
        .into_iter()
        .filter_map(find)
        .find(|path| major(path).is_some_and(|major| major >= OLDEST_LINKER))
}

fn make_shims(cache: &Cache) -> Result<PathBuf> {
    let shims = cache.tool(&format!("system-rust-{VERSION}"));
    fs::create_dir_all(&shims).with_context(|| format!("{} cannot be created", shims.display()))?;
    for name in ["cargo", "rustc", "rustdoc"] {
        let shim = shims.join(name);
        if fs::symlink_metadata(&shim).is_err() {
            let made = symlink(Path::new("/usr/bin").join(name), &shim);
            // Another command may have been a moment faster.
            if let Err(error) = made
                && error.kind() != std::io::ErrorKind::AlreadyExists
            {
                return Err(error).with_context(|| format!("{} cannot be created", shim.display()));
            }
        }
    }
    Ok(shims)
}

/// Whether the visitor runs us with a cargo that rustup manages, for advice in messages.
pub fn has_rustup() -> bool {
    find("rustup").is_some() || env::var_os("RUSTUP_TOOLCHAIN").is_some()
}
