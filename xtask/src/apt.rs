//! Installs Debian packages where that is possible without asking: as root, with apt.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::cache::Cache;
use crate::command::{command, find, output_of, run};
use crate::progress::run_logged;

static LISTS_UPDATED: Mutex<bool> = Mutex::new(false);

/// Whether packages can be installed by us.
pub fn usable() -> bool {
    find("apt-get").is_some() && output_of(command("id").arg("-u")).as_deref() == Some("0")
}

/// Fetches the lists of packages, once in each command; without the right to do so, those of this machine are taken.
pub fn update(cache: &Cache) -> Result<()> {
    let mut updated = LISTS_UPDATED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !*updated && usable() {
        run_logged(apt().args(["update", "-q"]), "apt-get update", &cache.log("apt-update")?)?;
        *updated = true;
    }
    Ok(())
}

/// Installs `packages`, of which all must be known to this machine's lists.
pub fn install(cache: &Cache, packages: &[&str]) -> Result<()> {
    if !usable() {
        bail!("Packages can only be installed as root with apt: install {} yourself.", packages.join(", "));
    }
    update(cache)?;
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

/// Fetches packages into a directory without installing them. Gives their files.
pub fn download(cache: &Cache, packages: &[&str], directory: &Path) -> Result<Vec<PathBuf>> {
    if find("apt-get").is_none() {
        bail!("{} are packages of Debian, and this machine has no apt-get.", packages.join(" and "));
    }
    run_logged(
        apt().args(["download", "-q"]).args(packages).current_dir(directory),
        &format!("apt-get download {}", packages.join(" ")),
        &cache.log("apt-download")?,
    )?;
    let files = fs::read_dir(directory).with_context(|| format!("{} cannot be read", directory.display()))?;
    let files = files.flatten().map(|entry| entry.path());
    Ok(files.filter(|path| path.extension().is_some_and(|extension| extension == "deb")).collect())
}

/// Unpacks a package into a directory.
pub fn unpack(package: &Path, directory: &Path) -> Result<()> {
    run(command("dpkg").arg("-x").arg(package).arg(directory), "dpkg -x")
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

/// Whether this machine's lists have a package.
pub fn is_known(package: &str) -> bool {
    output_of(command("apt-cache").args(["policy", package]))
        .is_some_and(|text| text.contains("Candidate:") && !text.contains("Candidate: (none)"))
}
