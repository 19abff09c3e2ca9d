//! Masks what a run is described by: its command, params, variables, and every text of its fact.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::copy::without_nul;
use super::masker::Masker;
use super::names::{self, Strength};
use crate::model::fact::{Body, Fact};
use crate::model::param::placeholders;
use crate::model::run::Run;

/// Keys of facts that link them to each other and to git. They are no texts of people, and a fact that is not found any more is lost.
const LINKS: [&str; 28] = [
    "xp",
    "kind",
    "id",
    "time",
    "by",
    "experiment",
    "name",
    "branch",
    "head",
    "commit",
    "tree",
    "parents",
    "base",
    "baseline",
    "snapshot",
    "changed_during",
    "target",
    "status",
    "start",
    "end",
    "environment",
    "evaluation",
    "plan",
    "condition",
    "argv_digest",
    "from",
    "diff",
    "locks",
];

impl Masker {
    /// An argv: values of options and assignments that are named like secrets, and all that is a secret in itself. Placeholders stay.
    pub fn mask_argv(&self, argv: &[String]) -> Vec<String> {
        let mut out = Vec::with_capacity(argv.len());
        let mut option: Option<&str> = None;
        for arg in argv {
            if let Some(masked) =
                option.take().filter(|name| names::takes(name, arg)).and_then(|name| self.mask_named(name, arg))
            {
                out.push(masked);
                continue;
            }
            match arg.split_once('=') {
                Some((name, value)) if is_plain_name(name) && names::strength(name).is_some() => {
                    let value = self.mask_named(name, value).unwrap_or_else(|| self.mask_text(value));
                    out.push(format!("{name}={value}"));
                }
                _ => {
                    option = Some(arg.as_str()).filter(|arg| arg.starts_with('-') && names::strength(arg).is_some());
                    out.push(self.mask_text(arg));
                }
            }
        }
        out
    }

    /// A param or another value with a name.
    pub fn mask_value(&self, name: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.mask_named(name, text).unwrap_or_else(|| self.mask_text(text))),
            Value::Number(number) if names::strength(name) == Some(Strength::Certain) => {
                self.mask_named(name, &number.to_string()).map_or_else(|| value.clone(), Value::String)
            }
            Value::Array(items) => items.iter().map(|item| self.mask_value(name, item)).collect(),
            // What has the name of a secret is one in all its parts.
            Value::Object(map) if names::strength(name) == Some(Strength::Certain) => {
                let masked = map.iter().map(|(part, value)| (self.mask_text(part), self.mask_value(name, value)));
                Value::Object(masked.collect())
            }
            Value::Object(map) => Value::Object(self.mask_map(map)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn mask_map(&self, map: &Map<String, Value>) -> Map<String, Value> {
        map.iter().map(|(name, value)| (self.mask_text(name), self.mask_value(name, value))).collect()
    }

    /// Params by name.
    pub fn mask_params(&self, params: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        params.iter().map(|(name, value)| (self.mask_text(name), self.mask_value(name, value))).collect()
    }

    /// Environment variables by name.
    pub fn mask_variables(&self, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mask = |name: &str, value: &str| self.mask_named(name, value).unwrap_or_else(|| self.mask_text(value));
        variables.iter().map(|(name, value)| (name.clone(), mask(name, value))).collect()
    }

    /// A run as far as it is described.
    ///
    /// # Errors
    /// If a pattern of `.xp.toml` makes something of it that is no run.
    pub fn mask_run(&self, mut run: Run) -> Result<Run, serde_json::Error> {
        let mut data = std::mem::take(&mut run.data);
        // Digests stay: without them other data would be the same.
        let texts = data.values_mut().flat_map(|pin| [&mut pin.path, &mut pin.uri, &mut pin.from]);
        texts.flatten().for_each(|text| *text = self.mask_text(text));
        Ok(Run { data, ..self.mask_all(run)? })
    }

    /// A fact.
    ///
    /// # Errors
    /// As [`Self::mask_run`].
    pub fn mask_fact(&self, fact: Fact) -> Result<Fact, serde_json::Error> {
        let body = match fact.body {
            Body::Experiment(body) => Body::Experiment(self.mask_all(body)?),
            Body::Run(body) => Body::Run(Box::new(self.mask_run(*body)?)),
            Body::Late(body) => Body::Late(self.mask_all(body)?),
            Body::Withdrawal(body) => Body::Withdrawal(self.mask_all(body)?),
            Body::Tombstone(body) => Body::Tombstone(self.mask_all(body)?),
            Body::Other(body) => Body::Other(self.mask_all(body)?),
        };
        Ok(Fact { header: fact.header, body })
    }

    /// Every text of a value, whatever keys it has or will have.
    fn mask_all<T: Serialize + DeserializeOwned>(&self, whole: T) -> Result<T, serde_json::Error> {
        let Value::Object(map) = serde_json::to_value(&whole)? else { return Ok(whole) };
        let mut masked = Map::new();
        for (key, value) in &map {
            let value = match (key.as_str(), value) {
                (key, value) if LINKS.contains(&key) => value.clone(),
                ("command", Value::Array(argv)) => {
                    let argv: Vec<String> = argv.iter().filter_map(|arg| arg.as_str().map(str::to_owned)).collect();
                    self.mask_argv(&argv).into()
                }
                (_, Value::Object(map)) => Value::Object(self.mask_map(map)),
                (key, value) => self.mask_value(key, value),
            };
            masked.insert(key.clone(), value);
        }
        // What is as it was is not taken apart and put together again.
        if masked == map { Ok(whole) } else { serde_json::from_value(Value::Object(masked)) }
    }

    /// Lines of a journal. A line that is JSON stays JSON.
    pub fn mask_journal_line(&self, line: &[u8]) -> Option<Vec<u8>> {
        let is_param = memchr::memmem::find(line, b"\"param").is_some();
        let masked = self.mask(line);
        // With a NUL in it, it is no JSON; in UTF-16 it may hold a secret.
        if memchr::memchr(0, line).is_some()
            && let Cow::Owned(masked) = self.mask(&without_nul(&masked))
        {
            return Some(masked);
        }
        if !is_param && matches!(masked, Cow::Borrowed(_)) {
            return None;
        }
        let ending: &[u8] = if line.ends_with(b"\n") { b"\n" } else { b"" };
        let Ok(Value::Object(map)) = serde_json::from_slice::<Value>(line) else {
            return (*masked != *line).then(|| masked.into_owned());
        };
        if map.contains_key("journal") {
            // A line of git-xp's own: it was masked before it was written, and names what must be found again.
            return None;
        }
        let mut new = self.mask_map(&map);
        if let (Some(Value::String(name)), Some(value)) = (map.get("param"), map.get("value")) {
            new.insert("value".to_owned(), self.mask_value(name, value));
        }
        (new != map).then(|| [Value::Object(new).to_string().as_bytes(), ending].concat())
    }
}

/// The placeholders of a command that stand where a secret belongs: `--password {pw}`. What fills them is secret, whatever its name.
pub fn secret_placeholders(command: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut option: Option<&str> = None;
    for arg in command {
        let (name, value) = arg.split_once('=').unwrap_or((arg, ""));
        if option.take().is_some_and(|option| names::takes(option, arg)) {
            found.extend(placeholders(std::slice::from_ref(arg)));
        } else if is_plain_name(name) && names::strength(name).is_some() {
            found.extend(placeholders(&[value.to_owned()]));
            option = Some(arg.as_str()).filter(|arg| arg.starts_with('-') && !arg.contains('='));
        }
    }
    found
}

/// Whether what stands before `=` is a name and no text.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | ':'))
}
