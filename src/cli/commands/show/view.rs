//! What is shown of a run, wherever it lies: in a ledger, or still under way.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::live::Live;
use crate::git::Oid;
use crate::model::fact::{About, Body, Header, Late};
use crate::model::id::Id;
use crate::model::metric::Summary;
use crate::model::run::Run;
use crate::store::details::Details;
use crate::store::folder::Stage;
use crate::store::owner::Host;

/// A run as it is shown.
#[derive(Debug)]
pub(super) struct View {
    pub(super) id: Id,
    pub(super) by: String,
    pub(super) run: Run,
    /// The fact as it was written, or as far as it goes.
    pub(super) fact: Map<String, Value>,
    pub(super) late: Vec<(Header, Late)>,
    pub(super) about: Vec<(Header, About)>,
    pub(super) environment: Option<Vec<u8>>,
    pub(super) files: Files,
    /// How far a run under way has come; `None` for one that is sealed.
    pub(super) stage: Option<&'static str>,
    /// Where it lies.
    pub(super) place: String,
}

/// Where the files of a run are.
#[derive(Debug)]
pub(super) enum Files {
    /// Blobs of a ledger, by path.
    Blobs(BTreeMap<String, Oid>),
    /// Files on the disk: name, size.
    Disk(Vec<(String, u64)>),
}

/// A value and the later fact that it is from, if it is.
pub(super) struct Merged<'a, T> {
    /// What counts now.
    pub(super) value: &'a T,
    /// The fact that added it.
    pub(super) late: Option<&'a Header>,
    /// What stood there before.
    pub(super) before: Option<&'a T>,
}

impl View {
    /// Of a sealed run.
    ///
    /// # Errors
    /// If an object is missing or corrupt.
    pub(super) fn sealed(cx: &Context, details: Details) -> Result<Self, CliError> {
        let fact = serde_json::from_slice(&details.bytes)
            .map_err(|error| CliError::new(format!("run {}: {error}", details.header.id)))?;
        let environment = details.files.get("env.toml").map(|blob| file::content(cx, *blob));
        let Details { header, run, late, about, files, ledger, stem, .. } = details;
        Ok(Self {
            place: format!("{ledger}:facts/{}/{stem}.json", header.id.fan_out()),
            id: header.id,
            by: header.by,
            run,
            fact,
            late,
            about,
            // A file that is elsewhere is no reason to show nothing.
            environment: environment.and_then(Result::ok),
            files: Files::Blobs(files),
            stage: None,
        })
    }

    /// Of a run under way: what is known so far.
    ///
    /// # Errors
    /// If its journal cannot be read.
    pub(super) fn live(cx: &Context, live: Live) -> Result<Self, CliError> {
        let Live { folder, by, mut run } = live;
        let stage = folder.stage(&Host::this());
        let is_open = folder.made_fact().is_none();
        if let Some(made) = folder.made_fact()
            && let Body::Run(made) = made.body
        {
            run = *made;
        } else {
            let mut journal =
                folder.read_journal().map_err(|error| CliError::new(format!("{}: {error}", folder.path.display())))?;
            run.params.append(&mut journal.params);
            run.artifacts.append(&mut journal.artifacts);
            run.metrics = journal.summaries(|metric| cx.direction(metric)).into_iter().collect();
        }
        let environment = std::fs::read(folder.files().join("env.toml")).ok();
        let mut fact = match serde_json::to_value(&run) {
            Ok(Value::Object(fact)) => fact,
            _ => Map::new(),
        };
        if is_open {
            // Nobody knows them yet.
            fact.retain(|key, _| !matches!(key.as_str(), "status" | "end" | "seconds"));
        }
        Ok(Self {
            id: folder.id,
            by,
            run,
            fact,
            late: Vec::new(),
            about: Vec::new(),
            environment,
            files: Files::Disk(file::on_disk(&folder)),
            stage: Some(words(stage)),
            place: folder.path.display().to_string(),
        })
    }

    /// The metrics, with what later facts say.
    pub(super) fn metrics(&self) -> BTreeMap<&String, Merged<'_, Summary>> {
        merge(&self.run.metrics, self.late.iter().map(|(header, late)| (header, &late.metrics)))
    }

    /// The params, with what later facts say.
    pub(super) fn params(&self) -> BTreeMap<&String, Merged<'_, Value>> {
        merge(&self.run.params, self.late.iter().map(|(header, late)| (header, &late.params)))
    }

    /// The withdrawal that counts: the last one.
    pub(super) fn withdrawal(&self) -> Option<&(Header, About)> {
        self.about.iter().rfind(|(header, _)| header.kind == "withdrawal")
    }
}

fn merge<'a, T>(
    first: &'a BTreeMap<String, T>,
    later: impl Iterator<Item = (&'a Header, &'a BTreeMap<String, T>)>,
) -> BTreeMap<&'a String, Merged<'a, T>> {
    let first = first.iter().map(|(name, value)| (name, Merged { value, late: None, before: None }));
    let mut all: BTreeMap<&String, Merged<'_, T>> = first.collect();
    for (header, values) in later {
        for (name, value) in values {
            let before = all.get(name).map(|merged| merged.value);
            all.insert(name, Merged { value, late: Some(header), before });
        }
    }
    all
}

/// How far a run under way has come, in a word or two.
pub(super) fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Open | Stage::Opening => "running",
        Stage::Manual => "open, logged by hand",
        Stage::Foreign => "running on another host",
        Stage::Pending => "ended, waits to be sealed",
        Stage::Orphaned | Stage::Abandoned => "left alone; git xp status records it",
        Stage::Broken => "unreadable",
    }
}
