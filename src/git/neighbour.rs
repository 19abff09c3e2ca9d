//! Another repository on this disk, looked at without running anything that it configures.

use std::path::{Path, PathBuf};

use super::process::Git;

/// What another repository is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// HEAD's commit.
    pub commit: String,
    /// Whether tracked files differ from it. `None` if that cannot be told without running a filter of the repository's own.
    pub is_dirty: Option<bool>,
}

/// Variables that would lead git to the repository of this process.
const OURS: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CEILING_DIRECTORIES",
];

/// The top of the work tree that a folder lies in.
pub fn top(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    dir.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_owned)
}

/// Look at the repository whose work tree begins at `top`. `None` if it has no commit, or git does not trust its owner.
pub fn look(top: &Path) -> Option<Neighbour> {
    let commit = git(top, "rev-parse").args(["--verify", "--quiet", "HEAD^{commit}"]).text().ok()?;
    if runs_filters(top)? {
        return Some(Neighbour { commit, is_dirty: None });
    }
    let status = git(top, "status")
        .args(["--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty"])
        .output();
    Some(Neighbour { commit, is_dirty: status.ok().map(|lines| !lines.is_empty()) })
}

/// Whether the repository's own config, files that it includes among it, has programs that `git status` would run on file contents.
fn runs_filters(top: &Path) -> Option<bool> {
    let list = git(top, "config").args(["--list", "--show-scope", "--includes", "--name-only", "-z"]).output().ok()?;
    let fields: Vec<&[u8]> = list.split(|byte| *byte == 0).collect();
    Some(fields.chunks(2).any(|pair| {
        let [scope, name] = pair else { return false };
        matches!(*scope, b"local" | b"worktree") && name.starts_with(b"filter.")
    }))
}

/// A call of git there that starts no monitor and fetches nothing.
fn git(top: &Path, subcommand: &str) -> Git {
    let overrides = [("core.fsmonitor", "false"), ("core.hooksPath", "/dev/null")];
    let mut git = Git::new(top, subcommand).without(&OURS);
    for (at, (key, value)) in overrides.iter().enumerate() {
        git = git.env(&format!("GIT_CONFIG_KEY_{at}"), key).env(&format!("GIT_CONFIG_VALUE_{at}"), value);
    }
    git.env("GIT_CONFIG_COUNT", overrides.len().to_string())
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Git, look, top};

    fn git(dir: &Path, subcommand: &str, args: &[&str]) -> String {
        let git = Git::new(dir, subcommand).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let [name, email] = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"];
        let git =
            git.env(name, "Ada").env(email, "a@b").env("GIT_COMMITTER_NAME", "Ada").env("GIT_COMMITTER_EMAIL", "a@b");
        git.text().expect("git works")
    }

    #[test]
    fn nothing_that_the_repository_configures_is_run() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path().canonicalize().expect("a path");
        git(&dir, "init", &["--quiet"]);
        assert_eq!(look(&dir), None);
        std::fs::create_dir(dir.join("sub")).expect("a folder");
        std::fs::write(dir.join("sub/a"), "1").expect("written");
        git(&dir, "add", &["sub"]);
        git(&dir, "commit", &["--quiet", "-m", "a"]);
        let commit = git(&dir, "rev-parse", &["HEAD"]);
        assert_eq!(top(&dir.join("sub")), Some(dir.clone()));
        let found = look(&dir).expect("a commit");
        assert_eq!((found.commit, found.is_dirty), (commit, Some(false)));
        std::fs::write(dir.join("sub/a"), "22").expect("written");
        assert_eq!(look(&dir).expect("a commit").is_dirty, Some(true));

        let mark = dir.join("was-run");
        let run = format!("touch '{}'; cat", mark.display());
        git(&dir, "config", &["core.fsmonitor", &run]);
        assert_eq!(look(&dir).expect("a commit").is_dirty, Some(true));
        std::fs::write(dir.join("included"), format!("[filter \"x\"]\n clean = \"{run}\"\n")).expect("written");
        git(&dir, "config", &["include.path", "../included"]);
        std::fs::write(dir.join(".gitattributes"), "* filter=x\n").expect("written");
        assert_eq!(look(&dir).expect("a commit").is_dirty, None);
        assert!(!mark.exists(), "the repository's program was run");
    }
}
