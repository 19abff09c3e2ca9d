//! All files of a folder, sorted by the bytes of their paths. One listing for each level is in memory, no more.

use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use super::DataError;

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// Its path below the folder, `/` separated.
    pub path: Vec<u8>,
    /// Where it lies.
    pub full: PathBuf,
    /// What it is.
    pub kind: Kind,
}

/// What may lie in a folder, other folders aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A pipe, socket or device.
    Other,
}

impl Kind {
    /// Of what the system calls it.
    pub fn of(kind: FileType) -> Self {
        match kind {
            kind if kind.is_file() => Self::File,
            kind if kind.is_symlink() => Self::Link,
            _ => Self::Other,
        }
    }
}

/// A walk under way. Links are found and never followed; a folder without files leaves no trace. After an error it goes on behind what it was about.
pub struct Walk {
    levels: Vec<Level>,
}

struct Level {
    dir: PathBuf,
    prefix: Vec<u8>,
    entries: std::vec::IntoIter<(Vec<u8>, OsString, FileType)>,
}

impl Walk {
    /// Below this folder.
    ///
    /// # Errors
    /// If it cannot be listed.
    pub fn new(root: &Path) -> Result<Self, DataError> {
        Ok(Self { levels: vec![Level::new(root.to_owned(), Vec::new())?] })
    }

    fn step(&mut self) -> Result<Option<Found>, DataError> {
        while let Some(level) = self.levels.last_mut() {
            let Some((key, name, kind)) = level.entries.next() else {
                self.levels.pop();
                continue;
            };
            let full = level.dir.join(name);
            let path = [level.prefix.as_slice(), &key].concat();
            if kind.is_dir() {
                self.levels.push(Level::new(full, path)?);
            } else {
                return Ok(Some(Found { path, full, kind: Kind::of(kind) }));
            }
        }
        Ok(None)
    }
}

impl Iterator for Walk {
    type Item = Result<Found, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

impl Level {
    fn new(dir: PathBuf, prefix: Vec<u8>) -> Result<Self, DataError> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&dir).map_err(DataError::io(&dir))? {
            let entry = entry.map_err(DataError::io(&dir))?;
            let kind = entry.file_type().map_err(DataError::io(&entry.path()))?;
            let name = entry.file_name();
            let mut key = bytes_of(&name);
            if kind.is_dir() {
                // With it, the order of the names is the order of the whole paths.
                key.push(b'/');
            }
            entries.push((key, name, kind));
        }
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(Self { dir, prefix, entries: entries.into_iter() })
    }
}

/// A name as the file system has it.
#[cfg(unix)]
pub(super) fn bytes_of(name: &OsStr) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(name).to_vec()
}

/// A name as UTF-8, `/` separated.
#[cfg(not(unix))]
pub(super) fn bytes_of(name: &OsStr) -> Vec<u8> {
    name.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::Walk;

    #[test]
    fn paths_are_sorted_by_their_bytes() {
        let dir = tempfile::tempdir().expect("a folder");
        for path in ["a-b/x", "a/z", "a.b", "a/b/c", "ab", "a0"] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        std::fs::create_dir(dir.path().join("empty")).expect("made");
        let walk = Walk::new(dir.path()).expect("listed");
        let found: Vec<Vec<u8>> = walk.map(|found| found.expect("read").path).collect();
        assert!(found.is_sorted() && found.len() == 6, "{found:?}");
    }
}
