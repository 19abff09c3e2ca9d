//! What is known of a run, compact.

use serde::{Deserialize, Serialize};

use super::names::{Names, Symbol};
use super::value::{Measure, Value};
use crate::model::id::Id;
use crate::model::run::Status;
use crate::model::time::Time;

/// What lists, filters and comparisons need of a run; [`crate::model::run::Run`] has the meanings. Empty symbols stand for what is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct RunRecord {
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
    /// By name; with the ones added later.
    pub params: Vec<(Symbol, Value)>,
    /// By name; with the ones added later.
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
    /// Why it was withdrawn, if it was.
    #[serde(skip)]
    pub withdrawn: Option<Symbol>,
    /// The ref it lies in: a ledger, or the notes.
    #[serde(skip)]
    pub ledger: Symbol,
    /// The name of its file there, without `.json`; its id, if it lies in the notes alone.
    #[serde(skip)]
    pub stem: Symbol,
}

impl RunRecord {
    /// Whether its numbers are part of estimates: it ended well and was not withdrawn.
    pub fn counts(&self) -> bool {
        self.withdrawn.is_none() && self.status == Status::Ok
    }

    /// A metric by its name's symbol.
    pub fn metric(&self, name: Symbol) -> Option<&Measure> {
        self.metrics.iter().find(|(known, _)| *known == name).map(|(_, measure)| measure)
    }

    /// A param by its name's symbol.
    pub fn param(&self, name: Symbol) -> Option<Value> {
        self.params.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        let own = [
            &mut self.by,
            &mut self.name,
            &mut self.branch,
            &mut self.commit,
            &mut self.tree,
            &mut self.patch_id,
            &mut self.snapshot,
            &mut self.cwd,
            &mut self.host,
            &mut self.environment,
            &mut self.plan,
            &mut self.condition,
        ];
        own.into_iter().for_each(&mut *change);
        self.command.iter_mut().for_each(&mut *change);
        each_of(&mut self.params, &mut self.metrics, change);
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
    pub(super) fn add_to(&self, run: &mut RunRecord, names: &Names) {
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
