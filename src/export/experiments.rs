//! The table of experiments: one row each, as the newest registration says.

use super::cell::{Cell, Column, Field, Kind, optional};
use super::row::ExperimentRow;
use super::said::{about, other, remarks, tags};
use crate::model::id::Id;

/// The columns of experiments.
pub(super) const FIELDS: [Field<ExperimentRow>; 25] = [
    Field::new("id", Kind::Text, |row| Cell::text(row.id.as_str())),
    Field::new("name", Kind::Text, |row| Cell::text(&row.current.name)),
    Field::new("time", Kind::Time, |row| Cell::Time(row.header.time)),
    Field::new("by", Kind::Text, |row| Cell::some_text(&row.header.by)),
    Field::new("data", Kind::Text, |row| optional(row.current.hypothesis.data.as_deref(), Cell::text)),
    Field::new("method", Kind::Text, |row| optional(row.current.hypothesis.method.as_deref(), Cell::text)),
    Field::new("expect", Kind::Json, |row| Cell::list(&row.current.hypothesis.expect)),
    Field::new("because", Kind::Text, |row| optional(row.current.hypothesis.because.as_deref(), Cell::text)),
    Field::new("planned_seeds", Kind::Integer, |row| {
        optional(row.current.planned_seeds, |seeds| Cell::Integer(seeds.into()))
    }),
    Field::new("tags", Kind::Json, |row| Cell::list(&tags(&row.current.tags, &row.about))),
    Field::new("remarks", Kind::Json, |row| remarks(&row.about)),
    Field::new("branch", Kind::Text, |row| Cell::text(&row.current.branch)),
    Field::new("commit", Kind::Text, |row| Cell::text(&row.current.commit)),
    Field::new("base", Kind::Text, |row| Cell::text(&row.current.base)),
    Field::new("baseline_rev", Kind::Text, |row| {
        optional(row.current.baseline.as_ref(), |baseline| Cell::text(&baseline.rev))
    }),
    Field::new("baseline_commit", Kind::Text, |row| {
        optional(row.current.baseline.as_ref(), |baseline| Cell::text(&baseline.commit))
    }),
    Field::new("from_experiment", Kind::Text, |row| optional(row.current.from.as_ref().map(Id::as_str), Cell::text)),
    Field::new("command", Kind::Json, |row| Cell::list(&row.current.command)),
    Field::new("amendments", Kind::Integer, |row| Cell::count(row.registrations.len().saturating_sub(1) as u64)),
    Field::new("amended", Kind::Time, |row| optional(row.amended.as_ref(), |header| Cell::Time(header.time))),
    Field::new("amended_by", Kind::Text, |row| optional(row.amended.as_ref(), |header| Cell::some_text(&header.by))),
    Field::new("xp", Kind::Text, |row| Cell::text(&row.header.xp)),
    Field::new("ledger", Kind::Text, |row| Cell::text(&row.ledger)),
    Field::new("about", Kind::Json, |row| about(&row.about)),
    Field::new("other", Kind::Json, |row| {
        other(row.registrations.last().map(String::as_str).unwrap_or_default(), &KEYS)
    }),
];

/// The keys of an experiment fact that this version knows.
const KEYS: [&str; 16] = [
    "xp",
    "kind",
    "id",
    "time",
    "by",
    "experiment",
    "name",
    "branch",
    "commit",
    "base",
    "baseline",
    "hypothesis",
    "planned_seeds",
    "tags",
    "from",
    "command",
];

/// The columns of the table of experiments.
pub(super) fn columns() -> Vec<Column> {
    FIELDS.iter().map(Field::column).collect()
}

/// An experiment's cells, in the order of the columns.
pub(super) fn cells(row: &ExperimentRow) -> Vec<Cell<'_>> {
    FIELDS.iter().map(|field| (field.cell)(row)).collect()
}
