//! Columns that runs and experiments share: what was said of them later, and what a newer version wrote.

use std::collections::BTreeSet;

use super::cell::Cell;
use super::row::{Said, keys};

/// The tags given at the start and later, sorted, each once.
pub(super) fn tags<'a>(first: &'a [String], about: &'a [Said]) -> Vec<&'a str> {
    let later = about.iter().filter(|said| said.header.kind == "tag").flat_map(|said| &said.about.tags);
    let all: BTreeSet<&str> = first.iter().chain(later).map(String::as_str).collect();
    all.into_iter().collect()
}

/// The texts of remarks, by time.
pub(super) fn remarks<'a>(about: &[Said]) -> Cell<'a> {
    let remarks = about.iter().filter(|said| said.header.kind == "remark");
    Cell::list(&remarks.filter_map(|said| said.about.text.as_deref()).collect::<Vec<_>>())
}

/// All facts about it, as they are written.
pub(super) fn about<'a>(about: &[Said]) -> Cell<'a> {
    if about.is_empty() {
        return Cell::Null;
    }
    Cell::Text(array(about.iter().map(|said| said.text.as_str())).into())
}

/// JSON texts as one JSON array.
pub(super) fn array<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.collect::<Vec<_>>().join(","))
}

/// The keys of a fact that are not among the known ones, as they are written.
pub(super) fn other<'a>(text: &str, known: &[&str]) -> Cell<'a> {
    let mut keys = keys(text);
    keys.retain(|key, _| !known.contains(&key.as_ref()));
    if keys.is_empty() { Cell::Null } else { Cell::json(&keys) }
}
