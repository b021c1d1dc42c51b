//! Blurs a generated picture with a Gaussian, first down its columns and then along its rows.
//!
//! ```text
//!  rows needed                   a row in between
//!   |  halo  |   weighted sum
//!   |  band  |   of rows     ->  [ ... p p p p p ... ]  weighted sum of pixels -> a row blurred
//!   |  halo  |
//! ```
//!
//! All of it is in whole numbers: weights of 15 bits, and between the two passes channels of 8.7 bits. The one
//! vector operation that does the work multiplies pairs of 16-bit numbers and adds the two products, so two
//! neighbours (rows, then columns) always lie interleaved.
//!
//! The check takes some whole columns and evaluates the convolution there the other way round, first along rows
//! and then down, in wide numbers and without rounding. The run's rounding in between is off by at most half of
//! 1/128, and a weighted mean of such errors is no larger; so a result may be further from the exact sum than
//! half a unit, but by no more than 1/256.

use std::borrow::Cow;

use bytemuck::{cast, cast_slice};
use interleave_protocol::{Failure, RunSpec};
use interleave_runtime::processes::Payload;
use wide::{i16x8, i32x4, u8x16};

use super::mandelbrot::{rows, show_rows};
use super::{Cut, digest_words, grouped, mix, spread, wrong};
use crate::workload::{Answer, Picture, Step, Workload, replace_items, reserve};

/// The sum of the weights, as a power of two.
const WEIGHT_BITS: u32 = 15;
/// Bits behind the point between the passes.
const MIDDLE_BITS: u32 = 7;
/// Pixels in a strip: with its halo it stays in the nearest cache.
const STRIP: usize = 32;
/// Rows of a strip.
const HIGH: usize = 16;
/// Columns that are checked.
const CHECKED: u32 = 4;

/// Rows of pixels, from `first` on.
struct Rows {
    first: u32,
    pixels: Vec<u32>,
}

/// See the module's text.
pub struct Blur {
    cut: Cut,
    /// The weights from one side to the other, which add up to exactly 2^15, and a zero to make their number even.
    weights: Vec<i16>,
    /// The whole picture, or what a process was sent of it.
    input: Rows,
    picture: Option<Picture>,
}

/// How far a pixel reaches: three standard deviations. It grows with the picture, which so looks the same at every
/// size.
fn radius(edge: u32) -> u32 {
    3 * (edge / 64).max(1)
}

fn weights(edge: u32) -> Vec<i16> {
    let radius = radius(edge) as usize;
    let sigma = radius as f64 / 3.0;
    let bell: Vec<f64> = (0..=radius).map(|far| (-(far as f64 / sigma).powi(2) / 2.0).exp()).collect();
    let scale = f64::from(1 << WEIGHT_BITS) / (2.0 * bell.iter().sum::<f64>() - bell[0]);
    let mut weights: Vec<i16> =
        (0..=2 * radius).map(|tap| (bell[tap.abs_diff(radius)] * scale).round() as i16).collect();
    let missing = (1 << WEIGHT_BITS) - weights.iter().map(|weight| i32::from(*weight)).sum::<i32>();
    weights[radius] += missing as i16;
    weights.push(0);
    weights
}

/// Discs, rings and squares on paper, each in its cell, with sharp edges to blur.
fn pixel(x: u32, y: u32, edge: u32) -> u32 {
    const CELL: u32 = 128;
    const PAPER: [u8; 3] = [240, 236, 226];
    const PAINTS: [[u8; 3]; 6] =
        [[38, 70, 83], [42, 117, 116], [108, 145, 94], [214, 158, 66], [188, 92, 60], [70, 60, 88]];
    let scaled = |n: u32| (n * 2 + 1) * 512 / edge;
    let (x, y) = (scaled(x), scaled(y));
    let random = mix(y / CELL * 8 + x / CELL);
    let paint = PAINTS[(random % 6) as usize];
    let size = 24 + (random >> 8) % 32;
    let (across, down) = ((x % CELL).abs_diff(CELL / 2), (y % CELL).abs_diff(CELL / 2));
    let distance = across * across + down * down;
    let is_painted = match (random >> 16) % 4 {
        0 | 1 => distance < size * size,
        2 => distance < size * size && distance * 3 > size * size,
        _ => across.max(down) * 8 < size * 7,
    };
    let [red, green, blue] = if is_painted { paint } else { PAPER };
    u32::from_le_bytes([red, green, blue, 255])
}

/// The first pass over a strip. Gives two rows of it, for each pixel its four channels with [`MIDDLE_BITS`] behind
/// the point; both are sums of the same rows, with weights of their own.
///
/// A function of its own, since browsers replace slow code by fast only where a function is entered.
#[inline(never)]
fn down(strip: &[[u32; STRIP]], weights: &[[i32x4; 2]]) -> [[[i16; 4]; STRIP]; 2] {
    let mut out = [[[0; 4]; STRIP]; 2];
    for x in (0..STRIP).step_by(4) {
        let mut sums = [[i32x4::splat(1 << (WEIGHT_BITS - MIDDLE_BITS - 1)); 4]; 2];
        for ([upper, lower], weights) in strip.as_chunks::<2>().0.iter().zip(weights) {
            let four = |row: &[u32; STRIP]| -> u8x16 { cast([row[x], row[x + 1], row[x + 2], row[x + 3]]) };
            let (upper, lower) = (four(upper), four(lower));
            let (left, right) = (u8x16::unpack_low(upper, lower), u8x16::unpack_high(upper, lower));
            let pixels: [i16x8; 4] = [
                cast(u8x16::unpack_low(left, u8x16::ZERO)),
                cast(u8x16::unpack_high(left, u8x16::ZERO)),
                cast(u8x16::unpack_low(right, u8x16::ZERO)),
                cast(u8x16::unpack_high(right, u8x16::ZERO)),
            ];
            for (sums, weight) in sums.iter_mut().zip(weights) {
                let weight: i16x8 = cast(*weight);
                sums.iter_mut().zip(pixels).for_each(|(sum, pixel)| *sum += pixel.dot(weight));
            }
        }
        for (out, sums) in out.iter_mut().zip(sums) {
            for (out, sum) in out[x..x + 4].iter_mut().zip(sums) {
                *out = (sum >> (WEIGHT_BITS - MIDDLE_BITS)).to_array().map(|channel| channel as i16);
            }
        }
    }
    out
}

/// The second pass, over pairs of neighbours: each pixel's sum runs over the pair at its place and every second
/// one after.
#[inline(never)]
fn along(pairs: &[i16x8], weights: &[i32x4], out: &mut [u32]) {
    const GROUP: usize = 4;
    for (out, pairs) in out.chunks_mut(GROUP).zip(pairs.windows(2 * weights.len() + 2).step_by(GROUP)) {
        let mut sums = [i32x4::splat(1 << (WEIGHT_BITS + MIDDLE_BITS - 1)); GROUP];
        for (pairs, weight) in pairs.windows(GROUP).step_by(2).zip(weights) {
            let weight: i16x8 = cast(*weight);
            sums.iter_mut().zip(pairs).for_each(|(sum, pair)| *sum += pair.dot(weight));
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            let channels = (sum >> (WEIGHT_BITS + MIDDLE_BITS)).to_array();
            *out = u32::from_le_bytes(channels.map(|channel| channel as u8));
        }
    }
}

/// Each pixel of a row beside its right neighbour, channel by channel, from `radius` before the row on. Beyond the
/// row its first or last pixel goes on.
#[inline(never)]
fn interleave(row: &[[i16; 4]], radius: usize, pairs: &mut [i16x8]) {
    let at = |place: usize| row[place.saturating_sub(radius).min(row.len() - 1)];
    let mut left = at(0);
    for (place, pair) in (1..).zip(pairs) {
        let right = at(place);
        *pair = i16x8::new([left[0], right[0], left[1], right[1], left[2], right[2], left[3], right[3]]);
        left = right;
    }
}

/// Two weights as the two halves of a number, in all lanes.
fn pair(first: i16, second: i16) -> i32x4 {
    i32x4::splat(cast([first, second]))
}

impl Workload for Blur {
    /// The rows' pixels.
    type Part = Vec<u32>;
    const TASK: &'static str = "rows";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        let edge = spec.size;
        let mut blur = Self::prepare_process(spec)?;
        blur.picture = Some(Picture::new(edge)?);
        blur.input.pixels = reserve(edge as usize * edge as usize)?;
        blur.input.pixels.extend((0..edge).flat_map(|y| (0..edge).map(move |x| pixel(x, y, edge))));
        // The parts will need as much again; better to know now.
        drop(reserve::<u32>(edge as usize * edge as usize)?);
        Ok(blur)
    }

    fn prepare_process(spec: &RunSpec) -> Result<Self, Failure> {
        let cut = Cut { items: spec.size, tasks: spec.tasks };
        let input = Rows { first: 0, pixels: Vec::new() };
        Ok(Self { cut, weights: weights(spec.size), input, picture: None })
    }

    fn input(&self, task: u32) -> Cow<'_, [u8]> {
        let rows = self.cut.task(task);
        if rows.is_empty() {
            return Cow::Borrowed(&[]);
        }
        let halo = radius(self.cut.items);
        let (start, end) = (rows.start.saturating_sub(halo), (rows.end + halo).min(self.cut.items));
        Cow::Borrowed(cast_slice(&self.input.pixels[start as usize * self.edge()..end as usize * self.edge()]))
    }

    fn accept_input(&mut self, task: u32, input: Payload) {
        self.input.first = self.cut.task(task).start.saturating_sub(radius(self.cut.items));
        replace_items(&mut self.input.pixels, &input);
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        self.cut.steps(task)
    }

    fn compute(&self, task: u32, piece: u32, part: &mut Vec<u32>) {
        let (edge, radius) = (self.edge(), radius(self.cut.items) as usize);
        if part.is_empty() {
            part.reserve_exact(self.cut.task(task).len() * edge);
        }
        let taps = self.weights.len();
        let weights: Vec<i32x4> = self.weights.as_chunks::<2>().0.iter().map(|[a, b]| pair(*a, *b)).collect();
        // Two rows are computed at a time from the same rows; the second's weights come one row later.
        let later = |tap: usize| if tap == 0 { 0 } else { self.weights[tap - 1] };
        let doubled = |at| [weights[at], pair(later(2 * at), later(2 * at + 1))];
        let doubled: Vec<[i32x4; 2]> = (0..taps / 2).map(doubled).collect();

        let rows = self.cut.piece(task, piece);
        let mut strip = vec![[0; STRIP]; HIGH + taps];
        let mut middle = vec![[0; 4]; HIGH * edge];
        let mut pairs = vec![i16x8::ZERO; edge + taps + 4];
        for top in rows.clone().step_by(HIGH) {
            let high = HIGH.min((rows.end - top) as usize);
            for left in (0..edge).step_by(STRIP) {
                let width = STRIP.min(edge - left);
                for (y, line) in (top as isize - radius as isize..).zip(&mut strip[..high + 2 * radius]) {
                    line[..width].copy_from_slice(&self.row(y)[left..left + width]);
                }
                for y in (0..high).step_by(2) {
                    for (y, line) in (y..).zip(down(&strip[y..y + taps], &doubled)) {
                        middle[y * edge + left..][..width].copy_from_slice(&line[..width]);
                    }
                }
            }
            for line in middle.chunks_exact(edge).take(high) {
                interleave(line, radius, &mut pairs);
                let from = part.len();
                part.resize(from + edge, 0);
                along(&pairs, &weights, &mut part[from..]);
            }
        }
    }

    fn show(&self, task: u32, piece: u32, part: &Vec<u32>) -> Option<(u32, u32)> {
        show_rows(self.cut, self.picture()?, task, piece, part)
    }

    fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }

    fn reduce(&self, parts: &[Vec<u32>]) -> Result<Answer, Failure> {
        let rows = rows(self.cut, parts)?;
        for x in (0..CHECKED).map(|sample| spread(sample, self.cut.items) as usize) {
            for ((y, row), exact) in rows.iter().enumerate().zip(self.column(x)) {
                for (exact, channel) in exact.into_iter().zip(row[x].to_le_bytes()) {
                    if exact.abs_diff(u64::from(channel) * ONE) > ONE / 2 + ONE / 256 {
                        let exact = exact as f64 / ONE as f64;
                        return Err(wrong(format!("column {x} of row {y} is {channel} instead of {exact:.2}")));
                    }
                }
            }
        }
        let across = self.weights.len() - 1;
        Ok(Answer {
            passed: true,
            summary: format!("{0} by {0} pixels, each from {across} by {across} around it", grouped(self.cut.items)),
            digest: digest_words(rows),
        })
    }
}

/// A whole unit of what [`Blur::column`] gives.
const ONE: u64 = 1 << (2 * WEIGHT_BITS);

impl Blur {
    fn edge(&self) -> usize {
        self.cut.items as usize
    }

    /// The input's row; beyond the picture its first or last row goes on.
    fn row(&self, y: isize) -> &[u32] {
        let y = y.clamp(0, self.edge() as isize - 1) as usize - self.input.first as usize;
        &self.input.pixels[y * self.edge()..][..self.edge()]
    }

    /// The exact convolution in one column.
    fn column(&self, x: usize) -> Vec<[u64; 4]> {
        let radius = radius(self.cut.items) as isize;
        let end = self.edge() as isize + radius;
        let lines: Vec<[u32; 4]> = (-radius..end).map(|y| weigh_pixels(self.row(y), x, &self.weights)).collect();
        lines.windows(self.weights.len() - 1).map(|lines| weigh_lines(lines, &self.weights)).collect()
    }
}

/// The weighted sum of the pixels around a place.
#[inline(never)]
fn weigh_pixels(row: &[u32], x: usize, weights: &[i16]) -> [u32; 4] {
    let radius = weights.len() / 2 - 1;
    let mut sums = [0; 4];
    for (tap, weight) in weights.iter().enumerate() {
        let channels = row[(x + tap).saturating_sub(radius).min(row.len() - 1)].to_le_bytes();
        sums.iter_mut().zip(channels).for_each(|(sum, channel)| *sum += *weight as u32 * u32::from(channel));
    }
    sums
}

/// The weighted sum of sums.
#[inline(never)]
fn weigh_lines(lines: &[[u32; 4]], weights: &[i16]) -> [u64; 4] {
    let mut sums = [0; 4];
    for (line, weight) in lines.iter().zip(weights) {
        sums.iter_mut().zip(line).for_each(|(sum, line)| *sum += *weight as u64 * u64::from(*line));
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_protocol::Workload as Name;

    fn blurred(size: u32, tasks: u32) -> (Blur, Vec<Vec<u32>>) {
        let spec = RunSpec { size, tasks, ..RunSpec::new(Name::Blur, 2) };
        let blur = Blur::prepare(&spec).expect("small");
        let mut parts = vec![vec![]; tasks as usize];
        for (task, part) in (0..).zip(&mut parts) {
            (0..blur.cut.pieces(task)).for_each(|piece| blur.compute(task, piece, part));
        }
        (blur, parts)
    }

    #[test]
    fn the_weights_are_a_bell_that_adds_up() {
        for edge in [16, 64, 200, 1024, 2048, 4096] {
            let (weights, radius) = (weights(edge), radius(edge) as usize);
            assert_eq!(weights.iter().map(|weight| i32::from(*weight)).sum::<i32>(), 1 << WEIGHT_BITS);
            assert!((0..=radius).all(|tap| weights[tap] == weights[2 * radius - tap]), "{edge}");
            assert!(weights[..radius].is_sorted());
            // What rounding leaves over makes neither peak nor dent in the middle.
            assert!(radius < 12 || weights[radius].abs_diff(weights[radius - 1]) <= 20, "{edge}: {weights:?}");
            assert_eq!((weights.len(), weights[2 * radius + 1]), (2 * radius + 2, 0));
        }
    }

    /// As it is defined.
    fn convolution(blur: &Blur, x: usize, y: usize) -> [u64; 4] {
        let radius = radius(blur.cut.items) as usize;
        let inside = |at: usize| at.saturating_sub(radius).min(blur.edge() - 1);
        let mut sums = [0; 4];
        for (i, down) in blur.weights.iter().enumerate() {
            for (j, across) in blur.weights.iter().enumerate() {
                let pixel = blur.input.pixels[inside(y + i) * blur.edge() + inside(x + j)].to_le_bytes();
                let weight = *down as u64 * *across as u64;
                sums.iter_mut().zip(pixel).for_each(|(sum, channel)| *sum += weight * u64::from(channel));
            }
        }
        sums
    }

    #[test]
    fn every_pixel_is_the_convolution() {
        for (size, tasks) in [(16, 1), (67, 2), (130, 1)] {
            let (blur, parts) = blurred(size, tasks);
            let pixels = parts.concat();
            for x in 0..blur.edge() {
                for (y, exact) in blur.column(x).into_iter().enumerate() {
                    if (x + y) % 11 == 0 {
                        assert_eq!(exact, convolution(&blur, x, y));
                    }
                    let pixel = pixels[y * blur.edge() + x].to_le_bytes();
                    for (exact, channel) in exact.into_iter().zip(pixel) {
                        let off = exact.abs_diff(u64::from(channel) * ONE);
                        assert!(off <= ONE / 2 + ONE / 256, "{x} {y}: {channel}, off by {off}");
                    }
                    assert_eq!(pixel[3], 255);
                }
            }
        }
    }

    #[test]
    fn a_wrong_row_is_noticed() {
        let (blur, mut parts) = blurred(40, 3);
        assert!(blur.reduce(&parts).is_ok());
        for row in [0, 5, 12] {
            let right = parts[1].clone();
            parts[1][row * 40..][..40].iter_mut().for_each(|pixel| *pixel ^= 0x0002_0202);
            assert!(matches!(blur.reduce(&parts), Err(Failure::WrongResult { .. })));
            parts[1] = right;
        }
    }
}
