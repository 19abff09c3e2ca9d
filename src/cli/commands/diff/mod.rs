//! `git xp diff`.

mod code;
mod data;
mod source;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::cli::format::{Format, FormatArgs};
use crate::cli::selector;
use crate::diff::{self, Difference, MetricChange, Recorded, Section};
use crate::model::direction::Direction;
use crate::model::hypothesis::Hypothesis;
use crate::model::metric::is_system;
use crate::records::Records;
use crate::render::{difference as render, markdown, terminal};
use crate::store::details::Details;

/// Show what differs between runs
///
/// Of two runs it shows everything that is recorded of them and differs, and nothing else: code, params, config, data, environment, seed,
/// host, metrics. Of more than two it shows a table of the seeds, params and metrics that differ. For an experiment or a commit its last
/// run that counts is taken.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp diff last~1 last             the last two runs of this branch
  git xp diff main bigger-lr          the last run of each
  git xp diff main bigger-lr --patch | git apply --stat
  git xp diff 7kq 3v9 --only params,env
  git xp diff 7kq 3v9 x0d --format csv

Sections: experiment, code, params, config, data, environment (or env), locks, evaluation, seed,
host, command, settings, metrics, status, duration, tags, files, other.")]
pub struct DiffArgs {
    /// Two or more: a run's id or the beginning of one, last, last~1, an experiment, a commit
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    runs: Vec<String>,

    /// Only these sections
    #[arg(long, value_name = "SECTION", value_delimiter = ',', value_parser = section_parser(), hide_possible_values = true)]
    only: Vec<Section>,

    /// Print the patch between the two trees that were run, and nothing else
    #[arg(short, long, conflicts_with_all = ["only", "format", "json"])]
    patch: bool,

    #[command(flatten)]
    form: FormatArgs,
}

fn section_parser() -> impl TypedValueParser<Value = Section> {
    let names = Section::ALL.into_iter().map(|section| {
        let value = clap::builder::PossibleValue::new(section.name());
        if section == Section::Environment { value.alias("env") } else { value }
    });
    PossibleValuesParser::new(names).map(|name| Section::parse(&name).unwrap_or(Section::Environment))
}

/// Do it.
///
/// # Errors
/// If a selector names no run, or what was recorded cannot be read.
pub fn run(cx: &Context, args: &DiffArgs) -> Result<u8, CliError> {
    let records = cx.records_about(&args.runs.iter().map(String::as_str).collect::<Vec<_>>())?;
    let runs: Vec<Details> = args
        .runs
        .iter()
        .map(|text| Ok(Details::read(&cx.repo, records, selector::resolve_counting_run(cx, records, text)?)?))
        .collect::<Result<_, CliError>>()?;
    let format = args.form.format();
    match runs.as_slice() {
        [a, b] if args.patch => code::print_patch(cx, a, b)?,
        [a, b] => two(cx, records, [a, b], &args.only, format)?,
        _ if args.patch => return Err(CliError::usage("--patch is for two runs").hint("git xp diff A B --patch")),
        runs => several(cx, records, runs, &args.only, format)?,
    }
    Ok(exit::OK)
}

fn two(cx: &Context, records: &Records, runs: [&Details; 2], only: &[Section], format: Format) -> Result<(), CliError> {
    let short = ShortIds::new(records.ids());
    let recorded: Vec<Recorded> =
        runs.iter().map(|details| source::recorded(cx, details, &short)).collect::<Result<_, _>>()?;
    let mut difference = diff::difference(&recorded[0], &recorded[1], directions(cx, records, &runs));
    difference.code = code::changes(cx, runs[0], runs[1]);
    difference.folders = data::changes(cx, runs[0], runs[1]);
    if difference.metrics.is_empty() {
        add_series(cx, runs, &mut difference)?;
    }
    difference.retain(only);
    match format {
        Format::Table => cx.ui.print(&render::text(&difference, only, cx.ui.width, cx.ui.colour)),
        Format::Markdown => cx.ui.print(&markdown::markdown(&render::table(&difference))),
        Format::Csv => cx.ui.print(&render::csv(&difference)),
        Format::Json => cx.ui.print_json(&render::json(&difference)),
    }
    Ok(())
}

fn several(
    cx: &Context,
    records: &Records,
    runs: &[Details],
    only: &[Section],
    format: Format,
) -> Result<(), CliError> {
    let short = ShortIds::new(records.ids());
    let recorded: Vec<Recorded> =
        runs.iter().map(|details| source::recorded(cx, details, &short)).collect::<Result<_, _>>()?;
    let several = diff::several(&recorded, only);
    let all: Vec<&Details> = runs.iter().collect();
    let table = || render::several(&several, directions(cx, records, &all));
    match format {
        Format::Table => cx.ui.print(&terminal::terminal(&table(), cx.ui.width, cx.ui.colour)),
        Format::Markdown => cx.ui.print(&markdown::markdown(&table())),
        Format::Csv => cx.ui.print(&render::several_csv(&several)),
        Format::Json => cx.ui.print_json(&render::several_json(&several)),
    }
    Ok(())
}

/// Which way a metric is better: as the experiments of the runs expect it, if they agree, else as the settings say.
fn directions<'a>(
    cx: &'a Context,
    records: &Records,
    runs: &[&Details],
) -> impl Fn(&str) -> Option<Direction> + use<'a> {
    let experiments = runs.iter().filter_map(|details| records.find_experiment(details.run.experiment?));
    let hypotheses: Vec<Hypothesis> =
        experiments.map(|found| found.current.hypothesis(&records.names).read()).collect();
    move |metric| {
        let mut expected = hypotheses.iter().filter_map(|hypothesis| hypothesis.direction(metric));
        match expected.next() {
            Some(first) => expected.all(|other| other == first).then_some(first),
            None => cx.direction(metric),
        }
    }
}

/// Where all metrics end alike, their points may still differ.
fn add_series(cx: &Context, [a, b]: [&Details; 2], difference: &mut Difference) -> Result<(), CliError> {
    let (Some(one), Some(two)) = (a.files.get("series.tsv"), b.files.get("series.tsv")) else { return Ok(()) };
    if one == two {
        return Ok(());
    }
    let [one, two] = [cx.repo.read_blob(*one)?, cx.repo.read_blob(*two)?];
    let names = diff::series_that_differ(&one, &two).into_iter().filter(|name| !is_system(name));
    difference.metrics = names
        .map(|name| MetricChange { name, direction: None, values: Vec::new(), steps: None, points: None })
        .collect();
    Ok(())
}
