//! What a program writes, put together from its pieces: in the order in which they were written, and in rows for who
//! reads it. Pieces come as rings are read, one lane after another, and `print` writes a line and its end apart.

use interleave_timeline::{Note, Store};
use interleave_trace::{LaneId, Level, TimeNs, clock};
use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::browser;
use crate::recording::Recording;

/// What one lane wrote at once, up to the end of a line; or a note of any other kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it began.
    pub time: TimeNs,
    /// Who wrote it.
    pub lane: LaneId,
    /// What it is.
    pub level: Level,
    /// Its text, without the line's end.
    pub text: String,
}

/// Whether a note is a piece of output.
pub fn is_output(note: &Note) -> bool {
    matches!(note.level, Level::Out | Level::Err)
}

/// The rows of the last `most` notes, in the order of their times, and how many notes came before them.
pub fn rows(store: &Store, most: usize) -> (Vec<Row>, usize) {
    let notes = store.notes();
    let skipped = notes.len().saturating_sub(most);
    let mut notes: Vec<&Note> = notes[skipped..].iter().collect();
    notes.sort_by_key(|note| note.time);
    let mut rows: Vec<Row> = Vec::new();
    // Who is in the middle of a line. The last row goes on with the next piece of whoever began it.
    let mut unfinished: Vec<(LaneId, Level)> = Vec::new();
    for note in notes {
        let text = store.name(note.text);
        let row = |text: &str| Row { time: note.time, lane: note.lane, level: note.level, text: text.to_owned() };
        if !is_output(note) {
            rows.push(row(text));
            continue;
        }
        let writer = (note.lane, note.level);
        let goes_on = unfinished.contains(&writer);
        let whole = text.strip_suffix('\n');
        let mut lines = whole.unwrap_or(text).split('\n');
        match rows.last_mut().filter(|last| goes_on && (last.lane, last.level) == writer) {
            Some(last) => last.text.push_str(lines.next().unwrap_or_default()),
            // Another lane came between a line and its end: the end alone is nothing to read.
            None if goes_on && text == "\n" => drop(lines.next()),
            None => {}
        }
        rows.extend(lines.map(row));
        unfinished.retain(|other| *other != writer);
        if whole.is_none() {
            unfinished.push(writer);
        }
    }
    (rows, skipped)
}

/// The last line that a program printed and that says anything.
pub fn last_line(store: &Store) -> Option<String> {
    const LOOKED_AT: usize = 200;
    let (rows, _) = rows(store, LOOKED_AT);
    let printed = rows.into_iter().rev().filter(|row| row.level == Level::Out);
    printed.map(|row| row.text.trim().to_owned()).find(|text| !text.is_empty())
}

/// The line of the program that a line of a traceback names.
pub fn line_named(text: &str) -> Option<u32> {
    let rest = text.trim_start().strip_prefix("File \"program.py\", line ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Tells those who drive the page what a program writes while it does.
#[derive(Default)]
pub struct Told {
    /// How many notes were looked at.
    seen: usize,
    /// What is not told yet, since something earlier may still come.
    waiting: Vec<(TimeNs, bool, String)>,
    /// When it was looked at last: what was written before that has been read.
    looked: TimeNs,
}

impl Told {
    /// Takes in what is new, and tells as much of it as is known to be in order.
    pub fn tell(&mut self, recording: &Recording, over: bool) {
        let store = &recording.store;
        let notes = &store.notes()[self.seen..];
        self.seen = store.notes().len();
        let new = notes.iter().filter(|note| is_output(note));
        self.waiting.extend(new.map(|note| (note.time, note.level == Level::Err, store.name(note.text).to_owned())));
        self.waiting.sort_by_key(|(time, ..)| *time);
        // Steps say nothing about when they were taken.
        let counts_steps = recording.spec.seed.is_some() || recording.spec.switches.is_some();
        let sure = match over {
            true => self.waiting.len(),
            false if counts_steps => 0,
            false => self.waiting.partition_point(|(time, ..)| *time < self.looked),
        };
        self.looked = clock::now();
        if sure == 0 {
            return;
        }
        let pieces: Array = self
            .waiting
            .drain(..sure)
            .map(|(_, error, text)| {
                browser::detail("{}", &[("error", JsValue::from_bool(error)), ("text", JsValue::from_str(&text))])
            })
            .collect();
        browser::announce("interleave:output", &pieces);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_trace::{Entry, Event, InstanceId, NameId, What};

    fn store(pieces: &[(u64, u32, Level, &str)]) -> Store {
        let mut slots = Vec::new();
        for (n, (time, lane, level, text)) in pieces.iter().enumerate() {
            let name = NameId::new(InstanceId(1), n as u32);
            Entry::Name(name, (*text).to_owned()).encode(&mut slots);
            let what = What::Noted { level: *level, text: name };
            let lane = LaneId::new(InstanceId(1), *lane);
            Entry::Event(Event { time: TimeNs(*time), lane, what }).encode(&mut slots);
        }
        let mut store = Store::default();
        store.append(&slots);
        store
    }

    fn told(pieces: &[(u64, u32, Level, &str)]) -> Vec<String> {
        let (rows, _) = rows(&store(pieces), 100);
        rows.iter().map(|row| format!("{} {}", row.lane.count(), row.text)).collect()
    }

    #[test]
    fn a_line_and_its_end_are_one_row() {
        use Level::{Err, Info, Out};
        assert_eq!(
            told(&[(1, 0, Out, "a"), (2, 0, Out, " "), (3, 0, Out, "b"), (4, 0, Out, "\n"), (5, 0, Out, "c\n")]),
            ["0 a b", "0 c"]
        );
        assert_eq!(told(&[(1, 0, Out, "a\nb\n\nc")]), ["0 a", "0 b", "0 ", "0 c"]);
        assert_eq!(told(&[(1, 0, Out, "\n"), (2, 0, Out, "\n")]), ["0 ", "0 "]);
        assert_eq!(told(&[(1, 0, Out, "a"), (2, 0, Err, "b\n"), (3, 0, Info, "c")]), ["0 a", "0 b", "0 c"]);
    }

    #[test]
    fn pieces_stand_in_the_order_of_their_times() {
        use Level::Out;
        assert_eq!(told(&[(1, 0, Out, "a"), (4, 0, Out, "\n"), (2, 1, Out, "b"), (3, 1, Out, "\n")]), ["0 a", "1 b"]);
        assert_eq!(told(&[(1, 0, Out, "a"), (3, 0, Out, "\n"), (2, 1, Out, "b"), (4, 1, Out, "\n")]), ["0 a", "1 b"]);
    }

    #[test]
    fn a_traceback_names_lines_of_the_program() {
        assert_eq!(line_named("  File \"program.py\", line 12, in work"), Some(12));
        assert_eq!(line_named("  File \"program.py\", line 3"), Some(3));
        assert_eq!(line_named("  File \"<frozen threading>\", line 9, in run"), None);
    }
}
