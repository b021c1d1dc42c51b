//! The runtime's rules, which are native tests, as an artifact for browsers. It is no part of the site.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::Project;
use crate::build::Effort;
use crate::command::{command, run};
use crate::tools;

/// Builds them into a directory that a test serves beside the site: `rules.js` and `rules_bg.wasm`.
pub fn artifact(project: &Project) -> Result<PathBuf> {
    let tools = tools::ensure_build_tools(&project.cache, &project.root)?;
    let (target, _lock) = project.cache.target("wasm", &project.root)?;
    let out = project.scratch("rules")?;
    let mut cargo = command("cargo");
    cargo
        .args(["test", "--no-run", "--quiet", "--package", "interleave-runtime", "--features", "stress"])
        .args(["--test", "rules", "--target", "wasm32-unknown-unknown", "--profile", Effort::Quick.profile()])
        // As the engine is built, or everything would be compiled anew for tests.
        .args(["-Z", "panic-abort-tests", "--message-format", "json-render-diagnostics"])
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", &target);
    tools.toolchain.apply(&mut cargo, &[])?;
    let built = cargo.stderr(Stdio::inherit()).output().context("Cargo could not be started")?;
    if !built.status.success() {
        bail!("The build of the rules failed ({}); the reason is in the lines above", built.status);
    }
    let messages = String::from_utf8_lossy(&built.stdout);
    let Some(program) = messages.lines().find_map(executable) else { bail!("Cargo built no rules.") };
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("{} cannot be replaced", out.display()))?;
    }
    let mut wasm_bindgen = command(&tools.wasm_bindgen.path);
    wasm_bindgen
        .args(["--target", "web", "--no-typescript", "--out-name", "rules", "--out-dir"])
        .arg(&out)
        .arg(Path::new(&program));
    run(&mut wasm_bindgen, "wasm-bindgen for the rules")?;
    Ok(out)
}

/// The program that one of Cargo's messages tells of.
fn executable(message: &str) -> Option<String> {
    let message: Value = serde_json::from_str(message).ok()?;
    message["executable"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_is_one() {
        for (message, expected) in [
            (r#"{"reason": "compiler-artifact", "executable": "a/rules.wasm"}"#, Some("a/rules.wasm".to_owned())),
            (r#"{"reason": "compiler-artifact", "executable": null}"#, None),
            ("Compiling", None),
        ] {
            assert_eq!(executable(message), expected);
        }
    }
}
