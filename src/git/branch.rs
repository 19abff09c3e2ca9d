//! Making branches and moving onto them.

use std::path::Path;

use super::Oid;
use super::error::GitError;
use super::objects::{Author, Writer};
use super::refs::Edit;
use super::repo::Repo;

/// Why a name cannot be a branch; `None` if it can. The rules are git's (git-check-ref-format(1)), and no name begins with `-`.
pub fn name_fault(branch: &str) -> Option<String> {
    if branch.len() > 200 {
        return Some(format!("it has {} bytes, more than 200", branch.len()));
    }
    if branch.split('/').any(|part| part.starts_with('-')) {
        return Some("a part of it begins with '-'".to_owned());
    }
    let full = format!("refs/heads/{branch}");
    gix::validate::reference::name(full.as_str().into()).err().map(|error| error.to_string().to_lowercase())
}

impl Repo {
    /// A branch that stands in the way of a new one: the same, or one whose name is a folder of the other's.
    ///
    /// # Errors
    /// If the refs cannot be read.
    pub fn branch_in_the_way(&self, full: &str) -> Result<Option<String>, GitError> {
        if self.find_ref(full)?.is_some() {
            return Ok(Some(full.to_owned()));
        }
        for (end, _) in full.match_indices('/').skip(2) {
            if self.find_ref(&full[..end])?.is_some() {
                return Ok(Some(full[..end].to_owned()));
            }
        }
        Ok(self.list_refs(&format!("{full}/"))?.into_iter().next().map(|(name, _)| name))
    }

    /// A commit with the tree of its parent; signed if the user's commits are. It is not yet on any branch.
    ///
    /// # Errors
    /// If the parent cannot be read or the disk refuses.
    pub fn empty_commit(&self, parent: Oid, author: &Author, message: &str) -> Result<Oid, GitError> {
        let tree = self.commit_tree(parent)?;
        if self.config_bool("commit.gpgSign") == Some(true)
            && let Some(signed) = self.signed_commit(tree, &[parent], author, message)
        {
            return Ok(signed);
        }
        Writer::new(self).commit(tree, &[parent], author, message)
    }

    /// Make a branch that must not exist yet.
    ///
    /// # Errors
    /// [`GitError::Conflict`] if it does.
    pub fn create_branch(&self, full: &str, commit: Oid, message: &str) -> Result<(), GitError> {
        // gix would wait for packed-refs too.
        self.transact_by_git(&[Edit::set(full, None, commit, message)])
    }

    /// Move onto a branch as `git switch` does, uncommitted changes travelling along.
    ///
    /// # Errors
    /// If changes are in the way; then nothing has changed.
    pub fn switch(&self, short: &str) -> Result<(), GitError> {
        self.work_dir()?;
        self.git("switch").args(["--quiet", "--no-guess", short]).output().map(drop)
    }

    /// Check a branch out in a new work tree.
    ///
    /// # Errors
    /// If the folder is there already.
    pub fn add_worktree(&self, dir: &Path, short: &str) -> Result<(), GitError> {
        self.git("worktree").arg("add").arg("--quiet").arg(dir).arg(short).output().map(drop)
    }

    /// Move the branch that is checked out, its work tree staying as it is.
    ///
    /// # Errors
    /// If the branch is not at `old` any more.
    pub fn move_head(&self, old: Oid, new: Oid, message: &str) -> Result<(), GitError> {
        self.git("update-ref").args(["-m", message, "HEAD", &new.to_string(), &old.to_string()]).output().map(drop)
    }

    /// Set a value in the repository's own config. It is a convenience, never the truth, so a locked config is no error.
    pub fn remember(&self, key: &str, value: &str) {
        let _ = self.git("config").args([key, value]).output();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::name_fault;

    #[test]
    fn gits_rules_hold() {
        for bad in
            ["a b", "a..b", "a~1", "a.lock", "/a", "a/", "-a", "exp/-a", "a\u{7f}", "", "a\\b", "a^", "@{", "x/.y"]
        {
            assert!(name_fault(bad).is_some(), "{bad}");
        }
        for good in ["a", "exp/bigger-lr", "exp/größer", "exp/a.b"] {
            assert_eq!(name_fault(good), None);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_names_never_panic(name in any::<String>()) {
            let _ = name_fault(&name);
        }
    }
}
