//! What a run says of its data, and how the data of two runs differ.

use serde::{Deserialize, Serialize};

/// The longest name of a pin, in bytes.
const LONGEST_NAME: usize = 100;

/// A pin: one piece of a run's data. Meanings are in `docs/format.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPin {
    /// `file`, `folder`, `lfs`, `dvc` or `uri`.
    pub kind: String,
    /// Where it lies: relative to the work tree, `/` separated, or absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The URI, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The name of a hash, a colon, the hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How many files a folder has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// Bytes of all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The file that says so in place of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether a URI names the same data for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permanent: Option<bool>,
}

impl DataPin {
    /// What tells it from other data of this name: where it lies does not.
    pub fn identity(&self) -> &str {
        self.digest.as_deref().or(self.uri.as_deref()).unwrap_or_default()
    }
}

/// Whether a text can be the name of a pin.
///
/// # Errors
/// Says what a name is.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let is_fine = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if is_fine { Ok(()) } else { Err("letters, digits and - _ . without a dot in front") }
}

/// How the files of a folder differ between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FolderChanges {
    /// The pin's name.
    pub name: String,
    /// How many files are in both and differ.
    pub changed: u64,
    /// How many only the second has.
    pub added: u64,
    /// How many only the first has.
    pub removed: u64,
    /// The first of them, by path.
    pub files: Vec<ChangedFile>,
}

/// A file that differs. A side that lacks it has no size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedFile {
    /// Its path below the folder; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// Bytes in the first run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<u64>,
    /// Bytes in the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<u64>,
}

impl FolderChanges {
    /// How many files differ in all.
    pub fn count(&self) -> u64 {
        self.changed + self.added + self.removed
    }
}
