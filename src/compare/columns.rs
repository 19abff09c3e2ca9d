//! Which metrics and params there are, and the column of each.

use std::collections::HashMap;

use super::comparison::{MetricColumn, ParamColumn};
use super::directions::metric_columns;
use super::params::could_be_the_seed;
use super::request::{BaselineSource, Request};
use super::warning::Warning;
use crate::records::{RunRecord, Shape, Symbol};

/// No column.
const NONE: u32 = u32::MAX;

/// The columns of a comparison, found by symbol.
pub(super) struct Columns {
    pub(super) metrics: Vec<MetricColumn>,
    pub(super) params: Vec<ParamColumn>,
    /// Whether a param may be the seed under another name, by column.
    pub(super) seed_like: Vec<bool>,
    /// By the index of a shape: the column of each of its metrics, and of each of its params.
    metrics_of: Vec<Vec<u32>>,
    params_of: Vec<Vec<u32>>,
}

impl Columns {
    /// Metrics: expected ones first, in the order of the expectations, then those that a run that counts or a metrics file has, by name. Params: all, by
    /// name.
    pub(super) fn new(request: &Request<'_>, warnings: &mut Vec<Warning>) -> Self {
        let names = request.names;
        let mut is_metric = vec![false; names.len()];
        let mut is_param = vec![false; names.len()];
        // Most runs have the same metrics and params, so their shapes tell.
        let mut shapes: Vec<Option<(&Shape, bool)>> = vec![None; names.shapes()];
        for run in runs(request) {
            let (_, counts) = shapes[run.shape.index].get_or_insert((&run.shape, false));
            *counts |= run.counts();
        }
        for (shape, counts) in shapes.iter().flatten() {
            shape.params.iter().for_each(|name| is_param[name.index()] = true);
            if *counts {
                shape.metrics.iter().for_each(|name| is_metric[name.index()] = true);
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
            // Of a name that is given twice the first place counts.
            let ranks = request.metrics.iter().enumerate().rev().map(|(rank, name)| (name.as_str(), rank));
            let ranks: HashMap<&str, usize> = ranks.collect();
            metrics.retain(|metric| ranks.contains_key(metric.name.as_str()));
            metrics.sort_by_key(|metric| ranks.get(metric.name.as_str()));
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
        let metric_of = number(&mut metrics.iter().map(|metric| metric.name.as_str()));
        let param_of = number(&mut params.iter().map(|param| param.name.as_str()));
        let of_shape = |column_of: &[u32], names_of: fn(&Shape) -> &[Symbol]| {
            let columns = |shape: &Option<(&Shape, bool)>| {
                let names = shape.map(|(shape, _)| names_of(shape)).unwrap_or_default();
                names.iter().map(|name| column_of[name.index()]).collect()
            };
            shapes.iter().map(columns).collect()
        };
        Self {
            metrics_of: of_shape(&metric_of, |shape| &shape.metrics),
            params_of: of_shape(&param_of, |shape| &shape.params),
            seed_like: params.iter().map(|param| could_be_the_seed(&param.name)).collect(),
            metrics,
            params,
        }
    }

    /// The metrics of a shape that have a column: their place in the shape, and the column.
    pub(super) fn metrics_of(&self, shape: &Shape) -> impl Iterator<Item = (usize, u32)> {
        of_shape(&self.metrics_of, shape)
    }

    /// The params of a shape that have a column: their place in the shape, and the column.
    pub(super) fn params_of(&self, shape: &Shape) -> impl Iterator<Item = (usize, u32)> {
        of_shape(&self.params_of, shape)
    }
}

fn of_shape<'a>(columns: &'a [Vec<u32>], shape: &Shape) -> impl Iterator<Item = (usize, u32)> + use<'a> {
    let columns = columns.get(shape.index).map(Vec::as_slice).unwrap_or_default();
    columns.iter().copied().enumerate().filter(|(_, column)| *column != NONE)
}

fn runs<'a>(request: &'a Request<'_>) -> impl Iterator<Item = &'a RunRecord> {
    let of_baselines = request.baselines.iter().flat_map(|baseline| &baseline.runs);
    of_baselines.chain(request.subjects.iter().flat_map(|(subject, _)| &subject.runs)).copied()
}
