//! What a comparison needs to know.

use std::collections::BTreeMap;

use super::comparison::State;
use crate::model::direction::Direction;
use crate::model::number::Number;
use crate::records::{Names, Num, RunRecord, Symbol};

/// An experiment to compare.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The experiment's name.
    pub name: &'a str,
    /// The full ref of its branch.
    pub branch: Option<&'a str>,
    /// The tip of the branch; needed only where there are no runs.
    pub commit: Option<String>,
    /// Where the branch is.
    pub state: State,
    /// What it promised: the first expectations decide which metrics come first, and which way they are better.
    pub expect: &'a [Symbol],
    /// How many seeds were planned.
    pub planned_seeds: Option<u32>,
    /// Its runs, in any order.
    pub runs: Vec<&'a RunRecord>,
}

/// What subjects are compared with.
#[derive(Debug, Clone)]
pub struct Baseline<'a> {
    /// As the user knows it: a branch or another revision.
    pub name: String,
    /// The commit it stands for.
    pub commit: Option<String>,
    /// Where its numbers come from.
    pub source: BaselineSource,
    /// Its runs, in any order.
    pub runs: Vec<&'a RunRecord>,
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

/// Which value of a series is compared.
#[derive(Clone, Copy, Default)]
pub enum At<'a> {
    /// The one at the highest step.
    #[default]
    Final,
    /// The smallest or largest one, whichever is better.
    Best,
    /// The one at a step, by whoever can read the series; `None` where a series has no such step.
    Step(i64, &'a dyn Fn(&RunRecord, Symbol) -> Option<Num>),
}

/// What to compare.
#[derive(Clone)]
pub struct Request<'a> {
    /// The texts that symbols stand for.
    pub names: &'a std::sync::Arc<Names>,
    /// The baselines.
    pub baselines: Vec<Baseline<'a>>,
    /// The experiments, each with the index of its baseline.
    pub subjects: Vec<(Subject<'a>, usize)>,
    /// Directions of metrics that no expectation names, from `.xp.toml`.
    pub directions: BTreeMap<String, Direction>,
    /// Which value of a series counts.
    pub at: At<'a>,
    /// Whether every run is a row of its own.
    pub each_run: bool,
    /// Only these metrics, in this order; all if there is none.
    pub metrics: Vec<String>,
    /// Only these params, whether they differ or not; those that differ if there is none.
    pub params: Vec<String>,
}
