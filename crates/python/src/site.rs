//! The site that a program's page is of: what a program may ask it, and who carries the question there.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GET, POST ...
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Lines of the form `name: value`.
    pub headers: String,
    /// What goes with it.
    pub body: Option<Vec<u8>>,
    /// For how long an answer is waited for.
    pub timeout: Option<Duration>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200 if all is well, 404 for what is not there ...
    pub status: u16,
    /// The status in words, if the site says any.
    pub reason: String,
    /// Where the answer came from in the end.
    pub url: String,
    /// Lines of the form `name: value`.
    pub headers: String,
    /// What was asked for.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// None came in time.
    TimedOut,
    /// The request was refused, or broke off.
    Failed {
        /// The browser's words.
        message: String,
    },
}

/// A site.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Where addresses begin that say no site, with a slash at the end.
    pub base: fn() -> String,
    /// Asks, and blocks until there is an answer.
    pub ask: fn(&Request) -> Result<Response, Unanswered>,
}

static SITE: Mutex<Option<Site>> = Mutex::new(None);

/// From now on programs ask this one.
pub fn set_site(site: Site) {
    *SITE.lock().unwrap_or_else(PoisonError::into_inner) = Some(site);
}

pub(crate) fn site() -> Option<Site> {
    *SITE.lock().unwrap_or_else(PoisonError::into_inner)
}
