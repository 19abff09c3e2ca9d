//! What can go wrong with a pin.

use std::io;
use std::path::{Path, PathBuf};

/// Data that cannot be pinned. Each message is a sentence; [`DataError::hint`] says what to type.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Nothing lies there.
    #[error("{} is not here", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file or folder that cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something that is neither file, folder nor symbolic link.
    #[error("{} is neither a file nor a folder nor a symbolic link", path.display())]
    Special {
        /// Which one.
        path: PathBuf,
    },
    /// It was changed again and again while it was read.
    #[error("{} changes while it is read", path.display())]
    Changing {
        /// Which one.
        path: PathBuf,
    },
    /// The folder holds the repository itself, which every run changes.
    #[error("{} holds the repository's own git folder, which changes with every run", path.display())]
    Repository {
        /// Which one.
        path: PathBuf,
    },
    /// A file of DVC that says nothing that could be used.
    #[error("{}: {why}", path.display())]
    Dvc {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl DataError {
    /// Wrap an error about a file.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Io { path, source },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "give a path that exists, or a file of DVC that stands for it",
            Self::Io { .. } | Self::Special { .. } => "pin what can be read: --data NAME=PATH",
            Self::Changing { .. } => "wait until nobody writes there",
            Self::Repository { .. } => "pin a folder below it: --data NAME=PATH",
            Self::Dvc { .. } => "dvc add or dvc commit writes the hashes that are needed",
        }
    }
}
