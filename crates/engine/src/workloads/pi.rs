//! Estimates pi: throws points at a square and counts those inside the circle.
//!
//! Every thousand points are a block with a random stream of its own, a function of the block's number, so
//! that the result does not depend on who throws which. A stream is four of Marsaglia's 128-bit xorshift
//! generators ("Xorshift RNGs", 2003) side by side in vectors.
//!
//! The check repeats some blocks of every task with scalar code, and has the laws of chance watch over the others:
//! no block may be further than 8 standard deviations from its expected hits, and their sum no further than 5.

use std::f64::consts::FRAC_PI_4;
use std::ops::RangeInclusive;

use bytemuck::{cast, cast_slice};
use interleave_protocol::{Failure, RunSpec};
use wide::{f32x4, i32x4, u32x4};

use super::{Cut, digest, grouped, mix, wrong};
use crate::workload::{Answer, Step, Workload};

/// Points in a block.
const POINTS: u32 = 1000;
const LANES: u32 = 4;
/// Coordinates have 24 bits, as many as a 32-bit float holds.
const RADIUS_SQUARED: f32 = (1_u64 << 48) as f32;
/// One block in so many is repeated, and the first of each task.
const SAMPLED: usize = 256;

/// See the module's text.
pub struct Pi {
    cut: Cut,
}

impl Workload for Pi {
    /// The hits of each block.
    type Part = Vec<u16>;
    const TASK: &'static str = "points";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        Ok(Self { cut: Cut { items: spec.size, tasks: spec.tasks } })
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        self.cut.steps(task)
    }

    fn compute(&self, task: u32, piece: u32, part: &mut Vec<u16>) {
        let mut blocks = self.cut.piece(task, piece);
        while let (Some(block), next) = (blocks.next(), blocks.next()) {
            match next {
                Some(next) => part.extend(hits([block, next])),
                None => part.extend(hits([block])),
            }
        }
    }

    fn reduce(&self, parts: &[Vec<u16>]) -> Result<Answer, Failure> {
        let plausible = plausible(u64::from(POINTS), 8.0);
        let mut total = 0;
        for (blocks, part) in self.cut.with(parts)? {
            if part.len() != blocks.len() {
                return Err(wrong(format!("blocks {blocks:?} have {} counts", part.len())));
            }
            let least_and_most = part.iter().min().zip(part.iter().max());
            for hits in least_and_most.into_iter().flat_map(|(least, most)| [*least, *most]) {
                if !plausible.contains(&u64::from(hits)) {
                    return Err(wrong(format!("{hits} of {POINTS} points in the circle, in one of {blocks:?}")));
                }
            }
            for (hits, block) in part.iter().zip(blocks).step_by(SAMPLED) {
                let again = scalar_hits(block);
                if u32::from(*hits) != again {
                    return Err(wrong(format!("block {block} has {hits} hits, again it has {again}")));
                }
            }
            total += part.iter().map(|hits| u64::from(*hits)).sum::<u64>();
        }
        let points = u64::from(self.cut.items) * u64::from(POINTS);
        if !self::plausible(points, 5.0).contains(&total) {
            return Err(wrong(format!("{total} of {points} points in the circle")));
        }
        let estimate = 4.0 * total as f64 / points as f64;
        Ok(Answer {
            passed: true,
            summary: format!("pi is about {estimate:.5}, from {} points", grouped(points)),
            digest: digest(parts.iter().map(|part| cast_slice(part))),
        })
    }
}

/// The hits that so many standard deviations allow: they are binomial with the probability pi / 4.
fn plausible(points: u64, deviations: f64) -> RangeInclusive<u64> {
    let mean = points as f64 * FRAC_PI_4;
    let off = deviations * (mean * (1.0 - FRAC_PI_4)).sqrt();
    (mean - off).ceil().max(0.0) as u64..=(mean + off) as u64
}

/// Where a generator of a block begins: four words, of which at most one can be zero.
fn seed(block: u32, lane: u32) -> [u32; 4] {
    std::array::from_fn(|word| mix((block * LANES + lane) * 4 + word as u32))
}

/// Of blocks side by side, so that the processor has something to do while it waits for a number.
///
/// A function of its own, since browsers replace slow code by fast only where a function is entered.
#[inline(never)]
fn hits<const N: usize>(blocks: [u32; N]) -> [u16; N] {
    let new = |oldest: u32x4, newest: u32x4| {
        let t = oldest ^ (oldest << 11);
        newest ^ (newest >> 19) ^ t ^ (t >> 8)
    };
    // A lane of the mask is all ones where the point is inside: minus one.
    let inside = |x: u32x4, y: u32x4| -> i32x4 {
        let [x, y] = [x, y].map(|word| f32x4::from_i32x4(cast(word >> 8)));
        cast((x * x + y * y).simd_lt(f32x4::splat(RADIUS_SQUARED)))
    };
    let mut states: [[u32x4; 4]; N] = blocks.map(|block| {
        let seeds: [_; LANES as usize] = std::array::from_fn(|lane| seed(block, lane as u32));
        std::array::from_fn(|word| u32x4::new(seeds.map(|seed| seed[word])))
    });
    let mut hits = [i32x4::ZERO; N];
    for _ in 0..POINTS / LANES {
        for (hits, state) in hits.iter_mut().zip(&mut states) {
            let [x, y, z, w] = *state;
            let first = new(x, w);
            let second = new(y, first);
            *hits -= inside(first, second);
            *state = [z, w, first, second];
        }
    }
    hits.map(|hits| hits.to_array().iter().sum::<i32>() as u16)
}

/// The same one point at a time, for the check.
#[inline(never)]
fn scalar_hits(block: u32) -> u32 {
    let lane_hits = |lane| {
        let [mut x, mut y, mut z, mut w] = seed(block, lane);
        let mut next = || {
            let t = x ^ (x << 11);
            (x, y, z) = (y, z, w);
            w = w ^ (w >> 19) ^ t ^ (t >> 8);
            (w >> 8) as f32
        };
        let mut hit = || {
            let (x, y) = (next(), next());
            u32::from(x * x + y * y < RADIUS_SQUARED)
        };
        (0..POINTS / LANES).map(|_| hit()).sum::<u32>()
    };
    (0..LANES).map(lane_hits).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_protocol::Workload as Name;

    #[test]
    fn vectors_and_scalars_throw_the_same_points() {
        for block in (0..50).chain([3_999_999]) {
            let both = [block, block / 2];
            assert_eq!(hits(both).map(u32::from), both.map(scalar_hits), "{block}");
            assert_eq!(hits([block]), [hits(both)[0]]);
        }
    }

    #[test]
    fn wrong_counts_are_noticed() {
        let spec = RunSpec { size: 1000, tasks: 3, ..RunSpec::new(Name::Pi, 2) };
        let pi = Pi::prepare(&spec).expect("small");
        let right: Vec<Vec<u16>> =
            (0..3).map(|task| pi.cut.task(task).map(|block| hits([block])[0]).collect()).collect();
        assert!(pi.reduce(&right).is_ok());
        let is_noticed = |spoil: fn(&mut Vec<Vec<u16>>)| {
            let mut parts = right.clone();
            spoil(&mut parts);
            assert!(matches!(pi.reduce(&parts), Err(Failure::WrongResult { .. })));
        };
        is_noticed(|parts| parts[1][0] += 1);
        is_noticed(|parts| parts[2][300] = 0);
        is_noticed(|parts| parts[0].iter_mut().for_each(|hits| *hits -= 3));
        is_noticed(|parts| parts.swap(0, 2));
        is_noticed(|parts| parts[0].truncate(10));
    }
}
