//! Facts about a sealed run: late metrics and params, and its withdrawal.

use serde_json::Value;

use super::{RecordError, pending};
use crate::model::direction::Direction;
use crate::model::fact::{About, Body, Fact, Header, Late};
use crate::model::id::Id;
use crate::model::time::Time;
use crate::store::folder::Root;
use crate::store::journal::Journal;

/// Add journal lines to a sealed run, as a `late` fact.
///
/// # Errors
/// If the disk refuses.
pub fn add(
    root: &Root,
    target: (Id, &str),
    by: &str,
    lines: &[u8],
    direction: impl Fn(&str) -> Option<Direction>,
) -> Result<Id, RecordError> {
    let (id, now) = (Id::random()?, Time::now());
    let mut journal = Journal::read(lines).map_err(RecordError::io("standard input"))?;
    let mut files = Vec::new();
    if journal.has_points() {
        let mut series = Vec::new();
        journal.write_series(&mut series).map_err(RecordError::io("series.tsv"))?;
        files.push(("series.tsv".to_owned(), series));
    }
    let late = Late {
        target: target.0,
        commit: Some(target.1.to_owned()),
        params: std::mem::take(&mut journal.params) as std::collections::BTreeMap<String, Value>,
        metrics: journal.summaries(direction),
    };
    let fact = Fact { header: Header::new("late", id, now, by), body: Body::Late(late) };
    pending::submit(root, &fact, &files)?;
    Ok(id)
}

/// Withdraw a run: it is kept, and counted as withdrawn.
///
/// # Errors
/// If the disk refuses.
pub fn withdraw(root: &Root, target: (Id, &str), by: &str, because: &str) -> Result<Id, RecordError> {
    let id = Id::random()?;
    let about = About {
        target: Some(target.0),
        commit: Some(target.1.to_owned()),
        because: Some(because.to_owned()),
        ..About::default()
    };
    let fact = Fact { header: Header::new("withdrawal", id, Time::now(), by), body: Body::Withdrawal(about) };
    pending::submit(root, &fact, &[])?;
    Ok(id)
}
