//! A comparison as a table and as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::number::{Rounding, plural};
use super::table::{Align, Cell, Column, Kind, Table, Tone};
use crate::compare::{BaselineNote, BaselineSource, Comparison, Estimate, Row, State};
use crate::model::direction::Direction;
use crate::model::text::escape_json;

/// How many notes of a kind are shown.
const NOTES: usize = 10;

/// A comparison as indented JSON, safe for a terminal, ending in a newline. Its shape is in [`crate::compare`].
///
/// # Errors
/// None in practice: every value of a comparison is representable in JSON.
pub fn json(comparison: &Comparison) -> Result<String, serde_json::Error> {
    Ok(escape_json(serde_json::to_string_pretty(comparison)?) + "\n")
}

/// A comparison as a table: who, how many runs, which params, then each metric and its delta.
///
/// What matters less: params and metrics take turns, the first ones being worth most, and a delta goes before its metric.
pub fn table(comparison: &Comparison) -> Table {
    let metrics = metrics(comparison);
    let mut columns = vec![Column::text("experiment", Align::Left, 0), Column::text("n", Align::Left, 1)];
    for (name, turn) in comparison.params.iter().zip(0..) {
        columns.push(Column { priority: 4 + 3 * turn, kind: Kind::Param, ..Column::text(name, Align::Right, 0) });
    }
    for (metric, turn) in metrics.iter().zip(0..) {
        let column = Column::text(metric.name, Align::Right, 2 + 3 * turn);
        if metric.delta {
            columns.push(Column { kind: Kind::Metric(metric.direction), ..column.clone() });
            columns.push(Column { kind: Kind::Delta, priority: column.priority + 1, ..column });
        } else {
            columns.push(Column { kind: Kind::Metric(metric.direction), ..column });
        }
    }
    let names = row_names(comparison);
    let rows = comparison.rows.iter().zip(names).map(|(row, name)| {
        let mut cells = vec![Cell::plain(name), Cell::plain(count(row))];
        cells.extend(comparison.params.iter().map(|name| param(row, name)));
        for metric in &metrics {
            let estimate = row.metrics.get(metric.name);
            cells.push(estimate.map_or_else(|| Cell::dim("–"), |estimate| value(estimate, row.n)));
            if metric.delta {
                cells.push(estimate.map_or_else(Cell::default, |estimate| delta(estimate, metric.direction.is_some())));
            }
        }
        cells
    });
    Table { title: None, rows: rows.collect(), notes: notes(comparison, &metrics), columns }
}

struct Metric<'a> {
    name: &'a str,
    direction: Option<Direction>,
    delta: bool,
}

/// Metrics that some row has, and whether some row has a delta of it.
fn metrics(comparison: &Comparison) -> Vec<Metric<'_>> {
    let mut seen: BTreeMap<&str, bool> = BTreeMap::new();
    for (name, estimate) in comparison.rows.iter().flat_map(|row| &row.metrics) {
        *seen.entry(name).or_default() |= estimate.delta.is_some();
    }
    let columns = comparison.metrics.iter();
    let shown = columns.filter_map(|metric| {
        let delta = *seen.get(metric.name.as_str())?;
        Some(Metric { name: &metric.name, direction: metric.direction, delta })
    });
    shown.collect()
}

/// The first cells. Rows that would look the same get the commit of their runs, and where that does not help, a number.
fn row_names(comparison: &Comparison) -> Vec<String> {
    let mut names: Vec<String> = comparison.rows.iter().map(row_name).collect();
    let shown = |row: &Row| comparison.params.iter().map(|name| param(row, name).text).collect::<Vec<_>>();
    let params: Vec<Vec<String>> = comparison.rows.iter().map(shown).collect();
    let alike = |names: &[String]| {
        let mut count: BTreeMap<(&str, &[String]), usize> = BTreeMap::new();
        let keys: Vec<_> = names.iter().map(String::as_str).zip(params.iter().map(Vec::as_slice)).collect();
        keys.iter().for_each(|key| *count.entry(*key).or_default() += 1);
        keys.iter().map(|key| count[key] > 1).collect::<Vec<bool>>()
    };
    for (at, _) in alike(&names).into_iter().enumerate().filter(|(_, alike)| *alike) {
        if let Some(commit) = comparison.rows[at].commits.first() {
            names[at] = format!("{} {}", names[at], short(commit));
        }
    }
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for (at, _) in alike(&names).into_iter().enumerate().filter(|(_, alike)| *alike) {
        let number = numbers.entry(names[at].clone()).or_default();
        *number += 1;
        names[at] = format!("{} ({number})", names[at]);
    }
    names
}

fn row_name(row: &Row) -> String {
    let name = &row.experiment;
    match &row.state {
        _ if row.reference => format!("{name} (baseline)"),
        _ if row.is_baseline => format!("{name} (other condition)"),
        Some(State::Remote(remote)) => format!("{name} (on {remote})"),
        Some(State::Merged) => format!("{name} (merged)"),
        Some(State::Deleted) => format!("{name} (deleted)"),
        Some(State::Local) | None => name.clone(),
    }
}

/// `5`, `4/5 +1 failed` with five planned, `3 +2 withdrawn`, `3 +1 repeat`; `file` for a metrics file.
fn count(row: &Row) -> String {
    let independent = row.n - row.repeats.min(row.n);
    if independent == 0 && row.reference && !row.metrics.is_empty() {
        return "file".to_owned();
    }
    let mut text = match row.planned_seeds {
        Some(planned) if independent < planned as usize => format!("{independent}/{planned}"),
        _ => independent.to_string(),
    };
    if row.repeats > 0 {
        text.push_str(&format!(" +{}", plural(row.repeats, "repeat")));
    }
    for (n, word) in [(row.failed, "failed"), (row.withdrawn, "withdrawn")] {
        if n > 0 {
            text.push_str(&format!(" +{n} {word}"));
        }
    }
    text
}

fn param(row: &Row, name: &str) -> Cell {
    match row.params.get(name) {
        None if row.varying.iter().any(|varying| varying == name) => Cell::dim("varies"),
        None => Cell::dim("–"),
        // A text that looks like another value, or like none, keeps its quotes.
        Some(Value::String(text))
            if text != "varies" && text != "–" && serde_json::from_str::<Value>(text).is_err() && !text.is_empty() =>
        {
            Cell::plain(text.as_str())
        }
        Some(value) => Cell::plain(value.to_string()),
    }
}

/// `0.931 ± 0.004`; behind it how many values it lacks, and of how many it is the mean if not of all runs of the row.
fn value(estimate: &Estimate, runs: usize) -> Cell {
    let mut text = match estimate.mean {
        Some(mean) => Rounding::of(mean, estimate.sd, estimate.delta).mean(mean, estimate.sd),
        None => "–".to_owned(),
    };
    if estimate.n + estimate.non_finite < runs {
        text.push_str(&format!(" (n={})", estimate.n));
    }
    if estimate.non_finite > 0 {
        text.push_str(&format!(" +{} not finite", estimate.non_finite));
    }
    Cell::plain(text)
}

/// `+0.012 ▲`; room for the mark where other rows of the metric can have one, so that digits stand below digits.
fn delta(estimate: &Estimate, marked: bool) -> Cell {
    let (Some(mean), Some(delta)) = (estimate.mean, estimate.delta) else { return Cell::default() };
    let text = Rounding::of(mean, estimate.sd, Some(delta)).delta(delta);
    match estimate.better {
        Some(true) => Cell { text: format!("{text} ▲"), tone: Tone::Better },
        Some(false) => Cell { text: format!("{text} ▼"), tone: Tone::Worse },
        None if marked => Cell::plain(format!("{text}  ")),
        None => Cell::plain(text),
    }
}

fn notes(comparison: &Comparison, metrics: &[Metric<'_>]) -> Vec<String> {
    let estimates = || comparison.rows.iter().flat_map(|row| row.metrics.values());
    let mut legend = Vec::new();
    if estimates().any(|estimate| estimate.sd.is_some()) {
        legend.push("mean ± standard deviation over n runs");
    }
    if metrics.iter().any(|metric| metric.direction.is_some()) {
        legend.push("↑ higher is better, ↓ lower is better");
    }
    if metrics.iter().any(|metric| metric.delta) {
        legend.push("Δ difference to the baseline");
    }
    if estimates().any(|estimate| estimate.better.is_some()) {
        legend.push("▲ better, ▼ worse");
    }
    if comparison.rows.iter().any(|row| row.repeats > 0) {
        legend.push("repeats of a seed are part of the mean");
    }
    let mut notes: Vec<String> = (!legend.is_empty()).then(|| legend.join("; ")).into_iter().collect();

    let references: BTreeMap<usize, &Row> =
        comparison.rows.iter().filter(|row| row.reference).filter_map(|row| Some((row.baseline?, row))).collect();
    let mut said = BTreeSet::new();
    let sources = comparison.baselines.iter().enumerate().map(|(at, note)| source(note, references.get(&at).copied()));
    let sources: Vec<String> = sources.filter(|text| said.insert(text.clone())).collect();
    push_some(&mut notes, &sources, "baseline");
    let warnings: Vec<String> = comparison.warnings.iter().map(|warning| format!("warning: {warning}")).collect();
    push_some(&mut notes, &warnings, "warning");
    notes
}

fn push_some(notes: &mut Vec<String>, all: &[String], noun: &str) {
    notes.extend(all.iter().take(NOTES).cloned());
    if all.len() > NOTES {
        notes.push(format!("and {}; --format json has all", plural(all.len() - NOTES, &format!("more {noun}"))));
    }
}

/// Where a baseline's numbers come from.
fn source(baseline: &BaselineNote, reference: Option<&Row>) -> String {
    let name = &baseline.name;
    let commit = baseline.commit.as_deref().map(short);
    let of_commit = commit.map(|commit| format!(" of {commit}")).unwrap_or_default();
    let runs = plural(reference.map_or(0, |row| row.n), "run");
    match &baseline.source {
        BaselineSource::Runs => {
            let commits = reference.map(|row| row.commits.as_slice()).unwrap_or_default();
            let of = match commits {
                [] => String::new(),
                [only] => format!(" of {}", short(only)),
                several => format!(" of {}", plural(several.len(), "commit")),
            };
            format!("baseline {name}: {runs}{of}")
        }
        BaselineSource::MetricsFile(path) => {
            format!("baseline {name}: no runs, the numbers are those of {path}{of_commit}")
        }
        BaselineSource::Ancestor { commit, distance } => format!(
            "baseline {name}: no runs{of_commit}, {runs} of its ancestor {}, {} before it",
            short(commit),
            plural(*distance, "commit")
        ),
        BaselineSource::None { reason } => format!("baseline {name}: {reason}"),
    }
}

/// The first seven characters of a commit.
fn short(commit: &str) -> &str {
    commit.char_indices().nth(7).map_or(commit, |(at, _)| &commit[..at])
}
