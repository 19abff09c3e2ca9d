//! What a run's code is: how it differs from where the experiment began, its lock files, its evaluation code.

use std::collections::BTreeMap;

use crate::artifact::objects::digest;
use crate::git::{GitError, Oid, Repo};
use crate::model::run::DiffStat;

/// Files at the top of a tree that fix the versions of dependencies.
const LOCK_FILES: [&str; 14] = [
    "requirements.txt",
    "requirements.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pylock.toml",
    "environment.yml",
    "conda-lock.yml",
    "pixi.lock",
    "renv.lock",
    "Manifest.toml",
    "Cargo.lock",
    "package-lock.json",
];

/// How `commit` differs from `base`.
///
/// # Errors
/// If git cannot read one of them.
pub fn diff_stat(repo: &Repo, base: Oid, commit: Oid) -> Result<DiffStat, GitError> {
    let mut stat = DiffStat { files: 0, insertions: 0, deletions: 0, patch_id: None };
    if base == commit || repo.commit_tree(base)? == repo.commit_tree(commit)? {
        return Ok(stat);
    }
    let range = [base.to_string(), commit.to_string()];
    let patch =
        repo.git("diff-tree").args(["-r", "-p", "--numstat", "--full-index", "--no-ext-diff"]).args(&range).output()?;
    for line in String::from_utf8_lossy(&patch).lines().take_while(|line| !line.is_empty()) {
        let mut fields = line.split('\t');
        // A binary file has `-` for both counts.
        let mut count = || fields.next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        stat.insertions += count();
        stat.deletions += count();
        stat.files += 1;
    }
    let ids = repo.git("patch-id").arg("--stable").output_with_input(&patch)?;
    stat.patch_id = String::from_utf8_lossy(&ids).split_whitespace().next().map(str::to_owned);
    Ok(stat)
}

/// The blob ids of the lock files at the top of a tree.
///
/// # Errors
/// If the tree cannot be read.
pub fn lock_files(repo: &Repo, tree: Oid) -> Result<BTreeMap<String, String>, GitError> {
    let entries = repo.read_tree(tree)?;
    let locks = entries.into_iter().filter(|(name, mode, _)| !mode.is_tree() && LOCK_FILES.contains(&name.as_str()));
    Ok(locks.map(|(name, _, oid)| (name, oid.to_string())).collect())
}

/// A digest of the evaluation code: of the objects at `paths` in the tree. `None` if no path is named.
///
/// # Errors
/// If the tree cannot be read.
pub fn evaluation_digest(repo: &Repo, tree: Oid, paths: &[String]) -> Result<Option<String>, GitError> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    for path in paths {
        let oid = repo.find_path(tree, path.trim_end_matches('/'))?.map(|(_, oid)| oid.to_string());
        text += &format!("{path}\0{}\n", oid.unwrap_or_default());
    }
    Ok(Some(digest(text.as_bytes())))
}
