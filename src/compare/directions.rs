//! The order of metrics, and which way each is better.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::comparison::MetricColumn;
use super::request::{Baseline, BaselineSource, RunRecord, Subject};
use super::warning::Warning;
use crate::model::direction::Direction;
use crate::model::hypothesis::Expectation;

/// All metrics: expected ones first, in the order of the expectations, then those that a run that counts or a metrics file
/// has, by name.
pub(super) fn metric_columns(
    baselines: &[Baseline],
    subjects: &[(Subject, usize)],
    directions: &BTreeMap<String, Direction>,
    warnings: &mut Vec<Warning>,
) -> Vec<MetricColumn> {
    let measured = measured(baselines, subjects);
    let expected = expected(subjects);
    let mut columns = Vec::new();
    for (name, promises) in expected.order.iter().map(|name| (name, &expected.promises[name])) {
        let conflict = promises.iter().find(|promise| promise.direction != promises[0].direction);
        if let Some(other) = conflict {
            warnings.push(Warning::Contradiction {
                metric: name.clone(),
                experiments: [promises[0].experiment.to_owned(), other.experiment.to_owned()],
            });
        }
        let direction = match promises.first() {
            Some(_) if conflict.is_some() => None,
            Some(promise) => Some(promise.direction),
            None => directions.get(name).copied(),
        };
        if !measured.is_empty() && !measured.contains(name.as_str()) {
            warnings.push(Warning::NeverMeasured { metric: name.clone() });
        }
        columns.push(MetricColumn { name: name.clone(), direction });
    }
    columns.extend(
        measured
            .into_iter()
            .filter(|name| !expected.promises.contains_key(*name))
            .map(|name| MetricColumn { name: name.to_owned(), direction: directions.get(name).copied() }),
    );
    columns
}

struct Expected<'a> {
    order: Vec<String>,
    promises: HashMap<String, Vec<Promise<'a>>>,
}

struct Promise<'a> {
    experiment: &'a str,
    direction: Direction,
}

fn expected(subjects: &[(Subject, usize)]) -> Expected<'_> {
    let mut all = Expected { order: Vec::new(), promises: HashMap::new() };
    for (subject, _) in subjects {
        // A text that this version cannot read says nothing about order or direction; it stays in the fact.
        let read: Vec<Expectation> = subject.hypothesis.expect.iter().filter_map(|text| text.parse().ok()).collect();
        let mut done = HashSet::new();
        for expectation in read.iter().filter(|expectation| done.insert(expectation.metric.as_str())) {
            let promises = all.promises.entry(expectation.metric.clone()).or_insert_with(|| {
                all.order.push(expectation.metric.clone());
                Vec::new()
            });
            // Both ways in one experiment is a range that is hit, which makes neither way better.
            let mut same = read.iter().filter(|other| other.metric == expectation.metric);
            if same.all(|other| other.direction() == expectation.direction()) {
                promises.push(Promise { experiment: &subject.name, direction: expectation.direction() });
            }
        }
    }
    all
}

fn measured<'a>(baselines: &'a [Baseline], subjects: &'a [(Subject, usize)]) -> BTreeSet<&'a str> {
    let runs = baselines.iter().flat_map(|baseline| &baseline.runs);
    let runs = runs.chain(subjects.iter().flat_map(|(subject, _)| &subject.runs)).filter(|record| record.counts());
    // Late metrics only add names, so that no merged map is needed.
    let names = |record: &'a RunRecord| {
        record.run.metrics.keys().chain(record.late.iter().flat_map(|late| late.metrics.keys()))
    };
    let files = baselines.iter().filter(|baseline| matches!(baseline.source, BaselineSource::MetricsFile(_)));
    let mut all: HashSet<&str> = HashSet::new();
    all.extend(runs.flat_map(names).map(String::as_str));
    all.extend(files.flat_map(|baseline| baseline.file_metrics.keys()).map(String::as_str));
    all.into_iter().collect()
}
