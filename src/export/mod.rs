//! Runs, experiments and series as files for other programs: Parquet, CSV, JSON lines, SQLite. Pure: rows in, bytes out.
//!
//! What a column is called and what its cells are is the same in every format: `docs/export.md` describes it. `runs`, `experiments` and `points`
//! make rows into cells; [`RunNames`] has to see every run before the first row is written, since its columns are what the runs have.

pub mod cell;
mod csv;
mod experiments;
mod flat;
pub mod form;
mod gathered;
mod jsonl;
mod parquet;
mod points;
pub mod row;
mod run_fields;
pub mod runs;
mod said;
pub mod series;
pub mod sqlite;

use std::io::{self, Write};

use ::parquet::errors::ParquetError;

pub use row::{ExperimentRow, Exporter, PointRow, RunRow};
pub use runs::{RunColumns, RunNames};

use cell::Column;
use flat::Flat;

/// One of the tables.
#[derive(Debug)]
pub enum Table {
    /// A row for each run.
    Runs(RunColumns),
    /// A row for each experiment.
    Experiments,
    /// A row for each logged point.
    Series,
}

impl Table {
    /// Its name in `--table` and in the files' own description.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Runs(_) => "runs",
            Self::Experiments => "experiments",
            Self::Series => "series",
        }
    }

    /// Its columns, in order.
    pub fn columns(&self) -> Vec<Column> {
        match self {
            Self::Runs(runs) => runs.columns().to_vec(),
            Self::Experiments => experiments::columns(),
            Self::Series => points::columns(),
        }
    }

    fn runs(self) -> Option<RunColumns> {
        if let Self::Runs(runs) = self { Some(runs) } else { None }
    }
}

/// Write a table as CSV.
///
/// # Errors
/// If the output cannot be written.
pub fn csv<'w>(out: impl Write + 'w, table: Table) -> Result<Box<dyn Exporter + 'w>, ExportError> {
    let writer = csv::Csv::new(out, &table.columns())?;
    Ok(Box::new(Flat::new(writer, table.runs())))
}

/// Write a table as Parquet.
///
/// # Errors
/// If the output cannot be written.
pub fn parquet<'w>(out: impl Write + Send + 'w, table: Table) -> Result<Box<dyn Exporter + 'w>, ExportError> {
    let writer = parquet::Parquet::new(out, table.name(), &table.columns())?;
    Ok(Box::new(Flat::new(writer, table.runs())))
}

/// Write rows as JSON lines.
pub fn jsonl<'w>(out: impl Write + 'w) -> Box<dyn Exporter + 'w> {
    Box::new(jsonl::JsonLines::new(out))
}

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The output refuses.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What is to be written is beyond Parquet.
    #[error("{0}")]
    Parquet(ParquetError),
    /// SQLite refuses.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl From<ParquetError> for ExportError {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(error) => Self::Io(*error),
                Err(cause) => Self::Parquet(ParquetError::External(cause)),
            },
            other => Self::Parquet(other),
        }
    }
}

impl From<::csv::Error> for ExportError {
    fn from(error: ::csv::Error) -> Self {
        Self::Io(match error.into_kind() {
            ::csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })
    }
}

impl ExportError {
    /// Whether the reader of the output went away.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether the disk is full, or the file is larger than it may be.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match self {
            Self::Io(error) => matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge),
            Self::Sqlite(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Parquet(_) => false,
        }
    }
}
