//! How one file differs between two trees.

use serde::Serialize;

/// How one file differs between two trees, as `git diff --numstat` counts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// The path, in the second tree unless the file is gone there.
    pub path: String,
    /// The path in the first tree, if the file was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Added lines; `None` for a binary file.
    pub insertions: Option<u64>,
    /// Removed lines; `None` for a binary file.
    pub deletions: Option<u64>,
}
