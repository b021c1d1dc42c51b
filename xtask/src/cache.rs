//! The directory outside the checkout that keeps tools and build results, so that a second clone
//! starts warm.

use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where the cache is.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

/// A lock that other commands respect for as long as it lives.
pub struct Lock {
    _file: File,
}

impl Cache {
    /// `INTERLEAVE_CACHE`, else `interleave` in the user's cache directory.
    pub fn open() -> Result<Self> {
        let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = named("INTERLEAVE_CACHE")
            .or_else(|| named("XDG_CACHE_HOME").map(|home| home.join("interleave")))
            .or_else(|| env::home_dir().map(|home| home.join(".cache/interleave")))
            .context("No home directory was found: set INTERLEAVE_CACHE to a directory for tools and build results.")?;
        fs::create_dir_all(&root).with_context(|| {
            format!("{} cannot be created: set INTERLEAVE_CACHE to a directory that you can write to", root.display())
        })?;
        Ok(Self { root })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A directory of `tools/`, one for each tool and version.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.root.join("tools").join(name)
    }

    pub fn log(&self, name: &str) -> Result<PathBuf> {
        let logs = self.root.join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("{} cannot be created", logs.display()))?;
        Ok(logs.join(format!("{name}.log")))
    }

    /// Waits until no other command holds the lock of this name.
    pub fn lock(&self, name: &str) -> Result<Lock> {
        let path = self.root.join(format!("{name}.lock"));
        let file =
            File::create(&path).with_context(|| format!("{} cannot be written: check who owns it", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                eprintln!("Waiting for another cargo xtask ({name}) ...");
                file.lock().with_context(|| format!("{} cannot be locked", path.display()))?;
            }
            // Some network file systems know no locks; two commands at once are rarer than those.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(Lock { _file: file })
    }

    /// Cargo's target directory for `kind` ("wasm" or "native"), made fit for the checkout `root`.
    ///
    /// Cargo tells a stale build by file times alone and calls the same package of two clones by
    /// the same name, so a clone could take the other's result for its own. Whenever the checkout
    /// changes, the project's own packages are therefore forgotten; their dependencies stay.
    pub fn target(&self, kind: &str, root: &Path) -> Result<(PathBuf, Lock)> {
        let lock = self.lock(&format!("build-{kind}"))?;
        let target = self.root.join("target").join(kind);
        fs::create_dir_all(&target).with_context(|| format!("{} cannot be created", target.display()))?;
        let stamp = target.join("checkout");
        let checkout = root.to_string_lossy();
        if fs::read_to_string(&stamp).is_ok_and(|previous| previous != checkout) {
            forget_own_packages(&target, 4);
        }
        fs::write(&stamp, checkout.as_bytes()).with_context(|| format!("{} cannot be written", stamp.display()))?;
        Ok((target, lock))
    }
}

fn forget_own_packages(directory: &Path, depth: usize) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if directory.ends_with(".fingerprint") {
            if name.starts_with("interleave") || name.starts_with("xtask") {
                let _ = fs::remove_dir_all(path);
            }
        } else if depth > 0 && path.is_dir() && !matches!(&*name, "deps" | "build" | "incremental" | "doc") {
            forget_own_packages(&path, depth - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_checkout_makes_our_own_packages_stale_and_nothing_else() -> Result<()> {
        let root = env::temp_dir().join(format!("interleave-cache-test-{}", std::process::id()));
        fs::create_dir_all(&root)?;
        let cache = Cache { root: root.clone() };
        let (target, lock) = cache.target("native", Path::new("/one"))?;
        drop(lock);
        let fingerprints = target.join("debug/.fingerprint");
        fs::create_dir_all(fingerprints.join("interleave-trace-1"))?;
        fs::create_dir_all(fingerprints.join("serde-1"))?;

        let (_, lock) = cache.target("native", Path::new("/one"))?;
        drop(lock);
        assert!(fingerprints.join("interleave-trace-1").exists());

        let (_, lock) = cache.target("native", Path::new("/two"))?;
        drop(lock);
        assert!(!fingerprints.join("interleave-trace-1").exists());
        assert!(fingerprints.join("serde-1").exists());
        fs::remove_dir_all(root)?;
        Ok(())
    }
}
