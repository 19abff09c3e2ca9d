//! A run as `diff` takes it: its fact, and its files read as far as they can be.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::capture::config::{flatten, parse};
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::CliError;
use crate::diff::{Document, Keys, Recorded, Source, Subject};
use crate::git::Oid;
use crate::model::tag::tags;
use crate::store::details::Details;

/// Files that are compared by what they say, not by their bytes.
const READ_OTHERWISE: [&str; 2] = ["env.toml", "series.tsv"];

/// Read a run.
///
/// # Errors
/// If an object is missing or corrupt.
pub(super) fn recorded(cx: &Context, details: &Details, short: &ShortIds) -> Result<Recorded, CliError> {
    let fact: Map<String, Value> = serde_json::from_slice(&details.bytes)
        .map_err(|error| CliError::new(format!("run {}: {error}", details.header.id)))?;
    let run = &details.run;
    let environment = match details.files.get("env.toml") {
        Some(blob) => Some(by_section(cx, *blob)?),
        None => None,
    };
    let configs = details.files.iter().filter_map(|(path, blob)| Some((path.strip_prefix("config/")?, *blob)));
    let configs = configs.map(|(name, blob)| Ok((name.to_owned(), flat(cx, name, blob)?)));
    let settings = run.settings.as_ref().map(|text| match parse("xp.toml", text.as_bytes()) {
        Ok(map) => Document::Keys(ungrouped(flatten(&map))),
        Err(_) => Document::Opaque(text.clone()),
    });
    let files = details
        .files
        .iter()
        .filter(|(path, _)| !path.starts_with("config/") && !READ_OTHERWISE.contains(&path.as_str()))
        // The params say the same of these, and where Hydra ran is no difference.
        .filter(|(path, _)| !path.starts_with("params/") && !path.starts_with("hydra/"))
        // The fact says the same of these.
        .filter(|(path, _)| !(path.starts_with("data/") && path.ends_with(".manifest")))
        .filter(|(path, _)| run.artifacts.iter().all(|artifact| artifact.name != **path));
    Ok(Recorded::new(Source {
        subject: Subject {
            id: details.header.id,
            short: short.of(&details.header.id),
            name: run.name.clone(),
            branch: run.branch.clone(),
            seed: run.seed,
            status: run.status,
            time: details.header.time,
        },
        fact: &fact,
        params: details.params(),
        metrics: details.metrics(),
        environment,
        configs: configs.collect::<Result<_, CliError>>()?,
        settings,
        files: files.map(|(path, blob)| (path.clone(), blob.to_string())).collect(),
        tags: tags(&[], &details.about),
        withdrawn: details
            .about
            .iter()
            .filter(|(header, _)| header.kind == "withdrawal")
            .map(|(_, about)| about.because.clone().unwrap_or_default())
            .next_back(),
    }))
}

/// A config file; what is none of the known formats is told apart by its object id.
fn flat(cx: &Context, name: &str, blob: Oid) -> Result<Document, CliError> {
    let bytes = cx.repo.read_blob(blob)?;
    Ok(parse(name, &bytes)
        .map_or_else(|_| Document::Opaque(blob.to_string()), |map| Document::Keys(ungrouped(flatten(&map)))))
}

/// `env.toml` in sections: each table at its top is one.
fn by_section(cx: &Context, blob: Oid) -> Result<Document, CliError> {
    let bytes = cx.repo.read_blob(blob)?;
    let Ok(map) = parse("env.toml", &bytes) else { return Ok(Document::Opaque(blob.to_string())) };
    let (sections, top): (Map<String, Value>, Map<String, Value>) =
        map.into_iter().partition(|(_, value)| value.is_object());
    let mut keys = ungrouped(flatten(&top));
    for (section, value) in sections {
        let Value::Object(inner) = value else { continue };
        keys.extend(flatten(&inner).into_iter().map(|(key, value)| ((section.clone(), key), value)));
    }
    Ok(Document::Keys(keys))
}

fn ungrouped(values: BTreeMap<String, Value>) -> Keys {
    values.into_iter().map(|(key, value)| ((String::new(), key), value)).collect()
}
