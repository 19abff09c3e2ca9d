//! Which metrics and params there are, and the column of each.

use super::comparison::{MetricColumn, ParamColumn};
use super::directions::metric_columns;
use super::params::could_be_the_seed;
use super::request::{BaselineSource, Request};
use super::warning::Warning;
use crate::records::{RunRecord, Symbol};

/// No column.
const NONE: u32 = u32::MAX;

/// The columns of a comparison, found by symbol.
pub(super) struct Columns {
    pub(super) metrics: Vec<MetricColumn>,
    pub(super) params: Vec<ParamColumn>,
    /// Whether a param may be the seed under another name, by column.
    pub(super) seed_like: Vec<bool>,
    metric_of: Vec<u32>,
    param_of: Vec<u32>,
}

impl Columns {
    /// Metrics: expected ones first, in the order of the expectations, then those that a run that counts or a metrics file has, by name. Params: all, by
    /// name.
    pub(super) fn new(request: &Request<'_>, warnings: &mut Vec<Warning>) -> Self {
        let names = request.names;
        let mut is_metric = vec![false; names.len()];
        let mut is_param = vec![false; names.len()];
        for run in runs(request) {
            run.params.iter().for_each(|(name, _)| is_param[name.index()] = true);
            if run.counts() {
                run.metrics.iter().for_each(|(name, _)| is_metric[name.index()] = true);
            }
        }
        let chosen = |marks: &[bool]| {
            let mut all: Vec<&str> =
                names.iter().zip(marks).filter(|(_, is_chosen)| **is_chosen).map(|(name, _)| name).collect();
            all.sort_unstable();
            all
        };
        let mut measured = chosen(&is_metric);
        let files = request.baselines.iter().filter(|base| matches!(base.source, BaselineSource::MetricsFile(_)));
        measured.extend(files.flat_map(|base| base.file_metrics.keys()).map(String::as_str));
        measured.sort_unstable();
        measured.dedup();
        let mut metrics = metric_columns(request, &measured, warnings);
        if !request.metrics.is_empty() {
            let rank = |name: &str| request.metrics.iter().position(|chosen| chosen == name);
            metrics.retain(|metric| rank(&metric.name).is_some());
            metrics.sort_by_key(|metric| rank(&metric.name));
        }
        let params: Vec<ParamColumn> =
            chosen(&is_param).into_iter().map(|name| ParamColumn { name: name.to_owned(), differs: false }).collect();
        let number = |names_of: &mut dyn Iterator<Item = &str>| {
            let mut column_of = vec![NONE; names.len()];
            for (name, column) in names_of.zip(0..) {
                if let Some(symbol) = names.find(name) {
                    column_of[symbol.index()] = column;
                }
            }
            column_of
        };
        Self {
            metric_of: number(&mut metrics.iter().map(|metric| metric.name.as_str())),
            param_of: number(&mut params.iter().map(|param| param.name.as_str())),
            seed_like: params.iter().map(|param| could_be_the_seed(&param.name)).collect(),
            metrics,
            params,
        }
    }

    /// The column of a metric.
    pub(super) fn metric(&self, name: Symbol) -> Option<u32> {
        self.metric_of.get(name.index()).copied().filter(|column| *column != NONE)
    }

    /// The column of a param.
    pub(super) fn param(&self, name: Symbol) -> Option<u32> {
        self.param_of.get(name.index()).copied().filter(|column| *column != NONE)
    }
}

fn runs<'a>(request: &'a Request<'_>) -> impl Iterator<Item = &'a RunRecord> {
    let of_baselines = request.baselines.iter().flat_map(|baseline| &baseline.runs);
    of_baselines.chain(request.subjects.iter().flat_map(|(subject, _)| &subject.runs)).copied()
}
