//! Smoothing as TensorBoard does it.

use super::curve::Curve;

impl Curve {
    /// The exponential moving average of the curve with bias correction; `weight` is that of what came before, from 0 up to, not including, 1.
    ///
    /// Values that are not finite stay what they are and do not enter the average; a constant curve stays as it is. The same as
    /// `resmoothDataset` of TensorBoard's `vz_line_chart2/line-chart.ts`.
    #[must_use]
    pub fn smoothed(mut self, weight: f64) -> Self {
        let is_constant = self.points.windows(2).all(|pair| pair[0].value == pair[1].value);
        if is_constant {
            return self;
        }
        let (mut average, mut remaining) = (0.0, 1.0);
        for point in self.points.iter_mut().filter(|point| point.value.is_finite()) {
            average = average * weight + (1.0 - weight) * point.value;
            // The weight that the zero at the beginning still has.
            remaining *= weight;
            point.value = average / (1.0 - remaining);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::proptest;

    use crate::series::{Curve, CurvePoint};

    fn smoothed(values: &[f64], weight: f64) -> Vec<f64> {
        let points = (1..).zip(values).map(|(step, value)| CurvePoint { step, seconds: None, value: *value }).collect();
        Curve { points }.smoothed(weight).points.into_iter().map(|point| point.value).collect()
    }

    #[test]
    fn the_bias_of_the_beginning_is_corrected() {
        assert_eq!(smoothed(&[1.0, 2.0, 4.0], 0.0), [1.0, 2.0, 4.0]);
        // By hand: (0.5 · 1 + 2) / 1.5 and (0.25 · 1 + 0.5 · 2 + 4) / 1.75.
        assert_eq!(smoothed(&[1.0, 2.0, 4.0], 0.5), [1.0, 2.5 / 1.5, 5.25 / 1.75]);
        assert_eq!(smoothed(&[0.1, 0.1, 0.1], 0.9), [0.1, 0.1, 0.1]);
    }

    #[test]
    fn gaps_stay_gaps() {
        let values = smoothed(&[1.0, f64::NAN, 2.0, f64::INFINITY], 0.5);
        assert!(values[1].is_nan() && values[3].is_infinite());
        assert_eq!((values[0], values[2]), (1.0, 2.5 / 1.5));
    }

    proptest! {
        #[test]
        fn an_average_stays_within_the_extremes(values in vec(-1e6_f64..1e6, 1..50), weight in 0.0_f64..0.999) {
            let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
            assert!(smoothed(&values, weight).iter().all(|value| *value >= low - 1e-3 && *value <= high + 1e-3));
        }
    }
}
