//! Files of strangers: only plain ones, only up to a size, and where it is said, only those that lie in a folder.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The content of a plain file of at most `limit` bytes. `None` if it is larger, missing, or something that reading could block on.
pub fn read(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = head(path, limit + 1)?;
    bytes.shrink_to_fit();
    (bytes.len() as u64 <= limit).then_some(bytes)
}

/// Whether a path leads nowhere but below a folder, symbolic links followed.
pub fn stays_below(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}

/// As [`read`], as text; bytes that are none are replaced.
pub fn text(path: &Path, limit: u64) -> Option<String> {
    read(path, limit).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The first bytes of a plain file.
pub fn head(path: &Path, limit: u64) -> Option<Vec<u8>> {
    // Opening a named pipe waits for a writer, for ever.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{head, read};

    #[test]
    fn what_is_too_large_or_no_file_is_not_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a");
        std::fs::write(&path, "12345").expect("written");
        assert_eq!(read(&path, 5), Some(b"12345".to_vec()));
        assert_eq!(read(&path, 4), None);
        assert_eq!(head(&path, 4), Some(b"1234".to_vec()));
        assert_eq!(read(dir.path(), 5), None);
        assert_eq!(read(&dir.path().join("b"), 5), None);
    }
}
