//! The `experiment` fact: a branch with a promise.

use serde::{Deserialize, Serialize};

use super::hypothesis::Hypothesis;
use super::id::Id;

/// What an `experiment` fact says beyond the header. Key order is the order in the fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// The id of the first registration, in a later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<Id>,
    /// The name as typed.
    pub name: String,
    /// The full ref of its branch.
    pub branch: String,
    /// The registration commit.
    pub commit: String,
    /// The registration commit's parent.
    pub base: String,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// The promise.
    #[serde(default)]
    pub hypothesis: RecordedHypothesis,
    /// How many seeds are planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_seeds: Option<u32>,
    /// Tags given at the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The experiment this one starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Id>,
    /// The command taken over from there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
}

/// The commit that an experiment is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The revision as typed.
    pub rev: String,
    /// What it was then.
    pub commit: String,
}

/// The hypothesis as texts: a reader must be able to keep an expectation that it cannot parse.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedHypothesis {
    /// What it is tried on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// What is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Canonical expectations, such as `val_acc >= baseline + 0.01`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl RecordedHypothesis {
    /// The hypothesis as far as it can be read: an expectation of a newer version is left out.
    pub fn read(&self) -> Hypothesis {
        Hypothesis {
            data: self.data.clone(),
            method: self.method.clone(),
            because: self.because.clone(),
            expect: self.expect.iter().filter_map(|text| text.parse().ok()).collect(),
        }
    }
}

impl From<&Hypothesis> for RecordedHypothesis {
    fn from(hypothesis: &Hypothesis) -> Self {
        Self {
            data: hypothesis.data.clone(),
            method: hypothesis.method.clone(),
            because: hypothesis.because.clone(),
            expect: hypothesis.expect.iter().map(ToString::to_string).collect(),
        }
    }
}
