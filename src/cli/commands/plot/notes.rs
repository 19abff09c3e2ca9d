//! What stands below a plot.

use super::choice::Choice;
use super::lines::{PlotLine, Points};
use super::runs::Plotted;
use super::{PlotArgs, X, labels};
use crate::model::text::enumerate;
use crate::render::number::plural;

/// How many runs a note names.
const RUNS_NAMED: usize = 5;

/// What there is to say about the runs of a plot.
#[derive(Default)]
pub(super) struct Notes<'a> {
    /// Runs without the metric.
    pub(super) without: Vec<&'a Plotted>,
    /// Runs that are not part of a mean, because their seed ran again.
    pub(super) repeated: Vec<&'a Plotted>,
    /// Whole sentences.
    pub(super) others: Vec<String>,
}

impl Notes<'_> {
    /// All of it as sentences.
    pub(super) fn sentences(self, choice: &Choice, args: &PlotArgs, metric: &str, lines: &[PlotLine]) -> Vec<String> {
        let mut all = Vec::new();
        let (lost, without): (Vec<&Plotted>, Vec<&Plotted>) = self.without.into_iter().partition(|run| run.has(metric));
        all.extend(named("without this metric", &without, choice, labels::origin));
        all.extend(named("recorded without the points of this metric", &lost, choice, labels::origin));
        let left_out: Vec<&Plotted> = choice.left_out.iter().collect();
        all.extend(named("left out unless named by their ids", &left_out, choice, labels::state));
        all.extend(named("left out, because their seeds ran again", &self.repeated, choice, labels::origin));
        all.extend(self.others);
        if args.x == X::Seconds {
            all.extend(lines.iter().filter_map(without_time));
        }
        all
    }
}

/// `without this metric: 7kq (wide), 9ab (deep) and 3 more`.
fn named(what: &str, runs: &[&Plotted], choice: &Choice, why: impl Fn(&Plotted) -> String) -> Option<String> {
    let name = |run: &&Plotted| format!("{} ({})", choice.short.of(&run.id), why(run));
    (!runs.is_empty()).then(|| format!("{what}: {}", enumerate(runs.iter().map(name), RUNS_NAMED)))
}

fn without_time(line: &PlotLine) -> Option<String> {
    let count = match &line.points {
        Points::Curve(curve) => curve.points.iter().filter(|point| point.seconds.is_none()).count(),
        Points::Mean(mean) => mean.iter().filter(|point| point.seconds.is_none()).count(),
    };
    (count > 0).then(|| format!("{}: {} logged without a time and left out", line.name, plural(count, "point")))
}
