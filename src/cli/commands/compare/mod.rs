//! `git xp compare`.

mod baseline;
pub(in crate::cli) mod subjects;

use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::range;
use crate::compare::{At, Request, compare};
use crate::render;

/// Compare experiments with their baseline
///
/// Runs that differ only in their seed are one row: n, mean ± sample standard deviation of each metric's final value, the difference
/// to the baseline's mean, and the params that differ.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp compare                    every experiment, each with its own baseline
  git xp compare 'main..exp/*'      every experiment against main
  git xp compare main..exp/         the same, without quotes
  git xp compare main...exp/a       against the merge base
  git xp compare bigger-lr wider
  git xp compare --format markdown  for a pull request")]
pub struct CompareArgs {
    /// BASELINE..EXPERIMENTS, or names of experiments
    #[arg(value_name = "RANGE")]
    range: Vec<String>,

    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Print JSON; the same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For the terminal, as wide as it is
    Table,
    /// For a pull request
    Markdown,
    /// All columns, full precision
    Csv,
    /// Everything
    Json,
}

/// Do it.
///
/// # Errors
/// If the range names nothing.
pub fn run(cx: &Context, args: &CompareArgs) -> Result<u8, CliError> {
    let range = range::parse(&args.range).map_err(CliError::usage)?;
    let records = cx.records()?;
    let subjects = subjects::find(cx, records, &range)?;
    let (baselines, indices) = baseline::find(cx, records, &range, &subjects)?;
    if subjects.is_empty() && baselines.iter().all(|baseline| baseline.runs.is_empty()) {
        cx.ui.print("there is no experiment yet\n");
        cx.ui.hint("git xp start <name>, then git xp run --seed 1 -- <command>");
        return Ok(exit::OK);
    }
    let subjects = subjects.into_iter().map(|found| found.subject).zip(indices).collect();
    let comparison = std::mem::ManuallyDrop::new(compare(Request {
        names: &records.names,
        baselines,
        subjects,
        directions: cx.settings.directions.clone(),
        at: At::Final,
        each_run: false,
    }));
    let format = if args.json { Format::Json } else { args.format };
    let broken = |error: &dyn std::fmt::Display| CliError::new(format!("the comparison cannot be written: {error}"));
    let text = match format {
        Format::Table => render::terminal::terminal(&render::comparison::table(&comparison), cx.ui.width, cx.ui.colour),
        Format::Markdown => render::markdown::markdown(&render::comparison::table(&comparison)),
        Format::Csv => render::csv::comparison(&comparison),
        Format::Json => render::comparison::json(&comparison).map_err(|error| broken(&error))?,
    };
    cx.ui.print(&text);
    if !text.ends_with('\n') {
        cx.ui.print("\n");
    }
    Ok(exit::OK)
}
