//! Draws the Mandelbrot set: how many steps of z := z^2 + c each point takes to leave the circle of radius 2.
//!
//! The view is symmetric about the real axis, and so is the set, to the last bit of IEEE arithmetic. So the
//! check compares every pixel with its mirror image, and samples of every row with plain scalar code.

use bytemuck::cast;
use interleave_protocol::{Failure, RunSpec};
use wide::{f64x2, i64x2};

use super::{Cut, digest_words, grouped, spread, wrong};
use crate::workload::{Answer, Picture, Step, Workload, reserve};

/// A point that stays for so many steps is taken to stay for ever.
const LIMIT: u32 = 2000;
/// Between two looks at whether all points of a group have left.
const STRIDE: u32 = 4;
/// One pixel in so many is computed again.
const SAMPLED: u32 = 192;

/// See the module's text.
pub struct Mandelbrot {
    cut: Cut,
    colours: Vec<u32>,
    picture: Option<Picture>,
}

impl Mandelbrot {
    fn with(spec: &RunSpec, picture: Option<Picture>) -> Self {
        Self { cut: Cut { items: spec.size, tasks: spec.tasks }, colours: (0..=LIMIT).map(colour).collect(), picture }
    }

    /// A function of its own, since browsers replace slow code by fast only where a function is entered.
    #[inline(never)]
    fn row(&self, y: u32, pixels: &mut Vec<u32>) {
        const GROUP: usize = 4;
        let edge = self.cut.items;
        let im = f64x2::splat(imaginary(y, edge));
        for x in (0..edge).step_by(2 * GROUP) {
            let re: [_; GROUP] = std::array::from_fn(|pair| {
                let x = x + 2 * pair as u32;
                f64x2::new([real(x, edge), real(x + 1, edge)])
            });
            let steps = steps_to_escape(re, im);
            let wanted = (edge - x) as usize;
            pixels.extend(steps.iter().flatten().take(wanted).map(|steps| self.colours[*steps as usize]));
        }
    }
}

impl Workload for Mandelbrot {
    /// The rows' pixels.
    type Part = Vec<u32>;
    const TASK: &'static str = "rows";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        Ok(Self::with(spec, Some(Picture::new(spec.size)?)))
    }

    fn prepare_process(spec: &RunSpec) -> Result<Self, Failure> {
        Ok(Self::with(spec, None))
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        self.cut.steps(task)
    }

    fn compute(&self, task: u32, piece: u32, part: &mut Vec<u32>) {
        if part.is_empty() {
            part.reserve_exact(self.cut.task(task).len() * self.cut.items as usize);
        }
        self.cut.piece(task, piece).for_each(|y| self.row(y, part));
    }

    fn show(&self, task: u32, piece: u32, part: &Vec<u32>) -> Option<(u32, u32)> {
        show_rows(self.cut, self.picture()?, task, piece, part)
    }

    fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }

    fn reduce(&self, parts: &[Vec<u32>]) -> Result<Answer, Failure> {
        let edge = self.cut.items;
        let rows = rows(self.cut, parts)?;
        for (y, row) in rows.iter().enumerate() {
            if *row != rows[rows.len() - 1 - y] {
                return Err(wrong(format!("row {y} is not the mirror image of row {}", rows.len() - 1 - y)));
            }
        }
        let mut bounded = 0_u64;
        for (y, row) in (0..).zip(&rows) {
            bounded += row.iter().filter(|pixel| **pixel == self.colours[LIMIT as usize]).count() as u64;
            for x in (spread(y, SAMPLED.min(edge))..edge).step_by(SAMPLED as usize) {
                let steps = scalar_steps_to_escape(real(x, edge), imaginary(y, edge));
                if row[x as usize] != self.colours[steps as usize] {
                    return Err(wrong(format!("the point in column {x} of row {y} leaves after {steps} steps")));
                }
            }
        }
        let percent = bounded as f64 * 100.0 / (f64::from(edge) * f64::from(edge));
        Ok(Answer {
            passed: true,
            summary: format!("{0} by {0} points, {percent:.2} % of them in the set", grouped(edge)),
            digest: digest_words(rows),
        })
    }
}

/// The rows of all parts in order, each of the right length.
pub(super) fn rows(cut: Cut, parts: &[Vec<u32>]) -> Result<Vec<&[u32]>, Failure> {
    let edge = cut.items as usize;
    let mut rows = reserve(edge)?;
    for (lines, part) in cut.with(parts)? {
        if part.len() != lines.len() * edge {
            return Err(wrong(format!("rows {lines:?} have {} pixels, not {}", part.len(), lines.len() * edge)));
        }
        rows.extend(part.chunks_exact(edge));
    }
    Ok(rows)
}

/// Puts the rows of a piece into the picture.
pub(super) fn show_rows(cut: Cut, picture: &Picture, task: u32, piece: u32, part: &[u32]) -> Option<(u32, u32)> {
    let rows = cut.piece(task, piece);
    let from = (rows.start - cut.task(task).start) as usize * cut.items as usize;
    picture.write_rows(rows.start, part.get(from..from + rows.len() * cut.items as usize)?);
    Some((rows.start, rows.len() as u32))
}

/// From -2.25 to 0.75.
fn real(x: u32, edge: u32) -> f64 {
    f64::from(2 * x + 1) * (1.5 / f64::from(edge)) - 2.25
}

/// From -1.5 to 1.5. The factor is exactly opposite for opposite rows.
fn imaginary(y: u32, edge: u32) -> f64 {
    (f64::from(2 * y + 1) - f64::from(edge)) * (1.5 / f64::from(edge))
}

/// A group of points side by side, so that the processor has something to do while it waits for a product.
fn steps_to_escape<const N: usize>(re: [f64x2; N], im: f64x2) -> [[u32; 2]; N] {
    let four = f64x2::splat(4.0);
    let (mut x, mut y) = ([f64x2::ZERO; N], [f64x2::ZERO; N]);
    let mut inside = [f64x2::ZERO.simd_le(four); N];
    let mut steps = [i64x2::ZERO; N];
    for _ in 0..LIMIT / STRIDE {
        for _ in 0..STRIDE {
            for i in 0..N {
                let (xx, yy) = (x[i] * x[i], y[i] * y[i]);
                inside[i] &= (xx + yy).simd_le(four);
                // A lane of the mask is all ones where the point is inside: minus one.
                steps[i] -= cast::<f64x2, i64x2>(inside[i]);
                y[i] = (x[i] + x[i]) * y[i] + im;
                x[i] = xx - yy + re[i];
            }
        }
        if !inside.iter().fold(f64x2::ZERO, |any, it| any | *it).any() {
            break;
        }
    }
    steps.map(|pair| pair.to_array().map(|steps| steps as u32))
}

/// The same for one point, for the check.
#[inline(never)]
fn scalar_steps_to_escape(re: f64, im: f64) -> u32 {
    let (mut x, mut y) = (0.0, 0.0);
    let mut steps = 0;
    while steps < LIMIT && x * x + y * y <= 4.0 {
        (x, y) = (x * x - y * y + re, (x + x) * y + im);
        steps += 1;
    }
    steps
}

/// The longer a point stays, the darker: like ink on paper, and the same in greyscale.
fn colour(steps: u32) -> u32 {
    const INK: [[u32; 3]; 6] =
        [[246, 242, 231], [196, 218, 210], [128, 178, 186], [62, 122, 158], [28, 62, 108], [10, 14, 32]];
    if steps == LIMIT {
        return u32::from_le_bytes([5, 7, 18, 255]);
    }
    // The logarithm, in 256ths, straight between powers of two: integers are the same on every machine.
    let logarithm = |n: u32| n.ilog2() * 256 + ((n << 8) >> n.ilog2()) - 256;
    let along = (logarithm(steps.max(1)) * 256 * (INK.len() as u32 - 1)) / logarithm(LIMIT);
    let (from, part) = ((along / 256) as usize, along % 256);
    let (low, high) = (INK[from], INK[(from + 1).min(INK.len() - 1)]);
    let channel = |i: usize| (low[i] * (256 - part) + high[i] * part + 128) / 256;
    u32::from_le_bytes([channel(0) as u8, channel(1) as u8, channel(2) as u8, 255])
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_protocol::Workload as Name;

    #[test]
    fn known_points() {
        let all = |re: f64, im: f64| {
            let vector = steps_to_escape([f64x2::splat(re); 2], f64x2::splat(im));
            assert_eq!(vector, [[scalar_steps_to_escape(re, im); 2]; 2], "{re} {im}");
            vector[0][0]
        };
        assert_eq!(all(0.0, 0.0), LIMIT);
        assert_eq!(all(-2.0, 0.0), LIMIT);
        assert_eq!(all(0.0, 1.0), LIMIT);
        assert_eq!(all(3.0, 0.0), 1);
        assert_eq!(all(1.0, 0.0), 3);
    }

    #[test]
    fn luminance_falls_with_the_steps_and_every_pixel_is_opaque() {
        let luminance = |pixel: u32| {
            let [red, green, blue, alpha] = pixel.to_le_bytes().map(u32::from);
            assert_eq!(alpha, 255);
            2126 * red + 7152 * green + 722 * blue
        };
        let luminances: Vec<_> = (0..=LIMIT).map(|steps| luminance(colour(steps))).collect();
        assert!(luminances.is_sorted_by(|a, b| a >= b));
        assert!(luminances[1] > 2_300_000 && luminances[LIMIT as usize] < 170_000);
        assert_ne!(colour(LIMIT), colour(LIMIT - 1));
    }

    #[test]
    fn one_wrong_pixel_is_noticed() {
        let spec = RunSpec { size: 31, tasks: 2, ..RunSpec::new(Name::Mandelbrot, 2) };
        let mandelbrot = Mandelbrot::prepare(&spec).expect("small");
        let mut parts = vec![vec![], vec![]];
        for (task, part) in (0..).zip(&mut parts) {
            (0..mandelbrot.cut.pieces(task)).for_each(|piece| mandelbrot.compute(task, piece, part));
        }
        assert!(mandelbrot.reduce(&parts).is_ok());
        for (task, pixel) in [(0, 0), (0, 31 * 7 + 12), (1, 31 * 15 + 30)] {
            parts[task][pixel] ^= 1;
            assert!(matches!(mandelbrot.reduce(&parts), Err(Failure::WrongResult { .. })));
            parts[task][pixel] ^= 1;
        }
    }
}
