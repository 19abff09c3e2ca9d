//! What is known of a run, compact.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kept::{Kept, RestText, Text};
use super::names::{Names, Shape, Symbol};
use super::value::{Measure, Num, Value};
use crate::model::id::Id;
use crate::model::run::Status;
use crate::model::time::Time;

/// A run as it is read from its fact; [`crate::model::run::Run`] has the meanings. Empty symbols stand for what is not known.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct RunRow {
    pub id: Id,
    /// When the fact was made.
    pub time: Time,
    pub by: Symbol,
    pub experiment: Option<Id>,
    pub name: Symbol,
    pub branch: Symbol,
    pub commit: Symbol,
    pub tree: Symbol,
    pub patch_id: Symbol,
    pub dirty: bool,
    pub snapshot: Symbol,
    pub seed: Option<i64>,
    /// By name.
    pub params: Vec<(Symbol, Value)>,
    /// By name.
    pub metrics: Vec<(Symbol, Measure)>,
    pub status: Status,
    pub exit: Option<i32>,
    pub signal: Option<i32>,
    pub start: Time,
    pub end: Time,
    pub seconds: f64,
    pub command: Vec<Symbol>,
    pub cwd: Symbol,
    pub host: Symbol,
    pub environment: Symbol,
    pub plan: Symbol,
    pub condition: Symbol,
    pub manual: bool,
    /// Whether this is the short form that a note keeps of a long fact.
    pub shortened: bool,
}

/// What lists, filters and comparisons need of a run. What they need of each run is here; the rest stays in the bytes of its [`Segment`] and
/// is read when it is asked for. Empty symbols and texts stand for what is not known.
///
/// [`Segment`]: super::Segment
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct RunRecord {
    pub id: Id,
    /// When the fact was made.
    pub time: Time,
    pub by: Symbol,
    pub experiment: Option<Id>,
    pub name: Symbol,
    pub branch: Symbol,
    pub dirty: bool,
    pub seed: Option<i64>,
    pub status: Status,
    pub exit: Option<i32>,
    pub signal: Option<i32>,
    pub start: Time,
    pub end: Time,
    pub seconds: f64,
    pub cwd: Symbol,
    pub host: Symbol,
    pub environment: Symbol,
    pub manual: bool,
    /// Whether this is the short form that a note keeps of a long fact.
    pub shortened: bool,
    /// Which params and metrics it has, with the ones added later.
    pub shape: Arc<Shape>,
    /// Why it was withdrawn, if it was.
    pub withdrawn: Option<Symbol>,
    /// The ref it lies in: a ledger, or the notes.
    pub ledger: Symbol,
    /// The name of its file there, without `.json`; empty if that is its id.
    pub stem: Symbol,
    pub(super) kept: Kept,
}

impl RunRecord {
    /// Whether its numbers are part of estimates: it ended well and was not withdrawn.
    pub fn counts(&self) -> bool {
        self.withdrawn.is_none() && self.status == Status::Ok
    }

    /// The commit that was run.
    pub fn commit(&self) -> &str {
        self.kept.text(Text::Commit)
    }

    /// The tree that was run, with changes that were not committed.
    pub fn tree(&self) -> &str {
        self.kept.rest_text(RestText::Tree)
    }

    /// The patch-id of its changes since the baseline.
    pub fn patch_id(&self) -> &str {
        self.kept.rest_text(RestText::PatchId)
    }

    /// The digest of all that was going to be run.
    pub fn plan(&self) -> &str {
        self.kept.rest_text(RestText::Plan)
    }

    /// The same without the seed: runs of one condition are repeats of one experiment.
    pub fn condition(&self) -> &str {
        self.kept.text(Text::Condition)
    }

    /// The words of its command.
    pub fn command(&self) -> Vec<Symbol> {
        self.kept.command()
    }

    /// All params, by name.
    pub fn params(&self) -> impl Iterator<Item = (Symbol, Value)> {
        self.shape.params.iter().enumerate().map(|(at, name)| (*name, self.param_at(at)))
    }

    /// A param by its name's symbol.
    pub fn param(&self, name: Symbol) -> Option<Value> {
        self.shape.params.iter().position(|known| *known == name).map(|at| self.param_at(at))
    }

    /// A param by its place in the shape.
    pub fn param_at(&self, at: usize) -> Value {
        self.kept.cell(at).value()
    }

    /// The last value of all metrics, by name.
    pub fn finals(&self) -> impl Iterator<Item = (Symbol, Num)> {
        self.shape.metrics.iter().enumerate().map(|(at, name)| (*name, self.final_at(at)))
    }

    /// The last value of a metric.
    pub fn r#final(&self, name: Symbol) -> Option<Num> {
        self.shape.metrics.iter().position(|known| *known == name).map(|at| self.final_at(at))
    }

    /// The last value of a metric, by its place in the shape.
    pub fn final_at(&self, at: usize) -> Num {
        self.kept.cell(self.shape.params.len() + at).num()
    }

    /// All that is kept of its metrics, by name.
    pub fn metrics(&self) -> impl Iterator<Item = (Symbol, Measure)> {
        let measures = self.kept.measures(self.shape.metrics.len());
        self.shape
            .metrics
            .iter()
            .zip(measures)
            .enumerate()
            .map(|(at, (name, rest))| (*name, rest.with(self.final_at(at))))
    }

    /// All that is kept of a metric, by its name's symbol.
    pub fn metric(&self, name: Symbol) -> Option<Measure> {
        let at = self.shape.metrics.iter().position(|known| *known == name)?;
        let rest = self.kept.measures(self.shape.metrics.len()).nth(at)?;
        Some(rest.with(self.final_at(at)))
    }

    /// The name of its file in the ledger, without `.json`.
    pub fn stem<'a>(&'a self, names: &'a Names) -> &'a str {
        self.stem.some().map_or(self.id.as_str(), |stem| names.text(stem))
    }

    /// Everything, as it was read from its fact.
    pub fn to_row(&self, names: &mut Names) -> RunRow {
        let mut text = |text: &str| names.intern(text);
        RunRow {
            id: self.id,
            time: self.time,
            by: self.by,
            experiment: self.experiment,
            name: self.name,
            branch: self.branch,
            commit: text(self.commit()),
            tree: text(self.tree()),
            patch_id: text(self.patch_id()),
            dirty: self.dirty,
            snapshot: text(self.kept.rest_text(RestText::Snapshot)),
            seed: self.seed,
            params: self.params().collect(),
            metrics: self.metrics().collect(),
            status: self.status,
            exit: self.exit,
            signal: self.signal,
            start: self.start,
            end: self.end,
            seconds: self.seconds,
            command: self.command(),
            cwd: self.cwd,
            host: self.host,
            environment: self.environment,
            plan: text(self.plan()),
            condition: text(self.condition()),
            manual: self.manual,
            shortened: self.shortened,
        }
    }
}

/// Metrics and params that were added to a sealed run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateRecord {
    /// Its own id.
    pub id: Id,
    /// When it was added.
    pub time: Time,
    /// Who added it.
    pub by: Symbol,
    /// The run.
    pub target: Id,
    /// By name.
    pub params: Vec<(Symbol, Value)>,
    /// By name.
    pub metrics: Vec<(Symbol, Measure)>,
}

impl LateRecord {
    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        change(&mut self.by);
        each_of(&mut self.params, &mut self.metrics, change);
    }

    /// Add it to its run: what it says replaces what the run said.
    pub(super) fn add_to(&self, run: &mut RunRow, names: &Names) {
        extend(&mut run.params, &self.params, names);
        extend(&mut run.metrics, &self.metrics, names);
    }
}

fn extend<T: Copy>(all: &mut Vec<(Symbol, T)>, more: &[(Symbol, T)], names: &Names) {
    for (name, value) in more {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = *value,
            None => all.push((*name, *value)),
        }
    }
    all.sort_by(|(a, _), (b, _)| names.text(*a).cmp(names.text(*b)));
}

fn each_of(params: &mut [(Symbol, Value)], metrics: &mut [(Symbol, Measure)], change: &mut impl FnMut(&mut Symbol)) {
    for (name, value) in params {
        change(name);
        if let Value::Text(text) | Value::Json(text) = value {
            change(text);
        }
    }
    for (name, measure) in metrics {
        change(name);
        measure.each_symbol(change);
    }
}
