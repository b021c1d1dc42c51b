//! Runs a Python file natively: `cargo run --example run FILE [GIL_MS | seed=N]`.

use std::io::Write;
use std::time::{Duration, Instant};

use interleave_python::interpreter::{Program, Turns};
use interleave_python::native::{Options, run};
use interleave_python::output::{Piece, Stream};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a file")?;
    let watch = |piece: &Piece| {
        let text = piece.text.as_bytes();
        let written = match piece.stream {
            Stream::Out => std::io::stdout().write_all(text),
            Stream::Err => std::io::stderr().write_all(text),
        };
        if written.is_err() {
            // Nobody reads it any more.
            std::process::exit(1);
        }
    };
    let mut options = Options { watch, limit: Duration::from_secs(600), ..Options::default() };
    if let Some(turns) = arguments.next() {
        (options.turns, options.seed) = match turns.strip_prefix("seed=") {
            Some(seed) => (Turns::Scheduled { gil: false }, seed.parse()?),
            None => (Turns::Gil(Duration::from_secs_f64(turns.parse::<f64>()? / 1e3)), 0),
        };
    }
    let program = Program { source: std::fs::read_to_string(&file)?, file };
    let started = Instant::now();
    let finished = run(&program, &options)?;
    eprintln!("exit {}, {:.0} ms", finished.code, started.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
