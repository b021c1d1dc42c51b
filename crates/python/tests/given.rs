//! Programs from a directory that is named from outside, against the Python that is on the machine.
//!
//! `INTERLEAVE_PROGRAMS=DIRECTORY cargo test --test given -- --nocapture`. Those that count to a hundred million are left
//! out.

mod running;

use std::process::Command;

use interleave_python::interpreter::Turns;
use interleave_python::output::Stream;
use running::{GIL, in_turns};

/// A number behind which is a time, which differs in every run.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| word.contains('.') && word.parse::<f64>().is_ok();
    let line = |line: &str| {
        line.split(' ').map(|word| if is_time(word) { "TIME" } else { word }).collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What is written in whatever order: of two threads that print at once, CPython may put both texts before both line ends.
fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters
}

#[test]
fn programs_write_what_they_write_in_cpython() -> Result<(), Box<dyn std::error::Error>> {
    let Some(directory) = std::env::var_os("INTERLEAVE_PROGRAMS") else { return Ok(()) };
    let mut paths: Vec<_> = std::fs::read_dir(directory)?.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in paths {
        let source = std::fs::read_to_string(&path)?;
        if source.contains("100000000") {
            println!("{}: left out", path.display());
            continue;
        }
        let there = Command::new("python3").arg(&path).output()?;
        let there = without_times(&String::from_utf8_lossy(&there.stdout));
        for turns in [Turns::Free, GIL] {
            let finished = in_turns(&source, turns);
            let here = without_times(&finished.text(Stream::Out));
            let same = letters(&here) == letters(&there) && finished.text(Stream::Err).is_empty();
            println!("{} {turns:?}: {}", path.display(), if same { "same" } else { "DIFFERENT" });
            if !same {
                wrong.push(format!("{}:\n{here}\n{}", path.display(), finished.text(Stream::Err)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
