//! `git xp list`.

mod experiments;
mod output;
mod runs;
mod similar;
mod tree;

use clap::Args;

use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::cli::fields::Facts;
use crate::cli::format::FormatArgs;
use crate::cli::range::is_pattern;
use crate::query::{Columns, Order, Query};
use crate::records::Records;

/// List experiments, or runs
///
/// Without --runs a line is an experiment: what became of it, how many of its runs count, and of the metric it was about the best value and the
/// mean ± sample standard deviation of the final values. --where chooses runs: an experiment is listed if one of its runs is chosen, and its numbers
/// are those of the chosen ones; one without runs is listed if it fits by itself. docs/query.md describes filters, sort orders and columns.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  git xp list
  git xp list 'lr-*' --sort=-metrics.val_acc
  git xp list --where \"metrics.val_acc > 0.9 and params.lr in (0.1, 0.3)\"
  git xp list --runs --where \"status = 'failed' and started > '2 days ago'\"
  git xp list --runs --columns id,seed,params.lr,metrics.val_acc.best
  git xp list --grep overfit       in names, hypotheses, tags and remarks
  git xp list --tree               which started from which
  git xp list --similar last       runs with the most similar params")]
pub struct ListArgs {
    /// Names of experiments, or patterns of them
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,

    /// List runs
    #[arg(long)]
    runs: bool,

    /// Only what fits a filter
    #[arg(long = "where", value_name = "FILTER")]
    filter: Option<String>,

    /// Only what has this text in its name, hypothesis, tags or remarks, in any case
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,

    /// By which fields to sort, as in '-metrics.val_acc,started' [default: the newest first]
    #[arg(long, value_name = "FIELDS", allow_hyphen_values = true)]
    sort: Option<String>,

    /// Which fields to show
    #[arg(long, value_name = "FIELDS")]
    columns: Option<String>,

    /// At most this many
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,

    /// Draw which experiment started from which
    #[arg(long, conflicts_with_all = ["runs", "sort", "similar"])]
    tree: bool,

    /// List runs by how similar their params are to those of a run, with a tree of the nearest
    #[arg(long, value_name = "RUN", conflicts_with_all = ["sort", "columns"])]
    similar: Option<String>,

    /// Experiments with the tag 'archived' too
    #[arg(long)]
    archived: bool,

    #[command(flatten)]
    form: FormatArgs,
}

/// What was asked for, read and held against the names that exist.
struct Asked {
    filter: Option<Query>,
    order: Option<Order>,
    columns: Option<Columns>,
    grep: Option<String>,
}

impl Asked {
    fn read(args: &ListArgs, facts: &Facts<'_>) -> Result<Self, CliError> {
        let asked = Self {
            filter: args.filter.as_deref().map(Query::parse).transpose()?,
            order: args.sort.as_deref().map(Order::parse).transpose()?,
            columns: args.columns.as_deref().map(Columns::parse).transpose()?,
            grep: args.grep.as_ref().map(|text| text.to_lowercase()),
        };
        let of_filter = asked.filter.as_ref().map(Query::fields);
        let of_order = asked.order.as_ref().map(Order::fields);
        let of_columns = asked.columns.as_ref().map(Columns::fields);
        for fields in [of_filter, of_order, of_columns].into_iter().flatten() {
            facts.check(fields)?;
        }
        Ok(asked)
    }
}

/// Do it.
///
/// # Errors
/// If a filter, sort order or column is wrong, or a pattern matches nothing.
pub fn run(cx: &Context, args: &ListArgs) -> Result<u8, CliError> {
    let records = read(cx, args)?;
    let facts = Facts::new(cx, records)?;
    let asked = Asked::read(args, &facts)?;
    let short = ShortIds::new(records.ids());
    if let Some(selector) = &args.similar {
        similar::list(cx, args, &facts, &asked, &short, selector)?;
    } else if args.runs {
        runs::list(cx, args, &facts, &asked, &short)?;
    } else {
        experiments::list(cx, args, &facts, &asked, &short)?;
    }
    Ok(exit::OK)
}

/// A few experiments by name need no others.
fn read(cx: &Context, args: &ListArgs) -> Result<&'static Records, CliError> {
    let of_all = args.runs || args.tree || args.patterns.iter().any(|pattern| is_pattern(pattern));
    let texts = [&args.filter, &args.grep, &args.sort, &args.columns, &args.similar];
    let is_narrow = !args.patterns.is_empty() && !of_all && texts.iter().all(|text| text.is_none());
    if is_narrow {
        cx.records_about(&args.patterns.iter().map(String::as_str).collect::<Vec<_>>())
    } else {
        cx.records()
    }
}
