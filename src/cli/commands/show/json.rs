//! Runs and experiments as JSON; the shape is described in `docs/json.md`.

use serde_json::{Map, Value, json};

use super::experiment::state;
use super::view::{Files, View};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::model::fact::{About, Header};
use crate::model::tag;
use crate::records::{ExperimentRecord, Records};
use crate::store::details::Details;

/// One run.
///
/// # Errors
/// If the fact is no JSON.
pub(super) fn run(details: &Details) -> Result<Value, CliError> {
    let fact: Value = serde_json::from_slice(&details.bytes)
        .map_err(|error| CliError::new(format!("run {}: {error}", details.header.id)))?;
    let withdrawal = details.about.iter().rfind(|(header, _)| header.kind == "withdrawal");
    let late = details
        .late
        .iter()
        .map(|(header, late)| json!({"id": header.id, "time": header.time, "by": header.by, "late": late}));
    Ok(json!({
        "fact": fact,
        "late": late.collect::<Vec<_>>(),
        "withdrawn": withdrawal.map(|(_, about)| about.because.clone().unwrap_or_default()),
        "ledger": details.ledger,
        "files": details.files.keys().collect::<Vec<_>>(),
        "tags": tag::tags(&[], &details.about),
        "about": about(&details.about),
    }))
}

/// A run under way: what is known so far.
pub(super) fn open(view: &View) -> Value {
    let files: Vec<&str> = match &view.files {
        Files::Disk(files) => files.iter().map(|(name, _)| name.as_str()).collect(),
        Files::Blobs(blobs) => blobs.keys().map(String::as_str).collect(),
    };
    json!({"id": view.id, "by": view.by, "stage": view.stage, "fact": view.fact, "folder": view.place, "files": files})
}

/// An experiment without its runs.
///
/// # Errors
/// If the branches cannot be read.
pub(super) fn experiment(cx: &Context, records: &Records, found: &ExperimentRecord) -> Result<Value, CliError> {
    let current = found.current.to_experiment(&records.names);
    let said = records.said(found.id);
    let registrations: Vec<Value> = records
        .registrations(found)
        .iter()
        .map(|(header, registration)| {
            json!({"id": header.id, "time": header.time, "by": header.by, "registration": registration})
        })
        .collect();
    Ok(json!({
        "id": found.id,
        "time": found.time,
        "current": current,
        "amendments": found.earlier.len(),
        "state": state(cx, records, found)?,
        "registrations": registrations,
        "tags": tag::tags(&current.tags, &said),
        "about": about(&said),
    }))
}

/// What was said later: header and body of each fact in one object.
fn about(about: &[(Header, About)]) -> Vec<Value> {
    about
        .iter()
        .map(|(header, fact)| {
            let mut whole: Map<String, Value> = Map::new();
            for part in [json!(header), json!(fact)] {
                whole.extend(part.as_object().cloned().unwrap_or_default());
            }
            // It is about what it stands below.
            whole.shift_remove("target");
            Value::Object(whole)
        })
        .collect()
}
