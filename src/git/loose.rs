//! Transactions on git-xp's own refs in git's files format, by git's own protocol: `<ref>.lock` is made, the old value is compared, the lock is
//! renamed onto the ref.
//!
//! gix's transactions lock `packed-refs` too, whenever there is such a file: then a seal would wait for every `git gc` and `git pack-refs`, and a
//! git-xp that is killed would leave `packed-refs.lock` behind, which stops git itself. The refs handled here have fixed shapes, so the checks
//! of names that gix makes beside are not needed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::error::GitError;
use super::refs::{Edit, Expected};
use super::repo::Repo;

/// Whether a ref is one of git-xp's own.
pub(super) fn is_own(name: &str) -> bool {
    name.starts_with("refs/xp/") || name == "refs/notes/xp"
}

/// What a lock file holds until it gets the new value: its maker also holds a lock of the operating system on it, which ends with the process.
const MARK: &str = "git-xp\n";

/// A lock that is taken away again unless it is renamed onto its ref.
struct Lock {
    path: PathBuf,
    file: File,
    /// Once it is renamed or removed the name may be another process's.
    is_over: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if !self.is_over && is_same_file(&self.file, &self.path) {
            // One that stays bears the mark, and the next writer takes it away.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Repo {
    /// Make all edits, or none.
    pub(super) fn transact_loose(&self, edits: &[Edit]) -> Result<(), GitError> {
        let mut locks = Vec::with_capacity(edits.len());
        for edit in edits {
            let mut lock = self.lock_loose(&edit.name)?;
            if Expected::from(self.find_ref(&edit.name)?) != edit.expected {
                return Err(GitError::Conflict { name: edit.name.clone() });
            }
            // Room for the value is made now: a disk that is full must refuse before the first ref has changed.
            if let Some(new) = edit.new {
                let filler = MARK.repeat(1 + new.kind().len_in_hex() / MARK.len());
                lock.file.write_all(filler.as_bytes()).map_err(GitError::io(&lock.path))?;
            }
            locks.push(lock);
        }
        for (edit, lock) in edits.iter().zip(&mut locks) {
            if let Some(new) = edit.new {
                self.log_loose(edit);
                let line = format!("{new}\n");
                let written = lock.file.rewind().and_then(|()| lock.file.write_all(line.as_bytes()));
                written.and_then(|()| lock.file.set_len(line.len() as u64)).map_err(GitError::io(&lock.path))?;
            }
            let path = self.common_dir().join(&edit.name);
            match edit.new {
                // A process that was suspended for long may have lost its lock.
                Some(_) if !is_same_file(&lock.file, &lock.path) => {
                    return Err(GitError::Conflict { name: edit.name.clone() });
                }
                Some(_) => {
                    fs::rename(&lock.path, &path).map_err(GitError::io(&path))?;
                    lock.is_over = true;
                }
                None => self.delete_loose(edit, lock, &path)?,
            }
        }
        Ok(())
    }

    fn lock_loose(&self, name: &str) -> Result<Lock, GitError> {
        let path = self.lock_file(name);
        let mut tries = 0;
        loop {
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let mut lock = Lock { path, file, is_over: false };
                    // Where the file system has no such locks there is no mark, and only age tells.
                    if lock.file.try_lock().is_ok() {
                        lock.file.write_all(MARK.as_bytes()).map_err(GitError::io(&lock.path))?;
                    }
                    return Ok(lock);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if tries < 10 && Self::remove_deserted_lock(&path) {
                        tries += 1;
                        continue;
                    }
                    return Err(GitError::Locked { name: name.to_owned(), lock: path });
                }
                // git removes empty folders of refs, so making and using one may take several attempts.
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries < 10 => {
                    tries += 1;
                    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(GitError::io(&path))?;
                }
                Err(error) => return Err(GitError::io(&path)(error)),
            }
        }
    }

    /// Take a lock away whose maker is certainly gone: it bears git-xp's mark, and nobody holds it any more. Returns whether it is gone.
    fn remove_deserted_lock(lock: &Path) -> bool {
        let Ok(mut file) = OpenOptions::new().read(true).write(true).open(lock) else { return !lock.exists() };
        let mut mark = [0; MARK.len()];
        if file.read_exact(&mut mark).is_err() || mark != *MARK.as_bytes() || file.try_lock().is_err() {
            return false;
        }
        // While this file is held, nobody else takes it away; if the name is another file's by now, that one stays.
        is_same_file(&file, lock) && fs::remove_file(lock).is_ok()
    }

    /// A packed ref has to leave `packed-refs` first, or it would be seen again.
    fn delete_loose(&self, edit: &Edit, lock: &mut Lock, path: &Path) -> Result<(), GitError> {
        let packed = fs::read_to_string(self.common_dir().join("packed-refs")).unwrap_or_default();
        let is_packed = packed.lines().any(|line| line.split_once(' ').is_some_and(|(_, name)| name == edit.name));
        if is_packed {
            // Its value was compared under our lock, which git wants for itself.
            fs::remove_file(&lock.path).map_err(GitError::io(&lock.path))?;
            lock.is_over = true;
            return self.transact_by_gix(std::slice::from_ref(edit));
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(GitError::io(path)(error)),
            _ => Ok(()),
        }
    }

    /// git keeps reflogs of notes, and of every ref that has one. They are a convenience: one that cannot be written stops nothing.
    fn log_loose(&self, edit: &Edit) {
        let path = self.common_dir().join("logs").join(&edit.name);
        let is_on = self.config_bool("core.logAllRefUpdates").unwrap_or_else(|| self.work_dir().is_ok());
        if !(path.exists() || is_on && edit.name.starts_with("refs/notes/")) {
            return;
        }
        let zero = self.empty_tree().kind().null();
        let old = match edit.expected {
            Expected::Is(old) => old,
            Expected::Missing => zero,
        };
        let (name, email) = self.person();
        let line = format!(
            "{old} {} {name} <{email}> {} +0000\t{}\n",
            edit.new.unwrap_or(zero),
            crate::model::time::Time::now().seconds(),
            edit.message.replace('\n', " ")
        );
        if let Some(parent) = path.parent() {
            let _ = fs::create_dir_all(parent);
        }
        let _ =
            OpenOptions::new().create(true).append(true).open(&path).and_then(|mut log| log.write_all(line.as_bytes()));
    }
}

/// Whether an open file is still the one that a path names.
#[cfg(unix)]
pub(crate) fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), path.metadata()) {
        (Ok(open), Ok(named)) => open.ino() == named.ino() && open.dev() == named.dev(),
        _ => false,
    }
}

/// Elsewhere an open file cannot be renamed or replaced.
#[cfg(not(unix))]
pub(crate) fn is_same_file(_file: &File, path: &Path) -> bool {
    path.exists()
}
