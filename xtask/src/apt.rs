//! Installs Debian packages where that is possible without asking: as root, with apt.

use std::env;
use std::sync::Mutex;

use anyhow::{Result, bail};

use crate::cache::Cache;
use crate::command::{command, find, output_of};
use crate::progress::run_logged;

static LISTS_UPDATED: Mutex<bool> = Mutex::new(false);

/// Whether packages can be installed by us.
pub fn usable() -> bool {
    find("apt-get").is_some() && output_of(command("id").arg("-u")).as_deref() == Some("0")
}

/// Installs `packages`, of which all must be known to this machine's lists.
pub fn install(cache: &Cache, packages: &[&str]) -> Result<()> {
    if !usable() {
        bail!("Packages can only be installed as root with apt: install {} yourself.", packages.join(", "));
    }
    let mut updated = LISTS_UPDATED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !*updated {
        run_logged(apt().args(["update", "-q"]), "apt-get update", &cache.log("apt-update")?)?;
        *updated = true;
    }
    for package in packages {
        if !is_known(package) {
            bail!("This distribution has no package {package}.");
        }
    }
    run_logged(
        apt().args(["install", "-y", "-q", "--no-install-recommends"]).args(packages),
        &format!("apt-get install {}", packages.join(" ")),
        &cache.log("apt-install")?,
    )
}

fn apt() -> std::process::Command {
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    // A package manager that another command runs at this moment is waited for, not failed on.
    apt.args(["-o", "DPkg::Lock::Timeout=300"]);
    if env::var_os("LC_ALL").is_none() {
        apt.env("LC_ALL", "C.UTF-8");
    }
    apt
}

fn is_known(package: &str) -> bool {
    output_of(command("apt-cache").args(["policy", package]))
        .is_some_and(|text| text.contains("Candidate:") && !text.contains("Candidate: (none)"))
}
