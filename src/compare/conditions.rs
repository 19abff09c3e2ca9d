//! Runs that differ only in their seed become one row.

use std::collections::{BTreeSet, HashMap};

use super::cells::Cells;
use super::columns::Columns;
use super::comparison::{Param, Row};
use super::request::{At, Request, Subject};
use super::warning::Warning;
use crate::model::direction::Direction;
use crate::model::metric::is_system;
use crate::model::time::Time;
use crate::records::{Names, Num, RunRecord, Symbol, Value};

/// A row and what is needed of its runs until the comparison is complete.
pub(super) struct Built<'a> {
    pub(super) row: Row<'a>,
    /// Start of the latest run that counts, or of the latest run if none does.
    pub(super) latest: Time,
    /// All the runs that count are identical to the last bit, under at least two seeds.
    pub(super) seed_without_effect: bool,
}

/// Folds runs into rows; keeps what it needs for that from one row to the next.
pub(super) struct Folder<'c, 'a> {
    pub(super) columns: &'c Columns,
    pub(super) cells: Cells,
    names: &'a Names,
    at: At<'a>,
    each_run: bool,
    /// The values of the row at hand, by metric column, and which of them are in use.
    values: Vec<Vec<Num>>,
    used: Vec<u32>,
    /// The same of params: what was found, and in how many runs.
    params: Vec<(Option<Param>, usize)>,
    used_params: Vec<u32>,
}

impl<'c, 'a> Folder<'c, 'a> {
    pub(super) fn new(request: &Request<'a>, columns: &'c Columns) -> Self {
        // Mostly so many; columns grow.
        let rows = request.subjects.len() + request.baselines.len();
        Self {
            columns,
            cells: Cells::new(columns.metrics.len(), columns.params.len(), rows),
            names: request.names,
            at: request.at,
            each_run: request.each_run,
            values: vec![Vec::new(); columns.metrics.len()],
            used: Vec::new(),
            params: vec![(None, 0); columns.params.len()],
            used_params: Vec::new(),
        }
    }

    /// Add the rows of an experiment, by first start; at least one.
    pub(super) fn subject_rows(
        &mut self,
        subject: Subject<'a>,
        baseline: Option<usize>,
        rows: &mut Vec<Row<'a>>,
        warnings: &mut Vec<Warning>,
    ) {
        let template = Row {
            experiment: subject.name.into(),
            branch: subject.branch,
            state: Some(subject.state),
            baseline,
            planned_seeds: subject.planned_seeds,
            ..Row::default()
        };
        let before = rows.len();
        // Seeds are planned for each thing that is tried, so the best measured condition tells whether the plan was kept.
        let of_all = if self.each_run && subject.planned_seeds.is_some() { distinct_seeds(&subject.runs) } else { 0 };
        self.condition_rows(subject.runs, &template, &mut |built| {
            Warning::about_seeds(std::slice::from_ref(&built), warnings);
            rows.push(built.row);
        });
        if rows.len() == before {
            rows.push(self.row_without_runs(&template, subject.commit).row);
        }
        if let Some(planned) = subject.planned_seeds {
            let of_row = |row: &Row<'_>| row.n - row.repeats;
            let seeds = if self.each_run { of_all } else { rows[before..].iter().map(of_row).max().unwrap_or(0) };
            if seeds < planned as usize {
                warnings.push(Warning::FewerSeeds { experiment: subject.name.to_owned(), seeds, planned });
            }
        }
    }

    /// Make one row for each condition among the runs, by first start; the template says what all rows share.
    pub(super) fn condition_rows(
        &mut self,
        mut runs: Vec<&'a RunRecord>,
        template: &Row<'a>,
        take: &mut dyn FnMut(Built<'a>),
    ) {
        if runs.len() == 1 {
            return take(self.row(runs, template));
        }
        runs.sort_by_key(|run| (run.start, run.id));
        let mut groups: Vec<Vec<&RunRecord>> = Vec::new();
        let mut index: HashMap<&str, usize> = HashMap::new();
        for run in runs {
            match Some(run.condition()).filter(|condition| !self.each_run && !condition.is_empty()) {
                None => groups.push(vec![run]),
                Some(condition) => match index.get(condition) {
                    Some(&at) => groups[at].push(run),
                    None => {
                        index.insert(condition, groups.len());
                        groups.push(vec![run]);
                    }
                },
            }
        }
        groups.into_iter().for_each(|group| take(self.row(group, template)));
    }

    fn row(&mut self, group: Vec<&'a RunRecord>, template: &Row<'a>) -> Built<'a> {
        let slot = self.cells.add_row();
        let withdrawn = group.iter().filter(|run| run.withdrawn.is_some()).count();
        let n = group.iter().filter(|run| run.counts()).count();
        let latest = group.iter().rev().find(|run| n == 0 || run.counts());
        let mut built = Built {
            latest: latest.map(|run| run.start).unwrap_or_default(),
            seed_without_effect: false,
            row: Row {
                slot,
                run: group.first().filter(|_| self.each_run).map(|run| run.id),
                n,
                failed: group.len() - n - withdrawn,
                withdrawn,
                ..template.clone()
            },
        };
        if let [run] = group.as_slice() {
            self.fill_from_one(slot, run);
        } else {
            let counting: Vec<&RunRecord> = group.iter().copied().filter(|run| run.counts()).collect();
            let seeds: BTreeSet<i64> = counting.iter().filter_map(|run| run.seed).collect();
            let with_seed = counting.iter().filter(|run| run.seed.is_some()).count();
            built.row.repeats = with_seed - seeds.len();
            built.seed_without_effect = seeds.len() > 1 && with_seed == n && all_identical(&counting, self.names);
            self.fill_params(slot, if counting.is_empty() { &group } else { &counting });
            self.fill_metrics(slot, &counting);
        }
        built.row.runs = group;
        built
    }

    /// Most rows have one run.
    fn fill_from_one(&mut self, slot: usize, run: &RunRecord) {
        let columns = self.columns;
        for (at, column) in columns.params_of(&run.shape) {
            let value = run.param_at(at);
            if !columns.seed_like[column as usize] || !is_the_seed(run, Some(value)) {
                self.cells.set_param(slot, column, Param::Is(value));
            }
        }
        if !run.counts() {
            return;
        }
        if let At::Final = self.at {
            for (at, column) in columns.metrics_of(&run.shape) {
                self.cells.set_one(slot, column, run.final_at(at));
            }
        } else {
            self.fill_metrics(slot, &[run]);
        }
    }

    fn fill_metrics(&mut self, slot: usize, runs: &[&RunRecord]) {
        for run in runs {
            self.take_values(run);
        }
        for column in self.used.drain(..) {
            let values = &mut self.values[column as usize];
            self.cells.set(slot, column, values);
            values.clear();
        }
    }

    /// The values that are compared; a run may have none of some metric there.
    fn take_values(&mut self, run: &RunRecord) {
        let columns = self.columns;
        let mut take = |column: u32, value: Num| {
            let values = &mut self.values[column as usize];
            if values.is_empty() {
                self.used.push(column);
            }
            values.push(value);
        };
        match self.at {
            At::Final => columns.metrics_of(&run.shape).for_each(|(at, column)| take(column, run.final_at(at))),
            At::Step(_, value) => {
                for (at, column) in columns.metrics_of(&run.shape) {
                    if let Some(value) = value(run, run.shape.metrics[at]) {
                        take(column, value);
                    }
                }
            }
            At::Best => {
                let mut wanted = columns.metrics_of(&run.shape).peekable();
                for (at, (_, measure)) in run.metrics().enumerate() {
                    let Some((_, column)) = wanted.next_if(|(next, _)| *next == at) else { continue };
                    let best = match columns.metrics[column as usize].direction {
                        // A series without a finite value has no best one, but it must not vanish.
                        Some(Direction::Maximize) => Some(measure.max.unwrap_or(measure.last)),
                        Some(Direction::Minimize) => Some(measure.min.unwrap_or(measure.last)),
                        None => measure.best,
                    };
                    if let Some(best) = best {
                        take(column, best);
                    }
                }
            }
        }
    }

    /// What all runs agree on, and what they do not. The seed under its own name is neither.
    fn fill_params(&mut self, slot: usize, runs: &[&RunRecord]) {
        let columns = self.columns;
        for run in runs {
            for (at, column) in columns.params_of(&run.shape) {
                let value = Param::Is(run.param_at(at));
                let (param, count) = &mut self.params[column as usize];
                match param {
                    None => {
                        self.used_params.push(column);
                        *param = Some(value);
                    }
                    Some(known) if *known != value => *known = Param::Varies,
                    Some(_) => {}
                }
                *count += 1;
            }
        }
        for column in self.used_params.drain(..) {
            let (param, count) = std::mem::take(&mut self.params[column as usize]);
            let is_the_seed = || {
                let name = self.names.find(&columns.params[column as usize].name);
                runs.iter().all(|run| is_the_seed(run, name.and_then(|name| run.param(name))))
            };
            if columns.seed_like[column as usize] && is_the_seed() {
                continue;
            }
            let param = if count < runs.len() { Param::Varies } else { param.unwrap_or(Param::Varies) };
            self.cells.set_param(slot, column, param);
        }
    }

    /// A row that says that there is nothing yet.
    pub(super) fn row_without_runs(&mut self, template: &Row<'a>, commit: Option<String>) -> Built<'a> {
        let row = Row { slot: self.cells.add_row(), commit, ..template.clone() };
        Built { row, latest: Time::default(), seed_without_effect: false }
    }
}

/// Whether the value that a run has of a param, if any, is its seed.
fn is_the_seed(run: &RunRecord, value: Option<Value>) -> bool {
    value.is_none_or(|value| run.seed.is_some_and(|seed| value == Value::Integer(seed)))
}

fn distinct_seeds(runs: &[&RunRecord]) -> usize {
    runs.iter().filter(|run| run.counts()).filter_map(|run| run.seed).collect::<BTreeSet<i64>>().len()
}

/// Whether the runs have metrics, and the same ones to the last bit: finals, steps, extremes and counts. What the machine was busy with is no result.
fn all_identical(runs: &[&RunRecord], names: &Names) -> bool {
    let Some((first, others)) = runs.split_first() else { return false };
    let same = |a: Option<Num>, b: Option<Num>| match (a, b) {
        (Some(a), Some(b)) => a.is_identical(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let is_result = |name: Symbol| !is_system(names.text(name));
    let finals = |run: &RunRecord| run.finals().filter(|(name, _)| is_result(*name)).collect::<Vec<_>>();
    let expected = finals(first);
    !expected.is_empty()
        && others.iter().all(|other| {
            let found = finals(other);
            // The last values lie nearer than the rest, and nearly always tell.
            found.len() == expected.len()
                && expected.iter().zip(&found).all(|((name, a), (other, b))| name == other && a.is_identical(*b))
                && first.metrics().filter(|(name, _)| is_result(*name)).all(|(name, a)| {
                    other.metric(name).is_some_and(|b| {
                        (a.step, a.count) == (b.step, b.count) && same(a.min, b.min) && same(a.max, b.max)
                    })
                })
        })
}
