//! How metrics differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::direction::Direction;
use crate::model::metric::Summary;
use crate::model::number::Number;

/// A metric that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricChange {
    /// Its name.
    pub name: String,
    /// Which way it is better, if that is known.
    pub direction: Option<Direction>,
    /// The values that differ.
    pub values: Vec<(Which, Values)>,
    /// The steps of the final values, if they differ.
    pub steps: Option<[Option<i64>; 2]>,
    /// The numbers of points, if they differ.
    pub points: Option<[u64; 2]>,
}

/// A value of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// That of the highest step.
    Final,
    /// The best, where a direction is known.
    Best,
    /// The smallest finite one.
    Min,
    /// The largest finite one.
    Max,
}

/// The same value of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Values {
    /// The first run's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Number>,
    /// The second's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Number>,
    /// The second less the first, where both are finite.
    pub delta: Option<f64>,
    /// Whether the second is better; `None` if no direction is known, or they are equal.
    pub better: Option<bool>,
}

impl MetricChange {
    /// The values that tell people how it differs: the final one; the best, where it is another; the ends of the range, where nothing else differs.
    pub fn leading(&self) -> Vec<(Which, &Values)> {
        let find = |which: Which| self.values.iter().find(|(found, _)| *found == which).map(|(_, values)| values);
        let last = find(Which::Final);
        let is_new = |values: &&Values| last.is_none_or(|last| (&last.a, &last.b) != (&values.a, &values.b));
        let first = [(Which::Final, last), (Which::Best, find(Which::Best).filter(is_new))];
        let ends = [Which::Min, Which::Max].map(|which| (which, find(which)));
        let present = |all: [(Which, Option<_>); 2]| {
            all.into_iter().filter_map(|(which, values)| Some((which, values?))).collect::<Vec<_>>()
        };
        let first = present(first);
        if first.is_empty() { present(ends) } else { first }
    }
}

impl Which {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Best => "best",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    fn of(self, summary: &Summary, direction: Option<Direction>) -> Option<&Number> {
        match (self, direction) {
            (Self::Final, _) => Some(&summary.r#final),
            (Self::Min, _) | (Self::Best, Some(Direction::Minimize)) => summary.min.as_ref(),
            (Self::Max, _) | (Self::Best, Some(Direction::Maximize)) => summary.max.as_ref(),
            (Self::Best, None) => summary.best.as_ref(),
        }
    }
}

impl Values {
    fn new(a: Option<&Number>, b: Option<&Number>, direction: Option<Direction>) -> Option<Self> {
        let is_same = match (a, b) {
            (Some(a), Some(b)) => a.is_identical(b),
            (None, None) => true,
            _ => false,
        };
        if is_same {
            return None;
        }
        let pair = a.zip(b).map(|(a, b)| (a.as_f64(), b.as_f64()));
        let delta = pair.map(|(a, b)| b - a).filter(|delta| delta.is_finite());
        let better = pair.zip(direction).and_then(|((a, b), direction)| {
            if direction.improves(a, b) { Some(true) } else { direction.improves(b, a).then_some(false) }
        });
        Some(Self { a: a.cloned(), b: b.cloned(), delta, better })
    }
}

/// The metrics that differ, by name.
pub(super) fn metric_changes(
    a: &BTreeMap<String, Summary>,
    b: &BTreeMap<String, Summary>,
    direction: impl Fn(&str) -> Option<Direction>,
) -> Vec<MetricChange> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter_map(|name| metric_change(name, a.get(name), b.get(name), direction(name))).collect()
}

fn metric_change(
    name: &str,
    a: Option<&Summary>,
    b: Option<&Summary>,
    direction: Option<Direction>,
) -> Option<MetricChange> {
    let values: Vec<(Which, Values)> = [Which::Final, Which::Best, Which::Min, Which::Max]
        .into_iter()
        .filter_map(|which| {
            let of = |summary: Option<&Summary>| summary.and_then(|summary| which.of(summary, direction)).cloned();
            let values = Values::new(of(a).as_ref(), of(b).as_ref(), direction);
            // Neither end is better in itself.
            let is_end = matches!(which, Which::Min | Which::Max);
            values.map(|values| (which, Values { better: values.better.filter(|_| !is_end), ..values }))
        })
        .collect();
    let both = a.zip(b);
    let steps = both.map(|(a, b)| [a.step, b.step]).filter(|[a, b]| a != b);
    let points = both.map(|(a, b)| [a.count, b.count]).filter(|[a, b]| a != b);
    let differs = !values.is_empty() || steps.is_some() || points.is_some();
    differs.then(|| MetricChange { name: name.to_owned(), direction, values, steps, points })
}

/// The metrics whose points differ between two `series.tsv`, as the files name them. When a point was logged does not count.
pub fn series_that_differ(a: &[u8], b: &[u8]) -> BTreeSet<String> {
    let (a, b) = (points(a), points(b));
    let names: BTreeSet<&&[u8]> = a.keys().chain(b.keys()).collect();
    let differing = names.into_iter().filter(|name| a.get(*name) != b.get(*name));
    differing.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// Steps and values by metric, below the header line.
fn points(series: &[u8]) -> BTreeMap<&[u8], Vec<[&[u8]; 2]>> {
    let mut all: BTreeMap<&[u8], Vec<[&[u8]; 2]>> = BTreeMap::new();
    for line in series.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
        let mut fields = line.split(|byte| *byte == b'\t');
        let mut next = || fields.next().unwrap_or_default();
        let (name, step, _, value) = (next(), next(), next(), next());
        all.entry(name).or_default().push([step, value]);
    }
    all
}
