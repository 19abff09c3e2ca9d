//! What a reader should know before believing the numbers.

use std::fmt;

use serde::{Serialize, Serializer};

use super::conditions::Built;

/// How many seeds a warning lists.
const LISTED_SEEDS: usize = 8;

/// What a reader should know before believing the numbers. In JSON it is its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Runs with different seeds have the same metrics to the last bit.
    SeedWithoutEffect {
        /// The experiment or baseline.
        experiment: String,
        /// The seeds, ascending, at least two.
        seeds: Vec<i64>,
    },
    /// Fewer seeds have run than were planned.
    FewerSeeds {
        /// The experiment.
        experiment: String,
        /// How many different seeds count, in its condition with most of them.
        seeds: usize,
        /// How many were planned.
        planned: u32,
    },
    /// Two experiments expect opposite directions of a metric.
    Contradiction {
        /// The metric.
        metric: String,
        /// An experiment of each opinion.
        experiments: [String; 2],
    },
    /// A metric is expected, but no run that counts has it.
    NeverMeasured {
        /// The metric.
        metric: String,
    },
}

impl Warning {
    pub(super) fn about_seeds(rows: &[Built<'_>], warnings: &mut Vec<Self>) {
        warnings.extend(rows.iter().filter(|built| built.seed_without_effect).map(|built| Self::SeedWithoutEffect {
            experiment: built.row.experiment.to_string(),
            seeds: built.row.seeds(),
        }));
    }
}

impl fmt::Display for Warning {
    /// One sentence. Names are as they are, so make them safe for where the text goes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeedWithoutEffect { experiment, seeds } => {
                let listed: Vec<String> = seeds.iter().take(LISTED_SEEDS).map(i64::to_string).collect();
                let more = if seeds.len() > LISTED_SEEDS { " …" } else { "" };
                let list = listed.join(", ");
                write!(f, "{experiment}: seeds {list}{more} gave identical metrics: does the seed reach the program?")
            }
            Self::FewerSeeds { experiment, seeds, planned } => {
                write!(f, "{experiment}: {seeds} of {planned} planned seeds have run to their end")
            }
            Self::Contradiction { metric, experiments: [one, other] } => {
                write!(f, "{metric}: {one} and {other} expect opposite directions, so neither is shown as better")
            }
            Self::NeverMeasured { metric } => write!(f, "{metric}: expected, but no run that counts has it"),
        }
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
