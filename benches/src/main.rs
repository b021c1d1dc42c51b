//! What `cargo xtask bench` measures beside the built site: the same kernels natively and in wasm, a bare rayon
//! pool, and the runtime's threads, processes and messages without a page around them.
//!
//! One program for both sides, so that what is compared is the same code:
//!
//! ```text
//!  natively    bench kernel QUERY         one kernel, as a line of JSON
//!              bench saved SPANS FILE     a saved run of so many spans, to be opened by the page
//!  in a page   the exports of `web` and `primitives`, called by www/worker.js in a fresh instance each
//! ```

mod kernel;
#[cfg(target_arch = "wasm32")]
mod primitives;
#[cfg(not(target_arch = "wasm32"))]
mod synthetic;
#[cfg(target_arch = "wasm32")]
mod web;

#[cfg(target_arch = "wasm32")]
fn main() {
    interleave_engine::stock::offer(&interleave_engine::stock::WORKLOADS);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["kernel", query] => kernel::spec(query)
            .and_then(|spec| kernel::one_by_one(spec).map_err(|failure| failure.to_string()))
            .map(|timed| println!("{}", timed.to_json())),
        ["saved", spans, file] => match spans.parse() {
            Ok(spans) => std::fs::write(file, synthetic::saved(spans)).map_err(|error| format!("{file}: {error}")),
            Err(_) => Err(format!("{spans} is no number of spans")),
        },
        _ => Err("Usage: bench kernel QUERY | bench saved SPANS FILE".to_owned()),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}
