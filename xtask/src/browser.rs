//! Runs scripts that drive a real browser, and hands back what they found.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::Project;
use crate::command::command;
use crate::tools::{self, Browser, NodeTools, Tool};

/// A browser and what drives it.
pub struct Driver {
    browser: Browser,
    program: Tool,
    node: NodeTools,
}

impl Driver {
    /// Finds or installs both.
    pub fn new(project: &Project, browser: Browser) -> Result<Self> {
        Ok(Self {
            browser,
            program: tools::ensure_browser(&project.cache, browser)?,
            node: tools::ensure_node_tools(&project.cache, &project.root)?,
        })
    }

    /// Runs a script of `xtask/driver/` with `request` as its only argument, and the browser's
    /// whereabouts in it. The last line that it prints is the answer, as JSON; what it writes to
    /// its error output goes to ours.
    pub fn run(&self, project: &Project, script: &str, request: Map<String, Value>) -> Result<Value> {
        let mut child = self
            .script(project, script, request)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{script} could not be started with Node"))?;
        let mut answer = None;
        if let Some(stdout) = child.stdout.take() {
            answer = BufReader::new(stdout).lines().map_while(Result::ok).last();
        }
        let status = child.wait().context("lost track of the driver script")?;
        if !status.success() {
            bail!("The page gave no answer in {}; the reason is in the lines above.", self.browser.name());
        }
        let answer = answer.with_context(|| format!("{script} printed no answer"))?;
        serde_json::from_str(&answer).with_context(|| format!("{script} printed something that is not JSON: {answer}"))
    }

    /// Runs a script whose output and exit code become this command's own.
    pub fn pass_on(&self, project: &Project, script: &str, request: Map<String, Value>) -> Result<ExitCode> {
        let status = self
            .script(project, script, request)
            .status()
            .with_context(|| format!("{script} could not be started with Node"))?;
        Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
    }

    fn script(&self, project: &Project, script: &str, mut request: Map<String, Value>) -> Command {
        request.insert("puppeteer".into(), path_value(&self.node.puppeteer()));
        request.insert("browser".into(), json!(self.browser.name()));
        request.insert("executable".into(), path_value(&self.program.path));
        let mut script_of_node = command(&self.node.node.path);
        script_of_node
            .arg(project.root.join("xtask/driver").join(script))
            .arg(Value::Object(request).to_string())
            .stdin(Stdio::null());
        script_of_node
    }
}

fn path_value(path: &Path) -> Value {
    json!(path.to_string_lossy())
}
