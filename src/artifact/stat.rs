//! A file of the work tree: opened without following a link, and by what it is known again.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// What tells whether a file is still the same. On systems without inodes these are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// The inode.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// When the content changed: seconds since 1970, nanoseconds.
    pub mtime: (i64, u32),
    /// When content, name or rights changed.
    pub ctime: (i64, u32),
}

impl Stat {
    /// Of a file.
    #[cfg(unix)]
    pub fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        // Nanoseconds are below a thousand million.
        let time = |seconds, nanos: i64| (seconds, u32::try_from(nanos).unwrap_or_default());
        Self {
            inode: found.ino(),
            size: found.size(),
            mtime: time(found.mtime(), found.mtime_nsec()),
            ctime: time(found.ctime(), found.ctime_nsec()),
        }
    }

    /// Of a file.
    #[cfg(not(unix))]
    pub fn of(found: &Metadata) -> Self {
        let since = found.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let since = since.unwrap_or_default();
        let mtime = (i64::try_from(since.as_secs()).unwrap_or_default(), since.subsec_nanos());
        Self { inode: 0, size: found.len(), mtime, ctime: (0, 0) }
    }

    /// Whether the file may have been changed at a moment after `begun` without a sign of it: its times are as new. File systems that count in whole
    /// seconds get two of them.
    pub fn is_racy(&self, begun: (i64, u32)) -> bool {
        let newest = self.mtime.max(self.ctime);
        let is_coarse = newest.1 == 0;
        newest >= begun || (is_coarse && newest.0 + 2 > begun.0)
    }
}

/// Whether a file may be executed.
#[cfg(unix)]
pub fn is_executable(found: &Metadata) -> bool {
    found.is_file() && std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0
}

/// Nobody tells here.
#[cfg(not(unix))]
pub fn is_executable(_found: &Metadata) -> bool {
    false
}

/// Open a file. A link is not followed, a pipe not waited for.
///
/// # Errors
/// If it is no file, or cannot be read.
pub fn open_file(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"))
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    // The flags are the same bits as C's int has.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::Stat;

    #[test]
    fn as_new_as_the_look_is_too_new() {
        let at = |mtime, ctime| Stat { inode: 1, size: 1, mtime, ctime };
        assert!(!at((9, 5), (9, 6)).is_racy((9, 7)));
        assert!(at((9, 5), (9, 7)).is_racy((9, 7)));
        assert!(at((12, 0), (9, 1)).is_racy((9, 7)), "a time in the future");
        assert!(at((8, 0), (8, 0)).is_racy((9, 7)), "whole seconds");
        assert!(!at((6, 0), (6, 0)).is_racy((9, 7)));
    }
}
