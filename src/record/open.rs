//! Opening a run: its folder, its journal's first lines, its pin.

use std::path::PathBuf;

use super::{RecordError, log};
use crate::git::refs::Edit;
use crate::git::{GitError, Repo};
use crate::model::fact::VERSION;
use crate::model::id::Id;
use crate::model::run::Run;
use crate::store::folder::{Folder, Root};
use crate::store::ledger::OPEN_PREFIX;
use crate::store::line::{Event, LONGEST, Owner};

/// A run that is about to begin.
#[derive(Debug)]
pub struct Opening {
    /// Its id.
    pub id: Id,
    /// Who runs it.
    pub by: String,
    /// The fact as far as it is known, secrets masked.
    pub run: Run,
    /// Files that go into the ledger with it, secrets masked: path, content.
    pub files: Vec<(String, Vec<u8>)>,
    /// The process that owns it; none for a manual run.
    pub owner: Option<Owner>,
}

/// Where the files of a run under way lie, before it is opened: `{config}` has to be known to describe the run.
pub fn file_of(root: &Root, id: Id, name: &str) -> PathBuf {
    root.folder(id).files().join(name)
}

/// Open a run.
///
/// # Errors
/// If the disk refuses; then nothing is left.
pub fn open(repo: &Repo, root: &Root, opening: Opening) -> Result<Folder, RecordError> {
    let folder = root.folder(opening.id);
    let result = write(repo, root, &folder, opening);
    if result.is_err() {
        // What could be written is of no use; the error is what the caller has to know.
        let _ = folder.remove();
    }
    result.map(|()| folder)
}

fn write(repo: &Repo, root: &Root, folder: &Folder, opening: Opening) -> Result<(), RecordError> {
    let code = opening.run.snapshot.clone().unwrap_or_else(|| opening.run.commit.clone());
    let first = Event::Open { xp: VERSION.to_owned(), id: opening.id, by: opening.by, fact: Box::new(opening.run) };
    let mut lines = serde_json::to_vec(&first)?;
    if lines.len() > LONGEST {
        return Err(RecordError::TooLong { bytes: lines.len(), most: LONGEST });
    }
    lines.push(b'\n');
    root.create(opening.id).map_err(RecordError::io(&folder.path))?;
    for (name, bytes) in &opening.files {
        folder.write_file(name, bytes).map_err(RecordError::io(folder.files().join(name)))?;
    }
    pin(repo, opening.id, &code)?;
    let journal = folder.journal();
    // The journal appears whole: a folder without one is no run.
    let draft = folder.path.join("journal.new");
    std::fs::write(&draft, &lines).map_err(RecordError::io(&draft))?;
    if let Some(owner) = opening.owner {
        log::append_event(&draft, &Event::Owner(owner)).map_err(RecordError::io(&draft))?;
    }
    std::fs::rename(&draft, &journal).map_err(RecordError::io(&journal))
}

/// Pin the code of a run under way, so that an amend and a gc cannot take it.
fn pin(repo: &Repo, id: Id, commit: &str) -> Result<(), GitError> {
    let commit = repo.parse_oid(commit).ok_or_else(|| GitError::UnknownRevision { rev: commit.to_owned() })?;
    repo.transact(&[Edit::set(format!("{OPEN_PREFIX}{id}"), None, commit, "xp: open")])
}
