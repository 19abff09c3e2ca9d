//! Runs in, findings out: which experiment got which numbers, beside its baseline.
//!
//! [`compare`] folds the runs that differ only in their seed into one [`Row`], estimates each metric from the runs that
//! count, and says where rows differ. Everything is a value: whoever calls it has read the facts, whoever gets the
//! [`Comparison`] renders it. Deliberately absent: any claim about whether a difference is real, which needs a test, an
//! interval and a registered hypothesis.

mod baseline;
mod cells;
mod columns;
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

use baseline::{baseline_rows, reference_means};
use columns::Columns;
use conditions::Folder;
use params::mark_differing;

pub use comparison::{
    BaselineNote, Comparison, Estimate, MetricColumn, Param, ParamColumn, Place, Row, State, VERSION,
};
pub use estimate::estimate;
pub use request::{At, Baseline, BaselineSource, Request, Subject};
pub use warning::Warning;

/// Compare subjects with their baselines.
///
/// Rows come by baseline, in the order of the request: the row that deltas refer to, the baseline's other conditions, then
/// its subjects. A subject whose baseline index is out of range is compared with nothing, and comes last.
pub fn compare(request: Request<'_>) -> Comparison<'_> {
    let mut warnings = Vec::new();
    let columns = Columns::new(&request, &mut warnings);
    let mut folder = Folder::new(&request, &columns);
    let Request { names, baselines, mut subjects, at, params: request_params, .. } = request;

    let mut rows = Vec::with_capacity(subjects.len() + baselines.len());
    let mut references = Vec::with_capacity(baselines.len());
    // Stable: the subjects of a baseline stay in their order.
    subjects.iter_mut().for_each(|(_, index)| *index = (*index).min(baselines.len()));
    subjects.sort_by_key(|(_, index)| *index);
    let mut subjects = subjects.into_iter().peekable();
    for index in 0..=baselines.len() {
        let baseline = baselines.get(index);
        let of_baseline = baseline.map(|baseline| baseline_rows(baseline, index, &mut folder)).unwrap_or_default();
        Warning::about_seeds(&of_baseline, &mut warnings);
        references.push(reference_means(&of_baseline, &folder));
        rows.extend(of_baseline.into_iter().map(|built| built.row));
        while let Some((subject, _)) = subjects.next_if(|(_, at)| *at == index) {
            folder.subject_rows(subject, baseline.is_some().then_some(index), &mut rows, &mut warnings);
        }
    }
    let cells = folder.cells;
    let mut params = columns.params;
    mark_differing(&rows, &cells, &mut params);
    if !request_params.is_empty() {
        params.iter_mut().for_each(|param| param.differs = request_params.contains(&param.name));
    }
    Comparison {
        baselines: baselines.into_iter().map(BaselineNote::from).collect(),
        params,
        metrics: columns.metrics,
        rows,
        at: match at {
            At::Final => "final".to_owned(),
            At::Best => "best".to_owned(),
            At::Step(step, _) => format!("step={step}"),
        },
        warnings,
        names: std::sync::Arc::clone(names),
        cells,
        references,
    }
}
