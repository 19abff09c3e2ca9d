//! What differs between two runs.

use serde_json::Value;

use super::keys::changes;
use super::metrics::{MetricChange, metric_changes};
use super::recorded::{Recorded, Subject};
use super::section::Section;
use crate::model::data::FolderChanges;
use crate::model::direction::Direction;
use crate::model::file_change::FileChange;

/// A value that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The section of the file, or the file; empty where there are none.
    pub group: String,
    /// Its key.
    pub key: String,
    /// The first run's value; `None` if it has none.
    pub a: Option<Value>,
    /// The second run's.
    pub b: Option<Value>,
}

/// How the trees differ that were run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeChanges {
    /// File by file.
    Files(Vec<FileChange>),
    /// These trees are not in this repository.
    Missing(Vec<String>),
    /// Git could not compare them, for this reason.
    Unreadable(String),
}

/// What differs between two runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The first run.
    pub a: Subject,
    /// The second.
    pub b: Subject,
    /// What differs, by section, in order; metrics are in a place of their own.
    pub sections: Vec<(Section, Vec<Change>)>,
    /// How the files of pinned folders differ, once somebody has looked.
    pub folders: Vec<FolderChanges>,
    /// How the code differs, once somebody has looked.
    pub code: Option<CodeChanges>,
    /// Metrics that differ, by name.
    pub metrics: Vec<MetricChange>,
}

/// What differs between two runs. `direction` knows which way a metric is better.
pub fn difference(a: &Recorded, b: &Recorded, direction: impl Fn(&str) -> Option<Direction>) -> Difference {
    let sections = Section::ALL.into_iter().filter(|section| *section != Section::Metrics);
    let sections = sections.map(|section| (section, changes(a.section(section), b.section(section))));
    Difference {
        a: a.subject.clone(),
        b: b.subject.clone(),
        sections: sections.filter(|(_, changes)| !changes.is_empty()).collect(),
        folders: Vec::new(),
        code: None,
        metrics: metric_changes(&a.metrics, &b.metrics, direction),
    }
}

impl Difference {
    /// Leave only some sections; an empty list leaves all.
    pub fn retain(&mut self, only: &[Section]) {
        if only.is_empty() {
            return;
        }
        self.sections.retain(|(section, _)| only.contains(section));
        if !only.contains(&Section::Metrics) {
            self.metrics.clear();
        }
        if !only.contains(&Section::Data) {
            self.folders.clear();
        }
        if !only.contains(&Section::Code) {
            self.code = None;
        }
    }

    /// The values of a section that differ.
    pub fn section(&self, section: Section) -> &[Change] {
        self.sections.iter().find(|(found, _)| *found == section).map_or(&[], |(_, changes)| changes)
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.metrics.is_empty() && self.code.is_none()
    }
}
