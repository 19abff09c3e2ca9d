//! Rows as cells of one table, for the formats that hold one.

use super::cell::Table;
use super::row::{ExperimentRow, Exporter, PointRow, RunRow};
use super::runs::RunColumns;
use super::{ExportError, experiments, points};

/// Writes one of the tables. Runs need to know their columns; the other tables have always the same.
pub(super) struct Flat<T> {
    table: T,
    runs: Option<RunColumns>,
}

impl<T: Table> Flat<T> {
    pub(super) fn new(table: T, runs: Option<RunColumns>) -> Self {
        Self { table, runs }
    }
}

impl<T: Table> Exporter for Flat<T> {
    fn experiment(&mut self, row: &ExperimentRow) -> Result<(), ExportError> {
        self.table.row(&experiments::cells(row))
    }

    fn run(&mut self, row: &RunRow) -> Result<(), ExportError> {
        self.runs.as_ref().map_or(Ok(()), |runs| self.table.row(&runs.cells(row)))
    }

    fn point(&mut self, row: &PointRow<'_>) -> Result<(), ExportError> {
        self.table.row(&points::cells(row))
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.table.finish()
    }
}
