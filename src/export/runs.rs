//! The table of runs: one row each, with columns for every param and metric that one of them has.

use std::collections::{BTreeMap, BTreeSet};

use super::cell::{Cell, Column, Field, Kind, optional};
use super::form::{Form, Seen};
use super::row::RunRow;
use super::run_fields::FIELDS;
use crate::model::metric::{Summary, is_system};

/// What stands before a metric's name in the names of its columns.
const METRICS: &str = "metrics.";

/// What follows a metric's name in the names of its columns.
const OF_METRIC: [&str; 5] = [".step", ".min", ".max", ".best", ".count"];

/// What follows the name of a system metric beside those.
const MEAN: &str = ".mean";

/// The params and metrics that runs have, and what their values are: what has to be known before the first row is written.
#[derive(Debug, Default)]
pub struct RunNames {
    params: BTreeMap<String, Seen>,
    metrics: BTreeMap<String, Seen>,
}

impl RunNames {
    /// Take in one run.
    pub fn add(&mut self, row: &RunRow) {
        for (name, value) in &row.run.params {
            seen(&mut self.params, name).value(value);
        }
        for (name, summary) in &row.run.metrics {
            let seen = seen(&mut self.metrics, name);
            seen.number(&summary.r#final);
            [&summary.min, &summary.max, &summary.best].into_iter().flatten().for_each(|number| seen.number(number));
        }
    }

    /// The columns that hold all runs taken in.
    pub fn columns(self) -> RunColumns {
        let params: Vec<_> = self.params.into_iter().map(|(name, seen)| (name, seen.narrowest())).collect();
        let metrics: Vec<_> = self.metrics.into_iter().map(|(name, seen)| (name, seen.measured())).collect();
        let mut columns: Vec<Column> = FIELDS.iter().map(Field::column).collect();
        columns.extend(params.iter().map(|(name, form)| Column { name: format!("params.{name}"), kind: form.kind() }));
        // A metric may be called as a column of another one is: `loss.min` beside `loss`. The metric itself has the name.
        let mut taken: BTreeSet<String> = metrics.iter().map(|(name, _)| format!("{METRICS}{name}")).collect();
        for (name, form) in &metrics {
            let name = format!("{METRICS}{name}");
            let of_metric = OF_METRIC.map(|what| {
                let kind = if matches!(what, ".step" | ".count") { Kind::Integer } else { form.kind() };
                Column { name: free(&mut taken, &format!("{name}{what}")), kind }
            });
            let mean = is_system(&name[METRICS.len()..])
                .then(|| Column { name: free(&mut taken, &format!("{name}{MEAN}")), kind: Kind::Float });
            columns.push(Column { name, kind: form.kind() });
            columns.extend(of_metric);
            columns.extend(mean);
        }
        RunColumns { columns, params, metrics }
    }
}

fn seen<'a>(all: &'a mut BTreeMap<String, Seen>, name: &str) -> &'a mut Seen {
    if !all.contains_key(name) {
        all.insert(name.to_owned(), Seen::default());
    }
    all.get_mut(name).expect("it was put in")
}

/// The name, or the first of `name#2`, `name#3` … that is free.
fn free(taken: &mut BTreeSet<String>, name: &str) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}#{number}");
        number += 1;
    }
    candidate
}

/// The columns of the table of runs.
#[derive(Debug)]
pub struct RunColumns {
    columns: Vec<Column>,
    params: Vec<(String, Form)>,
    metrics: Vec<(String, Form)>,
}

impl RunColumns {
    /// All of them, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A run's cells, in the order of the columns.
    pub fn cells<'a>(&self, row: &'a RunRow) -> Vec<Cell<'a>> {
        let mut cells = Vec::with_capacity(self.columns.len());
        cells.extend(FIELDS.iter().map(|field| (field.cell)(row)));
        cells.extend(self.params.iter().map(|(name, form)| optional(row.run.params.get(name), |v| form.value(v))));
        for (name, form) in &self.metrics {
            let summary = row.run.metrics.get(name);
            match summary {
                Some(summary) => cells.extend(of_metric(*form, summary)),
                None => cells.extend([const { Cell::Null }; OF_METRIC.len() + 1]),
            }
            if is_system(name) {
                let mean = summary.and_then(|summary| summary.mean.as_ref());
                cells.push(optional(mean, |mean| Cell::Float(mean.as_f64())));
            }
        }
        cells
    }
}

fn of_metric<'a>(form: Form, summary: &Summary) -> [Cell<'a>; OF_METRIC.len() + 1] {
    let number = |number: &Option<_>| optional(number.as_ref(), |number| form.number(number));
    [
        form.number(&summary.r#final),
        optional(summary.step, Cell::Integer),
        number(&summary.min),
        number(&summary.max),
        number(&summary.best),
        Cell::count(summary.count),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::RunNames;
    use crate::export::cell::Cell;
    use crate::export::row::RunRow;

    fn row(fact: Value, later: &[Value]) -> RunRow {
        let later = later.iter().map(|fact| fact.to_string().into_bytes()).collect();
        RunRow::read("refs/xp/runs/2026-11", fact.to_string().into_bytes(), later).expect("a run")
    }

    fn fact(params: Value, metrics: Value) -> Value {
        json!({"xp": "1.0", "kind": "run", "id": "77777777777777777777", "time": "2026-11-21T00:00:00.001Z",
            "commit": "c0ffee", "status": "paused", "params": params, "metrics": metrics, "mood": {"x": 100.0}})
    }

    fn by_name(row: &RunRow) -> BTreeMap<String, Cell<'_>> {
        let mut names = RunNames::default();
        names.add(row);
        let columns = names.columns();
        let cells = columns.cells(row);
        assert_eq!(columns.columns().len(), cells.len());
        let by_name: BTreeMap<_, _> = columns.columns().iter().map(|column| column.name.clone()).zip(cells).collect();
        assert_eq!(by_name.len(), columns.columns().len(), "no name twice");
        by_name
    }

    #[test]
    fn later_facts_win_and_unknown_things_are_kept() {
        let about = |kind: &str, more: Value| {
            let mut fact = json!({"xp": "1.0", "kind": kind, "id": "88888888888888888888",
                "time": "2026-11-22T00:00:00Z", "target": "77777777777777777777"});
            fact.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            fact
        };
        let later = [
            about("late", json!({"metrics": {"acc": {"final": 0.9, "count": 1}}, "params": {"lr": "big"}})),
            about("tag", json!({"tags": ["keep", "best"]})),
            about("withdrawal", json!({"because": "wrong labels"})),
            about("poem", json!({"text": "roses"})),
        ];
        let row = row(fact(json!({"lr": 0.1}), json!({"acc": {"final": 0.5, "step": 3, "count": 2}})), &later);
        let cells = by_name(&row);
        assert_eq!(cells["metrics.acc"], Cell::Float(0.9));
        assert_eq!(cells["metrics.acc.step"], Cell::Null);
        assert_eq!(cells["params.lr"], Cell::text("big"));
        assert_eq!(cells["status"], Cell::text("paused"));
        assert_eq!(cells["withdrawn_because"], Cell::text("wrong labels"));
        assert_eq!(cells["tags"], Cell::text(r#"["best","keep"]"#));
        assert_eq!(cells["late"], Cell::Integer(1));
        assert_eq!(cells["other"], Cell::text(r#"{"mood":{"x":100.0}}"#));
        assert!(matches!(&cells["about"], Cell::Text(text) if text.contains("roses")));
    }

    #[test]
    fn a_metric_that_is_called_as_a_column_keeps_its_name() {
        let metrics = json!({"acc": {"final": 1, "min": 2}, "acc.min": {"final": 3}, "acc.min#2": {"final": 4}});
        let row = row(fact(json!({}), metrics), &[]);
        let cells = by_name(&row);
        assert_eq!(cells["metrics.acc.min"], Cell::Float(3.0));
        assert_eq!(cells["metrics.acc.min#2"], Cell::Float(4.0));
        assert_eq!(cells["metrics.acc.min#3"], Cell::Float(2.0));
    }
}
