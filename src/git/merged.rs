//! What became part of a branch since a time: its commits, their trees, and the ids of their patches.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::Oid;
use super::repo::Repo;

/// Clocks of a team may differ by this much, in seconds.
const SLOP: i64 = 86_400;

/// Patches of at most this many commits, the newest, are looked at.
const PATCHES: usize = 1000;

/// Commits that a branch reaches, and their trees.
#[derive(Debug, Default)]
pub struct Merged {
    commits: HashSet<Oid>,
    trees: HashSet<String>,
    /// Those with one parent, the newest first: a squashed merge is one.
    plain: Vec<Oid>,
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
            if commit.parent_ids.len() == 1 && merged.plain.len() < PATCHES {
                merged.plain.push(commit.id);
            }
            if let Ok(tree) = self.commit_tree(commit.id) {
                merged.trees.insert(tree.to_string());
            }
        }
        merged
    }

    /// The ids (`git patch-id --stable`) of the patches of these commits. What was worked out once is kept in `<git common dir>/xp/patch-ids`: a line for each
    /// commit, its id and that of its patch.
    pub fn patch_ids(&self, merged: &Merged) -> HashSet<String> {
        let path = self.common_dir().join("xp/patch-ids");
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let mut known: HashMap<Oid, &str> = kept
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(a, b)| Some((self.parse_oid(a)?, b)))
            .collect();
        let new: Vec<Oid> = merged.plain.iter().copied().filter(|commit| !known.contains_key(commit)).collect();
        let fresh = self.work_out_patch_ids(&new).unwrap_or_default();
        known.extend(fresh.iter().map(|(commit, id)| (*commit, id.as_str())));
        if !new.is_empty() {
            let lines: String =
                merged.plain.iter().map(|commit| format!("{commit} {}\n", known.get(commit).unwrap_or(&"-"))).collect();
            keep(&path, &lines);
        }
        merged.plain.iter().filter_map(|commit| known.get(commit)).map(|id| (*id).to_owned()).collect()
    }

    fn work_out_patch_ids(&self, commits: &[Oid]) -> Option<HashMap<Oid, String>> {
        if commits.is_empty() {
            return None;
        }
        let lines: String = commits.iter().map(|commit| format!("{commit}\n")).collect();
        let options = ["--stdin", "-r", "-p", "--full-index", "--no-ext-diff"];
        let patches = self.git("diff-tree").args(options).output_with_input(lines.as_bytes()).ok()?;
        let ids = self.git("patch-id").arg("--stable").output_with_input(&patches).ok()?;
        let text = String::from_utf8_lossy(&ids);
        let pair =
            |line: &str| line.split_once(' ').and_then(|(id, commit)| Some((self.parse_oid(commit)?, id.to_owned())));
        Some(text.lines().filter_map(pair).collect())
    }
}

/// A cache that cannot be written is none; one that is written is whole.
fn keep(path: &Path, text: &str) {
    let Some(dir) = path.parent() else { return };
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        file.persist(path).map(drop).map_err(|error| error.error)
    };
    let _ = write();
}
