//! In what any number of runs disagree.

use std::collections::BTreeSet;

use serde_json::Value;

use super::recorded::{Recorded, Subject};
use super::section::Section;

/// The sections of which several runs show the differences, where nobody asks for others.
const USUAL: [Section; 4] = [Section::Seed, Section::Status, Section::Params, Section::Metrics];

/// A key in which runs disagree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    /// The section.
    pub section: Section,
    /// The section of the file, or the file; empty where there are none.
    pub group: String,
    /// The key.
    pub key: String,
}

/// In what several runs disagree.
#[derive(Debug, Clone, PartialEq)]
pub struct Several {
    /// The runs.
    pub subjects: Vec<Subject>,
    /// The keys in which they disagree, by section and name.
    pub columns: Vec<Column>,
    /// A row for each run: the values in the order of the columns; `None` where it has none.
    pub rows: Vec<Vec<Option<Value>>>,
    /// Other sections in which they disagree, in order. Duration is not among them.
    pub also: Vec<Section>,
}

/// In what several runs disagree, in some sections; an empty list means seed, status, params and metrics.
pub fn several(runs: &[Recorded], only: &[Section]) -> Several {
    let shown: &[Section] = if only.is_empty() { &USUAL } else { only };
    let mut columns = Vec::new();
    let mut also = Vec::new();
    let usual_first = USUAL.into_iter().chain(Section::ALL.into_iter().filter(|section| !USUAL.contains(section)));
    for section in usual_first {
        let keys: BTreeSet<&(String, String)> = runs.iter().flat_map(|run| run.section(section).keys()).collect();
        let disagree = |key: &&(String, String)| {
            let mut values = runs.iter().map(|run| run.section(section).get(*key));
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let mut differing = keys.into_iter().filter(disagree).peekable();
        if shown.contains(&section) {
            columns.extend(differing.map(|(group, key)| Column { section, group: group.clone(), key: key.clone() }));
        } else if section != Section::Duration && differing.peek().is_some() {
            also.push(section);
        }
    }
    let row = |run: &Recorded| {
        let value =
            |column: &Column| run.section(column.section).get(&(column.group.clone(), column.key.clone())).cloned();
        columns.iter().map(value).collect()
    };
    let rows = runs.iter().map(row).collect();
    also.sort();
    Several { subjects: runs.iter().map(|run| run.subject.clone()).collect(), columns, rows, also }
}
