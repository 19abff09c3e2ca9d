//! What segments keep apart, for the few commands that ask for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::database::Database;
use super::folders::{Folder, list_folder, read_entries, segment};
use crate::git::Repo;
use crate::records::{Fetch, Names};

/// Where it is looked for: in the index as it is by then, and otherwise in git.
#[derive(Debug)]
pub(super) struct Shelf {
    git_dir: PathBuf,
    common_dir: PathBuf,
    /// Opened once; between two reads it holds nobody up.
    database: Mutex<Option<Database>>,
}

/// That of one segment of a ledger.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) shelf: Arc<Shelf>,
    pub(super) source: String,
    pub(super) folder: String,
}

impl Shelf {
    pub(super) fn new(repo: &Repo) -> Arc<Self> {
        let (git_dir, common_dir) = (repo.git_dir().to_owned(), repo.common_dir());
        Arc::new(Self { git_dir, common_dir, database: Mutex::new(None) })
    }

    fn in_index(&self, source: &str, folder: &str) -> Option<Vec<u8>> {
        let mut database = self.database.lock().ok()?;
        if database.is_none() {
            *database = Database::open(&self.common_dir).and_then(Database::between_reads);
        }
        database.as_ref()?.rest(source, folder)
    }

    /// Read the folder again: the same facts make the same segment.
    fn in_git(&self, key: &str, folder: &str) -> Option<Vec<u8>> {
        let repo = Repo::open(&self.git_dir).ok()?;
        let tree = repo.parse_oid(key.rsplit(' ').next()?)?;
        let mut names = Names::default();
        let folder = Folder { name: folder.to_owned(), tree };
        let mut entries = list_folder(&repo, &folder, None, &mut names).ok()?;
        read_entries(&repo, entries.iter_mut(), &mut names, &mut |_, _| {});
        Some(segment(key, entries, &mut names).rest().to_vec())
    }
}

impl Fetch for Rest {
    fn fetch(&self, key: &str, is_right: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        let found = self.shelf.in_index(&self.source, &self.folder).filter(|found| is_right(found));
        found.or_else(|| self.shelf.in_git(key, &self.folder))
    }
}
