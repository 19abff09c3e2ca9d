//! What waits: facts that are made and not sealed, runs whose owners are gone.

use std::time::Duration;

use super::RecordError;
use super::close::{self, Closing};
use crate::artifact::store::Store;
use crate::capture::secrets::Masker;
use crate::git::refs::Edit;
use crate::git::{GitError, Repo};
use crate::model::direction::Direction;
use crate::model::fact::Fact;
use crate::model::id::Id;
use crate::store::folder::{Folder, Root, Stage};
use crate::store::ledger::OPEN_PREFIX;
use crate::store::owner::Host;
use crate::store::seal::{self, Parcel};

/// Sealed folders are kept, because git does not flush its objects to the disk and a power cut may take the youngest. Beyond this number the disk is
/// flushed once and the older half goes.
const MOST_KEPT: usize = 512;

/// What was sealed, and what was not.
#[derive(Debug, Default)]
pub struct Sealed {
    /// The facts that are in the ledger now.
    pub facts: Vec<Fact>,
    /// Runs that were closed because their owners are gone.
    pub orphans: Vec<Id>,
    /// Folders that could not be sealed, and why.
    pub problems: Vec<(Id, String)>,
}

/// Close orphaned runs of this host, and with `foreign` those of other hosts too.
///
/// # Errors
/// None: what cannot be closed is a problem in the outcome.
pub fn close_orphans(
    repo: &Repo,
    root: &Root,
    direction: &dyn Fn(&str) -> Option<Direction>,
    masker: &Masker,
    foreign: bool,
    outcome: &mut Sealed,
) {
    let host = Host::this();
    for folder in root.under_way() {
        let stage = folder.stage(&host);
        if stage == Stage::Abandoned {
            // What stays is found again.
            let _ = folder.remove();
            unpin(repo, folder.id);
        }
        if stage != Stage::Orphaned && !(foreign && stage == Stage::Foreign) {
            continue;
        }
        // Nobody knows what lay in the work tree when it ended.
        let closing = Closing { direction, masker, work_tree: None };
        match close::close(repo, &folder, None, &closing) {
            Ok(_) => outcome.orphans.push(folder.id),
            // Another process was faster, and has sealed it.
            Err(_) if !folder.path.exists() => {}
            Err(error) => outcome.problems.push((folder.id, error.to_string())),
        }
    }
}

/// Seal every fact that is made, in one transaction.
///
/// # Errors
/// If the refs stay locked or the disk refuses: everything stays pending.
pub fn seal_all(repo: &Repo, root: &Root, outcome: &mut Sealed) -> Result<(), RecordError> {
    let mut parcels: Vec<Parcel> = Vec::new();
    let mut folders: Vec<Folder> = Vec::new();
    let store = Store::of(repo);
    for folder in root.under_way() {
        if !folder.path.join("fact.json").exists() {
            continue;
        }
        // A large file of a run was stored when it was closed; one of a later fact is now.
        let parcel = match close::store_large_files(&store, &folder.files()) {
            Ok(()) => folder.parcel().map_err(RecordError::io(&folder.path)),
            Err(error) => Err(error.into()),
        };
        match parcel {
            Ok(parcel) => {
                parcels.push(parcel);
                folders.push(folder);
            }
            // Another process may be sealing it, and have moved it away.
            Err(_) if !folder.path.exists() => {}
            Err(error) => outcome.problems.push((folder.id, error.to_string())),
        }
    }
    if parcels.is_empty() {
        return Ok(());
    }
    seal::seal(repo, &parcels)?;
    for folder in &folders {
        // The mark comes before the pin goes: a crash in between leaves a pin too many, never one too few.
        root.mark_sealed(folder).map_err(RecordError::io(&folder.path))?;
        unpin(repo, folder.id);
    }
    maintain(repo);
    outcome.facts.extend(parcels.into_iter().map(|parcel| parcel.fact));
    forget_old(root);
    Ok(())
}

/// Now and then, let git pack what the seals left loose; git itself decides whether it is time.
fn maintain(repo: &Repo) {
    const ONE_IN: u8 = 64;
    let mut random = [0];
    if getrandom::fill(&mut random).is_ok() && random[0].is_multiple_of(ONE_IN) {
        repo.git("maintenance").args(["run", "--auto", "--quiet"]).leave_running();
    }
}

/// Take away pins whose runs are sealed: one that git was packing at that moment stays behind. A run's folder is made before its pin, so a pin without a folder
/// belongs to no run under way.
pub fn sweep_pins(repo: &Repo, root: &Root) {
    for (name, _) in repo.list_refs(OPEN_PREFIX).unwrap_or_default() {
        let id = name.strip_prefix(OPEN_PREFIX).and_then(|id| id.parse().ok());
        if let Some(id) = id.filter(|id| !root.folder(*id).path.exists()) {
            unpin(repo, id);
        }
    }
}

/// Take a pin away. If it stays, `fsck --repair` takes it.
fn unpin(repo: &Repo, id: Id) {
    let name = format!("{OPEN_PREFIX}{id}");
    for _ in 0..5 {
        match repo.find_ref(&name) {
            Ok(Some(oid)) => match repo.transact(&[Edit::delete(&name, oid)]) {
                Err(GitError::Locked { .. } | GitError::Conflict { .. }) => {
                    std::thread::sleep(Duration::from_millis(20))
                }
                _ => return,
            },
            _ => return,
        }
    }
}

/// Once there are many sealed folders, make sure that their facts are on the disk and remove the older half.
fn forget_old(root: &Root) {
    let sealed = root.all_sealed();
    if sealed.len() <= MOST_KEPT || !flush(root) {
        return;
    }
    let modified = |folder: &Folder| folder.path.join("fact.json").metadata().and_then(|found| found.modified()).ok();
    let mut by_age: Vec<_> = sealed.into_iter().map(|folder| (modified(&folder), folder)).collect();
    by_age.sort_by_key(|(time, _)| *time);
    for (_, folder) in by_age.iter().take(MOST_KEPT / 2) {
        // It is tried again at a later seal.
        let _ = folder.remove();
    }
}

/// Flush the file system that the repository lies on; whether that could be done.
#[cfg(target_os = "linux")]
fn flush(root: &Root) -> bool {
    std::fs::File::open(root.path()).is_ok_and(|dir| rustix::fs::syncfs(dir).is_ok())
}

/// Flush all file systems: that one alone cannot be had here.
#[cfg(all(unix, not(target_os = "linux")))]
fn flush(_root: &Root) -> bool {
    rustix::fs::sync();
    true
}

/// There is no such call here; after 512 later runs the system has long written the older ones.
#[cfg(not(unix))]
fn flush(_root: &Root) -> bool {
    true
}

/// Put a fact that is no run on its way: its secrets are masked, it is made, and sealed by [`seal_all`].
///
/// # Errors
/// If the disk refuses.
pub fn submit(root: &Root, masker: &Masker, fact: Fact, files: &[(String, Vec<u8>)]) -> Result<Folder, RecordError> {
    let fact = masker.mask_fact(fact)?;
    let id = fact.header.id;
    let folder = root.create(id).map_err(RecordError::io(root.folder(id).path))?;
    for (name, bytes) in files {
        folder.write_file(name, &masker.mask(bytes)).map_err(RecordError::io(folder.files().join(name)))?;
    }
    folder.make_fact(&fact.encode()?).map_err(RecordError::io(&folder.path))?;
    Ok(folder)
}
