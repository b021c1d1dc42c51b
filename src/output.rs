//! What a program writes, put together from its pieces: in the order in which they were written, and in rows for who
//! reads it. Pieces come as rings are read, one lane after another, and `print` writes a line and its end apart. Threads
//! may come between the two; processes may not, since each has a buffer for its line (`io.TextIOWrapper`, line buffering).

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

/// Notes in the order in which they are read, by time and with every process's lines whole; and the pieces of lines that
/// have no end yet.
fn by_lines(store: &Store, mut notes: Vec<Note>) -> (Vec<Note>, Vec<Note>) {
    notes.sort_by_key(|note| note.time);
    let (mut whole, mut unfinished) = (Vec::new(), Vec::new());
    for note in notes {
        unfinished.push(note);
        if !is_output(&note) || store.name(note.text).contains('\n') {
            whole.extend(unfinished.extract_if(.., |other: &mut Note| other.lane.instance() == note.lane.instance()));
        }
    }
    (whole, unfinished)
}

/// Notes in the order in which they are read.
pub fn in_order(store: &Store, notes: &[Note]) -> Vec<Note> {
    let (mut notes, unfinished) = by_lines(store, notes.to_vec());
    notes.extend(unfinished);
    notes
}

/// The rows of the last `most` notes, in the order in which they are read, and how many notes came before them.
pub fn rows(store: &Store, most: usize) -> (Vec<Row>, usize) {
    let notes = store.notes();
    let skipped = notes.len().saturating_sub(most);
    let mut rows: Vec<Row> = Vec::new();
    // Who is in the middle of a line. The last row goes on with the next piece of whoever began it.
    let mut unfinished: Vec<(LaneId, Level)> = Vec::new();
    for note in in_order(store, &notes[skipped..]) {
        let text = store.name(note.text);
        let row = |text: &str| Row { time: note.time, lane: note.lane, level: note.level, text: text.to_owned() };
        if !is_output(&note) {
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

/// How long a line may stay unfinished before what there is of it is told.
const PATIENCE: TimeNs = TimeNs(1_000_000_000);

/// Tells those who drive the page what a program writes while it does.
#[derive(Default)]
pub struct Told {
    /// How many notes were looked at.
    seen: usize,
    /// What is not told yet, since something earlier or the end of a line may still come.
    waiting: Vec<Note>,
    /// When it was looked at last: what was written before that has been read.
    looked: TimeNs,
}

impl Told {
    /// Takes in what is new, and tells as much of it as is known to be in order.
    pub fn tell(&mut self, recording: &Recording, over: bool) {
        let store = &recording.store;
        let new = &store.notes()[self.seen..];
        self.seen += new.len();
        self.waiting.extend(new.iter().filter(|note| is_output(note)));
        // Steps say nothing about when they were taken.
        let counts_steps = recording.spec.seed.is_some() || recording.spec.switches.is_some();
        let looked = std::mem::replace(&mut self.looked, clock::now());
        let is_sure = |note: &mut Note| over || !counts_steps && note.time < looked;
        let (mut sure, unfinished) = by_lines(store, self.waiting.extract_if(.., is_sure).collect());
        if over || unfinished.first().is_some_and(|first| first.time.0 + PATIENCE.0 < looked.0) {
            sure.extend(unfinished);
        } else {
            self.waiting.extend(unfinished);
        }
        if sure.is_empty() {
            return;
        }
        let pieces: Array = sure
            .iter()
            .map(|note| {
                let text = JsValue::from_str(store.name(note.text));
                browser::detail("{}", &[("error", JsValue::from_bool(note.level == Level::Err)), ("text", text)])
            })
            .collect();
        browser::announce("interleave:output", &pieces);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_trace::{Entry, Event, InstanceId, NameId, What};

    /// Each piece has a time, a lane, tens being the process, a level and a text.
    fn store(pieces: &[(u64, u32, Level, &str)]) -> Store {
        let mut slots = Vec::new();
        for (n, (time, lane, level, text)) in pieces.iter().enumerate() {
            let name = NameId::new(InstanceId(1), n as u32);
            Entry::Name(name, (*text).to_owned()).encode(&mut slots);
            let what = What::Noted { level: *level, text: name };
            let lane = LaneId::new(InstanceId(1 + lane / 10), lane % 10);
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
    fn a_process_does_not_come_into_the_line_of_another() {
        use Level::Out;
        let store =
            store(&[(1, 0, Out, "a"), (3, 0, Out, "b"), (5, 0, Out, "\n"), (2, 10, Out, "c"), (4, 10, Out, "\n")]);
        let (whole, unfinished) = by_lines(&store, store.notes().to_vec());
        let times: Vec<u64> = whole.iter().map(|note| note.time.0).collect();
        assert_eq!((times, unfinished.len()), (vec![2, 4, 1, 3, 5], 0));
        let (whole, unfinished) = by_lines(&store, store.notes()[..2].to_vec());
        assert_eq!((whole.len(), unfinished.len()), (0, 2));
    }

    #[test]
    fn a_traceback_names_lines_of_the_program() {
        assert_eq!(line_named("  File \"program.py\", line 12, in work"), Some(12));
        assert_eq!(line_named("  File \"program.py\", line 3"), Some(3));
        assert_eq!(line_named("  File \"<frozen threading>\", line 9, in run"), None);
    }
}
