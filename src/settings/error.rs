//! What can be wrong with settings.

use super::rule::{Level, Rule};

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The file is no TOML.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The file's path.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A setting of the file has a wrong type or value.
    #[error("{file}:{line}:{column}: `{key}` cannot be {found}: write {allowed}")]
    FileValue {
        /// The file's path.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// The setting, with dots.
        key: String,
        /// What stands there.
        found: String,
        /// What may stand there.
        allowed: String,
    },
    /// A setting of git's config has a wrong value.
    #[error("git config `{key}` cannot be {found}: write {allowed}, or remove it with `git config --unset-all {key}`")]
    ConfigValue {
        /// The setting as git names it.
        key: String,
        /// What it is.
        found: String,
        /// What it may be.
        allowed: String,
    },
    /// An option has a wrong value.
    #[error("the option for `{key}` cannot be {found}: write {allowed}")]
    OptionValue {
        /// The setting, with dots.
        key: String,
        /// What it is.
        found: String,
        /// What it may be.
        allowed: String,
    },
    /// A locked rule was loosened.
    #[error("{file} locks the rule `{rule}` at {locked}: {by} cannot loosen it to {level}; {fix}")]
    Loosened {
        /// The file that locks it.
        file: String,
        /// The rule.
        rule: Rule,
        /// The level that it is locked at.
        locked: Level,
        /// What tried: an option or git's config.
        by: String,
        /// The level that was asked for.
        level: Level,
        /// What to do.
        fix: String,
    },
    /// Git's config would exempt paths from a locked rule.
    #[error(
        "{file} locks the rule `clean`: git config `xp.run.ignore` cannot add {pattern:?}; \
         add it to the file, or remove it with `git config --unset-all xp.run.ignore`"
    )]
    Exempted {
        /// The file that locks it.
        file: String,
        /// The first pattern that the file does not have.
        pattern: String,
    },
}
