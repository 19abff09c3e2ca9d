//! `git xp artifact list`.

use clap::Args;
use serde::Serialize;

use super::choose::{OfRun, of_selectors};
use crate::artifact::store::Store;
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::render::number::bytes;
use crate::render::table::{Align, Cell, Column, Table};
use crate::store::artifacts::Stored;

/// List what was stored with runs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact list
  git xp artifact list bigger-lr
  git xp artifact list last --json")]
pub(super) struct ListArgs {
    /// Runs: ids or beginnings of them, last, experiments, commits; all if none is named
    #[arg(value_name = "RUN")]
    runs: Vec<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    artifacts: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    run: String,
    experiment: Option<String>,
    seed: Option<i64>,
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    oid: String,
    /// Bytes.
    size: u64,
    /// Of a folder: its number of files.
    files: Option<u64>,
    /// Whether all of its bytes are in this repository.
    here: bool,
}

/// Do it.
///
/// # Errors
/// If a selector names nothing, or a ledger cannot be read.
pub(super) fn run(cx: &Context, args: &ListArgs) -> Result<u8, CliError> {
    cx.seal();
    let runs = of_selectors(cx, &args.runs)?;
    let store = Store::of(&cx.repo);
    let items = runs.iter().flat_map(|run| run.artifacts.iter().map(|stored| item(&store, run, stored))).collect();
    let report = Report { version: 1, artifacts: items };
    if args.json {
        cx.ui.print_json(&report);
    } else if report.artifacts.is_empty() {
        cx.ui.status("no artifact is stored");
        cx.ui.hint("git xp log-artifact <path>, or git xp run --out <path> …");
    } else {
        cx.page_table(&table(cx, &report.artifacts)?);
    }
    Ok(exit::OK)
}

fn item(store: &Store, run: &OfRun, stored: &Stored) -> Item {
    Item {
        run: run.id.to_string(),
        experiment: run.experiment.clone(),
        seed: run.seed,
        name: stored.artifact.name.strip_prefix("out/").unwrap_or(&stored.artifact.name).to_owned(),
        kind: stored.artifact.kind.clone(),
        oid: stored.artifact.oid.clone(),
        size: stored.artifact.size,
        files: stored.artifact.files,
        here: stored.pointers().all(|pointer| store.find(pointer).is_some()),
    }
}

fn table(cx: &Context, items: &[Item]) -> Result<Table, CliError> {
    let short = ShortIds::new(cx.records()?.ids());
    let text = |text: &str| Cell { text: text.to_owned(), ..Cell::default() };
    let row = |item: &Item| {
        let id = item.run.parse().map_or_else(|_| item.run.clone(), |id| short.of(&id));
        [
            text(&item.name),
            text(item.kind.as_deref().unwrap_or_default()),
            text(&bytes(item.size)),
            text(&item.files.map(|files| files.to_string()).unwrap_or_default()),
            text(if item.here { "yes" } else { "no" }),
            text(&id),
            text(item.experiment.as_deref().unwrap_or("–")),
        ]
        .to_vec()
    };
    let columns = [
        ("artifact", Align::Left),
        ("type", Align::Left),
        ("size", Align::Right),
        ("files", Align::Right),
        ("here", Align::Left),
        ("run", Align::Left),
        ("experiment", Align::Left),
    ];
    let columns = columns.into_iter().zip(0..).map(|((name, align), priority)| Column::text(name, align, priority));
    Ok(Table { columns: columns.collect(), rows: items.iter().map(row).collect(), ..Table::default() })
}
