//! Natively the segment is one allocation of atomic words, and a lane blocks on a word as on a futex.

use std::time::Duration;

#[cfg(not(feature = "model"))]
use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(feature = "model")]
use shuttle::sync::atomic::{AtomicU32, Ordering};

use super::sync::{Arc, Condvar, Mutex, PoisonError};

/// How large it is unless somebody says otherwise. Pages that nobody touches cost nothing.
#[cfg(not(feature = "model"))]
pub const SIZE: u32 = 64 << 20;
#[cfg(feature = "model")]
pub const SIZE: u32 = 4 << 10;

/// Words that are blocked on share as many bells.
const BELLS: usize = if cfg!(feature = "model") { 4 } else { 64 };

/// See the module's text.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    words: Box<[AtomicU32]>,
    bells: Vec<Bell>,
}

#[derive(Default)]
struct Bell {
    lock: Mutex<()>,
    rung: Condvar,
}

#[cfg(not(feature = "model"))]
fn zeroed(words: usize) -> Box<[AtomicU32]> {
    bytemuck::zeroed_slice_box(words)
}

#[cfg(feature = "model")]
fn zeroed(words: usize) -> Box<[AtomicU32]> {
    (0..words).map(|_| AtomicU32::new(0)).collect()
}

impl Memory {
    /// With all words zero.
    pub fn new(bytes: u32) -> Self {
        let bells = (0..BELLS).map(|_| Bell::default()).collect();
        Self(Arc::new(Inner { words: zeroed(bytes as usize / 4), bells }))
    }

    /// In bytes.
    pub fn length(&self) -> u32 {
        (self.0.words.len() * 4) as u32
    }

    /// The word at an address, which is a multiple of four.
    fn word(&self, at: u32) -> &AtomicU32 {
        &self.0.words[at as usize / 4]
    }

    pub fn load(&self, at: u32) -> u32 {
        self.word(at).load(Ordering::SeqCst)
    }

    pub fn store(&self, at: u32, value: u32) {
        self.word(at).store(value, Ordering::SeqCst);
    }

    pub fn swap(&self, at: u32, value: u32) -> u32 {
        self.word(at).swap(value, Ordering::SeqCst)
    }

    /// Puts `new` where `old` was. Gives what was there.
    pub fn compare_exchange(&self, at: u32, old: u32, new: u32) -> u32 {
        let done = self.word(at).compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst);
        done.unwrap_or_else(|found| found)
    }

    /// Gives what was there before.
    pub fn add(&self, at: u32, value: u32) -> u32 {
        self.word(at).fetch_add(value, Ordering::SeqCst)
    }

    /// Sets bits. Gives what was there before.
    pub fn or(&self, at: u32, bits: u32) -> u32 {
        self.word(at).fetch_or(bits, Ordering::SeqCst)
    }

    fn bell(&self, at: u32) -> &Bell {
        &self.0.bells[at as usize / 4 % BELLS]
    }

    /// Blocks while the word is `expected`, until notified or for a time at most; or for no reason at all.
    pub fn wait(&self, at: u32, expected: u32, timeout: Option<Duration>) {
        let bell = self.bell(at);
        let guard = bell.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if self.load(at) != expected {
            return;
        }
        match timeout {
            None => drop(bell.rung.wait(guard).unwrap_or_else(PoisonError::into_inner)),
            #[cfg(not(feature = "model"))]
            Some(timeout) => drop(bell.rung.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner)),
            // In the model no time passes: it ends for no reason.
            #[cfg(feature = "model")]
            Some(_) => {
                drop(guard);
                shuttle::thread::yield_now();
            }
        }
    }

    /// Lets those go on that are blocked on the word, and others with it.
    pub fn notify(&self, at: u32) {
        let bell = self.bell(at);
        drop(bell.lock.lock().unwrap_or_else(PoisonError::into_inner));
        bell.rung.notify_all();
    }

    /// Changes some bytes of a word and none of its other bytes.
    fn patch(&self, word: usize, first: usize, bytes: &[u8]) {
        let mask = bytes.iter().enumerate().fold(0, |mask, (n, _)| mask | 0xff_u32 << (8 * (first + n)));
        let new = bytes.iter().enumerate().fold(0, |new, (n, byte)| new | u32::from(*byte) << (8 * (first + n)));
        let cell = &self.0.words[word];
        let mut old = cell.load(Ordering::Relaxed);
        while let Err(found) = cell.compare_exchange(old, old & !mask | new, Ordering::Relaxed, Ordering::Relaxed) {
            old = found;
        }
    }

    /// Copies bytes out of it.
    pub fn read(&self, at: u32, out: &mut [u8]) {
        let (mut word, skip) = (at as usize / 4, at as usize % 4);
        let (head, rest) = out.split_at_mut(((4 - skip) % 4).min(out.len()));
        if !head.is_empty() {
            let bytes = self.0.words[word].load(Ordering::Relaxed).to_le_bytes();
            head.copy_from_slice(&bytes[skip..][..head.len()]);
            word += 1;
        }
        let (whole, tail) = rest.as_chunks_mut::<4>();
        let words = whole.len();
        for (out, cell) in whole.iter_mut().zip(&self.0.words[word..][..words]) {
            *out = cell.load(Ordering::Relaxed).to_le_bytes();
        }
        if !tail.is_empty() {
            let bytes = self.0.words[word + words].load(Ordering::Relaxed).to_le_bytes();
            tail.copy_from_slice(&bytes[..tail.len()]);
        }
    }

    /// Copies bytes into it.
    pub fn write(&self, at: u32, bytes: &[u8]) {
        let (mut word, skip) = (at as usize / 4, at as usize % 4);
        let (head, rest) = bytes.split_at(((4 - skip) % 4).min(bytes.len()));
        if !head.is_empty() {
            self.patch(word, skip, head);
            word += 1;
        }
        let (whole, tail) = rest.as_chunks::<4>();
        for (bytes, cell) in whole.iter().zip(&self.0.words[word..][..whole.len()]) {
            cell.store(u32::from_le_bytes(*bytes), Ordering::Relaxed);
        }
        if !tail.is_empty() {
            self.patch(word + whole.len(), 0, tail);
        }
    }

    /// Makes whole words zero.
    pub fn clear(&self, at: u32, bytes: u32) {
        for cell in &self.0.words[at as usize / 4..][..bytes as usize / 4] {
            cell.store(0, Ordering::Relaxed);
        }
    }
}
