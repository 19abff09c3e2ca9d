//! The experiments that were asked for, and their table.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::output::{self, json_of, print};
use super::runs::{has_text, no_match};
use super::{Asked, ListArgs, tree};
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::CliError;
use crate::cli::fields::{ARCHIVED, ExperimentFields, Facts};
use crate::cli::format::Format;
use crate::cli::notices::shown;
use crate::cli::range::Names;
use crate::compare::{Estimate, State};
use crate::git::head::short as short_branch;
use crate::model::id::Id;
use crate::model::metric::is_system;
use crate::model::number::Number;
use crate::records::{ExperimentRecord, Num, RunRecord};
use crate::render::number::{Rounding, age};
use crate::render::{Align, Cell, Column, Table};

/// An experiment with those of its runs that were chosen.
pub(super) struct Line<'a> {
    pub(super) experiment: &'a ExperimentRecord,
    pub(super) runs: Vec<&'a RunRecord>,
}

/// List experiments.
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
    let mut lines = chosen(cx, args, facts, asked)?;
    if lines.is_empty() && facts.records.experiments.is_empty() && args.form.format() != Format::Json {
        cx.ui.status("there is no experiment yet");
        cx.ui.hint("git xp start <name>; git xp list --runs    lists runs on branches that are none");
    } else if lines.is_empty() && args.form.format() != Format::Json {
        cx.ui.status("no experiment fits");
    }
    let prefixes = if args.tree { tree::arrange(&mut lines) } else { Vec::new() };
    lines.truncate(args.limit.unwrap_or(usize::MAX));
    let mut table = match &asked.columns {
        Some(columns) => {
            let lookup = facts.lookup(columns.fields());
            let direction = |metric: &str| cx.direction(metric);
            let rows = lines.iter().map(|line| {
                let fields = ExperimentFields::new(facts, &lookup, line.experiment, &line.runs, &direction);
                (fields, short.of(&line.experiment.id))
            });
            output::table(args, facts.now, columns, true, rows)
        }
        None => default_table(cx, args, facts, &lines),
    };
    for (row, prefix) in table.rows.iter_mut().zip(&prefixes) {
        if let Some(cell) = row.first_mut() {
            cell.text.insert_str(0, prefix);
        }
    }
    print(
        cx,
        args,
        || table,
        || {
            let lines: Vec<Json> = lines.iter().map(|line| json_line(cx, facts, line)).collect();
            json!({"version": 1, "experiments": lines})
        },
    );
    Ok(())
}

fn chosen<'a>(cx: &Context, args: &ListArgs, facts: &'a Facts<'a>, asked: &Asked) -> Result<Vec<Line<'a>>, CliError> {
    let records = facts.records;
    let names = Names::new(&args.patterns, &cx.settings.start.prefix);
    let lookup = asked.filter.as_ref().map(|query| (query, facts.lookup(query.fields())));
    let direction = |metric: &str| cx.direction(metric);
    let mut has_match = args.patterns.is_empty() || records.experiments.is_empty();
    let (mut lines, mut archived) = (Vec::new(), 0);
    for experiment in &records.experiments {
        let current = &experiment.current;
        if !names.is_any(short_branch(records.text(current.branch)), records.text(current.name)) {
            continue;
        }
        has_match = true;
        // Who names something wants to see it.
        let is_hidden = !args.archived && args.patterns.is_empty();
        if is_hidden && facts.said(experiment.id).tags.iter().any(|tag| tag == ARCHIVED) {
            archived += 1;
            continue;
        }
        let mut line = Line { experiment, runs: records.runs_of(experiment.id).collect() };
        if let Some((query, lookup)) = &lookup {
            let before = line.runs.len();
            line.runs.retain(|run| query.matches(&crate::cli::fields::RunFields::new(facts, lookup, run)));
            let alone = || query.matches(&ExperimentFields::new(facts, lookup, experiment, &[], &direction));
            if line.runs.is_empty() && !(before == 0 && alone()) {
                continue;
            }
        }
        let has_grep = |text: &String| {
            has_text(facts, Some(experiment), None, text)
                || line.runs.iter().any(|run| has_text(facts, None, Some(run), text))
        };
        if asked.grep.as_ref().is_none_or(has_grep) {
            lines.push(line);
        }
    }
    if !has_match {
        return Err(no_match(args));
    }
    if archived > 0 {
        cx.ui.hint(&format!("{} archived left out; --archived lists them too", archived));
    }
    lines.sort_by_key(|line| Reverse((line.experiment.time, line.experiment.id)));
    if let Some(order) = &asked.order {
        let lookup = facts.lookup(order.fields());
        let fields = |line: &Line<'a>| ExperimentFields::new(facts, &lookup, line.experiment, &line.runs, &direction);
        let mut keyed: Vec<_> = lines.into_iter().map(|line| (fields(&line), line)).collect();
        keyed.sort_by(|(a, _), (b, _)| order.compare(a, b));
        lines = keyed.into_iter().map(|(_, line)| line).collect();
    }
    Ok(lines)
}

/// What an experiment is about: its first expected metric, else the first one of its runs.
struct About {
    metric: String,
    /// The best value among the runs, where a direction is known.
    best: Option<Num>,
    estimate: Estimate,
}

fn about(cx: &Context, facts: &Facts<'_>, line: &Line<'_>) -> Option<About> {
    let records = facts.records;
    let counting: Vec<&RunRecord> = line.runs.iter().copied().filter(|run| run.counts()).collect();
    let hypothesis = line.experiment.current.hypothesis(&records.names).read();
    let expected = hypothesis.expect.first().map(|expect| expect.metric.clone());
    // A metric with a direction says more than one that only comes first in the alphabet.
    let names = || counting.iter().flat_map(|run| &run.shape.metrics).map(|name| records.text(*name));
    let names = || names().filter(|name| !is_system(name));
    let first = || names().filter(|name| cx.direction(name).is_some()).min().or_else(|| names().min());
    let metric = expected.or_else(|| first().map(str::to_owned))?;
    let direction = hypothesis.direction(&metric).or_else(|| cx.direction(&metric));
    let measured = crate::cli::fields::measured(records, &counting, &metric, direction);
    Some(About { best: measured.best, estimate: measured.estimate, metric })
}

fn default_table(cx: &Context, args: &ListArgs, facts: &Facts<'_>, lines: &[Line<'_>]) -> Table {
    let abouts: Vec<Option<About>> = lines.iter().map(|line| about(cx, facts, line)).collect();
    let exact = args.form.format() == Format::Csv;
    let number = |value: Option<Num>| match value.map(|value| value.to_number(&facts.records.names)) {
        None if exact => Cell::default(),
        None => Cell::dim("–"),
        Some(value) if exact => Cell::plain(value.to_string()),
        Some(value) => Cell::plain(shown(&value)),
    };
    let mean = |estimate: Option<&Estimate>| match estimate.and_then(|estimate| Some((estimate.mean?, estimate.sd))) {
        None if exact => Cell::default(),
        None => Cell::dim("–"),
        Some((mean, _)) if exact => Cell::plain(Number::Float(mean).to_string()),
        Some((mean, sd)) => Cell::plain(Rounding::of(mean, sd, None).mean(mean, sd)),
    };
    let row = |(line, about): (&Line<'_>, &Option<About>)| {
        let (records, experiment) = (facts.records, line.experiment);
        let state = match facts.place(experiment) {
            State::Remote(remote) if facts.state(experiment) == "remote" => format!("on {remote}"),
            _ => facts.state(experiment).to_owned(),
        };
        vec![
            Cell::plain(records.text(experiment.current.name)),
            Cell::plain(state),
            Cell::plain(count(line)),
            Cell::plain(about.as_ref().map(|about| about.metric.clone()).unwrap_or_default()),
            number(about.as_ref().and_then(|about| about.best)),
            mean(about.as_ref().map(|about| &about.estimate)),
            Cell::plain(if exact { experiment.time.to_string() } else { age(facts.now, experiment.time) }),
            Cell::plain(facts.sentence(experiment)),
        ]
    };
    let left = |name, priority| Column::text(name, Align::Left, priority);
    let right = |name, priority| Column::text(name, Align::Right, priority);
    Table {
        columns: vec![
            left("experiment", 0),
            left("state", 4),
            left("runs", 1),
            left("metric", 2),
            right("best point", 5),
            right("mean", 3),
            left(if exact { "started" } else { "age" }, 6),
            left("hypothesis", 7),
        ],
        rows: lines.iter().zip(&abouts).map(row).collect(),
        ..Table::default()
    }
}

/// `3`, `2/5 +1 failed`: runs that count, of how many seeds that were planned.
fn count(line: &Line<'_>) -> String {
    let counting = line.runs.iter().filter(|run| run.counts()).count();
    let withdrawn = line.runs.iter().filter(|run| run.withdrawn.is_some()).count();
    let failed = line.runs.len() - counting - withdrawn;
    let mut text = match line.experiment.current.planned_seeds {
        Some(planned) if counting < planned as usize => format!("{counting}/{planned}"),
        _ => counting.to_string(),
    };
    for (n, word) in [(failed, "failed"), (withdrawn, "withdrawn")] {
        if n > 0 {
            text += &format!(" +{n} {word}");
        }
    }
    text
}

fn json_line(cx: &Context, facts: &Facts<'_>, line: &Line<'_>) -> Json {
    let (records, experiment) = (facts.records, line.experiment);
    let current = experiment.current.to_experiment(&records.names);
    let about = about(cx, facts, line);
    let said = facts.said(experiment.id);
    let remote = match facts.place(experiment) {
        State::Remote(remote) => Some(remote),
        _ => None,
    };
    let by_status = |withdrawn: bool| {
        let mut count: HashMap<String, usize> = HashMap::new();
        line.runs.iter().filter(|run| run.withdrawn.is_some() == withdrawn).for_each(|run| {
            *count.entry(run.status.to_string()).or_default() += 1;
        });
        count
    };
    let ids: Vec<Id> = line.runs.iter().map(|run| run.id).collect();
    json!({
        "id": experiment.id,
        "name": current.name,
        "branch": current.branch,
        "state": facts.state(experiment),
        "place": facts.place(experiment).word(),
        "remote": remote,
        "time": experiment.time,
        "by": json_of(crate::query::Value::Text(records.text(experiment.by))),
        "hypothesis": current.hypothesis,
        "sentence": facts.sentence(experiment),
        "baseline": current.baseline,
        "planned_seeds": current.planned_seeds,
        "from": current.from,
        "amendments": experiment.earlier.len(),
        "tags": said.tags,
        "remarks": said.remarks,
        "runs": ids,
        "statuses": by_status(false),
        "withdrawn": by_status(true).values().sum::<usize>(),
        "metric": about.as_ref().map(|about| json!({
            "name": about.metric,
            "best": about.best.map(|best| best.to_number(&records.names)),
            "mean": about.estimate.mean.map(Number::Float),
            "sd": about.estimate.sd.map(Number::Float),
            "n": about.estimate.n,
        })),
    })
}
