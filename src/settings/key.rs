//! The names of all settings, and what each takes: one table for the file and for git's config.

use super::check::{self, Checked, shown};
use super::rule::Rule;
use super::{Ignore, Layer, ignore};
use crate::model::direction::Direction;
use crate::model::pattern;

/// A setting of a fixed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Prefix,
    Baseline,
    Rule(Rule),
    Locked,
    SeedParam,
    MetricsFiles,
    Ignore,
    Environment,
    Out,
    Sample,
    EvaluationPaths,
    SecretPatterns,
    SecretAllow,
    ParamsFiles,
    ParamsArgv,
    ParamsHydra,
    ParamsPapermill,
}

/// The tables and what each may hold. `metric` and `data` are not here: below them stand names of the user's own.
pub(super) const TABLES: [(&str, &[(&str, Key)]); 8] = [
    ("start", &[("prefix", Key::Prefix), ("baseline", Key::Baseline)]),
    ("rules", &[("clean", Key::Rule(Rule::Clean)), ("seed", Key::Rule(Rule::Seed)), ("locked", Key::Locked)]),
    ("seed", &[("param", Key::SeedParam)]),
    ("metrics", &[("files", Key::MetricsFiles)]),
    (
        "params",
        &[
            ("files", Key::ParamsFiles),
            ("argv", Key::ParamsArgv),
            ("hydra", Key::ParamsHydra),
            ("papermill", Key::ParamsPapermill),
        ],
    ),
    ("run", &[("ignore", Key::Ignore), ("environment", Key::Environment), ("out", Key::Out), ("sample", Key::Sample)]),
    ("evaluation", &[("paths", Key::EvaluationPaths)]),
    ("secrets", &[("patterns", Key::SecretPatterns), ("allow", Key::SecretAllow)]),
];

/// The table of the metrics' own settings: `[metric.<name>]`.
pub(super) const METRIC: &str = "metric";
/// What a metric's table may hold.
pub(super) const DIRECTION: &str = "direction";

/// The table of the remotes of artifacts: `[artifacts]`, names and places.
pub(super) const ARTIFACTS: &str = "artifacts";
/// What a value of it may be.
pub(super) const ARTIFACTS_ALLOWED: &str = "a folder, a bucket, a server of Git LFS or a remote of git, as in shared = \"/mnt/models\" or bucket = \"s3://models/xp\"";

/// The table of the pins of data: `[data]`, names and paths or URIs.
pub(super) const DATA: &str = "data";
/// What a value of it may be.
pub(super) const DATA_ALLOWED: &str = "a path or the URI of a version, as in train = \"data/train\"";

/// A value that a setting cannot have.
#[derive(Debug)]
pub(super) struct WrongValue {
    pub(super) found: String,
    pub(super) allowed: String,
}

impl WrongValue {
    pub(super) fn new(found: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self { found: found.into(), allowed: allowed.into() }
    }
}

impl Key {
    /// Whether it takes a list.
    pub(super) fn is_list(self) -> bool {
        matches!(
            self,
            Self::Locked
                | Self::MetricsFiles
                | Self::Ignore
                | Self::Environment
                | Self::EvaluationPaths
                | Self::SecretPatterns
                | Self::SecretAllow
                | Self::ParamsFiles
        )
    }

    /// Whether it is true or false.
    pub(super) fn is_flag(self) -> bool {
        matches!(self, Self::ParamsArgv | Self::ParamsHydra | Self::ParamsPapermill)
    }

    /// What to write, in words, where the type is wrong.
    pub(super) fn allowed(self) -> String {
        match self {
            Self::Prefix => "a string, as in \"exp/\"".to_owned(),
            Self::Baseline => "a string, as in \"main\"".to_owned(),
            Self::Rule(rule) => levels(rule),
            Self::Locked => "a list of rules, as in [\"clean\", \"seed\"]".to_owned(),
            Self::SeedParam => "a string, as in \"train.seed\"".to_owned(),
            Self::MetricsFiles => "a list of paths, as in [\"metrics.json\"]".to_owned(),
            Self::Ignore => "a list of patterns, as in [\"data/**\"]".to_owned(),
            Self::Environment => "a list of names, as in [\"CUDA_VISIBLE_DEVICES\"]".to_owned(),
            Self::Out => "a path, as in \"out\"".to_owned(),
            Self::Sample => check::INTERVAL.to_owned(),
            Self::EvaluationPaths => "a list of paths, as in [\"eval.py\"]".to_owned(),
            Self::ParamsFiles => "a list of paths, as in [\"params.yaml\"]".to_owned(),
            Self::ParamsArgv | Self::ParamsHydra | Self::ParamsPapermill => "true or false".to_owned(),
            Self::SecretPatterns | Self::SecretAllow => {
                "a list of regular expressions, as in ['corp-[0-9a-f]{32}']".to_owned()
            }
        }
    }

    /// Whether one text, or one item of a list, can be its value.
    pub(super) fn check(self, text: &str) -> Result<(), WrongValue> {
        let checked: Checked = match self {
            Self::Prefix => check::prefix(text),
            Self::Baseline => check::revision(text),
            Self::SeedParam => check::param(text),
            Self::Environment => check::variable(text),
            Self::Sample => check::interval(text).map(drop),
            Self::MetricsFiles | Self::Out | Self::EvaluationPaths | Self::ParamsFiles => check::path(text),
            Self::Ignore => {
                if let Some(why) = ignore::fault(text) {
                    let allowed = format!("a pattern, as in \"data/**\" ({why})");
                    return Err(WrongValue::new(shown(text), allowed));
                }
                check::path(text)
            }
            Self::ParamsArgv | Self::ParamsHydra | Self::ParamsPapermill => check::flag(text).map(drop),
            Self::SecretPatterns | Self::SecretAllow => {
                let allowed = |why| format!("a regular expression, as in 'corp-[0-9a-f]{{32}}' ({why})");
                return pattern::compile(text).map(drop).map_err(|why| WrongValue::new(shown(text), allowed(why)));
            }
            Self::Rule(rule) => {
                return rule.parse_level(text).map(drop).map_err(|_| WrongValue::new(shown(text), levels(rule)));
            }
            Self::Locked => {
                let names: Vec<String> = Rule::ALL.iter().map(|rule| format!("{:?}", rule.as_str())).collect();
                let allowed = super::rule::alternatives(names.iter().map(String::as_str));
                return text.parse::<Rule>().map(drop).map_err(|_| WrongValue::new(shown(text), allowed));
            }
        };
        checked.map_err(|allowed| WrongValue::new(shown(text), allowed))
    }

    /// Puts values that [`Key::check`] accepted into a layer; of a single value, the last one counts.
    ///
    /// `Key::Locked` is not part of a layer: only the file can lock.
    pub(super) fn store(self, values: Vec<String>, layer: &mut Layer) {
        let last = values.last().cloned();
        match self {
            Self::Prefix => layer.prefix = last,
            Self::Baseline => layer.baseline = last,
            Self::SeedParam => layer.seed_param = last,
            Self::Rule(rule) => {
                if let Some(level) = last.and_then(|text| rule.parse_level(&text).ok()) {
                    layer.rules.insert(rule, level);
                }
            }
            Self::MetricsFiles => layer.metrics_files = Some(values),
            Self::Ignore => layer.ignore = Ignore::new(&values).ok(),
            Self::Environment => layer.environment = Some(values),
            Self::Out => layer.out = last,
            Self::Sample => layer.sample = last.and_then(|text| check::interval(&text).ok()),
            Self::EvaluationPaths => layer.evaluation_paths = Some(values),
            Self::SecretPatterns => layer.secret_patterns = values,
            Self::SecretAllow => layer.secret_allow = values,
            Self::ParamsFiles => layer.params_files = Some(values),
            Self::ParamsArgv => layer.params_argv = flag(last),
            Self::ParamsHydra => layer.params_hydra = flag(last),
            Self::ParamsPapermill => layer.params_papermill = flag(last),
            Self::Locked => {}
        }
    }
}

fn flag(text: Option<String>) -> Option<bool> {
    check::flag(&text?).ok()
}

/// Reads a metric's direction.
pub(super) fn direction(text: &str) -> Result<Direction, WrongValue> {
    text.parse().map_err(|_| WrongValue::new(shown(text), directions()))
}

pub(super) fn directions() -> String {
    "\"maximize\" or \"minimize\"".to_owned()
}

/// The name that an unknown one was probably meant to be.
pub(super) fn did_you_mean<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer texts are no typing errors, and comparing costs the product of the lengths.
    let unknown = Some(unknown.to_lowercase()).filter(|unknown| unknown.len() <= 40)?;
    known
        .map(|name| (strsim::jaro_winkler(&unknown, name), name))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The warning about a name that is not known.
pub(super) fn unknown(place: &str, name: &str, suggestion: Option<String>) -> String {
    let hint = suggestion.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    format!("{place}: unknown setting {} is ignored{hint}", shown(name))
}

fn levels(rule: Rule) -> String {
    let names: Vec<String> = rule.levels().iter().map(|level| format!("{:?}", level.as_str())).collect();
    super::rule::alternatives(names.iter().map(String::as_str))
}
