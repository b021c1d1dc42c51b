//! What runs in other people's pages: the script, the player's document, recorded runs to show before anything runs,
//! posts to look at, and the package for bundlers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use interleave_protocol::Lesson;
use serde_json::{Map, Value, json};

use crate::Project;
use crate::browser::Driver;
use crate::build::{self, copy_directory};
use crate::python::Python;
use crate::server::{Headers, Site};
use crate::site;
use crate::tools::Browser;

/// How long an example may take, in seconds.
const LONGEST_RUN_SECONDS: u64 = 120;

/// A lesson in one of its languages, as recorded runs are named: `race`, `race.py`.
pub struct Example {
    /// Its name.
    pub name: String,
    /// The file that is run, from the root.
    pub source: PathBuf,
    /// What the player's address says.
    pub query: String,
}

/// Every lesson in both languages.
pub fn examples() -> Vec<Example> {
    let both = |lesson: &&Lesson| {
        // The number of cores changes how many workers there are and never the file.
        let rust = lesson.spec(2).sources().into_iter().next().unwrap_or_default();
        [
            Example {
                name: lesson.id.to_owned(),
                source: Path::new("crates/engine/src").join(rust),
                query: format!("lesson={}", lesson.id),
            },
            Example {
                name: format!("{}.py", lesson.id),
                source: Path::new("crates/python").join(lesson.program()),
                query: format!("lesson={}&workload=python&view=program", lesson.id),
            },
        ]
    };
    Lesson::ALL.iter().collect::<Vec<_>>().iter().flat_map(both).collect()
}

/// Where the recorded run of an example is kept.
pub fn recorded(root: &Path, name: &str) -> PathBuf {
    root.join("embed/recorded").join(format!("{name}.json"))
}

/// Puts all of it into a site. `bundle` makes one script of a file and of what it imports, in a format.
pub fn build(root: &Path, stage: &Path, bundle: impl Fn(&Path, &str, &Path) -> Result<()>) -> Result<()> {
    for (source, format) in [("script", "iife"), ("player", "iife"), ("share", "esm")] {
        let target = if source == "script" { "embed" } else { source };
        let (from, to) = (root.join(format!("embed/{source}.js")), stage.join(format!("{target}.js")));
        bundle(&from, &format!("--format={format}"), &to)?;
    }
    let package = stage.join("npm");
    copy_directory(&root.join("embed/npm"), &package).context("embed/npm cannot be copied")?;
    bundle(&root.join("embed/module.js"), "--format=esm", &package.join("index.js"))?;
    let folder = stage.join("recorded");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be created", folder.display()))?;
    for example in examples() {
        let source = root.join(&example.source);
        let code = fs::read_to_string(&source).with_context(|| format!("{} cannot be read", source.display()))?;
        let path = recorded(root, &example.name);
        let run = fs::read_to_string(&path).unwrap_or_else(|_| "{}".to_owned());
        let mut run: Value = serde_json::from_str(&run).with_context(|| format!("{} is no JSON", path.display()))?;
        run["code"] = code.into();
        // A script, since a post may not read files of another site.
        let script = format!("interleaveRecorded({}, {run});\n", Value::from(example.name.as_str()));
        let target = folder.join(format!("{}.js", example.name));
        fs::write(&target, script).with_context(|| format!("{} cannot be written", target.display()))?;
    }
    copy_directory(&root.join("docs/examples"), &stage.join("examples")).context("docs/examples cannot be copied")
}

/// Runs examples in the built page and keeps what they recorded: all whose program is another than it was recorded of,
/// or those that are named.
pub fn record(project: &Project, browser: Browser, names: &[String]) -> Result<()> {
    let all = examples();
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|example| example.name != **name)) {
        bail!("There is no example '{unknown}': say a lesson's name, and .py after it for the one in Python.");
    }
    let is_wanted = |example: &&Example| match names.is_empty() {
        true => !is_fresh(&project.root, example),
        false => names.contains(&example.name),
    };
    let wanted: Vec<&Example> = all.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        println!("All examples are recorded as they are now.");
        return Ok(());
    }
    let driver = Driver::new(project, browser)?;
    let site = Site::serve(build::fresh_dist(project, Python::Wanted)?, 0, Headers::Isolated)?;
    for example in wanted {
        let mut request = Map::new();
        request.insert("url".into(), json!(format!("{}?{}", site.url(), example.query)));
        request.insert("timeoutSeconds".into(), json!(LONGEST_RUN_SECONDS));
        let report =
            driver.run(project, "run.mjs", request).with_context(|| format!("{} did not run", example.name))?;
        let run = json!({
            "of": site::digest(&project.root.join(&example.source))?,
            "sketch": report["sketch"],
            "error": report["error"],
        });
        let path = recorded(&project.root, &example.name);
        fs::create_dir_all(path.with_file_name("")).context("embed/recorded cannot be created")?;
        fs::write(&path, format!("{run}\n")).with_context(|| format!("{} cannot be written", path.display()))?;
        println!("{}: {} in {} ms", example.name, report["outcome"], report["wall_ms"]);
    }
    Ok(())
}

/// What is recorded of another program than there is now, in a sentence.
pub fn stale(root: &Path) -> Option<String> {
    let stale: Vec<String> =
        examples().iter().filter(|example| !is_fresh(root, example)).map(|it| it.name.clone()).collect();
    (!stale.is_empty()).then(|| {
        format!(
            "Recorded of another program than there is now: {}. `cargo xtask record` records them.",
            stale.join(", ")
        )
    })
}

fn is_fresh(root: &Path, example: &Example) -> bool {
    let of = fs::read_to_string(recorded(root, &example.name))
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .and_then(|run| run["of"].as_str().map(str::to_owned));
    of.is_some() && of == site::digest(&root.join(&example.source)).ok()
}
