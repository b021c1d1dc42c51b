//! Every workload, one file each, and what they share: how work is cut, what a digest is, how parts travel.

mod accidents;
mod blur;
mod downloads;
mod generator;
mod mandelbrot;
mod matmul;
mod pi;
mod primes;
#[cfg(test)]
mod proof;
mod requests;
mod timers;
mod words;

use std::borrow::Cow;
use std::fmt::Debug;
use std::hash::Hasher;
use std::ops::Range;
use std::sync::Arc;

use bytemuck::{Pod, cast_slice};
use interleave_protocol::{Failure, RunSpec, Workload as Name};
use interleave_runtime::processes::Payload;

use crate::workload::{AnyWorkload, Message, Step, Workload, items, share};

pub use accidents::Accident;
pub use blur::Blur;
pub use downloads::Downloads;
pub use mandelbrot::Mandelbrot;
pub use matmul::Matmul;
pub use pi::Pi;
pub use primes::Primes;
pub use requests::Requests;
pub use timers::Timers;
pub use words::Words;

/// Something to do with a workload that is known only when the program runs.
pub trait Visit {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<W: Workload>(self) -> Self::Output;
}

/// From the catalogue's name to the type behind it; nothing if it is a program, which has no steps.
pub fn dispatch<V: Visit>(workload: Name, visitor: V) -> Option<V::Output> {
    Some(match workload {
        Name::Primes => visitor.visit::<Primes>(),
        Name::Mandelbrot => visitor.visit::<Mandelbrot>(),
        Name::Matmul => visitor.visit::<Matmul>(),
        Name::Pi => visitor.visit::<Pi>(),
        Name::Blur => visitor.visit::<Blur>(),
        Name::Words => visitor.visit::<Words>(),
        Name::Timers => visitor.visit::<Timers>(),
        Name::Downloads => visitor.visit::<Downloads>(),
        Name::Requests => visitor.visit::<Requests>(),
        Name::Panic | Name::Trap | Name::Memory | Name::Endless => visitor.visit::<Accident>(),
        _ => return None,
    })
}

/// Makes a workload for its run.
pub type Prepare = fn(&RunSpec) -> Result<Arc<dyn AnyWorkload>, Failure>;

/// From the catalogue's name to what makes the workload; nothing if it is a program.
pub fn prepare(workload: Name) -> Option<Prepare> {
    struct Here;
    impl Visit for Here {
        type Output = Prepare;

        fn visit<W: Workload>(self) -> Prepare {
            |spec| Ok(Arc::new(W::prepare(spec)?))
        }
    }
    dispatch(workload, Here)
}

/// The workload of a run in one of its processes; nothing if it is a program.
pub fn prepare_process(spec: &RunSpec) -> Option<Result<Box<dyn AnyWorkload>, Failure>> {
    struct There<'a>(&'a RunSpec);
    impl Visit for There<'_> {
        type Output = Result<Box<dyn AnyWorkload>, Failure>;

        fn visit<W: Workload>(self) -> Self::Output {
            Ok(Box::new(W::prepare_process(self.0)?))
        }
    }
    dispatch(spec.workload, There(spec))
}

/// How items are cut into tasks, and each task into pieces.
///
/// ```text
///  items  0 . . . . . . . . . . . . . . . . . . . . . . . 24
///  tasks  |       0       |       1       |       2       |
///  pieces | 0 | 1 | 2 | 3 | 0 | 1 | 2 | 3 | 0 | 1 | 2 | 3 |
/// ```
#[derive(Clone, Copy, Debug)]
struct Cut {
    items: u32,
    tasks: u32,
}

impl Cut {
    /// Enough for async tasks to take turns and for a picture to grow smoothly.
    const PIECES: u32 = 8;
    /// Many tasks are fine enough by themselves; their pieces would only cost.
    const PIECES_IN_ALL: u32 = 2048;

    /// The items of a task.
    fn task(self, task: u32) -> Range<u32> {
        share(self.items, task, self.tasks)
    }

    /// Into how many pieces a task with so many items is cut: none if it has no items.
    fn pieces_of(self, items: u32) -> u32 {
        items.min((Self::PIECES_IN_ALL / self.tasks).clamp(1, Self::PIECES))
    }

    /// Into how many pieces a task is cut.
    fn pieces(self, task: u32) -> u32 {
        self.pieces_of(self.task(task).len() as u32)
    }

    /// The items of a piece.
    fn piece(self, task: u32, piece: u32) -> Range<u32> {
        let whole = self.task(task);
        let within = share(whole.len() as u32, piece, self.pieces(task));
        whole.start + within.start..whole.start + within.end
    }

    /// A task that computes its pieces one after another.
    fn steps(self, task: u32) -> Vec<Step> {
        compute(self.pieces(task))
    }

    /// Each task's items beside what it made of them.
    fn with<P>(self, parts: &[P]) -> Result<impl Iterator<Item = (Range<u32>, &P)>, Failure> {
        if parts.len() != self.tasks as usize {
            return Err(wrong(format!("{} parts came of {} tasks", parts.len(), self.tasks)));
        }
        Ok(parts.iter().enumerate().map(move |(task, part)| (self.task(task as u32), part)))
    }
}

/// So many pieces, one after another.
fn compute(pieces: u32) -> Vec<Step> {
    (0..pieces).map(|piece| Step::Compute { piece }).collect()
}

fn wrong(message: String) -> Failure {
    Failure::WrongResult { message }
}

/// 64-bit FNV-1a (Fowler, Noll and Vo) of bytes.
pub fn digest<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hasher = fnv::FnvHasher::default();
    chunks.into_iter().for_each(|chunk| hasher.write(chunk));
    hasher.finish()
}

/// The same taken a 32-bit word at a time. Byte by byte, the digest of a large picture would cost a tenth of
/// what the picture does.
fn digest_words<'a>(chunks: impl IntoIterator<Item = &'a [u32]>) -> u64 {
    // A function of its own, since browsers replace slow code by fast only where a function is entered.
    #[inline(never)]
    fn chunk(hash: u64, words: &[u32]) -> u64 {
        words.iter().fold(hash, |hash, word| (hash ^ u64::from(*word)).wrapping_mul(0x0000_0100_0000_01b3))
    }
    chunks.into_iter().fold(0xcbf2_9ce4_8422_2325, chunk)
}

/// Scatters the bits of a number: the finalizer of MurmurHash3 (Appleby). No two numbers give the same.
const fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x85eb_ca6b);
    x ^= x >> 13;
    x = x.wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// Numbers below a limit, neighbours far apart: multiples of the golden ratio (Knuth, vol. 3, 6.4).
fn spread(index: u32, limit: u32) -> u32 {
    ((u64::from(index.wrapping_mul(0x9e37_79b9)) * u64::from(limit)) >> 32) as u32
}

/// A number with commas: 1,234,567.
pub fn grouped(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// As raw bytes: browsers' wasm and the machines it is compared with are all little-endian.
impl<T: Pod + Send + Debug> Message for Vec<T> {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(cast_slice(self))
    }

    fn from_payload(payload: Payload) -> Option<Self> {
        items(&payload)
    }
}

impl Message for u32 {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.to_le_bytes().to_vec())
    }

    fn from_payload(payload: Payload) -> Option<Self> {
        items(&payload)?.try_into().ok().map(|[number]: [u32; 1]| number)
    }
}
