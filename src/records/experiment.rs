//! What is known of an experiment, compact.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kept::KeptTexts;
use super::names::{Names, Symbol};
use crate::model::experiment::{Baseline, Experiment, RecordedHypothesis};
use crate::model::id::Id;
use crate::model::time::Time;

/// What is known of one registration of an experiment in every form that it takes here; [`Experiment`] has the meanings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct RegistrationHead {
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
    pub planned_seeds: Option<u32>,
    pub from: Option<Id>,
}

impl RegistrationHead {
    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        [&mut self.by, &mut self.name, &mut self.branch].into_iter().for_each(&mut *change);
        if let Some((rev, commit)) = &mut self.baseline {
            change(rev);
            change(commit);
        }
    }
}

/// A registration as it is read from its fact. Empty symbols stand for what is not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each key is described in docs/format.md")]
pub struct RegistrationRow {
    /// What every form of it has.
    pub head: RegistrationHead,
    pub commit: Symbol,
    pub base: Symbol,
    pub data: Symbol,
    pub method: Symbol,
    pub expect: Vec<Symbol>,
    pub because: Symbol,
    pub tags: Vec<Symbol>,
    pub command: Vec<Symbol>,
}

/// A registration: what lists and comparisons need of each. Its longer texts stay in the bytes of its segment.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What every form of it has: the fields of this are as if they were its own.
    pub head: RegistrationHead,
    /// What it promised.
    pub expect: Arc<[Symbol]>,
    pub(super) kept: KeptTexts,
}

impl Deref for Registration {
    type Target = RegistrationHead;

    fn deref(&self) -> &RegistrationHead {
        &self.head
    }
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
        self.head.each_symbol(change);
        let own = [&mut self.commit, &mut self.base, &mut self.data, &mut self.method, &mut self.because];
        own.into_iter().for_each(&mut *change);
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
            head: self.head.clone(),
            commit: names.intern(told.commit),
            base: names.intern(told.base),
            data: names.intern(told.data),
            method: names.intern(told.method),
            expect: self.expect.to_vec(),
            because: names.intern(told.because),
            tags: told.tags.iter().map(|tag| names.intern(tag)).collect(),
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
