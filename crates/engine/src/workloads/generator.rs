//! Computing that costs what it says and is checked for next to nothing: steps of a random generator.
//!
//! The generator is Park and Miller's (1988) with the multiplier of their 1993 reply: x := 48271 x mod 2^31 - 1.
//! Each step needs the one before it, so nothing shortens the loop; but n steps are one multiplication by
//! 48271^n, which is found by squaring in log n, and that is the check.

use super::mix;

const MODULUS: u32 = 0x7fff_ffff;
const MULTIPLIER: u32 = 48_271;

/// Where the generator of a task begins.
pub fn seed(task: u32) -> u32 {
    1 + mix(task) % (MODULUS - 1)
}

/// So many thousand steps, one by one.
pub fn advance(x: u32, thousand_steps: u32) -> u32 {
    (0..thousand_steps).fold(x, |x, _| thousand(x))
}

/// A function of its own, since browsers replace slow code by fast only where a function is entered.
#[inline(never)]
fn thousand(x: u32) -> u32 {
    (0..1000).fold(x, |x, _| times(x, MULTIPLIER))
}

/// The product modulo 2^31 - 1: since 2^31 is 1 there, the high bits are added to the low ones.
fn times(x: u32, y: u32) -> u32 {
    let product = u64::from(x) * u64::from(y);
    let folded = (product as u32 & MODULUS) + (product >> 31) as u32;
    folded.min(folded.wrapping_sub(MODULUS))
}

/// What [`advance`] has to give, in another way.
pub fn jump(x: u32, thousand_steps: u32) -> u32 {
    let modulus = u64::from(MODULUS);
    let (mut result, mut power) = (u64::from(x), u64::from(MULTIPLIER));
    let mut steps = u64::from(thousand_steps) * 1000;
    while steps > 0 {
        if steps % 2 == 1 {
            result = result * power % modulus;
        }
        power = power * power % modulus;
        steps /= 2;
    }
    result as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_steps_give_the_number_that_the_cpp_standard_requires() {
        assert_eq!((advance(1, 10), jump(1, 10)), (399_268_537, 399_268_537));
    }

    #[test]
    fn walking_and_jumping_arrive_at_the_same_place() {
        for task in 0..200 {
            assert_eq!(advance(seed(task), task % 7), jump(seed(task), task % 7));
        }
    }
}
