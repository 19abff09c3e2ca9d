//! The `run` fact: a fact about the commit that produced it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::data::DataPin;
use super::id::Id;
use super::metric::Summary;
use super::param::ParamSource;
use super::time::Time;

/// What a `run` fact says beyond the header. Key order is the order in the fact; meanings are in `docs/format.md`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each key is described in docs/format.md, which this struct mirrors")]
pub struct Run {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub head: String,
    pub commit: String,
    #[serde(default)]
    pub tree: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<RunBaseline>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<DiffStat>,
    #[serde(default)]
    pub dirty: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_during: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_paths: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seed_via: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub param_sources: Vec<ParamSource>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Summary>,
    #[serde(default)]
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    #[serde(default)]
    pub start: Time,
    #[serde(default)]
    pub end: Time,
    #[serde(default)]
    pub seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub argv_digest: String,
    #[serde(default)]
    pub cwd: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigCopy>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, DataPin>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locks: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plan: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub condition: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected_lines: u64,
    #[serde(default, skip_serializing_if = "LeftOut::is_nothing")]
    pub left_out: LeftOut,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub manual: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
}

/// What a command used, with all of its descendants that were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// CPU time in user mode.
    pub user_seconds: f64,
    /// CPU time in the kernel.
    pub system_seconds: f64,
    /// The largest resident memory that one of the processes had, in bytes.
    pub peak_memory: u64,
}

impl Resources {
    /// CPU time of both kinds.
    pub fn cpu_seconds(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }
}

/// How many names were logged that a fact does not have, because it would be too large.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Metrics. Their points are in `series.tsv`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub metrics: u64,
    /// Params. They are in `logged.json`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub params: u64,
}

impl LeftOut {
    /// Whether the fact has all.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The commit that a run's experiment is compared with, as it was at the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunBaseline {
    /// The experiment's baseline.
    pub commit: String,
    /// The best common ancestor of it and the run's commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_base: Option<String>,
}

/// How the code differs from where the experiment began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffStat {
    /// Changed files.
    pub files: u64,
    /// Added lines.
    pub insertions: u64,
    /// Removed lines.
    pub deletions: u64,
    /// `git patch-id --stable`; absent if nothing differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch_id: Option<String>,
}

/// The copy of a config file that a command got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigCopy {
    /// The user's file, relative to the work tree.
    pub file: String,
    /// `sha256:` and the digest of the copy.
    pub digest: String,
}

/// An output of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Path below the run's files.
    pub name: String,
    /// `sha256:` and the digest of the content.
    pub oid: String,
    /// Bytes.
    pub size: u64,
    /// Whether it may be executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// What a symbolic link says; digest and size are those of this text, and nothing else is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// `false` for a file that was too large to be stored: it stayed where it was.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub stored: bool,
    /// What it is, in the user's words: `model`, `data`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Of a folder: how many files and links it has. Then the digest is that of its manifest, `artifacts/<name>.manifest`, and the size is the sum of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// Of a folder: the files that may be executed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub executables: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The command ended with exit code 0.
    Ok,
    /// It ended with another code, or could not be started.
    Failed,
    /// It was ended by a signal.
    Killed,
    /// Nobody was left to see the end.
    Crashed,
    /// A status of a newer version.
    #[default]
    #[serde(other)]
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Crashed => "crashed",
            Self::Unknown => "unknown",
        })
    }
}

fn yes() -> bool {
    true
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
