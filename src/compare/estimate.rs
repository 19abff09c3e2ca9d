//! Mean and standard deviation of final values.

use super::comparison::Estimate;
use crate::records::Num;

/// Estimate a metric from its values, of which only the finite ones are left, in order. It has no delta yet.
pub fn estimate(values: &mut Vec<Num>) -> Estimate {
    let all = values.len();
    values.retain(|value| value.as_f64().is_finite());
    // The order of runs must not show in the last bits.
    values.sort_by(|a, b| a.as_f64().total_cmp(&b.as_f64()));
    let (mean, sd) = match values.as_slice() {
        [only] => (Some(only.as_f64()), None),
        several => moments(&several.iter().map(|value| value.as_f64()).collect::<Vec<_>>()),
    };
    Estimate {
        n: values.len(),
        mean,
        sd,
        min: values.first().copied(),
        max: values.last().copied(),
        non_finite: all - values.len(),
        delta: None,
        better: None,
    }
}

impl Estimate {
    /// As [`estimate`], of one value.
    #[inline]
    pub(super) fn of_one(value: Num) -> Self {
        let finite = Some(value).filter(|value| value.as_f64().is_finite());
        Self {
            n: finite.iter().count(),
            mean: finite.map(Num::as_f64),
            sd: None,
            min: finite,
            max: finite,
            non_finite: usize::from(finite.is_none()),
            delta: None,
            better: None,
        }
    }
}

/// Mean and sample standard deviation of finite values.
///
/// Equal values have exactly their value as mean and 0 as deviation; no sum or square overflows or underflows on the way.
fn moments(values: &[f64]) -> (Option<f64>, Option<f64>) {
    let Some(&first) = values.first() else { return (None, None) };
    if values.len() == 1 {
        return (Some(first), None);
    }
    let n = values.len() as f64;
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    // Powers of two, so that scaling loses nothing.
    let scale = match largest {
        largest if largest > 1e100 => 2.0_f64.powi(-600),
        largest if largest < 1e-100 => 2.0_f64.powi(600),
        _ => 1.0,
    };
    let shift = first * scale;
    let mean = shift + values.iter().map(|value| value * scale - shift).sum::<f64>() / n;
    let squares = values.iter().map(|value| (value * scale - mean).powi(2)).sum::<f64>();
    (Some(mean / scale), Some((squares / (n - 1.0)).sqrt() / scale))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::num::f64::{ANY, NORMAL};
    use proptest::prelude::proptest;

    use super::{Num, estimate, moments};

    #[test]
    fn moments_are_right_at_all_magnitudes() {
        let (mean, sd) = moments(&[0.91, 0.93, 0.94, 0.925, 0.9]);
        assert!((mean.expect("mean") - 0.921).abs() < 1e-15);
        // The deviations are -11, 9, 19, 4, -21 thousandths: the root of 0.001020 / 4.
        assert!((sd.expect("sd") - 0.015_968_719_422_671_31).abs() < 1e-15);
        assert_eq!(moments(&[0.5]), (Some(0.5), None));
        assert_eq!(moments(&[]), (None, None));
        assert_eq!(moments(&[0.1, 0.1, 0.1]), (Some(0.1), Some(0.0)));
        assert_eq!(moments(&[1e308, 1e308, -1e308]).0.map(|mean| (mean / 1e307).round()), Some(3.0));
        assert!(moments(&[5e-324, 1e-320]).1.expect("sd") > 0.0);
    }

    #[test]
    fn values_that_are_not_finite_are_counted() {
        let mut values = vec![Num::Float(f64::NAN), Num::Integer(3), Num::Float(f64::INFINITY), Num::Float(1.0)];
        let result = estimate(&mut values);
        assert_eq!((result.n, result.non_finite, result.mean), (2, 2, Some(2.0)));
        assert_eq!((result.min, result.max), (Some(Num::Float(1.0)), Some(Num::Integer(3))));
    }

    proptest! {
        #[test]
        fn the_mean_lies_between_the_extremes(values in vec(NORMAL, 1..20)) {
            let (mean, sd) = moments(&values);
            let mean = mean.expect("there are values");
            let (min, max) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
            let slack = 1e-12 * max.abs().max(min.abs());
            assert!(mean >= min - slack && mean <= max + slack, "{min} {mean} {max}");
            assert!(sd.is_none_or(|sd| sd >= 0.0));
        }

        #[test]
        fn order_does_not_matter(values in vec(ANY, 0..12)) {
            let mut there: Vec<Num> = values.into_iter().map(Num::Float).collect();
            let mut back: Vec<Num> = there.iter().rev().copied().collect();
            let (a, b) = (estimate(&mut there), estimate(&mut back));
            assert_eq!(format!("{:?}{:?}", a.mean, a.sd), format!("{:?}{:?}", b.mean, b.sd));
            assert_eq!((a.n, a.non_finite), (b.n, b.non_finite));
        }
    }
}
