//! The order of metrics, and which way each is better.

use std::collections::{HashMap, HashSet};

use super::comparison::MetricColumn;
use super::request::Request;
use super::warning::Warning;
use crate::model::direction::Direction;
use crate::model::hypothesis::Expectation;
use crate::model::metric::is_system;
use crate::records::Symbol;

/// All metrics: expected ones first, in the order of the expectations, then the `measured` ones, which come by name. Of those, system metrics only where
/// they are asked for.
pub(super) fn metric_columns(
    request: &Request<'_>,
    measured: &[&str],
    warnings: &mut Vec<Warning>,
) -> Vec<MetricColumn> {
    let expected = expected(request);
    let directions = &request.directions;
    let is_measured = |name: &str| measured.binary_search(&name).is_ok();
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
        if !measured.is_empty() && !is_measured(name) {
            warnings.push(Warning::NeverMeasured { metric: name.clone() });
        }
        columns.push(MetricColumn { name: name.clone(), direction });
    }
    columns.extend(
        measured
            .iter()
            .filter(|name| !expected.promises.contains_key(**name))
            .filter(|name| !is_system(name) || request.metrics.iter().any(|asked| asked == **name))
            .map(|name| MetricColumn { name: (*name).to_owned(), direction: directions.get(*name).copied() }),
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

fn expected<'a>(request: &Request<'a>) -> Expected<'a> {
    let mut all = Expected { order: Vec::new(), promises: HashMap::new() };
    // Many experiments expect the same; each text is read once. One that this version cannot read says nothing about order or direction; it stays in the fact.
    let mut texts: HashMap<Symbol, Option<Expectation>> = HashMap::new();
    let mut seen: ahash::HashSet<&[Symbol]> = ahash::HashSet::default();
    for (subject, _) in &request.subjects {
        // Nor does a second experiment that expects the same say anything new.
        if !seen.insert(subject.expect) {
            continue;
        }
        for symbol in subject.expect {
            texts.entry(*symbol).or_insert_with(|| request.names.text(*symbol).parse().ok());
        }
        let read: Vec<&Expectation> = subject.expect.iter().filter_map(|symbol| texts[symbol].as_ref()).collect();
        let mut done = HashSet::new();
        for expectation in read.iter().filter(|expectation| done.insert(expectation.metric.as_str())) {
            if !all.promises.contains_key(&expectation.metric) {
                all.order.push(expectation.metric.clone());
                all.promises.insert(expectation.metric.clone(), Vec::new());
            }
            // Both ways in one experiment is a range that is hit, which makes neither way better.
            let mut same = read.iter().filter(|other| other.metric == expectation.metric);
            if same.all(|other| other.direction() == expectation.direction())
                && let Some(promises) = all.promises.get_mut(&expectation.metric)
            {
                promises.push(Promise { experiment: subject.name, direction: expectation.direction() });
            }
        }
    }
    all
}
