//! What else there is of forgotten facts in this repository: folders, caches, large files, reflogs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;

use super::View;
use crate::artifact::pointer::{LONGEST, Pointer};
use crate::artifact::store::Store;
use crate::git::{GitError, Oid, Repo};
use crate::model::id::Id;
use crate::store::folder::{Folder, Root};
use crate::store::ledger::{OPEN_PREFIX, PREFIX};

/// Caches that may hold texts of facts. They are made again when they are needed.
const CACHES: [&str; 5] = ["index.sqlite", "index.sqlite-journal", "index.sqlite-wal", "index.sqlite-shm", "patch-ids"];

/// Take away the folders of dead facts and all caches.
///
/// # Errors
/// If a file cannot be taken away.
pub fn clean(root: &Root, dead: &BTreeSet<Id>) -> io::Result<()> {
    for id in dead {
        let under_way = root.folder(*id);
        // One without a fact is a run that goes on.
        let made = if under_way.path.join("fact.json").exists() { Some(under_way) } else { None };
        [Some(root.sealed(*id)), made].into_iter().flatten().try_for_each(|folder| remove(&folder))?;
    }
    // It holds the names of pinned files.
    match fs::remove_dir_all(root.path().join("data")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for name in CACHES {
        match fs::remove_file(root.path().join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn remove(folder: &Folder) -> io::Result<()> {
    match folder.remove() {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Take away the large files that only forgotten facts pointed to; returns how many.
///
/// # Errors
/// If a ledger cannot be read, or a file not be taken away.
pub fn remove_large_files(repo: &Repo, gone: &BTreeMap<String, Oid>) -> Result<usize, GitError> {
    let pointer = |blob: &Oid| {
        let is_short = repo.object_size(*blob).is_some_and(|size| size < LONGEST as u64);
        is_short.then(|| repo.read_blob(*blob).ok()).flatten().and_then(|bytes| Pointer::parse(&bytes))
    };
    let mut unneeded: BTreeSet<String> = gone.values().filter_map(pointer).map(|found| found.oid).collect();
    if unneeded.is_empty() {
        return Ok(0);
    }
    for (_, tip) in View::here(repo)?.below(PREFIX) {
        let Some(tree) = repo.tip_tree(tip)? else { continue };
        for blob in repo.list_files(tree)?.values() {
            if let Some(found) = pointer(blob) {
                unneeded.remove(&found.oid);
            }
        }
    }
    let store = Store::of(repo);
    for oid in &unneeded {
        let path = store.path(oid);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(GitError::io(&path)(error)),
            _ => {}
        }
    }
    Ok(unneeded.len())
}

/// Empty the reflogs of refs that changed: they name the commits that held what is forgotten.
///
/// # Errors
/// If git cannot.
pub fn expire_reflogs<'a>(repo: &Repo, names: impl Iterator<Item = &'a str>) -> Result<(), GitError> {
    for name in names {
        // Asking costs less than the error about one that is not there.
        if repo.git("reflog").args(["exists", name]).output().is_ok() {
            repo.git("reflog").args(["expire", "--expire=now", "--expire-unreachable=now", name]).output()?;
        }
    }
    Ok(())
}

/// The refs from which the old commits can still be reached.
///
/// # Errors
/// If git cannot say.
pub fn other_refs(repo: &Repo, old: &[Oid]) -> Result<BTreeSet<String>, GitError> {
    let mut names = BTreeSet::new();
    for oid in old {
        let text = repo.git("for-each-ref").args(["--format=%(refname)", "--contains", &oid.to_string()]).text()?;
        names.extend(text.lines().map(str::to_owned));
    }
    names.retain(|name| !name.starts_with(OPEN_PREFIX));
    Ok(names)
}
