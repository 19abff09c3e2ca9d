//! What is known of a run, compact.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kept::{Kept, RestText, Text};
use super::names::{Names, Shape, Symbol};
use super::value::{Measure, Num, Value};
use crate::model::id::Id;
use crate::model::run::Status;
use crate::model::time::Time;

/// What is known of a run in every form that it takes here; [`crate::model::run::Run`] has the meanings. Empty symbols stand for what is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct RunHead {
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
    /// CPU time, of both kinds.
    pub cpu_seconds: Option<f64>,
    pub peak_memory: Option<u64>,
    pub cwd: Symbol,
    pub host: Symbol,
    pub environment: Symbol,
    pub manual: bool,
    /// Whether this is the short form that a note keeps of a long fact.
    pub shortened: bool,
}

impl RunHead {
    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        let own =
            [&mut self.by, &mut self.name, &mut self.branch, &mut self.cwd, &mut self.host, &mut self.environment];
        own.into_iter().for_each(change);
    }
}

/// A run as it is read from its fact.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct RunRow {
    /// What every form of it has.
    pub head: RunHead,
    pub commit: Symbol,
    pub tree: Symbol,
    pub patch_id: Symbol,
    pub snapshot: Symbol,
    /// By name.
    pub params: Vec<(Symbol, Value)>,
    /// By name.
    pub metrics: Vec<(Symbol, Measure)>,
    pub command: Vec<Symbol>,
    pub plan: Symbol,
    pub condition: Symbol,
}

/// What lists, filters and comparisons need of a run. What they need of each run is here; the rest stays in the bytes of its [`Segment`] and
/// is read when it is asked for.
///
/// [`Segment`]: super::Segment
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// What every form of it has: the fields of this are as if they were its own.
    pub head: RunHead,
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

impl Deref for RunRecord {
    type Target = RunHead;

    fn deref(&self) -> &RunHead {
        &self.head
    }
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

    /// The commit that stores the exact tree that ran, where its own commit does not; empty otherwise.
    pub fn snapshot(&self) -> &str {
        self.kept.rest_text(RestText::Snapshot)
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
        self.shape.param(name).map(|at| self.param_at(at))
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
        self.shape.metric(name).map(|at| self.final_at(at))
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
        let at = self.shape.metric(name)?;
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
            head: self.head.clone(),
            commit: text(self.commit()),
            tree: text(self.tree()),
            patch_id: text(self.patch_id()),
            snapshot: text(self.snapshot()),
            params: self.params().collect(),
            metrics: self.metrics().collect(),
            command: self.command(),
            plan: text(self.plan()),
            condition: text(self.condition()),
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

    /// Add what came later, by time, to its run: what it says replaces what was said before.
    pub(super) fn add_all(facts: &[Self], run: &mut RunRow, names: &Names) {
        facts.iter().for_each(|late| run.params.extend(&late.params));
        facts.iter().for_each(|late| run.metrics.extend(&late.metrics));
        keep_last(&mut run.params, names);
        keep_last(&mut run.metrics, names);
    }
}

/// Sort by name; of equal names the last one stays.
fn keep_last<T: Copy>(all: &mut Vec<(Symbol, T)>, names: &Names) {
    // Equal names stay in their order.
    all.sort_by(|(a, _), (b, _)| names.text(*a).cmp(names.text(*b)));
    all.dedup_by(|later, before| {
        let is_same = later.0 == before.0;
        if is_same {
            *before = *later;
        }
        is_same
    });
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
