//! Runs that differ only in their seed become one row.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::comparison::{Estimate, Row};
use super::estimate::estimate;
use super::params::is_the_seed;
use super::request::{RunRecord, Subject};
use super::warning::Warning;
use crate::model::metric::Summary;
use crate::model::number::Number;
use crate::model::time::Time;

/// A row and what is needed of its runs until the comparison is complete.
pub(super) struct Built {
    pub(super) row: Row,
    /// Start of the latest run that counts, or of the latest run if none does.
    pub(super) latest: Time,
    /// All the runs that count are identical to the last bit, under at least two seeds.
    pub(super) seed_without_effect: bool,
}

/// The rows of an experiment, by first start; at least one.
pub(super) fn subject_rows(subject: &Subject, baseline: Option<usize>, warnings: &mut Vec<Warning>) -> Vec<Built> {
    let template = Row {
        experiment: subject.name.clone(),
        branch: subject.branch.clone(),
        state: Some(subject.state.clone()),
        baseline,
        planned_seeds: subject.planned_seeds,
        ..Row::default()
    };
    let mut rows = condition_rows(&subject.runs, &template);
    if rows.is_empty() {
        rows.push(row_without_runs(&template, subject.commit.as_ref()));
    }
    Warning::about_seeds(&rows, warnings);
    // Seeds are planned for each thing that is tried, so the best measured condition tells whether the plan was kept.
    let seeds = rows.iter().map(|built| built.row.n - built.row.repeats).max().unwrap_or(0);
    if let Some(planned) = subject.planned_seeds.filter(|planned| seeds < *planned as usize) {
        warnings.push(Warning::FewerSeeds { experiment: subject.name.clone(), seeds, planned });
    }
    rows
}

/// One row for each condition among the runs, by first start; the template says what all rows share.
pub(super) fn condition_rows(runs: &[RunRecord], template: &Row) -> Vec<Built> {
    let mut ordered: Vec<&RunRecord> = runs.iter().collect();
    ordered.sort_by_key(|record| (record.run.start, record.id));
    let mut groups: Vec<Vec<&RunRecord>> = Vec::new();
    let mut index: HashMap<&str, usize> = HashMap::new();
    for record in ordered {
        let condition = record.run.condition.as_str();
        match index.get(condition).filter(|_| !condition.is_empty()) {
            Some(&at) => groups[at].push(record),
            None => {
                index.insert(condition, groups.len());
                groups.push(vec![record]);
            }
        }
    }
    groups.iter().map(|group| row(group, template)).collect()
}

/// A row that says that there is nothing yet.
pub(super) fn row_without_runs(template: &Row, commit: Option<&String>) -> Built {
    let row = Row { commits: commit.into_iter().cloned().collect(), ..template.clone() };
    Built { row, latest: Time::default(), seed_without_effect: false }
}

fn row(group: &[&RunRecord], template: &Row) -> Built {
    let counting: Vec<&RunRecord> = group.iter().copied().filter(|record| record.counts()).collect();
    let metrics: Vec<Cow<'_, BTreeMap<String, Summary>>> = counting.iter().map(|record| record.metrics()).collect();
    let withdrawn = group.iter().filter(|record| record.withdrawn).count();
    let seeds: BTreeSet<i64> = counting.iter().filter_map(|record| record.run.seed).collect();
    let with_seed = counting.iter().filter(|record| record.run.seed.is_some()).count();
    let (params, varying) = merged_params(if counting.is_empty() { group } else { &counting });
    let latest = if counting.is_empty() { group.last() } else { counting.last() };
    Built {
        latest: latest.map(|record| record.run.start).unwrap_or_default(),
        seed_without_effect: seeds.len() > 1 && with_seed == counting.len() && all_identical(&metrics),
        row: Row {
            condition: group.first().map(|first| first.run.condition.clone()).filter(|text| !text.is_empty()),
            commits: distinct(group.iter().map(|record| &record.run.commit)),
            n: counting.len(),
            failed: group.len() - counting.len() - withdrawn,
            withdrawn,
            repeats: with_seed - seeds.len(),
            seeds: seeds.into_iter().collect(),
            params,
            varying,
            metrics: estimates(&metrics),
            ..template.clone()
        },
    }
}

fn estimates(metrics: &[Cow<'_, BTreeMap<String, Summary>>]) -> BTreeMap<String, Estimate> {
    let mut values: BTreeMap<&str, Vec<&Number>> = BTreeMap::new();
    for (name, summary) in metrics.iter().flat_map(|of_run| of_run.iter()) {
        values.entry(name).or_default().push(&summary.r#final);
    }
    values.into_iter().map(|(name, values)| (name.to_owned(), estimate(&values))).collect()
}

/// Params that all runs agree on, and the names of the others. The seed under its own name is neither.
fn merged_params(runs: &[&RunRecord]) -> (BTreeMap<String, Value>, Vec<String>) {
    let Some((first, others)) = runs.split_first() else { return Default::default() };
    let mut agreed = first.params().into_owned();
    let mut varying = BTreeSet::new();
    for other in others {
        let params = other.params();
        let missing = params.keys().filter(|name| !agreed.contains_key(*name));
        varying.extend(missing.cloned());
        agreed.retain(|name, value| {
            let same = params.get(name) == Some(value);
            if !same {
                varying.insert(name.clone());
            }
            same
        });
    }
    let seed = |name: &str| runs.iter().all(|record| is_the_seed(name, record.params().get(name), record.run.seed));
    varying.retain(|name| !seed(name));
    agreed.retain(|name, _| !seed(name));
    (agreed, varying.into_iter().collect())
}

/// Whether the runs have metrics, and the same ones to the last bit: finals, steps, extremes and counts.
fn all_identical(metrics: &[Cow<'_, BTreeMap<String, Summary>>]) -> bool {
    let Some((first, others)) = metrics.split_first() else { return false };
    let same = |a: &Option<Number>, b: &Option<Number>| match (a, b) {
        (Some(a), Some(b)) => a.is_identical(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    !first.is_empty()
        && others.iter().all(|other| {
            first.len() == other.len()
                && first.iter().zip(other.iter()).all(|((name, a), (other_name, b))| {
                    name == other_name
                        && a.r#final.is_identical(&b.r#final)
                        && (a.step, a.count) == (b.step, b.count)
                        && same(&a.min, &b.min)
                        && same(&a.max, &b.max)
                })
        })
}

fn distinct<'a>(commits: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    commits.filter(|commit| seen.insert(*commit)).cloned().collect()
}
