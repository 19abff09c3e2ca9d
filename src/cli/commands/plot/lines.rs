//! Runs become lines: each by itself, or the seeds of one condition as their mean.

use std::collections::{BTreeMap, HashMap};

use super::choice::Choice;
use super::notes::Notes;
use super::runs::Plotted;
use super::{PlotArgs, X, labels};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::model::id::Id;
use crate::plot::Line;
use crate::series::mean::{MeanPoint, is_meaningful, mean};
use crate::series::{Curve, Series};

/// One metric.
pub(super) struct Plot {
    pub(super) metric: String,
    pub(super) lines: Vec<PlotLine>,
    pub(super) notes: Vec<String>,
}

/// One line.
pub(super) struct PlotLine {
    pub(super) name: String,
    pub(super) runs: Vec<Id>,
    pub(super) seeds: Vec<Option<i64>>,
    pub(super) is_live: bool,
    pub(super) points: Points,
}

/// The points of a line.
pub(super) enum Points {
    /// Of one run.
    Curve(Curve),
    /// Of several: mean and sample standard deviation, of two: mean and extremes.
    Mean(Vec<MeanPoint>),
}

impl PlotLine {
    /// As `plot` takes it. Points without a place on the horizontal axis are left out.
    pub(super) fn drawn(self, x: X) -> Line {
        let place = |step: i64, seconds: Option<f64>| match x {
            X::Step => Some(step as f64),
            X::Seconds => seconds,
        };
        let (mut points, mut band) = (Vec::new(), Vec::new());
        match self.points {
            Points::Curve(curve) => {
                let placed =
                    curve.points.iter().filter_map(|point| Some((place(point.step, point.seconds)?, point.value)));
                points.extend(placed);
                // Times need not ascend with the steps.
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
            Points::Mean(mean) => {
                let placed = mean.iter().filter_map(|point| Some((place(point.step, point.seconds)?, point)));
                let mut placed: Vec<(f64, &MeanPoint)> = placed.collect();
                placed.sort_by(|a, b| a.0.total_cmp(&b.0));
                points.extend(placed.iter().map(|(x, point)| (*x, point.mean)));
                let edges = edges(self.runs.len());
                band.extend(placed.iter().map(|(_, point)| edges(point).unwrap_or((f64::NAN, f64::NAN))));
            }
        }
        Line { name: self.name, points, band }
    }
}

/// The band of so many runs at a point: mean ± sample standard deviation, the extremes of two.
pub(super) fn edges(runs: usize) -> impl Fn(&MeanPoint) -> Option<(f64, f64)> {
    move |point| match point.sd {
        Some(_) if runs == 2 => Some((point.min, point.max)),
        sd => sd.map(|sd| (point.mean - sd, point.mean + sd)),
    }
}

/// The curve of each run that has the metric, by the run's place in the choice.
type Curves = HashMap<usize, Curve>;

/// Read the points and put the lines together.
///
/// # Errors
/// If no run's points can be read.
pub(super) fn plots(cx: &Context, choice: &Choice, args: &PlotArgs) -> Result<Vec<Plot>, CliError> {
    let mut curves: Vec<Curves> = choice.metrics.iter().map(|_| Curves::new()).collect();
    let mut unreadable = Vec::new();
    for (at, run) in choice.runs.iter().enumerate() {
        let series = match run.read(cx, &choice.metrics) {
            Ok(reading) => reading.series,
            // One run whose file is not here does not hide the others.
            Err(error) if choice.runs.len() > 1 => {
                cx.ui.warning(&format!("run {} is not drawn: {}", run.id, error.message()));
                unreadable.push(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        for series in series {
            let of_metric = choice.metrics.iter().position(|metric| *metric == series.name);
            if let Some(of_metric) = of_metric {
                curves[of_metric].insert(at, curve(&series, args));
            }
        }
    }
    if unreadable.len() == choice.runs.len()
        && let Some(error) = unreadable.pop()
    {
        return Err(error);
    }
    let groups = groups(choice, args);
    let plot = |(metric, curves): (&String, Curves)| plot(choice, args, &groups, metric, curves);
    Ok(choice.metrics.iter().zip(curves).map(plot).collect())
}

fn curve(series: &Series, args: &PlotArgs) -> Curve {
    let curve = Curve::of(series);
    match args.smooth {
        Some(weight) if weight > 0.0 => curve.smoothed(weight),
        _ => curve,
    }
}

/// The runs by condition, in the order of the choice. Those under way, and those that failed, stand alone.
fn groups(choice: &Choice, args: &PlotArgs) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut index: HashMap<(Option<Id>, &str), usize> = HashMap::new();
    for (at, run) in choice.runs.iter().enumerate() {
        let key = (run.run.experiment, run.run.condition.as_str());
        let can_join = !args.each && run.counts() && !run.run.condition.is_empty();
        match index.get(&key).filter(|_| can_join) {
            Some(group) => groups[*group].push(at),
            None => {
                if can_join {
                    index.insert(key, groups.len());
                }
                groups.push(vec![at]);
            }
        }
    }
    groups
}

fn plot(choice: &Choice, args: &PlotArgs, groups: &[Vec<usize>], metric: &str, mut curves: Curves) -> Plot {
    let runs_of = |group: &[usize]| group.iter().map(|at| &choice.runs[*at]).collect::<Vec<_>>();
    let differing = labels::differing(&groups.iter().map(|group| runs_of(group)).collect::<Vec<_>>());
    let mut notes = Notes::default();
    let mut lines = Vec::new();
    for group in groups {
        let (with, without): (Vec<usize>, Vec<usize>) = group.iter().partition(|at| curves.contains_key(at));
        notes.without.extend(runs_of(&without));
        let (last, repeated) = last_of_each_seed(choice, &with);
        let mut of_group: Vec<Curve> = last.iter().filter_map(|at| curves.remove(at)).collect();
        let runs = runs_of(&last);
        let points = (of_group.len() > 1).then(|| mean(&of_group));
        match points {
            Some(points) if is_meaningful(&points) => {
                notes.repeated.extend(runs_of(&repeated));
                let name = labels::of_group(&runs, &differing);
                if points.iter().any(|point| point.n < runs.len()) {
                    notes.others.push(format!("{name}: not every run has a value at every step"));
                }
                lines.push(PlotLine {
                    name,
                    runs: runs.iter().map(|run| run.id).collect(),
                    seeds: runs.iter().map(|run| run.run.seed).collect(),
                    is_live: false,
                    points: Points::Mean(points),
                });
            }
            other => {
                if other.is_some() {
                    let name = labels::origin(runs[0]);
                    notes.others.push(format!("{name}: the runs have few steps in common, so each is drawn by itself"));
                }
                let repeats = repeated.iter().filter_map(|at| Some((*at, curves.remove(at)?)));
                let singles = last.iter().copied().zip(of_group.drain(..)).chain(repeats);
                let mut singles: Vec<(usize, Curve)> = singles.collect();
                singles.sort_by_key(|(at, _)| *at);
                lines.extend(singles.into_iter().map(|(at, curve)| alone(choice, &choice.runs[at], curve, &differing)));
            }
        }
    }
    let notes = notes.sentences(choice, args, metric, &lines);
    Plot { metric: metric.to_owned(), lines, notes }
}

fn alone(choice: &Choice, run: &Plotted, curve: Curve, differing: &[String]) -> PlotLine {
    PlotLine {
        name: labels::of_run(run, &choice.short, differing),
        runs: vec![run.id],
        seeds: vec![run.run.seed],
        is_live: run.is_live(),
        points: Points::Curve(curve),
    }
}

/// The last run of each seed, and the others. Runs whose seed nobody knows count each.
fn last_of_each_seed(choice: &Choice, group: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let mut last: BTreeMap<i64, usize> = BTreeMap::new();
    for at in group {
        let run = &choice.runs[*at].run;
        if let Some(seed) = run.seed {
            let known = last.entry(seed).or_insert(*at);
            if choice.runs[*known].run.start <= run.start {
                *known = *at;
            }
        }
    }
    group.iter().partition(|at| choice.runs[**at].run.seed.is_none_or(|seed| last[&seed] == **at))
}
