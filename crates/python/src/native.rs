//! Programs without a browser: for tests.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use interleave_runtime::instance::{begin_lane, end_lane};
use interleave_runtime::rt::schedule::{self, Plan, WhenStuck};
use interleave_runtime::segment::Segment;
use interleave_runtime::span::{self, Title};
use interleave_trace::ring::Slot;
use interleave_trace::{LaneId, LaneKind, NO_NUMBER, What, clock, detach, drain_all, fresh_lane, intern, record_at};

use crate::interpreter::{Program, Turns, build, execute, furnish};
use crate::modules::threads;
use crate::output::{Piece, Stream, Terminal, set_terminal};
use crate::site::{Site, Unanswered, set_site};

/// How a program is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How its threads take turns.
    pub turns: Turns,
    /// The seed of its schedule, if `turns` says that it has one.
    pub seed: u64,
    /// The lines that it is given when it asks.
    pub input: Vec<String>,
    /// When it is stopped.
    pub limit: Duration,
    /// Is told what it writes, at once.
    pub watch: fn(&Piece),
    /// The site that it is of.
    pub site: Site,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            turns: Turns::Free,
            seed: 0,
            input: Vec::new(),
            limit: Duration::from_secs(60),
            watch: |_| (),
            site: NO_SITE,
        }
    }
}

/// A site that is not there.
const NO_SITE: Site = Site {
    base: || "http://nowhere.test/".to_owned(),
    ask: |_| Err(Unanswered::Failed { message: "nobody answers".to_owned() }),
};

/// What became of a program.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code.
    pub code: u32,
    /// What it wrote, in order.
    pub pieces: Vec<Piece>,
    /// Whether it had to be stopped, since its time was up.
    pub stopped: bool,
    /// What was recorded.
    pub trace: Vec<Slot>,
}

impl Finished {
    /// What it wrote to one of its streams.
    pub fn text(&self, stream: Stream) -> String {
        self.pieces.iter().filter(|piece| piece.stream == stream).map(|piece| piece.text.as_str()).collect()
    }
}

static WRITTEN: Mutex<Vec<Piece>> = Mutex::new(Vec::new());
static WATCH: Mutex<fn(&Piece)> = Mutex::new(|_| ());
static INPUT: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How deep the stack of a program's main thread may become.
const STACK_BYTES: usize = 64 << 20;

/// How long threads have to leave once the program is over.
const TIME_TO_LEAVE: Duration = Duration::from_secs(2);

/// Runs a program on a thread of its own. One at a time: others wait.
///
/// Its interpreter is not taken down: threads may still be in it.
pub fn run(program: &Program, options: &Options) -> Result<Finished, String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = lock(&ONE_AT_A_TIME);
    set_terminal(Terminal {
        write: |piece| {
            // A process that was ended is a thread here, and may not know it yet.
            if !threads::is_of_this_program() {
                return;
            }
            let watch = *lock(&WATCH);
            watch(&piece);
            lock(&WRITTEN).push(piece);
        },
        read_line: || lock(&INPUT).pop_front().map(|line| line + "\n"),
    });
    set_site(options.site);
    lock(&WRITTEN).clear();
    *lock(&WATCH) = options.watch;
    *lock(&INPUT) = options.input.iter().cloned().collect();
    let mut trace = Vec::new();
    drain_all(&mut trace);
    trace.clear();
    clock::set_origin(clock::epoch_ms());
    threads::begin();
    let segment = Segment::new();
    let mut stopped = false;
    let started = Instant::now();
    let code = std::thread::scope(|scope| {
        let main = std::thread::Builder::new().stack_size(STACK_BYTES);
        let main =
            main.spawn_scoped(scope, || on_its_lane(program, options, &segment)).map_err(|error| error.to_string())?;
        while !main.is_finished() {
            drain_all(&mut trace);
            std::thread::park_timeout(Duration::from_millis(1));
            if started.elapsed() > options.limit && !stopped {
                stopped = true;
                threads::stop();
                segment.cancel_waits();
            }
        }
        main.join().map_err(|_| "the interpreter panicked".to_owned())?
    })?;
    let leaving = Instant::now();
    while threads::are_running() && leaving.elapsed() < TIME_TO_LEAVE {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    drain_all(&mut trace);
    Ok(Finished { code, pieces: std::mem::take(&mut *lock(&WRITTEN)), stopped, trace })
}

fn on_its_lane(program: &Program, options: &Options, segment: &Segment) -> Result<u32, String> {
    segment.clone().install();
    let lane = fresh_lane();
    begin_lane(lane);
    let (kind, parent, host) = (LaneKind::Thread, LaneId::NONE, LaneId::NONE);
    record_at(clock::now(), lane, What::Spawned { parent, kind, name: intern("MainThread"), number: NO_NUMBER, host });
    let interpreter = build();
    furnish(&interpreter)?;
    span::running(Title::new("MainThread"));
    if matches!(options.turns, Turns::Scheduled { .. }) {
        schedule::begin(Plan::Seed(options.seed), WhenStuck::Cancel);
    }
    let code = execute(&interpreter, program, options.turns);
    if matches!(options.turns, Turns::Scheduled { .. }) {
        schedule::end();
    }
    std::mem::forget(interpreter);
    end_lane();
    detach();
    Ok(code)
}
