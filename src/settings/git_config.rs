//! The `xp.*` variables of git's config.

use super::Layer;
use super::error::SettingsError;
use super::key::{self, Key, TABLES, WrongValue, did_you_mean};

/// What git's config says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitConfig {
    pub(super) layer: Layer,
    pub(super) warnings: Vec<String>,
}

/// Variables that are no settings of this kind; other parts of git-xp read them.
const OTHERS: [&str; 2] = ["pushcode", "index"];

impl GitConfig {
    /// Takes variables with their names as git prints them, in git's order: of a single value the last one counts,
    /// of a list all do. Names without `xp.` before them are skipped.
    ///
    /// Git lower-cases the first and the last part of a name, and keeps the middle as written: fixed names are matched
    /// in any case, the names of metrics exactly.
    ///
    /// # Errors
    /// When a variable has a wrong value; names it and what it may be.
    pub fn read<K: AsRef<str>, V: AsRef<str>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, SettingsError> {
        let mut config = Self::default();
        let mut lists: Vec<(Key, Vec<String>)> = Vec::new();
        for (name, value) in variables {
            let (name, value) = (name.as_ref(), value.as_ref());
            let Some(rest) = strip_prefix_in_any_case(name, "xp.") else { continue };
            let wrong = |wrong: WrongValue| SettingsError::ConfigValue {
                key: name.escape_debug().to_string(),
                found: wrong.found,
                allowed: wrong.allowed,
            };
            match find(rest) {
                Found::Direction(metric) => {
                    let direction = key::direction(value).map_err(wrong)?;
                    config.layer.directions.insert(metric.to_owned(), direction);
                }
                Found::Setting(Key::Locked) => {
                    config
                        .warnings
                        .push("git config `xp.rules.locked` is ignored: only .xp.toml locks rules".to_owned());
                }
                Found::Setting(key) => {
                    key.check(value).map_err(wrong)?;
                    match lists.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, values)) => values.push(value.to_owned()),
                        None => lists.push((key, vec![value.to_owned()])),
                    }
                }
                Found::Remote(remote) => {
                    let shown = super::check::shown;
                    super::check::pin_name(remote).map_err(|allowed| wrong(WrongValue::new(shown(remote), allowed)))?;
                    super::check::remote(value)
                        .map_err(|allowed| wrong(WrongValue::new(super::check::shown_place(value), allowed)))?;
                    // The last one counts, as git has it.
                    config.layer.artifacts.retain(|(known, _)| known != remote);
                    config.layer.artifacts.push((remote.to_owned(), value.to_owned()));
                }
                Found::Data => {
                    config.warnings.push(format!(
                        "git config `{}` is ignored: only [data] of .xp.toml and --data pin data",
                        name.escape_debug()
                    ));
                }
                Found::Other => {}
                Found::Unknown(meant) => config.warnings.push(key::unknown("git config", name, meant)),
            }
        }
        for (key, values) in lists {
            key.store(values, &mut config.layer);
        }
        Ok(config)
    }
}

enum Found<'a> {
    Setting(Key),
    Direction(&'a str),
    Data,
    Remote(&'a str),
    Other,
    Unknown(Option<String>),
}

/// Finds what a name without `xp.` means.
fn find(rest: &str) -> Found<'_> {
    if OTHERS.iter().any(|other| other.eq_ignore_ascii_case(rest)) {
        return Found::Other;
    }
    if strip_prefix_in_any_case(rest, "data.").is_some() {
        return Found::Data;
    }
    if let Some(remote) = strip_prefix_in_any_case(rest, "artifacts.") {
        return Found::Remote(remote);
    }
    if let Some(metric) = strip_prefix_in_any_case(rest, "metric.")
        && let Some((metric, last)) = metric.rsplit_once('.')
    {
        if last.eq_ignore_ascii_case(key::DIRECTION) {
            return Found::Direction(metric);
        }
        let meant = did_you_mean(last, [key::DIRECTION].into_iter());
        return Found::Unknown(meant.map(|meant| format!("xp.metric.{}.{meant}", metric.escape_debug())));
    }
    let lower = rest.to_lowercase();
    let names = || TABLES.iter().flat_map(|(table, keys)| keys.iter().map(move |(name, key)| (*table, *name, *key)));
    if let Some((_, _, key)) = names().find(|(table, name, _)| {
        lower.strip_prefix(table).and_then(|after| after.strip_prefix('.')).is_some_and(|after| after == *name)
    }) {
        return Found::Setting(key);
    }
    let full: Vec<String> = names().map(|(table, name, _)| format!("{table}.{name}")).collect();
    Found::Unknown(did_you_mean(&lower, full.iter().map(String::as_str)).map(|meant| format!("xp.{meant}")))
}

fn strip_prefix_in_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
