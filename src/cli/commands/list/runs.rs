//! The runs that were asked for, and their table.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value as Json, json};

use super::output::{self, json_of, print};
use super::{Asked, ListArgs};
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::CliError;
use crate::cli::fields::{ARCHIVED, Facts, RunFields};
use crate::cli::format::Format;
use crate::cli::range::Names;
use crate::git::head::short as short_branch;
use crate::model::id::Id;
use crate::model::metric::is_system;
use crate::query::{Attribute, Columns, Name, Value};
use crate::records::{ExperimentRecord, RunRecord};
use crate::render::MOST_COLUMNS;

/// The fields that are shown where none are named, the most important first; params that differ and metrics come behind them.
const SHOWN: [Attribute; 5] =
    [Attribute::Id, Attribute::Experiment, Attribute::Status, Attribute::Seed, Attribute::Started];

/// The runs of some experiments, or on branches that are none, that fit; in the order that was asked for.
///
/// # Errors
/// If a pattern matches nothing.
pub(super) fn chosen<'a>(
    cx: &Context,
    args: &ListArgs,
    facts: &'a Facts<'a>,
    asked: &Asked,
) -> Result<Vec<&'a RunRecord>, CliError> {
    let records = facts.records;
    let names = Names::new(&args.patterns, &cx.settings.start.prefix);
    let lookup = asked.filter.as_ref().map(|query| (query, facts.lookup(query.fields())));
    let mut has_match = args.patterns.is_empty();
    let mut runs = Vec::new();
    for run in &records.runs {
        let experiment = run.experiment.and_then(|id| records.find_experiment(id));
        let name = experiment.map_or(run.name, |experiment| experiment.current.name);
        if !names.is_any(short_branch(records.text(run.branch)), records.text(name)) {
            continue;
        }
        has_match = true;
        let is_archived = |id| facts.said(id).tags.iter().any(|tag| tag == ARCHIVED);
        let fits = (args.archived || !is_archived(run.id) && !run.experiment.is_some_and(is_archived))
            && lookup.as_ref().is_none_or(|(query, lookup)| query.matches(&RunFields::new(facts, lookup, run)))
            && asked.grep.as_ref().is_none_or(|text| has_text(facts, experiment, Some(run), text));
        if fits {
            runs.push(run);
        }
    }
    if !has_match && !records.runs.is_empty() {
        return Err(no_match(args));
    }
    match &asked.order {
        None => runs.sort_by_key(|run| Reverse((run.time, run.id))),
        Some(order) => {
            let lookup = facts.lookup(order.fields());
            runs.sort_by(|a, b| order.compare(&RunFields::new(facts, &lookup, a), &RunFields::new(facts, &lookup, b)));
        }
    }
    runs.truncate(args.limit.unwrap_or(usize::MAX));
    Ok(runs)
}

pub(super) fn no_match(args: &ListArgs) -> CliError {
    let listed = args.patterns.iter().map(|pattern| format!("'{pattern}'")).collect::<Vec<_>>().join(", ");
    CliError::new(format!("no experiment or branch matches {listed}")).hint("git xp list    shows what there is")
}

/// Whether a text, in lower case, is in what people wrote about an experiment or a run.
pub(super) fn has_text(
    facts: &Facts<'_>,
    experiment: Option<&ExperimentRecord>,
    run: Option<&RunRecord>,
    text: &str,
) -> bool {
    let has = |written: &str| written.to_lowercase().contains(text);
    let said = |id| {
        let said = facts.said(id);
        said.tags.iter().chain(&said.remarks).any(|written| has(written))
    };
    experiment.is_some_and(|experiment| {
        has(facts.records.text(experiment.current.name)) || has(facts.sentence(experiment)) || said(experiment.id)
    }) || run.is_some_and(|run| has(facts.records.text(run.branch)) || said(run.id))
}

/// List runs.
///
/// # Errors
/// If a pattern matches nothing.
pub(super) fn list(
    cx: &Context,
    args: &ListArgs,
    facts: &Facts<'_>,
    asked: &Asked,
    short: &ShortIds,
) -> Result<(), CliError> {
    let runs = chosen(cx, args, facts, asked)?;
    if runs.is_empty() && args.form.format() != Format::Json {
        cx.ui.status("no run fits");
    }
    let table = || {
        let columns = asked.columns.clone().unwrap_or_else(|| default_columns(cx, facts, &runs));
        let lookup = facts.lookup(columns.fields());
        let rows = runs.iter().map(|run| (RunFields::new(facts, &lookup, run), short.of(&run.id)));
        output::table(args, facts.now, &columns, asked.columns.is_some(), rows)
    };
    print(
        cx,
        args,
        table,
        || json!({"version": 1, "runs": runs.iter().map(|run| json_run(facts, run)).collect::<Vec<_>>()}),
    );
    Ok(())
}

/// Attributes, metrics, and the params in which these runs differ.
fn default_columns(cx: &Context, facts: &Facts<'_>, runs: &[&RunRecord]) -> Columns {
    let records = facts.records;
    let mut first: BTreeMap<&str, (Option<crate::records::Value>, bool)> = BTreeMap::new();
    let mut metrics: BTreeSet<&str> = BTreeSet::new();
    for run in runs {
        metrics.extend(run.shape.metrics.iter().map(|name| records.text(*name)).filter(|name| !is_system(name)));
        for (name, value) in run.params() {
            let (known, differs) = first.entry(records.text(name)).or_insert((Some(value), false));
            *differs |= *known != Some(value);
        }
    }
    let mut metrics: Vec<&str> = metrics.into_iter().collect();
    if metrics.len() > MOST_COLUMNS {
        // Of more than a table shows, those that are known to be better one way come first.
        let expected = expected(facts, runs);
        metrics.sort_by_key(|name| cx.direction(name).is_none() && !expected.contains(*name));
    }
    let differing = first.into_iter().filter(|(_, (_, differs))| *differs).map(|(name, _)| name);
    let withdrawn = runs.iter().any(|run| run.withdrawn.is_some()).then_some(Attribute::Withdrawn);
    let attributes = SHOWN.into_iter().chain(withdrawn).map(Name::Attribute);
    // Metrics and params take turns, as in a comparison.
    let metrics = metrics.into_iter().map(Name::metric);
    let params = differing.map(|name| Name::Param(name.into()));
    Columns::of(attributes.chain(in_turns(metrics, params)))
}

/// The metrics that the experiments of these runs expect something of.
fn expected(facts: &Facts<'_>, runs: &[&RunRecord]) -> HashSet<String> {
    let experiments: HashSet<Id> = runs.iter().filter_map(|run| run.experiment).collect();
    let found = experiments.into_iter().filter_map(|id| facts.records.find_experiment(id));
    let expect = found.flat_map(|experiment| experiment.current.hypothesis(&facts.records.names).read().expect);
    expect.map(|expectation| expectation.metric).collect()
}

/// One of these, one of those, then what is left of the longer ones.
fn in_turns<T>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let (mut one, mut other) = (one.fuse(), other.fuse());
    std::iter::from_fn(move || Some([one.next(), other.next()]).filter(|pair| pair.iter().any(Option::is_some)))
        .flat_map(|pair| pair.into_iter().flatten())
}

/// All that is known of a run without its fact.
pub(super) fn json_run(facts: &Facts<'_>, run: &RunRecord) -> Json {
    let records = facts.records;
    let names = &records.names;
    let text = |symbol: crate::records::Symbol| symbol.some().map(|symbol| records.text(symbol));
    let experiment = run.experiment.and_then(|id| records.find_experiment(id));
    let params: Map<String, Json> =
        run.params().map(|(name, value)| (records.text(name).to_owned(), value.to_json(names))).collect();
    let metric = |measure: &crate::records::Measure| {
        let number = |value: Option<crate::records::Num>| value.map(|value| value.to_number(names));
        json!({
            "final": measure.last.to_number(names), "step": measure.step, "min": number(measure.min), "max": number(measure.max),
            "best": number(measure.best), "mean": measure.mean, "count": measure.count,
        })
    };
    let metrics: Map<String, Json> =
        run.metrics().map(|(name, measure)| (records.text(name).to_owned(), metric(&measure))).collect();
    let said = facts.said(run.id);
    let command: Vec<&str> = run.command().iter().map(|word| records.text(*word)).collect();
    let state = experiment.map_or(Value::Missing, |experiment| Value::Text(facts.state(experiment)));
    json!({
        "id": run.id,
        "experiment": experiment.map_or_else(|| text(run.name), |experiment| text(experiment.current.name)),
        "experiment_id": run.experiment,
        "state": json_of(state),
        "branch": text(run.branch),
        "commit": Some(run.commit()).filter(|commit| !commit.is_empty()),
        "dirty": run.dirty,
        "status": run.status,
        "exit": run.exit,
        "signal": run.signal,
        "seed": run.seed,
        "start": run.start,
        "end": run.end,
        "seconds": run.seconds,
        "cpu_seconds": run.cpu_seconds,
        "peak_memory": run.peak_memory,
        "by": text(run.by),
        "host": text(run.host),
        "command": command,
        "manual": run.manual,
        "withdrawn": run.withdrawn.map(|because| records.text(because)),
        "tags": said.tags,
        "remarks": said.remarks,
        "params": params,
        "metrics": metrics,
    })
}
