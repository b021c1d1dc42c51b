//! In the browser the segment is a `SharedArrayBuffer` that the page made. It is no part of this instance's own memory,
//! so there are no pointers into it: every access is a call to JavaScript.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Int32Array, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Atomics, js_name = load)]
    fn atomics_load(words: &Int32Array, index: u32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics, js_name = store)]
    fn atomics_store(words: &Int32Array, index: u32, value: i32);
    #[wasm_bindgen(js_namespace = Atomics, js_name = exchange)]
    fn atomics_exchange(words: &Int32Array, index: u32, value: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics, js_name = compareExchange)]
    fn atomics_compare_exchange(words: &Int32Array, index: u32, old: i32, new: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics, js_name = add)]
    fn atomics_add(words: &Int32Array, index: u32, value: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics, js_name = or)]
    fn atomics_or(words: &Int32Array, index: u32, value: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics, js_name = wait)]
    fn atomics_wait(words: &Int32Array, index: u32, value: i32, timeout_ms: f64) -> JsValue;
    #[wasm_bindgen(js_namespace = Atomics, js_name = notify)]
    fn atomics_notify(words: &Int32Array, index: u32) -> u32;
}

/// See the module's text.
#[derive(Clone)]
pub struct Memory(Rc<Inner>);

struct Inner {
    words: Int32Array,
    bytes: Uint8Array,
    length: u32,
}

impl Memory {
    /// Over the page's buffer.
    pub fn over(buffer: &JsValue) -> Self {
        let (words, bytes) = (Int32Array::new(buffer), Uint8Array::new(buffer));
        let length = bytes.length();
        Self(Rc::new(Inner { words, bytes, length }))
    }

    /// In bytes.
    pub fn length(&self) -> u32 {
        self.0.length
    }

    fn index(&self, at: u32) -> u32 {
        assert!(at < self.0.length, "an address outside of the segment");
        at / 4
    }

    pub fn load(&self, at: u32) -> u32 {
        atomics_load(&self.0.words, self.index(at)) as u32
    }

    pub fn store(&self, at: u32, value: u32) {
        atomics_store(&self.0.words, self.index(at), value as i32);
    }

    pub fn swap(&self, at: u32, value: u32) -> u32 {
        atomics_exchange(&self.0.words, self.index(at), value as i32) as u32
    }

    /// Puts `new` where `old` was. Gives what was there.
    pub fn compare_exchange(&self, at: u32, old: u32, new: u32) -> u32 {
        atomics_compare_exchange(&self.0.words, self.index(at), old as i32, new as i32) as u32
    }

    /// Gives what was there before.
    pub fn add(&self, at: u32, value: u32) -> u32 {
        atomics_add(&self.0.words, self.index(at), value as i32) as u32
    }

    /// Sets bits. Gives what was there before.
    pub fn or(&self, at: u32, bits: u32) -> u32 {
        atomics_or(&self.0.words, self.index(at), bits as i32) as u32
    }

    /// Blocks while the word is `expected`, until notified or for a time at most.
    pub fn wait(&self, at: u32, expected: u32, timeout: Option<Duration>) {
        let timeout_ms = timeout.map_or(f64::INFINITY, |timeout| timeout.as_secs_f64() * 1e3);
        atomics_wait(&self.0.words, self.index(at), expected as i32, timeout_ms);
    }

    /// Lets those go on that are blocked on the word.
    pub fn notify(&self, at: u32) {
        atomics_notify(&self.0.words, self.index(at));
    }

    fn part(&self, at: u32, length: usize) -> Uint8Array {
        let end = u64::from(at) + length as u64;
        assert!(end <= u64::from(self.0.length), "bytes outside of the segment");
        self.0.bytes.subarray(at, end as u32)
    }

    /// Copies bytes out of it.
    pub fn read(&self, at: u32, out: &mut [u8]) {
        self.part(at, out.len()).copy_to(out);
    }

    /// Copies bytes into it.
    pub fn write(&self, at: u32, bytes: &[u8]) {
        self.part(at, bytes.len()).copy_from(bytes);
    }

    /// Makes whole words zero.
    pub fn clear(&self, at: u32, bytes: u32) {
        self.part(at, bytes as usize).fill(0, 0, bytes);
    }
}
