//! What a run's code is: how it differs from where the experiment began, its lock files, its evaluation code.

use std::collections::BTreeMap;

use crate::artifact::digest;
use crate::git::{GitError, Oid, Repo};
use crate::model::run::DiffStat;

/// Files that fix the versions of dependencies.
const LOCK_FILES: [&str; 20] = [
    "requirements.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pylock.toml",
    "environment.yml",
    "environment.yaml",
    "conda-lock.yml",
    "pixi.lock",
    "renv.lock",
    "Manifest.toml",
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "go.sum",
    "flake.lock",
];

/// Whether a file fixes the versions of dependencies: `requirements*.txt` too.
fn is_lock_file(name: &str) -> bool {
    LOCK_FILES.contains(&name) || (name.starts_with("requirements") && name.ends_with(".txt"))
}

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

/// The blob ids of the lock files by path: those at the top of a tree, and those in the folders from there down to `folder`, where a command is started.
///
/// # Errors
/// If the tree cannot be read.
pub fn lock_files(repo: &Repo, tree: Oid, folder: &str) -> Result<BTreeMap<String, String>, GitError> {
    let mut locks = BTreeMap::new();
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    for dir in [""].into_iter().chain(ends.map(|end| &folder[..end]).filter(|dir| !dir.is_empty())) {
        let found = if dir.is_empty() { Some(tree) } else { repo.find_path(tree, dir)?.map(|(_, oid)| oid) };
        // A folder may be new, ignored or in a submodule: then the tree has none of its files.
        let Some(entries) = found.and_then(|oid| repo.read_tree(oid).ok()) else { break };
        let files = entries.into_iter().filter(|(name, mode, _)| !mode.is_tree() && is_lock_file(name));
        let path = |name: &str| if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") };
        locks.extend(files.map(|(name, _, oid)| (path(&name), oid.to_string())));
    }
    Ok(locks)
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
