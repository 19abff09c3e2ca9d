//! A folder as a remote: on this machine, on NFS, on a mounted disk. Objects lie there as in a repository's own store, `<aa>/<bb>/<oid>`, so that it can be one.
//!
//! An object is written under a name of its own, flushed to the disk, read again, and renamed: whoever looks sees the whole object or none.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Listed, Operation, Prepared, Presence, Remote, RemoteError};
use crate::artifact::part::Part;
use crate::artifact::pointer::{Pointer, is_oid};
use crate::artifact::store::{fan_out, hash, set_readable, sync_folder};
use crate::artifact::transplant::{self, Way};

/// Bytes copied at once.
const BUFFER: usize = 256 << 10;

/// What an upload that was cut off left is taken away once it is so old.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder.
#[derive(Debug)]
pub struct Directory {
    name: String,
    root: PathBuf,
}

impl Directory {
    /// The folder `root`, called `name`.
    pub fn new(name: String, root: PathBuf) -> Self {
        Self { name, root }
    }

    fn path(&self, oid: &str) -> PathBuf {
        fan_out(&self.root, oid)
    }

    /// Nothing is made above the folder itself: where a disk is not mounted, its empty mount point must not be filled.
    fn check(&self) -> Result<(), RemoteError> {
        if self.root.is_dir() {
            return Ok(());
        }
        Err(RemoteError::all(format!("the folder {} of {} is not there", self.root.display(), self.name))
            .hint(format!("mount it, or make it: mkdir -p {}", self.root.display())))
    }

    fn failed(path: &Path, error: &io::Error) -> RemoteError {
        let message = format!("{}: {error}", path.display());
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem => {
                RemoteError::all(message)
            }
            io::ErrorKind::PermissionDenied => {
                RemoteError::all(message).hint("ask who owns the folder for the right to write there")
            }
            io::ErrorKind::NotFound => RemoteError::object(message),
            // A stale handle of NFS, a cable.
            _ => RemoteError::later(message),
        }
    }
}

impl Remote for Directory {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn prepare(&self, operation: Operation, pointers: &[Pointer]) -> Result<Vec<Prepared>, RemoteError> {
        self.check()?;
        let one = |pointer: &Pointer| {
            let path = self.path(&pointer.oid);
            let size = path.metadata().ok().filter(fs::Metadata::is_file).map(|found| found.len());
            match (operation, size) {
                (Operation::Upload, Some(size)) if size == pointer.size => Prepared::There,
                (Operation::Upload, _) => Prepared::Go,
                (Operation::Download, Some(size)) if size == pointer.size => Prepared::Go,
                (Operation::Download, Some(size)) => Prepared::Refused(RemoteError::object(format!(
                    "{} has {size} bytes instead of {}",
                    path.display(),
                    pointer.size
                ))),
                (Operation::Download, None) => {
                    Prepared::Refused(RemoteError::object(format!("{} does not have it", self.name)))
                }
            }
        };
        Ok(pointers.iter().map(one).collect())
    }

    fn upload(&self, pointer: &Pointer, file: &mut File, sent: &dyn Fn(i64)) -> Result<(), RemoteError> {
        self.check()?;
        let target = self.path(&pointer.oid);
        let folder = target.parent().unwrap_or(&self.root).to_owned();
        let failed = |error: io::Error| Self::failed(&target, &error);
        fs::create_dir_all(&folder).map_err(failed)?;
        remove_stale(&folder);
        let mut copy = tempfile::Builder::new().prefix(".xp-").suffix(".part").tempfile_in(&folder).map_err(failed)?;
        match transplant::reflink(file, copy.as_file()) {
            Way::Shared => sent(pointer.size.cast_signed()),
            Way::Unsupported => copy_bytes(file, copy.as_file_mut(), sent).map_err(failed)?,
        }
        copy.as_file().sync_all().map_err(failed)?;
        // Read again from where it went: what the store here has may be damaged, and disks and networks lie.
        copy.as_file_mut().seek(SeekFrom::Start(0)).map_err(failed)?;
        let found = hash(copy.as_file_mut()).map_err(failed)?;
        if found != *pointer {
            sent(-found.size.cast_signed());
            return Err(RemoteError::object(format!(
                "what arrived in {} is not the object: {} bytes, digest {}",
                self.name, found.size, found.oid
            ))
            .hint("git xp artifact fsck    looks whether the object here is whole"));
        }
        set_readable(copy.path(), &self.root).map_err(failed)?;
        copy.persist(&target).map_err(|error| failed(error.error))?;
        sync_folder(Some(&folder));
        Ok(())
    }

    fn download(&self, pointer: &Pointer, part: &mut Part<'_>) -> Result<(), RemoteError> {
        let path = self.path(&pointer.oid);
        let failed = |error: io::Error| Self::failed(&path, &error);
        let mut file = File::open(&path).map_err(failed)?;
        file.seek(SeekFrom::Start(part.len())).map_err(failed)?;
        let mut buffer = vec![0; BUFFER];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => part.write_all(&buffer[..n]).map_err(|error| super::here(&error))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    fn look(&self, pointers: &[Pointer]) -> Result<Vec<Presence>, RemoteError> {
        self.check()?;
        let one = |pointer: &Pointer| {
            let path = self.path(&pointer.oid);
            // The size alone would be a guess: a disk that was full may have left a file of the right length.
            match File::open(&path).and_then(|mut file| hash(&mut file)) {
                Ok(found) if found == *pointer => Presence::Has,
                Ok(_) => {
                    Presence::Unknown(RemoteError::object(format!("{} is not what its name says", path.display())))
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Presence::Lacks,
                Err(error) => Presence::Unknown(Self::failed(&path, &error)),
            }
        };
        Ok(pointers.iter().map(one).collect())
    }

    fn list(&self) -> Result<Vec<Listed>, RemoteError> {
        self.check()?;
        let mut all = Vec::new();
        for first in folders(&self.root)? {
            for second in folders(&first)? {
                let entries = fs::read_dir(&second).map_err(|error| Self::failed(&second, &error))?;
                for entry in entries.filter_map(Result::ok) {
                    let (Some(oid), Ok(found)) = (entry.file_name().to_str().map(str::to_owned), entry.metadata())
                    else {
                        continue;
                    };
                    if is_oid(&oid) && found.is_file() {
                        all.push(Listed { oid, size: found.len(), modified: found.modified().ok() });
                    }
                }
            }
        }
        all.sort_by(|a, b| a.oid.cmp(&b.oid));
        Ok(all)
    }

    fn delete(&self, oid: &str) -> Result<(), RemoteError> {
        self.check()?;
        let path = self.path(oid);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Self::failed(&path, &error)),
            _ => Ok(()),
        }
    }
}

/// The folders of two hex digits in a folder.
fn folders(root: &Path) -> Result<Vec<PathBuf>, RemoteError> {
    let entries = fs::read_dir(root).map_err(|error| Directory::failed(root, &error))?;
    let is_ours = |name: &str| name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let ours = entries.filter_map(Result::ok).filter(|entry| entry.file_name().to_str().is_some_and(is_ours));
    Ok(ours.map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

fn copy_bytes(from: &mut File, to: &mut File, sent: &dyn Fn(i64)) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                to.write_all(&buffer[..n])?;
                sent(n as i64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Take away what was never finished. Somebody may be slow, nobody takes a day.
fn remove_stale(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let is_part = name.to_str().is_some_and(|name| name.starts_with(".xp-") && name.ends_with(".part"));
        let age = entry.metadata().ok().and_then(|found| found.modified().ok()?.elapsed().ok());
        if is_part && age.is_some_and(|age| age > STALE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
