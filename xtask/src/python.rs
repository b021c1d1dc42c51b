//! The Python front end, which has a workspace of its own (docs/python.md says why). Nothing here happens unless it is asked
//! for.

use anyhow::Result;

use crate::Project;
use crate::command::{command, run};
use crate::{toolchain, tools};

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
