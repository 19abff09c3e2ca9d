//! Several seeds as one curve: mean and spread at each step.

use super::curve::Curve;

/// What several curves say about a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanPoint {
    /// The step.
    pub step: i64,
    /// Mean seconds since the start of the run, if the time is known of all the values.
    pub seconds: Option<f64>,
    /// How many curves have a value at this step.
    pub n: usize,
    /// Mean of the values; NaN if one of them is not finite, for a mean of the others would hide that a seed diverged.
    pub mean: f64,
    /// Sample standard deviation (n - 1); `None` below two values or without a mean.
    pub sd: Option<f64>,
    /// Smallest value, NaN if there is no mean.
    pub min: f64,
    /// Largest value, NaN if there is no mean.
    pub max: f64,
}

/// The mean of curves at every step that any of them has, by step.
pub fn mean(curves: &[Curve]) -> Vec<MeanPoint> {
    let mut next = vec![0; curves.len()];
    let mut points = Vec::with_capacity(curves.iter().map(|curve| curve.points.len()).max().unwrap_or(0));
    let (mut values, mut seconds) = (Vec::with_capacity(curves.len()), Vec::with_capacity(curves.len()));
    loop {
        let heads = || curves.iter().zip(&next).filter_map(|(curve, at)| curve.points.get(*at));
        let Some(step) = heads().map(|point| point.step).min() else { return points };
        values.clear();
        seconds.clear();
        for (curve, at) in curves.iter().zip(&mut next) {
            if let Some(point) = curve.points.get(*at).filter(|point| point.step == step) {
                values.push(point.value);
                seconds.extend(point.seconds);
                *at += 1;
            }
        }
        points.push(point(step, &mut values, &seconds));
    }
}

/// Whether curves have enough steps in common for a mean: at least half of all steps are in two of them. Means of curves that were logged at
/// different steps would jump from one to the other.
pub fn is_meaningful(points: &[MeanPoint]) -> bool {
    points.iter().filter(|point| point.n > 1).count() * 2 >= points.len()
}

fn point(step: i64, values: &mut [f64], seconds: &[f64]) -> MeanPoint {
    let n = values.len();
    let seconds = (seconds.len() == n).then(|| seconds.iter().sum::<f64>() / n as f64);
    if values.iter().any(|value| !value.is_finite()) {
        return MeanPoint { step, seconds, n, mean: f64::NAN, sd: None, min: f64::NAN, max: f64::NAN };
    }
    // The order of runs must not show in the last bits.
    values.sort_by(f64::total_cmp);
    let (mean, sd) = moments(values);
    MeanPoint { step, seconds, n, mean, sd: (n > 1).then_some(sd), min: values[0], max: values[n - 1] }
}

/// Mean and sample standard deviation of sorted, finite values; equal values have exactly their value as mean.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let largest = values[0].abs().max(values[values.len() - 1].abs());
    // Powers of two, so that scaling loses nothing and no square overflows or underflows.
    let scale = match largest {
        largest if largest > 1e100 => 2.0_f64.powi(-600),
        largest if largest < 1e-100 => 2.0_f64.powi(600),
        _ => 1.0,
    };
    let shift = values[0] * scale;
    let mean = shift + values.iter().map(|value| value * scale - shift).sum::<f64>() / n;
    let squares = values.iter().map(|value| (value * scale - mean).powi(2)).sum::<f64>();
    (mean / scale, (squares / (n - 1.0).max(1.0)).sqrt() / scale)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::num::f64::NORMAL;
    use proptest::prelude::proptest;

    use super::{is_meaningful, mean};
    use crate::series::{Curve, CurvePoint};

    fn curve(points: &[(i64, f64)]) -> Curve {
        let point = |(step, value): &(i64, f64)| CurvePoint { step: *step, seconds: Some(*step as f64), value: *value };
        Curve { points: points.iter().map(point).collect() }
    }

    #[test]
    fn each_step_has_the_mean_of_those_that_reached_it() {
        let points = mean(&[curve(&[(1, 1.0), (2, 2.0), (3, 3.0)]), curve(&[(1, 3.0), (3, f64::NAN)])]);
        assert_eq!((points[0].mean, points[0].sd, points[0].n), (2.0, Some(2.0_f64.sqrt()), 2));
        assert_eq!((points[0].min, points[0].max, points[0].seconds), (1.0, 3.0, Some(1.0)));
        assert_eq!((points[1].mean, points[1].sd, points[1].n), (2.0, None, 1));
        assert!(points[2].mean.is_nan() && points[2].n == 2);
        assert!(is_meaningful(&points) && mean(&[]).is_empty());
        assert!(!is_meaningful(&mean(&[curve(&[(1, 1.0), (3, 1.0)]), curve(&[(2, 1.0), (4, 1.0)])])));
    }

    #[test]
    fn equal_values_have_no_spread_at_any_magnitude() {
        for value in [0.1, f64::MAX, 5e-324, -1e300] {
            let points = mean(&[curve(&[(1, value)]), curve(&[(1, value)]), curve(&[(1, value)])]);
            assert_eq!((points[0].mean, points[0].sd), (value, Some(0.0)), "{value}");
        }
    }

    proptest! {
        #[test]
        fn the_mean_lies_between_the_extremes(values in vec(NORMAL, 1..9)) {
            let curves: Vec<Curve> = values.iter().map(|value| curve(&[(1, *value)])).collect();
            let point = mean(&curves)[0];
            let slack = 1e-12 * point.max.abs().max(point.min.abs());
            assert!(point.mean >= point.min - slack && point.mean <= point.max + slack, "{point:?}");
            assert!(point.sd.is_none_or(|sd| sd >= 0.0));
        }
    }
}
