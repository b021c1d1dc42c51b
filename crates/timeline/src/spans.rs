//! The spans of one lane, in columns, with running sums so that any stretch of time is totalled at once.
//!
//! Spans lie end to end: each lasts until the next begins. Sums can be subtracted, so a ladder of zoom
//! levels is not needed: one row of sums, kept every [`STRIDE`] spans, answers for every zoom.
//!
//! ```text
//!  starts   |0 |4  |9 |12   |20 |23 ...
//!  states    S  R   W  R     W   R
//!  sums     ^0                ^STRIDE         time per state before that span
//! ```

use interleave_trace::State;

/// How many states there are.
pub const STATES: usize = State::ALL.len();

/// How many spans share one row of sums.
const STRIDE: usize = 16;

/// Nanoseconds in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateTotals(pub [u64; STATES]);

impl StateTotals {
    /// Nanoseconds in `state`.
    pub fn get(&self, state: State) -> u64 {
        self.0[state as usize]
    }

    /// Nanoseconds in all states.
    pub fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, ns| sum.saturating_add(*ns))
    }

    /// The state with the most time, if there is any time; the first of equals.
    pub fn dominant(&self) -> Option<State> {
        let (mut best, mut most) = (None, 0);
        for (state, &ns) in State::ALL.iter().zip(&self.0) {
            if ns > most {
                (best, most) = (Some(*state), ns);
            }
        }
        best
    }

    /// Adds time in a state.
    pub fn add(&mut self, state: State, ns: u64) {
        self.0[state as usize] += ns;
    }

    /// Adds other totals.
    pub fn add_all(&mut self, other: &StateTotals) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    fn minus(mut self, earlier: &StateTotals) -> StateTotals {
        for (mine, theirs) in self.0.iter_mut().zip(&earlier.0) {
            *mine -= theirs;
        }
        self
    }
}

/// See the module's text. Times are nanoseconds on the run's clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans {
    starts: Vec<u64>,
    states: Vec<State>,
    /// Where in the store's slots the event that began the span is.
    slots: Vec<u32>,
    /// Row `k` holds the totals of the spans before `(k + 1) * STRIDE`.
    sums: Vec<StateTotals>,
}

impl Spans {
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn start(&self, index: usize) -> Option<u64> {
        self.starts.get(index).copied()
    }

    pub fn state(&self, index: usize) -> Option<State> {
        self.states.get(index).copied()
    }

    pub fn slot(&self, index: usize) -> Option<u32> {
        self.slots.get(index).copied()
    }

    pub fn last_start(&self) -> Option<u64> {
        self.starts.last().copied()
    }

    /// How many spans begin before `time`.
    pub fn begun_before(&self, time: u64) -> usize {
        self.starts.partition_point(|&start| start < time)
    }

    /// As [`Self::begun_before`], for a time that is known not to lie before the span `from`: gallops from
    /// there, since the answer is mostly near.
    pub fn begun_before_from(&self, time: u64, from: usize) -> usize {
        let (mut low, mut step) = (from, 1);
        while let Some(&start) = self.starts.get(low + step) {
            if start >= time {
                break;
            }
            low += step;
            step *= 2;
        }
        let high = (low + step).min(self.starts.len());
        low + self.starts.get(low..high).map_or(0, |few| few.partition_point(|&start| start < time))
    }

    /// How many spans begin at `time` or before.
    pub fn begun_by(&self, time: u64) -> usize {
        self.starts.partition_point(|&start| start <= time)
    }

    /// Adds a span before the one at `at`.
    pub fn insert_at(&mut self, at: usize, start: u64, state: State, slot: u32) {
        if at == self.len() {
            self.starts.push(start);
            self.states.push(state);
            self.slots.push(slot);
        } else {
            self.starts.insert(at, start);
            self.states.insert(at, state);
            self.slots.insert(at, slot);
            self.forget_sums(at);
        }
        self.catch_up();
    }

    /// Drops the span at `at`; the one before lasts longer.
    pub fn remove(&mut self, at: usize) {
        if at < self.len() {
            self.starts.remove(at);
            self.states.remove(at);
            self.slots.remove(at);
            self.forget_sums(at);
            self.catch_up();
        }
    }

    /// Drops the rows of sums that count the span before `changed` or later ones.
    fn forget_sums(&mut self, changed: usize) {
        self.sums.truncate(changed.saturating_sub(1) / STRIDE);
    }

    fn catch_up(&mut self) {
        while (self.sums.len() + 1) * STRIDE < self.len() {
            let first = self.sums.len() * STRIDE;
            let mut row = self.sums.last().copied().unwrap_or_default();
            self.add_scanned(first, first + STRIDE, &mut row);
            self.sums.push(row);
        }
    }

    /// Adds the spans from `first` up to `end` one by one; all must have a next one.
    fn add_scanned(&self, first: usize, end: usize, totals: &mut StateTotals) {
        let (Some(starts), Some(states)) = (self.starts.get(first..=end), self.states.get(first..end)) else { return };
        for (pair, state) in starts.windows(2).zip(states) {
            totals.add(*state, pair[1] - pair[0]);
        }
    }

    /// The totals of the spans before `index`, which must have begun.
    fn before(&self, index: usize) -> StateTotals {
        let row = (index / STRIDE).min(self.sums.len());
        let mut totals = if row == 0 { StateTotals::default() } else { self.sums[row - 1] };
        self.add_scanned(row * STRIDE, index, &mut totals);
        totals
    }

    /// Time per state between `from` and `to`, of spans that end, as a whole, at `end`.
    pub fn totals(&self, from: u64, to: u64, end: u64) -> StateTotals {
        let to = to.min(end);
        if to <= from {
            return StateTotals::default();
        }
        let first = self.begun_by(from).saturating_sub(1);
        let after = self.begun_before_from(to, first);
        self.totals_of(first, after, from, to)
    }

    /// As [`Self::totals`], of the spans `first..after`, the first of which may begin before `from` and the
    /// last of which may end after `to`.
    pub fn totals_of(&self, first: usize, after: usize, from: u64, to: u64) -> StateTotals {
        let Some(last) = after.checked_sub(1).filter(|&last| last >= first && last < self.len()) else {
            return StateTotals::default();
        };
        let mut totals = if last - first <= 2 * STRIDE {
            let mut few = StateTotals::default();
            self.add_scanned(first, last, &mut few);
            few
        } else {
            self.before(last).minus(&self.before(first))
        };
        // The last one up to `to`, and less what the first one had before `from`.
        totals.add(self.states[last], to.saturating_sub(self.starts[last]));
        totals.0[self.states[first] as usize] -=
            from.saturating_sub(self.starts[first]).min(totals.get(self.states[first]));
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state(code: usize) -> State {
        State::ALL[code % STATES]
    }

    /// Spans inserted in the order given.
    fn spans(starts: &[(u64, usize)]) -> Spans {
        let mut spans = Spans::default();
        for (slot, (start, code)) in starts.iter().enumerate() {
            spans.insert_at(spans.begun_by(*start), *start, state(*code), slot as u32);
        }
        spans
    }

    fn naive(spans: &Spans, from: u64, to: u64, end: u64) -> StateTotals {
        let mut totals = StateTotals::default();
        for index in 0..spans.len() {
            let stop = spans.start(index + 1).unwrap_or(end).min(to).min(end);
            let start = spans.starts[index].max(from);
            totals.add(spans.states[index], stop.saturating_sub(start));
        }
        totals
    }

    proptest! {
        #[test]
        fn sums_give_what_counting_gives(
            starts in proptest::collection::vec((0u64..3000, 0usize..STATES), 0..200),
            from in 0u64..3500,
            length in 0u64..3500,
            cut in 0usize..400,
            after in 0u64..500,
        ) {
            let mut spans = spans(&starts);
            prop_assert!(spans.starts.is_sorted());
            spans.remove(cut);
            let end = spans.last_start().unwrap_or(0) + after;
            prop_assert_eq!(spans.totals(from, from + length, end), naive(&spans, from, from + length, end));
        }

        #[test]
        fn galloping_finds_what_bisecting_finds(
            starts in proptest::collection::vec((0u64..300, 0usize..STATES), 1..100),
            time in 0u64..350,
            from in 0usize..100,
        ) {
            let spans = spans(&starts);
            let expected = spans.begun_before(time);
            prop_assert_eq!(spans.begun_before_from(time, from.min(expected)), expected);
        }
    }
}
