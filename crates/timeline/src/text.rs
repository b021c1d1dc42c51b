//! Traces as texts and back: a run that a person can write, for tests and for reading a saved run.
//!
//! One line an event, the lane first; what follows `#` is a remark. Lanes, objects and messages are called by
//! any words; a lane or an object that is written `1:5` has just that id.
//!
//! ```text
//!  +0ms     host spawned process "host"
//!  +1ms     host started
//!  +1.2ms   host marked run-started
//!  +1.5ms   t1 spawned thread "thread" 1 by host
//!  +2ms     t2 spawned task "fetch" 7 by host on host
//!  +2ms     t1 running "rows" 32
//!  +2ms     t1 made lock l "accounts"
//!  +3ms     t1 waiting "bank.rs" 12 on l holder host timed
//!  +4ms     t1 acquired l at "bank.rs" 12
//!  +4ms     t1 released l held by t1
//!  +4ms     t1 timed-out l
//!  +4ms     host woke t1 through lock
//!  +4ms     host sent m1 1024 B "rows"
//!  +5ms     t1 received m1 1024 B
//!  +5ms     t1 produced 32 16
//!  +5ms     t1 noted warning "that was slow"
//!  +6ms     t1 measured memory 17563648
//!  +6ms     t1 ended completed
//!  +7ms     host joined t1
//!  +7ms     host checked passed "78,498 primes" 1f2e
//!  lost 12
//! ```

use std::collections::HashMap;
use std::fmt;

use interleave_trace::{
    Entry, Event, Gauge, InstanceId, LaneId, LaneKind, Level, Mark, MessageId, NO_NUMBER, NameId, ObjectId, ObjectKind,
    Outcome, State, TimeNs, What, decode, ring::Slot,
};

use crate::amounts::fixed;
use crate::scene::{Rect, Scene};
use crate::store::Store;
use crate::viewport::CssPx;

/// Why a text is no trace, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line {}: {}.", self.line, self.what)
    }
}

impl std::error::Error for TextError {}

/// Reads a trace.
pub fn parse(text: &str) -> Result<Vec<Entry>, TextError> {
    let mut reader = Reader::default();
    for (at, line) in text.lines().enumerate() {
        let words = words(line).and_then(|words| reader.line(&words));
        words.map_err(|what| TextError { line: at + 1, what })?;
    }
    Ok(reader.entries)
}

/// Reads a trace into a store.
pub fn store_of(text: &str) -> Result<Store, TextError> {
    let mut store = Store::default();
    for entry in parse(text)? {
        store.push(entry);
    }
    Ok(store)
}

#[derive(Clone, Debug, PartialEq)]
enum Word {
    Bare(String),
    Quoted(String),
}

fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next().filter(|&first| first != '#') {
        if first == '"' {
            let (text, after) = quoted(&rest[1..])?;
            words.push(Word::Quoted(text));
            rest = after;
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            words.push(Word::Bare(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(words)
}

fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut inside = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Ok((inside, &text[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => inside.push('\n'),
                Some((_, 'r')) => inside.push('\r'),
                Some((_, escaped)) => inside.push(escaped),
                None => break,
            },
            char => inside.push(char),
        }
    }
    Err("a text has no closing quote".to_owned())
}

#[derive(Default)]
struct Reader {
    entries: Vec<Entry>,
    names: HashMap<String, NameId>,
    lanes: HashMap<String, LaneId>,
    objects: HashMap<String, ObjectId>,
    messages: HashMap<String, MessageId>,
}

/// The words of a line that are left.
struct Words<'a>(&'a [Word]);

impl<'a> Words<'a> {
    fn bare(&mut self, wanted: &str) -> Result<&'a str, String> {
        match self.0.split_first() {
            Some((Word::Bare(word), rest)) => {
                self.0 = rest;
                Ok(word)
            }
            Some((Word::Quoted(text), _)) => Err(format!("{wanted} is expected instead of the text \"{text}\"")),
            None => Err(format!("{wanted} is missing")),
        }
    }

    fn quoted(&mut self) -> Option<&'a str> {
        match self.0.split_first() {
            Some((Word::Quoted(text), rest)) => {
                self.0 = rest;
                Some(text)
            }
            _ => None,
        }
    }

    /// Passes over a word if it comes next.
    fn skip(&mut self, word: &str) -> bool {
        match self.0.split_first() {
            Some((Word::Bare(next), rest)) if next == word => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn number<T: std::str::FromStr>(&mut self, wanted: &str) -> Result<T, String> {
        let word = self.bare(wanted)?;
        word.parse().map_err(|_| format!("{wanted} is expected instead of \"{word}\""))
    }

    /// One word out of a vocabulary.
    fn one_of<T>(&mut self, wanted: &str, from_text: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let word = self.bare(wanted)?;
        from_text(word).ok_or_else(|| format!("\"{word}\" is no {wanted}"))
    }
}

/// An id that is written as such.
fn literal(word: &str) -> Option<u32> {
    if word == "none" {
        return Some(u32::MAX);
    }
    let (instance, count) = word.split_once(':')?;
    let (instance, count): (u32, u32) = (instance.parse().ok()?, count.parse().ok()?);
    (instance < 1 << 12 && count < 1 << 20).then_some(LaneId::new(InstanceId(instance), count).0)
}

/// The instance that ids of words belong to, far from those that a run uses.
const WORDS: InstanceId = InstanceId(1000);

impl Reader {
    fn line(&mut self, words: &[Word]) -> Result<(), String> {
        let mut words = Words(words);
        if words.0.is_empty() {
            return Ok(());
        }
        if words.skip("lost") {
            self.entries.push(Entry::Lost(words.number("a number of entries")?));
            return Ok(());
        }
        let time = time(words.bare("a time")?)?;
        let lane = self.lane(words.bare("a lane")?);
        let verb = words.bare("what happened")?;
        let what = self.what(verb, &mut words)?;
        self.entries.push(Entry::Event(Event { time, lane, what }));
        match words.0.first() {
            None => Ok(()),
            Some(Word::Bare(word)) => Err(format!("nothing is expected after \"{verb} ...\", but there is \"{word}\"")),
            Some(Word::Quoted(text)) => {
                Err(format!("nothing is expected after \"{verb} ...\", but there is \"{text}\""))
            }
        }
    }

    fn what(&mut self, verb: &str, words: &mut Words) -> Result<What, String> {
        if let Some(state) = State::from_text(verb) {
            let (name, number) = self.title(words)?;
            let on = if words.skip("on") { self.object(words.bare("an object")?) } else { ObjectId::NONE };
            let holder = if words.skip("holder") { self.lane(words.bare("a lane")?) } else { LaneId::NONE };
            let timed = words.skip("timed");
            return Ok(What::Entered { state, name, number, on, holder, timed });
        }
        Ok(match verb {
            "spawned" => {
                let kind = words.one_of("kind of lane", LaneKind::from_text)?;
                let (name, number) = self.title(words)?;
                let parent = if words.skip("by") { self.lane(words.bare("a lane")?) } else { LaneId::NONE };
                let host = if words.skip("on") { self.lane(words.bare("a lane")?) } else { LaneId::NONE };
                What::Spawned { parent, kind, name, number, host }
            }
            "started" => What::Started,
            "woke" => {
                let target = self.lane(words.bare("a lane")?);
                let on = if words.skip("through") { self.object(words.bare("an object")?) } else { ObjectId::NONE };
                What::Woke { target, on }
            }
            "made" => {
                let kind = words.one_of("kind of object", ObjectKind::from_text)?;
                let on = self.object(words.bare("an object")?);
                let (name, number) = self.title(words)?;
                What::Made { on, kind, name, number }
            }
            "acquired" => {
                let on = self.object(words.bare("an object")?);
                let (file, line) = if words.skip("at") { self.title(words)? } else { (NameId::NONE, NO_NUMBER) };
                What::Acquired { on, file, line }
            }
            "released" => {
                let on = self.object(words.bare("an object")?);
                let held = words.skip("held") && words.skip("by");
                let holder = if held { self.lane(words.bare("a lane")?) } else { LaneId::NONE };
                What::Released { on, holder }
            }
            "timed-out" => What::TimedOut { on: self.object(words.bare("an object")?) },
            "joined" => What::Joined { child: self.lane(words.bare("a lane")?) },
            "sent" => {
                let message = self.message(words.bare("a message")?);
                let bytes = words.number("a number of bytes")?;
                words.skip("B");
                let name = words.quoted().map_or(NameId::NONE, |text| self.name(text));
                What::Sent { message, bytes, name }
            }
            "received" => {
                let message = self.message(words.bare("a message")?);
                let bytes = words.number("a number of bytes")?;
                words.skip("B");
                What::Received { message, bytes }
            }
            "produced" => {
                What::Produced { first: words.number("the first part")?, count: words.number("a number of parts")? }
            }
            "noted" => {
                let level = words.one_of("level", Level::from_text)?;
                let text = words.quoted().ok_or("a text in quotes is missing")?;
                What::Noted { level, text: self.name(text) }
            }
            "measured" => {
                What::Measured { gauge: words.one_of("gauge", Gauge::from_text)?, value: words.number("a value")? }
            }
            "marked" => What::Marked(words.one_of("mark", Mark::from_text)?),
            "checked" => {
                let passed = match words.bare("\"passed\" or \"failed\"")? {
                    "passed" => true,
                    "failed" => false,
                    word => return Err(format!("\"passed\" or \"failed\" is expected instead of \"{word}\"")),
                };
                let summary = words.quoted().map_or(NameId::NONE, |text| self.name(text));
                let word = words.bare("a digest")?;
                let digest = u64::from_str_radix(word, 16);
                What::Checked { passed, summary, digest: digest.map_err(|_| format!("\"{word}\" is no digest"))? }
            }
            "ended" => What::Ended(words.one_of("outcome", Outcome::from_text)?),
            _ => return Err(format!("\"{verb}\" is nothing that happens on a lane")),
        })
    }

    fn title(&mut self, words: &mut Words) -> Result<(NameId, u32), String> {
        let name = words.quoted().map_or(NameId::NONE, |text| self.name(text));
        let number = match words.0.first() {
            Some(Word::Bare(word)) if word.starts_with(|first: char| first.is_ascii_digit()) => {
                words.number("a number behind the name")?
            }
            _ => NO_NUMBER,
        };
        Ok((name, number))
    }

    fn name(&mut self, text: &str) -> NameId {
        let next = NameId::new(WORDS, self.names.len() as u32);
        let id = *self.names.entry(text.to_owned()).or_insert(next);
        if id == next {
            self.entries.push(Entry::Name(id, text.to_owned()));
        }
        id
    }

    fn lane(&mut self, word: &str) -> LaneId {
        let next = LaneId::new(WORDS, self.lanes.len() as u32);
        literal(word).map_or_else(|| *self.lanes.entry(word.to_owned()).or_insert(next), LaneId)
    }

    fn object(&mut self, word: &str) -> ObjectId {
        let next = ObjectId::new(WORDS, self.objects.len() as u32);
        literal(word).map_or_else(|| *self.objects.entry(word.to_owned()).or_insert(next), ObjectId)
    }

    fn message(&mut self, word: &str) -> MessageId {
        let next = MessageId(u64::from(WORDS.0) << 32 | self.messages.len() as u64);
        let literal = word.split_once(':').and_then(|(instance, count)| {
            Some(MessageId(u64::from(instance.parse::<u32>().ok()?) << 32 | u64::from(count.parse::<u32>().ok()?)))
        });
        literal.unwrap_or_else(|| *self.messages.entry(word.to_owned()).or_insert(next))
    }
}

/// A time: "+12.4ms".
fn time(word: &str) -> Result<TimeNs, String> {
    let wrong = || format!("a time such as \"+1.5ms\" is expected instead of \"{word}\"");
    let amount = word.strip_prefix('+').ok_or_else(wrong)?;
    let split = amount.find(|char: char| !char.is_ascii_digit() && char != '.').ok_or_else(wrong)?;
    let (amount, unit) = amount.split_at(split);
    let unit: u64 = match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let mut ns = whole.checked_mul(unit).ok_or_else(wrong)?;
    let mut part = unit;
    for digit in fraction.chars() {
        part /= 10;
        ns = ns.saturating_add(u64::from(digit.to_digit(10).ok_or_else(wrong)?) * part);
    }
    Ok(TimeNs(ns))
}

/// Writes a trace, an event a line, with ids as they are; reading it gives the same events.
pub fn write(slots: &[Slot]) -> String {
    let mut names: HashMap<NameId, String> = HashMap::new();
    decode(slots, |entry| {
        if let Entry::Name(id, text) = entry {
            names.insert(id, text);
        }
    });
    let mut text = String::new();
    decode(slots, |entry| match entry {
        Entry::Name(..) => {}
        Entry::Lost(count) => text.push_str(&format!("lost {count}\n")),
        Entry::Event(event) => {
            let at = fixed(event.time.0, 6);
            let at = at.trim_end_matches('0').trim_end_matches('.');
            text.push_str(&format!("+{at}ms {:?} {}\n", event.lane, what_text(&event.what, &names)));
        }
    });
    text
}

fn what_text(what: &What, names: &HashMap<NameId, String>) -> String {
    let quoted = |id: NameId| {
        names.get(&id).map_or(String::new(), |text| {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            format!(" \"{}\"", text.replace('\n', "\\n").replace('\r', "\\r"))
        })
    };
    let title = |name: NameId, number: u32| match number {
        NO_NUMBER => quoted(name),
        number => format!("{} {number}", quoted(name)),
    };
    let lane = |word: &str, id: LaneId| id.some().map_or(String::new(), |id| format!(" {word} {id:?}"));
    let object = |word: &str, id: ObjectId| id.some().map_or(String::new(), |id| format!(" {word} {id:?}"));
    let message = |id: MessageId| format!("{}:{}", id.0 >> 32, id.0 as u32);
    match *what {
        What::Spawned { parent, kind, name, number, host } => {
            format!("spawned {}{}{}{}", kind.text(), title(name, number), lane("by", parent), lane("on", host))
        }
        What::Started => "started".to_owned(),
        What::Entered { state, name, number, on, holder, timed } => {
            let (title, on, holder) = (title(name, number), object("on", on), lane("holder", holder));
            format!("{}{title}{on}{holder}{}", state.text(), if timed { " timed" } else { "" })
        }
        What::Made { on, kind, name, number } => format!("made {} {on:?}{}", kind.text(), title(name, number)),
        What::Acquired { on, file, line } => {
            let at = title(file, line);
            format!("acquired {on:?}{}{at}", if at.is_empty() { "" } else { " at" })
        }
        What::Released { on, holder } => format!("released {on:?}{}", lane("held by", holder)),
        What::TimedOut { on } => format!("timed-out {on:?}"),
        What::Woke { target, on } => format!("woke {target:?}{}", object("through", on)),
        What::Joined { child } => format!("joined {child:?}"),
        What::Sent { message: id, bytes, name } => format!("sent {} {bytes} B{}", message(id), quoted(name)),
        What::Received { message: id, bytes } => format!("received {} {bytes} B", message(id)),
        What::Produced { first, count } => format!("produced {first} {count}"),
        What::Noted { level, text } => {
            let text = quoted(text);
            format!("noted {}{}", level.text(), if text.is_empty() { " \"\"" } else { &text })
        }
        What::Measured { gauge, value } => format!("measured {} {value}", gauge.text()),
        What::Marked(mark) => format!("marked {}", mark.text()),
        What::Checked { passed, summary, digest } => {
            format!("checked {}{} {digest:x}", if passed { "passed" } else { "failed" }, quoted(summary))
        }
        What::Ended(outcome) => format!("ended {}", outcome.text()),
    }
}

/// A picture as a text: what would be painted, a shape a line, in whole tenths of pixels.
pub fn scene_log(scene: &Scene) -> String {
    let px = |length: CssPx| {
        let tenths = (length * 10.0).round();
        let sign = if tenths < 0.0 { "-" } else { "" };
        format!("{sign}{}", fixed(tenths.abs() as u64, 1).trim_end_matches(".0"))
    };
    let at = |rect: &Rect| {
        let (right, bottom) = (rect.x + rect.width, rect.y + rect.height);
        format!("x {}..{} y {}..{}", px(rect.x), px(right), px(rect.y), px(bottom))
    };
    let mut log = format!("scene {} x {}\n", px(scene.width), px(scene.height));
    let mut add = |line: String| {
        log.push_str(line.trim_end());
        log.push('\n');
    };
    for caption in &scene.captions {
        let indent = "  ".repeat(usize::from(caption.depth));
        let now = caption.now.map_or(String::new(), |state| format!(", {}", state.text()));
        let outcome = caption.outcome.map_or(String::new(), |outcome| format!(", {}", outcome.text()));
        add(format!("caption y {} {indent}{} ({}{now}{outcome})", px(caption.y), caption.text, caption.kind.text()));
    }
    for batch in &scene.batches {
        batch.bars.iter().for_each(|rect| add(format!("bar {} {}", batch.state.text(), at(rect))));
        batch.cells.iter().for_each(|rect| add(format!("cell {} {}", batch.state.text(), at(rect))));
    }
    for label in &scene.labels {
        add(format!("label x {} y {} \"{}\"", px(label.x), px(label.y), label.text));
    }
    for line in &scene.edges {
        let emphasised = if line.emphasised { " emphasised" } else { "" };
        let ((x0, y0), (x1, y1)) = (line.from, line.to);
        add(format!("{} {},{} -> {},{}{emphasised}", line.kind.text(), px(x0), px(y0), px(x1), px(y1)));
    }
    for end in &scene.ends {
        add(format!("end {} x {} y {}", end.outcome.text(), px(end.x), px(end.y)));
    }
    for outline in &scene.outlines {
        let which = if outline.selected { "selected" } else { "hovered" };
        add(format!("outline {which} {}", at(&outline.rect)));
    }
    for knot in &scene.knots {
        let number = knot.number.map_or(String::new(), |number| format!(" {number}"));
        let arrow =
            knot.arrow.map_or(String::new(), |(x, from, to)| format!(" -> x {} y {}..{}", px(x), px(from), px(to)));
        add(format!("knot{number} {}{arrow}", at(&knot.rect)));
    }
    for mark in &scene.marks {
        add(format!("mark {} x {}", mark.mark.text(), px(mark.x)));
    }
    for tick in &scene.ticks {
        add(format!("tick x {} {}", px(tick.x), tick.label));
    }
    if let Some(x) = scene.now {
        add(format!("now x {}", px(x)));
    }
    log
}
