//! The manual way: `start`, `log-metric`, `finish`. Which run is open is a small file per work tree and branch.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::model::id::Id;
use crate::store::folder::persist_new;

/// The file that holds the id of the manual run of a branch in a work tree. `branch` is a full ref, or a commit when HEAD is detached.
pub fn pointer(git_dir: &Path, branch: &str) -> PathBuf {
    git_dir.join("xp/manual").join(percent_encode(branch))
}

/// The manual run of a branch, if one is open.
pub fn find(git_dir: &Path, branch: &str) -> Option<Id> {
    fs::read_to_string(pointer(git_dir, branch)).ok()?.trim().parse().ok()
}

/// Set the manual run of a branch, unless another process was faster: then that one's id is returned.
///
/// # Errors
/// If the disk refuses.
pub fn claim(git_dir: &Path, branch: &str, id: Id) -> io::Result<Id> {
    let path = pointer(git_dir, branch);
    let dir = git_dir.join("xp/manual");
    fs::create_dir_all(&dir)?;
    let mut file = tempfile::NamedTempFile::new_in(&dir)?;
    writeln!(file, "{id}")?;
    if persist_new(file, &path)? {
        return Ok(id);
    }
    find(git_dir, branch).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it holds no id; delete it"))
}

/// Forget the manual run of a branch.
///
/// # Errors
/// If the disk refuses.
pub fn release(git_dir: &Path, branch: &str) -> io::Result<()> {
    match fs::remove_file(pointer(git_dir, branch)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The branch that is checked out, by a look at the file HEAD alone: `log-metric` must not cost more. A detached HEAD gives its commit.
pub fn branch_of(git_dir: &Path) -> Option<String> {
    let head = fs::read_to_string(git_dir.join("HEAD")).ok()?;
    let head = head.trim_end();
    Some(head.strip_prefix("ref: ").unwrap_or(head).to_owned())
}

fn percent_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Id, claim, find, release};

    #[test]
    fn the_first_claim_counts() {
        let dir = tempfile::tempdir().expect("a folder");
        let (one, two) = (Id::from_random([1; 20]), Id::from_random([2; 20]));
        assert_eq!(claim(dir.path(), "refs/heads/exp/a", one).expect("written"), one);
        assert_eq!(claim(dir.path(), "refs/heads/exp/a", two).expect("read"), one);
        assert_eq!(find(dir.path(), "refs/heads/exp/a"), Some(one));
        release(dir.path(), "refs/heads/exp/a").expect("removed");
        assert_eq!(find(dir.path(), "refs/heads/exp/a"), None);
    }
}
