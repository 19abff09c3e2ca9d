//! Learning curves for a page: those of given runs.

use super::choice::Choice;
use super::lines::{self, PlotLine, Points};
use super::runs::Plotted;
use super::{PlotArgs, figure};
use crate::cli::context::{Context, ShortIds};
use crate::plot::svg;
use crate::records::{Records, RunRecord};

/// Width and height of a drawing in pixels: two fit beside each other.
const SIZE: (u32, u32) = (600, 360);

/// For each metric of which some run has more than one point: its name, and an `svg` element. Seeds of one condition are a mean, unless `each` run is
/// to be seen. Runs that cannot be read are warned of and left out.
pub(in crate::cli) fn drawings(
    cx: &Context,
    records: &Records,
    runs: &[&RunRecord],
    metrics: &[String],
    each: bool,
) -> Vec<(String, String)> {
    let mut plotted = Vec::with_capacity(runs.len());
    for record in runs {
        match Plotted::sealed(cx, records, record) {
            Ok(run) => plotted.push(run),
            Err(error) => cx.ui.warning(&format!("run {} is not drawn: {}", record.id, error.message())),
        }
    }
    let short = ShortIds::new(records.ids());
    let choice = Choice { metrics: metrics.to_vec(), runs: plotted, left_out: Vec::new(), short };
    let args = PlotArgs { each, ..PlotArgs::default() };
    let plots = match lines::plots(cx, &choice, &args) {
        Ok(plots) => plots,
        Err(error) => {
            cx.ui.warning(&format!("no learning curve is drawn: {}", error.message()));
            return Vec::new();
        }
    };
    let drawn = plots.into_iter().filter(|plot| plot.lines.iter().any(is_curve));
    drawn.map(|plot| (plot.metric.clone(), svg::embedded(&[figure(plot, &args)], SIZE))).collect()
}

fn is_curve(line: &PlotLine) -> bool {
    match &line.points {
        Points::Curve(curve) => curve.points.len() > 1,
        Points::Mean(mean) => mean.len() > 1,
    }
}
