//! What is known of an experiment, compact.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kept::KeptTexts;
use super::names::{Names, Symbol};
use crate::model::experiment::{Baseline, Experiment, RecordedHypothesis};
use crate::model::id::Id;
use crate::model::time::Time;

/// One registration of an experiment as it is read from its fact; [`Experiment`] has the meanings. Empty symbols stand for what is not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct RegistrationRow {
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

/// One registration of an experiment: what lists and comparisons need of each. Its longer texts stay in the bytes of its segment.
#[derive(Debug, Clone)]
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
    /// The revision as typed, and its commit.
    pub baseline: Option<(Symbol, Symbol)>,
    pub expect: Arc<[Symbol]>,
    pub planned_seeds: Option<u32>,
    pub from: Option<Id>,
    pub(super) kept: KeptTexts,
}

/// An experiment: its newest registration, and when it began.
#[derive(Debug, Clone)]
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

impl RegistrationRow {
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

    /// The longer texts.
    pub(super) fn told<'a>(&self, names: &'a Names) -> Told<'a> {
        let all = |symbols: &[Symbol]| symbols.iter().map(|symbol| names.text(*symbol)).collect();
        Told {
            commit: names.text(self.commit),
            base: names.text(self.base),
            data: names.text(self.data),
            method: names.text(self.method),
            because: names.text(self.because),
            tags: all(&self.tags),
            command: all(&self.command),
        }
    }
}

/// The longer texts of a registration; empty ones stand for what is not there.
#[derive(Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct Told<'a> {
    pub commit: &'a str,
    pub base: &'a str,
    pub data: &'a str,
    pub method: &'a str,
    pub because: &'a str,
    #[serde(borrow)]
    pub tags: Vec<&'a str>,
    #[serde(borrow)]
    pub command: Vec<&'a str>,
}

impl Registration {
    /// The longer texts.
    pub fn told(&self) -> Told<'_> {
        self.kept.read().unwrap_or_default()
    }

    /// The hypothesis as the fact has it.
    pub fn hypothesis(&self, names: &Names) -> RecordedHypothesis {
        let told = self.told();
        RecordedHypothesis {
            data: optional(told.data),
            method: optional(told.method),
            expect: self.expect.iter().map(|symbol| names.text(*symbol).to_owned()).collect(),
            because: optional(told.because),
        }
    }

    /// The whole, as the fact has it.
    pub fn to_experiment(&self, names: &Names) -> Experiment {
        let text = |symbol| names.text(symbol).to_owned();
        let told = self.told();
        Experiment {
            experiment: self.experiment,
            name: text(self.name),
            branch: text(self.branch),
            commit: told.commit.to_owned(),
            base: told.base.to_owned(),
            baseline: self.baseline.map(|(rev, commit)| Baseline { rev: text(rev), commit: text(commit) }),
            hypothesis: self.hypothesis(names),
            planned_seeds: self.planned_seeds,
            tags: owned(&told.tags),
            from: self.from,
            command: owned(&told.command),
        }
    }

    /// Everything, as it was read from its fact.
    pub fn to_row(&self, names: &mut Names) -> RegistrationRow {
        let told = self.told();
        RegistrationRow {
            id: self.id,
            time: self.time,
            by: self.by,
            experiment: self.experiment,
            name: self.name,
            branch: self.branch,
            commit: names.intern(told.commit),
            base: names.intern(told.base),
            baseline: self.baseline,
            data: names.intern(told.data),
            method: names.intern(told.method),
            expect: self.expect.to_vec(),
            because: names.intern(told.because),
            planned_seeds: self.planned_seeds,
            tags: told.tags.iter().map(|tag| names.intern(tag)).collect(),
            from: self.from,
            command: told.command.iter().map(|word| names.intern(word)).collect(),
        }
    }
}

fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
