//! Runs that differ only in their seed become one row.

use std::collections::{BTreeSet, HashMap};

use super::columns::Columns;
use super::comparison::{Estimate, Param, Row};
use super::estimate::estimate;
use super::request::{At, Request, Subject};
use super::warning::Warning;
use crate::model::direction::Direction;
use crate::model::time::Time;
use crate::records::{Measure, Names, Num, RunRecord, Symbol, Value};

/// A row and what is needed of its runs until the comparison is complete.
pub(super) struct Built {
    pub(super) row: Row,
    /// Start of the latest run that counts, or of the latest run if none does.
    pub(super) latest: Time,
    /// All the runs that count are identical to the last bit, under at least two seeds.
    pub(super) seed_without_effect: bool,
}

/// Folds runs into rows; keeps what it needs for that from one row to the next.
pub(super) struct Folder<'a> {
    names: &'a Names,
    columns: &'a Columns,
    at: At<'a>,
    each_run: bool,
    /// The values of the row at hand, by metric column, and which of them are in use.
    values: Vec<Vec<Num>>,
    used: Vec<u32>,
}

impl<'a> Folder<'a> {
    pub(super) fn new(request: &Request<'a>, columns: &'a Columns) -> Self {
        Self {
            names: request.names,
            columns,
            at: request.at,
            each_run: request.each_run,
            values: vec![Vec::new(); columns.metrics.len()],
            used: Vec::new(),
        }
    }

    /// Add the rows of an experiment, by first start; at least one.
    pub(super) fn subject_rows(
        &mut self,
        subject: &Subject<'_>,
        baseline: Option<usize>,
        rows: &mut Vec<Built>,
        warnings: &mut Vec<Warning>,
    ) {
        let template = Row {
            experiment: subject.name.to_owned(),
            branch: subject.branch.map(str::to_owned),
            state: Some(subject.state.clone()),
            baseline,
            planned_seeds: subject.planned_seeds,
            ..Row::default()
        };
        let before = rows.len();
        rows.extend(self.condition_rows(&subject.runs, &template));
        if rows.len() == before {
            rows.push(row_without_runs(&template, subject.commit.as_ref()));
        }
        Warning::about_seeds(&rows[before..], warnings);
        // Seeds are planned for each thing that is tried, so the best measured condition tells whether the plan was kept.
        if let Some(planned) = subject.planned_seeds {
            let seeds = if self.each_run {
                distinct_seeds(&subject.runs)
            } else {
                rows[before..].iter().map(|built| built.row.n - built.row.repeats).max().unwrap_or(0)
            };
            if seeds < planned as usize {
                warnings.push(Warning::FewerSeeds { experiment: subject.name.to_owned(), seeds, planned });
            }
        }
    }

    /// One row for each condition among the runs, by first start; the template says what all rows share.
    pub(super) fn condition_rows(&mut self, runs: &[&RunRecord], template: &Row) -> Vec<Built> {
        let mut ordered: Vec<&RunRecord> = runs.to_vec();
        ordered.sort_by_key(|run| (run.start, run.id));
        let mut groups: Vec<Vec<&RunRecord>> = Vec::new();
        let mut index: HashMap<Symbol, usize> = HashMap::new();
        for run in ordered {
            match run.condition.some().filter(|_| !self.each_run && runs.len() > 1) {
                None => groups.push(vec![run]),
                Some(condition) => match index.get(&condition) {
                    Some(&at) => groups[at].push(run),
                    None => {
                        index.insert(condition, groups.len());
                        groups.push(vec![run]);
                    }
                },
            }
        }
        groups.iter().map(|group| self.row(group, template)).collect()
    }

    fn row(&mut self, group: &[&RunRecord], template: &Row) -> Built {
        let counting: Vec<&RunRecord> = group.iter().copied().filter(|run| run.counts()).collect();
        let withdrawn = group.iter().filter(|run| run.withdrawn.is_some()).count();
        let seeds: BTreeSet<i64> = counting.iter().filter_map(|run| run.seed).collect();
        let with_seed = counting.iter().filter(|run| run.seed.is_some()).count();
        let latest = if counting.is_empty() { group.last() } else { counting.last() };
        let condition = group.first().and_then(|first| first.condition.some());
        Built {
            latest: latest.map(|run| run.start).unwrap_or_default(),
            seed_without_effect: seeds.len() > 1 && with_seed == counting.len() && all_identical(&counting),
            row: Row {
                run: group.first().filter(|_| self.each_run).map(|run| run.id),
                condition: condition.map(|condition| self.names.text(condition).to_owned()),
                commits: self.commits(group),
                n: counting.len(),
                failed: group.len() - counting.len() - withdrawn,
                withdrawn,
                repeats: with_seed - seeds.len(),
                seeds: seeds.into_iter().collect(),
                params: self.params(if counting.is_empty() { group } else { &counting }),
                metrics: self.estimates(&counting),
                ..template.clone()
            },
        }
    }

    fn estimates(&mut self, runs: &[&RunRecord]) -> Vec<(u32, Estimate)> {
        for run in runs {
            for (name, measure) in &run.metrics {
                let Some(column) = self.columns.metric(*name) else { continue };
                let direction = self.columns.metrics[column as usize].direction;
                if let Some(value) = value_at(self.at, run, *name, measure, direction) {
                    let values = &mut self.values[column as usize];
                    if values.is_empty() {
                        self.used.push(column);
                    }
                    values.push(value);
                }
            }
        }
        self.used.sort_unstable();
        let mut all = Vec::with_capacity(self.used.len());
        for column in self.used.drain(..) {
            let values = &mut self.values[column as usize];
            all.push((column, estimate(values)));
            values.clear();
        }
        all
    }

    /// What all runs agree on, and what they do not. The seed under its own name is neither.
    fn params(&self, runs: &[&RunRecord]) -> Vec<(u32, Param)> {
        let mut all: Vec<(u32, Param, usize)> = Vec::new();
        for run in runs {
            for (name, value) in &run.params {
                let Some(column) = self.columns.param(*name) else { continue };
                match all.binary_search_by_key(&column, |(column, ..)| *column) {
                    Err(at) => all.insert(at, (column, Param::Is(*value), 1)),
                    Ok(at) => {
                        let (_, param, count) = &mut all[at];
                        *count += 1;
                        if *param != Param::Is(*value) {
                            *param = Param::Varies;
                        }
                    }
                }
            }
        }
        let is_the_seed = |column: u32| {
            self.columns.seed_like[column as usize]
                && runs.iter().all(|run| {
                    let own = |(name, _): &&(Symbol, Value)| self.columns.param(*name) == Some(column);
                    let value = run.params.iter().find(own).map(|(_, value)| *value);
                    value.is_none_or(|value| run.seed.is_some_and(|seed| value == Value::Integer(seed)))
                })
        };
        all.into_iter()
            .filter(|(column, ..)| !is_the_seed(*column))
            .map(|(column, param, count)| (column, if count < runs.len() { Param::Varies } else { param }))
            .collect()
    }

    fn commits(&self, group: &[&RunRecord]) -> Vec<String> {
        let mut seen: Vec<Symbol> = Vec::new();
        for run in group {
            if !seen.contains(&run.commit) {
                seen.push(run.commit);
            }
        }
        seen.into_iter().map(|commit| self.names.text(commit).to_owned()).collect()
    }
}

/// A row that says that there is nothing yet.
pub(super) fn row_without_runs(template: &Row, commit: Option<&String>) -> Built {
    let row = Row { commits: commit.into_iter().cloned().collect(), ..template.clone() };
    Built { row, latest: Time::default(), seed_without_effect: false }
}

/// The value that is compared; `None` if the run has none there.
fn value_at(at: At<'_>, run: &RunRecord, name: Symbol, measure: &Measure, direction: Option<Direction>) -> Option<Num> {
    match (at, direction) {
        (At::Final, _) => Some(measure.last),
        // A series without a finite value has no best one, but it must not vanish.
        (At::Best, Some(Direction::Maximize)) => Some(measure.max.unwrap_or(measure.last)),
        (At::Best, Some(Direction::Minimize)) => Some(measure.min.unwrap_or(measure.last)),
        (At::Best, None) => measure.best,
        (At::Step(_, value), _) => value(run, name),
    }
}

fn distinct_seeds(runs: &[&RunRecord]) -> usize {
    runs.iter().filter(|run| run.counts()).filter_map(|run| run.seed).collect::<BTreeSet<i64>>().len()
}

/// Whether the runs have metrics, and the same ones to the last bit: finals, steps, extremes and counts.
fn all_identical(runs: &[&RunRecord]) -> bool {
    let Some((first, others)) = runs.split_first() else { return false };
    let same = |a: Option<Num>, b: Option<Num>| match (a, b) {
        (Some(a), Some(b)) => a.is_identical(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    !first.metrics.is_empty()
        && others.iter().all(|other| {
            first.metrics.len() == other.metrics.len()
                && first.metrics.iter().zip(&other.metrics).all(|((name, a), (other_name, b))| {
                    name == other_name
                        && a.last.is_identical(b.last)
                        && (a.step, a.count) == (b.step, b.count)
                        && same(a.min, b.min)
                        && same(a.max, b.max)
                })
        })
}
