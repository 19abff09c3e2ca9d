//! The table of series: one row for each logged point.

use std::borrow::Cow;

use super::cell::{Cell, Column, Kind, optional};
use super::row::PointRow;

/// The columns of points.
const COLUMNS: [(&str, Kind); 9] = [
    ("run", Kind::Text),
    ("experiment", Kind::Text),
    ("seed", Kind::Integer),
    ("metric", Kind::Text),
    ("step", Kind::Integer),
    ("seconds", Kind::Float),
    ("value", Kind::Float),
    ("text", Kind::Text),
    ("late", Kind::Text),
];

/// The columns of the table of series.
pub(super) fn columns() -> Vec<Column> {
    COLUMNS.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect()
}

/// A point's cells, in the order of the columns.
pub(super) fn cells<'a>(row: &PointRow<'a>) -> [Cell<'a>; COLUMNS.len()] {
    let text = if row.value.is_exact() { Cell::Null } else { Cell::Text(Cow::Owned(row.value.to_string())) };
    [
        Cell::text(row.run),
        optional(row.experiment, Cell::text),
        optional(row.seed, Cell::Integer),
        Cell::text(row.metric),
        optional(row.step, Cell::Integer),
        optional(row.seconds, Cell::Float),
        Cell::Float(row.value.as_f64()),
        text,
        optional(row.late, Cell::text),
    ]
}
