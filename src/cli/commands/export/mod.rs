//! `git xp export`.

mod chosen;
mod interrupt;
mod output;
mod source;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::export::sqlite::Database;
use crate::export::{self, ExportError, RunNames, Table};
use crate::git::GitError;
use crate::render::number::plural;
use crate::store::walk::Walk;

use chosen::Chosen;
use interrupt::Interrupts;
use output::Output;
use source::Source;

/// Bytes of delta bases kept: more of them save no time, since everything is read once and in order of time.
const DELTA_CACHE: usize = 32 << 20;

/// Write runs, experiments or series as a file for pandas, Polars, DuckDB, R or a spreadsheet
///
/// Everything that the facts hold, exactly, one row a run: docs/export.md lists the columns. The exit code is 1 if something could not be
/// read and is left out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp export -o runs.parquet                        all runs
  git xp export -o runs.csv bigger-lr                  those of an experiment
  git xp export --series -o points.parquet             every logged point of all runs
  git xp export --table experiments --format csv | less
  git xp export -o all.sqlite --series                 all tables in one database
  git xp export --format jsonl last | jq .fact.params  the exact facts")]
pub struct ExportArgs {
    /// What to export: experiments, runs by the beginning of their id, last, commits; all runs without one
    #[arg(value_name = "SELECTOR")]
    selectors: Vec<String>,

    /// The file format; by the ending of FILE if it is left out
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// What a row is; sqlite has both runs and experiments, and series if asked for
    #[arg(long, value_enum, default_value_t = TableName::Runs)]
    table: TableName,

    /// Every logged point; the same as --table series
    #[arg(long, conflicts_with = "table")]
    series: bool,

    /// Where to; without it, or as -, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Only runs that fit a filter (docs/query.md)
    #[arg(long = "where", value_name = "FILTER")]
    filter: Option<String>,

    /// Replace FILE if it exists
    #[arg(short, long)]
    force: bool,
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Apache Parquet: typed columns, for pandas, Polars, DuckDB, R
    Parquet,
    /// Comma-separated values
    Csv,
    /// JSON lines: the exact facts, each run with what was said of it later
    Jsonl,
    /// A SQLite database with all tables
    Sqlite,
}

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableName {
    /// A row for each run
    Runs,
    /// A row for each experiment
    Experiments,
    /// A row for each logged point of a run
    Series,
}

/// Do it.
///
/// # Errors
/// If a selector names nothing, or the output cannot be written.
pub fn run(cx: &Context, args: &ExportArgs) -> Result<u8, CliError> {
    let format = format(args)?;
    let table = if args.series { TableName::Series } else { args.table };
    if format == Format::Sqlite && table == TableName::Experiments {
        return Err(CliError::usage("a SQLite database has all tables").hint("leave out --table experiments"));
    }
    let interrupts = Interrupts::watch(Output::is_to_be_file(args.output.as_deref()));
    let output = Output::open(args.output.as_deref(), format == Format::Sqlite, args.force)?;
    let repo = cx.repo.with_delta_cache(DELTA_CACHE);
    let mut walk = Walk::read(&repo)?;
    let chosen = Chosen::find(cx, &args.selectors, args.filter.as_deref(), &mut walk)?;
    let source = Source::new(&cx.ui, repo, walk, chosen, interrupts);
    let to_file = output.path().is_some();
    match export(&source, format, table, output) {
        Ok(text) => {
            if let Some(path) = args.output.as_deref().filter(|_| to_file) {
                cx.ui.status(&format!("{}: {text}", path.display()));
            }
            Ok(if source.is_complete() { exit::OK } else { exit::FOUND })
        }
        Err(Stop::Export(error)) if error.is_broken_pipe() => Ok(exit::BROKEN_PIPE),
        Err(Stop::Export(error)) => Err(cannot_write(args.output.as_deref(), &error)),
        Err(Stop::Cli(error)) => Err(error),
        Err(Stop::Interrupted) => {
            source.interrupts.obey();
            Err(CliError::new("interrupted"))
        }
    }
}

/// Why an export ends before its end.
enum Stop {
    Cli(CliError),
    Export(ExportError),
    Interrupted,
}

impl From<ExportError> for Stop {
    fn from(error: ExportError) -> Self {
        Self::Export(error)
    }
}

impl From<GitError> for Stop {
    fn from(error: GitError) -> Self {
        Self::Cli(error.into())
    }
}

/// Write everything that was chosen. Returns what it was in words.
fn export(source: &Source<'_>, format: Format, name: TableName, output: Output) -> Result<String, Stop> {
    let words = if let (Format::Sqlite, Some(path)) = (format, output.path()) {
        let database = Database::create(path)?;
        let mut exporter = database.exporter(name == TableName::Series)?;
        let mut words = vec![source.experiments(&mut *exporter)?, source.runs(&mut *exporter)?];
        if name == TableName::Series {
            words.push(source.points(&mut *exporter)?);
        }
        exporter.finish()?;
        words
    } else {
        let table = match name {
            // No column is known before all runs were seen; in JSON lines there are none.
            TableName::Runs if format == Format::Jsonl => Table::Runs(RunNames::default().columns()),
            TableName::Runs => Table::Runs(source.run_columns()?),
            TableName::Experiments => Table::Experiments,
            TableName::Series => Table::Series,
        };
        let columns = table.columns().len();
        let out = output.writer().map_err(ExportError::from)?;
        let mut exporter = match format {
            Format::Parquet => export::parquet(out, table)?,
            Format::Csv => export::csv(out, table)?,
            Format::Jsonl | Format::Sqlite => export::jsonl(out),
        };
        let words = match name {
            TableName::Runs => source.runs(&mut *exporter)?,
            TableName::Experiments => source.experiments(&mut *exporter)?,
            TableName::Series => source.points(&mut *exporter)?,
        };
        exporter.finish()?;
        if format == Format::Jsonl { vec![words] } else { vec![words, plural(columns, "column")] }
    };
    source.check()?;
    output.keep().map_err(ExportError::from)?;
    Ok(words.join(", "))
}

fn format(args: &ExportArgs) -> Result<Format, CliError> {
    let extension = args.output.as_deref().and_then(Path::extension).map(|extension| extension.to_string_lossy());
    let by_name = match extension.as_deref() {
        Some("parquet" | "pq") => Some(Format::Parquet),
        Some("csv") => Some(Format::Csv),
        Some("jsonl" | "ndjson") => Some(Format::Jsonl),
        Some("sqlite" | "sqlite3" | "db") => Some(Format::Sqlite),
        _ => None,
    };
    args.format.or(by_name).ok_or_else(|| {
        let error = CliError::usage("in which format?");
        error.hint("--format parquet, csv, jsonl or sqlite; or a file that ends in one of them: -o runs.parquet")
    })
}

fn cannot_write(path: Option<&Path>, error: &ExportError) -> CliError {
    let what = path.map_or("standard output".into(), |path| path.display().to_string());
    let result = CliError::new(format!("cannot write {what}: {error}"));
    if error.is_full() { result.hint("make room there, or name a file on another disk with -o") } else { result }
}
