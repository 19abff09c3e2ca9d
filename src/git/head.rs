//! Where HEAD is, and what a revision names.

use std::path::Path;

use super::Oid;
use super::error::GitError;
use super::repo::Repo;

/// Where HEAD is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The commit.
    pub commit: Oid,
    /// The full ref of the branch that is checked out, or that a rebase or bisect will return to.
    pub branch: Option<String>,
    /// `branch`, `detached`, `rebase` or `bisect`.
    pub state: &'static str,
}

impl Head {
    /// The branch without `refs/heads/`.
    pub fn short_branch(&self) -> Option<&str> {
        self.branch.as_deref().map(short)
    }
}

/// A ref as people write it.
pub fn short(name: &str) -> &str {
    ["refs/heads/", "refs/remotes/", "refs/tags/"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

impl Repo {
    /// Where HEAD is.
    ///
    /// # Errors
    /// [`GitError::Unborn`] if there is no commit yet.
    pub fn head(&self) -> Result<Head, GitError> {
        let branch = self.symbolic_target("HEAD");
        let commit = match &branch {
            Some(branch) => self.find_ref(branch)?,
            None => self.resolve("HEAD").ok(),
        };
        let Some(commit) = commit else {
            let branch = branch.as_deref().map_or("HEAD", short).to_owned();
            return Err(GitError::Unborn { branch });
        };
        let (state, branch) = match (branch, self.operation()) {
            (Some(branch), _) => ("branch", Some(branch)),
            (None, Some("rebase")) => ("rebase", self.rebased_branch()),
            (None, Some("bisect")) => ("bisect", self.bisected_branch()),
            (None, _) => ("detached", None),
        };
        Ok(Head { commit, branch, state })
    }

    fn rebased_branch(&self) -> Option<String> {
        ["rebase-merge/head-name", "rebase-apply/head-name"]
            .iter()
            .find_map(|file| read_line(&self.git_dir().join(file)))
            .filter(|name| name.starts_with("refs/heads/"))
    }

    fn bisected_branch(&self) -> Option<String> {
        let start = read_line(&self.git_dir().join("BISECT_START"))?;
        let name = format!("refs/heads/{}", short(&start));
        self.find_ref(&name).ok().flatten().map(|_| name)
    }

    /// The commit that a revision names.
    ///
    /// # Errors
    /// [`GitError::UnknownRevision`] if it names none.
    pub fn resolve(&self, rev: &str) -> Result<Oid, GitError> {
        let unknown = || GitError::UnknownRevision { rev: rev.to_owned() };
        if self.reftable {
            let spec = format!("{rev}^{{commit}}");
            let hex = self.git("rev-parse").args(["--verify", "--quiet", "--end-of-options", &spec]).text();
            return hex.ok().and_then(|hex| self.parse_oid(&hex)).ok_or_else(unknown);
        }
        let id = self.inner.rev_parse_single(rev).map_err(|_| unknown())?;
        let object = id.object().map_err(|_| unknown())?;
        Ok(object.peel_to_commit().map_err(|_| unknown())?.id)
    }

    /// The default branch: what `origin` calls so, else `init.defaultBranch`, `main`, `master`, whichever exists first.
    pub fn default_branch(&self) -> Option<String> {
        if let Some(remote) = self.symbolic_target("refs/remotes/origin/HEAD") {
            let local = remote.replace("refs/remotes/origin/", "refs/heads/");
            return Some(if self.find_ref(&local).ok().flatten().is_some() { local } else { remote });
        }
        let configured = self.config("init.defaultBranch");
        configured
            .as_deref()
            .into_iter()
            .chain(["main", "master"])
            .map(|name| format!("refs/heads/{name}"))
            .find(|name| self.find_ref(name).ok().flatten().is_some())
    }

    /// The best common ancestor of two commits.
    pub fn merge_base(&self, one: Oid, two: Oid) -> Option<Oid> {
        if one == two {
            return Some(one);
        }
        self.inner.merge_base(one, two).ok().flatten().map(gix::Id::detach)
    }
}

fn read_line(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().next().map(str::to_owned)
}
