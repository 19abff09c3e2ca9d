//! `fsck`: whether ledgers, notes, keep refs, pins and local folders agree, and what to do where they do not.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::folder::{Root, Stage};
use super::ledger::{KEEP_PREFIX, Ledgers, NOTES, OPEN_PREFIX, Stored};
use super::owner::Host;
use super::projection::{Note, shorten};
use super::seal::{Parcel, code_commits};
use super::{forget, keep, ledger};
use crate::git::{GitError, Oid, Repo};
use crate::model::fact::{Body, Fact};
use crate::model::id::Id;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: &'static str,
    /// The ref, file or id it is about.
    pub at: String,
    /// A sentence.
    pub text: String,
    /// Whether `--repair` mends it.
    pub repairable: bool,
}

/// What was found, and what a repair needs.
#[derive(Debug, Default)]
pub struct Audit {
    /// All findings.
    pub findings: Vec<Finding>,
    /// Number of facts that are in order.
    pub facts: usize,
    /// Facts that only a note or a sealed folder has.
    pub lost: Vec<Parcel>,
    /// Notes as they should be, where they are not; an empty one is to be removed.
    pub notes: BTreeMap<Oid, Vec<u8>>,
    /// Code that no keep ref keeps, by month.
    pub unkept: BTreeMap<String, Vec<Oid>>,
    /// Pins without a run.
    pub stale_pins: Vec<(String, Oid)>,
}

impl Audit {
    fn add(&mut self, kind: &'static str, at: impl Into<String>, text: impl Into<String>, repairable: bool) {
        self.findings.push(Finding { kind, at: at.into(), text: text.into(), repairable });
    }
}

/// Look at everything. A ref that is damaged hides the others, and is the only finding.
///
/// # Errors
/// If refs or trees cannot be read at all.
pub fn audit(repo: &Repo, root: &Root) -> Result<Audit, GitError> {
    match audit_all(repo, root) {
        Err(GitError::BrokenRef { name, path }) => {
            let mut audit = Audit::default();
            let path = path.display();
            let text =
                format!("{path} holds no object id; delete it, then git xp fsck --repair brings back what it can");
            audit.add("ref", name, text, false);
            Ok(audit)
        }
        result => result,
    }
}

fn audit_all(repo: &Repo, root: &Root) -> Result<Audit, GitError> {
    let mut audit = Audit::default();
    let ledgers = Ledgers::read(repo)?;
    for bad in &ledgers.unreadable {
        audit.add("unreadable", format!("{}:{}", bad.ledger, bad.path), bad.reason.clone(), false);
    }
    for stored in &ledgers.forgotten {
        let text = "a tombstone names this fact, and the ledger still has it";
        audit.add("forgotten", format!("{}:{}", stored.ledger, stored.stem), text, true);
    }
    check_history(repo, &mut audit, &ledgers)?;
    audit.facts = ledgers.facts.len();
    let known: HashMap<Id, &Stored> = ledgers.facts.iter().map(|stored| (stored.fact.header.id, stored)).collect();
    let dead: HashSet<Id> = ledgers
        .facts
        .iter()
        .filter(|stored| matches!(stored.fact.body, Body::Tombstone(_)))
        .filter_map(|stored| stored.fact.target())
        .collect();
    let bytes = bytes_of(repo, &ledgers)?;
    check_ids(&mut audit, &ledgers);
    check_code(repo, &mut audit, &ledgers)?;
    check_notes(repo, &mut audit, &ledgers, &bytes, &known, &dead)?;
    check_folders(repo, root, &mut audit, &known, &dead)?;
    Ok(audit)
}

/// A merge leaves out what a tombstone names; the commits before it still have it.
fn check_history(repo: &Repo, audit: &mut Audit, ledgers: &Ledgers) -> Result<(), GitError> {
    let dead: BTreeSet<Id> = ledgers
        .facts
        .iter()
        .filter(|stored| matches!(stored.fact.body, Body::Tombstone(_)))
        .filter_map(|stored| stored.fact.target())
        .collect();
    if dead.is_empty() || !ledgers.forgotten.is_empty() {
        return Ok(());
    }
    for (name, tip) in repo.list_refs(ledger::PREFIX)? {
        if repo.tip_tree(tip)?.is_some() && forget::rewrite::has_had(repo, tip, &dead)? {
            audit.add("forgotten", name, "earlier versions of this ledger have facts that tombstones name", true);
        }
    }
    Ok(())
}

fn bytes_of(repo: &Repo, ledgers: &Ledgers) -> Result<HashMap<Oid, Vec<u8>>, GitError> {
    ledgers.facts.iter().map(|stored| Ok((stored.blob, repo.read_blob(stored.blob)?))).collect()
}

fn check_ids(audit: &mut Audit, ledgers: &Ledgers) {
    for stored in &ledgers.facts {
        if stored.stem.contains('+') {
            let text = format!("two different facts have the id {}; both are kept", stored.fact.header.id);
            audit.add("twin", format!("{}:{}", stored.ledger, stored.stem), text, false);
        }
        if stored.fact.header.time.month() != stored.ledger.trim_start_matches(ledger::PREFIX) {
            let text =
                format!("the fact is of {}, and lies in another month's ledger", stored.fact.header.time.month());
            audit.add("misplaced", format!("{}:{}", stored.ledger, stored.stem), text, false);
        }
    }
}

fn check_code(repo: &Repo, audit: &mut Audit, ledgers: &Ledgers) -> Result<(), GitError> {
    let mut kept: HashSet<Oid> = HashSet::new();
    for (name, tip) in repo.list_refs(KEEP_PREFIX)? {
        match keep::kept(repo, tip) {
            Ok(all) => kept.extend(all),
            Err(error) => audit.add("keep", name, error.to_string(), false),
        }
    }
    let mut seen: HashSet<Oid> = HashSet::new();
    for stored in &ledgers.facts {
        for hex in code_commits(&stored.fact) {
            let Some(commit) = repo.parse_oid(hex).filter(|commit| seen.insert(*commit)) else { continue };
            let id = stored.fact.header.id;
            if !repo.has_object(commit) {
                let text = format!("the commit {hex} is not here; fetch it from where the run was made");
                audit.add("code", id.to_string(), text, false);
            } else if !kept.contains(&commit) {
                audit.add("unkept", id.to_string(), format!("no keep ref keeps the commit {hex}"), true);
                audit.unkept.entry(stored.fact.header.time.month()).or_default().push(commit);
            }
        }
    }
    Ok(())
}

fn check_notes(
    repo: &Repo,
    audit: &mut Audit,
    ledgers: &Ledgers,
    bytes: &HashMap<Oid, Vec<u8>>,
    known: &HashMap<Id, &Stored>,
    dead: &HashSet<Id>,
) -> Result<(), GitError> {
    let mut expected: BTreeMap<Oid, Note> = BTreeMap::new();
    for stored in &ledgers.facts {
        if let Some(commit) = stored.fact.commit().and_then(|hex| repo.parse_oid(hex)) {
            let note = expected.entry(commit).or_default();
            note.insert(&stored.fact.header, &bytes[&stored.blob]);
        }
    }
    let actual = match read_notes(repo) {
        Ok(actual) => actual,
        Err(error @ GitError::BrokenRef { .. }) => return Err(error),
        Err(error) => {
            audit.add("notes", NOTES, format!("the notes cannot be read: {error}"), true);
            BTreeMap::new()
        }
    };
    let mut lost: BTreeMap<Id, Parcel> = BTreeMap::new();
    let commits: BTreeSet<Oid> = expected.keys().chain(actual.keys()).copied().collect();
    for commit in commits {
        let (found, old) = actual.get(&commit).map(|bytes| (Note::parse(bytes), bytes.clone())).unwrap_or_default();
        let mut wanted = expected.remove(&commit).unwrap_or_default();
        collect_lost(audit, &found, commit, known, dead, &mut lost);
        for parcel in lost.values().filter(|parcel| parcel.fact.commit() == Some(&commit.to_string())) {
            wanted.insert(&parcel.fact.header, &parcel.bytes);
        }
        wanted.foreign.clone_from(&found.foreign);
        let is_same = wanted.facts.keys().eq(found.facts.keys()) && wanted.more == found.more;
        if !is_same {
            let text = "the note is not what the ledger says";
            audit.add("note", commit.to_string(), text, true);
        }
        let new = wanted.encode();
        if !is_same && new != old {
            audit.notes.insert(commit, new);
        }
    }
    audit.lost.extend(lost.into_values());
    Ok(())
}

/// Facts in a note that no ledger has. A shortened one is better than none.
fn collect_lost(
    audit: &mut Audit,
    note: &Note,
    commit: Oid,
    known: &HashMap<Id, &Stored>,
    dead: &HashSet<Id>,
    lost: &mut BTreeMap<Id, Parcel>,
) {
    for (_, id, line) in note.facts.keys() {
        if known.contains_key(id) || dead.contains(id) {
            continue;
        }
        let Ok(fact) = Fact::parse(line.as_bytes()) else { continue };
        let is_better = lost.get(id).is_none_or(|other| shorten(&other.bytes).len() < line.len());
        if is_better {
            audit.add("lost", id.to_string(), format!("only the note of {commit} has this fact, no ledger"), true);
            let bytes = format!("{line}\n").into_bytes();
            lost.insert(*id, Parcel { fact, bytes, files: Vec::new() });
        }
    }
}

fn read_notes(repo: &Repo) -> Result<BTreeMap<Oid, Vec<u8>>, GitError> {
    let Some(tip) = repo.find_ref(NOTES)? else { return Ok(BTreeMap::new()) };
    let notes = repo.list_notes(repo.commit_tree(tip)?)?;
    repo.prefetch(notes.iter().map(|(_, blob)| *blob));
    notes.into_iter().map(|(commit, blob)| Ok((commit, repo.read_blob(blob)?))).collect()
}

fn check_folders(
    repo: &Repo,
    root: &Root,
    audit: &mut Audit,
    known: &HashMap<Id, &Stored>,
    dead: &HashSet<Id>,
) -> Result<(), GitError> {
    let host = Host::this();
    for folder in root.under_way() {
        let at = folder.path.display().to_string();
        match folder.stage(&host) {
            Stage::Open | Stage::Manual | Stage::Opening => {}
            Stage::Orphaned => audit.add("orphan", at, "the run's processes are gone, and it is not sealed", true),
            Stage::Foreign => {
                audit.add("foreign", at, "the run is on another host; --repair seals it as crashed", true)
            }
            Stage::Pending => audit.add("pending", at, "the fact is made and waits to be sealed", true),
            Stage::Abandoned => audit.add("abandoned", at, "its maker was killed before anything was logged", true),
            Stage::Broken => audit.add("broken", at, "no journal in it can be read; look at it, then delete it", false),
        }
    }
    for folder in root.all_sealed() {
        let Ok(parcel) = folder.parcel() else { continue };
        let is_here = known.get(&folder.id).is_some_and(|stored| has_files(repo, stored, &parcel));
        if !is_here && !dead.contains(&folder.id) {
            let text = "the fact was sealed, and the ledger lacks it or one of its files";
            audit.add("lost", folder.id.to_string(), text, true);
            audit.lost.retain(|other| other.fact.header.id != folder.id);
            audit.lost.push(parcel);
        }
    }
    let under_way: HashSet<String> = root.under_way().into_iter().map(|folder| folder.id.to_string()).collect();
    for (name, oid) in repo.list_refs(OPEN_PREFIX)? {
        if !under_way.contains(name.trim_start_matches(OPEN_PREFIX)) {
            audit.add("pin", name.clone(), "a pin without a run under way", true);
            audit.stale_pins.push((name, oid));
        }
    }
    Ok(())
}

fn has_files(repo: &Repo, stored: &Stored, parcel: &Parcel) -> bool {
    parcel.files.is_empty()
        || ledger::files_of(repo, &stored.ledger, stored.fact.header.id).is_ok_and(|files| {
            parcel
                .files
                .iter()
                .all(|(path, _)| files.get(&ledger::safe_path(path)).is_some_and(|blob| repo.has_object(*blob)))
        })
}
