//! The rows of a baseline, and what the other rows differ from it.

use std::cmp::Reverse;

use super::columns::Columns;
use super::comparison::{MetricColumn, Row};
use super::conditions::{Built, Folder, row_without_runs};
use super::estimate::estimate;
use super::request::{Baseline, BaselineSource};
use crate::model::number::Number;
use crate::records::Num;

/// The rows of a baseline, the one that deltas refer to first; at least one.
///
/// That row is the metrics file's if the numbers come from there, else the condition with most measured runs, then with
/// most runs that count, then the latest.
pub(super) fn baseline_rows(
    baseline: &Baseline<'_>,
    index: usize,
    folder: &mut Folder<'_>,
    columns: &Columns,
) -> Vec<Built> {
    let template =
        Row { experiment: baseline.name.clone(), baseline: Some(index), is_baseline: true, ..Row::default() };
    let mut rows = folder.condition_rows(&baseline.runs, &template);
    let is_file = matches!(baseline.source, BaselineSource::MetricsFile(_));
    let reference = if is_file || rows.is_empty() {
        let mut row = row_without_runs(&template, baseline.commit.as_ref());
        if is_file {
            let metrics = columns.metrics.iter().zip(0..);
            let values = metrics.filter_map(|(metric, at)| Some((at, baseline.file_metrics.get(&metric.name)?)));
            row.row.metrics = values.map(|(at, value)| (at, estimate(&mut vec![num(value)]))).collect();
        }
        row
    } else {
        let measured = |row: &Row| row.metrics.iter().map(|(_, estimate)| estimate.n).max().unwrap_or(0);
        let rank = |at: &usize| (measured(&rows[*at].row), rows[*at].row.n, rows[*at].latest, Reverse(*at));
        let best = (0..rows.len()).max_by_key(rank).unwrap_or(0);
        rows.remove(best)
    };
    rows.insert(0, reference);
    rows[0].row.reference = true;
    rows
}

/// A number of a metrics file; the digits of one beyond 2^53 are in no fact, so the nearest double stands for it.
fn num(value: &Number) -> Num {
    match value {
        Number::Integer(value) => Num::Integer(*value),
        other => Num::Float(other.as_f64()),
    }
}

/// Set the deltas of all rows to the first one, if that is a baseline's.
pub(super) fn set_deltas(rows: &mut [Built], metrics: &[MetricColumn]) {
    let Some((reference, others)) = rows.split_first_mut().filter(|(first, _)| first.row.reference) else { return };
    let mut means: Vec<Option<f64>> = vec![None; metrics.len()];
    for (column, estimate) in &reference.row.metrics {
        means[*column as usize] = estimate.mean;
    }
    for (column, estimate) in others.iter_mut().flat_map(|built| built.row.metrics.iter_mut()) {
        let column = *column as usize;
        let (Some(mean), Some(base)) = (estimate.mean, means[column]) else { continue };
        // Two means beyond the range of doubles have no difference that could be told.
        estimate.delta = Some(mean - base).filter(|delta| !delta.is_nan());
        let direction = metrics[column].direction.filter(|_| mean != base);
        estimate.better = direction.map(|direction| direction.improves(base, mean));
    }
}
