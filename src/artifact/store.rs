//! The repository's own store of Git LFS objects: `<git common dir>/lfs/objects/<aa>/<bb>/<oid>`, or below `lfs.storage`. Objects of repositories that
//! git borrows from (`objects/info/alternates`) count as here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::direct::{self, Chunk};
use super::pointer::Pointer;
use super::stat::Stat;
use super::transplant::{self, Way};
use crate::git::Repo;

/// How often a file that changes while it is read is read again.
const ATTEMPTS: usize = 3;

/// Bytes read at once: what is hashed is still in the processor's cache when it is written.
const BUFFER: usize = 256 << 10;

/// So many objects are flushed one by one; more than that with all else that the disk has to write, which takes less than a flush for each.
const FEW: usize = 16;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file was changed again and again while it was read.
    #[error("{} changes while it is read", path.display())]
    Changing {
        /// Which one.
        path: PathBuf,
    },
    /// An object that is not what its name says.
    #[error("object {} should have {} bytes, and came with {} bytes and the digest {}", wanted.oid, wanted.size, found.size, found.oid)]
    Wrong {
        /// What it should be.
        wanted: Pointer,
        /// What it is.
        found: Pointer,
    },
}

impl StoreError {
    /// Wrap an error about a file.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_full(source))
    }
}

/// Whether an error says that the disk is full.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The store of one repository.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    alternates: Vec<PathBuf>,
}

/// A file that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What points to it.
    pub pointer: Pointer,
    /// What the file was like when it was read.
    pub stat: Stat,
}

impl Store {
    /// The store of a repository. `lfs.storage` counts as git's own config has it, never as `.lfsconfig` of strangers does.
    pub fn of(repo: &Repo) -> Self {
        let common_dir = repo.common_dir();
        let root = repo.config("lfs.storage").filter(|path| !path.is_empty()).unwrap_or_else(|| "lfs".to_owned());
        let list = fs::read_to_string(common_dir.join("objects/info/alternates")).unwrap_or_default();
        let objects = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lfs_beside = |path: &str| Some(common_dir.join("objects").join(path).parent()?.join("lfs"));
        Self { alternates: objects.filter_map(lfs_beside).collect(), root: common_dir.join(root) }
    }

    /// The store below a folder, which holds `objects`, `incomplete` and `tmp`; and those of others that may be read.
    pub fn new(root: PathBuf, alternates: Vec<PathBuf>) -> Self {
        Self { root, alternates }
    }

    /// Where an object lies, or would.
    pub fn path(&self, oid: &str) -> PathBuf {
        object_path(&self.root, oid)
    }

    /// The folder of downloads under way.
    pub fn incomplete(&self) -> PathBuf {
        self.root.join("incomplete")
    }

    /// The folder of files that have no name yet.
    pub fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The folder of objects that were damaged.
    pub fn bad(&self) -> PathBuf {
        self.root.join("bad")
    }

    /// The folder of all objects.
    pub fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    /// Where the content of an object is to be had, here or in a store that may be read. A file of another size is not it.
    pub fn find(&self, pointer: &Pointer) -> Option<PathBuf> {
        let is_it = |path: &PathBuf| path.metadata().is_ok_and(|found| found.is_file() && found.len() == pointer.size);
        let all = std::iter::once(&self.root).chain(&self.alternates);
        all.map(|root| object_path(root, &pointer.oid)).find(is_it)
    }

    /// Store the content of a file. It is read once: hashed while it is copied, or, where the file system can share blocks, hashed as a copy that nobody changes.
    /// A link is not followed, a pipe not waited for.
    ///
    /// # Errors
    /// If it cannot be read, changes every time while it is read, or the disk refuses; then nothing of it stays.
    pub fn take(&self, source: &Path) -> Result<Stored, StoreError> {
        for _ in 0..ATTEMPTS {
            let mut file = super::stat::open_file(source).map_err(StoreError::io(source))?;
            let stat_of = |file: &File| file.metadata().map(|found| Stat::of(&found)).map_err(StoreError::io(source));
            let before = stat_of(&file)?;
            let mut copy = self.new_file()?;
            let path = copy.path().to_owned();
            let way = transplant::reflink(&file, copy.as_file());
            let pointer = match way {
                Way::Shared => hash(copy.as_file_mut()).map_err(StoreError::io(&path))?,
                Way::Unsupported if before.size >= direct::SMALLEST => {
                    copy_past_cache(&mut file, copy.as_file_mut(), source, &path)?
                }
                Way::Unsupported => copy_and_hash(&mut file, Some(copy.as_file_mut()), source, &path)?,
            };
            let after = stat_of(&file)?;
            if before == after && pointer.size == after.size {
                self.keep(copy, &pointer)?;
                return Ok(Stored { pointer, stat: after });
            }
        }
        Err(StoreError::Changing { path: source.to_owned() })
    }

    /// Store bytes.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put(&self, bytes: &[u8]) -> Result<Pointer, StoreError> {
        let pointer = Pointer { oid: hex(&Sha256::digest(bytes)), size: bytes.len() as u64 };
        if self.find(&pointer).is_none() {
            let mut file = self.new_file()?;
            let path = file.path().to_owned();
            file.write_all(bytes).map_err(StoreError::io(path))?;
            self.keep(file, &pointer)?;
        }
        Ok(pointer)
    }

    /// Store what a reader gives, such as a pipe.
    ///
    /// # Errors
    /// If it cannot be read, or the disk refuses.
    pub fn read(&self, mut from: impl Read) -> Result<Pointer, StoreError> {
        let mut file = self.new_file()?;
        let path = file.path().to_owned();
        let pointer = copy_and_hash(&mut from, Some(file.as_file_mut()), Path::new("standard input"), &path)?;
        self.keep(file, &pointer)?;
        Ok(pointer)
    }

    /// A file in the store's own folder for what has no name yet, which goes with its process.
    fn new_file(&self) -> Result<tempfile::NamedTempFile, StoreError> {
        let folder = self.temporary();
        fs::create_dir_all(&folder).map_err(StoreError::io(&folder))?;
        tempfile::Builder::new().prefix("xp-").tempfile_in(&folder).map_err(StoreError::io(&folder))
    }

    fn keep(&self, file: tempfile::NamedTempFile, pointer: &Pointer) -> Result<(), StoreError> {
        if self.find(pointer).is_some() {
            return Ok(());
        }
        let path = file.into_temp_path();
        self.adopt(&path, pointer)?;
        // It has another name now.
        let _ = path.keep();
        Ok(())
    }

    /// Move a file of git-xp's own into the store.
    ///
    /// # Errors
    /// If it cannot be read, or the disk refuses; then it is still there.
    pub fn move_in(&self, path: &Path) -> Result<Pointer, StoreError> {
        let mut file = File::open(path).map_err(StoreError::io(path))?;
        let pointer = hash(&mut file).map_err(StoreError::io(path))?;
        file.sync_all().map_err(StoreError::io(path))?;
        self.adopt(path, &pointer)?;
        Ok(pointer)
    }

    /// Give a file that is this object, and safe on the disk, its name in the store. If the object is there already, the file goes.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn adopt(&self, file: &Path, pointer: &Pointer) -> Result<(), StoreError> {
        let target = self.path(&pointer.oid);
        if target.metadata().is_ok_and(|found| found.len() == pointer.size) {
            return fs::remove_file(file).map_err(StoreError::io(file));
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(StoreError::io(folder))?;
        }
        set_readable(file, file.parent().unwrap_or(&self.root)).map_err(StoreError::io(file))?;
        // A file of another size under that name is what a crash left: this one takes its place.
        fs::rename(file, &target).map_err(StoreError::io(&target))
    }

    /// See to it that objects that were stored are safe on the disk: before that, nothing may say that they are here.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn settle(&self, pointers: &[Pointer]) -> Result<(), StoreError> {
        if pointers.len() > FEW && flush(&self.root) {
            return Ok(());
        }
        for pointer in pointers.iter().filter(|pointer| pointer.size > 0) {
            let path = self.path(&pointer.oid);
            match File::open(&path).and_then(|file| file.sync_all()) {
                // Another store has it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done.map_err(StoreError::io(&path))?,
            }
            sync_folder(path.parent());
        }
        Ok(())
    }

    /// The bytes of a small object.
    ///
    /// # Errors
    /// If it is not here, or larger than `most` bytes.
    pub fn read_whole(&self, oid: &str, most: u64) -> Result<Vec<u8>, StoreError> {
        let all = std::iter::once(&self.root).chain(&self.alternates).map(|root| object_path(root, oid));
        let path = all.into_iter().find(|path| path.exists()).unwrap_or_else(|| self.path(oid));
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
            .map_err(StoreError::io(&path))?;
        let found = Pointer { oid: hex(&Sha256::digest(&bytes)), size: bytes.len() as u64 };
        if found.oid != oid {
            return Err(StoreError::Wrong { wanted: Pointer { oid: oid.to_owned(), size: most }, found });
        }
        Ok(bytes)
    }

    /// Open an object to read it.
    ///
    /// # Errors
    /// If it is not here.
    pub fn open(&self, pointer: &Pointer) -> Result<File, StoreError> {
        let path = self.find(pointer).unwrap_or_else(|| self.path(&pointer.oid));
        let file = File::open(&path).map_err(StoreError::io(&path))?;
        let size = file.metadata().map_err(StoreError::io(&path))?.len();
        if size != pointer.size {
            let wrong = format!("it has {size} bytes instead of {}", pointer.size);
            return Err(StoreError::io(path)(io::Error::other(wrong)));
        }
        Ok(file)
    }
}

fn object_path(root: &Path, oid: &str) -> PathBuf {
    fan_out(&root.join("objects"), oid)
}

/// Where an object lies below a folder of objects: `<aa>/<bb>/<oid>`.
pub(super) fn fan_out(objects: &Path, oid: &str) -> PathBuf {
    let part = |range| oid.get(range).unwrap_or("__");
    objects.join(part(0..2)).join(part(2..4)).join(oid)
}

/// Size and digest of what a reader gives; a copy of it, if wanted.
pub(super) fn copy_and_hash(
    from: &mut impl Read,
    mut to: Option<&mut File>,
    source: &Path,
    target: &Path,
) -> Result<Pointer, StoreError> {
    let (mut hasher, mut buffer, mut size) = (Sha256::new(), vec![0; BUFFER], 0);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(Pointer { oid: hex(&hasher.finalize()), size }),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                if let Some(to) = &mut to {
                    to.write_all(&buffer[..n]).map_err(StoreError::io(target))?;
                }
                size += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(StoreError::io(source)(error)),
        }
    }
}

/// As [`copy_and_hash`], for a large file that nobody reads soon.
fn copy_past_cache(from: &mut File, to: &mut File, source: &Path, target: &Path) -> Result<Pointer, StoreError> {
    let (mut hasher, mut chunk, mut size) = (Sha256::new(), Chunk::new(), 0);
    let mut is_direct = direct::bypass(to, true);
    loop {
        let bytes = chunk.bytes();
        let mut filled = 0;
        while filled < bytes.len() {
            match from.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(StoreError::io(source)(error)),
            }
        }
        if filled == 0 {
            return Ok(Pointer { oid: hex(&hasher.finalize()), size });
        }
        let bytes = &bytes[..filled];
        hasher.update(bytes);
        // The last bytes are seldom a whole block.
        if is_direct && !direct::is_aligned(filled) {
            direct::bypass(to, false);
            is_direct = false;
        }
        match to.write_all(bytes) {
            // Some file systems take the wish and not the write.
            Err(error) if is_direct && error.kind() == io::ErrorKind::InvalidInput => {
                direct::bypass(to, false);
                is_direct = false;
                to.write_all(bytes).map_err(StoreError::io(target))?;
            }
            written => written.map_err(StoreError::io(target))?,
        }
        size += filled as u64;
    }
}

/// What points to the content of a file, read from where it stands.
///
/// # Errors
/// If it cannot be read.
pub fn hash(file: &mut impl Read) -> io::Result<Pointer> {
    copy_and_hash(file, None, Path::new(""), Path::new("")).map_err(|error| match error {
        StoreError::Io { source, .. } => source,
        other => io::Error::other(other.to_string()),
    })
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A temporary file is its owner's alone; an object may be read by all who may read a folder, and is not written again.
#[cfg(unix)]
pub(super) fn set_readable(file: &Path, folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // What the folder allows to group and others was the user's choice.
    let folder = folder.metadata().map_or(0o755, |found| found.permissions().mode());
    fs::set_permissions(file, fs::Permissions::from_mode(0o400 | (folder & 0o044)))
}

#[cfg(not(unix))]
pub(super) fn set_readable(_file: &Path, _folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Flush the file system that a folder lies on; whether that could be done.
#[cfg(target_os = "linux")]
fn flush(folder: &Path) -> bool {
    File::open(folder).is_ok_and(|folder| rustix::fs::syncfs(folder).is_ok())
}

/// There is no such call here.
#[cfg(not(target_os = "linux"))]
fn flush(_folder: &Path) -> bool {
    false
}

/// A name is safe once its folder is. Where that cannot be asked for, nothing is lost but what a power cut takes.
pub(super) fn sync_folder(folder: Option<&Path>) {
    if let Some(folder) = folder.and_then(|folder| OpenOptions::new().read(true).open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Store, StoreError};

    #[test]
    fn what_is_taken_is_found_and_stays_whole() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path().join("lfs"), Vec::new());
        let source = dir.path().join("model.pt");
        fs::write(&source, vec![7; 1 << 20]).expect("written");
        let stored = store.take(&source).expect("stored");
        assert_eq!(stored.pointer.size, 1 << 20);
        // What becomes of the file is nothing to the object.
        fs::write(&source, "other").expect("written");
        let found = store.find(&stored.pointer).expect("here");
        assert_eq!(fs::read(&found).expect("read"), vec![7; 1 << 20]);
        assert_eq!(store.put(&vec![7; 1 << 20]).expect("stored"), stored.pointer);
        assert_eq!(store.read(&vec![7; 1 << 20][..]).expect("stored"), stored.pointer);
        assert_eq!(fs::read_dir(dir.path().join("lfs/tmp")).expect("listed").count(), 0);
        // What a crash left under the name is replaced.
        fs::remove_file(&found).expect("removed");
        fs::write(&found, "half").expect("written");
        assert!(store.find(&stored.pointer).is_none());
        store.put(&vec![7; 1 << 20]).expect("stored");
        assert!(store.find(&stored.pointer).is_some());
        let other = Store::new(dir.path().join("other"), vec![dir.path().join("lfs")]);
        assert_eq!(other.find(&stored.pointer), Some(found));
    }

    #[test]
    fn large_files_are_stored_byte_by_byte() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path().join("lfs"), Vec::new());
        for size in [16 << 20, (16 << 20) + 1, (17 << 20) + 4096, (17 << 20) - 513] {
            let bytes: Vec<u8> = (0..size).map(|at: usize| (at % 251) as u8).collect();
            let source = dir.path().join("large");
            fs::write(&source, &bytes).expect("written");
            let stored = store.take(&source).expect("stored");
            assert_eq!(stored.pointer, super::hash(&mut &bytes[..]).expect("memory"));
            assert!(fs::read(store.find(&stored.pointer).expect("here")).expect("read") == bytes);
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path().join("lfs"), Vec::new());
        assert!(matches!(store.take(dir.path()), Err(StoreError::Io { .. })));
        assert!(matches!(store.take(&dir.path().join("none")), Err(StoreError::Io { .. })));
    }
}
