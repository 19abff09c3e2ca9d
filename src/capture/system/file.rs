//! Reading the kernel's small files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No file that is read here is longer, in bytes; what is beyond is not needed.
const LIMIT: usize = 64 << 10;

/// The content, or its beginning. `None` where it cannot be read: a process may end at any time.
pub(super) fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::with_capacity(2048);
    File::open(path).ok()?.take(LIMIT as u64).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// A file that holds one number.
pub(super) fn number(path: &Path) -> Option<u64> {
    text(path)?.trim().parse().ok()
}
