//! The rules that the other test programs state, in a browser: an artifact of the engine's kind, whose programs are the
//! tests. So each rule is written once. Natively this program is empty.
//!
//! The compiler collects what is marked `#[test]` for any runner, which here is no runner but an offer to the page: a run
//! names a rule by its number, and number 0 gives the list. A panic fails the run, and the page says with which words.

#![cfg_attr(target_arch = "wasm32", feature(custom_test_frameworks, test))]
#![cfg_attr(target_arch = "wasm32", test_runner(crate::offered::offer_rules))]
#![cfg(target_arch = "wasm32")]

mod offered;

#[path = "../gil.rs"]
mod gil;
#[path = "../messages.rs"]
mod messages;
#[path = "../multiprocessing.rs"]
mod multiprocessing;
#[path = "../pools.rs"]
mod pools;
#[path = "../schedule.rs"]
mod schedule;
#[path = "../semantics/main.rs"]
mod semantics;
#[cfg(feature = "stress")]
#[path = "../stress.rs"]
mod stress;
#[path = "../task_rules.rs"]
mod task_rules;

pub use offered::await_later;
