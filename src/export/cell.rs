//! Columns and cells: what a table is made of.

use std::borrow::Cow;

use super::ExportError;
use crate::model::time::Time;

/// The type of all cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text as it is.
    Text,
    /// Text that is one JSON value.
    Json,
    /// 64-bit integers.
    Integer,
    /// Doubles, NaN and the infinities among them.
    Float,
    /// True or false.
    Boolean,
    /// Moments: UTC, milliseconds.
    Time,
}

/// A column: its name and the type of its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name in the header; no two columns of a table share one.
    pub name: String,
    /// The type of its cells.
    pub kind: Kind,
}

/// One value of a row. A cell is null or of its column's kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// For columns of text and of JSON.
    Text(Cow<'a, str>),
    /// An integer.
    Integer(i64),
    /// A double.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A moment.
    Time(Time),
}

impl<'a> Cell<'a> {
    /// A text; an empty one is a value too.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A text, or null for one that facts leave out when it is empty.
    pub fn some_text(text: &'a str) -> Self {
        if text.is_empty() { Self::Null } else { Self::text(text) }
    }

    /// A value as JSON.
    pub fn json(value: &impl serde::Serialize) -> Self {
        serde_json::to_string(value).map_or(Self::Null, |text| Self::Text(Cow::Owned(text)))
    }

    /// A list as JSON, or null for an empty one: facts leave those out.
    pub fn list<T: serde::Serialize>(items: &[T]) -> Self {
        if items.is_empty() { Self::Null } else { Self::json(&items) }
    }

    /// A number of things. Nothing is counted beyond 2^63; a fact that says so has no count.
    pub fn count(count: u64) -> Self {
        i64::try_from(count).map_or(Self::Null, Self::Integer)
    }
}

/// Makes a cell of something that may be absent.
pub(super) fn optional<'a, T>(value: Option<T>, cell: impl FnOnce(T) -> Cell<'a>) -> Cell<'a> {
    value.map_or(Cell::Null, cell)
}

/// A file format that holds one table.
pub trait Table {
    /// Write one row: a cell for each column, in their order.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), ExportError>;

    /// Write what is left.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn finish(self) -> Result<(), ExportError>;
}

/// What a row type has in every table, whatever its params and metrics.
pub(super) struct Field<R> {
    /// The column's name.
    pub(super) name: &'static str,
    /// Its kind.
    pub(super) kind: Kind,
    /// Its cell.
    pub(super) cell: for<'a> fn(&'a R) -> Cell<'a>,
}

impl<R> Field<R> {
    pub(super) const fn new(name: &'static str, kind: Kind, cell: for<'a> fn(&'a R) -> Cell<'a>) -> Self {
        Self { name, kind, cell }
    }

    pub(super) fn column(&self) -> Column {
        Column { name: self.name.to_owned(), kind: self.kind }
    }
}
