//! A comparison as a table and as JSON.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use ahash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::number::{Rounding, plural};
use super::table::{Align, Column, Grid, Kind, MOST_COLUMNS, Strip, Tone};
use crate::compare::{BaselineNote, BaselineSource, Comparison, Estimate, Param, Place, Row, State};
use crate::model::direction::Direction;
use crate::model::text::escape_json;
use crate::records::Value;

/// How many notes of a kind are shown.
const NOTES: usize = 10;

/// A comparison as indented JSON, safe for a terminal, ending in a newline. Its shape is in [`crate::compare`].
///
/// # Errors
/// None in practice: every value of a comparison is representable in JSON.
pub fn json(comparison: &Comparison<'_>) -> Result<String, serde_json::Error> {
    Ok(escape_json(serde_json::to_string_pretty(comparison)?) + "\n")
}

/// A comparison as a table: who, how many runs, which params, then each metric and its delta.
///
/// What matters less: params and metrics take turns, the first ones being worth most, and a delta goes before its metric.
pub fn table<'a>(comparison: &'a Comparison<'a>) -> ComparisonTable<'a> {
    let metrics = metrics(comparison);
    let mut columns = vec![Column::text("experiment", Align::Left, 0), Column::text("n", Align::Left, 1)];
    let mut sources = vec![Source::Experiment, Source::Count];
    let params = comparison.params.iter().enumerate().filter(|(_, param)| param.differs);
    for ((at, param), turn) in params.zip(0..) {
        columns.push(Column {
            priority: 4 + 3 * turn,
            kind: Kind::Param,
            ..Column::text(&param.name, Align::Right, 0)
        });
        sources.push(Source::Param(at));
    }
    for (metric, turn) in metrics.iter().zip(turns(&metrics)) {
        let column = Column::text(metric.name, Align::Right, 2 + 3 * turn);
        columns.push(Column { kind: Kind::Metric(metric.direction), ..column.clone() });
        sources.push(Source::Metric(metric.at));
        if metric.delta {
            columns.push(Column { kind: Kind::Delta, priority: column.priority + 1, ..column });
            sources.push(Source::Delta(metric.at));
        }
    }
    let notes = notes(comparison, &metrics);
    let places = comparison.rows.iter().map(|row| (row.place(), row.n)).collect();
    ComparisonTable { comparison, places, roundings: RefCell::default(), columns, sources, notes, is_chosen: false }
}

/// In what order metrics are shown where there is room for some. Of more than any table shows, those that are known to be better one way come first.
fn turns(metrics: &[Metric<'_>]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..metrics.len()).collect();
    if metrics.len() > MOST_COLUMNS {
        order.sort_by_key(|at| metrics[*at].direction.is_none());
    }
    let mut turns = vec![0; metrics.len()];
    for (at, turn) in order.into_iter().zip(0..) {
        turns[at] = turn;
    }
    turns
}

/// A comparison that is asked for the texts of one column at a time.
pub struct ComparisonTable<'a> {
    comparison: &'a Comparison<'a>,
    /// Of each row: where its values are, and how many of its runs count.
    places: Vec<(Place, usize)>,
    /// How each row of a metric is rounded: its values and their deltas share that, and are looked at one after the other.
    roundings: RefCell<(Option<usize>, Vec<Rounding>)>,
    columns: Vec<Column>,
    sources: Vec<Source>,
    notes: Vec<String>,
    is_chosen: bool,
}

impl ComparisonTable<'_> {
    /// The user named what to compare: all of it is shown, however many columns that makes.
    pub fn with_all(self) -> Self {
        Self { is_chosen: true, ..self }
    }
}

/// What a column shows.
#[derive(Clone, Copy)]
enum Source {
    Experiment,
    Count,
    Param(usize),
    Metric(usize),
    Delta(usize),
}

impl Grid for ComparisonTable<'_> {
    fn title(&self) -> Option<&str> {
        None
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn height(&self) -> usize {
        self.comparison.rows.len()
    }

    fn strip(&self, column: usize) -> Strip {
        let comparison = self.comparison;
        let mut strip = Strip::with_capacity(comparison.rows.len());
        let Some(source) = self.sources.get(column) else { return strip };
        if let Source::Experiment = source {
            row_names(comparison).iter().for_each(|name| strip.push(name, Tone::Plain));
            return strip;
        }
        match *source {
            Source::Experiment => {}
            Source::Count => {
                let is_file = |row: &Row<'_>| {
                    (0..comparison.metrics.len()).any(|column| comparison.estimate(row, column).is_some())
                };
                for row in &comparison.rows {
                    strip.push_number(Tone::Plain, |out| push_count(out, row, row.reference && is_file(row)));
                }
            }
            Source::Param(at) => {
                let params = self.places.iter().map(|(place, _)| comparison.param_at(*place, at));
                params.for_each(|param| push_param(&mut strip, comparison, param));
            }
            Source::Metric(at) => {
                let (known, roundings) = &mut *self.roundings.borrow_mut();
                *known = Some(at);
                roundings.clear();
                for (place, n) in &self.places {
                    let estimate = comparison.estimate_at(*place, at);
                    let rounding = rounding(estimate.as_ref());
                    roundings.push(rounding);
                    match estimate {
                        Some(estimate) => {
                            strip.push_number(Tone::Plain, |out| push_value(out, rounding, &estimate, *n));
                        }
                        None => strip.push_number(Tone::Dim, |out| out.push('–')),
                    }
                }
            }
            Source::Delta(at) => {
                let marked = comparison.metrics[at].direction.is_some();
                let (known, roundings) = &*self.roundings.borrow();
                let known =
                    roundings.iter().filter(|_| *known == Some(at)).copied().map(Some).chain(std::iter::repeat(None));
                for ((place, _), known) in self.places.iter().zip(known) {
                    let estimate = comparison.estimate_at(*place, at);
                    let rounding = known.unwrap_or_else(|| rounding(estimate.as_ref()));
                    match estimate {
                        Some(estimate) => push_delta(&mut strip, rounding, &estimate, marked),
                        None => strip.push_number(Tone::Plain, |_| {}),
                    }
                }
            }
        }
        strip
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn is_chosen(&self) -> bool {
        self.is_chosen
    }
}

struct Metric<'a> {
    at: usize,
    name: &'a str,
    direction: Option<Direction>,
    delta: bool,
}

/// Metrics that some row has, and whether some row has a delta of it.
fn metrics<'a>(comparison: &'a Comparison<'_>) -> Vec<Metric<'a>> {
    let shown = comparison.metrics.iter().enumerate().filter_map(|(at, metric)| {
        let mut estimates = comparison.rows.iter().filter_map(|row| comparison.estimate(row, at));
        let first = estimates.next()?;
        let delta = first.delta.is_some() || estimates.any(|estimate| estimate.delta.is_some());
        Some(Metric { at, name: &metric.name, direction: metric.direction, delta })
    });
    shown.collect()
}

/// The first cells. Rows that would look the same get the commit of their runs, and where that does not help, a number.
fn row_names(comparison: &Comparison<'_>) -> Vec<String> {
    let mut names: Vec<String> = comparison.rows.iter().map(row_name).collect();
    // Params that all rows agree on tell none apart.
    let params = |at: usize| {
        let differing = comparison.params.iter().enumerate().filter(|(_, param)| param.differs);
        differing.map(|(column, _)| format!("{:?}", comparison.param(&comparison.rows[at], column))).collect::<Vec<_>>()
    };
    let alike = |names: &[String]| {
        // Nearly always there are none.
        let mut seen: HashSet<&str> = HashSet::with_capacity(names.len());
        let twice: HashSet<&str> = names.iter().map(String::as_str).filter(|name| !seen.insert(name)).collect();
        if twice.is_empty() {
            return Vec::new();
        }
        let mut groups: HashMap<&str, Vec<usize>> = HashMap::new();
        let of_group = names.iter().enumerate().filter(|(_, name)| twice.contains(name.as_str()));
        of_group.for_each(|(at, name)| groups.entry(name).or_default().push(at));
        let mut alike: Vec<usize> = Vec::new();
        for group in groups.into_values() {
            let mut count: HashMap<Vec<String>, usize> = HashMap::new();
            group.iter().for_each(|at| *count.entry(params(*at)).or_default() += 1);
            alike.extend(group.into_iter().filter(|at| count[&params(*at)] > 1));
        }
        alike.sort_unstable();
        alike
    };
    for at in alike(&names) {
        if let Some(commit) = comparison.rows[at].commits().first() {
            names[at] = format!("{} {}", names[at], short(commit));
        }
    }
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for at in alike(&names) {
        let number = numbers.entry(names[at].clone()).or_default();
        *number += 1;
        names[at] = format!("{} ({number})", names[at]);
    }
    names
}

fn row_name(row: &Row<'_>) -> String {
    let mut name = row.experiment.to_string();
    if let Some(run) = &row.run {
        let _ = write!(name, " {}", &run.as_str()[..6]);
        if let ([only], 1) = (row.runs.as_slice(), row.n)
            && let Some(seed) = only.seed
        {
            let _ = write!(name, " seed {seed}");
        }
    }
    let remark = match &row.state {
        _ if row.reference => "baseline",
        _ if row.is_baseline => "other condition",
        Some(State::Remote(remote)) => &format!("on {remote}"),
        Some(State::Merged) => "merged",
        Some(State::Squashed) => "squashed",
        Some(State::Deleted) => "deleted",
        Some(State::Local) | None => return name,
    };
    name + " (" + remark + ")"
}

/// `5`, `4/5 +1 failed` with five planned, `3 +2 withdrawn`, `3 +1 repeat`; `file` for a metrics file.
fn push_count(out: &mut String, row: &Row<'_>, is_file: bool) {
    let independent = row.n - row.repeats.min(row.n);
    if independent == 0 && row.reference && is_file {
        out.push_str("file");
        return;
    }
    out.push_str(itoa::Buffer::new().format(independent));
    if let Some(planned) = row.planned_seeds.filter(|planned| independent < *planned as usize && row.run.is_none()) {
        let _ = write!(out, "/{planned}");
    }
    if row.repeats > 0 {
        let _ = write!(out, " +{}", plural(row.repeats, "repeat"));
    }
    for (n, word) in [(row.failed, "failed"), (row.withdrawn, "withdrawn")] {
        if n > 0 {
            let _ = write!(out, " +{n} {word}");
        }
    }
}

fn push_param(strip: &mut Strip, comparison: &Comparison<'_>, param: Option<Param>) {
    let value = match param {
        None => return strip.push_number(Tone::Dim, |out| out.push('–')),
        Some(Param::Varies) => return strip.push_number(Tone::Dim, |out| out.push_str("varies")),
        Some(Param::Is(value)) => value,
    };
    let names = &comparison.names;
    match value {
        // A text that looks like another value, or like none, keeps its quotes.
        Value::Text(text)
            if !matches!(names.text(text), "" | "varies" | "–")
                && serde_json::from_str::<serde_json::Value>(names.text(text)).is_err() =>
        {
            strip.push(names.text(text), Tone::Plain);
        }
        Value::Integer(value) => strip.push_number(Tone::Plain, |out| out.push_str(itoa::Buffer::new().format(value))),
        // As JSON has it, and by what writes it there.
        Value::Float(value) if value.is_finite() => {
            strip.push_number(Tone::Plain, |out| out.push_str(zmij::Buffer::new().format_finite(value)));
        }
        value => strip.push_number(Tone::Plain, |out| _ = write!(out, "{}", value.to_json(names))),
    }
}

fn rounding(estimate: Option<&Estimate>) -> Rounding {
    let of = |estimate: &Estimate| Some(Rounding::of(estimate.mean?, estimate.sd, estimate.delta));
    estimate.and_then(of).unwrap_or_else(|| Rounding::of(0.0, None, None))
}

/// `0.931 ± 0.004`; behind it how many values it lacks, and of how many it is the mean if not of all runs of the row.
fn push_value(out: &mut String, rounding: Rounding, estimate: &Estimate, runs: usize) {
    match estimate.mean {
        Some(mean) => rounding.push_mean(out, mean, estimate.sd),
        None => out.push('–'),
    }
    if estimate.n + estimate.non_finite < runs {
        let _ = write!(out, " (n={})", estimate.n);
    }
    if estimate.non_finite > 0 {
        let _ = write!(out, " +{} not finite", estimate.non_finite);
    }
}

/// `+0.012 ▲`; room for the mark where other rows of the metric can have one, so that digits stand below digits.
fn push_delta(strip: &mut Strip, rounding: Rounding, estimate: &Estimate, marked: bool) {
    let (Some(_), Some(delta)) = (estimate.mean, estimate.delta) else {
        return strip.push_number(Tone::Plain, |_| {});
    };
    let (tone, mark) = match estimate.better {
        Some(true) => (Tone::Better, " ▲"),
        Some(false) => (Tone::Worse, " ▼"),
        None if marked => (Tone::Plain, "  "),
        None => (Tone::Plain, ""),
    };
    strip.push_number(tone, |out| {
        rounding.push_delta(out, delta);
        out.push_str(mark);
    });
}

fn notes(comparison: &Comparison<'_>, metrics: &[Metric<'_>]) -> Vec<String> {
    let estimates = |row| metrics.iter().filter_map(move |metric| comparison.estimate(row, metric.at));
    let mut legend = Vec::new();
    // One run has no deviation.
    let several = comparison.rows.iter().filter(|row| row.n > 1);
    if several.flat_map(estimates).any(|estimate| estimate.sd.is_some()) {
        legend.push("mean ± standard deviation over n runs");
    }
    if metrics.iter().any(|metric| metric.direction.is_some()) {
        legend.push("↑ higher is better, ↓ lower is better");
    }
    if metrics.iter().any(|metric| metric.delta) {
        legend.push("Δ difference to the baseline");
    }
    let is_directed = metrics.iter().any(|metric| metric.direction.is_some() && metric.delta);
    if is_directed && comparison.rows.iter().flat_map(estimates).any(|estimate| estimate.better.is_some()) {
        legend.push("▲ better, ▼ worse");
    }
    if comparison.rows.iter().any(|row| row.repeats > 0) {
        legend.push("repeats of a seed are part of the mean");
    }
    let mut notes: Vec<String> = (!legend.is_empty()).then(|| legend.join("; ")).into_iter().collect();

    let references: BTreeMap<usize, &Row<'_>> =
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
fn source(baseline: &BaselineNote, reference: Option<&Row<'_>>) -> String {
    let name = &baseline.name;
    let commit = baseline.commit.as_deref().map(short);
    let of_commit = commit.map(|commit| format!(" of {commit}")).unwrap_or_default();
    let runs = plural(reference.map_or(0, |row| row.n), "run");
    match &baseline.source {
        BaselineSource::Runs => {
            let commits = reference.map(Row::commits).unwrap_or_default();
            let of = match commits.as_slice() {
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
