//! Sealing: facts and their files become part of ledger, notes and keep refs, in one transaction.
//!
//! Repeating a seal changes nothing, so whoever finds something unsealed may seal it, at any time, any number of times.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::ledger::{KEEP_PREFIX, NOTES, PREFIX, fact_path, files_path, safe_path};
use super::projection::Note;
use super::{keep, notebook};
use crate::git::notes::Notes;
use crate::git::objects::{Author, Writer};
use crate::git::refs::Edit;
use crate::git::tree::Changes;
use crate::git::{GitError, Oid, Repo};
use crate::model::fact::Fact;
use crate::model::time::Time;

/// How long a seal tries before it leaves the facts pending.
pub(super) const PATIENCE: Duration = Duration::from_secs(12);

/// A lock file of one of our refs that has lain for this long belongs to nobody: writing a ref takes milliseconds.
const STALE_AFTER: Duration = Duration::from_secs(5);

/// A fact on its way into the ledger.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The fact.
    pub fact: Fact,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// Files below its folder: path, content (at most 10 MiB each).
    pub files: Vec<(String, Vec<u8>)>,
}

/// Seal facts.
///
/// # Errors
/// If the refs stay locked, or the disk refuses; then nothing has changed.
pub fn seal(repo: &Repo, parcels: &[Parcel]) -> Result<(), GitError> {
    if parcels.is_empty() {
        return Ok(());
    }
    let begun = Instant::now();
    let mut attempt = 0;
    loop {
        let writer = Writer::new(repo);
        let edits = prepare(repo, &writer, parcels)?;
        match repo.transact(&edits) {
            Ok(()) => return writer.restore(),
            Err(error @ (GitError::Conflict { .. } | GitError::Locked { .. })) => {
                if begun.elapsed() > PATIENCE {
                    return Err(error);
                }
                if let GitError::Locked { lock, .. } = &error {
                    remove_if_stale(lock);
                }
                attempt += 1;
                std::thread::sleep(backoff(attempt));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Jittered, growing to a quarter of a second: with many writers the losers spread out.
fn backoff(attempt: u32) -> Duration {
    let mut random = [0; 2];
    // Without randomness the delays are merely equal.
    let _ = getrandom::fill(&mut random);
    let ceiling = 4_u64 << attempt.min(6);
    Duration::from_millis(1 + u64::from(u16::from_le_bytes(random)) % ceiling)
}

/// A writer that was killed leaves its lock file behind for ever. Only locks of git-xp's own refs are ever taken away, and only after an age
/// that no living writer reaches; should one be suspended that long, its rename fails or loses, and its journal is sealed again.
fn remove_if_stale(lock: &Path) {
    let ours = lock.to_string_lossy().replace('\\', "/");
    if !(ours.contains("/refs/xp/") || ours.ends_with("/refs/notes/xp.lock")) {
        return;
    }
    let age = |path: &Path| path.metadata().ok()?.modified().ok()?.elapsed().ok();
    if age(lock).is_some_and(|age| age > STALE_AFTER) {
        let aside = lock.with_extension(format!("stale-{}", std::process::id()));
        // Renaming first: of two that come to the same conclusion, one wins, and a fresh lock is put back.
        if std::fs::rename(lock, &aside).is_ok() {
            if age(&aside).is_some_and(|age| age <= STALE_AFTER) && !lock.exists() {
                let _ = std::fs::rename(&aside, lock);
            }
            let _ = std::fs::remove_file(&aside);
        }
    }
}

/// The edits that bring all parcels in, against the refs as they are now.
fn prepare(repo: &Repo, writer: &Writer<'_>, parcels: &[Parcel]) -> Result<Vec<Edit>, GitError> {
    let (name, email) = repo.person();
    let author = Author { name, email, seconds: Time::now().seconds() };
    let mut edits = Vec::new();
    let mut by_month: BTreeMap<String, Vec<&Parcel>> = BTreeMap::new();
    for parcel in parcels {
        by_month.entry(parcel.fact.header.time.month()).or_default().push(parcel);
    }
    for (month, parcels) in &by_month {
        edits.extend(ledger_edit(repo, writer, month, parcels, &author)?);
        edits.extend(keep_edit(repo, writer, month, parcels, &author)?);
    }
    edits.extend(notes_edit(repo, writer, parcels, &author)?);
    Ok(edits)
}

fn ledger_edit(
    repo: &Repo,
    writer: &Writer<'_>,
    month: &str,
    parcels: &[&Parcel],
    author: &Author,
) -> Result<Option<Edit>, GitError> {
    let name = format!("{PREFIX}{month}");
    let tip = repo.find_ref(&name)?;
    let root = tip.map(|tip| repo.commit_tree(tip)).transpose()?;
    let (mut changes, mut added) = (Changes::new(), Vec::new());
    for parcel in parcels {
        let id = parcel.fact.header.id;
        let before = changes.len();
        let fact = writer.blob(&parcel.bytes)?;
        add_file(repo, root, &mut changes, &fact_path(id), fact)?;
        for (path, bytes) in &parcel.files {
            let blob = writer.blob(bytes)?;
            add_file(repo, root, &mut changes, &format!("{}/{}", files_path(id), safe_path(path)), blob)?;
        }
        if changes.len() > before {
            added.push(&parcel.fact);
        }
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let tree = writer.edit_tree(repo, root, &changes)?;
    let message = notebook::message(&added);
    let commit = commit(repo, writer, tree, tip, author, &message)?;
    Ok(Some(Edit::set(name, tip, commit, "xp: seal")))
}

/// A place that already holds the same bytes needs nothing; one that holds others keeps them, and these lie beside.
fn add_file(repo: &Repo, root: Option<Oid>, changes: &mut Changes, path: &str, blob: Oid) -> Result<(), GitError> {
    let old = root.map(|root| repo.find_path(root, path)).transpose()?.flatten();
    match old.map(|(_, oid)| oid).or_else(|| changes.get(path).copied().flatten()) {
        Some(old) if old == blob => {}
        Some(_) => {
            let beside = super::merge::beside(path, &blob.to_string());
            let there = root.map(|root| repo.find_path(root, &beside)).transpose()?.flatten();
            if there.is_none() {
                changes.insert(beside, Some(blob));
            }
        }
        None => drop(changes.insert(path.to_owned(), Some(blob))),
    }
    Ok(())
}

fn keep_edit(
    repo: &Repo,
    writer: &Writer<'_>,
    month: &str,
    parcels: &[&Parcel],
    author: &Author,
) -> Result<Option<Edit>, GitError> {
    let name = format!("{KEEP_PREFIX}{month}");
    let commits: Vec<Oid> = parcels
        .iter()
        .flat_map(|parcel| code_commits(&parcel.fact))
        .filter_map(|hex| repo.parse_oid(hex))
        .filter(|commit| repo.has_object(*commit))
        .collect();
    let tip = repo.find_ref(&name)?;
    let missing = keep::missing(repo, tip, &commits)?;
    if missing.is_empty() {
        return Ok(None);
    }
    let commit = keep::extend(repo, writer, tip, &missing, author)?;
    Ok(Some(Edit::set(name, tip, commit, "xp: keep")))
}

/// The commits of a fact that have to stay alive.
pub fn code_commits(fact: &Fact) -> Vec<&str> {
    use crate::model::fact::Body;
    match &fact.body {
        Body::Experiment(experiment) => vec![&experiment.commit],
        Body::Run(run) => std::iter::once(run.commit.as_str())
            .chain(run.snapshot.as_deref())
            .chain(run.changed_during.as_deref())
            .collect(),
        _ => Vec::new(),
    }
}

fn notes_edit(repo: &Repo, writer: &Writer<'_>, parcels: &[Parcel], author: &Author) -> Result<Option<Edit>, GitError> {
    let tip = repo.find_ref(NOTES)?;
    let mut notes = Notes::open(repo, writer, tip)?;
    let mut by_commit: BTreeMap<Oid, Vec<&Parcel>> = BTreeMap::new();
    for parcel in parcels {
        if let Some(commit) = parcel.fact.commit().and_then(|hex| repo.parse_oid(hex)) {
            by_commit.entry(commit).or_default().push(parcel);
        }
    }
    let mut changed = false;
    for (commit, parcels) in by_commit {
        let old = notes.find(writer, commit)?.map(|blob| repo.read_blob(blob)).transpose()?.unwrap_or_default();
        let mut note = Note::parse(&old);
        parcels.iter().for_each(|parcel| note.insert(&parcel.fact.header, &parcel.bytes));
        let new = note.encode();
        if new != old {
            let blob = writer.blob(&new)?;
            notes.set(writer, commit, Some(blob))?;
            changed = true;
        }
    }
    if !changed {
        return Ok(None);
    }
    let tree = notes.write(writer)?;
    let commit = commit(repo, writer, tree, tip, author, "xp: notes\n")?;
    Ok(Some(Edit::set(NOTES, tip, commit, "xp: seal")))
}

/// A commit, signed where the user's commits are.
pub(super) fn commit(
    repo: &Repo,
    writer: &Writer<'_>,
    tree: Oid,
    parent: Option<Oid>,
    author: &Author,
    message: &str,
) -> Result<Oid, GitError> {
    let parents: Vec<Oid> = parent.into_iter().collect();
    if repo.config_bool("commit.gpgSign") == Some(true)
        && let Some(signed) = repo.signed_commit(tree, &parents, author, message)
    {
        return Ok(signed);
    }
    writer.commit(tree, &parents, author, message)
}

/// Replace the notes by others, and keep refs by longer ones: what `fsck --repair` needs.
///
/// # Errors
/// As [`seal`].
pub fn replace_notes(repo: &Repo, notes: &BTreeMap<Oid, Vec<u8>>) -> Result<(), GitError> {
    let begun = Instant::now();
    let mut attempt = 0;
    loop {
        let writer = Writer::new(repo);
        let (name, email) = repo.person();
        let author = Author { name, email, seconds: Time::now().seconds() };
        let tip = repo.find_ref(NOTES)?;
        let mut edited = match Notes::open(repo, &writer, tip) {
            Ok(edited) => edited,
            // Notes that cannot be read at all are written anew.
            Err(_) => Notes::open(repo, &writer, None)?,
        };
        for (commit, bytes) in notes {
            let blob = if bytes.is_empty() { None } else { Some(writer.blob(bytes)?) };
            edited.set(&writer, *commit, blob)?;
        }
        let tree = edited.write(&writer)?;
        // What is no commit cannot be a commit's parent.
        let parent = tip.filter(|tip| repo.tip_tree(*tip).is_ok_and(|tree| tree.is_some()));
        let commit = commit(repo, &writer, tree, parent, &author, "xp: repair notes\n")?;
        match repo.transact(&[Edit::set(NOTES, tip, commit, "xp: repair")]) {
            Ok(()) => return writer.restore(),
            Err(GitError::Conflict { .. } | GitError::Locked { .. }) if begun.elapsed() < PATIENCE => {
                remove_if_stale(&repo.lock_file(NOTES));
                attempt += 1;
                std::thread::sleep(backoff(attempt));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Keep code that no keep ref keeps.
///
/// # Errors
/// As [`seal`].
pub fn keep_code(repo: &Repo, month: &str, commits: &[Oid]) -> Result<(), GitError> {
    let name = format!("{KEEP_PREFIX}{month}");
    let writer = Writer::new(repo);
    let (person, email) = repo.person();
    let author = Author { name: person, email, seconds: Time::now().seconds() };
    let tip = repo.find_ref(&name)?;
    let commit = keep::extend(repo, &writer, tip, commits, &author)?;
    transact_patiently(repo, &[Edit::set(name, tip, commit, "xp: repair")])?;
    writer.restore()
}

/// A transaction that waits for locks, and takes stale ones away.
///
/// # Errors
/// If a ref is not as expected or stays locked, or the disk refuses; then nothing has changed.
pub fn transact_patiently(repo: &Repo, edits: &[Edit]) -> Result<(), GitError> {
    let begun = Instant::now();
    let mut attempt = 0;
    loop {
        match repo.transact(edits) {
            Err(GitError::Locked { lock, .. }) if begun.elapsed() < PATIENCE => {
                remove_if_stale(&lock);
                attempt += 1;
                std::thread::sleep(backoff(attempt));
            }
            result => return result,
        }
    }
}
