//! What became part of a branch since a time: its commits and their trees.

use std::collections::HashSet;

use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::Oid;
use super::repo::Repo;

/// Clocks of a team may differ by this much, in seconds.
const SLOP: i64 = 86_400;

/// Commits that a branch reaches, and their trees.
#[derive(Debug, Default)]
pub struct Merged {
    commits: HashSet<Oid>,
    trees: HashSet<String>,
}

impl Merged {
    /// Whether the branch reaches the commit.
    pub fn has_commit(&self, commit: Oid) -> bool {
        self.commits.contains(&commit)
    }

    /// Whether a commit of the branch has this tree (in hex): where nothing came in between, a squashed merge leaves exactly the tree that was run.
    pub fn has_tree(&self, tree: &str) -> bool {
        self.trees.contains(tree)
    }
}

impl Repo {
    /// The commits that `tip` reaches and that are not older than `seconds` since 1970, a day of slop included.
    pub fn merged_since(&self, tip: Oid, seconds: i64) -> Merged {
        let mut merged = Merged::default();
        let cutoff = Sorting::ByCommitTimeCutoff { order: CommitTimeOrder::NewestFirst, seconds: seconds - SLOP };
        let Ok(walk) = self.inner.rev_walk([tip]).sorting(cutoff).all() else { return merged };
        // A shallow clone ends somewhere.
        for commit in walk.map_while(Result::ok) {
            merged.commits.insert(commit.id);
            if let Ok(tree) = self.commit_tree(commit.id) {
                merged.trees.insert(tree.to_string());
            }
        }
        merged
    }
}
