//! Examples in posts beside others that run Python in a post: the same program, the same browser, in turns.

use serde_json::{Map, Value, json};

use super::{Measured, Row, Target, side};
use crate::Project;
use crate::tools;

/// What a reader has fetched of an example before pressing Run, at most, in KB.
const LIGHT: Target = Target::AtMost(60.0);

/// What stands in a post, as bench_embed.mjs calls it, and whether it is ours.
const KINDS: [(&str, &str, bool); 7] = [
    ("component", "component", true),
    ("component-plain", "component, from a host that sends no headers", true),
    ("frame", "plain frame", true),
    ("codapi", "codapi, its Python in the page", false),
    ("pyodide", "Pyodide in a frame, loaded by Run", false),
    ("console", "Pyodide's console in a frame (loads at once; Enter for Run)", false),
    ("empty", "empty frame", false),
];

/// What the driver needs beside the browser. Without the packages the rows of the others say so.
pub fn request(project: &Project, request: &mut Map<String, Value>) {
    let packages = tools::ensure_packages(&project.cache, &project.root, &tools::BENCH).ok();
    request.insert("packages".into(), json!(packages));
    request.insert("benchPages".into(), json!(project.root.join("benches/www")));
}

pub fn rows(measured: &Measured) -> Vec<Row> {
    const KB: (f64, &str) = (1e3, "KB");
    const MB: (f64, &str) = (1e6, "MB");
    const MILLISECONDS: (f64, &str) = (1.0, "ms");
    let figures = [
        ("", "before", "weight before Run", KB),
        ("", "with", "weight after the first run", KB),
        ("", "ready", "from opening the post to a Run that can be pressed", MILLISECONDS),
        ("", "first", "from Run to the first output, cold", MILLISECONDS),
        ("", "again", "from Run to the first output, again in the page", MILLISECONDS),
        ("-memory", "rest", "memory of ten before anything runs", MB),
        ("-memory", "ran", "memory of ten after one ran", MB),
    ];
    let mut rows = Vec::new();
    for (at, series, what, (per, unit)) in figures {
        for (kind, name, is_ours) in KINDS {
            let target = (is_ours && series == "before").then_some(LIGHT);
            rows.push(Row::of("embed", format!("{what}: {name}"), unit, target, |sides| {
                let stats = measured.get(&format!("embed/{kind}{at}"), series)?;
                sides.push(side("of visits", stats, (per, unit)));
                Ok((stats.median / per, Some(stats.min / per)))
            }));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Verdict;

    #[test]
    fn only_ours_has_to_be_light() {
        let answer = json!({"series": {
            "embed/component/before": [61_000, 61_000], "embed/frame/before": [9_000], "embed/codapi/before": [90_000],
            "embed/codapi-memory/rest": [50e6, 70e6],
        }, "errors": {"embed/console": "of benches/npm jquery must be installed for this"}});
        let rows = rows(&Measured::from_answer(&answer));
        let row = |name: &str| rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(row("weight before Run: component").verdict(), Verdict::Missed);
        assert_eq!(row("weight before Run: plain frame").verdict(), Verdict::Met);
        assert_eq!(row("weight before Run: codapi, its Python in the page").verdict(), Verdict::NoTarget);
        let memory = row("memory of ten before anything runs: codapi, its Python in the page");
        assert_eq!(memory.result, Ok((60.0, Some(50.0))));
        let console = row("weight before Run: Pyodide's console in a frame (loads at once; Enter for Run)");
        assert_eq!(console.result, Err("of benches/npm jquery must be installed for this".to_owned()));
    }
}
