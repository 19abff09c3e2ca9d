//! Whether a repository can be written, known before anything is.

use std::io;
use std::path::{Path, PathBuf};

use super::error::GitError;
use super::repo::Repo;

impl Repo {
    /// Whether objects and refs can be written.
    ///
    /// # Errors
    /// [`GitError::Io`] with the folder that refuses, or with the disk that is full.
    pub fn check_writable(&self) -> Result<(), GitError> {
        let common = self.common_dir();
        let below = ["", "objects", "refs", "refs/xp", "refs/xp/runs", "refs/xp/open", "refs/notes", "xp", "xp/runs"];
        let folders = below.iter().map(|path| common.join(path)).chain([self.git_dir().to_owned()]);
        for folder in folders {
            match access(&folder) {
                // Not there yet, or gone this moment: git takes away folders of refs that it has packed.
                Err(source) if source.kind() == io::ErrorKind::NotFound => {}
                found => found.map_err(|source| GitError::Unwritable { path: folder, source })?,
            }
        }
        match is_full(&common) {
            true => Err(GitError::Unwritable { path: common, source: no_space() }),
            false => Ok(()),
        }
    }

    /// The lock file of the index, if somebody holds it: then git cannot move onto another branch.
    pub fn index_lock(&self) -> Option<PathBuf> {
        let mut lock = self.inner.index_path().into_os_string();
        lock.push(".lock");
        Some(PathBuf::from(lock)).filter(|lock| lock.exists())
    }
}

#[cfg(unix)]
fn no_space() -> io::Error {
    rustix::io::Errno::NOSPC.into()
}

#[cfg(not(unix))]
fn no_space() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

#[cfg(unix)]
fn access(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn access(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Not one free block. Some file systems cannot say, and count none at all.
#[cfg(unix)]
fn is_full(folder: &Path) -> bool {
    let free =
        |found: rustix::fs::StatVfs| if rustix::process::geteuid().is_root() { found.f_bfree } else { found.f_bavail };
    rustix::fs::statvfs(folder).is_ok_and(|found| found.f_blocks > 0 && free(found) == 0)
}

#[cfg(not(unix))]
fn is_full(_folder: &Path) -> bool {
    false
}
