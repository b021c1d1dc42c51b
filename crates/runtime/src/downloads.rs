//! Downloads, blocking and awaited: the same request, told from two sides.

use std::future::{Future, poll_fn};

use interleave_trace::State;

use crate::fault::Fault;
use crate::span::{self, Title};
use crate::sys;
use crate::tasks::pending_on;

/// A file that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its content.
    pub body: Vec<u8>,
    /// Whether the latency asked for was added on the way.
    pub delayed: bool,
}

/// The response header with which a service worker says that it added the latency that was asked for.
pub const LATENCY_HEADER: &str = "x-interleave-latency";

/// Blocks the calling thread until the file is there.
pub fn download(path: &str, title: Title, latency_ms: u32) -> Result<Download, Fault> {
    span::while_waiting(State::Io, title, || sys::download_blocking(path, latency_ms))
}

/// Waits for the file; the event loop goes on meanwhile.
pub async fn download_async(path: &str, title: Title, latency_ms: u32) -> Result<Download, Fault> {
    let mut download = std::pin::pin!(sys::download(path, latency_ms));
    poll_fn(|context| {
        pending_on(State::Io, title);
        download.as_mut().poll(context)
    })
    .await
}
