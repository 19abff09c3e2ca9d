//! The last line of a run: `run 7kq ok  val_acc 0.931 (+0.004 last, +0.012 baseline)`.

use crate::cli::context::Context;
use crate::cli::notices::{leading_metrics, shown};
use crate::model::experiment::Experiment;
use crate::model::fact::{Body, Fact};
use crate::model::id::Id;
use crate::model::metric::{Summary, is_system};
use crate::model::run::{Run, Status};
use crate::store::facts_of_commit;

/// The line. It reads only the notes of two commits, so it costs the same however many facts there are.
pub(super) fn render(
    cx: &Context,
    id: &Id,
    run: &Run,
    experiment: Option<&(Id, Experiment)>,
    session: &[Run],
) -> String {
    let promised: Vec<String> = experiment
        .iter()
        .flat_map(|(_, experiment)| &experiment.hypothesis.expect)
        .filter_map(|text| text.parse::<crate::model::expectation::Expectation>().ok())
        .map(|expectation| expectation.metric)
        .collect();
    let here =
        runs_of(cx, &run.commit, |other, fact| fact != *id && other.branch == run.branch && other.end <= run.start);
    let last = session.iter().rev().find(|other| other.status == Status::Ok).or(here.last());
    let baseline = run.baseline.as_ref().filter(|baseline| baseline.commit != run.commit);
    let baseline = baseline.map(|baseline| runs_of(cx, &baseline.commit, |_, _| true)).unwrap_or_default();
    let seed = run.seed.map(|seed| format!(" seed {seed}")).unwrap_or_default();
    let metrics: Vec<String> = leading_metrics(run, &promised)
        .into_iter()
        .map(|name| {
            let now = run.metrics[name].r#final.as_f64();
            let mut notes = Vec::new();
            if let Some(before) = last.and_then(|last| last.metrics.get(name)) {
                notes.push(format!("{} last", signed(now - before.r#final.as_f64())));
            }
            let values: Vec<f64> =
                baseline.iter().filter_map(|run| Some(run.metrics.get(name)?.r#final.as_f64())).collect();
            if !values.is_empty() {
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                notes.push(format!("{} baseline", signed(now - mean)));
            }
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            format!("{name} {}{notes}", shown(&run.metrics[name].r#final))
        })
        .collect();
    let metrics = if metrics.is_empty() { "no metrics".to_owned() } else { metrics.join(", ") };
    let exit = run.exit.filter(|exit| *exit != 0).map(|exit| format!(" (exit {exit})")).unwrap_or_default();
    let signal = run.signal.map(|signal| format!(" (signal {signal})")).unwrap_or_default();
    format!("run {}{seed} {}{exit}{signal}  {}", &id.as_str()[..4], run.status, metrics).trim_end().to_owned()
}

/// Warn if a run and all that differ from it only in their seed agree to the last bit: the seed may not reach the program. Two of many that agree are chance,
/// where a metric takes few values.
pub(super) fn warn_if_identical(cx: &Context, run: &Run, session: &[Run]) {
    let here = runs_of(cx, &run.commit, |_, _| true);
    let others = || {
        let is_other = |other: &&Run| other.condition == run.condition && other.seed != run.seed;
        session.iter().chain(&here).filter(is_other).filter(|other| other.status == Status::Ok)
    };
    let is_same = |other: &Run| {
        results(other).count() == results(run).count()
            && results(run).all(|(name, summary)| {
                other.metrics.get(name).is_some_and(|other| other.r#final.is_identical(&summary.r#final))
            })
    };
    if run.status == Status::Ok
        && results(run).next().is_some()
        && others().all(is_same)
        && let Some(other) = others().next()
    {
        let seeds = [other.seed, run.seed].map(|seed| seed.map_or("none".to_owned(), |seed| seed.to_string()));
        cx.ui.warning(&format!(
            "seeds {} and {} gave identical metrics, to the last bit: does the seed reach the program?",
            seeds[0], seeds[1]
        ));
    }
}

/// The metrics, without those of the system.
fn results(run: &Run) -> impl Iterator<Item = (&String, &Summary)> {
    run.metrics.iter().filter(|(name, _)| !is_system(name))
}

/// The runs that count in the note of a commit.
fn runs_of(cx: &Context, commit: &str, filter: impl Fn(&Run, Id) -> bool) -> Vec<Run> {
    let facts = facts_of_commit(&cx.repo, commit);
    let run = |fact: Fact| match fact.body {
        Body::Run(run) if run.status == Status::Ok && run.commit == commit && filter(&run, fact.header.id) => {
            Some(*run)
        }
        _ => None,
    };
    facts.into_iter().filter_map(run).collect()
}

fn signed(difference: f64) -> String {
    let text = format!("{difference:+.4}");
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    if matches!(trimmed, "+0" | "-0" | "+" | "-") { "±0".to_owned() } else { trimmed.to_owned() }
}
