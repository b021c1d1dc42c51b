//! `cargo xtask run`: one run in the built page, in a headless browser, and its report.

use std::process::ExitCode;

use anyhow::{Result, bail};
use interleave_protocol::{Field, Lesson, Model, RunSpec, Workload};
use serde_json::{Map, Value, json};

use crate::Project;
use crate::browser::Driver;
use crate::build;
use crate::python::Python;
use crate::server::{Headers, Site};
use crate::tools::Browser;

pub struct Options {
    /// The lesson that was named: its settings are those that are not named otherwise.
    pub lesson: Option<&'static Lesson>,
    /// What to run: the fields that were named, as text, in the order of [`Field::ALL`].
    pub fields: Vec<(Field, String)>,
    pub browser: Browser,
    pub headers: Headers,
    pub json: bool,
    pub timeout_seconds: u64,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It finished with a result that was checked.
    Good,
    /// It failed, was stopped, or its result is wrong.
    Bad,
    /// Lanes of it waited for what could never come.
    Deadlocked,
    /// It came to its end, and what it shows went wrong, as a lesson may want it to: additions were lost, say.
    NotAsMeant,
}

impl Verdict {
    /// As the code that the command exits with.
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::Deadlocked => 3,
            Self::NotAsMeant => 4,
        })
    }
}

/// Runs it and prints its report.
pub fn run(project: &Project, options: &Options) -> Result<Verdict> {
    let spec = spec(options.lesson, &options.fields)?;
    if spec.model == Model::Threads && options.headers == Headers::Plain {
        bail!("Threads need a page that is isolated: leave --plain out, or pick another model.");
    }
    let driver = Driver::new(project, options.browser)?;
    let dist = build::fresh_dist(project, Python::IfThere)?;
    let site = Site::serve(dist, 0, options.headers)?;
    let mut request = Map::new();
    request.insert("url".into(), json!(address(&site.url(), options)));
    request.insert("timeoutSeconds".into(), json!(options.timeout_seconds));
    let report = driver.run(project, "run.mjs", request)?;
    if options.json {
        println!("{report:#}");
    } else {
        let mut figures = report.clone();
        if let Value::Object(fields) = &mut figures {
            fields.remove("output");
        }
        print!("{}", table(&figures));
        let output = output(&report);
        if !output.is_empty() {
            print!("\noutput\n{output}");
        }
    }
    let verdict = verdict(&report);
    eprintln!("{}", told(verdict, &report));
    Ok(verdict)
}

/// Refuses what the page would: it would run something else instead.
fn spec(lesson: Option<&Lesson>, fields: &[(Field, String)]) -> Result<RunSpec> {
    let mut spec = lesson.map_or(RunSpec::new(Workload::ALL[0], 1), |lesson| lesson.spec(1));
    for (field, value) in fields {
        if let Err(problem) = spec.set(*field, value) {
            if *field == Field::Workload {
                let known: Vec<&str> = Workload::ALL.iter().map(|workload| workload.info().id).collect();
                bail!("There is no workload '{value}': say one of {}.", known.join(", "));
            }
            bail!("{problem}");
        }
    }
    Ok(spec)
}

fn address(site: &str, options: &Options) -> String {
    let mut pairs: Vec<String> = options.lesson.iter().map(|lesson| format!("lesson={}", lesson.id)).collect();
    pairs.extend(options.fields.iter().map(|(field, value)| format!("{}={}", field.id(), encode(value))));
    if options.headers == Headers::Plain {
        // Or the page's own service worker would isolate it after all.
        pairs.push("isolation=off".to_owned());
    }
    format!("{site}?{}", pairs.join("&"))
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn is_program(report: &Value) -> bool {
    let workload = report["workload"].as_str().and_then(Workload::from_id);
    workload.is_some_and(|workload| workload.info().only.is_some())
}

/// The verdict in words.
fn told(verdict: Verdict, report: &Value) -> String {
    let words = |key: &str| report[key].as_str().unwrap_or_default().to_owned();
    match verdict {
        Verdict::Good => format!("Verdict: as it should be. {}", words("summary")),
        Verdict::NotAsMeant => format!("Verdict: not as meant. {}", words("summary")),
        Verdict::Deadlocked => format!("Verdict: {}", words("error")),
        Verdict::Bad => format!("Verdict: {}. {}{}", words("outcome"), words("error"), words("summary")),
    }
}

/// What lanes said, a line each.
fn output(report: &Value) -> String {
    let line = |said: &Value| {
        let ms = said["ms"].as_f64().unwrap_or_default();
        let (lane, text) = (said["lane"].as_str().unwrap_or_default(), said["text"].as_str().unwrap_or_default());
        format!("{ms:>10.3} ms  {lane:<16} {text}\n")
    };
    report["output"].as_array().into_iter().flatten().map(line).collect()
}

fn verdict(report: &Value) -> Verdict {
    match report["outcome"].as_str() {
        Some("finished") if report["checked"] == true => Verdict::Good,
        Some("deadlocked") => Verdict::Deadlocked,
        Some("finished") if is_program(report) => Verdict::NotAsMeant,
        _ => Verdict::Bad,
    }
}

/// The report as lines of names and values; a list of objects becomes a table below them.
fn table(report: &Value) -> String {
    let Value::Object(fields) = report else { return format!("{report}\n") };
    let mut lines = Vec::new();
    let mut tables = String::new();
    collect("", fields, &mut lines, &mut tables);
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text: String = lines.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect();
    text.push_str(&tables);
    text
}

fn collect(prefix: &str, fields: &Map<String, Value>, lines: &mut Vec<(String, String)>, tables: &mut String) {
    for (name, value) in fields {
        let name = format!("{prefix}{name}");
        match value {
            Value::Object(inner) => collect(&format!("{name}."), inner, lines, tables),
            Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => {
                tables.push_str(&format!("\n{name}\n{}", rows_table(rows)));
            }
            _ => lines.push((name, cell(value))),
        }
    }
}

fn rows_table(rows: &[Value]) -> String {
    let mut columns: Vec<&String> = Vec::new();
    for row in rows.iter().filter_map(Value::as_object) {
        for name in row.keys() {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
    }
    let mut grid: Vec<Vec<String>> = vec![columns.iter().map(|name| (*name).clone()).collect()];
    for row in rows {
        grid.push(columns.iter().map(|name| cell(&row[name.as_str()])).collect());
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| grid.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in grid {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        text.push_str(&format!("  {}\n", line.join("  ")));
    }
    text
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Number(number) if number.is_f64() => {
            format!("{:.3}", number.as_f64().unwrap_or_default())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_lines_and_tables() {
        let report = json!({
            "outcome": "finished", "checked": true, "wall": {"ms": 12.3456},
            "lanes": [{"name": "main", "busy_ms": 10.0}, {"name": "worker 1", "busy_ms": 9.25}]
        });
        let text = table(&report);
        assert!(text.contains("wall.ms  12.346\n"), "{text}");
        assert!(text.contains("\nlanes\n"), "{text}");
        assert!(text.contains("9.250  worker 1\n"), "{text}");
        assert_eq!(verdict(&report), Verdict::Good);
        assert_eq!(verdict(&json!({"outcome": "finished", "checked": false})), Verdict::Bad);
        assert_eq!(verdict(&json!({"outcome": "deadlocked", "checked": false})), Verdict::Deadlocked);
    }

    #[test]
    fn every_field_is_in_the_address() {
        let options = Options {
            lesson: None,
            fields: vec![(Field::Workload, "primes".into()), (Field::Size, "1 000".into())],
            browser: Browser::Chromium,
            headers: Headers::Plain,
            json: false,
            timeout_seconds: 1,
        };
        assert_eq!(
            address("http://localhost:1/", &options),
            "http://localhost:1/?workload=primes&size=1%20000&isolation=off"
        );
    }

    #[test]
    fn a_lesson_goes_before_what_was_named() {
        let lesson = Lesson::from_id("race");
        let options = Options {
            lesson,
            fields: vec![(Field::Seed, "7".into())],
            browser: Browser::Chromium,
            headers: Headers::Isolated,
            json: false,
            timeout_seconds: 1,
        };
        assert_eq!(address("http://localhost:1/", &options), "http://localhost:1/?lesson=race&seed=7");
        assert!(spec(lesson, &options.fields).is_ok_and(|spec| spec.seed == Some(7)));
        assert!(spec(lesson, &[(Field::Model, "tasks".into())]).is_err());
    }

    #[test]
    fn additions_that_were_lost_are_no_failure_of_the_run() {
        let report =
            |workload: &str, checked: bool| json!({"outcome": "finished", "workload": workload, "checked": checked});
        assert_eq!(verdict(&report("race", false)), Verdict::NotAsMeant);
        assert_eq!(verdict(&report("race", true)), Verdict::Good);
        assert_eq!(verdict(&report("pi", false)), Verdict::Bad);
        let said = json!({"output": [{"ms": 1.5, "lane": "runner 1", "text": "off"}]});
        assert_eq!(output(&said), "     1.500 ms  runner 1         off\n");
    }

    #[test]
    fn what_the_page_would_refuse_is_refused_first() {
        for (field, value, sentence) in [
            (Field::Workload, "sleeping", "There is no workload 'sleeping': say one of primes, "),
            (Field::Workers, "65", "Workers takes a whole number from 1 to 64"),
            (Field::Model, "fibres", "is not one of: sequential, threads"),
        ] {
            let refused = spec(None, &[(field, value.into())]).map(|_| ()).map_err(|error| error.to_string());
            assert!(refused.as_ref().is_err_and(|error| error.contains(sentence)), "{refused:?}");
        }
        assert!(spec(None, &[(Field::Workload, "pi".into()), (Field::Model, "tasks".into())]).is_ok());
    }
}
