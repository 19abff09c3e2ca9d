//! Giving a file's blocks to another file instead of its bytes, where the file system can.

use std::fs::File;

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Both files share their blocks until one is written to.
    Shared,
    /// The file system cannot, or not with these two files: nothing was done.
    Unsupported,
}

/// Make an empty file a copy of another that shares its blocks (btrfs, XFS, ZFS, bcachefs; overlays of them).
#[cfg(target_os = "linux")]
pub(super) fn reflink(from: &File, to: &File) -> Way {
    match rustix::fs::ioctl_ficlone(to, from) {
        Ok(()) => Way::Shared,
        Err(_) => Way::Unsupported,
    }
}

/// There is no safe call for it here.
#[cfg(not(target_os = "linux"))]
pub(super) fn reflink(_from: &File, _to: &File) -> Way {
    Way::Unsupported
}
