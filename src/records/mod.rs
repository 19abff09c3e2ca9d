//! All that is known of experiments and runs, in memory: what every reading command works on.
//!
//! A fact is parsed into a [`Row`] (`parse.rs`), rows of one folder make a [`Segment`] that an index can keep (`segment.rs`), and [`Records`]
//! puts the rows together: later facts beside what they are about, withdrawn runs marked, forgotten ones left out. Texts are kept once
//! ([`Names`]), so that a hundred thousand runs fit and compare fast. Pure: who reads the rows, from git or from an index, is in `store`.

mod about;
mod experiment;
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

use ahash::{HashMap, HashSet};

pub use about::AboutRecord;
pub use experiment::{ExperimentRecord, Registration, RegistrationRow, Told};
pub use kept::{Fetch, Rests};
pub use names::{Names, Shape, Symbol};
pub use parse::parse;
pub use row::{Body, Row};
pub use run::{LateRecord, RunRecord, RunRow};
pub use segment::{FORMAT, Listed, Segment};
pub use value::{Measure, Num, Value};

use crate::model::experiment::Experiment;
use crate::model::fact::{About, Header};
use crate::model::id::Id;
use crate::model::time::Time;

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
    /// Put segments together; each comes with the ref it lies in. Facts that came before are copies and left out.
    pub fn new(names: Names, segments: impl IntoIterator<Item = (Symbol, Segment)>) -> Self {
        let mut all = Self { names: Arc::new(names), ..Self::default() };
        let segments: Vec<(Symbol, Segment)> = segments.into_iter().collect();
        let mut gathering = Gathering {
            seen: may_repeat(&segments).then(HashSet::default),
            amendments: Vec::new(),
            dead: HashSet::default(),
        };
        all.experiments.reserve(segments.iter().map(|(_, segment)| segment.experiments.len()).sum());
        all.runs.reserve(segments.iter().map(|(_, segment)| segment.runs.len()).sum());
        // Of two facts with one id the one without a mark counts, and its file comes behind the other.
        let (mut marked_runs, mut marked) = (Vec::new(), Vec::new());
        for (ledger, segment) in segments {
            for run in segment.runs {
                let run = RunRecord { ledger, ..run };
                match run.stem.is_empty() {
                    true if gathering.is_new(run.id) => all.runs.push(run),
                    true => {}
                    false => marked_runs.push(run),
                }
            }
            for registration in segment.experiments {
                if gathering.is_new(registration.id) {
                    all.take_registration(&mut gathering, registration);
                }
            }
            for row in segment.others {
                match row.stem.is_empty() {
                    true => all.take(&mut gathering, ledger, row),
                    false => marked.push((ledger, row)),
                }
            }
        }
        for run in marked_runs {
            if gathering.is_new(run.id) {
                all.runs.push(run);
            } else {
                all.refuse_twin(run.ledger, run.stem, run.id);
            }
        }
        for (ledger, row) in marked {
            match row.body.id() {
                Some(id) if gathering.has_seen(id) => all.refuse_twin(ledger, row.stem, id),
                _ => all.take(&mut gathering, ledger, row),
            }
        }
        let Gathering { mut amendments, dead, .. } = gathering;
        if !dead.is_empty() {
            all.forget(&dead, &mut amendments);
        }
        all.amend(amendments);
        sort_by_time(&mut all.runs, |run| (run.time, run.id));
        all.link();
        all
    }

    fn take(&mut self, gathering: &mut Gathering, ledger: Symbol, row: Row) {
        if row.body.id().is_some_and(|id| !gathering.is_new(id)) {
            return;
        }
        match row.body {
            Body::Run(_) => {}
            Body::Experiment(row) => {
                if let Some(registration) = Registration::new(*row, Arc::make_mut(&mut self.names)) {
                    self.take_registration(gathering, registration);
                }
            }
            Body::Late(late) => self.late.entry(late.target).or_default().push(*late),
            Body::About(about) => {
                if let Some(target) = about.target {
                    if self.names.text(about.kind) == "tombstone" {
                        gathering.dead.insert(target);
                    }
                    self.about.entry(target).or_default().push(*about);
                }
            }
            Body::Unreadable(reason) => self.unreadable.push(Unreadable {
                ledger: self.names.text(ledger).to_owned(),
                path: path_of(self.names.text(row.stem)),
                reason: self.names.text(reason).to_owned(),
            }),
        }
    }

    fn take_registration(&mut self, gathering: &mut Gathering, registration: Registration) {
        match registration.experiment {
            Some(_) => gathering.amendments.push(registration),
            None => self.experiments.push(ExperimentRecord::new(registration)),
        }
    }

    fn refuse_twin(&mut self, ledger: Symbol, stem: Symbol, id: Id) {
        let (ledger, path) = (self.names.text(ledger).to_owned(), path_of(self.names.text(stem)));
        // In another ledger it is a copy of the one that was named.
        if !self.unreadable.iter().any(|known| known.path == path) {
            let reason = format!("another fact has the id {id} too; the one with the smaller blob counts");
            self.unreadable.push(Unreadable { ledger, path, reason });
        }
    }

    /// Leave out what a tombstone names; facts about it go with it, the tombstone stays.
    fn forget(&mut self, dead: &HashSet<Id>, amendments: &mut Vec<Registration>) {
        self.runs.retain(|run| !dead.contains(&run.id));
        self.experiments.retain(|experiment| !dead.contains(&experiment.id));
        amendments.retain(|registration| !dead.contains(&registration.id));
        for facts in self.late.values_mut() {
            facts.retain(|late| !dead.contains(&late.id));
        }
        for facts in self.about.values_mut() {
            facts.retain(|about| !dead.contains(&about.id));
        }
    }

    /// Put later registrations behind the first ones, whatever the clocks said.
    fn amend(&mut self, mut amendments: Vec<Registration>) {
        amendments.sort_by_key(|registration| (registration.time, registration.id));
        self.experiment_at.reserve(self.experiments.len());
        if !amendments.is_empty() {
            self.number_experiments();
        }
        for registration in amendments {
            let first = registration.experiment.unwrap_or(registration.id);
            match self.experiment_at.get(&first) {
                Some(at) => self.experiments[*at as usize].amend(registration),
                // The first one is not here: the second has to stand for it.
                None => {
                    self.experiment_at.insert(first, self.experiments.len() as u32);
                    self.experiments.push(ExperimentRecord::new(registration));
                }
            }
        }
        sort_by_time(&mut self.experiments, |experiment| (experiment.time, experiment.id));
        self.number_experiments();
    }

    fn number_experiments(&mut self) {
        self.experiment_at.extend(self.experiments.iter().map(|experiment| experiment.id).zip(0..));
    }

    fn link(&mut self) {
        self.group_runs();
        for (target, facts) in &mut self.late {
            facts.sort_by_key(|late| (late.time, late.id));
            if let Some(at) = position(&self.run_at, &self.runs, *target) {
                let run = &mut self.runs[at];
                let names = Arc::make_mut(&mut self.names);
                let mut row = run.to_row(names);
                facts.iter().for_each(|late| late.add_to(&mut row, names));
                if let Some(whole) = RunRecord::new(row, names) {
                    *run = RunRecord { ledger: run.ledger, stem: run.stem, ..whole };
                }
            }
        }
        for (target, facts) in &mut self.about {
            facts.sort_by_key(|about| (about.time, about.id));
            let mut withdrawals = facts.iter().filter(|about| self.names.text(about.kind) == "withdrawal");
            if let (Some(last), Some(at)) = (withdrawals.next_back(), position(&self.run_at, &self.runs, *target)) {
                let because = last.read(&self.names).because.unwrap_or_default();
                self.runs[at].withdrawn = Some(Arc::make_mut(&mut self.names).intern(&because));
            }
        }
    }

    fn group_runs(&mut self) {
        let mut groups: Vec<Option<u32>> = Vec::with_capacity(self.runs.len());
        for experiment in self.runs.iter().map(|run| run.experiment) {
            groups.push(experiment.map(|id| match self.experiment_at.get(&id) {
                Some(at) => *at,
                None => {
                    let next = (self.experiments.len() + self.strays.len()) as u32;
                    *self.strays.entry(id).or_insert(next)
                }
            }));
        }
        self.runs_from = vec![0; self.experiments.len() + self.strays.len() + 1];
        for group in groups.iter().flatten() {
            self.runs_from[*group as usize + 1] += 1;
        }
        for at in 1..self.runs_from.len() {
            self.runs_from[at] += self.runs_from[at - 1];
        }
        let mut next = self.runs_from.clone();
        self.runs_by_experiment = vec![0; groups.iter().flatten().count()];
        for (run, group) in groups.iter().enumerate() {
            if let Some(group) = group {
                let place = &mut next[*group as usize];
                self.runs_by_experiment[*place as usize] = run as u32;
                *place += 1;
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

/// What is known while segments are put together.
struct Gathering {
    /// Where there is more than one of anything.
    seen: Option<HashSet<Id>>,
    /// Later registrations of experiments.
    amendments: Vec<Registration>,
    /// What tombstones name.
    dead: HashSet<Id>,
}

impl Gathering {
    fn is_new(&mut self, id: Id) -> bool {
        self.seen.as_mut().is_none_or(|seen| seen.insert(id))
    }

    fn has_seen(&self, id: Id) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.contains(&id))
    }
}

/// Whether two facts may have one id: a mark says so, or a copy in another ledger. It is quicker to find out that there are none than to look at each.
fn may_repeat(segments: &[(Symbol, Segment)]) -> bool {
    let has_marks = |segment: &Segment| {
        let is_marked = |row: &Row| !row.stem.is_empty() && !matches!(row.body, Body::Unreadable(_));
        segment.runs.iter().any(|run| !run.stem.is_empty()) || segment.others.iter().any(is_marked)
    };
    if segments.iter().any(|(_, segment)| has_marks(segment)) {
        return true;
    }
    // Names of files in one folder differ, and ids that lie in the folders they belong in.
    let first = segments.iter().find(|(_, segment)| !segment.is_empty()).map(|(ledger, _)| *ledger);
    let is_at_home = |segment: &Segment| {
        let folder = segment.key().split(' ').nth(1).unwrap_or_default();
        folder.len() == 2 && segment.ids(0).all(|(id, _)| id.fan_out() == folder)
    };
    if segments.iter().all(|(ledger, segment)| segment.is_empty() || (Some(*ledger) == first && is_at_home(segment))) {
        return false;
    }
    let mut beginnings: Vec<u64> =
        segments.iter().flat_map(|(_, segment)| segment.ids(0)).map(|(id, _)| id.beginning()).collect();
    beginnings.sort_unstable();
    beginnings.windows(2).any(|pair| pair[0] == pair[1])
}

/// Sort by time, then by id; of two with the same id the one that came first stays first.
///
/// Records are large, so each is moved once, and times, which nearly always differ, are quicker to compare than ids.
fn sort_by_time<T>(all: &mut [T], key: impl Fn(&T) -> (Time, Id)) {
    all.sort_by_cached_key(|item| key(item).0);
    for equal in all.chunk_by_mut(|a, b| key(a).0 == key(b).0).filter(|equal| equal.len() > 1) {
        equal.sort_by_key(|item| key(item).1);
    }
}

/// Where a fact lies in its ledger, by the name of its file without `.json`.
fn path_of(stem: &str) -> String {
    format!("facts/{}/{stem}.json", stem.get(..2).unwrap_or(stem))
}
