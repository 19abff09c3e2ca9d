//! The points as JSON; the shape is in `docs/json.md`.

use serde::{Serialize, Serializer};

use super::lines::{Plot, PlotLine, Points, edges};
use super::{PlotArgs, X};
use crate::model::id::Id;
use crate::model::number::Number;
use crate::series::CurvePoint;
use crate::series::mean::MeanPoint;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    x: &'static str,
    smooth: Option<f64>,
    plots: Vec<OfMetric<'a>>,
}

#[derive(Serialize)]
struct OfMetric<'a> {
    metric: &'a str,
    lines: Vec<OfLine<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct OfLine<'a> {
    name: &'a str,
    runs: &'a [Id],
    seeds: &'a [Option<i64>],
    open: bool,
    band: Option<&'static str>,
    #[serde(serialize_with = "points")]
    points: &'a PlotLine,
}

#[derive(Serialize)]
struct Point {
    step: i64,
    seconds: Option<Number>,
    y: Number,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    of_several: Option<OfSeveral>,
}

#[derive(Serialize)]
struct OfSeveral {
    low: Option<Number>,
    high: Option<Number>,
    n: usize,
}

/// Everything that is drawn, neither rounded nor thinned out.
pub(super) fn document<'a>(plots: &'a [Plot], args: &PlotArgs) -> impl Serialize + use<'a> {
    let line = |line: &'a PlotLine| OfLine {
        name: &line.name,
        runs: &line.runs,
        seeds: &line.seeds,
        open: line.is_live,
        band: match &line.points {
            Points::Curve(_) => None,
            Points::Mean(_) if line.runs.len() == 2 => Some("range"),
            Points::Mean(_) => Some("sd"),
        },
        points: line,
    };
    let plot = |plot: &'a Plot| OfMetric {
        metric: &plot.metric,
        lines: plot.lines.iter().map(line).collect(),
        notes: &plot.notes,
    };
    Document {
        version: 1,
        x: match args.x {
            X::Step => "step",
            X::Seconds => "seconds",
        },
        smooth: args.smooth,
        plots: plots.iter().map(plot).collect(),
    }
}

fn points<S: Serializer>(line: &PlotLine, serializer: S) -> Result<S::Ok, S::Error> {
    match &line.points {
        Points::Curve(curve) => serializer.collect_seq(curve.points.iter().map(of_curve)),
        Points::Mean(mean) => {
            let edges = edges(line.runs.len());
            serializer.collect_seq(mean.iter().map(|point| of_mean(point, edges(point))))
        }
    }
}

fn of_curve(point: &CurvePoint) -> Point {
    let seconds = point.seconds.map(Number::Float);
    Point { step: point.step, seconds, y: Number::Float(point.value), of_several: None }
}

fn of_mean(point: &MeanPoint, edges: Option<(f64, f64)>) -> Point {
    let (low, high) = edges.map(|(low, high)| (Number::Float(low), Number::Float(high))).unzip();
    let of_several = Some(OfSeveral { low, high, n: point.n });
    let seconds = point.seconds.map(Number::Float);
    Point { step: point.step, seconds, y: Number::Float(point.mean), of_several }
}
