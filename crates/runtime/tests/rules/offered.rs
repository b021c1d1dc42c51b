//! The list of rules, and how the engine runs one.

extern crate test;

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::OnceLock;

use interleave_engine::experiments::{Body, Outcome};
use interleave_engine::stock::{PROGRAMS, Stock, offer};
use interleave_engine::workload::Answer;
use interleave_protocol::RunSpec;
use interleave_runtime::span;
use interleave_trace::{Apart, Level};
use test::{TestDescAndFn, TestFn};

struct Rule {
    name: String,
    body: fn() -> Result<(), String>,
    /// Why it cannot hold here.
    exempt: Option<&'static str>,
}

static RULES: OnceLock<Vec<Rule>> = OnceLock::new();

static STOCK: Stock = Stock { program: |_| Some(Body::Awaiting(|spec| Box::pin(run(spec)))), ..PROGRAMS };

/// What the compiler calls with all tests of this program.
pub fn offer_rules(tests: &[&TestDescAndFn]) {
    let rule = |test: &&TestDescAndFn| match test.testfn {
        TestFn::StaticTestFn(body) => {
            let exempt = test.desc.ignore.then(|| test.desc.ignore_message.unwrap_or("no reason"));
            Some(Rule { name: test.desc.name.to_string(), body, exempt })
        }
        _ => None,
    };
    let _already_set = RULES.set(tests.iter().filter_map(rule).collect());
    offer(&STOCK);
}

thread_local! {
    static AWAITED: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>> = const { RefCell::new(Vec::new()) };
}

/// What a test has to await, and cannot within its own function, since nothing but the worker's event loop brings it on.
/// The rule holds when that has come to its end.
pub fn await_later(future: impl Future<Output = ()> + 'static) {
    AWAITED.with_borrow_mut(|awaited| awaited.push(Box::pin(future)));
}

/// Runs the rule that the specification names by its number.
async fn run(spec: RunSpec) -> Outcome {
    let rules = RULES.get().map_or(&[][..], Vec::as_slice);
    let Some(number) = (spec.size as usize).checked_sub(1) else {
        for Rule { name, exempt, .. } in rules {
            span::note(Level::Info, &format!("{name}\t{}", exempt.unwrap_or_default()));
        }
        return Ok(Answer::new(true, format!("there are {} rules", rules.len())));
    };
    let Some(rule) = rules.get(number) else {
        return Ok(Answer::new(false, format!("there are only {} rules", rules.len())));
    };
    let result = {
        let _apart = Apart::begin();
        let result = (rule.body)();
        for future in AWAITED.take() {
            future.await;
        }
        result
    };
    Ok(Answer::new(result.is_ok(), result.err().unwrap_or_else(|| rule.name.clone())))
}
