//! Numbers as people read them.

use std::fmt::Write;

use crate::model::time::Time;

/// Digits of a mean whose spread is not known.
const DIGITS: i32 = 4;

/// The most digits that a small spread may ask of a mean.
const MOST_DIGITS: i32 = 7;

/// The most characters of a delta on the scale of its mean.
const MOST_CHARACTERS: usize = 9;

/// How a mean, its standard deviation and its delta are rounded: the three share a last decimal place.
///
/// The place is that of the second digit of the standard deviation; without one the mean has four digits, and no digit of
/// it before the decimal point is rounded away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounding {
    /// Power of ten of the last digit shown.
    place: i32,
    /// Power of ten that stands behind the number, 0 for none.
    exponent: i32,
}

impl Rounding {
    /// The rounding of a mean with a standard deviation, which is not negative. `delta` matters only in that a whole mean gets decimals if its delta needs them.
    pub fn of(mean: f64, sd: Option<f64>, delta: Option<f64>) -> Self {
        let spread = sd.filter(|sd| *sd > 0.0 && sd.is_finite());
        let whole = |value: f64| value.fract() == 0.0 && value.abs() < 1e15;
        if spread.is_none() && whole(mean) && delta.is_none_or(whole) {
            return Self { place: 0, exponent: 0 };
        }
        let size = leading_place(mean.abs().max(spread.unwrap_or(0.0)), MOST_DIGITS);
        let place = match spread {
            Some(sd) => (leading_place(sd, 2) - 1).max(size - MOST_DIGITS + 1),
            None => leading_place(mean, DIGITS) - DIGITS + 1,
        };
        if (-4..6).contains(&size) {
            Self { place: if spread.is_some() { place } else { place.min(0) }, exponent: 0 }
        } else {
            Self { place, exponent: size }
        }
    }

    /// `0.931 ± 0.004`, or `0.931` without a deviation; `(1.20 ± 0.10)e-7` far from 1.
    pub fn mean(self, mean: f64, sd: Option<f64>) -> String {
        let mut out = String::new();
        self.push_mean(&mut out, mean, sd);
        out
    }

    /// As [`Rounding::mean`], behind what is there.
    pub fn push_mean(self, out: &mut String, mean: f64, sd: Option<f64>) {
        let Some(sd) = sd.filter(|_| mean.is_finite()) else {
            self.push_digits(out, mean);
            if self.exponent != 0 {
                out.push_str(&self.power());
            }
            return;
        };
        let text = self.digits(mean);
        let spread = match self.digits(sd) {
            _ if sd == 0.0 => "0".to_owned(),
            // A spread far below the last digit of the mean still is one.
            digits if is_zero(&digits) => {
                let _ = write!(out, "{text}{} ± {sd:.1e}", self.power());
                return;
            }
            digits => digits,
        };
        let _ = if self.exponent == 0 {
            write!(out, "{text} ± {spread}")
        } else {
            write!(out, "({text} ± {spread}){}", self.power())
        };
    }

    /// `+0.012`, with as many decimals as the mean; `0` if there is no difference; the first digit if that is further behind.
    pub fn delta(self, delta: f64) -> String {
        let mut out = String::new();
        self.push_delta(&mut out, delta);
        out
    }

    /// As [`Rounding::delta`], behind what is there.
    pub fn push_delta(self, out: &mut String, delta: f64) {
        if delta == 0.0 {
            out.push('0');
            return;
        }
        if !delta.is_finite() {
            let _ = write!(out, "{delta:+}");
            return;
        }
        let start = out.len();
        out.push(if delta > 0.0 { '+' } else { '-' });
        let digits = out.len();
        self.push_digits(out, delta.abs());
        if out.len() - digits > MOST_CHARACTERS {
            // The mean is so much smaller than the baseline's that its own scale says nothing about the difference.
            out.truncate(digits);
            Self::of(delta.abs(), None, None).push_mean(out, delta.abs(), None);
        } else if !is_zero(&out[digits..]) {
            if self.exponent != 0 {
                out.push_str(&self.power());
            }
        } else {
            out.truncate(start);
            let place = leading_place(delta, 1);
            let _ = if (-6..=6).contains(&place) {
                write!(out, "{delta:+.*}", decimals(place))
            } else {
                write!(out, "{delta:+.0e}")
            };
        }
    }

    fn digits(self, value: f64) -> String {
        let mut out = String::new();
        self.push_digits(&mut out, value);
        out
    }

    #[inline]
    fn push_digits(self, out: &mut String, value: f64) {
        if self.exponent == 0 && push_fixed(out, value, self.place) {
            return;
        }
        self.push_exact_digits(out, value);
    }

    /// The same, at any size and to the last bit.
    #[cold]
    fn push_exact_digits(self, out: &mut String, value: f64) {
        let (value, place) = (shift(value, self.exponent), self.place - self.exponent);
        if push_fixed(out, value, place) {
            return;
        }
        let text = if place > 0 {
            format!("{:.0}", shift(shift(value, place).round(), -place))
        } else {
            format!("{value:.*}", decimals(place))
        };
        out.push_str(match text.strip_prefix('-') {
            Some(digits) if is_zero(digits) => digits,
            _ => &text,
        });
    }

    fn power(self) -> String {
        if self.exponent == 0 { String::new() } else { format!("e{}", self.exponent) }
    }
}

/// Write a value of everyday size rounded to `-place` decimals, at most nine; `false` where that is not certain to be the correct rounding.
///
/// The product below is off by less than its last bit, so where it lies clear of the middle between two integers, the nearest one is right. That is
/// nearly always so, and takes a tenth of the time of the exact way.
fn push_fixed(out: &mut String, value: f64, place: i32) -> bool {
    let Some(power) = usize::try_from(-place).ok().and_then(|decimals| POWERS.get(decimals)) else { return false };
    let scaled = value.abs() * power;
    if scaled.is_nan() || scaled >= 1e9 {
        return false;
    }
    let below = scaled as u32;
    let fraction = scaled - f64::from(below);
    if (fraction - 0.5).abs() < 1e-6 {
        return false;
    }
    let mut rest = below + u32::from(fraction > 0.5);
    let decimals = decimals(place);
    // Ten digits, a point and a sign, written from the end.
    let mut text = [b'0'; 12];
    let mut at = text.len();
    let is_negative = value < 0.0 && rest > 0;
    if decimals > 0 {
        for _ in 0..decimals {
            at -= 1;
            text[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        at -= 1;
        text[at] = b'.';
    }
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if is_negative {
        at -= 1;
        text[at] = b'-';
    }
    out.push_str(std::str::from_utf8(&text[at..]).expect("digits are ASCII"));
    true
}

/// Powers of ten that doubles hold exactly.
const POWERS: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// The power of ten of the first digit, once the value is rounded to that many digits.
fn leading_place(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    if let Some(place) = everyday_place(value.abs(), digits) {
        return place;
    }
    let text = format!("{value:.*e}", decimals(1 - digits));
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// As [`leading_place`], for values of everyday size that no rounding lifts over the next power of ten.
fn everyday_place(value: f64, digits: i32) -> Option<i32> {
    const PLACES: [(f64, i32); 10] =
        [(1e6, 6), (1e5, 5), (1e4, 4), (1e3, 3), (1e2, 2), (1e1, 1), (1.0, 0), (1e-1, -1), (1e-2, -2), (1e-3, -3)];
    if value >= 1e7 {
        return None;
    }
    let (power, place) = PLACES.iter().find(|(power, _)| value >= *power)?;
    // Of d digits, 9.99…95 is the first that becomes 10; what is close to it is left to the exact way, as is what a power of ten below 1 may misplace.
    let first = value / power;
    let lifted = 10.0 - 0.5 * POWERS[0] / POWERS.get(usize::try_from(digits - 1).ok()?)?;
    (first > 1.0 + 1e-9 && first < lifted - 1e-9).then_some(*place)
}

/// The value divided by a power of ten: by its digits, so that nothing overflows or is rounded twice.
fn shift(value: f64, exponent: i32) -> f64 {
    if exponent == 0 || !value.is_finite() {
        return value;
    }
    let text = format!("{value:e}");
    let parts = text.split_once('e').and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?)));
    parts.and_then(|(digits, power)| format!("{digits}e{}", power - exponent).parse().ok()).unwrap_or(value)
}

fn decimals(place: i32) -> usize {
    usize::try_from(-place).unwrap_or(0)
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// A duration: `0.41 s`, `13.3 s`, `2 min 13 s`, `3 h 05 min`, `2 d 4 h`. Negative or unknown ones are `–`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    if seconds < 9.995 {
        return format!("{seconds:.2} s");
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let seconds = seconds.round() as u64;
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes:02} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

/// A size in bytes: `512 B`, `1.5 KiB`, `23 MiB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut size = n as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1023.5 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let decimals = usize::from(size < 9.95);
    format!("{size:.decimals$} {}", UNITS[unit])
}

/// A number and its noun: `1 run`, `2 runs`. For nouns that take an `s`.
pub fn plural(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// How long ago a time was: `just now`, `5 min ago`, `3 h ago`, `2 d ago`; `in 5 min` for a clock that runs ahead.
pub fn age(now: Time, time: Time) -> String {
    let seconds = now.seconds_since(time);
    let minutes = (seconds.abs() / 60.0) as u64;
    let amount = match minutes {
        0 => return "just now".to_owned(),
        1..60 => format!("{minutes} min"),
        60..1440 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    };
    if seconds > 0.0 { format!("{amount} ago") } else { format!("in {amount}") }
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::{ANY, POSITIVE};
    use proptest::option::of;
    use proptest::prelude::{any, proptest};

    use super::{Rounding, Time, age, bytes, duration, plural};

    fn mean(mean: f64, sd: impl Into<Option<f64>>) -> String {
        let sd = sd.into();
        Rounding::of(mean, sd, None).mean(mean, sd)
    }

    fn delta(mean: f64, sd: impl Into<Option<f64>>, delta: f64) -> String {
        Rounding::of(mean, sd.into(), Some(delta)).delta(delta)
    }

    #[test]
    fn a_mean_has_the_digits_that_its_spread_allows() {
        for (given, text) in [
            (mean(0.931_23, 0.004_1), "0.9312 ± 0.0041"),
            (mean(0.931_23, 0.099_7), "0.93 ± 0.10"),
            (mean(0.931_23, 0.999), "0.9 ± 1.0"),
            (mean(12.3456, 1.234), "12.3 ± 1.2"),
            (mean(56_789.0, 1_234.0), "56800 ± 1200"),
            (mean(-0.01, 0.5), "-0.01 ± 0.50"),
            (mean(-0.001, 0.5), "0.00 ± 0.50"),
            (mean(0.5, 0.0), "0.5000 ± 0"),
            (mean(0.5, 1e-17), "0.5000000 ± 1.0e-17"),
            (mean(0.5, f64::INFINITY), "0.5000 ± inf"),
            (mean(1.2e-7, 1e-8), "(1.20 ± 0.10)e-7"),
            (mean(3.2e9, 4e7), "(3.200 ± 0.040)e9"),
            (mean(1e-9, 2.0), "0.0 ± 2.0"),
        ] {
            assert_eq!(given, text);
        }
    }

    #[test]
    fn a_mean_without_spread_has_four_digits_or_all_before_the_point() {
        for (given, text) in [
            (mean(0.931_23, None), "0.9312"),
            (mean(0.9, None), "0.9000"),
            (mean(0.999_99, None), "1.000"),
            (mean(61_706.0, None), "61706"),
            (mean(23_520_842.0, None), "23520842"),
            (mean(61_706.4, None), "61706"),
            (mean(5.0, None), "5"),
            (mean(0.0, None), "0"),
            (mean(-0.0, None), "0"),
            (mean(0.000_123_46, None), "0.0001235"),
            (mean(1.234_56e-5, None), "1.235e-5"),
            (mean(1_234_567.8, None), "1.235e6"),
            (mean(f64::MAX, None), "1.798e308"),
            (mean(5e-324, None), "5.000e-324"),
        ] {
            assert_eq!(given, text);
        }
    }

    #[test]
    fn a_delta_has_the_decimals_of_its_mean() {
        for (given, text) in [
            (delta(0.931, 0.004, 0.0123), "+0.0123"),
            (delta(0.931, 0.04, -0.0123), "-0.012"),
            (delta(0.93, 0.4, 0.000_4), "+0.0004"),
            (delta(0.93, 0.4, -4e-9), "-4e-9"),
            (delta(5.0, None, 2.0), "+2"),
            (delta(5.0, None, 0.5), "+0.500"),
            (delta(5.0, 0.1, 0.0), "0"),
            (delta(1.2e-7, 1e-8, 2e-8), "+0.20e-7"),
            (delta(1.2e-7, 1e-8, -0.5), "-0.5000"),
            (delta(1.2e-7, 1e-8, f64::INFINITY), "+inf"),
        ] {
            assert_eq!(given, text);
        }
    }

    #[test]
    fn times_sizes_and_counts() {
        let durations = [0.0, 0.414, 9.999, 13.28, 59.96, 133.0, 11_100.0, 187_200.0, -1.0, f64::NAN].map(duration);
        let texts =
            ["0.00 s", "0.41 s", "10.0 s", "13.3 s", "1 min 00 s", "2 min 13 s", "3 h 05 min", "2 d 4 h", "–", "–"];
        assert_eq!(durations, texts);
        let sizes = [0, 1023, 1024, 1536, 24_117_248, 1_048_575, u64::MAX].map(bytes);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "23 MiB", "1.0 MiB", "16 EiB"]);
        assert_eq!((plural(1, "run"), plural(0, "run")), ("1 run".to_owned(), "0 runs".to_owned()));
        let ages = [0, 59, 60, 3_599, 3_600, 86_399, 200_000, -300].map(|ago| age(Time(0), Time(-ago * 1000)));
        let texts = ["just now", "just now", "1 min ago", "59 min ago", "1 h ago", "23 h ago", "2 d ago", "in 5 min"];
        assert_eq!(ages, texts);
    }

    proptest! {
        #[test]
        fn the_fast_way_is_the_exact_way(value in -1e10..1e10_f64, scale in -12..1_i32, place in -9..1_i32, digits in 1..8_i32) {
            for value in [value * 10_f64.powi(scale), (value * 10_f64.powi(scale) * 1e4).round() / 1e4] {
                let mut fast = String::new();
                if super::push_fixed(&mut fast, value, place) {
                    let exact = format!("{value:.*}", super::decimals(place));
                    assert_eq!(fast, exact.strip_prefix('-').filter(|text| super::is_zero(text)).unwrap_or(&exact));
                }
                if let Some(fast) = super::everyday_place(value.abs(), digits) {
                    let text = format!("{:.*e}", super::decimals(1 - digits), value.abs());
                    assert_eq!(fast.to_string(), text.split_once('e').expect("an exponent").1);
                }
            }
        }

        #[test]
        fn no_number_is_a_panic_or_a_novel(mean in ANY, sd in of(POSITIVE), delta in ANY, n in any::<u64>(), t in any::<i64>()) {
            let rounding = Rounding::of(mean, sd, Some(delta));
            let numbers = [rounding.mean(mean, sd), rounding.delta(delta)];
            let texts = [duration(delta), bytes(n), age(Time(t), Time(0))];
            assert!(numbers.iter().chain(&texts).all(|text| text.len() < 50), "{numbers:?} {texts:?}");
        }
    }
}
