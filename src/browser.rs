//! What the page asks of the browser beside drawing: the address, files, the clipboard, events for outside drivers.
//!
//! A browser may refuse any of it (a sandboxed frame has no clipboard), so everything here answers with an
//! `Option` or quietly does nothing where nothing can be done.

use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, CustomEvent, CustomEventInit, Document, HtmlAnchorElement, Url, Window};

#[wasm_bindgen]
extern "C" {
    /// The address of a file of the site; see `www/start.js`.
    #[wasm_bindgen(js_name = interleaveFile)]
    pub fn file_address(name: &str) -> String;

    /// Opens the dialog with links and texts for posts; see `www/start.js`.
    #[wasm_bindgen(js_name = interleaveShare)]
    pub fn share(what: &JsValue) -> js_sys::Promise;
}

/// The window.
pub fn window() -> Option<Window> {
    web_sys::window()
}

/// The document.
pub fn document() -> Option<Document> {
    window()?.document()
}

/// Whether this document shows a run within another page, see [`crate::components::Player`].
pub fn is_player() -> bool {
    let root = document().and_then(|document| document.document_element());
    root.is_some_and(|root| root.has_attribute("data-player"))
}

/// The address's query, with its question mark. A player has it in its fragment, which no host gets to see: a program in
/// it may be longer than hosts allow.
pub fn query() -> String {
    let Some(location) = window().map(|window| window.location()) else { return String::new() };
    let query = if is_player() { location.hash().map(|hash| hash.replacen('#', "?", 1)) } else { location.search() };
    query.unwrap_or_default()
}

/// The whole address.
pub fn address() -> String {
    window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// The address of the whole page that shows this.
pub fn page_address(query: &str) -> String {
    let address = address();
    let folder =
        address.split(['?', '#']).next().and_then(|page| page.rsplit_once('/')).map_or("", |(folder, _)| folder);
    format!("{folder}/?{query}")
}

/// Makes the address say something else without a new entry in the history.
pub fn replace_query(query: &str) {
    let Some(window) = window() else { return };
    let location = window.location();
    let (Ok(history), Ok(path), Ok(search), Ok(hash)) =
        (window.history(), location.pathname(), location.search(), location.hash())
    else {
        return;
    };
    let question = if query.is_empty() { "" } else { "?" };
    let address = match is_player() {
        true => format!("{path}{search}#{query}"),
        false => format!("{path}{question}{query}{hash}"),
    };
    // Browsers limit how often this may be called; a later change catches up.
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
}

/// Milliseconds on the page's own clock.
pub fn now_ms() -> f64 {
    window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// What the browser calls itself.
pub fn user_agent() -> String {
    window().and_then(|window| window.navigator().user_agent().ok()).unwrap_or_default()
}

/// The date, as in 2026-11-21T10:00:00Z.
pub fn date() -> String {
    js_sys::Date::new_0().to_iso_string().into()
}

/// Whether the visitor asked for less motion.
pub fn prefers_reduced_motion() -> bool {
    let query = window().and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

/// Hands the visitor a file.
pub fn download(name: &str, bytes: &[u8]) -> Option<()> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let options = BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let anchor: HtmlAnchorElement = document()?.create_element("a").ok()?.dyn_into().ok()?;
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // The download holds on to the blob; the address of it can go once the click was dealt with.
    wasm_bindgen_futures::spawn_local(async move {
        let _ = wasm_bindgen_futures::JsFuture::from(js_sys::Promise::resolve(&JsValue::NULL)).await;
        let _ = Url::revoke_object_url(&url);
    });
    Some(())
}

/// The content of a file that the visitor picked.
pub async fn read(file: &web_sys::File) -> Option<Vec<u8>> {
    let buffer = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// A text file of the site.
pub async fn fetch_text(path: &str) -> Option<String> {
    let response = wasm_bindgen_futures::JsFuture::from(window()?.fetch_with_str(&file_address(path))).await.ok()?;
    let response: web_sys::Response = response.dyn_into().ok().filter(web_sys::Response::ok)?;
    wasm_bindgen_futures::JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// Dispatches an event on the window, for tests and for pages that embed this one.
pub fn announce(name: &str, detail: &JsValue) {
    let init = CustomEventInit::new();
    init.set_detail(detail);
    if let (Some(window), Ok(event)) = (window(), CustomEvent::new_with_event_init_dict(name, &init)) {
        let _ = window.dispatch_event(&event);
    }
}

/// An object for [`announce`]: what a JSON text says and some fields beside it.
pub fn detail(json: &str, fields: &[(&str, JsValue)]) -> JsValue {
    let object = JSON::parse(json).ok().filter(JsValue::is_object).unwrap_or_else(|| Object::new().into());
    for (key, value) in fields {
        let _ = Reflect::set(&object, &JsValue::from_str(key), value);
    }
    object
}

/// Sets or removes an attribute of the document's root.
pub fn set_root_attribute(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|document| document.document_element()) else { return };
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Says something across the page, whatever else is there: the page itself may be beyond saying it.
pub fn alarm(text: &str) {
    let Some(body) = document().and_then(|document| document.body()) else { return };
    let line = body.query_selector("[role=alert].alarm").ok().flatten().or_else(|| {
        let line = document()?.create_element("p").ok()?;
        line.set_class_name("alarm");
        line.set_attribute("role", "alert").ok()?;
        body.append_child(&line).ok()?;
        Some(line)
    });
    if let Some(line) = line {
        line.set_text_content(Some(text));
    }
}

/// The size of a rem in CSS pixels: what the canvas scales with.
pub fn rem() -> f64 {
    let size = || {
        let window = window()?;
        let root = window.document()?.document_element()?;
        let style = window.get_computed_style(&root).ok()??;
        style.get_property_value("font-size").ok()?.trim_end_matches("px").parse::<f64>().ok()
    };
    size().unwrap_or(16.0)
}

/// Keeps bytes under a key until the tab is closed; no bytes drop what was there.
pub fn keep(key: &str, bytes: &[u8]) {
    let Some(storage) = window().and_then(|window| window.session_storage().ok().flatten()) else { return };
    // Storage holds texts: a character a byte. What does not fit is not kept.
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let _ = if bytes.is_empty() { storage.remove_item(key) } else { storage.set_item(key, &text) };
}

/// Keeps a text under a key over visits.
pub fn keep_draft(key: &str, text: &str) {
    if let Some(storage) = window().and_then(|window| window.local_storage().ok().flatten()) {
        let _ = storage.set_item(key, text);
    }
}

/// The text that an earlier visit kept under a key.
pub fn draft(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(key).ok()?
}

/// What was kept under a key.
pub fn kept(key: &str) -> Option<Vec<u8>> {
    let storage = window()?.session_storage().ok()??;
    let text = storage.get_item(key).ok()??;
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}
