//! Settings: an option beats git's config, which beats `.xp.toml`; but a rule that the file locks can only be tightened.
//!
//! [`Settings::parse_file`] reads the text of `.xp.toml`, [`GitConfig::read`] takes what `git config --list` prints, and
//! [`Settings::resolve`] puts them together. Nothing here touches a disk. Unknown names give a warning, so that an older
//! git-xp works in a newer repository; wrong values give an error, so that no rule is weaker than it was meant.
//!
//! ```
//! use git_xp::settings::{FileSettings, GitConfig, Level, Overrides, Settings};
//! let file = Settings::parse_file("[rules]\nseed = \"warn\"\n", ".xp.toml").unwrap();
//! let config = GitConfig::read([("xp.start.prefix", "try/")]).unwrap();
//! let (settings, warnings) = Settings::resolve(&file, &config, &Overrides::default()).unwrap();
//! assert_eq!(settings.rules.seed, Level::Warn);
//! assert_eq!(settings.start.prefix, "try/");
//! assert!(warnings.is_empty());
//! ```

mod check;
mod error;
mod file;
mod git_config;
mod ignore;
mod key;
pub mod reference;
mod resolve;
mod rule;

pub use error::SettingsError;
pub use file::FileSettings;
pub use git_config::GitConfig;
pub use ignore::Ignore;
pub use resolve::Overrides;
pub use rule::{Level, Rule};

use crate::model::direction::Direction;
use std::collections::BTreeMap;
use std::time::Duration;

/// The prefix of the branches of experiments when nothing else is said.
pub const DEFAULT_PREFIX: &str = "exp/";
/// The metrics files that are taken when nothing else is said.
pub const DEFAULT_METRICS_FILES: [&str; 3] = ["metrics.json", "reports/metrics.json", "dvclive/metrics.json"];

/// What holds for a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How experiments start.
    pub start: Start,
    /// What a run must fulfil.
    pub rules: Rules,
    /// The config key that is the seed, `seed.param`.
    pub seed_param: Option<String>,
    /// The directions of metrics, `metric.<name>.direction`.
    pub directions: BTreeMap<String, Direction>,
    /// The metrics files, relative to the root of the work tree.
    pub metrics_files: Vec<String>,
    /// Where params are read from.
    pub params: Params,
    /// How runs are recorded.
    pub run: Run,
    /// The pins of data, `data.<name>`: paths, relative to the root of the work tree or absolute, or URIs.
    pub data: BTreeMap<String, String>,
    /// Where artifacts are pushed to and fetched from, `artifacts.<name>`: names and places, the default one first. Those of git's config come before those of
    /// the file.
    pub artifacts: Vec<(String, String)>,
    /// Paths of the code that computes metrics, relative to the root of the work tree.
    pub evaluation_paths: Vec<String>,
    /// What is masked, and what is not.
    pub secrets: Secrets,
}

/// How experiments start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// What the names of their branches start with; never empty.
    pub prefix: String,
    /// The baseline's revision; `None` for the default branch.
    pub baseline: Option<String>,
}

/// How strict each rule is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The tree is the commit's.
    pub clean: Level,
    /// The seed is recorded.
    pub seed: Level,
}

/// Where params are read from beside options and journals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// Files of params, relative to the root of the work tree. `None`: those that a project of DVC or the command names.
    pub files: Option<Vec<String>>,
    /// Whether the options of the command are params.
    pub argv: bool,
    /// Whether to look for what Hydra leaves.
    pub hydra: bool,
    /// Whether to look for the notebook of papermill.
    pub papermill: bool,
}

/// How runs are recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Patterns of paths that never count as dirty.
    pub ignore: Ignore,
    /// Names of environment variables to record besides the usual ones.
    pub environment: Vec<String>,
    /// Where `{out}` makes the folders of runs, relative to the root of the work tree.
    pub out: Option<String>,
    /// How often the system is looked at while a command runs; `None` for not at all.
    pub sample: Option<Duration>,
}

/// What is masked besides the usual, and what is not: regular expressions, the file's and those of git's config together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Patterns of secrets.
    pub patterns: Vec<String>,
    /// Patterns of what only looks like one.
    pub allow: Vec<String>,
}

/// Whether a text can be a path of `.xp.toml`: relative, no `..`, no control characters.
#[must_use]
pub fn is_path(text: &str) -> bool {
    check::path(text).is_ok()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            start: Start { prefix: DEFAULT_PREFIX.to_owned(), baseline: None },
            rules: Rules { clean: Level::Refuse, seed: Level::Refuse },
            seed_param: None,
            directions: BTreeMap::new(),
            metrics_files: DEFAULT_METRICS_FILES.map(str::to_owned).to_vec(),
            params: Params { files: None, argv: false, hydra: true, papermill: true },
            run: Run::default(),
            data: BTreeMap::new(),
            artifacts: Vec::new(),
            evaluation_paths: Vec::new(),
            secrets: Secrets::default(),
        }
    }
}

impl Settings {
    /// Whether a path of the work tree is no code although git tracks it: settings, metrics files, and what `run.ignore` names.
    #[must_use]
    pub fn is_no_code(&self, path: &str) -> bool {
        path == ".xp.toml" || self.metrics_files.iter().any(|file| file == path) || self.run.ignore.is_match(path)
    }
}

impl Rules {
    /// How strict a rule is.
    #[must_use]
    pub fn level(&self, rule: Rule) -> Level {
        match rule {
            Rule::Clean => self.clean,
            Rule::Seed => self.seed,
        }
    }
}

/// What one source of settings says; what it does not say is `None` or absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Layer {
    prefix: Option<String>,
    baseline: Option<String>,
    rules: BTreeMap<Rule, Level>,
    seed_param: Option<String>,
    directions: BTreeMap<String, Direction>,
    metrics_files: Option<Vec<String>>,
    ignore: Option<Ignore>,
    environment: Option<Vec<String>>,
    out: Option<String>,
    /// Of `off` it is `None`.
    sample: Option<Option<Duration>>,
    data: BTreeMap<String, String>,
    artifacts: Vec<(String, String)>,
    evaluation_paths: Option<Vec<String>>,
    secret_patterns: Vec<String>,
    secret_allow: Vec<String>,
    params_files: Option<Vec<String>>,
    params_argv: Option<bool>,
    params_hydra: Option<bool>,
    params_papermill: Option<bool>,
}

#[cfg(test)]
mod tests;
