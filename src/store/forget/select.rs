//! Which facts go.

use std::collections::{BTreeMap, BTreeSet};

use regex::bytes::Regex;
use serde_json::Value;

use crate::artifact::pointer::Pointer;
use crate::artifact::store::Store;
use crate::git::{GitError, Oid, Repo};
use crate::model::fact::{Body, Fact};
use crate::model::id::Id;
use crate::store::ledger::{NOTES, PREFIX, REMOTE_PREFIX};
use crate::store::notebook;
use crate::store::projection::Note;
use crate::store::seal::Parcel;

/// A fact that may go.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What it says, if it can be read.
    pub fact: Option<Fact>,
    /// Its bytes; several where two facts have one id, or where a note shortened it.
    texts: Vec<Vec<u8>>,
    files: BTreeMap<String, Oid>,
}

/// Everything that is known here: what ledgers hold, those of remotes too, and what only notes have.
#[derive(Debug, Default)]
pub struct All {
    /// By id; no tombstones, and nothing that one names.
    pub facts: BTreeMap<Id, Known>,
    /// The tombstones.
    pub tombstones: Vec<Parcel>,
    /// Facts that are there although a tombstone names them.
    pub leftovers: BTreeSet<Id>,
}

impl All {
    /// Read all of it.
    ///
    /// # Errors
    /// If refs or trees cannot be read.
    pub fn read(repo: &Repo) -> Result<Self, GitError> {
        let mut all = Self::default();
        let is_ledger = |(name, _): &(String, Oid)| name.starts_with(PREFIX) || name.contains("/runs/");
        let refs = repo.list_refs(PREFIX)?.into_iter().chain(repo.list_refs(REMOTE_PREFIX)?);
        for (_, tip) in refs.filter(is_ledger) {
            let Some(tree) = repo.tip_tree(tip)? else { continue };
            for (path, blob) in repo.list_files(tree)? {
                all.add(repo, &path, blob);
            }
        }
        if let Some(tip) = repo.find_ref(NOTES)?
            && let Some(tree) = repo.tip_tree(tip)?
        {
            for (_, blob) in repo.list_notes(tree)? {
                let note = Note::parse(&repo.read_blob(blob)?);
                note.facts.keys().for_each(|(_, id, line)| all.add_text(*id, line.as_bytes().to_vec()));
            }
        }
        all.bury();
        Ok(all)
    }

    fn add(&mut self, repo: &Repo, path: &str, blob: Oid) {
        let Some(id) = id_of(path) else { return };
        if path.starts_with("facts/") {
            // What cannot be read cannot be searched; fsck names it.
            let bytes = repo.read_blob(blob).unwrap_or_default();
            self.add_text(id, bytes);
        } else {
            self.facts.entry(id).or_default().files.insert(path.to_owned(), blob);
        }
    }

    fn add_text(&mut self, id: Id, bytes: Vec<u8>) {
        let known = self.facts.entry(id).or_default();
        if known.fact.is_none() {
            known.fact = Fact::parse(&bytes).ok();
        }
        known.texts.push(bytes);
    }

    /// Put tombstones and what they name aside.
    fn bury(&mut self) {
        for known in self.facts.values() {
            if let (Some(fact), Some(bytes)) = (&known.fact, known.texts.first())
                && matches!(fact.body, Body::Tombstone(_))
            {
                self.tombstones.push(Parcel { fact: fact.clone(), bytes: bytes.clone(), files: Vec::new() });
            }
        }
        self.tombstones.iter().for_each(|stone| drop(self.facts.remove(&stone.fact.header.id)));
        for dead in self.tombstones.iter().filter_map(|stone| stone.fact.target()) {
            if self.facts.remove(&dead).is_some() {
                self.leftovers.insert(dead);
            }
        }
    }

    /// The facts themselves, what was said of them, and the runs of experiments among them.
    pub fn with_dependants(&self, ids: &BTreeSet<Id>) -> BTreeSet<Id> {
        let mut gone = ids.clone();
        loop {
            let before = gone.len();
            for (id, known) in &self.facts {
                let Some(fact) = &known.fact else { continue };
                let experiment = match &fact.body {
                    Body::Run(run) => run.experiment,
                    Body::Experiment(experiment) => experiment.experiment,
                    _ => None,
                };
                if fact.target().into_iter().chain(experiment).any(|other| gone.contains(&other)) {
                    gone.insert(*id);
                }
            }
            if gone.len() == before {
                return gone;
            }
        }
    }

    /// The facts in which, or in whose files, a pattern is found.
    ///
    /// # Errors
    /// If an object cannot be read.
    pub fn matching(&self, repo: &Repo, pattern: &Regex) -> Result<BTreeSet<Id>, GitError> {
        let mut searched: BTreeMap<Oid, bool> = BTreeMap::new();
        let mut found = BTreeSet::new();
        for (id, known) in &self.facts {
            let mut is_found = known.texts.iter().any(|text| is_in_fact(pattern, text))
                || known.files.keys().any(|path| pattern.is_match(path.as_bytes()));
            for blob in known.files.values() {
                if is_found {
                    break;
                }
                is_found = match searched.get(blob) {
                    Some(known) => *known,
                    None => is_in_file(repo, *blob, pattern)?,
                };
                searched.insert(*blob, is_found);
            }
            if is_found {
                found.insert(*id);
            }
        }
        Ok(found)
    }

    /// One line about a fact, as its ledger has it.
    pub fn describe(&self, id: Id) -> String {
        match self.facts.get(&id).and_then(|known| known.fact.as_ref()) {
            Some(fact) => notebook::entry(fact),
            None => format!("{} which cannot be read", &id.as_str()[..4]),
        }
    }
}

/// In the bytes, or in a text of them: JSON escapes some characters.
fn is_in_fact(pattern: &Regex, bytes: &[u8]) -> bool {
    fn is_in(pattern: &Regex, value: &Value) -> bool {
        match value {
            Value::String(text) => pattern.is_match(text.as_bytes()),
            Value::Array(items) => items.iter().any(|item| is_in(pattern, item)),
            Value::Object(map) => {
                map.iter().any(|(key, value)| pattern.is_match(key.as_bytes()) || is_in(pattern, value))
            }
            _ => false,
        }
    }
    pattern.is_match(bytes) || serde_json::from_slice(bytes).is_ok_and(|value| is_in(pattern, &value))
}

fn is_in_file(repo: &Repo, blob: Oid, pattern: &Regex) -> Result<bool, GitError> {
    let bytes = repo.read_blob(blob)?;
    let large = Pointer::parse(&bytes).and_then(|pointer| std::fs::read(Store::of(repo).find(&pointer)?).ok());
    Ok(pattern.is_match(&bytes) || large.is_some_and(|bytes| pattern.is_match(&bytes)))
}

/// The id that a path of a ledger belongs to.
pub(super) fn id_of(path: &str) -> Option<Id> {
    let mut parts = path.split('/');
    let top = parts.next()?;
    let name = parts.nth(1).filter(|_| matches!(top, "facts" | "files"))?;
    name.split(['+', '.']).next()?.parse().ok()
}
