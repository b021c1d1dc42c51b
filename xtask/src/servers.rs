//! Debian's web servers, for the tests of hosting. They are unpacked into the cache and not installed: an installed one
//! would start serving on this machine.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::cache::Cache;
use crate::command::find;

/// The servers, and what they are made of that is not everywhere; by the first of these names that Debian has.
const PACKAGES: [&[&str]; 8] = [
    &["nginx"],
    &["nginx-common"],
    &["libnginx-mod-http-brotli-static"],
    &["caddy"],
    &["apache2-bin"],
    &["libapr1", "libapr1t64"],
    &["libaprutil1", "libaprutil1t64"],
    &["media-types"],
];

/// The directory with the servers, fetched once; nothing where there are no packages of Debian.
pub fn ensure(cache: &Cache) -> Result<Option<PathBuf>> {
    if find("python3").is_none() {
        apt::install(cache, &["python3"]).context("The tests start Python's web server: install python3.")?;
    }
    let servers = cache.tool("debian-servers");
    let _lock = cache.lock("servers")?;
    let (root, complete) = (servers.join("root"), servers.join("complete"));
    if complete.is_file() {
        return Ok(Some(root));
    }
    if find("apt-get").is_none() {
        return Ok(None);
    }
    // What an attempt left that came to no end may be of other versions.
    if servers.exists() {
        fs::remove_dir_all(&servers).with_context(|| format!("{} cannot be deleted", servers.display()))?;
    }
    fs::create_dir_all(&servers).with_context(|| format!("{} cannot be created", servers.display()))?;
    apt::update(cache)?;
    let mut names = Vec::new();
    for alternatives in PACKAGES {
        match alternatives.iter().find(|name| apt::is_known(name)) {
            Some(name) => names.push(*name),
            None => bail!("This distribution has no package {}.", alternatives.join(" or ")),
        }
    }
    for package in apt::download(cache, &names, &servers)? {
        apt::unpack(&package, &root)?;
    }
    fs::write(&complete, names.join("\n")).with_context(|| format!("{} cannot be written", complete.display()))?;
    Ok(Some(root))
}
