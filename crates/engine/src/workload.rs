//! What a workload is: tasks made of steps, and a result that can be checked.
//!
//! A workload says *what* is to be done and never *where*: the four models interpret the same steps, in
//! shared memory or across messages, blocking or awaiting. So each workload is written once and gives the
//! same result in every model.
//!
//! ```text
//!  task 3:  Compute 0 | Sleep 40 ms | Compute 1          -> its part
//!  parts of all tasks  -> reduce -> the answer: a summary, a digest, right or wrong
//! ```

use std::any::Any;
use std::borrow::Cow;
use std::cell::UnsafeCell;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU8, Ordering};

use bytemuck::{Pod, cast_slice_mut, zeroed_vec};
use interleave_protocol::{Failure, RunSpec};
use interleave_runtime::processes::Payload;

/// One step of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Compute one piece of the task. Between two pieces an async task lets others go on.
    Compute {
        /// Which piece, counted from zero.
        piece: u32,
    },
    /// Wait until so many milliseconds after the run's start.
    Arrive {
        /// When.
        at_ms: u32,
    },
    /// Wait for a time.
    Sleep {
        /// How long, in milliseconds.
        ms: u32,
    },
    /// Download a file of the site, see [`interleave_protocol::downloads`].
    Download {
        /// Its number.
        file: u32,
    },
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is as it should be. A workload whose result is not has failed; a program may just show how that
    /// comes about.
    pub passed: bool,
    /// In words and numbers with units, for the report: "148,933 primes below 2,000,000".
    pub summary: String,
    /// Of the whole result: equal in every model.
    pub digest: u64,
}

impl Answer {
    /// Of a program, whose whole result its summary says.
    pub fn new(passed: bool, summary: String) -> Self {
        let digest = crate::workloads::digest([summary.as_bytes()]);
        Self { passed, summary, digest }
    }
}

/// Something that can travel as a message.
pub trait Message: Sized + Send + 'static {
    /// As bytes.
    fn to_bytes(&self) -> Cow<'_, [u8]>;
    /// From bytes that `to_bytes` made; `None` if they are not.
    fn from_payload(payload: Payload) -> Option<Self>;
}

/// Something to run. See the module's text.
pub trait Workload: Sized + Send + Sync + 'static {
    /// What a task yields.
    type Part: Message + Default + Debug;

    /// What a task's spans are called; its number is put behind it: "rows", "request".
    const TASK: &'static str;

    /// With all its input, before the clock starts. Large memory is asked for with
    /// [`crate::workload::reserve`], so that too large a size is a sentence and not a crash.
    fn prepare(spec: &RunSpec) -> Result<Self, Failure>;

    /// In a process: without the input, which comes as messages.
    fn prepare_process(spec: &RunSpec) -> Result<Self, Failure> {
        Self::prepare(spec)
    }

    /// What every process has to know before its first task. Sent once to each.
    fn setup(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&[])
    }

    /// In a process: takes what [`Workload::setup`] made.
    fn accept_setup(&mut self, _setup: Payload) {}

    /// What a process has to know for one task beside its number.
    fn input(&self, _task: u32) -> Cow<'_, [u8]> {
        Cow::Borrowed(&[])
    }

    /// In a process: takes what [`Workload::input`] made.
    fn accept_input(&mut self, _task: u32, _input: Payload) {}

    /// What a task consists of.
    fn steps(&self, task: u32) -> Vec<Step>;

    /// Computes one piece of a task into its part.
    fn compute(&self, task: u32, piece: u32, part: &mut Self::Part);

    /// Takes a file that the task downloaded.
    fn downloaded(&self, _task: u32, _file: u32, _body: &[u8], _part: &mut Self::Part) -> Result<(), Failure> {
        Ok(())
    }

    /// Puts what a part has so far where the page can see it (the rows of the picture that this piece made, say),
    /// in the instance that holds the output. Gives which units of output are now there: first and count.
    fn show(&self, _task: u32, _piece: u32, _part: &Self::Part) -> Option<(u32, u32)> {
        None
    }

    /// The picture that is being made, `size` pixels wide and high, if there is one.
    fn picture(&self) -> Option<&Picture> {
        None
    }

    /// Puts the parts together, in the order of the tasks, and checks the result against something that
    /// was not computed by the same code.
    fn reduce(&self, parts: &[Self::Part]) -> Result<Answer, Failure>;
}

/// What a task yields, where nobody knows of which type that is but its workload.
pub type AnyPart = Box<dyn Any + Send>;

/// A [`Workload`] that is known only when the program runs. The models work with these: so there is one of each model,
/// and not one for each workload.
pub trait AnyWorkload: Send + Sync + 'static {
    /// [`Workload::TASK`].
    fn task(&self) -> &'static str;
    /// See [`Workload`], as for all that follows.
    fn setup(&self) -> Cow<'_, [u8]>;
    /// See [`Workload`].
    fn accept_setup(&mut self, setup: Payload);
    /// See [`Workload`].
    fn input(&self, task: u32) -> Cow<'_, [u8]>;
    /// See [`Workload`].
    fn accept_input(&mut self, task: u32, input: Payload);
    /// See [`Workload`].
    fn steps(&self, task: u32) -> Vec<Step>;
    /// What a task has before its first step.
    fn part(&self) -> AnyPart;
    /// A task's part from a message; `None` if it is none.
    fn part_from(&self, payload: Payload) -> Option<AnyPart>;
    /// A task's part as a message.
    fn part_to_bytes<'a>(&self, part: &'a AnyPart) -> Cow<'a, [u8]>;
    /// See [`Workload`].
    fn compute(&self, task: u32, piece: u32, part: &mut AnyPart);
    /// See [`Workload`].
    fn downloaded(&self, task: u32, file: u32, body: &[u8], part: &mut AnyPart) -> Result<(), Failure>;
    /// See [`Workload`].
    fn show(&self, task: u32, piece: u32, part: &AnyPart) -> Option<(u32, u32)>;
    /// See [`Workload`].
    fn picture(&self) -> Option<&Picture>;
    /// See [`Workload`].
    fn reduce(&self, parts: Vec<AnyPart>) -> Result<Answer, Failure>;
}

const FOREIGN: &str = "the part of another workload";

fn part_of<W: Workload>(part: &AnyPart) -> &W::Part {
    part.downcast_ref().expect(FOREIGN)
}

fn part_of_mut<W: Workload>(part: &mut AnyPart) -> &mut W::Part {
    part.downcast_mut().expect(FOREIGN)
}

impl<W: Workload> AnyWorkload for W {
    fn task(&self) -> &'static str {
        W::TASK
    }

    fn setup(&self) -> Cow<'_, [u8]> {
        Workload::setup(self)
    }

    fn accept_setup(&mut self, setup: Payload) {
        Workload::accept_setup(self, setup);
    }

    fn input(&self, task: u32) -> Cow<'_, [u8]> {
        Workload::input(self, task)
    }

    fn accept_input(&mut self, task: u32, input: Payload) {
        Workload::accept_input(self, task, input);
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        Workload::steps(self, task)
    }

    fn part(&self) -> AnyPart {
        Box::new(W::Part::default())
    }

    fn part_from(&self, payload: Payload) -> Option<AnyPart> {
        Some(Box::new(W::Part::from_payload(payload)?))
    }

    fn part_to_bytes<'a>(&self, part: &'a AnyPart) -> Cow<'a, [u8]> {
        part_of::<W>(part).to_bytes()
    }

    fn compute(&self, task: u32, piece: u32, part: &mut AnyPart) {
        Workload::compute(self, task, piece, part_of_mut::<W>(part));
    }

    fn downloaded(&self, task: u32, file: u32, body: &[u8], part: &mut AnyPart) -> Result<(), Failure> {
        Workload::downloaded(self, task, file, body, part_of_mut::<W>(part))
    }

    fn show(&self, task: u32, piece: u32, part: &AnyPart) -> Option<(u32, u32)> {
        Workload::show(self, task, piece, part_of::<W>(part))
    }

    fn picture(&self) -> Option<&Picture> {
        Workload::picture(self)
    }

    fn reduce(&self, parts: Vec<AnyPart>) -> Result<Answer, Failure> {
        let own = |part: AnyPart| *part.downcast::<W::Part>().expect(FOREIGN);
        Workload::reduce(self, &parts.into_iter().map(own).collect::<Vec<_>>())
    }
}

/// A payload as plain data; `None` if it does not consist of whole items.
pub fn items<T: Pod>(payload: &Payload) -> Option<Vec<T>> {
    let mut items = Vec::new();
    replace_items(&mut items, payload).then_some(items)
}

/// As [`items`], in the place of others, none of which is left: memory that was used before costs less than fresh one.
/// Gives whether there were whole items.
pub fn replace_items<T: Pod>(items: &mut Vec<T>, payload: &Payload) -> bool {
    if !payload.len().is_multiple_of(size_of::<T>()) {
        items.clear();
        return false;
    }
    let count = payload.len() / size_of::<T>();
    if items.len() != count {
        *items = Vec::new();
        *items = zeroed_vec(count);
    }
    payload.copy_to(cast_slice_mut(items));
    true
}

/// A square picture that several lanes write and the page reads meanwhile: RGBA, one word a pixel.
///
/// A row is written once, by whoever comes first. So its pixels need not be atomic, which in WebAssembly would make
/// each of them cost as much as a lock's (a browser orders every atomic store before all that follows).
pub struct Picture {
    edge: u32,
    rows: Vec<AtomicU8>,
    pixels: Vec<UnsafeCell<u32>>,
}

/// Nobody has begun to write a row.
const BLANK: u8 = 0;
/// Somebody is writing it.
const BEGUN: u8 = 1;
/// It is there and stays as it is.
const WRITTEN: u8 = 2;

// SAFETY: the pixels of a row are written only by the one who took it from `BLANK` to `BEGUN`, and read only by those who
// saw it `WRITTEN`, which it is made after that. The page reads them from outside of Rust.
unsafe impl Sync for Picture {}

impl Picture {
    /// Transparent, `edge` pixels wide and high.
    pub fn new(edge: u32) -> Result<Self, Failure> {
        let mut rows = reserve(edge as usize)?;
        rows.resize_with(edge as usize, Default::default);
        let mut pixels = reserve(edge as usize * edge as usize)?;
        pixels.resize_with(edge as usize * edge as usize, Default::default);
        Ok(Self { edge, rows, pixels })
    }

    /// Its width and height in pixels.
    pub fn edge(&self) -> u32 {
        self.edge
    }

    fn row(&self, number: usize) -> &[UnsafeCell<u32>] {
        &self.pixels[number * self.edge as usize..][..self.edge as usize]
    }

    /// Writes whole rows from `first` on; what is beyond the picture, or written already, is passed over.
    pub fn write_rows(&self, first: u32, pixels: &[u32]) {
        let rows = self.rows.iter().enumerate().skip(first as usize);
        for ((number, state), from) in rows.zip(pixels.chunks_exact(self.edge as usize)) {
            if state.compare_exchange(BLANK, BEGUN, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                continue;
            }
            let to = UnsafeCell::raw_get(self.row(number).as_ptr());
            // SAFETY: the row is as long as `from`, whose memory is another's, and nobody else reads or writes it.
            unsafe { to.copy_from_nonoverlapping(from.as_ptr(), from.len()) };
            state.store(WRITTEN, Ordering::Release);
        }
    }

    /// Reads `count` whole rows from `first` on; what is not written yet is transparent.
    pub fn read_rows(&self, first: u32, count: u32) -> Vec<u32> {
        let rows = self.rows.iter().enumerate().skip(first as usize).take(count as usize);
        let pixels = rows.flat_map(|(number, state)| {
            let is_written = state.load(Ordering::Acquire) == WRITTEN;
            // SAFETY: a row that is written stays as it is.
            self.row(number).iter().map(move |pixel| if is_written { unsafe { *pixel.get() } } else { 0 })
        });
        pixels.collect()
    }

    /// Where its pixels lie, for a reader that shares the memory.
    pub fn address(&self) -> usize {
        self.pixels.as_ptr().addr()
    }
}

/// An empty vector with room for `length` items, or the failure that says how much memory was missing.
pub fn reserve<T>(length: usize) -> Result<Vec<T>, Failure> {
    let mut items = Vec::new();
    let wanted = (length as u64).saturating_mul(size_of::<T>() as u64);
    items.try_reserve_exact(length).map_err(|_| Failure::OutOfMemory { wanted })?;
    Ok(items)
}

/// The part of `items` that task `task` of `tasks` gets: contiguous, and no two differ by more than one.
pub fn share(items: u32, task: u32, tasks: u32) -> std::ops::Range<u32> {
    let cut = |n: u32| (u64::from(items) * u64::from(n) / u64::from(tasks)) as u32;
    cut(task)..cut(task + 1)
}
