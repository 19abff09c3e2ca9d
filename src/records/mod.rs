//! All that is known of experiments and runs, in memory: what every reading command works on.
//!
//! A fact is parsed into a [`Row`] (`parse.rs`), rows of one folder make a [`Segment`] that an index can keep (`segment.rs`), and [`Records`]
//! puts the rows together: later facts beside what they are about, withdrawn runs marked, forgotten ones left out. Texts are kept once
//! ([`Names`]), so that a hundred thousand runs fit and compare fast. Pure: who reads the rows, from git or from an index, is in `store`.

mod about;
mod encode;
mod experiment;
mod gather;
mod kept;
mod names;
mod parse;
mod row;
mod run;
mod segment;
#[cfg(test)]
mod tests;
mod value;

use std::sync::{Arc, OnceLock};

use ahash::HashMap;

pub use about::AboutRecord;
pub use experiment::{ExperimentRecord, Registration, RegistrationHead, RegistrationRow, Told};
pub use kept::{Fetch, Rests};
pub use names::{Names, Shape, Symbol};
pub use parse::parse;
pub use row::{Body, Row};
pub use run::{LateRecord, RunHead, RunRecord, RunRow};
pub use segment::{FORMAT, Listed, Segment};
pub use value::{Measure, Num, Value};

use crate::model::experiment::Experiment;
use crate::model::fact::{About, Header};
use crate::model::id::Id;

/// Something that could not be read. It is named, skipped and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The ref of the ledger.
    pub ledger: String,
    /// The path in its tree.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl Unreadable {
    /// A ref where a ledger should be that points to no commit.
    pub fn no_ledger(ledger: String) -> Self {
        Self { ledger, path: String::new(), reason: "it points to no commit".to_owned() }
    }
}

/// Its ref and path: where it lies.
impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.ledger)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, " {}", self.path) }
    }
}

/// All experiments and runs.
#[derive(Debug, Default)]
pub struct Records {
    /// The texts.
    pub names: Arc<Names>,
    /// By time of the first registration.
    pub experiments: Vec<ExperimentRecord>,
    /// By time.
    pub runs: Vec<RunRecord>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Made when the first run is looked for.
    run_at: OnceLock<HashMap<Id, u32>>,
    experiment_at: HashMap<Id, u32>,
    /// Runs by experiment: those of the n-th one begin at `runs_from[n]`. Experiments that are not here come behind the others.
    runs_by_experiment: Vec<u32>,
    runs_from: Vec<u32>,
    strays: HashMap<Id, u32>,
    late: HashMap<Id, Vec<LateRecord>>,
    about: HashMap<Id, Vec<AboutRecord>>,
    neighbours: Vec<Id>,
}

impl Records {
    /// The text of a symbol.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.names.text(symbol)
    }

    /// The texts of symbols.
    pub fn texts(&self, symbols: &[Symbol]) -> Vec<String> {
        symbols.iter().map(|symbol| self.text(*symbol).to_owned()).collect()
    }

    /// The run with this id.
    pub fn find_run(&self, id: Id) -> Option<&RunRecord> {
        position(&self.run_at, &self.runs, id).map(|at| &self.runs[at])
    }

    /// The experiment with this id.
    pub fn find_experiment(&self, id: Id) -> Option<&ExperimentRecord> {
        self.experiment_at.get(&id).map(|at| &self.experiments[*at as usize])
    }

    /// The newest experiment with this name.
    pub fn find_experiment_by_name(&self, name: &str) -> Option<&ExperimentRecord> {
        let name = self.names.find(name)?;
        self.experiments.iter().rev().find(|record| record.current.name == name)
    }

    /// The newest experiment that was registered on this branch.
    pub fn find_experiment_by_branch(&self, branch: &str) -> Option<&ExperimentRecord> {
        let branch = self.names.find(branch)?;
        self.experiments.iter().rev().find(|record| record.current.branch == branch)
    }

    /// The runs of an experiment, by time.
    pub fn runs_of(&self, experiment: Id) -> impl DoubleEndedIterator<Item = &RunRecord> {
        let group = self.experiment_at.get(&experiment).or_else(|| self.strays.get(&experiment));
        let span =
            group.map(|group| *group as usize).map(|at| self.runs_from[at] as usize..self.runs_from[at + 1] as usize);
        let runs = &self.runs_by_experiment[span.unwrap_or_default()];
        runs.iter().map(|at| &self.runs[*at as usize])
    }

    /// The runs that were made on a branch, by time; none on no branch.
    pub fn runs_on(&self, branch: Option<&str>) -> impl DoubleEndedIterator<Item = &RunRecord> {
        let branch = branch.and_then(|branch| self.names.find(branch)?.some());
        self.runs.iter().filter(move |run| branch.is_some() && Some(run.branch) == branch)
    }

    /// What was added to a run later, by time.
    pub fn late_of(&self, run: Id) -> &[LateRecord] {
        self.late.get(&run).map(Vec::as_slice).unwrap_or_default()
    }

    /// What was said about a run or an experiment, by time.
    pub fn about(&self, target: Id) -> &[AboutRecord] {
        self.about.get(&target).map(Vec::as_slice).unwrap_or_default()
    }

    /// As [`Records::about`], each fact whole.
    pub fn said(&self, target: Id) -> Vec<(Header, About)> {
        let whole = |about: &AboutRecord| {
            let header = Header::new(self.text(about.kind), about.id, about.time, self.text(about.by));
            (header, about.read(&self.names))
        };
        self.about(target).iter().map(whole).collect()
    }

    /// All registrations of an experiment, by time, each whole.
    pub fn registrations(&self, experiment: &ExperimentRecord) -> Vec<(Header, Experiment)> {
        let all = experiment.earlier.iter().chain([&experiment.current]);
        let whole = |found: &Registration| {
            let header = Header::new("experiment", found.id, found.time, self.text(found.by));
            (header, found.to_experiment(&self.names))
        };
        all.map(whole).collect()
    }

    /// The runs and experiments of which something was said.
    pub fn spoken_of(&self) -> impl Iterator<Item = Id> {
        self.about.keys().copied()
    }

    /// Ids beside those of these records that are not among them: short ids have to tell the two apart.
    pub fn add_neighbours(&mut self, ids: Vec<Id>) {
        self.neighbours = ids;
    }

    /// Every id, sorted: what short ids are cut from.
    pub fn ids(&self) -> Vec<Id> {
        let mut ids: Vec<Id> =
            self.runs.iter().map(|record| record.id).chain(self.experiments.iter().map(|e| e.id)).collect();
        ids.extend(&self.neighbours);
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

fn position(run_at: &OnceLock<HashMap<Id, u32>>, runs: &[RunRecord], id: Id) -> Option<usize> {
    let run_at = run_at.get_or_init(|| runs.iter().map(|run| run.id).zip(0..).collect());
    run_at.get(&id).map(|at| *at as usize)
}
