//! Telling git-lfs, in git's own config of one repository, that git-xp moves its objects.

use std::path::Path;

use crate::git::{GitError, Repo};

/// What git-lfs calls this agent.
const NAME: &str = "git-xp";

const AGENT: &str = "lfs.standalonetransferagent";
const PROGRAM: &str = "lfs.customtransfer.git-xp.path";
const ARGUMENTS: &str = "lfs.customtransfer.git-xp.args";

/// What stands in the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// Nothing.
    No,
    /// This agent.
    Yes,
    /// Another agent, by its name.
    Other(String),
}

/// Which agent moves the objects of a repository.
pub fn installed(repo: &Repo) -> Installed {
    match repo.config(AGENT) {
        None => Installed::No,
        Some(name) if name == NAME => Installed::Yes,
        Some(name) => Installed::Other(name),
    }
}

/// Have `git-xp` at `program` move all objects of git-lfs, between the repository and a folder or bucket at `address`. Without an LFS server: git-lfs asks none
/// any more. Ask [`installed`] first; another agent is replaced.
///
/// # Errors
/// If git's config cannot be written.
pub fn install(repo: &Repo, program: &Path, address: &str) -> Result<(), GitError> {
    // git-lfs hands both to a shell, the program quoted and the arguments as they are.
    let arguments = format!("lfs-agent {}", quote(address));
    set(repo, PROGRAM, &program.display().to_string())?;
    set(repo, ARGUMENTS, &arguments)?;
    set(repo, AGENT, NAME)
}

/// Undo [`install`]; another agent stays. Returns whether there was anything to undo.
///
/// # Errors
/// If git's config cannot be written.
pub fn uninstall(repo: &Repo) -> Result<bool, GitError> {
    let mut keys = vec![PROGRAM, ARGUMENTS];
    if installed(repo) == Installed::Yes {
        keys.push(AGENT);
    }
    keys.retain(|key| repo.config(key).is_some());
    for key in &keys {
        repo.git("config").args(["--local", "--unset-all", key]).output()?;
    }
    Ok(!keys.is_empty())
}

fn set(repo: &Repo, key: &str, value: &str) -> Result<(), GitError> {
    repo.git("config").args(["--local", "--replace-all", key, value]).output().map(|_| ())
}

/// One word for a shell.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
