//! An object that is coming in: `<lfs>/incomplete/<oid>.part`, a stable name, so that the next call goes on where this one ended.
//!
//! One process at a time writes it (a lock of the system, which dies with its process). What lies there already is hashed when it is opened, and every byte
//! that is added, so that nothing has to be read again at the end: the object gets its name only if size and digest are right.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::pointer::Pointer;
use super::store::{Store, StoreError, hex, is_full};

/// A download under way. [`Write`] adds bytes at its end.
pub struct Part<'a> {
    store: &'a Store,
    pointer: &'a Pointer,
    file: File,
    path: PathBuf,
    hasher: Sha256,
    len: u64,
    is_disk_full: bool,
    received: &'a dyn Fn(i64),
}

/// How opening a part went.
pub enum Opened<'a> {
    /// It can be written.
    Part(Part<'a>),
    /// Another process is at it.
    Busy,
    /// The object is here.
    Here,
}

impl<'a> Part<'a> {
    /// Open the part of an object, with what came before. `received` is told of bytes: those that are there already count; a negative count takes some back.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn open(store: &'a Store, pointer: &'a Pointer, received: &'a dyn Fn(i64)) -> Result<Opened<'a>, StoreError> {
        if store.find(pointer).is_some() {
            return Ok(Opened::Here);
        }
        let path = store.incomplete().join(format!("{}.part", pointer.oid));
        fs::create_dir_all(store.incomplete()).map_err(StoreError::io(store.incomplete()))?;
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(StoreError::io(&path))?;
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) => return Ok(Opened::Busy),
            // Some network file systems know no locks: two processes then write the same bytes, and digests are checked all the same.
            Ok(()) | Err(fs::TryLockError::Error(_)) => {}
        }
        // Another process may have finished it between the look and the lock, and taken this very file away.
        if store.find(pointer).is_some() || !is_same_file(&file, &path) {
            return Ok(if store.find(pointer).is_some() { Opened::Here } else { Opened::Busy });
        }
        let mut part =
            Self { store, pointer, file, path, hasher: Sha256::new(), len: 0, is_disk_full: false, received };
        part.take_up().map_err(StoreError::io(&part.path))?;
        Ok(Opened::Part(part))
    }

    /// Hash what lies there. More than the object has is none of it.
    fn take_up(&mut self) -> io::Result<()> {
        if self.file.metadata()?.len() > self.pointer.size {
            self.file.set_len(0)?;
        }
        let mut buffer = vec![0; 256 << 10];
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    self.hasher.update(&buffer[..n]);
                    self.len += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        (self.received)(self.len.cast_signed());
        Ok(())
    }

    /// How many bytes are there: the offset to go on at.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing is there yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether nothing is missing.
    pub fn is_whole(&self) -> bool {
        self.len == self.pointer.size
    }

    /// Begin anew: what came is wrong, or the remote cannot begin in the middle.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.received)(-self.len.cast_signed());
        (self.hasher, self.len) = (Sha256::new(), 0);
        Ok(())
    }

    /// Whether the disk had no room for more.
    pub fn is_disk_full(&self) -> bool {
        self.is_disk_full
    }

    /// Take away what came, which may keep a disk full.
    pub fn abandon(self) {
        (self.received)(-self.len.cast_signed());
        let _ = fs::remove_file(&self.path);
    }

    /// Give the object its name, if it is what it should be.
    ///
    /// # Errors
    /// [`StoreError::Wrong`] if it is not, then the part is gone; or if the disk refuses.
    pub fn finish(self) -> Result<(), StoreError> {
        let found = hex(&self.hasher.finalize());
        if found != self.pointer.oid || self.len != self.pointer.size {
            (self.received)(-self.len.cast_signed());
            let _ = fs::remove_file(&self.path);
            return Err(StoreError::Wrong {
                wanted: self.pointer.clone(),
                found: Pointer { oid: found, size: self.len },
            });
        }
        self.file.sync_all().map_err(StoreError::io(&self.path))?;
        self.store.adopt(&self.path, self.pointer)
    }
}

impl Write for Part<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A remote that sends without end must not fill the disk.
        let room = usize::try_from(self.pointer.size - self.len).unwrap_or(usize::MAX);
        if room == 0 && !bytes.is_empty() {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more bytes came than the object has"));
        }
        let written = self.file.write(&bytes[..bytes.len().min(room)]);
        let n = written.inspect_err(|error| self.is_disk_full |= is_full(error))?;
        self.hasher.update(&bytes[..n]);
        self.len += n as u64;
        (self.received)(n as i64);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let key = |found: fs::Metadata| (found.dev(), found.ino());
    file.metadata().ok().map(key) == path.metadata().ok().map(key)
}

#[cfg(not(unix))]
fn is_same_file(_file: &File, path: &Path) -> bool {
    path.exists()
}
