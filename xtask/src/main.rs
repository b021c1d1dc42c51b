//! The project's own commands: set-up, build, serve, run, check and test.
//!
//! Every command sees to what it needs before it starts, so that a fresh checkout has nothing to
//! read about set-up. Everything it installs is of a fixed version and goes to a cache outside the
//! checkout (see `cache`).

mod apt;
mod bench;
mod browser;
mod build;
mod cache;
mod check;
mod command;
mod conformance;
mod doctor;
mod embed;
mod profile;
mod progress;
mod python;
mod reproducible;
mod rules;
mod run;
mod serve;
mod server;
mod servers;
mod site;
mod standard_library;
mod test;
mod toolchain;
mod tools;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use interleave_protocol::{Field, Lesson};
use lexopt::prelude::*;

use build::Effort;
use cache::Cache;
use python::Python;
use server::Headers;
use tools::Browser;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  serve [--port 8080] [--plain] [--release]
      Builds the page, serves it on http://localhost:8080 and builds it again on change.
      --plain sends no isolation headers; --release builds as for publishing.
  test [--native-only | --e2e-only] [--browser chromium|firefox]
      Checks, native tests, then everything in real browsers.
  dist [--out DIRECTORY] [--base-url URL] [--no-python] [--pack]
      Writes the static files to publish, to dist/ unless told otherwise; Python takes minutes to build at first.
      --base-url names the address that the page will have; --pack writes them as one archive, too.
  run WORKLOAD --model sequential|threads|processes|tasks [--size N] [--tasks N] [--workers N]
      [--chunking static|dynamic] [--start cold|warm] [--latency MS] [--rate N] [--record on|off]
      [--gil on|off] [--interval MS] [--seed N] [--switches STEP.LANE-...]
      [--browser chromium|firefox] [--plain] [--json] [--timeout SECONDS]
  run --lesson NAME [any of these]
      Runs it in the built page in a headless browser and prints verdict, report and output. Exit codes: 0 as it
      should be, 1 failed or wrong, 3 deadlocked, 4 a program's check did not pass (the accident was shown).
  python FILE [--gil on|off] [--seed N] [--browser chromium|firefox] [--plain] [--timeout SECONDS]
      [--trace OUT.json]
      Runs a Python file in the built page in a headless browser: its output and exit code are the command's. 124 when
      it was stopped at the time-out, 3 when it ended in a deadlock. --trace writes what happened for Perfetto.
  python --build | --test | --profile
      Builds the Python front end, or checks and tests it natively. The first time takes minutes. --profile counts anew
      what its interpreter does most, by which the compiler arranges it: after a change of its crates or the compiler.
  conformance [--browser chromium|firefox] [--only FILE]
      Runs CPython's own tests of threads, processes and tasks in the page and writes docs/conformance.md. Fails below 95 %
      of those whose subject exists in a browser. Takes the better part of an hour.
  record [NAME ...] [--browser chromium|firefox]
      Records the lessons whose program has changed, or those that are named (race, race.py), as posts show them before
      anything runs.
  bench [--only NAME,...] [--quick] [--strict] [--browser chromium|firefox] [--json FILE]
      Measures speed and size in a headless browser: a table, and JSON in test-output/bench.json.
      --strict fails where a target is missed.
  check
      Formatting, clippy, who may depend on whom, docs, sizes.
  doctor
      Prints which tools were found.

Tools and build results are kept in INTERLEAVE_CACHE, or else in the user's cache directory.
";

/// The checkout and its cache.
#[derive(Clone)]
pub struct Project {
    /// Where the workspace is.
    pub root: PathBuf,
    /// What is shared with other checkouts.
    pub cache: Cache,
}

impl Project {
    fn open() -> Result<Self> {
        // Cargo says where the checkout is now; it may have been moved since we were compiled.
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .map(Path::to_owned)
            .context("xtask is not inside a checkout: start it with `cargo xtask`.")?;
        Ok(Self { root, cache: Cache::open()? })
    }
}

fn main() -> ExitCode {
    match dispatch() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether a command did what it was asked and found nothing wrong, as a code.
fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn dispatch() -> Result<ExitCode> {
    let mut arguments = lexopt::Parser::from_env();
    let command = match arguments.next()? {
        Some(Value(command)) => command.string()?,
        None | Some(Long("help") | Short('h')) => {
            print!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        Some(other) => return Err(unknown(other)),
    };
    if command == "run" {
        return Ok(run_command(arguments)?.code());
    }
    if command == "python" {
        return python_command(arguments);
    }
    if command == "conformance" {
        return conformance_command(arguments);
    }
    let good = match command.as_str() {
        "serve" => serve_command(arguments),
        "dist" => dist_command(arguments),
        "test" => test_command(arguments),
        "check" => {
            no_more(arguments)?;
            Ok(check::check(&Project::open()?)?.failed == 0)
        }
        "doctor" => {
            no_more(arguments)?;
            Ok(doctor::doctor(&Project::open()?))
        }
        "record" => record_command(arguments),
        "bench" => bench::bench(arguments),
        "help" => {
            print!("{USAGE}");
            Ok(true)
        }
        _ => bail!("There is no command '{command}': `cargo xtask help` lists them."),
    };
    good.map(code)
}

fn serve_command(mut arguments: lexopt::Parser) -> Result<bool> {
    let mut options = serve::Options { port: 8080, headers: Headers::Isolated, effort: Effort::Quick };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => options.port = number(&mut arguments, "--port")?,
            Long("plain") => options.headers = Headers::Plain,
            Long("release") => options.effort = Effort::Full,
            other => return Err(unknown(other)),
        }
    }
    serve::serve(&Project::open()?, &options)?;
    Ok(true)
}

fn dist_command(mut arguments: lexopt::Parser) -> Result<bool> {
    let project = Project::open()?;
    let mut publication = build::Publication { out: project.root.join("dist"), python: Python::Wanted, base_url: None };
    let mut packed = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("out") => {
                let named = PathBuf::from(arguments.value()?);
                publication.out =
                    std::path::absolute(&named).with_context(|| format!("{} is no directory name", named.display()))?;
            }
            Long("base-url") => publication.base_url = Some(site::base_url(&arguments.value()?.string()?)?),
            Long("no-python") => publication.python = Python::LeftOut,
            Long("pack") => packed = true,
            other => return Err(unknown(other)),
        }
    }
    build::dist(&project, &publication)?;
    print!("{}", check::sizes(&publication.out)?.text);
    if packed {
        build::pack(&project, &publication.out)?;
    }
    Ok(true)
}

fn run_command(mut arguments: lexopt::Parser) -> Result<run::Verdict> {
    let mut named: Vec<(Field, String)> = Vec::new();
    let mut browser = Browser::Chromium;
    let mut headers = Headers::Isolated;
    let mut json = false;
    let mut lesson = None;
    let mut timeout_seconds = 120;
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(name) if named.iter().all(|(field, _)| *field != Field::Workload) => {
                named.push((Field::Workload, name.string()?));
            }
            Long("lesson") => {
                let name = arguments.value()?.string()?;
                let names = || Lesson::ALL.iter().map(|lesson| lesson.id).collect::<Vec<_>>().join(", ");
                let found = Lesson::from_id(&name);
                lesson = Some(found.with_context(|| format!("There is no lesson '{name}': say one of {}.", names()))?);
            }
            Long("browser") => browser = Browser::parse(&arguments.value()?.string()?)?,
            Long("plain") => headers = Headers::Plain,
            Long("json") => json = true,
            Long("timeout") => timeout_seconds = number(&mut arguments, "--timeout")?,
            Long(option) => {
                // Every knob is called here as it is in a link.
                let Some(field) = Field::ALL.into_iter().find(|field| field.id() == option) else {
                    return Err(unknown(Long(option)));
                };
                named.push((field, arguments.value()?.string()?));
            }
            other => return Err(unknown(other)),
        }
    }
    let mut fields = Vec::new();
    for field in Field::ALL {
        // The last word counts, as in other programs.
        fields.extend(named.iter().rfind(|(name, _)| *name == field).cloned());
    }
    for (field, advice) in [
        (Field::Workload, "Name a workload: `cargo xtask run primes --model threads`."),
        (Field::Model, "Name a model with --model: sequential, threads, processes or tasks."),
    ] {
        if lesson.is_none() && fields.iter().all(|(name, _)| *name != field) {
            bail!("{advice}");
        }
    }
    run::run(&Project::open()?, &run::Options { lesson, fields, browser, headers, json, timeout_seconds })
}

fn python_command(mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let mut file = None;
    let mut options = python::Options {
        file: PathBuf::new(),
        gil: false,
        seed: None,
        browser: Browser::Chromium,
        headers: Headers::Isolated,
        timeout_seconds: 60,
        trace: None,
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            Long("gil") => {
                options.gil = match arguments.value()?.string()?.as_str() {
                    "on" => true,
                    "off" => false,
                    other => bail!("--gil takes on or off, not '{other}'."),
                }
            }
            Long("seed") => options.seed = Some(number(&mut arguments, "--seed")?),
            Long("browser") => options.browser = Browser::parse(&arguments.value()?.string()?)?,
            Long("plain") => options.headers = Headers::Plain,
            Long("timeout") => options.timeout_seconds = number(&mut arguments, "--timeout")?,
            Long("trace") => options.trace = Some(PathBuf::from(arguments.value()?)),
            Long("build") => {
                no_more(arguments)?;
                return python::build(&Project::open()?).map(|()| ExitCode::SUCCESS);
            }
            Long("profile") => {
                no_more(arguments)?;
                return profile::count(&Project::open()?).map(|()| ExitCode::SUCCESS);
            }
            Long("test") => {
                no_more(arguments)?;
                return python::test(&Project::open()?).map(|()| ExitCode::SUCCESS);
            }
            other => return Err(unknown(other)),
        }
    }
    let Some(file) = file else { bail!("Name a file: `cargo xtask python hello.py`.") };
    python::run_file(&Project::open()?, &python::Options { file, ..options })
}

fn conformance_command(mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let mut options = conformance::Options { browser: Browser::Chromium, only: None };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("browser") => options.browser = Browser::parse(&arguments.value()?.string()?)?,
            Long("only") => options.only = Some(arguments.value()?.string()?),
            other => return Err(unknown(other)),
        }
    }
    conformance::run(&Project::open()?, &options)
}

fn record_command(mut arguments: lexopt::Parser) -> Result<bool> {
    let (mut browser, mut names) = (Browser::Chromium, Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("browser") => browser = Browser::parse(&arguments.value()?.string()?)?,
            Value(name) => names.push(name.string()?),
            other => return Err(unknown(other)),
        }
    }
    embed::record(&Project::open()?, browser, &names)?;
    Ok(true)
}

fn test_command(mut arguments: lexopt::Parser) -> Result<bool> {
    let mut options = test::Options { native: true, e2e: true, browsers: Browser::ALL.to_vec() };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("native-only") => options.e2e = false,
            Long("e2e-only") => options.native = false,
            Long("browser") => options.browsers = vec![Browser::parse(&arguments.value()?.string()?)?],
            other => return Err(unknown(other)),
        }
    }
    if !options.native && !options.e2e {
        bail!("--native-only and --e2e-only leave nothing to test: give one of them.");
    }
    test::test(&Project::open()?, &options)
}

fn number<N: std::str::FromStr>(arguments: &mut lexopt::Parser, option: &str) -> Result<N> {
    let text = arguments.value()?.string()?;
    text.parse().ok().with_context(|| format!("{option} takes a whole number, not '{text}'."))
}

fn no_more(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        Some(other) => Err(unknown(other)),
        None => Ok(()),
    }
}

fn unknown(argument: lexopt::Arg<'_>) -> anyhow::Error {
    anyhow::anyhow!("{}: `cargo xtask help` lists what there is.", argument.unexpected())
}
