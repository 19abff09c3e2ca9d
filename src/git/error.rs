//! What can go wrong with git.

use std::path::PathBuf;

/// An error of the git layer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No repository at or above a folder.
    #[error("{} is not inside a git repository", dir.display())]
    NotARepository {
        /// Where the search began.
        dir: PathBuf,
    },
    /// The repository belongs to somebody else.
    #[error("{} belongs to another user, and git-xp does not trust its settings", dir.display())]
    Untrusted {
        /// The repository.
        dir: PathBuf,
    },
    /// A repository without a work tree.
    #[error("{} is a bare repository: there is no work tree to run in", dir.display())]
    Bare {
        /// The repository.
        dir: PathBuf,
    },
    /// A repository with a work tree whose config says that it has none.
    #[error("core.bare of {} says that there is no work tree to run in", dir.display())]
    CalledBare {
        /// The git folder.
        dir: PathBuf,
    },
    /// The environment or the repository's format keeps git-xp from seeing what git sees.
    #[error("{message}")]
    Unusable {
        /// What is the matter.
        message: String,
        /// What to type.
        hint: String,
    },
    /// A folder of the repository that nothing can be written to.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No commit yet.
    #[error("the branch '{branch}' has no commit yet")]
    Unborn {
        /// Its short name.
        branch: String,
    },
    /// A revision that names nothing.
    #[error("'{rev}' names no commit")]
    UnknownRevision {
        /// As typed.
        rev: String,
    },
    /// An object that a partial clone lacks.
    #[error("{doing}: it is not here, and {remote} could not be asked for it: {why}")]
    Promised {
        /// What was being done.
        doing: String,
        /// The promisor remote.
        remote: String,
        /// Why it could not be asked.
        why: String,
    },
    /// A ref's file holds neither an object id nor another ref's name.
    #[error("the ref {name} is damaged: {} holds no object id", path.display())]
    BrokenRef {
        /// The full ref.
        name: String,
        /// Its file.
        path: PathBuf,
    },
    /// A ref is not what the writer saw: somebody else was faster.
    #[error("{name} changed meanwhile")]
    Conflict {
        /// The full ref.
        name: String,
    },
    /// A lock file lies there.
    #[error("{} is locked: {} exists", name, lock.display())]
    Locked {
        /// The full ref.
        name: String,
        /// The lock file.
        lock: PathBuf,
    },
    /// `git` ended with an error.
    #[error("git {command} failed: {message}")]
    Command {
        /// The subcommand.
        command: String,
        /// What it printed on stderr.
        message: String,
    },
    /// `git` could not be started.
    #[error("the program git could not be started: {source}")]
    NoGit {
        /// Why.
        source: std::io::Error,
    },
    /// Anything that gix reports.
    #[error("{doing}: {message}")]
    Gix {
        /// What was being done.
        doing: String,
        /// The whole chain of causes.
        message: String,
    },
    /// A file of the repository could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl GitError {
    /// Wrap gix's error, its causes in one line.
    pub fn gix(doing: impl Into<String>) -> impl FnOnce(gix::Error) -> Self {
        let doing = doing.into();
        move |error| Self::Gix { doing, message: chain(&error) }
    }

    /// Wrap an error about a file.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// An error and its causes, in one line, none twice.
fn chain(error: &gix::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.iter_errors() {
        let text = cause.to_string();
        if !text.is_empty() && !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}
