//! Starts other programs: with a clean environment, and with one sentence when one of them fails.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// What `cargo run` and rustup's proxies put into our environment for us alone. A compiler that is
/// not the one which built us would trip over it.
fn is_ours_alone(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || matches!(
            name,
            "CARGO_BIN_NAME"
                | "CARGO_CRATE_NAME"
                | "CARGO_PRIMARY_PACKAGE"
                | "RUST_RECURSION_COUNT"
                | "LD_LIBRARY_PATH"
                | "OUT_DIR"
        )
}

/// `program`, to be started from the environment that the visitor's shell had.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_ours_alone) {
            command.env_remove(&name);
        }
    }
    if let Some(paths) = library_path() {
        command.env("LD_LIBRARY_PATH", paths);
    }
    command
}

/// `LD_LIBRARY_PATH` without the entries that Cargo added to start this program.
fn library_path() -> Option<OsString> {
    let own = env::current_exe().ok()?;
    let own = own.parent()?.to_owned();
    let kept: Vec<PathBuf> = env::split_paths(&env::var_os("LD_LIBRARY_PATH")?)
        .filter(|path| {
            !path.as_os_str().is_empty()
                && !path.starts_with(&own)
                && !path.components().any(|part| part.as_os_str() == "toolchains")
        })
        .collect();
    if kept.is_empty() { None } else { env::join_paths(kept).ok() }
}

/// The cargo that started us, for everything that is built for this machine.
pub fn native_cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where `name` is found on the path.
pub fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
        .find(|path| path.is_file())
}

/// Runs to the end; an error names `what` failed.
pub fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("{what}: could not start {}", name_of(command)))?;
    if !status.success() {
        bail!("{what} failed ({status}); the reason is in the lines above");
    }
    Ok(())
}

/// What a command printed, without the whitespace around it; nothing when it fails.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The version in what `program --version` prints: the first word that starts with a digit.
pub fn version_of(program: &Path) -> Option<String> {
    let text = output_of(command(program).arg("--version"))?;
    version_in(&text)
}

fn version_in(text: &str) -> Option<String> {
    text.split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

fn name_of(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Puts directories before all others on the path of `command`.
pub fn prepend_path(command: &mut Command, directories: &[PathBuf]) -> Result<()> {
    let before = env::var_os("PATH").unwrap_or_default();
    let all = directories.iter().cloned().chain(env::split_paths(&before));
    let joined = env::join_paths(all)
        .context("PATH cannot be extended: move the cache to a directory without ':' in its name (INTERLEAVE_CACHE)")?;
    command.env("PATH", joined);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        for (printed, version) in [
            ("wasm-bindgen 0.2.130", Some("0.2.130")),
            ("v20.20.2", Some("20.20.2")),
            ("Mozilla Firefox 153.7.0esr", Some("153.7.0esr")),
            ("Debian LLD 19.1.7 (compatible with GNU linkers)", Some("19.1.7")),
            ("nothing here", None),
        ] {
            assert_eq!(version_in(printed).as_deref(), version, "{printed}");
        }
    }

    #[test]
    fn cargo_s_own_variables_stay_here() {
        assert!(is_ours_alone("CARGO_PKG_NAME"));
        assert!(!is_ours_alone("CARGO_HOME"));
        assert!(!is_ours_alone("RUSTUP_TOOLCHAIN"));
    }
}
