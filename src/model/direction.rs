//! Which way a metric is meant to go.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Whether higher or lower values of a metric are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Higher is better, as for an accuracy.
    Maximize,
    /// Lower is better, as for a loss.
    Minimize,
}

impl Direction {
    /// The name that is stored: `maximize` or `minimize`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maximize => "maximize",
            Self::Minimize => "minimize",
        }
    }

    /// Whether `new` is better than `old`. Nothing is better than, or beaten by, a NaN.
    #[must_use]
    pub fn improves(self, old: f64, new: f64) -> bool {
        match self {
            Self::Maximize => new > old,
            Self::Minimize => new < old,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no direction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no direction: write maximize or minimize")]
pub struct DirectionError {
    /// The text as given.
    pub text: String,
}

impl FromStr for Direction {
    type Err = DirectionError;

    /// Reads `maximize` and `minimize` in any case, and the short forms `max`, `min`, `higher`, `lower`.
    fn from_str(text: &str) -> Result<Self, DirectionError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "maximize" | "max" | "higher" => Ok(Self::Maximize),
            "minimize" | "min" | "lower" => Ok(Self::Minimize),
            _ => Err(DirectionError { text: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Direction;

    #[test]
    fn names_are_read_back() {
        for direction in [Direction::Maximize, Direction::Minimize] {
            assert_eq!(direction.as_str().parse(), Ok(direction));
            assert_eq!(serde_json::to_string(&direction).unwrap(), format!("\"{direction}\""));
        }
        assert_eq!("Higher".parse(), Ok(Direction::Maximize));
        assert_eq!("min".parse(), Ok(Direction::Minimize));
    }

    #[test]
    fn other_words_are_refused_with_the_two_names() {
        let error = "up".parse::<Direction>().unwrap_err();
        assert_eq!(error.to_string(), r#""up" is no direction: write maximize or minimize"#);
    }

    #[test]
    fn nan_never_improves() {
        assert!(Direction::Minimize.improves(0.3, 0.2));
        assert!(!Direction::Maximize.improves(f64::NAN, 1.0));
    }
}
