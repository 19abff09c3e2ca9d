//! Metrics: a series is the history of a metric, a summary is what a run fact keeps of it.

use serde::{Deserialize, Serialize};

use super::direction::Direction;
use super::number::Number;

/// What a fact keeps of a series. Key order is the order in the fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Value at the highest step, the last written among equals.
    pub r#final: Number,
    /// The step of `final`, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// Smallest finite value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// Largest finite value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// `min` or `max`, where a direction is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Number>,
    /// Mean of the finite values, of system metrics only: the last of them says little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Number>,
    /// Number of points.
    #[serde(default)]
    pub count: u64,
}

/// Folds points into a [`Summary`], one at a time, in the order written.
#[derive(Debug, Clone, Default)]
pub struct Accumulator {
    last: Option<Number>,
    highest_step: Option<i64>,
    last_step: Option<i64>,
    min: Option<Number>,
    max: Option<Number>,
    sum: f64,
    finite: u64,
    count: u64,
}

/// What the names of system metrics start with.
pub const SYSTEM: &str = "system/";

/// Whether a metric tells of the machine and not of the result. Those are shown where they are asked for.
pub fn is_system(name: &str) -> bool {
    name.starts_with(SYSTEM)
}

impl Accumulator {
    /// Add one point. A point without a step counts as being at the highest step so far.
    pub fn add(&mut self, step: Option<i64>, value: &Number) {
        self.count += 1;
        if step.is_none_or(|step| self.highest_step.is_none_or(|highest| step >= highest)) {
            self.last = Some(value.clone());
            self.last_step = step;
            self.highest_step = step.or(self.highest_step);
        }
        let number = value.as_f64();
        if number.is_finite() {
            self.sum += number;
            self.finite += 1;
            if self.min.as_ref().is_none_or(|min| number < min.as_f64()) {
                self.min = Some(value.clone());
            }
            if self.max.as_ref().is_none_or(|max| number > max.as_f64()) {
                self.max = Some(value.clone());
            }
        }
    }

    /// The mean of the finite values; `None` if there was none, or their sum is none.
    pub fn mean(&self) -> Option<f64> {
        Some(self.sum / self.finite as f64).filter(|mean| mean.is_finite())
    }

    /// The summary, without a mean; `None` if there was no point.
    pub fn summary(self, direction: Option<Direction>) -> Option<Summary> {
        let best = match direction {
            Some(Direction::Maximize) => self.max.clone(),
            Some(Direction::Minimize) => self.min.clone(),
            None => None,
        };
        self.last.map(|last| Summary {
            r#final: last,
            step: self.last_step,
            min: self.min,
            max: self.max,
            best,
            mean: None,
            count: self.count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Accumulator, Direction, Number};

    #[test]
    fn final_is_the_highest_step_and_the_last_written_among_equals() {
        let mut series = Accumulator::default();
        for (step, value) in [(Some(2), 0.5), (Some(3), 0.7), (Some(3), 0.8), (Some(1), 0.9)] {
            series.add(step, &Number::Float(value));
        }
        let summary = series.clone().summary(Some(Direction::Minimize)).expect("points");
        assert_eq!((summary.r#final, summary.step, summary.count), (Number::Float(0.8), Some(3), 4));
        assert_eq!(summary.best, Some(Number::Float(0.5)));
        series.add(None, &Number::Float(f64::NAN));
        let summary = series.summary(None).expect("points");
        assert!(summary.r#final.as_f64().is_nan());
        assert_eq!((summary.step, summary.max, summary.best), (None, Some(Number::Float(0.9)), None));
    }
}
