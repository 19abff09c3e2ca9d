//! Axes: where a number lies between the ends, and the round numbers beside it.

/// How an axis counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly, in whole numbers, as steps are.
    Whole,
    /// By powers of ten.
    Log,
}

impl Scale {
    /// Whether a number has a place on such an axis.
    pub fn has(self, value: f64) -> bool {
        value.is_finite() && (self != Self::Log || value > 0.0)
    }
}

/// An axis from its smallest to its largest number.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    /// Round numbers, ascending.
    pub ticks: Vec<Tick>,
}

/// A round number on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it lies, from 0 to 1.
    pub place: f64,
    /// The number.
    pub label: String,
}

impl Axis {
    /// The axis for numbers from `low` to `high`, which have a place on it, with about `most` ticks, at least two where round numbers allow it.
    pub fn new(scale: Scale, (low, high): (f64, f64), most: usize) -> Self {
        let (low, high) = if low < high { (low, high) } else { around(scale, low) };
        let most = most.max(2);
        let labels = match scale {
            Scale::Linear => linear(low, high, most, i32::MIN),
            Scale::Whole => linear(low, high, most, 0),
            Scale::Log => logarithmic(low, high, most),
        };
        let mut axis = Self { scale, low, high, ticks: Vec::new() };
        let tick = |label: String| Tick { place: axis.place(label.parse().unwrap_or(f64::NAN)), label };
        axis.ticks = labels.into_iter().map(tick).filter(|tick| (0.0..=1.0).contains(&tick.place)).collect();
        // Neighbouring numbers may be too near for two places.
        axis.ticks.dedup_by(|next, tick| next.place <= tick.place);
        axis
    }

    /// Whether a number has a place on the axis.
    pub fn has(&self, value: f64) -> bool {
        self.scale.has(value)
    }

    /// Where a number lies: 0 at the low end, 1 at the high end.
    pub fn place(&self, value: f64) -> f64 {
        let (value, low, high) = match self.scale {
            Scale::Log => (value.log10(), self.low.log10(), self.high.log10()),
            // Halves, because the whole span may be more than the largest number.
            _ => (value / 2.0, self.low / 2.0, self.high / 2.0),
        };
        if high > low { (value - low) / (high - low) } else { 0.5 }
    }
}

/// Ends around a single number.
fn around(scale: Scale, value: f64) -> (f64, f64) {
    let pad = match scale {
        Scale::Whole => 1.0,
        Scale::Log => return ((value / 2.0).max(f64::from_bits(1)), (value * 2.0).min(f64::MAX)),
        Scale::Linear if value == 0.0 => 1.0,
        Scale::Linear => (value.abs() / 10.0).max(f64::MIN_POSITIVE),
    };
    ((value - pad).max(f64::MIN), (value + pad).min(f64::MAX))
}

/// Multiples of 1, 2 or 5 times a power of ten, which is `smallest` or more: the finest of which there are at most one more than `most`.
fn linear(low: f64, high: f64, most: usize, smallest: i32) -> Vec<String> {
    // Halves, because the whole span may be more than the largest number.
    let fine = (high / 2.0 - low / 2.0) / most as f64;
    let mut power = (fine.log10().floor() as i32).max(smallest);
    let mut digit = 1;
    loop {
        let step = digit as f64 * ten_to(power);
        let (first, last) = ((low / step).ceil(), (high / step).floor());
        if last - first <= most as f64 && first.abs().max(last.abs()) < 9e15 {
            let largest = low.abs().max(high.abs());
            return (first as i64..=last as i64).map(|multiple| label(multiple * digit, power, largest)).collect();
        }
        // Beyond 2^53 neighbours can no longer be told apart, nor labelled.
        if step > high - low || step == 0.0 {
            return [low, high].map(|end| format!("{end:e}")).to_vec();
        }
        (digit, power) = match digit {
            1 => (2, power),
            2 => (5, power),
            _ => (1, power + 1),
        };
    }
}

/// The number `mantissa · 10^power` beside others up to `largest`.
fn label(mantissa: i64, power: i32, largest: f64) -> String {
    let value: f64 = format!("{mantissa}e{power}").parse().unwrap_or(f64::NAN);
    if value == 0.0 && power >= 0 {
        "0".to_owned()
    } else if (1e-4..1e7).contains(&largest) {
        format!("{value:.*}", usize::try_from(-power).unwrap_or(0))
    } else if value == 0.0 {
        "0".to_owned()
    } else {
        format!("{value:e}")
    }
}

/// 1, 2 and 5 times powers of ten where these are few, else powers of ten; round numbers as on a linear axis where there are none.
fn logarithmic(low: f64, high: f64, most: usize) -> Vec<String> {
    let (first, last) = (low.log10().floor() as i32, high.log10().floor() as i32);
    let plain = |digit: i32, power: i32| {
        let value: f64 = format!("{digit}e{power}").parse().unwrap_or(f64::NAN);
        let label = if (1e-4..1e7).contains(&value) { format!("{value}") } else { format!("{digit}e{power}") };
        (low..=high).contains(&value).then_some(label)
    };
    let some: Vec<String> =
        (first..=last).flat_map(|power| [1, 2, 5].map(|digit| plain(digit, power))).flatten().collect();
    if (2..=most).contains(&some.len()) {
        return some;
    }
    let powers: Vec<String> = (first..=last).filter_map(|power| plain(1, power)).collect();
    match powers.len() {
        0 | 1 => linear(low, high, most, i32::MIN),
        count => powers.into_iter().step_by(count.div_ceil(most)).collect(),
    }
}

fn ten_to(power: i32) -> f64 {
    // By its digits: `powi` is off by some bits far from 1.
    format!("1e{power}").parse().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::{ANY, POSITIVE};
    use proptest::prelude::proptest;

    use super::{Axis, Scale};

    fn labels(scale: Scale, low: f64, high: f64, most: usize) -> String {
        let axis = Axis::new(scale, (low, high), most);
        axis.ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round() {
        let linear = |low, high| labels(Scale::Linear, low, high, 5);
        assert_eq!(linear(0.0, 1.0), "0.0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(linear(0.61, 0.931), "0.65 0.70 0.75 0.80 0.85 0.90");
        assert_eq!(linear(-3.0, 17.0), "0 5 10 15");
        assert_eq!(linear(0.0, 1_000_000.0), "0 200000 400000 600000 800000 1000000");
        assert_eq!(linear(1e-7, 3e-7), "1e-7 1.5e-7 2e-7 2.5e-7 3e-7");
        assert_eq!(linear(0.0, 4e9), "0 1e9 2e9 3e9 4e9");
        assert_eq!(linear(5.0, 5.0), "4.6 4.8 5.0 5.2 5.4");
        assert_eq!(linear(0.0, 0.0), "-1.0 -0.5 0.0 0.5 1.0");
        assert_eq!(labels(Scale::Whole, 1.0, 3.0, 9), "1 2 3");
        assert_eq!(labels(Scale::Whole, 7.0, 7.0, 9), "6 7 8");
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten() {
        let log = |low, high| labels(Scale::Log, low, high, 5);
        assert_eq!(log(0.003, 20.0), "0.01 0.1 1 10");
        assert_eq!(log(1e-9, 1.0), "1e-9 1e-7 1e-5 0.001 0.1");
        assert_eq!(log(0.2, 3.0), "0.2 0.5 1 2");
        assert_eq!(log(0.09, 1.0), "0.1 0.2 0.5 1");
        assert_eq!(log(0.61, 0.64), "0.61 0.62 0.63 0.64");
    }

    #[test]
    fn the_ends_lie_at_0_and_1() {
        let axis = Axis::new(Scale::Linear, (f64::MIN, f64::MAX), 5);
        assert_eq!((axis.place(f64::MIN), axis.place(0.0), axis.place(f64::MAX)), (0.0, 0.5, 1.0));
        let axis = Axis::new(Scale::Log, (0.01, 100.0), 5);
        assert!((axis.place(1.0) - 0.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn any_range_has_an_axis(a in ANY, b in ANY, most in 0..30_usize) {
            for scale in [Scale::Linear, Scale::Whole, Scale::Log] {
                if !(scale.has(a) && scale.has(b)) {
                    continue;
                }
                let axis = Axis::new(scale, (a.min(b), a.max(b)), most);
                assert!((0.0..=1.0).contains(&axis.place(a)) && (0.0..=1.0).contains(&axis.place(b)));
                assert!(axis.ticks.len() <= most.max(2) + 1, "{axis:?}");
                assert!(axis.ticks.windows(2).all(|pair| pair[0].place < pair[1].place), "{axis:?}");
                assert!(axis.ticks.iter().all(|tick| tick.label.len() < 26), "{axis:?}");
            }
        }

        #[test]
        fn near_numbers_have_an_axis(a in POSITIVE, ulps in 0..1000_u64) {
            let b = f64::from_bits(a.to_bits() + ulps);
            for scale in [Scale::Linear, Scale::Log] {
                if scale.has(a) && scale.has(b) {
                    let axis = Axis::new(scale, (a, b), 6);
                    assert!(axis.ticks.windows(2).all(|pair| pair[0].place < pair[1].place), "{axis:?}");
                }
            }
        }
    }
}
