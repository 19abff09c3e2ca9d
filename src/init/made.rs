//! What `git xp init` has made in a work tree, so that `--undo` takes away that and nothing else.

use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::artifact::digest;

/// The list, in git's folder of the work tree.
const LIST: &str = "xp/init.json";

/// What was made. Nothing, if there is no list.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Made {
    /// Files.
    pub files: Vec<MadeFile>,
    /// Folders, parents first: paths from the top of the work tree.
    pub folders: Vec<String>,
    /// Variables of git's config: name and value.
    pub config: Vec<(String, String)>,
}

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFile {
    /// From the top of the work tree, `/` separated.
    pub path: String,
    /// The digest of what was written.
    pub sha256: String,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Gone,
    /// Somebody changed it: it stays.
    Changed,
    /// It was gone before.
    Missing,
}

impl Made {
    /// Keep others from reading and writing the list while this one is at it.
    ///
    /// # Errors
    /// If another keeps it for longer than two seconds, or the disk refuses.
    pub fn lock(git_dir: &Path) -> io::Result<gix::lock::Marker> {
        let patience = gix::lock::acquire::Fail::AfterDurationWithBackoff(Duration::from_secs(2));
        gix::lock::Marker::acquire_to_hold_resource(git_dir.join(LIST), patience, Some(git_dir.to_owned()), 0)
            .map_err(io::Error::other)
    }

    /// Read the list of a work tree whose git folder this is.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn read(git_dir: &Path) -> io::Result<Self> {
        match fs::read(git_dir.join(LIST)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Write the list; an empty one is removed.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn write(&self, git_dir: &Path) -> io::Result<()> {
        let path = git_dir.join(LIST);
        if *self == Self::default() {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            // Where no run was recorded, the folder was made for the list.
            let _ = fs::remove_dir(git_dir.join("xp"));
            return Ok(());
        }
        let folder = path.parent().unwrap_or(git_dir);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, self)?;
        file.persist(&path).map(drop).map_err(|error| error.error)
    }

    /// Make a file below `top`, and the folders above it. `false` if something is there already: it stays as it is.
    /// The list is written first: what is cut off in between can be taken back.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn make(&mut self, top: &Path, git_dir: &Path, path: &str, text: &str) -> io::Result<bool> {
        let target = top.join(path);
        if target.symlink_metadata().is_ok() {
            return Ok(false);
        }
        if !is_own(top, path) {
            return Err(io::Error::other("a folder above it is a symbolic link, which is not followed"));
        }
        self.files.retain(|file| file.path != path);
        self.files.push(MadeFile { path: path.to_owned(), sha256: digest(text.as_bytes()) });
        let folders = self.missing_folders(top, &target);
        self.write(git_dir)?;
        for folder in folders {
            match fs::create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        let written = fs::File::create_new(&target).and_then(|mut file| {
            file.write_all(text.as_bytes()).inspect_err(|_| {
                // Better none than half of one.
                let _ = fs::remove_file(&target);
            })
        });
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The folders that are missing above a file, parents first; they are listed.
    fn missing_folders(&mut self, top: &Path, file: &Path) -> Vec<PathBuf> {
        let above = file.ancestors().skip(1).take_while(|above| *above != top && !above.exists());
        let mut missing: Vec<PathBuf> = above.map(Path::to_owned).collect();
        missing.reverse();
        for folder in &missing {
            let name = folder.strip_prefix(top).unwrap_or(folder).to_string_lossy().replace('\\', "/");
            if !self.folders.contains(&name) {
                self.folders.push(name);
            }
        }
        missing
    }

    /// Remove the files that are as they were made, then the folders that are empty. What stays is no longer listed.
    pub fn remove_files(&mut self, top: &Path) -> Vec<(String, Removed)> {
        let files = std::mem::take(&mut self.files);
        let removed = files.into_iter().filter(|file| is_inside(&file.path)).map(|file| {
            let path = top.join(&file.path);
            // What has become something else is not read: it could be a pipe.
            if path.symlink_metadata().is_ok() && !(is_no_link(&path) && is_own(top, &file.path)) {
                return (file.path, Removed::Changed);
            }
            let removed = match fs::read(&path) {
                Ok(bytes) if digest(&bytes) == file.sha256 => {
                    if fs::remove_file(&path).is_ok() {
                        Removed::Gone
                    } else {
                        Removed::Changed
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Removed::Missing,
                _ => Removed::Changed,
            };
            (file.path, removed)
        });
        let removed = removed.collect();
        for folder in
            std::mem::take(&mut self.folders).iter().rev().filter(|folder| is_inside(folder) && is_own(top, folder))
        {
            // One that holds something is somebody's.
            let _ = fs::remove_dir(top.join(folder));
        }
        removed
    }
}

/// Whether a path leads nowhere but below the folder that it is joined to.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && PathBuf::from(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Whether no folder above a path is a symbolic link, and none is git's.
fn is_own(top: &Path, path: &str) -> bool {
    let above = Path::new(path).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    !path.to_lowercase().starts_with(".git/")
        && above.into_iter().all(|above| !top.join(above).symlink_metadata().is_ok_and(|found| found.is_symlink()))
}

fn is_no_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}

#[cfg(test)]
mod tests {
    use super::{Made, Removed};
    use std::fs;

    #[test]
    fn what_was_made_is_taken_back_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let (top, git) = (dir.path().join("top"), dir.path().join("git"));
        fs::create_dir_all(&top).expect("made");
        fs::write(top.join("README.md"), "mine").expect("written");
        let mut made = Made::default();
        assert!(!made.make(&top, &git, "README.md", "ours").expect("looked at"));
        for path in ["a/b/one", "a/two", "three"] {
            assert!(made.make(&top, &git, path, "ours").expect("made"), "{path}");
        }
        fs::write(top.join("three"), "changed").expect("written");
        fs::remove_file(top.join("a/two")).expect("removed");
        let mut made = Made::read(&git).expect("read");
        let removed = made.remove_files(&top);
        assert_eq!(
            removed.iter().map(|(_, removed)| *removed).collect::<Vec<_>>(),
            [Removed::Gone, Removed::Missing, Removed::Changed]
        );
        assert!(!top.join("a").exists());
        assert_eq!(fs::read_to_string(top.join("README.md")).expect("read"), "mine");
        made.write(&git).expect("written");
        assert_eq!(Made::read(&git).expect("read"), Made::default());
        assert!(!git.join("xp/init.json").exists());
    }

    #[test]
    fn a_list_that_leads_out_removes_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("x"), "").expect("written");
        let top = dir.path().join("top");
        fs::create_dir(&top).expect("made");
        let text = r#"{"files": [{"path": "../x", "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}], "folders": ["..", "/"]}"#;
        let mut made: Made = serde_json::from_str(text).expect("a list");
        assert!(made.remove_files(&top).is_empty());
        assert!(dir.path().join("x").exists() && top.exists());
    }
}
