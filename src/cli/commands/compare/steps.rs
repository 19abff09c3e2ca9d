//! The values of one step, from the series of the runs.

use std::collections::{HashMap, HashSet};

use crate::cli::commands::plot::runs::Plotted;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::compare::{Baseline, Subject};
use crate::model::id::Id;
use crate::model::metric::is_system;
use crate::records::{Num, Records, RunRecord, Symbol};
use crate::series::Curve;

/// What each run that counts had at a step, by run and metric.
///
/// # Errors
/// If a series cannot be read, or no run has that step.
pub(super) fn read(
    cx: &Context,
    records: &Records,
    baselines: &[Baseline<'_>],
    subjects: &[(Subject<'_>, usize)],
    metrics: &[String],
    step: i64,
) -> Result<HashMap<(Id, Symbol), Num>, CliError> {
    let of_baselines = baselines.iter().flat_map(|baseline| &baseline.runs);
    let runs = of_baselines.chain(subjects.iter().flat_map(|(subject, _)| &subject.runs)).copied();
    let is_wanted = |name: &String| if metrics.is_empty() { !is_system(name) } else { metrics.contains(name) };
    let mut values = HashMap::new();
    let mut seen = HashSet::new();
    for run in runs.filter(|run: &&RunRecord| run.counts()) {
        if !seen.insert(run.id) {
            continue;
        }
        let plotted = Plotted::sealed(cx, records, run)?;
        let wanted: Vec<String> = plotted.metrics.iter().filter(|name| is_wanted(name)).cloned().collect();
        for series in plotted.read(cx, &wanted)?.series {
            let value = Curve::of(&series).value_at(step);
            if let (Some(name), Some(value)) = (records.names.find(&series.name), value) {
                values.insert((run.id, name), Num::Float(value));
            }
        }
    }
    if values.is_empty() && !seen.is_empty() {
        return Err(CliError::new(format!("no run has a value at step {step}"))
            .hint("git xp show last --series <metric>    shows the steps there are"));
    }
    Ok(values)
}
