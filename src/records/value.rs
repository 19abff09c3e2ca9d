//! Values of params and metrics, small enough to be held by the million.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::names::{Names, Symbol};
use crate::model::metric::Summary;
use crate::model::number::Number;

/// The value of a param.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that 64 bits hold.
    Integer(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A text.
    Text(Symbol),
    /// Anything else, as JSON: a list, an object, a larger integer.
    Json(Symbol),
}

impl Value {
    /// As JSON.
    pub fn to_json(self, names: &Names) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => value.into(),
            Self::Integer(value) => value.into(),
            Self::Float(value) => value.into(),
            Self::Text(text) => names.text(text).into(),
            Self::Json(text) => serde_json::from_str(names.text(text)).unwrap_or_else(|_| names.text(text).into()),
        }
    }

    /// The nearest double of a number.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(value as f64),
            Self::Float(value) => Some(value),
            _ => None,
        }
    }
}

/// The value of a metric: a [`Number`] that takes no memory of its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Num {
    /// An integer whose magnitude is at most 2^53.
    Integer(i64),
    /// Any double, NaN and the infinities included.
    Float(f64),
    /// The digits of an integer beyond 2^53, and its nearest double.
    Digits(Symbol, f64),
}

impl Num {
    /// Take a number in.
    pub fn new(number: &Number, names: &mut Names) -> Self {
        match number {
            Number::Integer(value) => Self::Integer(*value),
            Number::Float(value) => Self::Float(*value),
            Number::Digits(digits) => Self::Digits(names.intern(digits), number.as_f64()),
        }
    }

    /// The nearest double.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) | Self::Digits(_, value) => value,
        }
    }

    /// As facts have it.
    pub fn to_number(self, names: &Names) -> Number {
        match self {
            Self::Integer(value) => Number::Integer(value),
            Self::Float(value) => Number::Float(value),
            Self::Digits(digits, _) => Number::Digits(names.text(digits).into()),
        }
    }

    /// Whether two numbers are the same to the last bit; any NaN is the same as any other.
    pub fn is_identical(self, other: Self) -> bool {
        match (self, other) {
            (Self::Digits(a, _), Self::Digits(b, _)) => a == b,
            _ => {
                let (a, b) = (self.as_f64(), other.as_f64());
                a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
            }
        }
    }
}

/// What a run keeps of a metric, as [`Summary`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Value at the highest step, the last written among equals.
    pub last: Num,
    /// The step of `last`, if it had one.
    pub step: Option<i64>,
    /// Smallest finite value.
    pub min: Option<Num>,
    /// Largest finite value.
    pub max: Option<Num>,
    /// `min` or `max`, where a direction was known.
    pub best: Option<Num>,
    /// Mean of the finite values, of system metrics.
    pub mean: Option<f64>,
    /// Number of points.
    pub count: u64,
}

impl Measure {
    /// Take a summary in.
    pub fn new(summary: &Summary, names: &mut Names) -> Self {
        let mut num = |number: &Option<Number>| number.as_ref().map(|number| Num::new(number, names));
        let (min, max, best) = (num(&summary.min), num(&summary.max), num(&summary.best));
        let mean = summary.mean.as_ref().map(Number::as_f64);
        Self { last: Num::new(&summary.r#final, names), step: summary.step, min, max, best, mean, count: summary.count }
    }

    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        for num in [Some(&mut self.last), self.min.as_mut(), self.max.as_mut(), self.best.as_mut()] {
            if let Some(Num::Digits(digits, _)) = num {
                change(digits);
            }
        }
    }
}
