//! Multiplies two square matrices, C = A B, a column panel of B at a time.
//!
//! ```text
//!  task: rows of A and C     piece: columns of B and C        tile: 4 rows by 8 columns of C, kept in registers
//!    A        B  | | |         C
//!  [----]   [    | | | ]     [  #  ]   # = sum over k of A[row][k] B[k][column]
//! ```
//!
//! B is stored in panels of eight columns, so that a tile reads it in one stream, and a panel is cut into
//! lengths that stay in the nearest cache (the layers of Goto and van de Geijn, "Anatomy of high-performance
//! matrix multiplication", 2008).
//!
//! The elements are whole numbers from -8 to 7. A sum of up to 16,384 of their products is at most 2^20, so
//! 32-bit floats hold every sum exactly: C is the same in whatever order it is added up, and the check allows
//! no error at all. It is Freivalds' ("Probabilistic machines can use less running time", 1977): C r = A (B r)
//! for a vector r of random whole numbers below 2^15. A wrong C passes for at most one in 2^15 of such vectors.
//! These sums stay below 2^50 and are exact in 64-bit floats.

use std::borrow::Cow;

use bytemuck::cast_slice;
use interleave_protocol::{Failure, RunSpec};
use interleave_runtime::processes::Payload;
use wide::f32x8;

use super::{Cut, compute, digest_words, grouped, mix, wrong};
use crate::workload::{Answer, Step, Workload, items, replace_items, reserve, share};

/// Columns in a panel: two vectors of four.
const WIDE: usize = 8;
/// Rows of a tile: with eight columns its sums fill half of the sixteen vector registers.
const HIGH: usize = 4;
/// How much of a panel is used at a time: 16 KiB.
const DEEP: usize = 512;

/// See the module's text.
pub struct Matmul {
    cut: Cut,
    /// Rows of A from [`Matmul::first`] on: all of them, or those that a process was sent.
    a: Vec<f32>,
    first: u32,
    /// B, panel after panel, padded with zeros.
    b: Vec<f32x8>,
}

impl Matmul {
    fn edge(&self) -> usize {
        self.cut.items as usize
    }

    fn panels(&self) -> u32 {
        self.cut.items.div_ceil(WIDE as u32)
    }

    /// The columns of C beside each other are computed one after another, rather than its rows, so that a task
    /// reads all of B once and not once for each piece.
    fn pieces(&self, task: u32) -> u32 {
        if self.cut.task(task).is_empty() { 0 } else { self.cut.pieces_of(self.panels()) }
    }

    /// So many rows from `row` on, of one panel.
    fn tiles<const ROWS: usize>(&self, a: &[f32], panel: &[f32x8], column: usize, c: &mut [f32]) {
        let edge = self.edge();
        let width = WIDE.min(edge - column);
        for (from, panel) in (0..).step_by(DEEP).zip(panel.chunks(DEEP)) {
            let rows = std::array::from_fn(|row| &a[row * edge + from..][..panel.len()]);
            let sums = tile::<ROWS>(rows, panel);
            for (row, sums) in sums.iter().enumerate() {
                let c = &mut c[row * edge + column..][..width];
                c.iter_mut().zip(sums.to_array()).for_each(|(c, sum)| *c += sum);
            }
        }
    }
}

/// A function of its own, since browsers replace slow code by fast only where a function is entered.
#[inline(never)]
fn tile<const ROWS: usize>(rows: [&[f32]; ROWS], panel: &[f32x8]) -> [f32x8; ROWS] {
    let mut sums = [f32x8::ZERO; ROWS];
    let rows = rows.map(|row| &row[..panel.len()]);
    for (k, b) in panel.iter().enumerate() {
        for (sum, row) in sums.iter_mut().zip(&rows) {
            *sum += f32x8::splat(row[k]) * *b;
        }
    }
    sums
}

/// The element of a matrix that has so many before it.
fn element(matrix: u32, index: usize) -> f32 {
    (mix((index as u32) ^ (matrix << 30)) >> 28) as f32 - 8.0
}

impl Workload for Matmul {
    /// Rows of C.
    type Part = Vec<f32>;
    const TASK: &'static str = "rows";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        let mut matmul = Self::prepare_process(spec)?;
        let edge = matmul.edge();
        matmul.a = reserve(edge * edge)?;
        matmul.b = reserve(matmul.panels() as usize * edge)?;
        // The parts will need as much again; better to know now.
        drop(reserve::<f32>(edge * edge)?);
        matmul.a.extend((0..edge * edge).map(|index| element(0, index)));
        for column in (0..edge).step_by(WIDE) {
            matmul.b.extend((0..edge).map(|row| {
                let inside = |lane: usize| column + lane < edge;
                let b = |lane| if inside(lane) { element(1, row * edge + column + lane) } else { 0.0 };
                f32x8::new(std::array::from_fn(b))
            }));
        }
        Ok(matmul)
    }

    fn prepare_process(spec: &RunSpec) -> Result<Self, Failure> {
        let cut = Cut { items: spec.size, tasks: spec.tasks };
        Ok(Self { cut, a: Vec::new(), first: 0, b: Vec::new() })
    }

    fn setup(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(cast_slice(&self.b))
    }

    fn accept_setup(&mut self, setup: Payload) {
        self.b = items(&setup).unwrap_or_default();
    }

    fn input(&self, task: u32) -> Cow<'_, [u8]> {
        let rows = self.cut.task(task);
        Cow::Borrowed(cast_slice(&self.a[rows.start as usize * self.edge()..rows.end as usize * self.edge()]))
    }

    fn accept_input(&mut self, task: u32, input: Payload) {
        self.first = self.cut.task(task).start;
        replace_items(&mut self.a, &input);
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        compute(self.pieces(task))
    }

    fn compute(&self, task: u32, piece: u32, part: &mut Vec<f32>) {
        let (edge, rows) = (self.edge(), self.cut.task(task));
        if part.is_empty() {
            part.resize(rows.len() * edge, 0.0);
        }
        let a = &self.a[(rows.start - self.first) as usize * edge..][..rows.len() * edge];
        for panel in share(self.panels(), piece, self.pieces(task)) {
            let column = panel as usize * WIDE;
            let panel = &self.b[panel as usize * edge..][..edge];
            let (mut a, mut c) = (a.chunks_exact(HIGH * edge), part.chunks_exact_mut(HIGH * edge));
            for (a, c) in a.by_ref().zip(c.by_ref()) {
                self.tiles::<HIGH>(a, panel, column, c);
            }
            let rest = a.remainder().chunks_exact(edge).zip(c.into_remainder().chunks_exact_mut(edge));
            rest.for_each(|(a, c)| self.tiles::<1>(a, panel, column, c));
        }
    }

    fn reduce(&self, parts: &[Vec<f32>]) -> Result<Answer, Failure> {
        let edge = self.edge();
        let random: Vec<f64> = (0..edge as u32).map(|index| f64::from(mix(!index) >> 17)).collect();
        let mut b_random = vec![0.0; edge];
        for (panel, random) in self.b.chunks_exact(edge).zip(random.chunks(WIDE)) {
            for (sum, row) in b_random.iter_mut().zip(panel) {
                *sum += dot(&row.as_array()[..random.len()], random);
            }
        }
        for (rows, part) in self.cut.with(parts)? {
            if part.len() != rows.len() * edge {
                return Err(wrong(format!("rows {rows:?} have {} elements", part.len())));
            }
            for (row, c) in rows.zip(part.chunks_exact(edge)) {
                let a = &self.a[row as usize * edge..][..edge];
                if dot(c, &random) != dot(a, &b_random) {
                    return Err(wrong(format!("row {row} of the product fails Freivalds' check")));
                }
            }
        }
        let operations = 2 * u64::from(self.cut.items).pow(3);
        Ok(Answer {
            passed: true,
            summary: format!("{0} by {0} elements, {1} operations", grouped(self.cut.items), grouped(operations)),
            digest: digest_words(parts.iter().map(|part| cast_slice(part))),
        })
    }
}

/// In four sums, which need not wait for each other; they are exact, so their order does not matter.
fn dot(x: &[f32], y: &[f64]) -> f64 {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<4>(), y.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (x, y) in x.iter().zip(y) {
        for lane in 0..4 {
            sums[lane] += f64::from(x[lane]) * y[lane];
        }
    }
    sums.iter().sum::<f64>() + x_rest.iter().zip(y_rest).map(|(x, y)| f64::from(*x) * y).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_protocol::Workload as Name;

    fn product(size: u32) -> (Matmul, Vec<Vec<f32>>) {
        let spec = RunSpec { size, tasks: 3, ..RunSpec::new(Name::Matmul, 2) };
        let matmul = Matmul::prepare(&spec).expect("small");
        let mut parts = vec![vec![]; 3];
        for (task, part) in (0..).zip(&mut parts) {
            (0..matmul.pieces(task)).for_each(|piece| matmul.compute(task, piece, part));
        }
        (matmul, parts)
    }

    #[test]
    fn it_is_the_textbook_product() {
        for size in [16, 17, 40] {
            let edge = size as usize;
            let product = product(size).1.concat();
            for (index, c) in product.iter().enumerate() {
                let (row, column) = (index / edge, index % edge);
                let term = |k| element(0, row * edge + k) * element(1, k * edge + column);
                assert_eq!(*c, (0..edge).map(term).sum::<f32>(), "{row} {column}");
            }
        }
    }

    #[test]
    fn panels_longer_than_a_block_are_summed_up() {
        let (matmul, parts) = product(DEEP as u32 + 9);
        assert!(matmul.reduce(&parts).is_ok());
    }

    #[test]
    fn one_wrong_element_is_noticed() {
        let (matmul, mut parts) = product(19);
        for (task, element, value) in [(0, 0, 1.0), (1, 30, f32::NAN), (2, 7 * 19 - 1, 0.5)] {
            let right = std::mem::replace(&mut parts[task][element], value);
            assert!(matches!(matmul.reduce(&parts), Err(Failure::WrongResult { .. })));
            parts[task][element] = right;
        }
        assert!(matmul.reduce(&parts).is_ok());
    }
}
