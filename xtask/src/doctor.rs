//! `cargo xtask doctor`: says what was found, and what to do about what was not.

use crate::Project;
use crate::command::find;
use crate::toolchain;
use crate::tools::{self, Browser, Tool};

/// Prints one line for each thing; whether all of them are there.
pub fn doctor(project: &Project) -> bool {
    let cache = &project.cache;
    let toolchain = toolchain::find_installed(cache);
    let mut all = true;
    let mut say = |what: &str, found: Option<Tool>, advice: &str| match found {
        Some(tool) => println!("{what:<14} {:<12} {}", tool.version, tool.path.display()),
        None => {
            all = false;
            println!("{what:<14} {:<12} {advice}", "missing");
        }
    };
    let compiler_advice = if toolchain::has_rustup() {
        "Any build installs it: from Debian's packages as root, or `rustup toolchain install 1.96.0 -c rust-src`."
    } else {
        "Any build installs it as root on Debian; elsewhere install rustup first."
    };
    say(
        "compiler",
        toolchain.as_ref().map(|found| Tool { version: found.version.clone(), path: found.rustc.clone() }),
        compiler_advice,
    );
    say(
        "std's source",
        toolchain.as_ref().map(|found| Tool { version: found.version.clone(), path: found.source.clone() }),
        "It comes with the compiler.",
    );
    say(
        "linker",
        toolchain.as_ref().map(|found| {
            let path = found.linker();
            Tool { version: crate::command::version_of(&path).unwrap_or_else(|| "own".into()), path }
        }),
        "It comes with the compiler.",
    );
    match tools::locked_wasm_bindgen(&project.root) {
        Ok(version) => say(
            "wasm-bindgen",
            tools::find_cargo_tool(cache, "wasm-bindgen", &version),
            &format!("Any build installs {version}, in about 3 minutes."),
        ),
        Err(error) => say("wasm-bindgen", None, &error.to_string()),
    }
    say(
        "Trunk",
        tools::find_cargo_tool(cache, "trunk", tools::TRUNK),
        &format!("Any build installs {}, in about 4 minutes.", tools::TRUNK),
    );
    let node = tools::find_node();
    say("Node", node.clone(), "Install Node 20 or newer; `dist`, `run` and `test` need it.");
    let packages = node.and_then(|node| tools::find_node_tools(cache, &project.root, node));
    say(
        "wasm-opt",
        packages
            .as_ref()
            .map(|found| Tool { version: found.version("binaryen").unwrap_or_default(), path: found.wasm_opt() }),
        "`cargo xtask dist` installs it with npm.",
    );
    say(
        "puppeteer-core",
        packages.as_ref().map(|found| Tool {
            version: found.version("puppeteer-core").unwrap_or_default(),
            path: found.puppeteer(),
        }),
        "`cargo xtask test` installs it with npm.",
    );
    for browser in Browser::ALL {
        say(
            browser.name(),
            tools::find_browser(browser),
            &format!("Install it, or set {} to its program; `test` and `run` use it.", browser.variable()),
        );
    }
    println!("{:<14} {:<12} {}", "cache", "", cache.root().display());
    if find("git").is_none() {
        println!("{:<14} {:<12} Not needed to build.", "git", "missing");
    }
    all
}
