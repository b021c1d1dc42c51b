//! Python in the page beside Pyodide: the same programs, the same browser, in turns.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{MS, Measured, Row, Target, Weight, side, weigh};
use crate::Project;
use crate::tools::{self, NodeTools};

/// What Pyodide loads for a program that imports nothing but the standard library.
const PYODIDE: [&str; 5] =
    ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];

/// What of ours a Python program needs beside the page.
const OURS: [&str; 2] = ["python/python.js", "python/python_bg.wasm"];

const MILLISECONDS: (f64, &str) = (1.0, "ms");

/// Lays Pyodide beside the bench page.
pub fn lay_pyodide(project: &Project, bench: &Path) -> Result<()> {
    let (from, to) = (pyodide(project)?, bench.join("pyodide"));
    fs::create_dir_all(&to).with_context(|| format!("{} cannot be created", to.display()))?;
    for name in PYODIDE {
        fs::copy(from.join(name), to.join(name))
            .with_context(|| format!("{} cannot be copied", from.join(name).display()))?;
    }
    Ok(())
}

fn pyodide(project: &Project) -> Result<std::path::PathBuf> {
    let packages = tools::ensure_packages(&project.cache, &project.root, &tools::BENCH)?;
    Ok(packages.join("node_modules/pyodide"))
}

/// The programs of one thread, by name.
fn programs(project: &Project) -> Result<Vec<String>> {
    let directory = project.root.join("benches/python");
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("{} cannot be read", directory.display()))? {
        let path = entry?.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "py") && name != "together" {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

pub fn rows(project: &Project, measured: &Measured) -> Result<Vec<Row>> {
    let of_start = |name: &str, series: &'static str, target| {
        Row::of("python", name, "ms", target, |sides| {
            let stats = measured.get("python/start", series)?;
            sides.push(side("of them", stats, MILLISECONDS));
            Ok((stats.median, Some(stats.min)))
        })
    };
    let mut rows = vec![
        Row::of("python", "first print of a first visit / Pyodide's", "x", Some(Target::AtMost(0.5)), |sides| {
            let names = [("first", "ours"), ("pyodide", "Pyodide")];
            super::ratio(measured, sides, "python/start", names, MILLISECONDS)
        }),
        of_start(
            "first print of a second visit, Run pressed as soon as it can be",
            "second",
            Some(Target::AtMost(150.0)),
        ),
        of_start("first print of a third visit, Run pressed a second later", "read", Some(Target::AtMost(150.0))),
        of_start("first print of a later run, from the press of Run", "later", Some(Target::AtMost(150.0))),
        of_start("first print of Pyodide on a second visit, from navigation", "pyodide-again", None),
        Row::of("python", "from start() to a child's first line", "ms", Some(Target::AtMost(60.0)), |sides| {
            let stats = measured.get("python/child", "ms")?;
            sides.push(side("of them", stats, MILLISECONDS));
            Ok((stats.median, Some(stats.min)))
        }),
    ];
    let programs = programs(project)?;
    let at = |name: &str| format!("python/{name}");
    for name in &programs {
        rows.push(Row::of("python", format!("{name}: speed / Pyodide's"), "x", None, |sides| {
            super::ratio(measured, sides, &at(name), [("pyodide", "Pyodide"), ("ours", "ours")], MS)
        }));
    }
    rows.push(Row::of("python", "speed / Pyodide's, geometric mean", "x", Some(Target::AtLeast(0.4)), |_| {
        let mut logarithms = (0.0, 0.0);
        for name in &programs {
            let (ours, pyodide) = (measured.get(&at(name), "ours")?, measured.get(&at(name), "pyodide")?);
            logarithms.0 += (pyodide.median / ours.median).ln();
            logarithms.1 += (pyodide.min / ours.min).ln();
        }
        let mean = |sum: f64| (sum / programs.len() as f64).exp();
        Ok((mean(logarithms.0), Some(mean(logarithms.1))))
    }));
    for (name, how, target) in [
        ("two threads without a GIL / one", "ours-threads", None),
        ("two processes / one", "ours-processes", Some(Target::AtLeast(1.8))),
        ("Pyodide's one thread / our one", "pyodide-row", None),
    ] {
        rows.push(Row::of("python", format!("the same work twice: {name}"), "x", target, |sides| {
            super::ratio(measured, sides, "python/together", [("ours-row", "in a row"), (how, "so")], MS)
        }));
    }
    for (name, how) in [("threads", "ours-threads"), ("processes", "ours-processes")] {
        rows.push(Row::of(
            "python",
            format!("the same work twice: our two {name} / Pyodide's one"),
            "x",
            None,
            |sides| super::ratio(measured, sides, "python/together", [("pyodide-row", "Pyodide"), (how, "ours")], MS),
        ));
    }
    Ok(rows)
}

/// What has to be fetched for a first program.
pub fn sizes(project: &Project, node: &NodeTools, dist: &Path) -> Result<Vec<Row>> {
    let pyodide = pyodide(project)?;
    let row = |name: &str, target, weight: Option<Weight>| {
        Row::of("python", name, "KB", target, |_| {
            weight.map(|weight| (weight.brotli, None)).ok_or_else(|| "it could not be weighed".to_owned())
        })
    };
    Ok(vec![
        row(
            "interpreter and library, brotli",
            Some(Target::AtMost(5000.0)),
            weigh(project, node, &OURS.map(|name| dist.join(name))),
        ),
        row("Pyodide's, brotli", None, weigh(project, node, &PYODIDE.map(|name| pyodide.join(name)))),
    ])
}
