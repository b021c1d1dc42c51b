//! How many lanes were in each state, over the whole run: what the overview strip shows.
//!
//! Every change of state is counted once, at constant cost, into one of [`BUCKETS`] buckets; when the run
//! outgrows them, pairs are merged and the buckets cover twice the time. Nothing is rounded: a bucket holds
//! by how many the lanes in a state changed within it, and how much lane-time those changes make up *in the
//! bucket itself*; merging two buckets keeps both exact.
//!
//! ```text
//!  lanes running     ____2_____
//!             __1___|          |__1__      change:   0   +1    0   -1
//!            |   .   .   .   .   .   |     within:  (bucket's end - time) * change
//!  buckets     0   1   2   3   4   5
//! ```

use interleave_trace::State;

use crate::spans::STATES;

/// How many buckets there are: about as many as a wide strip has pixels.
const BUCKETS: usize = 2048;

/// The first width of a bucket, in nanoseconds.
const FIRST_WIDTH_NS: u64 = 1 << 10;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bucket {
    change: [i32; STATES],
    within: [i64; STATES],
}

/// Lane-time of each state in one column of the strip, in lanes: 2.5 means that two lanes and a half were in
/// that state on average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share(pub [f64; STATES]);

impl Share {
    /// Lanes in `state`, on average over the column.
    pub fn get(&self, state: State) -> f64 {
        self.0[state as usize]
    }
}

/// See the module's text.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    buckets: Vec<Bucket>,
    width_ns: u64,
}

impl Default for Activity {
    fn default() -> Self {
        Self { buckets: Vec::new(), width_ns: FIRST_WIDTH_NS }
    }
}

impl Activity {
    /// `by` lanes more are in `state` from `time` on.
    pub fn change(&mut self, time: u64, state: State, by: i32) {
        while time / self.width_ns >= BUCKETS as u64 {
            self.widen();
        }
        let at = (time / self.width_ns) as usize;
        if at >= self.buckets.len() {
            self.buckets.resize(at + 1, Bucket::default());
        }
        let rest = ((at as u64 + 1) * self.width_ns - time) as i64;
        let bucket = &mut self.buckets[at];
        bucket.change[state as usize] += by;
        bucket.within[state as usize] = bucket.within[state as usize].wrapping_add(rest.wrapping_mul(i64::from(by)));
    }

    fn widen(&mut self) {
        let width = self.width_ns as i64;
        let merged = self.buckets.chunks(2).map(|pair| {
            let mut sum = pair[0];
            let second = pair.get(1).copied().unwrap_or_default();
            for state in 0..STATES {
                let carried = width.wrapping_mul(i64::from(sum.change[state]));
                sum.within[state] = sum.within[state].wrapping_add(carried).wrapping_add(second.within[state]);
                sum.change[state] += second.change[state];
            }
            sum
        });
        self.buckets = merged.collect();
        self.width_ns *= 2;
    }

    /// Lanes in each state in `columns` equal stretches between `from` and `to`. Lanes that are not over at
    /// `to` count to there. Where a column is narrower than a bucket it shows the bucket's average.
    pub fn columns(&self, from: u64, to: u64, columns: usize) -> Vec<Share> {
        let mut shares = vec![Share::default(); columns];
        if to <= from || columns == 0 {
            return shares;
        }
        let column_ns = (to - from) as f64 / columns as f64;
        let width = self.width_ns as f64;
        let mut lanes = [0i64; STATES];
        let last = to.div_ceil(self.width_ns).min(BUCKETS as u64) as usize;
        for at in 0..last {
            let bucket = self.buckets.get(at).copied().unwrap_or_default();
            let start = at as f64 * width - from as f64;
            // What this bucket covers of the strip, as columns.
            let first = (start / column_ns).floor().max(0.0) as usize;
            let after = (((start + width) / column_ns).ceil().max(0.0) as usize).min(columns);
            // A lane-time that lies beyond `to` is not there yet, so the last bucket counts as less wide.
            let covered = (to as f64 - at as f64 * width).min(width);
            for (column, share) in shares.iter_mut().enumerate().take(after).skip(first) {
                let left = (column as f64 * column_ns).max(start);
                let right = ((column + 1) as f64 * column_ns).min(start + covered);
                let part = (right - left).max(0.0) / column_ns;
                for (state, total) in share.0.iter_mut().enumerate() {
                    let after = lanes[state] + i64::from(bucket.change[state]);
                    let beyond = (width - covered) * after as f64;
                    let time = lanes[state] as f64 * width + bucket.within[state] as f64 - beyond;
                    *total += (time / covered).max(0.0) * part;
                }
            }
            for (count, change) in lanes.iter_mut().zip(bucket.change) {
                *count += i64::from(change);
            }
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_strip_holds_all_the_time_there_was(
            spans in proptest::collection::vec((0u64..50_000_000, 0u64..30_000_000, 0usize..STATES), 0..50),
            columns in 1usize..300,
        ) {
            let mut activity = Activity::default();
            let to = 90_000_000u64;
            let mut expected = [0.0; STATES];
            for (start, length, code) in spans {
                activity.change(start, State::ALL[code], 1);
                activity.change(start + length, State::ALL[code], -1);
                expected[code] += length as f64;
            }
            let shares = activity.columns(0, to, columns);
            for (code, expected) in expected.into_iter().enumerate() {
                let column_ns = to as f64 / columns as f64;
                let total: f64 = shares.iter().map(|share| share.0[code] * column_ns).sum();
                prop_assert!((total - expected).abs() < 1.0 + expected * 1e-6, "{} {}", total, expected);
            }
        }
    }

    #[test]
    fn a_lane_that_is_not_over_counts_to_the_end_of_the_strip() {
        let mut activity = Activity::default();
        activity.change(100, State::Running, 1);
        let shares = activity.columns(0, 200, 2);
        // The bucket is wider than a column, so the columns share its average.
        assert_eq!(shares[0].get(State::Running) + shares[1].get(State::Running), 1.0);
    }
}
