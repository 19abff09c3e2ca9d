//! The life of a run: opened, logged to, closed, sealed.
//!
//! Each step leaves either a journal to close, a fact to seal, or a seal to repeat; every step may be repeated by anybody without changing anything.

pub mod artifacts;
pub mod belonging;
pub mod close;
pub mod late;
pub mod log;
pub mod manual;
pub mod metrics_file;
pub mod names;
pub mod open;
mod outputs;
pub mod params;
pub mod pending;
pub mod plan;
pub mod rules;
pub mod samples;

use std::path::PathBuf;

use crate::artifact::store::StoreError;
use crate::data::DataError;
use crate::git::GitError;

/// What can go wrong with a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Git refused.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file or folder that cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A folder of very many files.
    #[error("{} has {files} files, and their list is too long to be kept", path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// How many.
        files: u64,
    },
    /// The list of a folder's files that is none.
    #[error("the list of the files of {name} cannot be read")]
    Manifest {
        /// The artifact.
        name: String,
    },
    /// The store of large files refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no randomness for an id.
    #[error("the system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// A folder under way that holds no run.
    #[error("{} holds no readable journal; look at it, then delete the folder", path.display())]
    Broken {
        /// The folder.
        path: PathBuf,
    },
    /// What is to be recorded before the command starts is more than a journal's line may hold.
    #[error(
        "the command line, params and config of this run are {bytes} bytes of record, and at most {most} are possible: nothing was started"
    )]
    TooLong {
        /// How many.
        bytes: usize,
        /// How many are possible.
        most: usize,
    },
    /// A value that JSON cannot hold.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl RecordError {
    /// Wrap an error about a file.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
