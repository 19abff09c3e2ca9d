//! The rows of a baseline, and what the other rows differ from it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::comparison::Row;
use super::conditions::{Built, condition_rows, row_without_runs};
use super::estimate::estimate;
use super::request::{Baseline, BaselineSource};
use crate::model::direction::Direction;

/// The rows of a baseline, the one that deltas refer to first; at least one.
///
/// That row is the metrics file's if the numbers come from there, else the condition with most measured runs, then with
/// most runs that count, then the latest.
pub(super) fn baseline_rows(baseline: &Baseline, index: usize) -> Vec<Built> {
    let template =
        Row { experiment: baseline.name.clone(), baseline: Some(index), is_baseline: true, ..Row::default() };
    let mut rows = condition_rows(&baseline.runs, &template);
    let reference = if matches!(baseline.source, BaselineSource::MetricsFile(_)) || rows.is_empty() {
        let mut row = row_without_runs(&template, baseline.commit.as_ref());
        if matches!(baseline.source, BaselineSource::MetricsFile(_)) {
            let estimates = baseline.file_metrics.iter().map(|(name, value)| (name.clone(), estimate(&[value])));
            row.row.metrics = estimates.collect();
        }
        row
    } else {
        let measured = |row: &Row| row.metrics.values().map(|estimate| estimate.n).max().unwrap_or(0);
        let rank = |at: &usize| (measured(&rows[*at].row), rows[*at].row.n, rows[*at].latest, Reverse(*at));
        let best = (0..rows.len()).max_by_key(rank).unwrap_or(0);
        rows.remove(best)
    };
    rows.insert(0, reference);
    rows[0].row.reference = true;
    rows
}

/// Set the deltas of all rows to the first one, if that is a baseline's.
pub(super) fn set_deltas(rows: &mut [Built], directions: &BTreeMap<&str, Direction>) {
    let Some((reference, others)) = rows.split_first_mut().filter(|(first, _)| first.row.reference) else { return };
    let means = &reference.row.metrics;
    for (name, estimate) in others.iter_mut().flat_map(|built| built.row.metrics.iter_mut()) {
        let base = means.get(name).and_then(|base| base.mean);
        let (Some(mean), Some(base)) = (estimate.mean, base) else { continue };
        // Two means beyond the range of doubles have no difference that could be told.
        estimate.delta = Some(mean - base).filter(|delta| !delta.is_nan());
        let direction = directions.get(name.as_str()).filter(|_| mean != base);
        estimate.better = direction.map(|direction| direction.improves(base, mean));
    }
}
