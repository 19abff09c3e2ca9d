//! A few runs and experiments without reading the others: what `show`, `diff` and `list <name>` need.
//!
//! Only an index that is as new as the refs is asked, and whatever is odd about it makes the answer `None`: the caller then reads everything.

use std::collections::BTreeSet;

use super::database::Database;
use super::folders::{Source, sources};
use crate::git::Repo;
use crate::model::id::{Id, is_prefix};
use crate::records::{Body, Names, Records, RegistrationHead, Row, RunRecord, Segment, Symbol};

/// What a word may name.
#[derive(Debug, Clone, Copy)]
pub enum Word<'a> {
    /// An experiment by its name or branch, a run or experiment by the beginning of its id, or a commit.
    Any(&'a str),
    /// The run that is the last but so many on a branch; of all runs if that has none.
    Last(usize, Option<&'a str>),
}

/// Everything about the runs and experiments that words may name: a word means the same among these as among all. `prefix` is that of experiments' branches.
pub fn about(repo: &Repo, prefix: &str, words: &[Word<'_>]) -> Option<Records> {
    if repo.config_bool("xp.index") == Some(false) {
        return None;
    }
    let sources = sources(repo).ok()?;
    let database = Database::open(&repo.common_dir())?;
    // Where something was forgotten, who is the last one is a question to all; what could not be read has to be named every time.
    if !database.is_fresh(&sources) || database.is_odd()? {
        return None;
    }
    let mut found = Found { database: &database, ids: BTreeSet::new() };
    for word in words {
        match *word {
            Word::Any(text) => found.add_any(repo, prefix, text)?,
            Word::Last(back, branch) => found.add_last(back, branch)?,
        }
    }
    if found.ids.is_empty() {
        return None;
    }
    found.add_later()?;
    let Found { ids, .. } = found;
    let neighbours = database.neighbours(&ids)?;
    records(&database, &sources, &ids, neighbours)
}

/// The facts that were found so far, by id.
struct Found<'a> {
    database: &'a Database,
    ids: BTreeSet<String>,
}

impl Found<'_> {
    fn add_any(&mut self, repo: &Repo, prefix: &str, text: &str) -> Option<()> {
        let name = text.strip_prefix("refs/heads/").unwrap_or(text);
        let bare = name.strip_prefix(prefix).unwrap_or(name);
        let full = [format!("refs/heads/{name}"), format!("refs/heads/{prefix}{name}")];
        for experiment in self.database.experiments_named([name, bare], [&full[0], &full[1]])? {
            self.add_experiment(&experiment, true)?;
        }
        if is_prefix(text) {
            for (id, kind, experiment) in self.database.beginning_with(text)? {
                match (kind.as_str(), experiment) {
                    ("experiment", first) => self.add_experiment(&first.unwrap_or(id), true)?,
                    (_, experiment) => self.add_run(id, experiment)?,
                }
            }
        }
        if let Ok(commit) = repo.resolve(text) {
            for (id, experiment) in self.database.runs_of_commit(&commit.to_string())? {
                self.add_run(id, experiment)?;
            }
        }
        Some(())
    }

    fn add_last(&mut self, back: usize, branch: Option<&str>) -> Option<()> {
        let count = i64::try_from(back).ok()?.checked_add(1)?;
        let mut runs = self.database.last_runs(branch, count)?;
        if runs.is_empty() {
            runs = self.database.last_runs_of_all(count)?;
        }
        runs.into_iter().try_for_each(|(id, experiment)| self.add_run(id, experiment))
    }

    fn add_run(&mut self, id: String, experiment: Option<String>) -> Option<()> {
        self.ids.insert(id);
        experiment.map_or(Some(()), |experiment| self.add_experiment(&experiment, false))
    }

    /// All registrations of an experiment, and with `runs` its runs.
    fn add_experiment(&mut self, id: &str, runs: bool) -> Option<()> {
        self.ids.insert(id.to_owned());
        for (fact, kind) in self.database.of_experiment(id)? {
            if runs || kind == "experiment" {
                self.ids.insert(fact);
            }
        }
        Some(())
    }

    /// What was said later of anything found, and where experiments come from.
    fn add_later(&mut self) -> Option<()> {
        for id in self.ids.clone() {
            self.ids.extend(self.database.facts_about(&id)?);
            if let Some(from) = self.database.origin(&id)? {
                self.add_experiment(&from, false)?;
            }
        }
        Some(())
    }
}

fn records(database: &Database, sources: &[Source], ids: &BTreeSet<String>, neighbours: Vec<Id>) -> Option<Records> {
    let mut names = Names::default();
    let mut segments: Vec<(Symbol, Segment)> = Vec::new();
    let places = database.places(ids)?;
    for source in sources {
        let ledger = names.intern(&source.name);
        let folders: BTreeSet<&str> =
            places.iter().filter(|(name, _)| *name == source.name).map(|(_, folder)| folder.as_str()).collect();
        if folders.is_empty() {
            continue;
        }
        let known = database.folders_of(&source.name)?;
        for folder in folders {
            let folder = known.iter().find(|known| known.name == folder)?;
            let mut segment = database.segment(&source.name, &folder.name, &mut names, &source.key(folder))?;
            segment.runs.retain(|run| ids.contains(run.id.as_str()));
            segment.experiments.retain(|registration| ids.contains(registration.id.as_str()));
            segment.others.retain(|row| row.body.id().is_some_and(|id| ids.contains(id.as_str())));
            segments.push((ledger, segment));
        }
    }
    let mut records = Records::new(names, segments);
    records.add_neighbours(neighbours);
    Some(records)
}

/// The kind of what could not be read.
pub(super) const UNREADABLE: &str = "unreadable";

/// What the index keeps of a row to find it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Entry<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) target: Option<&'a str>,
    pub(super) experiment: Option<&'a str>,
    pub(super) origin: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) branch: Option<&'a str>,
    pub(super) commit: Option<&'a str>,
    pub(super) time: i64,
}

impl<'a> Entry<'a> {
    const NONE: Self = Self {
        id: "",
        kind: "",
        target: None,
        experiment: None,
        origin: None,
        name: None,
        branch: None,
        commit: None,
        time: 0,
    };

    /// Of a run.
    pub(super) fn of_run(run: &'a RunRecord, names: &'a Names) -> Self {
        Self {
            id: run.id.as_str(),
            kind: "run",
            experiment: run.experiment.as_ref().map(Id::as_str),
            branch: run.branch.some().map(|branch| names.text(branch)),
            commit: Some(run.commit()).filter(|commit| !commit.is_empty()),
            time: run.time.0,
            ..Self::NONE
        }
    }

    /// Of a registration.
    pub(super) fn of_experiment(found: &'a RegistrationHead, names: &'a Names) -> Self {
        let text = |symbol: Symbol| symbol.some().map(|symbol| names.text(symbol));
        Self {
            id: found.id.as_str(),
            kind: "experiment",
            experiment: found.experiment.as_ref().map(Id::as_str),
            origin: found.from.as_ref().map(Id::as_str),
            name: text(found.name),
            branch: text(found.branch),
            time: found.time.0,
            ..Self::NONE
        }
    }

    /// Of anything else.
    pub(super) fn of(row: &'a Row, names: &'a Names) -> Self {
        let none = Self::NONE;
        match &row.body {
            Body::Experiment(found) => Self::of_experiment(&found.head, names),
            Body::Late(late) => Self {
                id: late.id.as_str(),
                kind: "late",
                target: Some(late.target.as_str()),
                time: late.time.0,
                ..none
            },
            Body::About(about) => Self {
                id: about.id.as_str(),
                kind: names.text(about.kind),
                target: about.target.as_ref().map(Id::as_str),
                time: about.time.0,
                ..none
            },
            // Runs have a form of their own.
            Body::Run(_) | Body::Unreadable(_) => Self { kind: UNREADABLE, ..none },
        }
    }
}
