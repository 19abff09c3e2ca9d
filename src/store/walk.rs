//! A walk over all facts that keeps only where each lies: for whoever reads every run once and cannot hold them all.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::ledger::{PREFIX, Unreadable, read_fact};
use crate::git::{GitError, Oid, Repo};
use crate::model::fact::{Body, Fact};
use crate::model::id::Id;
use crate::model::time::Time;

/// Where a fact lies.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id.
    pub id: Id,
    /// When it was made.
    pub time: Time,
    /// The experiment of a run, or the first registration of an amended one.
    pub experiment: Option<Id>,
    /// The name of a run's experiment.
    pub name: Option<Rc<str>>,
    /// A run's seed.
    pub seed: Option<i64>,
    /// Its exact bytes.
    pub blob: Oid,
    /// Its ledger, an index into [`Walk::ledgers`].
    pub ledger: usize,
}

/// Where all facts lie. Each id is there once, and none that a tombstone names.
#[derive(Debug, Default)]
pub struct Walk {
    /// The refs of the ledgers.
    pub ledgers: Vec<String>,
    /// Runs, by time and id.
    pub runs: Vec<Found>,
    /// The registrations of each experiment by time, by the time of the first one.
    pub experiments: Vec<(Id, Vec<Found>)>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    later: HashMap<Id, Vec<Found>>,
}

impl Walk {
    /// Walk over every ledger.
    ///
    /// # Errors
    /// If the refs or a tree cannot be read; a single bad fact is no error.
    pub fn read(repo: &Repo) -> Result<Self, GitError> {
        let mut walk = Self::default();
        let (mut facts, mut dead) = (Facts::default(), HashSet::new());
        for (ledger, tip) in repo.list_refs(PREFIX)? {
            if repo.tip_tree(tip)?.is_none() {
                walk.unreadable.push(Unreadable::no_ledger(ledger.clone()));
            }
            walk.ledgers.push(ledger);
            let blobs = blobs(repo, tip)?;
            repo.prefetch(blobs.iter().map(|(.., blob)| *blob));
            for (path, file, blob) in blobs {
                match read_fact(repo, &file, blob) {
                    Ok((fact, _)) => walk.add(&mut facts, &mut dead, fact, &path, blob),
                    Err(reason) => walk.skip(path, reason),
                }
            }
        }
        walk.sort(facts.by_id.into_values().filter(|(found, _)| !dead.contains(&found.id)));
        Ok(walk)
    }

    fn add(&mut self, facts: &mut Facts, dead: &mut HashSet<Id>, fact: Fact, path: &str, blob: Oid) {
        let (id, time, ledger) = (fact.header.id, fact.header.time, self.ledgers.len() - 1);
        let mut found = Found { id, time, experiment: None, name: None, seed: None, blob, ledger };
        let target = fact.target();
        let place = match fact.body {
            Body::Tombstone(_) => return dead.extend(target),
            Body::Run(run) => {
                (found.experiment, found.seed) = (run.experiment, run.seed);
                found.name = run.name.map(|name| facts.name(&name));
                Place::Run
            }
            Body::Experiment(experiment) => {
                found.experiment = experiment.experiment;
                Place::Experiment
            }
            Body::Late(_) | Body::Withdrawal(_) | Body::Other(_) => match target {
                Some(target) => Place::About(target),
                None => return,
            },
        };
        // The same fact may lie in two ledgers. Of different ones with one id, the smaller blob has it (`docs/format.md`).
        if let Some((other, _)) = facts.by_id.get(&found.id)
            && other.blob != blob
        {
            self.skip(
                path.to_owned(),
                format!("another fact has the id {} too; the one with the smaller blob counts", found.id),
            );
        }
        if facts.by_id.get(&found.id).is_none_or(|(other, _)| blob < other.blob) {
            facts.by_id.insert(found.id, (found, place));
        }
    }

    fn skip(&mut self, path: String, reason: String) {
        let ledger = self.ledgers.last().cloned().unwrap_or_default();
        self.unreadable.push(Unreadable { ledger, path, reason });
    }

    fn sort(&mut self, facts: impl Iterator<Item = (Found, Place)>) {
        let mut experiments: BTreeMap<Id, Vec<Found>> = BTreeMap::new();
        for (found, place) in facts {
            match place {
                Place::Run => self.runs.push(found),
                Place::Experiment => experiments.entry(found.experiment.unwrap_or(found.id)).or_default().push(found),
                Place::About(target) => self.later.entry(target).or_default().push(found),
            }
        }
        let by_time = |found: &Found| (found.time, found.id);
        self.runs.sort_by_key(by_time);
        self.later.values_mut().chain(experiments.values_mut()).for_each(|facts| facts.sort_by_key(by_time));
        self.experiments = experiments.into_iter().collect();
        self.experiments.sort_by_key(|(_, registrations)| registrations.first().map(by_time));
    }

    /// The facts about another one, by time and id.
    pub fn later(&self, id: Id) -> &[Found] {
        self.later.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The blobs of all files of one name, by the ledger and the id of their fact.
    ///
    /// # Errors
    /// If a tree cannot be read.
    pub fn files_named(&self, repo: &Repo, name: &str) -> Result<HashMap<(usize, Id), Oid>, GitError> {
        let mut all = HashMap::new();
        for (ledger, reference) in self.ledgers.iter().enumerate() {
            let Some(tip) = repo.find_ref(reference)? else { continue };
            for (folder, tree) in trees(repo, tip, "files")? {
                for (id, mode, tree) in repo.read_tree(tree)? {
                    let Some(id) = id.parse::<Id>().ok().filter(|id| mode.is_tree() && id.fan_out() == folder) else {
                        continue;
                    };
                    let file = repo.read_tree(tree)?.into_iter().find(|(file, mode, _)| file == name && mode.is_blob());
                    all.extend(file.map(|(_, _, blob)| ((ledger, id), blob)));
                }
            }
        }
        Ok(all)
    }
}

/// What was found so far.
#[derive(Default)]
struct Facts {
    by_id: HashMap<Id, (Found, Place)>,
    /// Runs share their experiment's name.
    names: HashSet<Rc<str>>,
}

impl Facts {
    fn name(&mut self, name: &str) -> Rc<str> {
        if let Some(name) = self.names.get(name) {
            return Rc::clone(name);
        }
        let name: Rc<str> = name.into();
        self.names.insert(Rc::clone(&name));
        name
    }
}

/// What a fact is to a walk.
enum Place {
    Run,
    Experiment,
    About(Id),
}

/// The facts of a ledger: path, file name, blob.
fn blobs(repo: &Repo, tip: Oid) -> Result<Vec<(String, String, Oid)>, GitError> {
    let mut out = Vec::new();
    for (folder, tree) in trees(repo, tip, "facts")? {
        let files = repo.read_tree(tree)?.into_iter();
        out.extend(files.map(|(file, _, blob)| (format!("facts/{folder}/{file}"), file, blob)));
    }
    Ok(out)
}

/// The fan-out folders below `facts` or `files`.
fn trees(repo: &Repo, tip: Oid, top: &str) -> Result<Vec<(String, Oid)>, GitError> {
    let Some(root) = repo.tip_tree(tip)? else { return Ok(Vec::new()) };
    let Some((mode, tree)) = repo.find_path(root, top)? else { return Ok(Vec::new()) };
    if !mode.is_tree() {
        return Ok(Vec::new());
    }
    Ok(repo
        .read_tree(tree)?
        .into_iter()
        .filter(|(_, mode, _)| mode.is_tree())
        .map(|(name, _, tree)| (name, tree))
        .collect())
}
