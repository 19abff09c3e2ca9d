//! Runs in, findings out: which experiment got which numbers, beside its baseline.
//!
//! [`compare`] folds the runs that differ only in their seed into one [`Row`], estimates each metric from the runs that
//! count, and says where rows differ. Everything is a value: whoever calls it has read the facts, whoever gets the
//! [`Comparison`] renders it. Deliberately absent: any claim about whether a difference is real, which needs a test, an
//! interval and a registered hypothesis.

mod baseline;
mod comparison;
mod conditions;
mod directions;
mod estimate;
mod params;
mod request;
mod warning;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use baseline::{baseline_rows, set_deltas};
use conditions::subject_rows;
use directions::metric_columns;
use params::differing;

pub use comparison::{BaselineNote, Comparison, Estimate, MetricColumn, Row, State, VERSION};
pub use request::{Baseline, BaselineSource, Request, RunRecord, Subject};
pub use warning::Warning;

/// Compare subjects with their baselines.
///
/// Rows come by baseline, in the order of the request: the row that deltas refer to, the baseline's other conditions, then
/// its subjects. A subject whose baseline index is out of range is compared with nothing, and comes last.
pub fn compare(request: Request) -> Comparison {
    let Request { baselines, subjects, directions } = request;
    let mut warnings = Vec::new();
    let metrics = metric_columns(&baselines, &subjects, &directions, &mut warnings);
    let directions: BTreeMap<&str, _> =
        metrics.iter().filter_map(|metric| Some((metric.name.as_str(), metric.direction?))).collect();

    let mut rows = Vec::new();
    let mut groups: Vec<Vec<&Subject>> = vec![Vec::new(); baselines.len() + 1];
    for (subject, index) in &subjects {
        groups[(*index).min(baselines.len())].push(subject);
    }
    for (index, group) in groups.into_iter().enumerate() {
        let baseline = baselines.get(index);
        let mut of_group = baseline.map(|baseline| baseline_rows(baseline, index)).unwrap_or_default();
        Warning::about_seeds(&of_group, &mut warnings);
        for subject in group {
            of_group.extend(subject_rows(subject, baseline.is_some().then_some(index), &mut warnings));
        }
        set_deltas(&mut of_group, &directions);
        rows.extend(of_group.into_iter().map(|built| built.row));
    }
    Comparison {
        version: VERSION,
        baselines: baselines.into_iter().map(BaselineNote::from).collect(),
        params: differing(&rows),
        metrics,
        rows,
        warnings,
    }
}
