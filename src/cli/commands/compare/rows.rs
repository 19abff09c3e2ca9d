//! Rows in another order, or fewer of them.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::cli::error::CliError;
use crate::cli::fields::of_param;
use crate::compare::{Comparison, Param, Row};
use crate::git::head::short;
use crate::query::{self, Attribute, Field, Fields, Name, Order, Part, Value};

/// Sort the rows of each baseline; its own stay in front.
pub(super) fn sort(comparison: &mut Comparison<'_>, order: &Order) {
    let rows = std::mem::take(&mut comparison.rows);
    let lookup = Lookup::new(comparison, order.fields());
    let mut rows = rows;
    rows.sort_by(|a, b| {
        let group = |row: &Row<'_>| (row.baseline.unwrap_or(usize::MAX), !row.is_baseline);
        group(a).cmp(&group(b)).then_with(|| match a.is_baseline {
            true => Ordering::Equal,
            false => order.compare(&Compared(&lookup, comparison, a), &Compared(&lookup, comparison, b)),
        })
    });
    drop(lookup);
    comparison.rows = rows;
}

/// Keep of each experiment the row that is best in the first metric.
///
/// # Errors
/// If it is not known which way the metric is better.
pub(super) fn keep_best(comparison: &mut Comparison<'_>) -> Result<(), CliError> {
    let Some(metric) = comparison.metrics.first() else { return Ok(()) };
    let Some(direction) = metric.direction else {
        return Err(CliError::new(format!("which '{}' is best? no expectation and no setting says it", metric.name))
            .hint(format!("in .xp.toml:  [metric.{:?}]  direction = \"maximize\"", metric.name)));
    };
    let mut best: HashMap<(usize, &str), usize> = HashMap::new();
    let value = |at: usize| comparison.estimate(&comparison.rows[at], 0).and_then(|estimate| estimate.mean);
    for (at, row) in comparison.rows.iter().enumerate().filter(|(_, row)| !row.is_baseline) {
        let known = best.entry((row.baseline.unwrap_or(usize::MAX), &*row.experiment)).or_insert(at);
        let is_better = match (value(*known), value(at)) {
            (Some(old), Some(new)) => direction.improves(old, new),
            (None, new) => new.is_some(),
            (Some(_), None) => false,
        };
        if is_better {
            *known = at;
        }
    }
    let kept: std::collections::HashSet<usize> = best.into_values().collect();
    let mut at = 0;
    comparison.rows.retain(|row| {
        at += 1;
        row.is_baseline || kept.contains(&(at - 1))
    });
    Ok(())
}

/// The column of each field, by slot.
struct Lookup(Vec<Source>);

enum Source {
    Attribute(Attribute),
    Metric(usize, Part),
    Param(usize),
    Nothing,
}

impl Lookup {
    fn new(comparison: &Comparison<'_>, fields: &Fields) -> Self {
        let metric = |name: &str| comparison.metrics.iter().position(|metric| metric.name == name);
        let source = |field: &Field| match field.name() {
            Name::Attribute(attribute) => Source::Attribute(*attribute),
            Name::Metric(name) => {
                let (name, part) = name.resolve(|name| metric(name).is_some());
                metric(name).map_or(Source::Nothing, |at| Source::Metric(at, part))
            }
            Name::Param(name) => {
                let at = comparison.params.iter().position(|param| param.name == **name);
                at.map_or(Source::Nothing, Source::Param)
            }
            Name::Tag(_) => Source::Nothing,
        };
        Self(fields.iter().map(source).collect())
    }
}

/// A row, as a sort order sees it.
struct Compared<'a>(&'a Lookup, &'a Comparison<'a>, &'a Row<'a>);

impl query::Row for Compared<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let Self(lookup, comparison, row) = self;
        let number = |value: Option<f64>| value.map_or(Value::Missing, Value::Number);
        let integer = |value: usize| Value::Integer(i64::try_from(value).unwrap_or(i64::MAX));
        match &lookup.0[field.slot()] {
            Source::Attribute(Attribute::Experiment) => Value::Text(&row.experiment),
            Source::Attribute(Attribute::Branch) => row.branch.map_or(Value::Missing, |name| Value::Text(short(name))),
            Source::Attribute(Attribute::State) => {
                row.state.as_ref().map_or(Value::Missing, |state| Value::Text(state.word()))
            }
            Source::Attribute(Attribute::Runs) => integer(row.n),
            Source::Attribute(Attribute::Seed) => {
                row.seeds().first().map_or(Value::Missing, |seed| Value::Integer(*seed))
            }
            Source::Attribute(Attribute::Commit) => {
                let first = row.runs.first().map(|run| run.commit()).or(row.commit.as_deref());
                first.map_or(Value::Missing, Value::Text)
            }
            Source::Attribute(Attribute::Condition) => row.condition().map_or(Value::Missing, Value::Text),
            // What a row of several runs does not have.
            Source::Attribute(_) | Source::Nothing => Value::Missing,
            Source::Metric(at, part) => {
                let Some(estimate) = comparison.estimate(row, *at) else { return Value::Missing };
                match part {
                    Part::Final | Part::Best => number(estimate.mean),
                    Part::Min => number(estimate.min.map(crate::records::Num::as_f64)),
                    Part::Max => number(estimate.max.map(crate::records::Num::as_f64)),
                    Part::Count => integer(estimate.n),
                    Part::Mean | Part::Step => Value::Missing,
                }
            }
            Source::Param(at) => match comparison.param(row, *at) {
                Some(Param::Is(value)) => of_param(value, &comparison.names),
                _ => Value::Missing,
            },
        }
    }
}
