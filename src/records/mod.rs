//! All that is known of experiments and runs, in memory: what every reading command works on.
//!
//! A fact is parsed into a [`Row`] (`parse.rs`), rows of one folder make a [`Segment`] that an index can keep (`segment.rs`), and [`Records`]
//! puts the rows together: later facts beside what they are about, withdrawn runs marked, forgotten ones left out. Texts are kept once
//! ([`Names`]), so that a hundred thousand runs fit and compare fast. Pure: who reads the rows, from git or from an index, is in `store`.

mod about;
mod experiment;
mod names;
mod parse;
mod row;
mod run;
mod segment;
#[cfg(test)]
mod tests;
mod value;

use std::sync::Arc;

use ahash::{HashMap, HashSet, HashSetExt};

pub use about::AboutRecord;
pub use experiment::{ExperimentRecord, Registration};
pub use names::{Names, Symbol};
pub use parse::parse;
pub use row::{Body, Row};
pub use run::{LateRecord, RunRecord};
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
    run_at: HashMap<Id, u32>,
    experiment_at: HashMap<Id, u32>,
    runs_of: HashMap<Id, Vec<u32>>,
    late: HashMap<Id, Vec<LateRecord>>,
    about: HashMap<Id, Vec<AboutRecord>>,
    neighbours: Vec<Id>,
}

impl Records {
    /// Put rows together; each comes with the ref it lies in. Rows of a stem that came before are copies and left out.
    pub fn new(names: Names, rows: impl IntoIterator<Item = (Symbol, Row)>) -> Self {
        let mut all = Self { names: Arc::new(names), ..Self::default() };
        let mut registrations: Vec<Registration> = Vec::new();
        let rows = rows.into_iter();
        let expected = rows.size_hint().0;
        let mut seen: HashSet<Symbol> = HashSet::with_capacity(expected);
        all.runs.reserve(expected / 2);
        let mut dead: HashSet<Id> = HashSet::new();
        // Of two facts with one id the one without a mark counts, and its file comes behind the other.
        let (plain, marked): (Vec<_>, Vec<_>) = rows.partition(|(_, row)| !all.names.text(row.stem).contains('+'));
        for (ledger, Row { stem, body }) in plain.into_iter().chain(marked) {
            if !matches!(body, Body::Unreadable(_)) && !seen.insert(stem) {
                continue;
            }
            if let Some((id, _)) = all.names.text(stem).split_once('+')
                && all.names.find(id).is_some_and(|plain| seen.contains(&plain))
            {
                all.unreadable.push(Unreadable {
                    ledger: all.names.text(ledger).to_owned(),
                    path: path_of(all.names.text(stem)),
                    reason: format!("another fact has the id {id} too; the one with the smaller blob counts"),
                });
                continue;
            }
            match body {
                Body::Run(run) => all.runs.push(RunRecord { ledger, stem, ..*run }),
                Body::Experiment(registration) => registrations.push(*registration),
                Body::Late(late) => all.late.entry(late.target).or_default().push(*late),
                Body::About(about) => {
                    if let Some(target) = about.target {
                        if all.names.text(about.kind) == "tombstone" {
                            dead.insert(target);
                        }
                        all.about.entry(target).or_default().push(*about);
                    }
                }
                Body::Unreadable(reason) => all.unreadable.push(Unreadable {
                    ledger: all.names.text(ledger).to_owned(),
                    path: path_of(all.names.text(stem)),
                    reason: all.names.text(reason).to_owned(),
                }),
            }
        }
        if !dead.is_empty() {
            all.forget(&dead, &mut registrations);
        }
        all.add_registrations(registrations);
        // Stable: two facts of one id stay in the order they came in. Records are large, so each is moved once.
        all.runs.sort_by_cached_key(|run| (run.time, run.id));
        all.link();
        all
    }

    /// Leave out what a tombstone names; facts about it go with it, the tombstone stays.
    fn forget(&mut self, dead: &HashSet<Id>, registrations: &mut Vec<Registration>) {
        self.runs.retain(|run| !dead.contains(&run.id));
        registrations.retain(|registration| !dead.contains(&registration.id));
        for facts in self.late.values_mut() {
            facts.retain(|late| !dead.contains(&late.id));
        }
        for facts in self.about.values_mut() {
            facts.retain(|about| !dead.contains(&about.id));
        }
    }

    fn add_registrations(&mut self, mut registrations: Vec<Registration>) {
        // Large ones, each moved once.
        registrations.sort_by_cached_key(|registration| (registration.time, registration.id));
        self.experiments.reserve(registrations.len());
        self.experiment_at.reserve(registrations.len());
        for registration in registrations {
            let id = registration.experiment.unwrap_or(registration.id);
            match self.experiment_at.get(&id) {
                // They come by time, so the last one seen is the newest. A first one that is older than its amendment by the clock still is the first.
                Some(at) if registration.experiment.is_some() => {
                    let record = &mut self.experiments[*at as usize];
                    record.earlier.push(std::mem::replace(&mut record.current, registration));
                }
                Some(_) => {}
                None => {
                    self.experiment_at.insert(id, self.experiments.len() as u32);
                    self.experiments.push(ExperimentRecord {
                        id,
                        time: registration.time,
                        by: registration.by,
                        earlier: Vec::new(),
                        current: registration,
                    });
                }
            }
        }
    }

    fn link(&mut self) {
        self.run_at.reserve(self.runs.len());
        self.runs_of.reserve(self.experiments.len());
        for (at, run) in self.runs.iter().enumerate() {
            self.run_at.insert(run.id, at as u32);
            if let Some(experiment) = run.experiment {
                self.runs_of.entry(experiment).or_default().push(at as u32);
            }
        }
        for (target, facts) in &mut self.late {
            facts.sort_by_key(|late| (late.time, late.id));
            if let Some(at) = self.run_at.get(target) {
                facts.iter().for_each(|late| late.add_to(&mut self.runs[*at as usize], &self.names));
            }
        }
        for (target, facts) in &mut self.about {
            facts.sort_by_key(|about| (about.time, about.id));
            let mut withdrawals = facts.iter().filter(|about| self.names.text(about.kind) == "withdrawal");
            if let (Some(at), Some(last)) = (self.run_at.get(target), withdrawals.next_back()) {
                let because = last.read(&self.names).because.unwrap_or_default();
                self.runs[*at as usize].withdrawn = Some(Arc::make_mut(&mut self.names).intern(&because));
            }
        }
    }

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
        self.run_at.get(&id).map(|at| &self.runs[*at as usize])
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
        self.runs_of.get(&experiment).into_iter().flatten().map(|at| &self.runs[*at as usize])
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

/// Where a fact lies in its ledger, by the name of its file without `.json`.
fn path_of(stem: &str) -> String {
    format!("facts/{}/{stem}.json", stem.get(..2).unwrap_or(stem))
}
