//! The Python program on its way between the page, its links and the editor: see `program.js`.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/program.js")]
extern "C" {
    #[wasm_bindgen(js_name = pack)]
    fn pack_text(text: &str) -> Promise;
    #[wasm_bindgen(js_name = unpack)]
    fn unpack_text(letters: &str) -> Promise;

    /// Where a program is written.
    pub type Editor;
    /// Opens one in `place`, which tells `changed` each new text.
    #[wasm_bindgen(constructor)]
    pub fn new(place: &web_sys::Element, text: &str, changed: &Closure<dyn Fn(String)>) -> Editor;
    /// Makes the text this one, unless it is already.
    #[wasm_bindgen(method)]
    pub fn write(this: &Editor, text: &str);
    /// Brings a line into view and chooses it.
    #[wasm_bindgen(method)]
    pub fn choose(this: &Editor, line: u32);
    /// Marks lines: pairs of a line's number and what lanes do there.
    #[wasm_bindgen(method)]
    pub fn mark(this: &Editor, lines: &js_sys::Array);
    /// Underlines what is wrong: the line and the column where it begins, those where it ends, and what it is; or nothing.
    #[wasm_bindgen(method)]
    pub fn underline(this: &Editor, wrong: Option<&js_sys::Array>);
    /// Takes it away.
    #[wasm_bindgen(method)]
    pub fn close(this: &Editor);
}

/// The longest program, in bytes: it is to fit into a link.
const LONGEST: usize = 200_000;

/// The program in a file, or why it is none.
pub fn from_file(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() > LONGEST {
        return Err(format!("This file has {} bytes, and a program has {LONGEST} at most.", bytes.len()));
    }
    String::from_utf8(bytes).map_err(|_| "This file is no text in UTF-8, which Python programs are.".to_owned())
}

/// A text in few characters, such as may stand in a link.
pub async fn pack(text: &str) -> Option<String> {
    JsFuture::from(pack_text(text)).await.ok()?.as_string()
}

/// The text that was packed so; nothing if none was.
pub async fn unpack(letters: &str) -> Option<String> {
    JsFuture::from(unpack_text(letters)).await.ok()?.as_string()
}
