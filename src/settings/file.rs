//! `.xp.toml`, read with the place of every value, so that errors can point at it.

use super::error::SettingsError;
use super::key::{self, Key, TABLES, WrongValue, did_you_mean};
use super::rule::Rule;
use super::{Layer, Settings};
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// What `.xp.toml` says. The default is what an absent file says: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSettings {
    /// The path that stands in messages.
    pub(super) path: String,
    pub(super) layer: Layer,
    pub(super) locked: BTreeSet<Rule>,
    pub(super) warnings: Vec<String>,
}

impl Settings {
    /// Reads the text of `.xp.toml`; `path` stands in messages.
    ///
    /// # Errors
    /// When the text is no TOML, or a setting has a wrong type or value; with line, column and what may stand there.
    pub fn parse_file(text: &str, path: &str) -> Result<FileSettings, SettingsError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = DeTable::parse(text).map_err(|error| {
            let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
            let message = error.message().lines().collect::<Vec<_>>().join("; ");
            SettingsError::Syntax { file: path.to_owned(), line, column, message }
        })?;
        let file = FileSettings { path: path.to_owned(), ..FileSettings::default() };
        let mut reader = Reader { text, file };
        for (name, value) in document.get_ref() {
            reader.table(name, value)?;
        }
        Ok(reader.file)
    }
}

impl FileSettings {
    /// The rules that the file locks.
    #[must_use]
    pub fn locked(&self) -> &BTreeSet<Rule> {
        &self.locked
    }
}

struct Reader<'a> {
    text: &'a str,
    file: FileSettings,
}

type Name<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

impl Reader<'_> {
    fn table(&mut self, name: &Name<'_>, value: &Value<'_>) -> Result<(), SettingsError> {
        let table_name = name.get_ref().as_ref();
        if table_name == key::METRIC {
            let allowed = "a table, as in [metric.val_acc] with direction = \"maximize\"";
            for (metric, settings) in self.entries(table_name, value, allowed)? {
                self.metric(metric, settings, allowed)?;
            }
            return Ok(());
        }
        if table_name == key::DATA {
            for (pin, value) in self.entries(table_name, value, "a table, as in [data] with train = \"data/train\"")? {
                self.pin(pin, value)?;
            }
            return Ok(());
        }
        if table_name == key::ARTIFACTS {
            for (remote, value) in self.entries(table_name, value, key::ARTIFACTS_ALLOWED)? {
                self.remote(remote, value)?;
            }
            return Ok(());
        }
        let Some((table_name, keys)) = TABLES.iter().find(|(known, _)| *known == table_name) else {
            let known = TABLES.iter().map(|(known, _)| *known).chain([key::METRIC, key::DATA, key::ARTIFACTS]);
            let suggestion = did_you_mean(table_name, known).map(|meant| format!("[{meant}]"));
            self.warn(name.span(), table_name, suggestion);
            return Ok(());
        };
        let allowed = format!("a table, [{table_name}]");
        for (name, value) in self.entries(table_name, value, &allowed)? {
            let setting = name.get_ref().as_ref();
            let full = format!("{table_name}.{setting}");
            match keys.iter().find(|(known, _)| *known == setting) {
                Some((_, key)) => self.setting(&full, *key, value)?,
                None => {
                    let meant = did_you_mean(setting, keys.iter().map(|(known, _)| *known));
                    self.warn(name.span(), &full, meant.map(|meant| format!("{table_name}.{meant}")));
                }
            }
        }
        Ok(())
    }

    fn metric(&mut self, metric: &Name<'_>, settings: &Value<'_>, allowed: &str) -> Result<(), SettingsError> {
        let metric = metric.get_ref().as_ref();
        let table = format!("{}.{metric}", key::METRIC);
        for (name, value) in self.entries(&table, settings, allowed)? {
            let full = format!("{table}.{}", name.get_ref());
            if name.get_ref() != key::DIRECTION {
                let meant = did_you_mean(name.get_ref(), [key::DIRECTION].into_iter());
                self.warn(name.span(), &full, meant.map(|meant| format!("{table}.{meant}")));
                continue;
            }
            let text = self.string(&full, value, &key::directions())?;
            let direction = key::direction(text).map_err(|wrong| self.wrong(&full, value.span(), wrong))?;
            self.file.layer.directions.insert(metric.to_owned(), direction);
        }
        Ok(())
    }

    fn pin(&mut self, name: &Name<'_>, value: &Value<'_>) -> Result<(), SettingsError> {
        let pin = name.get_ref().as_ref();
        let full = format!("{}.{pin}", key::DATA);
        super::check::pin_name(pin)
            .map_err(|allowed| self.wrong(&full, name.span(), WrongValue::new("the name of a pin", allowed)))?;
        let text = self.string(&full, value, key::DATA_ALLOWED)?;
        super::check::pin(text)
            .map_err(|allowed| self.wrong(&full, value.span(), WrongValue::new(super::check::shown(text), allowed)))?;
        self.file.layer.data.insert(pin.to_owned(), text.to_owned());
        Ok(())
    }

    fn remote(&mut self, name: &Name<'_>, value: &Value<'_>) -> Result<(), SettingsError> {
        let remote = name.get_ref().as_ref();
        let full = format!("{}.{remote}", key::ARTIFACTS);
        super::check::pin_name(remote)
            .map_err(|allowed| self.wrong(&full, name.span(), WrongValue::new("the name of a remote", allowed)))?;
        let text = self.string(&full, value, key::ARTIFACTS_ALLOWED)?;
        super::check::remote(text).map_err(|allowed| {
            self.wrong(&full, value.span(), WrongValue::new(super::check::shown_place(text), allowed))
        })?;
        self.file.layer.artifacts.push((remote.to_owned(), text.to_owned()));
        Ok(())
    }

    fn setting(&mut self, full: &str, key: Key, value: &Value<'_>) -> Result<(), SettingsError> {
        let mut texts = Vec::new();
        if key.is_list() {
            let DeValue::Array(items) = value.get_ref() else {
                return Err(self.wrong(full, value.span(), WrongValue::new(found(value.get_ref()), key.allowed())));
            };
            for item in items.iter() {
                texts.push((self.string(full, item, &key.allowed())?.to_owned(), item.span()));
            }
        } else if key.is_flag() {
            let DeValue::Boolean(flag) = value.get_ref() else {
                return Err(self.wrong(full, value.span(), WrongValue::new(found(value.get_ref()), key.allowed())));
            };
            texts.push((flag.to_string(), value.span()));
        } else {
            texts.push((self.string(full, value, &key.allowed())?.to_owned(), value.span()));
        }
        for (text, span) in &texts {
            key.check(text).map_err(|wrong| self.wrong(full, span.clone(), wrong))?;
        }
        let texts: Vec<String> = texts.into_iter().map(|(text, _)| text).collect();
        if key == Key::Locked {
            self.file.locked = texts.iter().filter_map(|text| text.parse().ok()).collect();
        }
        key.store(texts, &mut self.file.layer);
        Ok(())
    }

    fn entries<'v, 'i>(
        &self,
        full: &str,
        value: &'v Value<'i>,
        allowed: &str,
    ) -> Result<&'v DeTable<'i>, SettingsError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            other => Err(self.wrong(full, value.span(), WrongValue::new(found(other), allowed))),
        }
    }

    fn string<'v>(&self, full: &str, value: &'v Value<'_>, allowed: &str) -> Result<&'v str, SettingsError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            other => Err(self.wrong(full, value.span(), WrongValue::new(found(other), allowed))),
        }
    }

    fn wrong(&self, full: &str, span: Range<usize>, wrong: WrongValue) -> SettingsError {
        let (line, column) = line_and_column(self.text, span.start);
        SettingsError::FileValue {
            file: self.file.path.clone(),
            line,
            column,
            key: full.escape_debug().to_string(),
            found: wrong.found,
            allowed: wrong.allowed,
        }
    }

    fn warn(&mut self, span: Range<usize>, full: &str, suggestion: Option<String>) {
        let (line, column) = line_and_column(self.text, span.start);
        let place = format!("{}:{line}:{column}", self.file.path);
        let suggestion = suggestion.map(|meant| meant.escape_debug().to_string());
        self.file.warnings.push(key::unknown(&place, full, suggestion));
    }
}

/// A value of the wrong type, as messages show it.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => super::check::shown(text),
        DeValue::Integer(number) => format!("the number {}", number.to_string().chars().take(40).collect::<String>()),
        DeValue::Float(number) => format!("the number {}", number.to_string().chars().take(40).collect::<String>()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(date) => format!("the date {date}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Line and column, in characters, both from 1.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}
