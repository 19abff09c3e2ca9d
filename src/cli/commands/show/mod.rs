//! `git xp show`.

mod environment;
mod experiment;
mod file;
mod follow;
mod json;
mod lines;
mod page;
mod run;
mod series;
mod spark;
mod view;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::cli::live::{self, Live};
use crate::cli::selector::{self, Selected};
use crate::records::{Records, RunRecord};
use crate::store::details::Details;
use series::Form;
use view::View;

/// Show a run, an experiment, or the runs of a commit
///
/// Of a run under way it shows what is known so far; with --follow its output and what it logs, as they come.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp show               the last run of this branch
  git xp show 7kq           a run, by the beginning of its id
  git xp show bigger-lr     an experiment
  git xp show last --json   the exact facts
  git xp show last --file output.log
  git xp show last --series val_acc --csv
  git xp show --follow      the run under way, until it ends")]
pub struct ShowArgs {
    /// A run's id or the beginning of one, last, last~1, an experiment, a commit [default: last]
    selector: Option<String>,

    /// Print the facts as JSON
    #[arg(long)]
    json: bool,

    /// Print one of the run's files, such as output.log or env.toml
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    file: Option<String>,

    /// Print the points of a metric: step, seconds since the start, value
    #[arg(long, value_name = "METRIC", conflicts_with = "file")]
    series: Option<String>,

    /// Print the points as CSV
    #[arg(long, requires = "series", conflicts_with = "json")]
    csv: bool,

    /// Follow a run under way to its end
    #[arg(short, long, conflicts_with_all = ["json", "file", "series"])]
    follow: bool,
}

/// What is to be shown.
enum Subject<'a> {
    Recorded(Selected<'a>),
    Live(Box<Live>),
}

/// Do it.
///
/// # Errors
/// If the selector names nothing, or the run has no such file or series.
pub fn run(cx: &Context, args: &ShowArgs) -> Result<u8, CliError> {
    if args.follow {
        return follow::follow(cx, args.selector.as_deref());
    }
    let records = cx.records_about(&[args.selector.as_deref().unwrap_or("last")])?;
    let subject = resolve(cx, records, args.selector.as_deref())?;
    if args.file.is_none() && args.series.is_none() {
        return show(cx, records, subject, args.json);
    }
    let view = match subject {
        Subject::Live(live) => View::live(cx, *live)?,
        Subject::Recorded(_) => {
            let selector = args.selector.as_deref().unwrap_or("last");
            sealed(cx, records, selector::resolve_run(cx, records, selector)?)?
        }
    };
    match (&args.file, &args.series) {
        (Some(name), _) => file::show(cx, &view, name),
        (None, Some(metric)) if args.json => series::show(cx, &view, metric, Form::Json),
        (None, Some(metric)) => series::show(cx, &view, metric, if args.csv { Form::Csv } else { Form::Text }),
        (None, None) => Ok(exit::OK),
    }
}

/// Runs under way are looked for behind those that are recorded: by their ids alone, or where nothing else is there.
fn resolve<'a>(cx: &Context, records: &'a Records, typed: Option<&str>) -> Result<Subject<'a>, CliError> {
    let text = typed.unwrap_or("last");
    let live = live::find(cx, text)?;
    match (selector::resolve(cx, records, text), live) {
        (Ok(Selected::Run(record)), Some(live)) if record.id != live.folder.id => {
            let ids = format!("{}, {}", record.id, live.folder.id);
            Err(CliError::new(format!("'{text}' is the beginning of several ids: {ids}"))
                .hint("type one more character"))
        }
        (Ok(selected), _) => Ok(Subject::Recorded(selected)),
        // Several recorded runs may begin so, too.
        (Err(error), Some(_)) if records.runs.iter().any(|record| record.stem(&records.names).starts_with(text)) => {
            Err(error)
        }
        (Err(_), Some(live)) => Ok(Subject::Live(Box::new(live))),
        (Err(error), None) if typed.is_none() => {
            live::all(cx).pop().map(|live| Subject::Live(Box::new(live))).ok_or(error)
        }
        (Err(error), None) => Err(error),
    }
}

fn show(cx: &Context, records: &Records, subject: Subject<'_>, as_json: bool) -> Result<u8, CliError> {
    if as_json {
        cx.ui.print_json(&document(cx, records, subject)?);
        return Ok(exit::OK);
    }
    let short = ShortIds::new(records.ids());
    let text = match subject {
        Subject::Live(live) => run::text(cx, &View::live(cx, *live)?, &short),
        Subject::Recorded(Selected::Run(record)) => run::text(cx, &sealed(cx, records, record)?, &short),
        Subject::Recorded(Selected::Experiment(found)) => experiment::text(cx, records, found, &short)?,
        Subject::Recorded(Selected::Commit(hex, runs)) if runs.is_empty() => format!("commit {hex} has no run\n"),
        Subject::Recorded(Selected::Commit(_, runs)) => {
            let texts = runs.into_iter().map(|record| Ok(run::text(cx, &sealed(cx, records, record)?, &short)));
            texts.collect::<Result<Vec<_>, CliError>>()?.join("\n")
        }
    };
    cx.page(&text);
    Ok(exit::OK)
}

fn sealed(cx: &Context, records: &Records, record: &RunRecord) -> Result<View, CliError> {
    View::sealed(cx, Details::read(&cx.repo, records, record)?)
}

fn document(cx: &Context, records: &Records, subject: Subject<'_>) -> Result<Value, CliError> {
    let runs = |runs: Vec<&RunRecord>| -> Result<Vec<Value>, CliError> {
        runs.into_iter().map(|record| json::run(&Details::read(&cx.repo, records, record)?)).collect()
    };
    Ok(match subject {
        Subject::Live(live) => json!({"version": 1, "runs": [], "open": json::open(&View::live(cx, *live)?)}),
        Subject::Recorded(Selected::Run(record)) => json!({"version": 1, "runs": runs(vec![record])?}),
        Subject::Recorded(Selected::Commit(hex, found)) => json!({"version": 1, "commit": hex, "runs": runs(found)?}),
        Subject::Recorded(Selected::Experiment(found)) => json!({
            "version": 1,
            "experiment": json::experiment(cx, records, found)?,
            "runs": runs(records.runs_of(found.id).collect())?,
        }),
    })
}
