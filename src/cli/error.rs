//! The front error type, exit codes, and what is printed of an error.

use super::notices::shell_quote;
use crate::git::GitError;
use crate::model::text::printable_lines;
use crate::query::QueryError;
use crate::record::RecordError;
use crate::settings::SettingsError;

/// Exit codes; `docs/exit-codes.md` describes them, a test holds the two together.
pub mod exit {
    /// Done.
    pub const OK: u8 = 0;
    /// Something that was checked is not as it should be: `fsck` found damage, `check` a rule that is broken.
    pub const FOUND: u8 = 1;
    /// Not done; as git's own commands say it.
    pub const ERROR: u8 = 128;
    /// The command line was wrong; as git's own commands say it.
    pub const USAGE: u8 = 129;
    /// The reader of the output went away; as a shell reports SIGPIPE.
    pub const BROKEN_PIPE: u8 = 141;
    /// A defect of git-xp.
    pub const INTERNAL: u8 = 255;
}

/// An error as a user sees it: what happened, and what to type now.
#[derive(Debug)]
pub struct CliError {
    code: u8,
    message: String,
    hints: Vec<String>,
}

impl CliError {
    /// Something could not be done.
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: exit::ERROR, message: message.into(), hints: Vec::new() }
    }

    /// The command line was wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: exit::USAGE, message: message.into(), hints: Vec::new() }
    }

    /// Add what to type now.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// What is printed on stderr.
    pub fn text(&self) -> String {
        let mut out = format!("error: {}\n", printable_lines(&self.message));
        for hint in &self.hints {
            out += &format!("hint: {}\n", printable_lines(hint));
        }
        out
    }

    /// The message alone.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to type now.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl From<GitError> for CliError {
    fn from(error: GitError) -> Self {
        let result = Self::new(error.to_string());
        match error {
            GitError::NotARepository { .. } => result.hint("git init && git add -A && git commit -m 'Start'"),
            GitError::Untrusted { dir } => {
                result.hint(format!("if you trust it: git config --global --add safe.directory '{}'", dir.display()))
            }
            GitError::Bare { .. } => result.hint("work in a clone of it: git clone <this repository> <folder>"),
            GitError::CalledBare { .. } => result.hint("git config core.bare false"),
            GitError::Unusable { hint, .. } => result.hint(hint),
            GitError::Unwritable { source, .. } | GitError::Io { source, .. } => {
                io_hint(&source).into_iter().fold(result, Self::hint)
            }
            GitError::Command { message, .. } if message.contains("filter '") => result
                .hint("git config --get-regexp '^filter[.]'    lists the filters; install the program of this one"),
            GitError::Unborn { .. } => result.hint("git add -A && git commit -m 'Start'"),
            GitError::UnknownRevision { .. } => result.hint("git branch --all    lists the branches there are"),
            GitError::Promised { remote, .. } => {
                result.hint(format!("git ls-remote {} says whether it answers; then try again", shell_quote(&remote)))
            }
            GitError::BrokenRef { name, path } => {
                let ours = name.starts_with("refs/xp/") || name == "refs/notes/xp";
                let then = if ours { " && git xp fsck --repair" } else { "" };
                result.hint(format!("look at it, then: rm {}{then}", shell_quote(&path.display().to_string())))
            }
            GitError::Locked { lock, .. } => {
                result.hint(format!("if no git command is running: rm '{}'", lock.display()))
            }
            GitError::NoGit { .. } => result.hint("install git 2.34 or newer, and see that it is in PATH"),
            _ => result,
        }
    }
}

impl From<QueryError> for CliError {
    fn from(error: QueryError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<RecordError> for CliError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Git(error) => error.into(),
            RecordError::Io { ref source, .. } => {
                let hint = io_hint(source);
                let result = Self::new(error.to_string());
                hint.into_iter().fold(result, Self::hint)
            }
            other => Self::new(other.to_string()),
        }
    }
}

impl From<SettingsError> for CliError {
    fn from(error: SettingsError) -> Self {
        Self::new(error.to_string())
    }
}

fn io_hint(error: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Some("make room on the disk; what is pending is sealed by the next git xp command")
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            Some("make the repository's .git folder writable; what is pending is sealed by the next git xp command")
        }
        _ => None,
    }
}
