//! The memory that all processes of a run see, as far as the page has to do with it: it makes it, and says there when a
//! process is gone. What else is in it is the engine's business.

use interleave_trace::segment::{self, head, process, signal, status, waiters};
use js_sys::{Atomics, Int32Array, SharedArrayBuffer};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// As `js_sys` has it, whose constructor cannot fail.
    #[wasm_bindgen(js_name = SharedArrayBuffer)]
    type Buffer;
    #[wasm_bindgen(constructor, js_class = SharedArrayBuffer, catch)]
    fn new(size: u32) -> Result<Buffer, JsValue>;
}

/// See the module's text.
pub struct Segment {
    /// To be given to every worker of the run.
    pub buffer: SharedArrayBuffer,
    words: Int32Array,
}

impl Segment {
    /// A browser that has no room for it runs what needs none.
    pub fn new() -> Option<Self> {
        let buffer = Buffer::new(segment::SIZE).ok()?;
        let words = Int32Array::new(&buffer);
        Some(Self { buffer: buffer.unchecked_into(), words })
    }

    fn load(&self, at: u32) -> i32 {
        Atomics::load(&self.words, at / 4).unwrap_or(0)
    }

    fn swap_if(&self, at: u32, old: i32, new: i32) -> bool {
        Atomics::compare_exchange(&self.words, at / 4, old, new) == Ok(old)
    }

    /// From now on the process changes nothing that others see. Gives whether it is just doing so.
    pub fn bar(&self, block: u32) -> bool {
        let killed = process::KILLED as i32;
        let before = Atomics::or(&self.words, (block + process::CRITICAL) / 4, killed).unwrap_or(0);
        before & !killed != 0
    }

    /// Whether nobody said yet how the process ended; from now on somebody has.
    pub fn may_end(&self, block: u32) -> bool {
        let at = block + process::STATUS;
        [status::MADE, status::RUNNING].into_iter().any(|before| self.swap_if(at, before, status::ENDING))
    }

    /// Says how a process ended, and lets all who are blocked look again.
    pub fn announce(&self, block: u32, exit: i32) {
        let store = |at: u32, value: i32| Atomics::store(&self.words, at / 4, value);
        // All these words are the segment's own, so nothing here can fail.
        let _stored = store(block + process::EXIT, exit).and_then(|_| store(block + process::STATUS, status::ENDED));
        let _counted = Atomics::add(&self.words, head::ENDS / 4, 1);
        for place in (0..waiters::COUNT).map(|n| waiters::FIRST + n * waiters::SIZE) {
            let signal_at = self.load(place + waiters::SIGNAL_AT) as u32;
            if self.load(place + waiters::USED) != 0 && signal_at != 0 {
                self.swap_if(signal_at, signal::NONE, signal::LOOK_AGAIN);
                let _notified = Atomics::notify(&self.words, signal_at / 4);
            }
        }
    }
}
