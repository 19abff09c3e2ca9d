//! The outcome of a comparison, and its JSON.
//!
//! Version 1 of the JSON, which only grows; a key that is taken away or changes its meaning makes version 2:
//!
//! ```json
//! {"version":1,
//!  "baselines":[{"name":"main","commit":"c0ffee…","source":{"kind":"runs"}}],
//!  "metrics":[{"name":"val_acc","direction":"maximize"}],
//!  "params":["lr"],
//!  "rows":[{"experiment":"bigger-lr","branch":"refs/heads/exp/bigger-lr","state":"local","baseline":0,"is_baseline":false,
//!           "reference":false,"condition":"sha256:…","commits":["5f0c…"],"seeds":[1,2,3],"n":3,"failed":1,"withdrawn":0,
//!           "repeats":0,"planned_seeds":5,"params":{"lr":0.1},"varying":[],
//!           "metrics":{"val_acc":{"n":3,"mean":0.931,"sd":0.004,"min":0.927,"max":0.935,"non_finite":0,"delta":0.012,
//!                                 "better":true}}}],
//!  "warnings":["…"]}
//! ```
//!
//! Unknown values are `null`; numbers that JSON lacks are strings, as in facts. `source.kind` is `runs`, `metrics_file`
//! (with `path`), `ancestor` (with `commit`, `distance`) or `none` (with `reason`). `state` is `local`, `remote` (then
//! `remote` names it), `merged` or `deleted`, and `null` for rows of a baseline. `is_baseline` marks all rows of a
//! baseline, `reference` the one that deltas refer to. `params` at the top names those that differ between rows, `varying`
//! those that differ between the runs of one row (which `params` of that row then leaves out).

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::request::{Baseline, BaselineSource};
use super::warning::Warning;
use crate::model::direction::Direction;
use crate::model::number::Number;

/// The version of the JSON shape.
pub const VERSION: u32 = 1;

/// The outcome of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// [`VERSION`].
    pub version: u32,
    /// What was compared with.
    pub baselines: Vec<BaselineNote>,
    /// All metrics: those that are expected first, in the order of the expectations, then the others by name.
    pub metrics: Vec<MetricColumn>,
    /// Params whose value differs between rows, by name.
    pub params: Vec<String>,
    /// See [`super::compare`] for their order.
    pub rows: Vec<Row>,
    /// What the reader should know before believing the numbers.
    pub warnings: Vec<Warning>,
}

/// A baseline, without its runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaselineNote {
    /// As the user knows it.
    pub name: String,
    /// The commit it stands for.
    pub commit: Option<String>,
    /// Where its numbers come from.
    #[serde(serialize_with = "source")]
    pub source: BaselineSource,
}

impl From<Baseline> for BaselineNote {
    fn from(baseline: Baseline) -> Self {
        Self { name: baseline.name, commit: baseline.commit, source: baseline.source }
    }
}

/// A metric that some run has or some experiment expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MetricColumn {
    /// Its name.
    pub name: String,
    /// Which way it is better, if that is known.
    pub direction: Option<Direction>,
}

/// Runs of one experiment that differ only in their seed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Row {
    /// The name of the experiment or baseline.
    pub experiment: String,
    /// The full ref of its branch.
    pub branch: Option<String>,
    /// Where the branch is.
    #[serde(flatten, serialize_with = "state")]
    pub state: Option<State>,
    /// Index of the baseline it is compared with.
    pub baseline: Option<usize>,
    /// Whether it is a row of that baseline itself.
    pub is_baseline: bool,
    /// Whether it is the row that deltas refer to.
    pub reference: bool,
    /// The digest that its runs share; `None` for a run without one and for rows without runs.
    pub condition: Option<String>,
    /// Commits of the runs, by first start; the tip of the branch if there is no run.
    pub commits: Vec<String>,
    /// Seeds of the runs that count, ascending, each once.
    pub seeds: Vec<i64>,
    /// Runs that count: ended well, not withdrawn.
    pub n: usize,
    /// Runs that failed, were killed or crashed.
    pub failed: usize,
    /// Runs that were withdrawn, however they ended.
    pub withdrawn: usize,
    /// Runs that count and whose seed another one of them has: `n - repeats` is the number of independent runs.
    pub repeats: usize,
    /// How many seeds the experiment planned.
    pub planned_seeds: Option<u32>,
    /// Params that all its runs (that count, if any does) agree on.
    pub params: BTreeMap<String, Value>,
    /// Params that they do not agree on.
    pub varying: Vec<String>,
    /// Estimates of the metrics that its runs have.
    pub metrics: BTreeMap<String, Estimate>,
}

/// What the runs of a row say about a metric, by its final values.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Number of finite values.
    pub n: usize,
    /// Mean of the finite values.
    #[serde(serialize_with = "number")]
    pub mean: Option<f64>,
    /// Sample standard deviation of the finite values, with n - 1; `None` below two values.
    #[serde(serialize_with = "number")]
    pub sd: Option<f64>,
    /// Smallest finite value.
    pub min: Option<Number>,
    /// Largest finite value.
    pub max: Option<Number>,
    /// How many values are NaN or infinite.
    pub non_finite: usize,
    /// Mean minus the baseline's mean; `None` in the baseline's own row.
    #[serde(serialize_with = "number")]
    pub delta: Option<f64>,
    /// Whether the delta goes the way the metric should; `None` if that way is not known or nothing differs.
    pub better: Option<bool>,
}

/// Where the branch of an experiment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// In this repository.
    Local,
    /// Only on the remote of this name.
    Remote(String),
    /// Gone, its work is part of the default branch.
    Merged,
    /// Gone; only the facts tell of it.
    Deleted,
}

fn state<S: Serializer>(state: &Option<State>, serializer: S) -> Result<S::Ok, S::Error> {
    let (word, remote) = match state {
        None => (None, None),
        Some(State::Local) => (Some("local"), None),
        Some(State::Remote(name)) => (Some("remote"), Some(name)),
        Some(State::Merged) => (Some("merged"), None),
        Some(State::Deleted) => (Some("deleted"), None),
    };
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("state", &word)?;
    if let Some(remote) = remote {
        map.serialize_entry("remote", remote)?;
    }
    map.end()
}

fn source<S: Serializer>(source: &BaselineSource, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Json<'a> {
        Runs,
        MetricsFile { path: &'a str },
        Ancestor { commit: &'a str, distance: usize },
        None { reason: &'a str },
    }
    match source {
        BaselineSource::Runs => Json::Runs,
        BaselineSource::MetricsFile(path) => Json::MetricsFile { path },
        BaselineSource::Ancestor { commit, distance } => Json::Ancestor { commit, distance: *distance },
        BaselineSource::None { reason } => Json::None { reason },
    }
    .serialize(serializer)
}

/// As in facts: what JSON lacks is a string.
fn number<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(Number::Float).serialize(serializer)
}
