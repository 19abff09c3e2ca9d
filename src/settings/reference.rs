//! All settings in words: what `docs/config.md` and the file that `git xp init` writes are made from.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::key::{Key, TABLES};
use super::rule::Rule;
use super::{DEFAULT_METRICS_FILES, DEFAULT_PREFIX};

/// A setting in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The table of `.xp.toml` that it stands in.
    pub table: &'static str,
    /// Its name there. `<name>` stands for one of the user's own.
    pub key: &'static str,
    /// What it does: sentences, without line breaks.
    pub about: &'static str,
    /// What holds if nothing is said, as TOML; `None` if that is nothing at all.
    pub default: Option<String>,
    /// A value, as TOML.
    pub example: &'static str,
    /// Whether `git config xp.<table>.<key>` is read too.
    pub in_git_config: bool,
}

/// What stands where a user's own name goes.
pub const OWN_NAME: &str = "<name>";

/// A variable that only git's config has, or that the environment has: name, meaning.
pub type Variable = (&'static str, &'static str);

/// What git's config alone says.
pub const GIT_CONFIG: [Variable; 2] = [
    ("xp.index", "`false`: read without the index in `.git/xp/index.sqlite`, and make none. Default: `true`."),
    (
        "notes.xp.mergeStrategy",
        "Git's own: `cat_sort_uniq`, so that `git notes --ref=xp merge` unites two clones' notes. `git xp init` sets it.",
    ),
];

/// What git-xp reads from the environment.
pub const ENVIRONMENT: [Variable; 5] = [
    (
        "GIT_XP_JOURNAL",
        "The file of the run that `git xp log-metric` and `git xp log-param` append to. `git xp run` sets it.",
    ),
    ("GIT_XP_SEED", "The seed, for `git xp check` in a hook. `git xp run` sets it."),
    ("NO_COLOR", "If not empty: no colours, see [no-color.org](https://no-color.org)."),
    ("COLUMNS", "The width of tables where no terminal tells one."),
    ("GIT_PAGER", "The pager, as in git: before `core.pager` and `PAGER`; `cat` or empty for none."),
];

/// What a run's command finds in its environment.
pub const FOR_COMMANDS: [Variable; 7] = [
    ("GIT_XP_RUN", "The run's id."),
    ("GIT_XP_JOURNAL", "The file that takes metrics and params as JSON lines, see [journal.md](journal.md)."),
    ("GIT_XP_SEED", "The seed, if one was given."),
    ("GIT_XP_CONFIG", "The config copy of `--config`."),
    ("GIT_XP_OUT", "The folder or file of `--out` or `{out}`."),
    ("PYTHONHASHSEED", "The low 32 bits of the seed, if one was given."),
    ("PYTHONUNBUFFERED", "`1`, so that output is seen when it is printed."),
];

/// All settings, in the order of the file.
#[must_use]
pub fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for (table, keys) in TABLES {
        for (name, key) in keys {
            let (about, default, example) = words(*key);
            let in_git_config = *key != Key::Locked;
            entries.push(Entry { table, key: name, about, default, example, in_git_config });
        }
    }
    entries.push(Entry {
        table: "metric.<name>",
        key: "direction",
        about: "Which way a metric is better: `maximize` or `minimize`. A hypothesis that expects something of the metric says it too.",
        default: None,
        example: "\"maximize\"",
        in_git_config: true,
    });
    entries.push(Entry {
        table: "data",
        key: OWN_NAME,
        about: "Data that every run is pinned to: a path from the top of the repository, or the URI of a version (docs/capture.md).",
        default: None,
        example: "\"data/train\"",
        in_git_config: false,
    });
    entries.push(Entry {
        table: "artifacts",
        key: OWN_NAME,
        about: "Where artifacts are pushed to and fetched from; the first is the default. A folder, a bucket (`s3://`, `gs://`, `az://`), the URL of a Git LFS server, or the name of a git remote (docs/artifacts.md). If nothing is said, the Git LFS server of the git remote.",
        default: None,
        example: "\"/mnt/models\"",
        in_git_config: true,
    });
    entries
}

/// Meaning, default and example of a setting.
fn words(key: Key) -> (&'static str, Option<String>, &'static str) {
    let text = |text: &str| Some(format!("{text:?}"));
    match key {
        Key::Prefix => ("What the branches of experiments start with.", text(DEFAULT_PREFIX), "\"exp/\""),
        Key::Baseline => (
            "What experiments are compared with: a branch, tag or commit. If nothing is said, the default branch.",
            None,
            "\"main\"",
        ),
        Key::Rule(Rule::Clean) => (
            "What happens if files differ from the commit: `refuse` the run, `commit` everything first, store the exact tree as a `snapshot`, `warn`, or `off`.",
            text("refuse"),
            "\"commit\"",
        ),
        Key::Rule(Rule::Seed) => {
            ("What happens if no seed is given: `refuse` the run, `warn`, or `off`.", text("refuse"), "\"warn\"")
        }
        Key::Locked => {
            ("Rules that options and git's config can only tighten.", Some("[]".to_owned()), "[\"clean\", \"seed\"]")
        }
        Key::SeedParam => (
            "The key of the config that is the seed: `--seed` sets it in the config copy, and it does not count as a param.",
            None,
            "\"train.seed\"",
        ),
        Key::MetricsFiles => (
            "JSON files whose numbers become metrics if they were written while the run was open.",
            Some(format!("{DEFAULT_METRICS_FILES:?}")),
            "[\"results/metrics.json\"]",
        ),
        Key::Ignore => (
            "Patterns of paths that never count as changes, beside what .gitignore says.",
            Some("[]".to_owned()),
            "[\"scratch/**\"]",
        ),
        Key::Environment => (
            "Environment variables to record with each run beside the usual ones (docs/capture.md); a `*` at the end takes all that begin so.",
            Some("[]".to_owned()),
            "[\"MY_FLAG\", \"MYLIB_*\"]",
        ),
        Key::Out => {
            ("The folder in which `{out}` makes a fresh folder for each run. `--out` beats it.", None, "\"out\"")
        }
        Key::Sample => (
            "How often CPU, memory, disks and GPUs are looked at while a command runs, as series `system/…`: a duration from 0.1s to one day, or `off`.",
            text("off"),
            "\"10s\"",
        ),
        Key::ParamsFiles => (
            "Files whose values are params, read before each run. If nothing is said, params.yaml and what else dvc.yaml names in a project of DVC (docs/capture.md).",
            None,
            "[\"params.yaml\"]",
        ),
        Key::ParamsArgv => {
            ("Whether the command's options are params: `--lr 0.1` as `argv.lr`.", Some("false".to_owned()), "true")
        }
        Key::ParamsHydra => {
            ("Whether to take the config that Hydra leaves in `.hydra`.", Some("true".to_owned()), "false")
        }
        Key::ParamsPapermill => {
            ("Whether to take the parameters of the notebook that papermill writes.", Some("true".to_owned()), "false")
        }
        Key::EvaluationPaths => (
            "The code that computes the metrics: its digest is recorded with each run, so that numbers of different rulers are not compared unseen.",
            Some("[]".to_owned()),
            "[\"eval.py\"]",
        ),
        Key::SecretPatterns => (
            "Regular expressions of secrets to mask beside the built-in rules (docs/security.md). Those of the file and of git's config add up.",
            Some("[]".to_owned()),
            "['corp-[0-9a-f]{32}']",
        ),
        Key::SecretAllow => {
            ("Regular expressions of what only looks like a secret.", Some("[]".to_owned()), "['^EXAMPLE']")
        }
    }
}

/// A value that a new file gets instead of the default, and the reason that stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// As TOML.
    pub value: String,
    /// Why: part of a line, printable.
    pub because: String,
}

/// The text of a new `.xp.toml`: all settings as comments, with what was chosen by (table, key) in force.
#[must_use]
pub fn new_file(chosen: &BTreeMap<(String, String), Chosen>) -> String {
    let mut out = String::from(
        "# Settings of git-xp for everybody who works on this repository; its text is recorded with each run.\n\
         # `git config xp.<table>.<key>` and options beat it, but for rules that are locked here.\n\
         # What is commented out says the default, or is an example.\n",
    );
    let mut table = "";
    for entry in entries() {
        let own: Vec<_> = chosen.iter().filter(|((of, key), _)| entry.holds(of, key)).collect();
        if entry.table != table {
            table = entry.table;
            // Tables of the user's own names are made below, one for each.
            if !table.contains(OWN_NAME) {
                let _ = write!(out, "\n[{table}]\n");
            }
        }
        let own_table = table.contains(OWN_NAME);
        if own_table {
            out.push('\n');
        }
        wrap(&mut out, entry.about);
        for ((of, key), chosen) in &own {
            if own_table {
                let _ = writeln!(out, "[{of}]");
            }
            let _ = writeln!(out, "{key} = {}    # {}", chosen.value, chosen.because);
        }
        if own.is_empty() {
            if own_table {
                let _ = writeln!(out, "# [{}]", table.replace(OWN_NAME, "val_acc"));
            }
            let value = entry.default.as_deref().unwrap_or(entry.example);
            let _ = writeln!(out, "# {} = {value}", entry.key.replace(OWN_NAME, "train"));
        }
    }
    out
}

/// As comments of at most 100 characters a line.
fn wrap(out: &mut String, text: &str) {
    let mut length = 0;
    for word in text.split(' ') {
        if length == 0 || length + 1 + word.len() > 100 {
            if length > 0 {
                out.push('\n');
            }
            out.push('#');
            length = 1;
        }
        out.push(' ');
        out.push_str(word);
        length += 1 + word.len();
    }
    out.push('\n');
}

impl Entry {
    /// Whether it is the entry of a setting with this table and key.
    fn holds(&self, table: &str, key: &str) -> bool {
        let matches = |pattern: &str, text: &str| match pattern.split_once(OWN_NAME) {
            Some((before, after)) => text.starts_with(before) && text.ends_with(after),
            None => pattern == text,
        };
        matches(self.table, table) && matches(self.key, key)
    }

    /// Its name in git's config.
    #[must_use]
    pub fn git_config(&self) -> Option<String> {
        self.in_git_config.then(|| format!("xp.{}.{}", self.table, self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::{Chosen, OWN_NAME, entries, new_file};
    use crate::settings::{GitConfig, Overrides, Settings};
    use std::collections::BTreeMap;

    fn resolved(text: &str) -> Settings {
        let file = Settings::parse_file(text, ".xp.toml").unwrap_or_else(|error| panic!("{error}\n{text}"));
        let (settings, warnings) =
            Settings::resolve(&file, &GitConfig::default(), &Overrides::default()).expect("settings");
        assert!(warnings.is_empty(), "{warnings:?}");
        settings
    }

    #[test]
    fn a_new_file_says_the_defaults() {
        let text = new_file(&BTreeMap::new());
        assert_eq!(resolved(&text), Settings::default());
        // With the comment signs before the defaults taken away it says the same.
        let mut said = String::new();
        for line in text.lines() {
            let entry = entries().into_iter().find(|entry| {
                entry.default.as_ref().is_some_and(|default| line == format!("# {} = {default}", entry.key))
            });
            said.push_str(if entry.is_some() { &line[2..] } else { line });
            said.push('\n');
        }
        assert!(said.contains("\nclean = \"refuse\"\n"), "{said}");
        assert_eq!(resolved(&said), Settings::default());
    }

    #[test]
    fn every_example_can_be_written_in_its_place() {
        let mut chosen = BTreeMap::new();
        for entry in entries() {
            let own = |text: &str| text.replace(OWN_NAME, "some_name");
            let value = Chosen { value: entry.example.to_owned(), because: "an example".to_owned() };
            chosen.insert((own(entry.table), own(entry.key)), value);
        }
        let settings = resolved(&new_file(&chosen));
        assert_eq!(settings.seed_param.as_deref(), Some("train.seed"));
        assert_eq!(settings.data["some_name"], "data/train");
        assert_eq!(settings.directions.len(), 1);
        for entry in entries().iter().filter(|entry| entry.table != "metric.<name>" && entry.in_git_config) {
            let document: toml::Table = format!("x = {}", entry.example).parse().expect("TOML");
            let value = match &document["x"] {
                toml::Value::Array(items) => items[0].as_str().map(str::to_owned),
                toml::Value::Boolean(flag) => Some(flag.to_string()),
                value => value.as_str().map(str::to_owned),
            };
            let name = entry.git_config().expect("a name").replace(OWN_NAME, "some-name");
            let config = GitConfig::read([(name.as_str(), value.expect("a string"))]).expect("it is read");
            assert!(config.warnings.is_empty(), "{name}: {:?}", config.warnings);
        }
    }
}
