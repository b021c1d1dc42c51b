//! Counts primes by trial division, the slow and honest way, so that later numbers cost more.
//!
//! The check is the sieve of Eratosthenes, over each task's range.

use std::borrow::Cow;
use std::ops::Range;

use interleave_protocol::{Failure, RunSpec};
use interleave_runtime::processes::Payload;

use super::{Cut, digest, grouped, wrong};
use crate::workload::{Answer, Message, Step, Workload, items};

/// See the module's text.
pub struct Primes {
    cut: Cut,
}

/// What a task found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    count: u32,
    sum: u64,
}

impl Found {
    fn add(&mut self, prime: u32) {
        self.count += 1;
        self.sum += u64::from(prime);
    }
}

impl Message for Found {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Owned(vec![u64::from(self.count), self.sum].to_bytes().into_owned())
    }

    fn from_payload(payload: Payload) -> Option<Self> {
        let [count, sum] = items::<u64>(&payload)?.try_into().ok()?;
        Some(Self { count: count.try_into().ok()?, sum })
    }
}

impl Workload for Primes {
    type Part = Found;
    const TASK: &'static str = "numbers";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        Ok(Self { cut: Cut { items: spec.size, tasks: spec.tasks } })
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        self.cut.steps(task)
    }

    fn compute(&self, task: u32, piece: u32, part: &mut Found) {
        self.cut.piece(task, piece).filter(|n| is_prime(*n)).for_each(|prime| part.add(prime));
    }

    fn reduce(&self, parts: &[Found]) -> Result<Answer, Failure> {
        let limit = self.cut.items;
        let sieve = Sieve::new(limit);
        let mut all = Found::default();
        for (numbers, part) in self.cut.with(parts)? {
            let sieved = sieve.find(numbers.clone());
            if *part != sieved {
                return Err(wrong(format!(
                    "from {} to {} the task found {} primes of sum {}, the sieve {} of sum {}",
                    numbers.start, numbers.end, part.count, part.sum, sieved.count, sieved.sum
                )));
            }
            all.count += part.count;
            all.sum += part.sum;
        }
        Ok(Answer {
            passed: true,
            summary: format!("{} primes below {}", grouped(all.count), grouped(limit)),
            digest: digest([&all.to_bytes()[..]]),
        })
    }
}

/// Divides by 2 and by the odd numbers up to the square root. Never inlined: see [`super::generator`].
#[inline(never)]
fn is_prime(n: u32) -> bool {
    if n < 4 || n.is_multiple_of(2) {
        return n == 2 || n == 3;
    }
    let mut divisor = 3;
    while divisor * divisor <= n {
        if n.is_multiple_of(divisor) {
            return false;
        }
        divisor += 2;
    }
    true
}

/// A sieve of odd numbers in segments that stay in the nearest cache (Bays and Hudson, 1977).
struct Sieve {
    /// The odd primes up to the square root of the limit.
    primes: Vec<u32>,
}

impl Sieve {
    /// In odd numbers, and in bytes.
    const SEGMENT: u32 = 1 << 15;

    fn new(limit: u32) -> Self {
        let root = limit.isqrt();
        let mut composite = vec![false; root as usize + 1];
        let mut primes = Vec::new();
        for n in (3..=root).step_by(2) {
            if !composite[n as usize] {
                primes.push(n);
                (n * n..=root).step_by(n as usize).for_each(|multiple| composite[multiple as usize] = true);
            }
        }
        Self { primes }
    }

    fn find(&self, numbers: Range<u32>) -> Found {
        let mut found = Found::default();
        if numbers.contains(&2) {
            found.add(2);
        }
        // The odd number 2 i + 1 has the index i.
        let (mut first, end) = ((numbers.start / 2).max(1), numbers.end / 2);
        while first < end {
            let length = (end - first).min(Self::SEGMENT);
            let mut composite = vec![false; length as usize];
            let (least, most) = (2 * first + 1, 2 * (first + length) - 1);
            for &prime in self.primes.iter().take_while(|prime| **prime * **prime <= most) {
                let from = (prime * prime).max(least.next_multiple_of(prime));
                let from = if from.is_multiple_of(2) { from + prime } else { from };
                let index = (from / 2 - first) as usize;
                composite.iter_mut().skip(index).step_by(prime as usize).for_each(|it| *it = true);
            }
            let primes = composite.iter().zip(first..).filter(|(composite, _)| !**composite);
            primes.for_each(|(_, index)| found.add(2 * index + 1));
            first += length;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_counts() {
        let sieve = Sieve::new(1_000_000);
        for (limit, count) in [(2, 0), (3, 1), (10, 4), (100, 25), (1000, 168), (10_000, 1229), (1_000_000, 78_498)] {
            assert_eq!(sieve.find(0..limit).count, count, "below {limit}");
        }
    }

    #[test]
    fn division_and_sieve_agree_on_every_range() {
        let sieve = Sieve::new(200_000);
        for range in [0..0, 0..1, 1..2, 2..3, 2..4, 3..9, 9..10, 24..26, 120_000..121_001, 65_535..196_609] {
            let mut divided = Found::default();
            range.clone().filter(|n| is_prime(*n)).for_each(|prime| divided.add(prime));
            assert_eq!(divided, sieve.find(range.clone()), "{range:?}");
        }
    }
}
