//! Amounts in words: every number that a visitor reads gets its unit here.
//!
//! Digits are made from integers, since formatting of floats is a good part of a small page's code.

/// `value` divided by a power of ten, with that many decimals: `fixed(314, 2)` is "3.14".
pub fn fixed(value: u64, decimals: u32) -> String {
    let one = 10u64.pow(decimals);
    if decimals == 0 {
        return value.to_string();
    }
    let fraction = (value % one).to_string();
    let zeros = "0".repeat((decimals as usize).saturating_sub(fraction.len()));
    format!("{}.{zeros}{fraction}", value / one)
}

/// `value / unit`, rounded half up to `decimals`.
fn quotient(value: u64, unit: u64, decimals: u32) -> String {
    let scaled = (u128::from(value) * u128::from(10u64.pow(decimals)) + u128::from(unit / 2)) / u128::from(unit);
    fixed(u64::try_from(scaled).unwrap_or(u64::MAX), decimals)
}

/// A duration: "850 ns", "3.1 ms", "153 ms", "1.25 s", "2 min 5 s". None at all is "0 ms", since a browser's clock may have
/// steps of a millisecond.
pub fn duration(ns: u64) -> String {
    const UNITS: [(u64, &str); 2] = [(1_000, "µs"), (1_000_000, "ms")];
    if ns == 0 {
        return "0 ms".to_owned();
    }
    if ns < 1_000 {
        return format!("{ns} ns");
    }
    for (unit, symbol) in UNITS {
        if ns < unit / 100 * 9_995 {
            return format!("{} {symbol}", quotient(ns, unit, 1));
        }
        if ns < unit / 10 * 9_995 {
            return format!("{} {symbol}", quotient(ns, unit, 0));
        }
    }
    if ns < 119_950_000_000 {
        return format!("{} s", quotient(ns, 1_000_000_000, if ns < 9_995_000_000 { 2 } else { 1 }));
    }
    let seconds = ns / 1_000_000_000;
    format!("{} min {} s", seconds / 60, seconds % 60)
}

/// A point in time relative to another, with its sign if it comes before: "12.4 ms", "−0.3 ms".
pub fn moment(ns: i64) -> String {
    let sign = if ns < 0 { "−" } else { "" };
    format!("{sign}{}", duration(ns.unsigned_abs()))
}

/// An amount of memory: "512 B", "16.1 MiB".
pub fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, symbol)) => format!("{} {symbol}", quotient(bytes, *unit, 1)),
        None => format!("{bytes} B"),
    }
}

/// A number with its thousands apart: "1,000,000".
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of something: "1 message", "2,000 messages".
pub fn count(value: u64, one: &str) -> String {
    let plural = match one {
        one if one.ends_with("ss") => "es",
        _ => "s",
    };
    format!("{} {one}{}", grouped(value), if value == 1 { "" } else { plural })
}

/// A ratio with two decimals: "0.53".
pub fn ratio(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    fixed((value.max(0.0) * 100.0).round() as u64, 2)
}

/// A share of one in per cent: "98 %".
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "–".to_owned();
    }
    format!("{} %", (share.max(0.0) * 100.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_about_three_digits() {
        for (ns, expected) in [
            (0, "0 ms"),
            (1, "1 ns"),
            (999, "999 ns"),
            (1_000, "1.0 µs"),
            (3_140, "3.1 µs"),
            (99_949, "99.9 µs"),
            (99_950, "100 µs"),
            (999_499, "999 µs"),
            (999_500, "1.0 ms"),
            (12_400_000, "12.4 ms"),
            (153_400_000, "153 ms"),
            (999_500_000, "1.00 s"),
            (1_254_000_000, "1.25 s"),
            (75_300_000_000, "75.3 s"),
            (125_000_000_000, "2 min 5 s"),
        ] {
            assert_eq!(duration(ns), expected, "{ns}");
        }
    }

    #[test]
    fn other_amounts_have_units_too() {
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(16_882_073), "16.1 MiB");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(count(1, "message"), "1 message");
        assert_eq!(count(2000, "process"), "2,000 processes");
        assert_eq!(ratio(0.534), "0.53");
        assert_eq!(ratio(f64::INFINITY), "–");
        assert_eq!(percent(0.976), "98 %");
        assert_eq!(moment(-300_000), "−300 µs");
    }
}
