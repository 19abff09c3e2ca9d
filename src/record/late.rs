//! Facts about a run or an experiment that is sealed: late metrics and params, remarks, tags, a withdrawal.

use std::collections::BTreeMap;

use super::close::LOGGED;
use super::{RecordError, artifacts, names, pending};
use crate::artifact::store::Store;
use crate::capture::secrets::Masker;
use crate::model::direction::Direction;
use crate::model::fact::{About, Body, Fact, Header, Late};
use crate::model::id::Id;
use crate::model::run::LeftOut;
use crate::model::time::Time;
use crate::store::folder::Root;
use crate::store::journal::Journal;

/// Where facts under way lie, and what masks their secrets.
pub type Place<'a> = (&'a Root, &'a Masker);

/// Add journal lines to a sealed run, as a `late` fact. Returns its id, and how many names it does not have.
///
/// # Errors
/// If the disk refuses.
pub fn add(
    store: &Store,
    (root, masker): Place<'_>,
    target: (Id, &str),
    by: &str,
    lines: &[u8],
    direction: impl Fn(&str) -> Option<Direction>,
) -> Result<(Id, LeftOut), RecordError> {
    let (id, now) = (Id::random()?, Time::now());
    let lines: Vec<u8> = lines
        .split_inclusive(|byte| *byte == b'\n')
        .flat_map(|line| masker.mask_journal_line(line).unwrap_or_else(|| line.to_vec()))
        .collect();
    let mut journal = Journal::read(&lines[..]).map_err(RecordError::io("standard input"))?;
    let mut files = Vec::new();
    if journal.has_points() {
        let mut series = Vec::new();
        journal.write_series(&mut series).map_err(RecordError::io("series.tsv"))?;
        files.push(("series.tsv".to_owned(), series));
    }
    let (params, other_params) = names::params(std::mem::take(&mut journal.params), &BTreeMap::new());
    if !other_params.is_empty() {
        files.push((LOGGED.to_owned(), serde_json::to_vec(&other_params)?));
    }
    let artifacts = artifacts::named(std::mem::take(&mut journal.artifacts), &[]);
    for artifact in &artifacts {
        files.extend(artifacts::files(store, artifact)?);
    }
    let (metrics, other_metrics) = names::metrics(journal.summaries(&direction), &direction);
    let left_out = LeftOut { metrics: other_metrics, params: other_params.len() as u64 };
    let late = Late { target: target.0, commit: Some(target.1.to_owned()), metrics, params, artifacts, left_out };
    let fact = Fact { header: Header::new("late", id, now, by), body: Body::Late(late) };
    pending::submit(root, masker, fact, &files)?;
    Ok((id, left_out))
}

/// Withdraw a run: it is kept, and counted as withdrawn.
///
/// # Errors
/// If the disk refuses.
pub fn withdraw(place: Place<'_>, target: (Id, &str), by: &str, because: &str) -> Result<Id, RecordError> {
    let about = About { because: Some(because.to_owned()), ..About::default() };
    submit(place, target, by, "withdrawal", about)
}

/// Say something about a run or an experiment.
///
/// # Errors
/// If the disk refuses.
pub fn remark(place: Place<'_>, target: (Id, &str), by: &str, text: &str) -> Result<Id, RecordError> {
    submit(place, target, by, "remark", About { text: Some(text.to_owned()), ..About::default() })
}

/// Add tags to a run or an experiment, and take others away.
///
/// # Errors
/// If the disk refuses.
pub fn tag(
    place: Place<'_>,
    target: (Id, &str),
    by: &str,
    added: &[String],
    removed: &[String],
) -> Result<Id, RecordError> {
    let about = About { tags: added.to_vec(), removed: removed.to_vec(), ..About::default() };
    submit(place, target, by, "tag", about)
}

fn submit(
    (root, masker): Place<'_>,
    target: (Id, &str),
    by: &str,
    kind: &str,
    about: About,
) -> Result<Id, RecordError> {
    let id = Id::random()?;
    let about = About { target: Some(target.0), commit: Some(target.1.to_owned()), ..about };
    let body = if kind == "withdrawal" { Body::Withdrawal(about) } else { Body::Other(about) };
    pending::submit(root, masker, Fact { header: Header::new(kind, id, Time::now(), by), body }, &[])?;
    Ok(id)
}
