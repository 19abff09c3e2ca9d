//! Keep refs: what keeps the code of runs alive through squash merges, deleted branches and gc.

use crate::git::objects::{Author, Writer};
use crate::git::{GitError, Oid, Repo};

/// How far back the chain is searched before a commit is simply kept again.
const FARTHEST: usize = 10_000;

/// The constant first commit of every keep ref.
///
/// # Errors
/// If the disk refuses.
pub fn root(repo: &Repo, writer: &Writer<'_>) -> Result<Oid, GitError> {
    writer.tree(&gix::objs::Tree::empty())?;
    let nobody = Author { name: "git-xp".to_owned(), email: String::new(), seconds: 0 };
    writer.commit(repo.empty_tree(), &[], &nobody, "git-xp keep\n")
}

/// Which of `commits` the chain at `tip` does not keep yet.
///
/// A keep commit is younger than the code it keeps, so the search ends at keep commits older than all of `commits`. A wrong clock only leads to a
/// commit being kept twice.
///
/// # Errors
/// If the chain is damaged.
pub fn missing(repo: &Repo, tip: Option<Oid>, commits: &[Oid]) -> Result<Vec<Oid>, GitError> {
    let mut missing: Vec<Oid> = Vec::new();
    for commit in commits {
        if !missing.contains(commit) {
            missing.push(*commit);
        }
    }
    let oldest = missing.iter().filter_map(|commit| repo.commit_seconds(*commit)).min().unwrap_or(i64::MAX);
    let mut next = tip;
    for _ in 0..FARTHEST {
        let Some(keep) = next.filter(|_| !missing.is_empty()) else { break };
        let parents = repo.commit_parents(keep)?;
        missing.retain(|commit| !parents.iter().skip(1).any(|kept| kept == commit));
        if repo.commit_seconds(keep).is_some_and(|seconds| seconds < oldest) {
            break;
        }
        next = parents.first().copied();
    }
    Ok(missing)
}

/// A new tip that keeps `commits` too.
///
/// # Errors
/// If the disk refuses.
pub fn extend(
    repo: &Repo,
    writer: &Writer<'_>,
    tip: Option<Oid>,
    commits: &[Oid],
    author: &Author,
) -> Result<Oid, GitError> {
    let first = match tip {
        Some(tip) => tip,
        None => root(repo, writer)?,
    };
    let parents: Vec<Oid> = std::iter::once(first).chain(commits.iter().copied()).collect();
    writer.tree(&gix::objs::Tree::empty())?;
    writer.commit(repo.empty_tree(), &parents, author, "git-xp keep\n")
}

/// Every code commit that a chain keeps.
///
/// # Errors
/// If the chain is damaged.
pub fn kept(repo: &Repo, tip: Oid) -> Result<Vec<Oid>, GitError> {
    let (mut out, mut next) = (Vec::new(), Some(tip));
    while let Some(keep) = next {
        let parents = repo.commit_parents(keep)?;
        out.extend(parents.iter().skip(1));
        next = parents.first().copied();
    }
    Ok(out)
}
