//! Counts how often each word occurs in a generated text: each task maps its part of the text to counts, and the
//! counts are added up.
//!
//! Words are drawn so that the n-th of the vocabulary comes about 1/n as often as the first, as in natural
//! language (Zipf, 1935). The generator counts what it writes, and that is the check.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use fnv::FnvBuildHasher;
use interleave_protocol::{Failure, RunSpec};
use interleave_runtime::processes::Payload;

use super::{Cut, digest, grouped, mix, wrong};
use crate::workload::{Answer, Message, Step, Workload, replace_items, reserve, share};

type Map<K> = HashMap<K, u32, FnvBuildHasher>;

/// Most frequent first.
const VOCABULARY: &str = "\
    the a of and to in is it on for with that at by from as one all when each then who wait run task thread \
    lock work time lane page message queue worker memory result begin end turn share order again before after \
    while until both never always first last next cup morning floor library dry nail choose send north low \
    fern copper wave second cloud empty bell fountain autumn meet quiet anchor now near owl red compass many \
    lighthouse hour iron field frost early carry postman pause station street river loud barn high leaf \
    platform storm signal half wet lead eel narrow badger switch ink paint line paper pepper grey more bring \
    few hare read bread spider night number watch seed here fox sun island gold west crow star address other \
    drawer captain sleep bee book some draw track stamp fall follow sum chimney ferry late slow blue garden \
    journey noon evening pear hard deck otter path pull green far lift rain stone open hill push warm part \
    salt there sentence cross round spoon south root light less driver clock wren double trout quick sudden \
    dark heron write sing pencil count ticket attic circle full guest soon letter yellow ask market map cold \
    silver soft rest parcel swallow mist whistle white hammer word give plate bark deep moss moth tunnel moon \
    take shadow pike summer saw wide black gate corner wake close table steady hinge rise meadow bridge school \
    sharp stair water east curve window snail brick harbour bench tide listen beetle sailor door still plum \
    hurry answer build wall mend climb square tower cherry rope roof drop flour spring key coffee branch \
    kitchen winter snow tea later apple brown oven cellar valley sugar plank hold waiter baker chapter minute \
    wind train";

/// Words of an item.
const WORDS: usize = 1000;
/// Words of a line.
const LINE: usize = 10;
/// Bytes that are counted at a time, more or less: some lines.
const BLOCK: u32 = 4096;
/// Where thousands begin, in bytes. What begins at a word can be sent with one copy (docs/ARCHITECTURE.md, copies).
const ALIGNED: usize = 8;
/// Room for the text: a little more than the mean.
const BYTES_A_WORD: usize = 7;

/// See the module's text.
pub struct Words {
    cut: Cut,
    /// All of the text, or what a process was sent of it for its task.
    text: Vec<u8>,
    /// Where each thousand of words begins in the text, and where the last one ends. In a process, nothing.
    starts: Vec<u32>,
    /// How often each word was written.
    written: Vec<(&'static str, u32)>,
}

/// How often a task found each word.
#[derive(Clone, Debug, Default)]
pub struct Counts(Map<Vec<u8>>);

impl Message for Counts {
    /// Each word behind its count and its length.
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::new();
        for (word, count) in &self.0 {
            bytes.extend(count.to_le_bytes());
            bytes.extend((word.len() as u32).to_le_bytes());
            bytes.extend(word);
        }
        Cow::Owned(bytes)
    }

    fn from_payload(payload: Payload) -> Option<Self> {
        let bytes = payload.into_bytes();
        let mut bytes = bytes.as_slice();
        let mut counts = Map::default();
        while !bytes.is_empty() {
            let (count, rest) = bytes.split_first_chunk()?;
            let (length, rest) = rest.split_first_chunk()?;
            let (word, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            counts.insert(word.to_owned(), u32::from_le_bytes(*count));
            bytes = rest;
        }
        Some(Self(counts))
    }
}

/// A table to draw words from: each word stands in it as often as it is to come, and at least once.
fn urn(words: usize) -> Vec<u16> {
    const TICKETS: usize = 1 << 14;
    let harmonic: f64 = (1..=words).map(|rank| 1.0 / rank as f64).sum();
    let mut urn: Vec<u16> = (0..words as u16).collect();
    for (rank, word) in (1..).zip(0..words as u16) {
        let tickets = ((TICKETS - words) as f64 / (f64::from(rank) * harmonic)) as usize;
        urn.extend(std::iter::repeat_n(word, tickets));
    }
    urn.resize(TICKETS, 0);
    urn
}

/// A word as a key. Words are short: comparing them byte by byte, in place, beats calling a function for it, and in
/// WebAssembly by much.
#[derive(Clone, Copy, Eq)]
struct Word<'a>(&'a [u8]);

impl PartialEq for Word<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(other.0).all(|(a, b)| a == b)
    }
}

impl Hash for Word<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0);
    }
}

/// Counts the words of some lines. A function of its own, since browsers replace slow code by fast only where a
/// function is entered.
#[inline(never)]
fn count_lines<'a>(lines: &'a [u8], counts: &mut Map<Word<'a>>) {
    let mut start = 0;
    for (index, byte) in lines.iter().chain(b" ").enumerate() {
        if !byte.is_ascii_lowercase() {
            if let Some(word) = lines.get(start..index).filter(|word| !word.is_empty()) {
                *counts.entry(Word(word)).or_insert(0) += 1;
            }
            start = index + 1;
        }
    }
}

/// The first place from `at` on where a line begins.
fn line_start(text: &[u8], at: u32) -> usize {
    let Some(before) = at.checked_sub(1) else { return 0 };
    let newline = text.iter().skip(before as usize).position(|byte| *byte == b'\n');
    newline.map_or(text.len(), |newline| at as usize + newline)
}

impl Words {
    fn text_of(&self, task: u32) -> &[u8] {
        let thousands = self.cut.task(task);
        match (self.starts.get(thousands.start as usize), self.starts.get(thousands.end as usize)) {
            (Some(start), Some(end)) => &self.text[*start as usize..*end as usize],
            _ => &self.text,
        }
    }
}

impl Workload for Words {
    type Part = Counts;
    const TASK: &'static str = "text";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        let mut words = Self::prepare_process(spec)?;
        words.written = VOCABULARY.split_whitespace().map(|word| (word, 0)).collect();
        let urn = urn(words.written.len());
        words.starts = reserve(spec.size as usize + 1)?;
        // In vain if the text is longer; but growing by doubling would end an instance that runs out of memory.
        let mut text = reserve(spec.size as usize * WORDS * BYTES_A_WORD)?;
        for thousand in 0..spec.size {
            words.starts.push(text.len() as u32);
            for number in 0..WORDS {
                let random = mix(thousand * WORDS as u32 + number as u32);
                let (word, count) = &mut words.written[usize::from(urn[random as usize % urn.len()])];
                *count += 1;
                text.extend_from_slice(word.as_bytes());
                match random >> 28 {
                    0 => text.push(b'.'),
                    1 | 2 => text.push(b','),
                    _ => {}
                }
                text.push(if (number + 1).is_multiple_of(LINE) { b'\n' } else { b' ' });
            }
            text.resize(text.len().next_multiple_of(ALIGNED), b'\n');
        }
        words.starts.push(text.len() as u32);
        words.text = text;
        Ok(words)
    }

    fn prepare_process(spec: &RunSpec) -> Result<Self, Failure> {
        let cut = Cut { items: spec.size, tasks: spec.tasks };
        Ok(Self { cut, text: Vec::new(), starts: Vec::new(), written: Vec::new() })
    }

    fn input(&self, task: u32) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.text_of(task))
    }

    fn accept_input(&mut self, _task: u32, input: Payload) {
        replace_items(&mut self.text, &input);
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        self.cut.steps(task)
    }

    fn compute(&self, task: u32, piece: u32, part: &mut Counts) {
        let text = self.text_of(task);
        let bytes = share(text.len() as u32, piece, self.cut.pieces(task));
        let mut counts = Map::default();
        let (mut start, end) = (line_start(text, bytes.start), line_start(text, bytes.end));
        while start < end {
            let end = line_start(text, (start as u32 + BLOCK).min(bytes.end));
            count_lines(&text[start..end], &mut counts);
            start = end;
        }
        for (Word(word), count) in counts {
            match part.0.get_mut(word) {
                Some(sum) => *sum += count,
                None => drop(part.0.insert(word.to_owned(), count)),
            }
        }
    }

    fn reduce(&self, parts: &[Counts]) -> Result<Answer, Failure> {
        let mut all = Map::default();
        for (_, part) in self.cut.with(parts)? {
            for (word, count) in &part.0 {
                *all.entry(word.as_slice()).or_insert(0) += count;
            }
        }
        let mut sorted: Vec<(&[u8], u32)> = all.iter().map(|(word, count)| (*word, *count)).collect();
        sorted.sort_unstable();
        for &(word, written) in &self.written {
            let found = all.remove(word.as_bytes()).unwrap_or(0);
            if found != written {
                return Err(wrong(format!("“{word}” was written {written} times and found {found} times")));
            }
        }
        if let Some((word, found)) = all.iter().next() {
            let word = String::from_utf8_lossy(word);
            return Err(wrong(format!("“{word}” was never written and found {found} times")));
        }
        let (first, times) = self.written.iter().max_by_key(|(_, count)| *count).copied().unwrap_or_default();
        let words = u64::from(self.cut.items) * WORDS as u64;
        Ok(Answer {
            passed: true,
            summary: format!(
                "{} words, {} different; the most frequent is “{first}”, {} times",
                grouped(words),
                sorted.len(),
                grouped(times)
            ),
            digest: digest(sorted.iter().flat_map(|(word, count)| [*word, bytemuck::bytes_of(count)])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_protocol::Workload as Name;

    fn words(size: u32) -> Words {
        Words::prepare(&RunSpec { size, tasks: 2, ..RunSpec::new(Name::Words, 2) }).expect("small")
    }

    #[test]
    fn the_vocabulary_has_no_word_twice() {
        let mut words: Vec<_> = VOCABULARY.split_whitespace().collect();
        assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
    }

    #[test]
    fn frequent_words_come_first_and_every_word_comes() {
        let words = words(300);
        let counts: Vec<_> = words.written.iter().map(|(_, count)| *count).collect();
        assert!(counts[..8].is_sorted_by(|a, b| a > b), "{counts:?}");
        assert!(counts.iter().all(|count| *count > 0));
        assert!(words.text.len() < 300 * WORDS * BYTES_A_WORD, "{} bytes were not enough", words.text.len());
    }

    #[test]
    fn lines_are_counted_without_their_punctuation() {
        let mut counts = Map::default();
        count_lines(b"fox, and moss.\nfox and fern", &mut counts);
        let mut counts: Vec<_> = counts.into_iter().map(|(Word(word), count)| (word, count)).collect();
        counts.sort_unstable();
        assert_eq!(counts, [(&b"and"[..], 2), (b"fern", 1), (b"fox", 2), (b"moss", 1)]);
    }

    #[test]
    fn pieces_meet_where_lines_begin() {
        let text = b"one\ntwo\nsix\n";
        let starts: Vec<_> = (0..=12).map(|at| line_start(text, at)).collect();
        assert_eq!(starts, [0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12]);
    }

    #[test]
    fn one_word_too_many_or_too_few_is_noticed() {
        let words = words(2);
        let mut parts = vec![Counts::default(), Counts::default()];
        for (task, part) in (0..).zip(&mut parts) {
            words.compute(task, 0, part);
        }
        assert!(words.reduce(&parts).is_ok());
        let is_noticed = |word: &str, change: i32| {
            let mut parts = parts.clone();
            let count = parts[1].0.entry(word.as_bytes().to_owned()).or_insert(0);
            *count = count.wrapping_add_signed(change);
            assert!(matches!(words.reduce(&parts), Err(Failure::WrongResult { .. })));
        };
        is_noticed("the", 1);
        is_noticed("the", -1);
        is_noticed("thy", 1);
    }
}
