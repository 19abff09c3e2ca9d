//! The learning curve of one run: one value for each step.

use super::read::Series;

/// A learning curve: its points by step, each step once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// The points, steps ascending.
    pub points: Vec<CurvePoint>,
}

/// The value at a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// The step.
    pub step: i64,
    /// Seconds since the start of the run, if the time is known.
    pub seconds: Option<f64>,
    /// The value; anything, NaN and the infinities included.
    pub value: f64,
}

impl Curve {
    /// The curve of a series: sorted by step, the last written among equals wins. Points without a step are numbered by their order: each comes
    /// one step after the highest before it, the first of all at 1.
    pub fn of(series: &Series) -> Self {
        let mut highest: Option<i64> = None;
        let mut is_ascending = true;
        let mut points: Vec<CurvePoint> = Vec::with_capacity(series.points.len());
        for point in &series.points {
            let step = point.step.unwrap_or_else(|| highest.map_or(1, |highest| highest.saturating_add(1)));
            is_ascending &= highest.is_none_or(|highest| step > highest);
            highest = highest.max(Some(step));
            points.push(CurvePoint { step, seconds: point.seconds, value: point.value });
        }
        if !is_ascending {
            // Stable, so that equals stay in the order written.
            points.sort_by_key(|point| point.step);
            points.dedup_by(|later, kept| {
                let is_same = later.step == kept.step;
                if is_same {
                    *kept = *later;
                }
                is_same
            });
        }
        Self { points }
    }

    /// The value at exactly this step; `None` if none was logged there.
    pub fn value_at(&self, step: i64) -> Option<f64> {
        self.points.binary_search_by_key(&step, |point| point.step).ok().map(|at| self.points[at].value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::Curve;
    use crate::series::read::{Point, Series};

    fn curve(points: &[(Option<i64>, f64)]) -> Vec<(i64, f64)> {
        let points = points.iter().map(|(step, value)| Point { step: *step, seconds: None, value: *value }).collect();
        let curve = Curve::of(&Series { name: String::new(), points });
        curve.points.iter().map(|point| (point.step, point.value)).collect()
    }

    #[test]
    fn the_last_written_among_equals_wins() {
        assert_eq!(curve(&[(Some(2), 0.1), (Some(1), 0.2), (Some(2), 0.3)]), [(1, 0.2), (2, 0.3)]);
    }

    #[test]
    fn points_without_a_step_are_numbered() {
        assert_eq!(curve(&[(None, 0.1), (None, 0.2)]), [(1, 0.1), (2, 0.2)]);
        assert_eq!(curve(&[(Some(10), 0.1), (None, 0.2), (Some(20), 0.3)]), [(10, 0.1), (11, 0.2), (20, 0.3)]);
        assert_eq!(curve(&[(Some(i64::MAX), 0.1), (None, 0.2)]), [(i64::MAX, 0.2)]);
    }

    proptest! {
        #[test]
        fn steps_ascend_and_each_has_its_last_value(points in vec((0_i64..9, any::<i32>()), 0..30)) {
            let with: Vec<(Option<i64>, f64)> = points.iter().map(|(step, value)| (Some(*step), f64::from(*value))).collect();
            let curve = curve(&with);
            assert!(curve.windows(2).all(|pair| pair[0].0 < pair[1].0));
            for (step, value) in &curve {
                assert_eq!(with.iter().rfind(|(of, _)| *of == Some(*step)).map(|(_, value)| *value), Some(*value));
            }
            assert!(with.iter().all(|(step, _)| curve.iter().any(|(of, _)| Some(*of) == *step)));
        }
    }
}
