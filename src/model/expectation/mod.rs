//! One promise about one metric: `val_acc >= 0.92`, `best(loss) <= baseline * 0.95`.
//!
//! ```text
//! expectation = metric | summary "(" metric ")" , comparison , target
//! summary     = "final" | "best" | "min" | "max"
//! metric      = letters, digits, _ - . / : @ %   or any text in double quotes with backslash escapes
//! comparison  = ">=" | ">" | "<=" | "<" | "≥" | "≤"
//! target      = number | "baseline" [ ("+" | "-" | "*") number ]
//! ```

use crate::model::direction::Direction;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

mod parse;

/// A metric, how it is summed up, and what it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The metric's name; never empty when parsed.
    pub metric: String,
    /// Which value of the metric's history counts.
    pub summary: Summary,
    /// How it is compared with the target.
    pub op: Comparison,
    /// What it is compared with.
    pub target: Target,
}

/// Which value of a metric's history counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Summary {
    /// The value of the highest step; the one that is meant when none is named.
    Final,
    /// The best value, in the metric's direction.
    Best,
    /// The lowest value.
    Min,
    /// The highest value.
    Max,
}

/// The comparison of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// At least, `>=`.
    Ge,
    /// More than, `>`.
    Gt,
    /// At most, `<=`.
    Le,
    /// Less than, `<`.
    Lt,
}

/// What a metric is compared with. Numbers are finite when parsed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// A fixed value.
    Value(f64),
    /// The baseline's value plus a difference, which may be negative or zero.
    BaselinePlus(f64),
    /// The baseline's value times a factor.
    BaselineTimes(f64),
}

/// A text that is no expectation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the expectation {text:?} at column {column}: expected {expected}, as in `{example}`")]
pub struct ExpectationError {
    /// The text as given.
    pub text: String,
    /// Where reading stopped, in characters from 1.
    pub column: usize,
    /// What could have stood there.
    pub expected: String,
    /// A line that can be read.
    pub example: String,
}

impl Expectation {
    /// The direction that the comparison implies.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self.op {
            Comparison::Ge | Comparison::Gt => Direction::Maximize,
            Comparison::Le | Comparison::Lt => Direction::Minimize,
        }
    }
}

impl Summary {
    /// The word that stands before the parenthesis.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Best => "best",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

impl Comparison {
    /// The sign as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ge => ">=",
            Self::Gt => ">",
            Self::Le => "<=",
            Self::Lt => "<",
        }
    }

    /// The comparison in words: `at least`, `more than`, `at most`, `less than`.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Ge => "at least",
            Self::Gt => "more than",
            Self::Le => "at most",
            Self::Lt => "less than",
        }
    }

    /// Whether `value` compares this way with `target`; never for NaN.
    #[must_use]
    pub fn holds(self, value: f64, target: f64) -> bool {
        match self {
            Self::Ge => value >= target,
            Self::Gt => value > target,
            Self::Le => value <= target,
            Self::Lt => value < target,
        }
    }
}

impl Target {
    /// The number to compare with, or `None` when the baseline's value is needed and not known.
    #[must_use]
    pub fn value(self, baseline: Option<f64>) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::BaselinePlus(difference) => baseline.map(|value| value + difference),
            Self::BaselineTimes(factor) => baseline.map(|value| value * factor),
        }
    }
}

impl fmt::Display for Expectation {
    /// The canonical text, which parses to an equal expectation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.summary {
            Summary::Final => write_metric(f, &self.metric)?,
            summary => {
                write!(f, "{}(", summary.as_str())?;
                write_metric(f, &self.metric)?;
                f.write_str(")")?;
            }
        }
        write!(f, " {} {}", self.op.as_str(), self.target)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Value(value) => f.write_str(&number(value)),
            Self::BaselinePlus(0.0) => f.write_str("baseline"),
            Self::BaselinePlus(difference) if difference < 0.0 => write!(f, "baseline - {}", number(-difference)),
            Self::BaselinePlus(difference) => write!(f, "baseline + {}", number(difference)),
            Self::BaselineTimes(factor) => write!(f, "baseline * {}", number(factor)),
        }
    }
}

impl FromStr for Expectation {
    type Err = ExpectationError;

    fn from_str(text: &str) -> Result<Self, ExpectationError> {
        parse::expectation(text)
    }
}

impl Serialize for Expectation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Expectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The shortest text that reads back as the same number; whole numbers without `.0`.
fn number(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn write_metric(f: &mut fmt::Formatter<'_>, metric: &str) -> fmt::Result {
    if !metric.is_empty() && metric.chars().all(parse::is_bare) {
        return f.write_str(metric);
    }
    f.write_str("\"")?;
    for character in metric.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            // Separators and direction marks would make the line look like another one.
            _ if character.is_control() || parse::is_deceptive(character) => {
                write!(f, "{}", character.escape_unicode())?
            }
            _ => write!(f, "{character}")?,
        }
    }
    f.write_str("\"")
}

#[cfg(test)]
pub(crate) mod tests;
