//! The rows of a baseline, and what the other rows differ from it.

use std::cmp::Reverse;

use super::comparison::Row;
use super::conditions::{Built, Folder};
use super::request::{Baseline, BaselineSource};
use crate::model::number::Number;
use crate::records::Num;

/// The rows of a baseline, the one that deltas refer to first; at least one.
///
/// That row is the metrics file's if the numbers come from there, else the condition with most measured runs, then with
/// most runs that count, then the latest.
pub(super) fn baseline_rows<'a>(baseline: &Baseline<'a>, index: usize, folder: &mut Folder<'_, 'a>) -> Vec<Built<'a>> {
    let template =
        Row { experiment: baseline.name.clone().into(), baseline: Some(index), is_baseline: true, ..Row::default() };
    let mut rows = Vec::new();
    folder.condition_rows(baseline.runs.clone(), &template, &mut |built| rows.push(built));
    let is_file = matches!(baseline.source, BaselineSource::MetricsFile(_));
    let reference = if is_file || rows.is_empty() {
        let built = folder.row_without_runs(&template, baseline.commit.clone());
        if is_file {
            for (metric, column) in folder.columns.metrics.iter().zip(0..) {
                if let Some(value) = baseline.file_metrics.get(&metric.name) {
                    folder.cells.set_one(built.row.slot, column, num(value));
                }
            }
        }
        built
    } else {
        let metrics = 0..folder.columns.metrics.len();
        let n = |row: &Row<'_>, column| folder.cells.estimate(row.slot, column).map_or(0, |estimate| estimate.n);
        let measured = |row: &Row<'_>| metrics.clone().map(|column| n(row, column)).max().unwrap_or(0);
        let rank = |at: &usize| (measured(&rows[*at].row), rows[*at].row.n, rows[*at].latest, Reverse(*at));
        let best = (0..rows.len()).max_by_key(rank).unwrap_or(0);
        rows.remove(best)
    };
    rows.insert(0, reference);
    rows[0].row.reference = true;
    rows
}

/// The means that deltas of a baseline refer to, by metric column.
pub(super) fn reference_means(rows: &[Built<'_>], folder: &Folder<'_, '_>) -> Vec<Option<f64>> {
    let Some(reference) = rows.first().filter(|first| first.row.reference) else { return Vec::new() };
    let mean = |column| folder.cells.estimate(reference.row.slot, column).and_then(|estimate| estimate.mean);
    (0..folder.columns.metrics.len()).map(mean).collect()
}

/// A number of a metrics file; the digits of one beyond 2^53 are in no fact, so the nearest double stands for it.
fn num(value: &Number) -> Num {
    match value {
        Number::Integer(value) => Num::Integer(*value),
        other => Num::Float(other.as_f64()),
    }
}
