//! Whether the work tree is what the commit says, and snapshots of it where it is not.
//!
//! Both ask the `git` executable: it alone knows every filter, sparse index, file-system monitor and submodule setting.

use std::collections::BTreeSet;
use std::path::Path;

use super::Oid;
use super::error::GitError;
use super::objects::Author;
use super::process::Git;
use super::repo::Repo;

/// A file that differs from HEAD's commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dirt {
    /// The path below the work tree, `/` separated.
    pub path: String,
    /// What is the matter with it.
    pub kind: DirtKind,
}

/// How a file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DirtKind {
    /// Changed, staged or not.
    Modified,
    /// In the index, not in the commit.
    Added,
    /// Gone.
    Deleted,
    /// Neither tracked nor ignored.
    Untracked,
    /// In conflict.
    Unmerged,
    /// A submodule with changes of its own.
    Submodule,
}

impl DirtKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Modified => "modified",
            Self::Added => "added",
            Self::Deleted => "deleted",
            Self::Untracked => "untracked",
            Self::Unmerged => "in conflict",
            Self::Submodule => "a changed submodule",
        }
    }
}

impl Repo {
    /// Every file that differs from HEAD's commit, sorted by path.
    ///
    /// # Errors
    /// If git cannot read the work tree.
    pub fn dirt(&self) -> Result<Vec<Dirt>, GitError> {
        let git = Git::new(self.work_dir()?, "status");
        let bytes =
            git.args(["--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--ignored=no"]).output()?;
        let mut dirt: Vec<Dirt> = bytes.split(|byte| *byte == 0).filter_map(parse_entry).collect();
        dirt.sort();
        Ok(dirt)
    }

    /// A commit with the exact work tree: everything that [`Self::dirt`] sees, on top of `parent`. Neither the index nor a branch changes.
    ///
    /// # Errors
    /// If git cannot read a file, or the disk refuses.
    pub fn snapshot(&self, parent: Oid, author: &Author, message: &str) -> Result<Oid, GitError> {
        let tree = self.work_tree_oid()?;
        let parent = parent.to_string();
        let hex = Git::new(self.work_dir()?, "commit-tree")
            .args([&tree.to_string(), "-p", &parent, "-m", message])
            .env("GIT_AUTHOR_NAME", &author.name)
            .env("GIT_AUTHOR_EMAIL", &author.email)
            .env("GIT_COMMITTER_NAME", &author.name)
            .env("GIT_COMMITTER_EMAIL", &author.email)
            .text()?;
        self.expect_oid("commit-tree", &hex)
    }

    /// The tree that a commit of everything would have, made with an index of its own.
    ///
    /// # Errors
    /// If git cannot read a file, or the disk refuses.
    pub fn work_tree_oid(&self) -> Result<Oid, GitError> {
        let dir = tempfile::tempdir_in(self.git_dir()).map_err(GitError::io(self.git_dir()))?;
        let index = dir.path().join("index");
        let current = self.inner.index_path();
        // Starting from the real index spares hashing what has not changed.
        if current.exists() {
            std::fs::copy(&current, &index).map_err(GitError::io(&current))?;
        }
        let git = |name: &str| -> Result<Git, GitError> {
            Ok(Git::new(self.work_dir()?, name).env("GIT_INDEX_FILE", &index))
        };
        git("add")?.args(["--all", "--", "."]).output()?;
        let hex = git("write-tree")?.text()?;
        self.expect_oid("write-tree", &hex)
    }

    /// Folders that git sees as repositories of their own, or submodules with changes: a snapshot cannot hold those.
    pub fn nested_repositories(&self, dirt: &[Dirt]) -> Vec<String> {
        let Ok(top) = self.work_dir() else { return Vec::new() };
        let is_nested = |dirt: &&Dirt| {
            dirt.kind == DirtKind::Submodule || (dirt.path.ends_with('/') && is_repository(&top.join(&dirt.path)))
        };
        dirt.iter().filter(is_nested).map(|dirt| dirt.path.clone()).collect()
    }

    /// Which of the paths (files or folders, relative to the work tree) hold nothing that the index tracks.
    ///
    /// # Errors
    /// If git cannot read the index.
    pub fn untracked_among(&self, paths: &[String]) -> Result<Vec<String>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let git = Git::new(self.work_dir()?, "ls-files").env("GIT_LITERAL_PATHSPECS", "1");
        let bytes = git.args(["-z", "--cached", "--"]).args(paths).output()?;
        let tracked: BTreeSet<&[u8]> = bytes.split(|byte| *byte == 0).collect();
        let holds_tracked = |path: &String| {
            let below = format!("{}/", path.trim_end_matches('/'));
            let first = tracked.range(below.as_bytes()..).next();
            tracked.contains(path.as_bytes()) || first.is_some_and(|first| first.starts_with(below.as_bytes()))
        };
        Ok(paths.iter().filter(|path| !holds_tracked(path)).cloned().collect())
    }

    /// Which of the paths (relative to the work tree) git ignores.
    ///
    /// # Errors
    /// If git cannot read its ignore files.
    pub fn ignored_among(&self, paths: &[String]) -> Result<Vec<String>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let input = paths.iter().map(|path| format!("{path}\0")).collect::<String>();
        let git = Git::new(self.work_dir()?, "check-ignore").args(["-z", "--stdin", "--no-index"]);
        match git.output_with_input(input.as_bytes()) {
            Ok(bytes) => Ok(bytes
                .split(|byte| *byte == 0)
                .map(|path| String::from_utf8_lossy(path).into_owned())
                .filter(|path| !path.is_empty())
                .collect()),
            // Exit code 1 without a word: none is ignored.
            Err(GitError::Command { message, .. }) if message.starts_with("exit status: 1") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn expect_oid(&self, command: &str, hex: &str) -> Result<Oid, GitError> {
        self.parse_oid(hex).ok_or_else(|| GitError::Command {
            command: command.to_owned(),
            message: format!("it printed '{hex}' where an object id was due"),
        })
    }
}

fn is_repository(dir: &Path) -> bool {
    dir.join(".git").exists()
}

/// One entry of `git status --porcelain=v2 -z`; the format is in git-status(1).
fn parse_entry(entry: &[u8]) -> Option<Dirt> {
    let text = String::from_utf8_lossy(entry);
    let (mark, rest) = text.split_once(' ')?;
    let dirt = |kind, path: &str| Some(Dirt { path: path.to_owned(), kind });
    match mark {
        "?" => dirt(DirtKind::Untracked, rest),
        "u" => dirt(DirtKind::Unmerged, rest.splitn(10, ' ').last()?),
        "1" => {
            let mut fields = rest.splitn(8, ' ');
            let (states, submodule) = (fields.next()?, fields.next()?);
            let path = fields.last()?;
            let kind = if submodule.starts_with('S') {
                DirtKind::Submodule
            } else if states.contains('D') {
                DirtKind::Deleted
            } else if states.starts_with('A') {
                DirtKind::Added
            } else {
                DirtKind::Modified
            };
            dirt(kind, path)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Dirt, DirtKind, parse_entry};

    #[test]
    fn entries_with_spaces_are_read() {
        let line = b"1 .M N... 100644 100644 100644 5716ca5987cbf97d6bb54920bea6adde242d87e6 5716ca5987cbf97d6bb54920bea6adde242d87e6 a b.py";
        assert_eq!(parse_entry(line), Some(Dirt { path: "a b.py".into(), kind: DirtKind::Modified }));
        assert_eq!(parse_entry(b"? x y"), Some(Dirt { path: "x y".into(), kind: DirtKind::Untracked }));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(entry in any::<Vec<u8>>()) {
            let _ = parse_entry(&entry);
        }
    }
}
