//! Says which step of how many is going on, and for how long.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A numbered list of steps.
pub struct Steps {
    total: usize,
    done: usize,
    started: Instant,
}

impl Steps {
    pub fn new(total: usize) -> Self {
        Self { total, done: 0, started: Instant::now() }
    }

    /// Announces the next step.
    pub fn next(&mut self, what: &str) -> String {
        self.done += 1;
        let label = format!("[{}/{}] {what}", self.done, self.total);
        eprintln!("{label} ({} s so far)", self.started.elapsed().as_secs());
        label
    }
}

/// Runs a long command with its output in a log, a line of progress now and then, and the end of
/// the log when it fails.
pub fn run_logged(command: &mut Command, label: &str, log: &Path) -> Result<()> {
    let started = Instant::now();
    let mut file = File::create(log).with_context(|| format!("{} cannot be written", log.display()))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone().context("the log cannot be shared")?)
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{label}: could not start {}", command.get_program().to_string_lossy()))?;
    let compiled = AtomicUsize::new(0);
    let ended = AtomicBool::new(false);
    let status = thread::scope(|scope| {
        scope.spawn(|| {
            let interval = if std::io::stderr().is_terminal() { 5 } else { 20 };
            let mut said = Instant::now();
            while !ended.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(200));
                if said.elapsed() >= Duration::from_secs(interval) {
                    said = Instant::now();
                    let crates = compiled.load(Ordering::Relaxed);
                    let detail = if crates > 0 { format!(", {crates} crates compiled") } else { String::new() };
                    eprintln!("{label}: {} s{detail}", started.elapsed().as_secs());
                }
            }
        });
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                if line.trim_start().starts_with("Compiling") {
                    compiled.fetch_add(1, Ordering::Relaxed);
                }
                // A log that cannot be written is no reason to stop.
                let _ = writeln!(file, "{line}");
            }
        }
        let status = child.wait();
        ended.store(true, Ordering::Relaxed);
        status
    })
    .with_context(|| format!("{label}: lost track of the command"))?;
    if !status.success() {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(15)..] {
            eprintln!("    {line}");
        }
        bail!("{label} failed ({status}); all of its output is in {}", log.display());
    }
    Ok(())
}
