//! Downloads, blocking and awaited: the same request, told from two sides.
//!
//! In a seeded schedule, where only steps count, a file comes within one step, and its latency is a wait on the run's own
//! clock: so it comes at the same time in every run.

use std::future::{Future, poll_fn};
use std::time::Duration;

use interleave_trace::State;

use crate::fault::Fault;
use crate::rt::{self, schedule};
use crate::span::{self, Title};
use crate::sys;
use crate::tasks::{self, pending_on};

/// A file that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its content.
    pub body: Vec<u8>,
    /// Whether the latency asked for was added on the way.
    pub delayed: bool,
}

/// Where the site's files are, with a slash at the end: the folder of the page, and of the worker's script beside it.
#[cfg(target_arch = "wasm32")]
pub use sys::site;

/// The response header with which a service worker says that it added the latency that was asked for.
pub const LATENCY_HEADER: &str = "x-interleave-latency";

/// Blocks the calling thread until the file is there.
pub fn download(path: &str, title: Title, latency_ms: u32) -> Result<Download, Fault> {
    if schedule::is_on() {
        let download = in_one_step(path)?;
        rt::pause(State::Io, Duration::from_millis(latency_ms.into()), title)?;
        return Ok(download);
    }
    span::while_waiting(State::Io, title, || sys::download_blocking(path, latency_ms))
}

/// Waits for the file; the event loop goes on meanwhile.
pub async fn download_async(path: &str, title: Title, latency_ms: u32) -> Result<Download, Fault> {
    if schedule::is_on() {
        let download = in_one_step(path)?;
        let latency = Duration::from_millis(latency_ms.into());
        tasks::io(latency, title).await.map_err(|_| Fault::Cancelled)?;
        return Ok(download);
    }
    let mut download = std::pin::pin!(sys::download(path, latency_ms));
    poll_fn(|context| {
        pending_on(State::Io, title);
        download.as_mut().poll(context)
    })
    .await
}

fn in_one_step(path: &str) -> Result<Download, Fault> {
    Ok(Download { delayed: true, ..sys::download_blocking(path, 0)? })
}
