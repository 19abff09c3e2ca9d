//! What a comparison needs to know.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::comparison::State;
use crate::model::direction::Direction;
use crate::model::experiment::RecordedHypothesis;
use crate::model::fact::Late;
use crate::model::id::Id;
use crate::model::metric::Summary;
use crate::model::number::Number;
use crate::model::run::{Run, Status};

/// A run and what was said about it later.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// The run's id.
    pub id: Id,
    /// The fact.
    pub run: Arc<Run>,
    /// Metrics and params added later, oldest first: a later one replaces what an earlier one, or the run, says.
    pub late: Vec<Late>,
    /// Whether it was withdrawn: kept and counted, but not part of any estimate.
    pub withdrawn: bool,
}

impl RunRecord {
    /// Whether its numbers are part of the estimates: it ended well and was not withdrawn.
    pub fn counts(&self) -> bool {
        !self.withdrawn && self.run.status == Status::Ok
    }

    /// The metrics, with the late ones.
    pub(crate) fn metrics(&self) -> Cow<'_, BTreeMap<String, Summary>> {
        with_late(&self.run.metrics, self.late.iter().map(|late| &late.metrics))
    }

    /// The params, with the late ones.
    pub(crate) fn params(&self) -> Cow<'_, BTreeMap<String, Value>> {
        with_late(&self.run.params, self.late.iter().map(|late| &late.params))
    }
}

fn with_late<'a, T: Clone>(
    own: &'a BTreeMap<String, T>,
    late: impl Iterator<Item = &'a BTreeMap<String, T>>,
) -> Cow<'a, BTreeMap<String, T>> {
    let mut all = Cow::Borrowed(own);
    for more in late.filter(|more| !more.is_empty()) {
        all.to_mut().extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    all
}

/// An experiment to compare.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The experiment's name.
    pub name: String,
    /// The full ref of its branch.
    pub branch: Option<String>,
    /// The tip of the branch.
    pub commit: Option<String>,
    /// Where the branch is.
    pub state: State,
    /// What it promised: the first expectations decide which metrics come first, and which way they are better.
    pub hypothesis: RecordedHypothesis,
    /// How many seeds were planned.
    pub planned_seeds: Option<u32>,
    /// Its runs, in any order.
    pub runs: Vec<RunRecord>,
}

/// What subjects are compared with.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// As the user knows it: a branch or another revision.
    pub name: String,
    /// The commit it stands for.
    pub commit: Option<String>,
    /// Where its numbers come from.
    pub source: BaselineSource,
    /// Its runs, in any order.
    pub runs: Vec<RunRecord>,
    /// The numbers of a metrics file; looked at only if that is the source.
    pub file_metrics: BTreeMap<String, Number>,
}

/// Where a baseline's numbers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineSource {
    /// Runs of the baseline's own commit or branch.
    Runs,
    /// A metrics file in the commit's tree, by its path there.
    MetricsFile(String),
    /// Runs of an ancestor.
    Ancestor {
        /// The ancestor.
        commit: String,
        /// How many commits lie between, at least 1.
        distance: usize,
    },
    /// There are none.
    None {
        /// A sentence that says why, and what to do.
        reason: String,
    },
}

/// What to compare.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The baselines.
    pub baselines: Vec<Baseline>,
    /// The experiments, each with the index of its baseline.
    pub subjects: Vec<(Subject, usize)>,
    /// Directions of metrics that no expectation names, from `.xp.toml`.
    pub directions: BTreeMap<String, Direction>,
}
