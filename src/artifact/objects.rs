//! The repository's own store of LFS objects.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::pointer::Pointer;

/// Where an object lies.
pub fn path(common_dir: &Path, oid: &str) -> PathBuf {
    common_dir.join("lfs/objects").join(&oid[..2]).join(&oid[2..4]).join(oid)
}

/// Move a file of git-xp's own into the store.
///
/// # Errors
/// If it cannot be read, or the disk refuses; then the file is still there.
pub fn take(common_dir: &Path, file: &Path) -> io::Result<Pointer> {
    let (oid, size) = hash(File::open(file)?)?;
    let target = path(common_dir, &oid);
    if target.metadata().is_ok_and(|found| found.len() == size) {
        fs::remove_file(file)?;
    } else {
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        File::open(file)?.sync_all()?;
        fs::rename(file, &target)?;
    }
    Ok(Pointer { oid, size })
}

fn hash(mut file: File) -> io::Result<(String, u64)> {
    let (mut hasher, mut buffer, mut size) = (Sha256::new(), vec![0; 1 << 18], 0);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok((hex(&hasher.finalize()), size));
        }
        hasher.update(&buffer[..n]);
        size += n as u64;
    }
}

/// `sha256:` and the digest of the bytes, in hex.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
