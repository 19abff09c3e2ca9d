//! A run as keys and values.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::keys::{Keys, flatten};
use super::section::Section;
use crate::model::id::Id;
use crate::model::metric::{Summary, is_system};
use crate::model::run::Status;
use crate::model::time::Time;

/// Which run it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subject {
    /// The run's id.
    pub id: Id,
    /// The beginning of the id by which people know it.
    #[serde(skip)]
    pub short: String,
    /// The name of its experiment.
    pub name: Option<String>,
    /// The branch, a full ref.
    pub branch: Option<String>,
    /// The seed.
    pub seed: Option<i64>,
    /// How it ended.
    pub status: Status,
    /// When its fact was made.
    pub time: Time,
}

/// A file of a run, as far as it can be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// Its values.
    Keys(Keys),
    /// Text of no known form, or damaged: its digest or object id.
    Opaque(String),
}

/// What is known of a run.
#[derive(Debug)]
pub struct Source<'a> {
    /// Which one it is.
    pub subject: Subject,
    /// The exact fact.
    pub fact: &'a Map<String, Value>,
    /// The params, later ones included.
    pub params: BTreeMap<String, Value>,
    /// The metrics, later ones included.
    pub metrics: BTreeMap<String, Summary>,
    /// `env.toml`.
    pub environment: Option<Document>,
    /// The copies of config files, by the file's name.
    pub configs: BTreeMap<String, Document>,
    /// `.xp.toml`.
    pub settings: Option<Document>,
    /// The run's other files, by path: object ids.
    pub files: BTreeMap<String, String>,
    /// The tags that it has now.
    pub tags: BTreeSet<String>,
    /// Why it was withdrawn, if it was.
    pub withdrawn: Option<String>,
}

/// A run, ready to be compared.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Which one it is.
    pub subject: Subject,
    /// Its values, by section. Of metrics the final values.
    pub keys: BTreeMap<Section, Keys>,
    /// All of its metrics but those of the system.
    pub metrics: BTreeMap<String, Summary>,
}

impl Recorded {
    /// Sort what is known of a run into sections.
    pub fn new(source: Source<'_>) -> Self {
        let mut keys: BTreeMap<Section, Keys> = BTreeMap::new();
        for (key, value) in source.fact {
            if let Some(section) = Section::of(key) {
                let into = keys.entry(section).or_default();
                match section {
                    // `data.train.digest` in a section of that name is `train.digest`.
                    Section::Data | Section::Locks | Section::Files => flatten("", value, into),
                    _ => flatten(key, value, into),
                }
            }
        }
        let digest = |key: &str| Some(Document::Opaque(source.fact.get(key)?.as_str()?.to_owned()));
        add(&mut keys, Section::Environment, "", source.environment.or_else(|| digest("environment")));
        // The fact says the same.
        keys.entry(Section::Environment).or_default().retain(|(group, _), _| group != "locks");
        add(&mut keys, Section::Settings, "", source.settings);
        for (file, document) in source.configs {
            add(&mut keys, Section::Config, &file, Some(document));
        }
        if let (None, Some(Value::Object(config))) = (keys.get(&Section::Config), source.fact.get("config")) {
            let file = config.get("file").and_then(Value::as_str).unwrap_or_default();
            let digest = config.get("digest").and_then(Value::as_str).unwrap_or_default();
            add(&mut keys, Section::Config, file, Some(Document::Opaque(digest.to_owned())));
        }
        let mut put =
            |section, key: String, value| drop(keys.entry(section).or_default().insert((String::new(), key), value));
        source.params.into_iter().for_each(|(name, value)| put(Section::Params, name, value));
        source.files.into_iter().for_each(|(path, oid)| put(Section::Files, path, oid.into()));
        source.tags.into_iter().for_each(|tag| put(Section::Tags, tag, true.into()));
        if let Some(because) = source.withdrawn {
            put(Section::Status, "withdrawn".to_owned(), because.into());
        }
        // What the machine was busy with differs between any two runs.
        let metrics: BTreeMap<String, Summary> =
            source.metrics.into_iter().filter(|(name, _)| !is_system(name)).collect();
        for (name, summary) in &metrics {
            // Every number can be written.
            put(Section::Metrics, name.clone(), serde_json::to_value(&summary.r#final).unwrap_or_default());
        }
        Self { subject: source.subject, keys, metrics }
    }

    /// The values of a section.
    pub(super) fn section(&self, section: Section) -> &Keys {
        static NONE: Keys = Keys::new();
        self.keys.get(&section).unwrap_or(&NONE)
    }
}

fn add(keys: &mut BTreeMap<Section, Keys>, section: Section, file: &str, document: Option<Document>) {
    let into = keys.entry(section).or_default();
    match document {
        Some(Document::Keys(found)) => {
            into.extend(found.into_iter().map(|((group, key), value)| {
                let group = if file.is_empty() { group } else { file.to_owned() };
                ((group, key), value)
            }));
        }
        Some(Document::Opaque(digest)) => drop(into.insert((file.to_owned(), "content".to_owned()), digest.into())),
        None => {}
    }
}
