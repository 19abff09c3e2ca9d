//! How two trees differ, as git says it.

use super::Oid;
use super::error::GitError;
use super::process::Git;
use super::repo::Repo;
use crate::model::file_change::FileChange;

impl Repo {
    /// The files that differ between two trees, by path.
    ///
    /// # Errors
    /// If git cannot read one of them.
    pub fn compare_trees(&self, a: Oid, b: Oid) -> Result<Vec<FileChange>, GitError> {
        self.diff_tree(a, b).args(["--numstat", "-z"]).output().map(|bytes| parse_numstat(&bytes))
    }

    /// The patch that makes the second tree of the first.
    ///
    /// # Errors
    /// If git cannot read one of them.
    pub fn patch(&self, a: Oid, b: Oid) -> Result<Vec<u8>, GitError> {
        self.diff_tree(a, b).arg("--patch").output()
    }

    /// No program that a setting names is started: a reader must not run what it reads about.
    fn diff_tree(&self, a: Oid, b: Oid) -> Git {
        let options = ["-r", "--find-renames", "--no-ext-diff", "--no-textconv", "--no-color"];
        self.git("diff-tree").args(options).args([a.to_string(), b.to_string()])
    }
}

/// Read `--numstat -z`: `12\t3\tpath\0`, and for a renamed file `12\t3\t\0old\0new\0`. What is cut off is left out.
fn parse_numstat(bytes: &[u8]) -> Vec<FileChange> {
    let mut fields = bytes.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let mut changes = Vec::new();
    while let Some(field) = fields.next() {
        let mut parts = field.splitn(3, '\t');
        let (Some(insertions), Some(deletions), Some(path)) = (parts.next(), parts.next(), parts.next()) else { break };
        let (from, path) = if path.is_empty() {
            let (Some(old), Some(new)) = (fields.next(), fields.next()) else { break };
            (Some(old.into_owned()), new.into_owned())
        } else {
            (None, path.to_owned())
        };
        // A binary file has `-` for both counts.
        changes.push(FileChange { path, from, insertions: insertions.parse().ok(), deletions: deletions.parse().ok() });
    }
    changes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{FileChange, parse_numstat};

    #[test]
    fn text_binary_and_renamed_files_are_read() {
        let change = |path: &str, from: Option<&str>, lines: Option<(u64, u64)>| FileChange {
            path: path.to_owned(),
            from: from.map(str::to_owned),
            insertions: lines.map(|(insertions, _)| insertions),
            deletions: lines.map(|(_, deletions)| deletions),
        };
        let read = parse_numstat(b"12\t3\ta\tb\n.py\0-\t-\tx.png\x001\t0\t\0old\0new\0");
        let wanted = [
            change("a\tb\n.py", None, Some((12, 3))),
            change("x.png", None, None),
            change("new", Some("old"), Some((1, 0))),
        ];
        assert_eq!(read, wanted);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = parse_numstat(&bytes);
        }
    }
}
