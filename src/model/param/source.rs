//! Where params are from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A place beside `-p`, `--config` and the journal that params of a run were read from. Keys are described in `docs/format.md`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ParamSource {
    /// `file`, `argv`, `hydra` or `papermill`.
    pub kind: String,
    /// The file, relative to the work tree, or absolute if it lies elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// `sha256:` and the digest of the file, secrets masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The copy among the run's files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<String>,
    /// The params whose recorded value is from here, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// What stands here of params whose recorded value is another one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overruled: BTreeMap<String, Value>,
    /// What the command line changed in it, as Hydra and DVC write it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
}
