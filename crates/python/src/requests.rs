//! Requests as a worker makes them that may block: synchronously. The page's policy keeps them to its own site.

use interleave_runtime::downloads::site;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsValue;
use web_sys::{XmlHttpRequest, XmlHttpRequestResponseType};

use crate::site::{Request, Response, Site, Unanswered};

/// The site that this worker's script came from.
pub const OWN_SITE: Site = Site { base: site, ask };

fn ask(request: &Request) -> Result<Response, Unanswered> {
    carry(request).map_err(|thrown| {
        let says = |what: &str| Reflect::get(&thrown, &what.into()).ok().and_then(|words| words.as_string());
        match says("name").as_deref() {
            Some("TimeoutError") => Unanswered::TimedOut,
            _ => Unanswered::Failed { message: says("message").unwrap_or_else(|| format!("{thrown:?}")) },
        }
    })
}

fn carry(request: &Request) -> Result<Response, JsValue> {
    let carrier = XmlHttpRequest::new()?;
    carrier.open_with_async(&request.method, &request.url, false)?;
    carrier.set_response_type(XmlHttpRequestResponseType::Arraybuffer);
    if let Some(timeout) = request.timeout {
        // None would be no limit at all.
        carrier.set_timeout(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX).max(1));
    }
    for (name, value) in request.headers.lines().filter_map(|line| line.split_once(": ")) {
        carrier.set_request_header(name, value)?;
    }
    match &request.body {
        // A copy, since this memory is shared and what is sent may not be.
        Some(body) => carrier.send_with_opt_js_u8_array(Some(&Uint8Array::from(body.as_slice())))?,
        None => carrier.send()?,
    }
    Ok(Response {
        status: carrier.status()?,
        reason: carrier.status_text()?,
        url: carrier.response_url(),
        headers: carrier.get_all_response_headers()?,
        body: Uint8Array::new(&carrier.response()?).to_vec(),
    })
}
