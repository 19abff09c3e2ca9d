//! The digest of one file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::DataError;
use crate::artifact::stat::{Stat, open_file};

/// How often a file that changes while it is read is read again.
const ATTEMPTS: usize = 3;

/// Bytes read at once.
const BUFFER: usize = 256 << 10;

/// The digest of a file's content, and its state at that moment.
///
/// # Errors
/// If it cannot be read, or changes every time while it is read.
pub fn hash_file(path: &Path, buffer: &mut Vec<u8>) -> Result<([u8; 32], Stat), DataError> {
    buffer.resize(BUFFER, 0);
    for _ in 0..ATTEMPTS {
        let mut file = open_file(path).map_err(DataError::io(path))?;
        let before = Stat::of(&file.metadata().map_err(DataError::io(path))?);
        let (sha256, size) = read(&mut file, buffer).map_err(DataError::io(path))?;
        let after = Stat::of(&file.metadata().map_err(DataError::io(path))?);
        if before == after && size == after.size {
            return Ok((sha256, after));
        }
    }
    Err(DataError::Changing { path: path.to_owned() })
}

fn read(file: &mut File, buffer: &mut [u8]) -> io::Result<([u8; 32], u64)> {
    let (mut hasher, mut size) = (Sha256::new(), 0);
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok((hasher.finalize().into(), size)),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                size += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The digest of some bytes.
pub(super) fn hash_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::hash_file;

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("a"), "abc").expect("written");
        std::os::unix::fs::symlink("a", dir.path().join("b")).expect("linked");
        let (sha256, stat) = hash_file(&dir.path().join("a"), &mut Vec::new()).expect("read");
        assert_eq!((sha256[0], stat.size), (0xba, 3));
        assert!(hash_file(&dir.path().join("b"), &mut Vec::new()).is_err());
    }
}
