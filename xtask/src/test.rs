//! `cargo xtask test`: checks, native tests and the tests in real browsers, with one total.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result};

use crate::Project;
use crate::build;
use crate::check::{self, Tally, colour};
use crate::command::{command, native_cargo};
use crate::progress::Steps;
use crate::python::Python;
use crate::rules;
use crate::servers;
use crate::tools::{self, Browser};

pub struct Options {
    pub native: bool,
    pub e2e: bool,
    pub browsers: Vec<Browser>,
}

/// Runs what was asked for; the last line printed is the total. Whether nothing failed.
pub fn test(project: &Project, options: &Options) -> Result<bool> {
    let mut total = Tally::default();
    let mut steps = Steps::new(2 * usize::from(options.native) + 2 * usize::from(options.e2e));
    if options.native {
        steps.next("Checks");
        total += counted("The checks", check::check(project));
        steps.next("Native tests");
        total += counted("The native tests", native_tests(project));
    }
    if options.e2e {
        steps.next("Build for the browsers");
        match build::fresh_dist(project, Python::Wanted) {
            Ok(dist) => {
                total += Tally { passed: 1, failed: 0 };
                steps.next("Tests in browsers");
                total += counted("The tests in browsers", e2e_tests(project, options, &dist));
            }
            Err(error) => total += counted("The build", Err(error)),
        }
    }
    let _ = std::io::stderr().flush();
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(total.failed == 0)
}

/// What cannot even start counts as one failure.
fn counted(what: &str, result: Result<Tally>) -> Tally {
    result.unwrap_or_else(|error| {
        println!("{what}: FAILED\n    {error:#}");
        Tally { passed: 0, failed: 1 }
    })
}

fn native_tests(project: &Project) -> Result<Tally> {
    let (target, _lock) = project.cache.target("native", &project.root)?;
    let mut total = Tally::default();
    for tests in [WORKSPACE, MODEL, STRESS] {
        let mut cargo = native_cargo();
        cargo
            .arg("test")
            .args(tests)
            .args(["--no-fail-fast", "--color", colour()])
            .current_dir(&project.root)
            .env("CARGO_TARGET_DIR", &target);
        let (tally, status) = tee(&mut cargo, cargo_result)?;
        total += at_least_one_failure(tally, status);
    }
    Ok(total)
}

const WORKSPACE: &[&str] = &["--workspace"];
/// The primitives on a model checker's threads: a build of its own, which knows no others.
const MODEL: &[&str] =
    &["--package", "interleave-runtime", "--features", "model", "--test", "model", "--test", "model_segment"];
/// Millions of operations. Optimised they take a sixth of the time, but the build takes more than that.
const STRESS: &[&str] = &["--package", "interleave-runtime", "--features", "stress", "--test", "stress"];

/// A test program that does not build or dies early prints no result of its own.
fn at_least_one_failure(mut tally: Tally, status: ExitStatus) -> Tally {
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    tally
}

/// Passes a command's output on and adds up what `result` makes of its lines.
fn tee(command: &mut Command, result: fn(&str) -> Option<Tally>) -> Result<(Tally, ExitStatus)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} could not be started", command.get_program().to_string_lossy()))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Some(part) = result(&line) {
                tally += part;
            }
        }
    }
    let status = child.wait().context("lost track of a test command")?;
    Ok((tally, status))
}

/// `test result: ok. 3 passed; 1 failed; ...`, as each test program of Cargo's ends.
fn cargo_result(line: &str) -> Option<Tally> {
    let plain = without_colour(line);
    let (_, counts) = plain.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| counts.split("; ").find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok());
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}

fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            // An escape sequence ends with a letter.
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

fn e2e_tests(project: &Project, options: &Options, dist: &std::path::Path) -> Result<Tally> {
    let files = e2e_files(project)?;
    if files.is_empty() {
        println!("    There are no tests in tests/e2e yet.");
        return Ok(Tally::default());
    }
    let node = tools::ensure_node_tools(&project.cache, &project.root)?;
    let rules = rules::artifact(project)?;
    let output = project.root.join("test-output");
    fs::create_dir_all(&output).with_context(|| format!("{} cannot be created", output.display()))?;
    let summary = output.join("e2e.tap");
    let mut tests = command(&node.node.path);
    tests
        .arg("--test")
        // Browsers share this machine's few cores: one file at a time.
        .arg("--test-concurrency=1")
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout", "--test-reporter=tap"])
        .arg(format!("--test-reporter-destination={}", summary.display()))
        .args(&files)
        .current_dir(&project.root)
        .env("INTERLEAVE_DIST", dist)
        .env("INTERLEAVE_RULES", rules)
        .env("INTERLEAVE_PUPPETEER", node.puppeteer())
        .env("INTERLEAVE_TOOLS", tools::ensure_packages(&project.cache, &project.root, &tools::TESTS)?)
        .env("INTERLEAVE_OUTPUT", &output);
    match servers::ensure(&project.cache)? {
        Some(servers) => drop(tests.env("INTERLEAVE_SERVERS", servers)),
        None => println!(
            "    There are no packages of Debian here: the site is tried on no server but our own and Python's."
        ),
    }
    let mut names = Vec::new();
    for browser in &options.browsers {
        let program = tools::ensure_browser(&project.cache, *browser)?;
        tests.env(browser.variable(), program.path);
        names.push(browser.name());
    }
    tests.env("INTERLEAVE_BROWSERS", names.join(","));
    // What an earlier run left would be taken for this one's.
    let _ = fs::remove_file(&summary);
    let (_, status) = tee(&mut tests, |_| None)?;
    let text = fs::read_to_string(&summary).with_context(|| format!("The tests ended before they began ({status})"))?;
    Ok(match tap_total(&text) {
        Some(total) => at_least_one_failure(total, status),
        None => {
            println!("The tests ended before their end ({status}): something stopped them.");
            let mut so_far = tap_results(&text);
            so_far.failed += 1;
            so_far
        }
    })
}

fn e2e_files(project: &Project) -> Result<Vec<PathBuf>> {
    let directory = project.root.join("tests/e2e");
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut files: Vec<PathBuf> = fs::read_dir(&directory)
        .with_context(|| format!("{} cannot be read", directory.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    Ok(files)
}

/// The `# pass` and `# fail` lines at the end of what Node's reporter writes.
fn tap_total(text: &str) -> Option<Tally> {
    let count = |word: &str| text.lines().rev().find_map(|line| line.strip_prefix(word)?.trim().parse::<usize>().ok());
    let failed = count("# fail ")? + count("# cancelled ").unwrap_or(0);
    Some(Tally { passed: count("# pass ")?, failed })
}

/// The same from the single results, for a report that has no end. Suites have results too; what tells them
/// apart is said below each.
fn tap_results(text: &str) -> Tally {
    let mut tally = Tally::default();
    let mut current = None;
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("ok ") {
            current = Some(Tally { passed: 1, failed: 0 });
        } else if line.starts_with("not ok ") {
            current = Some(Tally { passed: 0, failed: 1 });
        } else if line == "type: 'suite'" {
            current = None;
        } else if line == "..." {
            tally += current.take().unwrap_or_default();
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn results_are_added_up_from_what_the_runners_print() {
        for (line, expected) in [
            (
                "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                Some((3, 0)),
            ),
            ("test result: \u{1b}[31mFAILED\u{1b}[0m. 12 passed; 2 failed; 0 ignored", Some((12, 2))),
            ("running 3 tests", None),
        ] {
            let tally = cargo_result(line).map(|tally| (tally.passed, tally.failed));
            assert_eq!(tally, expected, "{line}");
        }
        let tap = "ok 1 - a\n# tests 5\n# suites 1\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 0\n";
        assert_eq!(tap_total(tap), Some(Tally { passed: 3, failed: 2 }));
    }

    #[test]
    fn a_report_without_an_end_counts_what_it_has() {
        let tap = "    # Subtest: a\n    ok 1 - a\n      ---\n      duration_ms: 1\n      ...\n\
                       not ok 2 - b\n      ---\n      error: 'x'\n      ...\n\
                   not ok 1 - suite\n  ---\n  type: 'suite'\n  ...\n    ok 3 - c\n";
        assert_eq!(tap_total(tap), None);
        assert_eq!(tap_results(tap), Tally { passed: 1, failed: 1 });
    }

    #[test]
    fn a_run_that_dies_without_a_result_is_a_failure() {
        let (good, bad) = (ExitStatus::from_raw(0), ExitStatus::from_raw(256));
        assert_eq!(at_least_one_failure(Tally { passed: 4, failed: 0 }, bad).failed, 1);
        assert_eq!(at_least_one_failure(Tally { passed: 4, failed: 2 }, bad).failed, 2);
        assert_eq!(at_least_one_failure(Tally { passed: 4, failed: 0 }, good).failed, 0);
    }
}
