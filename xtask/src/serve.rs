//! `cargo xtask serve`: the page on this machine, built again whenever a source changes.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::Project;
use crate::build::{self, Effort};
use crate::python;
use crate::server::{Headers, Site};

pub struct Options {
    pub port: u16,
    pub headers: Headers,
    pub effort: Effort,
}

/// How often the sources are looked at. They are few, and looking misses nothing on any file system.
const INTERVAL: Duration = Duration::from_millis(400);

pub fn serve(project: &Project, options: &Options) -> Result<()> {
    // Two directories in turn: the last good build is served until the next one is whole.
    let directories = ["a", "b"].map(|turn| project.scratch(&format!("{}-{turn}", options.port)));
    let [first, second] = directories;
    let directories = [first?, second?];
    let mut built = build::fingerprint(&project.root);
    let mut site = None;
    let mut turn = 0;
    loop {
        let directory = &directories[turn % 2];
        match build::site(project, options.effort, directory) {
            Ok(()) => {
                turn += 1;
                python::follow(project, options.effort, directory);
                match &site {
                    None => {
                        let started = Site::serve(directory.clone(), options.port, options.headers)?;
                        let note = match options.headers {
                            Headers::Isolated => "isolated",
                            Headers::Plain => "plain: no isolation headers",
                        };
                        println!("Serving {} ({note}); Ctrl-C ends it.", started.url());
                        site = Some(started);
                    }
                    Some(site) => {
                        site.switch_to(directory.clone());
                        println!("Built again: reload {}", site.url());
                    }
                }
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                match &site {
                    None if !is_a_matter_of_sources(project) => return Err(error),
                    None => eprintln!("The page is served as soon as it builds; waiting for a change."),
                    Some(_) => eprintln!("The last good build is still served; waiting for a change."),
                }
            }
        }
        built = wait_for_change(project, built);
    }
}

/// If even the tools are missing, no edit will help.
fn is_a_matter_of_sources(project: &Project) -> bool {
    crate::tools::ensure_build_tools(&project.cache, &project.root).is_ok()
}

fn wait_for_change(project: &Project, built: u64) -> u64 {
    loop {
        thread::sleep(INTERVAL);
        let mut now = build::fingerprint(&project.root);
        if now == built {
            continue;
        }
        // An editor or a checkout writes several files: wait until it is quiet.
        loop {
            thread::sleep(INTERVAL);
            let later = build::fingerprint(&project.root);
            if later == now {
                return now;
            }
            now = later;
        }
    }
}

impl Project {
    /// A directory for results that are replaced all the time, inside the checkout's `target/`.
    pub fn scratch(&self, name: &str) -> Result<std::path::PathBuf> {
        let path = self.root.join("target/site").join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(path)
    }
}
