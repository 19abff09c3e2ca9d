//! The parts of what is recorded of a run.

use serde::Serialize;

/// A part of what is recorded of a run, in the order in which the parts are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Which experiment and branch it belongs to, and what it is compared with.
    Experiment,
    /// Commit and tree.
    Code,
    /// The params.
    Params,
    /// The copies of config files.
    Config,
    /// The pins of data.
    Data,
    /// The environment, section by section.
    Environment,
    /// The lock files.
    Locks,
    /// The digest of the evaluation code.
    Evaluation,
    /// The seed, and how it reached the program.
    Seed,
    /// Who ran it, and on what.
    Host,
    /// What was typed, and where.
    Command,
    /// `.xp.toml`.
    Settings,
    /// The metrics.
    Metrics,
    /// How it ended, and whether it was withdrawn.
    Status,
    /// How long it took, and what it used.
    Duration,
    /// The tags that it has now.
    Tags,
    /// Artifacts and other files.
    Files,
    /// Keys of newer versions.
    Other,
}

impl Section {
    /// All of them, in order.
    pub const ALL: [Self; 18] = [
        Self::Experiment,
        Self::Code,
        Self::Params,
        Self::Config,
        Self::Data,
        Self::Environment,
        Self::Locks,
        Self::Evaluation,
        Self::Seed,
        Self::Host,
        Self::Command,
        Self::Settings,
        Self::Metrics,
        Self::Status,
        Self::Duration,
        Self::Tags,
        Self::Files,
        Self::Other,
    ];

    /// Its name, in headings, options and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Experiment => "experiment",
            Self::Code => "code",
            Self::Params => "params",
            Self::Config => "config",
            Self::Data => "data",
            Self::Environment => "environment",
            Self::Locks => "locks",
            Self::Evaluation => "evaluation",
            Self::Seed => "seed",
            Self::Host => "host",
            Self::Command => "command",
            Self::Settings => "settings",
            Self::Metrics => "metrics",
            Self::Status => "status",
            Self::Duration => "duration",
            Self::Tags => "tags",
            Self::Files => "files",
            Self::Other => "other",
        }
    }

    /// The section with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }

    /// The section that a key of a run fact belongs to. `None` for keys that tell every two runs apart, that follow from others, or that are read in a
    /// way of their own.
    pub(super) fn of(key: &str) -> Option<Self> {
        Some(match key {
            "name" | "branch" | "head" | "baseline" | "manual" => Self::Experiment,
            "commit" | "tree" | "dirty" | "changed_during" | "changed_paths" => Self::Code,
            "data" => Self::Data,
            "locks" => Self::Locks,
            "evaluation" => Self::Evaluation,
            "seed" | "seed_via" => Self::Seed,
            "host" | "by" | "hardware" | "cpu" | "cores" | "memory" | "gpu" | "gpus" | "os" | "kernel" => Self::Host,
            "command" | "cwd" => Self::Command,
            "status" | "exit" | "signal" | "rejected_lines" | "left_out" => Self::Status,
            "seconds" | "resources" => Self::Duration,
            "artifacts" => Self::Files,
            "xp" | "kind" | "id" | "time" | "experiment" | "start" | "end" | "parents" | "snapshot" | "diff"
            | "out" | "params" | "param_sources" | "metrics" | "argv_digest" | "config" | "environment" | "plan"
            | "condition" | "settings" => {
                return None;
            }
            _ => Self::Other,
        })
    }
}
