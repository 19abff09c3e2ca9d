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
//!  "at":"final","warnings":["…"]}
//! ```
//!
//! Unknown values are `null`; numbers that JSON lacks are strings, as in facts. `source.kind` is `runs`, `metrics_file`
//! (with `path`), `ancestor` (with `commit`, `distance`) or `none` (with `reason`). `state` is `local`, `remote` (then
//! `remote` names it), `merged`, `squashed` or `deleted`, and `null` for rows of a baseline. `is_baseline` marks all rows of a
//! baseline, `reference` the one that deltas refer to. `params` at the top names those that differ between rows, `varying`
//! those that differ between the runs of one row (which `params` of that row then leaves out). `run` is there if every run is a row;
//! `at` says which value of each series was compared: `final`, `best` or `step=N`.

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::cells::Cells;
use super::request::{Baseline, BaselineSource};
use super::warning::Warning;
use crate::model::direction::Direction;
use crate::model::id::Id;
use crate::model::number::Number;
use crate::records::{Names, Num, RunRecord, Value};

/// The version of the JSON shape.
pub const VERSION: u32 = 1;

/// The outcome of a comparison.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// What was compared with.
    pub baselines: Vec<BaselineNote>,
    /// All metrics: those that are expected first, in the order of the expectations, then the others by name.
    pub metrics: Vec<MetricColumn>,
    /// All params, by name.
    pub params: Vec<ParamColumn>,
    /// See [`super::compare`] for their order.
    pub rows: Vec<Row<'a>>,
    /// Which value of each series was compared: `final`, `best` or `step=N`.
    pub at: String,
    /// What the reader should know before believing the numbers.
    pub warnings: Vec<Warning>,
    /// The texts that params stand for.
    pub names: Arc<Names>,
    pub(super) cells: Cells,
    /// By baseline: the means that deltas refer to, by metric column.
    pub(super) references: Vec<Vec<Option<f64>>>,
}

impl Comparison<'_> {
    /// The estimate of the metric of a column in a row; `None` if none of its runs has it.
    pub fn estimate(&self, row: &Row<'_>, column: usize) -> Option<Estimate> {
        self.estimate_at(row.place(), column)
    }

    /// The same, for whoever goes through all rows for one column after the other.
    #[inline]
    pub fn estimate_at(&self, place: Place, column: usize) -> Option<Estimate> {
        let mut estimate = self.cells.estimate(place.slot as usize, column)?;
        let reference = place.compared_with.and_then(|baseline| self.references.get(baseline as usize));
        if let (Some(mean), Some(base)) = (estimate.mean, reference.and_then(|means| *means.get(column)?)) {
            // Two means beyond the range of doubles have no difference that could be told.
            estimate.delta = Some(mean - base).filter(|delta| !delta.is_nan());
            let direction = self.metrics[column].direction.filter(|_| mean != base);
            estimate.better = direction.map(|direction| direction.improves(base, mean));
        }
        Some(estimate)
    }

    /// What the runs of a row (that count, if any does) say of the param of a column; `None` if none of them has it.
    pub fn param(&self, row: &Row<'_>, column: usize) -> Option<Param> {
        self.cells.param(row.slot, column)
    }

    /// The same, for whoever goes through all rows for one column after the other.
    pub fn param_at(&self, place: Place, column: usize) -> Option<Param> {
        self.cells.param(place.slot as usize, column)
    }
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

impl From<Baseline<'_>> for BaselineNote {
    fn from(baseline: Baseline<'_>) -> Self {
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

/// A param that some run has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamColumn {
    /// Its name.
    pub name: String,
    /// Whether its value differs between rows.
    pub differs: bool,
}

/// Runs of one experiment that differ only in their seed; one run, if every run is a row.
#[derive(Debug, Clone, Default)]
pub struct Row<'a> {
    /// The name of the experiment or baseline.
    pub experiment: Cow<'a, str>,
    /// The run, if every run is a row.
    pub run: Option<Id>,
    /// The full ref of its branch.
    pub branch: Option<&'a str>,
    /// Where the branch is.
    pub state: Option<State>,
    /// Index of the baseline it is compared with.
    pub baseline: Option<usize>,
    /// Whether it is a row of that baseline itself.
    pub is_baseline: bool,
    /// Whether it is the row that deltas refer to.
    pub reference: bool,
    /// Its runs, by start.
    pub runs: Vec<&'a RunRecord>,
    /// The tip of the branch if there is no run.
    pub commit: Option<String>,
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
    /// Where its values are.
    pub(super) slot: usize,
}

/// Where the values of a row are: small, as all rows are gone through for each column.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    slot: u32,
    compared_with: Option<u32>,
}

/// What the runs of a row say of a param.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Param {
    /// They do not agree.
    Varies,
    /// All have this value.
    Is(Value),
}

impl<'a> Row<'a> {
    /// Where its values are.
    pub fn place(&self) -> Place {
        let small = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Place { slot: small(self.slot), compared_with: self.baseline.filter(|_| !self.reference).map(small) }
    }

    /// The digest that its runs share; `None` for a run without one and for rows without runs.
    pub fn condition(&self) -> Option<&'a str> {
        self.runs.first().map(|run| run.condition()).filter(|condition| !condition.is_empty())
    }

    /// Commits of the runs, by first start, each once; the tip of the branch if there is no run.
    pub fn commits(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for commit in self.runs.iter().map(|run| run.commit()).chain(self.commit.as_deref()) {
            if !all.contains(&commit) {
                all.push(commit);
            }
        }
        all
    }

    /// Seeds of the runs that count, ascending, each once.
    pub fn seeds(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.runs.iter().filter(|run| run.counts()).filter_map(|run| run.seed).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// What the runs of a row say about a metric, by the values that are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Estimate {
    /// Number of finite values.
    pub n: usize,
    /// Mean of the finite values.
    pub mean: Option<f64>,
    /// Sample standard deviation of the finite values, with n - 1; `None` below two values.
    pub sd: Option<f64>,
    /// Smallest finite value.
    pub min: Option<Num>,
    /// Largest finite value.
    pub max: Option<Num>,
    /// How many values are NaN or infinite.
    pub non_finite: usize,
    /// Mean minus the baseline's mean; `None` in the baseline's own row.
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
    /// Gone, its commits are part of the default branch.
    Merged,
    /// Gone, its changes are part of the default branch under another commit.
    Squashed,
    /// Gone; only the facts tell of it.
    Deleted,
}

impl State {
    /// As it is written in JSON and filters.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote(_) => "remote",
            Self::Merged => "merged",
            Self::Squashed => "squashed",
            Self::Deleted => "deleted",
        }
    }
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

impl Serialize for Comparison<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("baselines", &self.baselines)?;
        map.serialize_entry("metrics", &self.metrics)?;
        let params: Vec<&str> =
            self.params.iter().filter(|param| param.differs).map(|param| param.name.as_str()).collect();
        map.serialize_entry("params", &params)?;
        map.serialize_entry("rows", &RowsJson(self))?;
        map.serialize_entry("at", &self.at)?;
        map.serialize_entry("warnings", &self.warnings)?;
        map.end()
    }
}

struct RowsJson<'a>(&'a Comparison<'a>);

impl Serialize for RowsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.rows.iter().map(|row| RowJson(self.0, row)))
    }
}

struct RowJson<'a>(&'a Comparison<'a>, &'a Row<'a>);

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(of, row) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("experiment", &row.experiment)?;
        if let Some(run) = &row.run {
            map.serialize_entry("run", run)?;
        }
        map.serialize_entry("branch", &row.branch)?;
        map.serialize_entry("state", &row.state.as_ref().map(State::word))?;
        if let Some(State::Remote(remote)) = &row.state {
            map.serialize_entry("remote", remote)?;
        }
        map.serialize_entry("baseline", &row.baseline)?;
        map.serialize_entry("is_baseline", &row.is_baseline)?;
        map.serialize_entry("reference", &row.reference)?;
        map.serialize_entry("condition", &row.condition())?;
        map.serialize_entry("commits", &row.commits())?;
        map.serialize_entry("seeds", &row.seeds())?;
        map.serialize_entry("n", &row.n)?;
        map.serialize_entry("failed", &row.failed)?;
        map.serialize_entry("withdrawn", &row.withdrawn)?;
        map.serialize_entry("repeats", &row.repeats)?;
        map.serialize_entry("planned_seeds", &row.planned_seeds)?;
        let params = || of.params.iter().enumerate().filter_map(|(at, param)| Some((param, of.param(row, at)?)));
        let agreed = params().filter_map(|(column, param)| match param {
            Param::Is(value) => Some((column.name.as_str(), value.to_json(&of.names))),
            Param::Varies => None,
        });
        map.serialize_entry("params", &Entries(agreed.collect()))?;
        let varying = params().filter(|(_, param)| *param == Param::Varies);
        map.serialize_entry("varying", &varying.map(|(column, _)| column.name.as_str()).collect::<Vec<_>>())?;
        let metrics =
            of.metrics.iter().enumerate().filter_map(|(at, metric)| {
                Some((metric.name.as_str(), EstimateJson(of.estimate(row, at)?, &of.names)))
            });
        map.serialize_entry("metrics", &Entries(metrics.collect()))?;
        map.end()
    }
}

/// An object of these entries, in their order.
struct Entries<'a, T>(Vec<(&'a str, T)>);

impl<T: Serialize> Serialize for Entries<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

struct EstimateJson<'a>(Estimate, &'a Names);

impl Serialize for EstimateJson<'_> {
    /// As in facts: what JSON lacks is a string.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(estimate, names) = self;
        let exact = |value: Option<Num>| value.map(|value| value.to_number(names));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("n", &estimate.n)?;
        map.serialize_entry("mean", &estimate.mean.map(Number::Float))?;
        map.serialize_entry("sd", &estimate.sd.map(Number::Float))?;
        map.serialize_entry("min", &exact(estimate.min))?;
        map.serialize_entry("max", &exact(estimate.max))?;
        map.serialize_entry("non_finite", &estimate.non_finite)?;
        map.serialize_entry("delta", &estimate.delta.map(Number::Float))?;
        map.serialize_entry("better", &estimate.better)?;
        map.end()
    }
}
