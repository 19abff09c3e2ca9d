//! `git xp compare`.

mod baseline;
mod html;
mod rows;
mod steps;
mod subjects;

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::fields::{Facts, RunFields};
use crate::cli::format::{Format, FormatArgs};
use crate::cli::range::{self, Range};
use crate::compare::{At, Comparison, Request, Subject, compare};
use crate::git::head::short;
use crate::query::{Order, Query};
use crate::records::{Records, RunRecord, Symbol};
use crate::render;

/// Compare experiments with their baseline
///
/// Runs that differ only in their seed are one row: n, mean ± sample standard deviation of each metric's final value, the difference
/// to the baseline's mean, and the params that differ. docs/query.md describes filters and sort orders.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp compare                    every experiment, each with its own baseline
  git xp compare 'main..exp/*'      every experiment against main
  git xp compare main..exp/         the same, without quotes
  git xp compare main...exp/a       against the merge base
  git xp compare bigger-lr wider
  git xp compare --metric val_acc --param lr --sort=-metrics.val_acc
  git xp compare --where \"params.lr < 0.5 and not tags.broken\" --best
  git xp compare --at step=1000     the values of that step
  git xp compare --format markdown  for a pull request
  git xp compare --html page.html   to sort and filter, with learning curves")]
pub struct CompareArgs {
    /// BASELINE..EXPERIMENTS, or names of experiments
    #[arg(value_name = "RANGE")]
    range: Vec<String>,

    /// What to compare with: a branch or any other revision [default: what each experiment was started with]
    #[arg(long, value_name = "REV")]
    baseline: Option<String>,

    /// Only this metric; several in the order given
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,

    /// Only this param, also where it does not differ
    #[arg(long = "param", value_name = "NAME")]
    params: Vec<String>,

    /// Only runs of experiments that fit a filter; the baseline keeps its runs
    #[arg(long = "where", value_name = "FILTER")]
    filter: Option<String>,

    /// By which fields to sort, as in '-metrics.val_acc,experiment' [default: by time]
    #[arg(long, value_name = "FIELDS", allow_hyphen_values = true)]
    sort: Option<String>,

    /// Make every run a row of its own
    #[arg(long)]
    runs: bool,

    /// Of each experiment only the row that is best in the first metric
    #[arg(long)]
    best: bool,

    /// Which value of each series: final, best, or step=N
    #[arg(long, value_name = "WHICH", default_value = "final")]
    at: Which,

    #[command(flatten)]
    form: FormatArgs,

    /// Write a page with the table and the learning curves, which needs no network; - is standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "json"])]
    html: Option<PathBuf>,
}

/// Do it.
///
/// # Errors
/// If the range, a filter, metric or param names nothing, or the sort order is wrong.
pub fn run(cx: &Context, args: &CompareArgs) -> Result<u8, CliError> {
    let range = range(args)?;
    let records = cx.records()?;
    let facts = Facts::new(cx, records)?;
    let chosen = Chosen::read(args, &facts)?;
    let mut found = subjects::find(cx, records, facts.branches(), &range)?;
    hint_order(cx, records, &range);
    let baselines = baseline::find(cx, records, &range, &mut found)?;
    let mut pairs = found.subjects;
    // Whoever reads data gets some, without rows.
    let for_people = matches!(args.form.format(), Format::Table | Format::Markdown);
    if for_people && pairs.is_empty() && baselines.iter().all(|baseline| baseline.runs.is_empty()) {
        cx.ui.print("there is no experiment yet\n");
        cx.ui.hint("git xp start <name>, then git xp run --seed 1 -- <command>");
        return Ok(exit::OK);
    }
    chosen.keep_fitting(&facts, &mut pairs);
    if pairs.is_empty() && args.filter.is_some() {
        return Err(CliError::new("no run fits the filter").hint("git xp list --runs    shows what there is"));
    }
    let at_step = match args.at {
        Which::Step(step) => Some((step, steps::read(cx, records, &baselines, &pairs, &args.metrics, step)?)),
        Which::Final | Which::Best => None,
    };
    let value = |run: &RunRecord, name: Symbol| at_step.as_ref()?.1.get(&(run.id, name)).copied();
    let request = Request {
        names: &records.names,
        baselines,
        subjects: pairs,
        directions: cx.settings.directions.clone(),
        at: match args.at {
            Which::Final => At::Final,
            Which::Best => At::Best,
            Which::Step(step) => At::Step(step, &value),
        },
        each_run: args.runs,
        metrics: args.metrics.clone(),
        params: args.params.clone(),
    };
    // Nobody takes it apart: the process ends with it.
    let mut comparison = ManuallyDrop::new(compare(request));
    if args.best {
        rows::keep_best(&mut comparison)?;
    }
    if let Some(order) = &chosen.order {
        rows::sort(&mut comparison, order);
    }
    match &args.html {
        Some(path) => html::write(cx, records, &comparison, path),
        None => print(cx, args, &comparison),
    }
}

fn print(cx: &Context, args: &CompareArgs, comparison: &Comparison<'_>) -> Result<u8, CliError> {
    let broken = |error: &dyn std::fmt::Display| CliError::new(format!("the comparison cannot be written: {error}"));
    let table = || {
        let table = render::comparison::table(comparison);
        if args.metrics.is_empty() && args.params.is_empty() { table } else { table.with_all() }
    };
    let text = match args.form.format() {
        Format::Table => {
            cx.page_table(&table());
            return Ok(exit::OK);
        }
        Format::Markdown => render::markdown::markdown(&table()),
        Format::Csv => render::csv::comparison(comparison),
        Format::Json => render::comparison::json(comparison).map_err(|error| broken(&error))?,
    };
    cx.ui.print(&text);
    if !text.ends_with('\n') {
        cx.ui.print("\n");
    }
    Ok(exit::OK)
}

fn range(args: &CompareArgs) -> Result<Range, CliError> {
    let mut range = range::parse(&args.range).map_err(CliError::usage)?;
    if let Some(baseline) = &args.baseline {
        if let Some(other) = &range.baseline {
            return Err(CliError::usage(format!(
                "two baselines: '{other}' before the dots, and --baseline {baseline}"
            ))
            .hint("leave one of them out"));
        }
        range.baseline = Some(baseline.clone());
    }
    Ok(range)
}

/// `exp/a..main` is a valid question, but mostly the other one was meant.
fn hint_order(cx: &Context, records: &Records, range: &Range) {
    let (Some(left), [right]) = (&range.baseline, range.patterns.as_slice()) else { return };
    let is_default = cx.repo.default_branch().is_some_and(|branch| short(&branch) == right);
    let is_experiment = records.find_experiment_by_branch(&format!("refs/heads/{left}")).is_some();
    if is_default && is_experiment {
        cx.ui
            .hint(&format!("the baseline comes first; to compare {left} with {right}: git xp compare {right}..{left}"));
    }
}

/// Filter and order, held against the names that exist.
struct Chosen {
    filter: Option<Query>,
    order: Option<Order>,
}

impl Chosen {
    fn read(args: &CompareArgs, facts: &Facts<'_>) -> Result<Self, CliError> {
        let filter = args.filter.as_deref().map(Query::parse).transpose()?;
        let order = args.sort.as_deref().map(Order::parse).transpose()?;
        for fields in [filter.as_ref().map(Query::fields), order.as_ref().map(Order::fields)].into_iter().flatten() {
            facts.check(fields)?;
        }
        facts.check_names("metric", &args.metrics, |used| used.metric)?;
        facts.check_names("param", &args.params, |used| used.param)?;
        Ok(Self { filter, order })
    }

    /// Keep the runs that fit, and the experiments that have one; without a filter all.
    fn keep_fitting(&self, facts: &Facts<'_>, pairs: &mut Vec<(Subject<'_>, usize)>) {
        let Some(query) = &self.filter else { return };
        let lookup = facts.lookup(query.fields());
        for (subject, _) in pairs.iter_mut() {
            subject.runs.retain(|run| query.matches(&RunFields::new(facts, &lookup, run)));
        }
        pairs.retain(|(subject, _)| !subject.runs.is_empty());
    }
}

/// Which value of each series is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Final,
    Best,
    Step(i64),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "final" => Ok(Self::Final),
            "best" => Ok(Self::Best),
            _ => text
                .strip_prefix("step=")
                .and_then(|step| step.parse().ok())
                .map(Self::Step)
                .ok_or_else(|| "write final, best, or step=1000".to_owned()),
        }
    }
}
