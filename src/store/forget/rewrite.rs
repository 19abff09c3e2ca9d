//! The refs of the record without what is forgotten.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Instant;

use super::View;
use super::select::id_of;
use crate::git::notes::Notes;
use crate::git::objects::{Author, Writer};
use crate::git::refs::Edit;
use crate::git::tree::Changes;
use crate::git::{GitError, Oid, Repo};
use crate::model::fact::{Body, Fact};
use crate::model::id::Id;
use crate::model::time::Time;
use crate::store::ledger::{KEEP_PREFIX, NOTES, PREFIX, REMOTE_PREFIX, fact_path};
use crate::store::projection::Note;
use crate::store::seal::{self, Parcel, code_commits};
use crate::store::{keep, notebook};

/// What workers handed in lies below this, each under the id of its run.
const INCOMING_PREFIX: &str = "refs/xp/incoming/";

/// What is wanted.
pub struct Wish<'a> {
    /// Tombstones that have to be there; those that are there already count in any case.
    pub tombstones: &'a [Parcel],
    /// Lines that people wrote into notes and that go too.
    pub drops_line: &'a dyn Fn(&str) -> bool,
}

/// What is to be done to refs.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// The new tips. Tombstones come first.
    pub edits: Vec<Edit>,
    /// The files that are gone.
    pub gone: BTreeMap<String, Oid>,
    /// A ledger begins anew.
    pub is_fresh: bool,
    /// What is dead.
    pub dead: BTreeSet<Id>,
}

struct Ledger {
    name: String,
    tip: Oid,
    tree: Oid,
    files: BTreeMap<String, Oid>,
    facts: BTreeMap<String, Fact>,
}

impl Ledger {
    /// Its files that are dead.
    fn gone(&self, dead: &BTreeSet<Id>) -> BTreeMap<String, Oid> {
        let gone = self.files.iter().filter(|(path, _)| is_dead(path, dead));
        gone.map(|(path, blob)| (path.clone(), *blob)).collect()
    }
}

/// Whether an earlier version of a ledger had a fact that is dead by now: a merge leaves it out of the tree, and its history has it still.
///
/// # Errors
/// If git cannot say.
pub fn has_had(repo: &Repo, tip: Oid, dead: &BTreeSet<Id>) -> Result<bool, GitError> {
    // A command line has room for so many.
    for some in dead.iter().collect::<Vec<_>>().chunks(500) {
        let paths = some.iter().flat_map(|id| {
            let folder = id.fan_out();
            [format!(":(glob)facts/{folder}/{id}*"), format!(":(glob)files/{folder}/{id}/**")]
        });
        let tip = tip.to_string();
        let found = repo.git("rev-list").args(["--max-count=1", "--full-history", &tip, "--"]).args(paths).text()?;
        if !found.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Forget here: all refs change at once, or none. Facts that others seal meanwhile stay.
///
/// # Errors
/// If the refs stay locked, or the disk refuses; then nothing has changed.
pub fn forget(repo: &Repo, wish: &Wish<'_>) -> Result<Rewritten, GitError> {
    let begun = Instant::now();
    loop {
        let writer = Writer::new(repo);
        let rewritten = rewrite(repo, &writer, &View::here(repo)?, wish)?;
        match seal::transact_patiently(repo, &rewritten.edits) {
            Ok(()) => {
                writer.restore()?;
                return Ok(rewritten);
            }
            Err(GitError::Conflict { .. }) if begun.elapsed() < seal::PATIENCE => {}
            Err(error) => return Err(error),
        }
    }
}

/// The refs of a view without what tombstones name.
///
/// # Errors
/// If an object is missing or corrupt, or the disk refuses.
pub fn rewrite(repo: &Repo, writer: &Writer<'_>, view: &View, wish: &Wish<'_>) -> Result<Rewritten, GitError> {
    let ledgers = view.below(PREFIX).filter_map(|(name, tip)| read(repo, name, tip).transpose());
    let ledgers: Vec<Ledger> = ledgers.collect::<Result<_, _>>()?;
    let here = ledgers.iter().flat_map(|ledger| ledger.facts.values());
    let stones: Vec<&Fact> = here
        .chain(wish.tombstones.iter().map(|parcel| &parcel.fact))
        .filter(|fact| matches!(fact.body, Body::Tombstone(_)))
        .collect();
    let protected: BTreeSet<Id> = stones.iter().map(|fact| fact.header.id).collect();
    let dead: BTreeSet<Id> =
        stones.iter().filter_map(|fact| fact.target()).filter(|id| !protected.contains(id)).collect();
    let (name, email) = repo.person();
    let author = Author { name, email, seconds: Time::now().seconds() };
    let mut out = Rewritten { dead, ..Rewritten::default() };
    let (mut gone_code, mut kept_code) = (HashSet::new(), HashSet::new());
    for ledger in &ledgers {
        for (path, fact) in &ledger.facts {
            let side = if is_dead(path, &out.dead) { &mut gone_code } else { &mut kept_code };
            side.extend(code_commits(fact).into_iter().filter_map(|hex| repo.parse_oid(hex)));
        }
    }
    out.edits.extend(tombstone_edits(repo, writer, &ledgers, wish, &author)?);
    for ledger in &ledgers {
        let gone = ledger.gone(&out.dead);
        if !gone.is_empty() || has_had(repo, ledger.tip, &out.dead)? {
            fresh_root(repo, writer, ledger, &gone, &mut out.edits, wish, &author)?;
            out.is_fresh = true;
        }
        out.gone.extend(gone);
    }
    if let Some(tip) = view.refs.get(NOTES) {
        out.edits.extend(notes_edit(repo, writer, *tip, &ledgers, &out, wish, &author)?);
    }
    let unneeded: HashSet<Oid> = gone_code.difference(&kept_code).copied().collect();
    for (name, tip) in view.below(KEEP_PREFIX) {
        out.edits.extend(keep_edit(repo, writer, name, tip, &unneeded, &author)?);
    }
    Ok(out)
}

fn is_dead(path: &str, dead: &BTreeSet<Id>) -> bool {
    id_of(path).is_some_and(|id| dead.contains(&id))
}

fn read(repo: &Repo, name: &str, tip: Oid) -> Result<Option<Ledger>, GitError> {
    let Some(tree) = repo.tip_tree(tip)? else { return Ok(None) };
    let files = repo.list_files(tree)?;
    let mut facts = BTreeMap::new();
    for (path, blob) in files.iter().filter(|(path, _)| path.starts_with("facts/")) {
        // What is no fact stays as it is, unless its name is that of a dead one.
        if let Ok(fact) = Fact::parse(&repo.read_blob(*blob)?) {
            facts.insert(path.clone(), fact);
        }
    }
    Ok(Some(Ledger { name: name.to_owned(), tip, tree, files, facts }))
}

/// Tombstones are facts of the month in which they are made; its ledger goes on with them.
fn tombstone_edits(
    repo: &Repo,
    writer: &Writer<'_>,
    ledgers: &[Ledger],
    wish: &Wish<'_>,
    author: &Author,
) -> Result<Vec<Edit>, GitError> {
    let mut by_month: BTreeMap<String, Vec<&Parcel>> = BTreeMap::new();
    for parcel in wish.tombstones {
        by_month.entry(format!("{PREFIX}{}", parcel.fact.header.time.month())).or_default().push(parcel);
    }
    let mut edits = Vec::new();
    for (name, parcels) in by_month {
        let ledger = ledgers.iter().find(|ledger| ledger.name == name);
        let mut changes = Changes::new();
        let is_new = |parcel: &&&Parcel| {
            ledger.is_none_or(|ledger| !ledger.files.contains_key(&fact_path(parcel.fact.header.id)))
        };
        let parcels: Vec<&Parcel> = parcels.iter().filter(is_new).copied().collect();
        for parcel in &parcels {
            changes.insert(fact_path(parcel.fact.header.id), Some(writer.blob(&parcel.bytes)?));
        }
        if changes.is_empty() {
            continue;
        }
        let tree = writer.edit_tree(repo, ledger.map(|ledger| ledger.tree), &changes)?;
        let facts: Vec<&Fact> = parcels.iter().map(|parcel| &parcel.fact).collect();
        let tip = ledger.map(|ledger| ledger.tip);
        let commit = seal::commit(repo, writer, tree, tip, author, &notebook::message(&facts))?;
        edits.push(Edit::set(name, tip, commit, "xp: forget"));
    }
    Ok(edits)
}

/// A ledger begins anew, without the files that are gone: its commit says in one list what its commits said.
fn fresh_root(
    repo: &Repo,
    writer: &Writer<'_>,
    ledger: &Ledger,
    gone: &BTreeMap<String, Oid>,
    edits: &mut Vec<Edit>,
    wish: &Wish<'_>,
    author: &Author,
) -> Result<(), GitError> {
    let with_tombstones = edits.iter().position(|edit| edit.name == ledger.name);
    let tree = match with_tombstones.and_then(|at| edits[at].new) {
        Some(commit) => repo.commit_tree(commit)?,
        None => ledger.tree,
    };
    let changes: Changes = gone.keys().map(|path| (path.clone(), None)).collect();
    let tree = writer.edit_tree(repo, Some(tree), &changes)?;
    let mut facts: Vec<&Fact> =
        ledger.facts.iter().filter(|(path, _)| !gone.contains_key(*path)).map(|(_, fact)| fact).collect();
    if with_tombstones.is_some() {
        let new = wish.tombstones.iter().filter(|parcel| !ledger.files.contains_key(&fact_path(parcel.fact.header.id)));
        facts.extend(new.map(|parcel| &parcel.fact).filter(|fact| ledger.name.ends_with(&fact.header.time.month())));
    }
    facts.sort_by_key(|fact| (fact.header.time, fact.header.id));
    let commit = seal::commit(repo, writer, tree, None, author, &notebook::message(&facts))?;
    let edit = Edit::set(ledger.name.clone(), Some(ledger.tip), commit, "xp: forget");
    match with_tombstones {
        Some(at) => edits[at] = edit,
        None => edits.push(edit),
    }
    Ok(())
}

/// Notes begin anew whenever something is gone: older versions of them had it.
fn notes_edit(
    repo: &Repo,
    writer: &Writer<'_>,
    tip: Oid,
    ledgers: &[Ledger],
    out: &Rewritten,
    wish: &Wish<'_>,
    author: &Author,
) -> Result<Option<Edit>, GitError> {
    let Some(tree) = repo.tip_tree(tip)? else { return Ok(None) };
    let mut notes = Notes::open(repo, writer, Some(tip))?;
    let mut is_changed = out.is_fresh;
    for (commit, blob) in repo.list_notes(tree)? {
        let mut note = Note::parse(&repo.read_blob(blob)?);
        let before = (note.facts.len(), note.foreign.len());
        note.facts.retain(|(_, id, _), _| !out.dead.contains(id));
        note.foreign.retain(|line| !(wish.drops_line)(line));
        if before == (note.facts.len(), note.foreign.len()) {
            continue;
        }
        is_changed = true;
        if note.more {
            // There is room now for facts that the note had left to the ledger.
            note.more = false;
            add_facts_of(repo, ledgers, commit, &out.dead, &mut note)?;
        }
        let bytes = note.encode();
        let blob = if bytes.is_empty() { None } else { Some(writer.blob(&bytes)?) };
        notes.set(writer, commit, blob)?;
    }
    if !is_changed {
        return Ok(None);
    }
    let tree = notes.write(writer)?;
    let commit = seal::commit(repo, writer, tree, None, author, "xp: notes\n")?;
    Ok(Some(Edit::set(NOTES, Some(tip), commit, "xp: forget")))
}

fn add_facts_of(
    repo: &Repo,
    ledgers: &[Ledger],
    commit: Oid,
    dead: &BTreeSet<Id>,
    note: &mut Note,
) -> Result<(), GitError> {
    let hex = commit.to_string();
    for ledger in ledgers {
        for (path, fact) in &ledger.facts {
            if fact.commit() == Some(&hex) && !dead.contains(&fact.header.id) {
                note.insert(&fact.header, &repo.read_blob(ledger.files[path])?);
            }
        }
    }
    Ok(())
}

/// Code that only forgotten facts named is kept no longer: it may be what holds the secret.
fn keep_edit(
    repo: &Repo,
    writer: &Writer<'_>,
    name: &str,
    tip: Oid,
    unneeded: &HashSet<Oid>,
    author: &Author,
) -> Result<Option<Edit>, GitError> {
    let kept = keep::kept(repo, tip)?;
    if !kept.iter().any(|commit| unneeded.contains(commit)) {
        return Ok(None);
    }
    let mut new = keep::root(repo, writer)?;
    for commit in kept.into_iter().rev().filter(|commit| !unneeded.contains(commit)) {
        new = keep::extend(repo, writer, Some(new), &[commit], author)?;
    }
    Ok(Some(Edit::set(name, Some(tip), new, "xp: forget")))
}

/// What was fetched from remotes or handed in, without what is dead: ledgers begin anew, other refs go, until they are fetched again. Returns the names of refs that changed.
///
/// # Errors
/// If the refs stay locked, or an object is missing.
pub fn forget_fetched(repo: &Repo, dead: &BTreeSet<Id>, is_fresh: bool) -> Result<Vec<String>, GitError> {
    let writer = Writer::new(repo);
    let (name, email) = repo.person();
    let author = Author { name, email, seconds: Time::now().seconds() };
    let wish = Wish { tombstones: &[], drops_line: &|_| false };
    let mut edits = Vec::new();
    for (name, tip) in repo.list_refs(REMOTE_PREFIX)? {
        if !name.contains("/runs/") {
            edits.extend(is_fresh.then(|| Edit::delete(name, tip)));
            continue;
        }
        let Some(ledger) = read(repo, &name, tip)? else { continue };
        let gone = ledger.gone(dead);
        if !gone.is_empty() || has_had(repo, tip, dead)? {
            fresh_root(repo, &writer, &ledger, &gone, &mut edits, &wish, &author)?;
        }
    }
    for (name, tip) in repo.list_refs(INCOMING_PREFIX)? {
        if name.strip_prefix(INCOMING_PREFIX).and_then(|id| id.parse().ok()).is_some_and(|id: Id| dead.contains(&id)) {
            edits.push(Edit::delete(name, tip));
        }
    }
    seal::transact_patiently(repo, &edits)?;
    writer.restore()?;
    Ok(edits.into_iter().map(|edit| edit.name).collect())
}
