//! The rules that a run must fulfil, and how strict each is.

use std::fmt;
use std::str::FromStr;

/// What a run must fulfil.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The tree that runs is the commit's.
    Clean,
    /// The seed is recorded.
    Seed,
}

/// How strict a rule is, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not looked at.
    Off,
    /// Said, but run anyway.
    Warn,
    /// The exact tree is stored with the run.
    Snapshot,
    /// Everything is committed before the run.
    Commit,
    /// Not run.
    Refuse,
}

/// A text that is no rule or no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: write {allowed}")]
pub struct RuleError {
    /// The text as given.
    pub text: String,
    /// What it was meant to be.
    pub what: &'static str,
    /// What it may be.
    pub allowed: String,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 2] = [Self::Clean, Self::Seed];

    /// The name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Seed => "seed",
        }
    }

    /// The levels that it can have.
    #[must_use]
    pub fn levels(self) -> &'static [Level] {
        match self {
            Self::Clean => &[Level::Off, Level::Warn, Level::Refuse, Level::Commit, Level::Snapshot],
            Self::Seed => &[Level::Off, Level::Warn, Level::Refuse],
        }
    }

    /// Reads a level that this rule can have.
    ///
    /// # Errors
    /// Names the levels that it can have.
    pub fn parse_level(self, text: &str) -> Result<Level, RuleError> {
        self.levels().iter().copied().find(|level| level.as_str() == text).ok_or_else(|| RuleError {
            text: text.to_owned(),
            what: match self {
                Self::Clean => "level of the rule clean",
                Self::Seed => "level of the rule seed",
            },
            allowed: alternatives(self.levels().iter().map(|level| level.as_str())),
        })
    }
}

impl Level {
    /// The name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Snapshot => "snapshot",
            Self::Commit => "commit",
            Self::Refuse => "refuse",
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text).ok_or_else(|| RuleError {
            text: text.to_owned(),
            what: "rule",
            allowed: alternatives(Self::ALL.into_iter().map(Self::as_str)),
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `a, b or c`.
pub(super) fn alternatives<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        names => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Rule};

    #[test]
    fn levels_are_ordered_by_strictness() {
        let ordered = [Level::Off, Level::Warn, Level::Snapshot, Level::Commit, Level::Refuse];
        assert!(ordered.is_sorted());
        for rule in Rule::ALL {
            assert_eq!(rule.as_str().parse(), Ok(rule));
            for level in rule.levels() {
                assert_eq!(rule.parse_level(level.as_str()), Ok(*level));
            }
        }
    }

    #[test]
    fn wrong_names_are_refused_with_the_right_ones() {
        let message = Rule::Seed.parse_level("commit").unwrap_err().to_string();
        assert_eq!(message, r#""commit" is no level of the rule seed: write off, warn or refuse"#);
        assert_eq!("x".parse::<Rule>().unwrap_err().to_string(), r#""x" is no rule: write clean or seed"#);
    }
}
