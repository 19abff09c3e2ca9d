//! What is known of an experiment, compact.

use serde::{Deserialize, Serialize};

use super::names::{Names, Symbol};
use crate::model::experiment::{Baseline, Experiment, RecordedHypothesis};
use crate::model::id::Id;
use crate::model::time::Time;

/// One registration of an experiment; [`Experiment`] has the meanings. Empty symbols stand for what is not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct Registration {
    /// The id of this registration's fact.
    pub id: Id,
    pub time: Time,
    pub by: Symbol,
    /// The id of the first registration, in a later one.
    pub experiment: Option<Id>,
    pub name: Symbol,
    pub branch: Symbol,
    pub commit: Symbol,
    pub base: Symbol,
    /// The revision as typed, and its commit.
    pub baseline: Option<(Symbol, Symbol)>,
    pub data: Symbol,
    pub method: Symbol,
    pub expect: Vec<Symbol>,
    pub because: Symbol,
    pub planned_seeds: Option<u32>,
    pub tags: Vec<Symbol>,
    pub from: Option<Id>,
    pub command: Vec<Symbol>,
}

/// An experiment: its newest registration, and when it began.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentRecord {
    /// The id of the first registration: the experiment's id.
    pub id: Id,
    /// When it was first registered.
    pub time: Time,
    /// Who registered it first.
    pub by: Symbol,
    /// What the newest registration says.
    pub current: Registration,
    /// What the registrations before it said, by time: it was amended as often.
    pub earlier: Vec<Registration>,
}

impl ExperimentRecord {
    pub(super) fn new(registration: Registration) -> Self {
        Self {
            id: registration.experiment.unwrap_or(registration.id),
            time: registration.time,
            by: registration.by,
            earlier: Vec::new(),
            current: registration,
        }
    }

    pub(super) fn amend(&mut self, registration: Registration) {
        self.earlier.push(std::mem::replace(&mut self.current, registration));
    }
}

impl Registration {
    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        let own = [
            &mut self.by,
            &mut self.name,
            &mut self.branch,
            &mut self.commit,
            &mut self.base,
            &mut self.data,
            &mut self.method,
            &mut self.because,
        ];
        own.into_iter().for_each(&mut *change);
        if let Some((rev, commit)) = &mut self.baseline {
            change(rev);
            change(commit);
        }
        self.expect.iter_mut().chain(&mut self.tags).chain(&mut self.command).for_each(change);
    }

    /// The hypothesis as the fact has it.
    pub fn hypothesis(&self, names: &Names) -> RecordedHypothesis {
        RecordedHypothesis {
            data: optional(names, self.data),
            method: optional(names, self.method),
            expect: texts(names, &self.expect),
            because: optional(names, self.because),
        }
    }

    /// The whole, as the fact has it.
    pub fn to_experiment(&self, names: &Names) -> Experiment {
        let text = |symbol| names.text(symbol).to_owned();
        Experiment {
            experiment: self.experiment,
            name: text(self.name),
            branch: text(self.branch),
            commit: text(self.commit),
            base: text(self.base),
            baseline: self.baseline.map(|(rev, commit)| Baseline { rev: text(rev), commit: text(commit) }),
            hypothesis: self.hypothesis(names),
            planned_seeds: self.planned_seeds,
            tags: texts(names, &self.tags),
            from: self.from,
            command: texts(names, &self.command),
        }
    }
}

fn optional(names: &Names, symbol: Symbol) -> Option<String> {
    symbol.some().map(|symbol| names.text(symbol).to_owned())
}

fn texts(names: &Names, symbols: &[Symbol]) -> Vec<String> {
    symbols.iter().map(|symbol| names.text(*symbol).to_owned()).collect()
}
