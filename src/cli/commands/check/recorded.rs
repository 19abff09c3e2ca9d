//! What recorded runs lack.

use serde::Serialize;

use super::{FailureReport, RuleReport, rules};
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::cli::range::{self, Names};
use crate::cli::selector::{self, Selected};
use crate::model::text::printable;
use crate::record::rules::judge_recorded;
use crate::records::{Records, RunRecord};
use crate::render::number::plural;

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    /// Whether no run has a rule that refuses.
    ok: bool,
    rules: Vec<RuleReport>,
    /// Runs that were judged.
    judged: usize,
    /// Those that lack something.
    runs: Vec<RunReport>,
}

#[derive(Debug, Serialize)]
struct RunReport {
    id: String,
    experiment: Option<String>,
    branch: Option<String>,
    commit: String,
    failures: Vec<FailureReport>,
}

pub(super) fn check(cx: &Context, selectors: &[String], as_json: bool) -> Result<u8, CliError> {
    let records = cx.records()?;
    let mut judged: Vec<&RunRecord> = Vec::new();
    for text in selectors {
        // What was withdrawn is no result any more.
        for run in named(cx, records, text)?.into_iter().filter(|run| run.withdrawn.is_none()) {
            if judged.iter().all(|known| known.id != run.id) {
                judged.push(run);
            }
        }
    }
    let report_of = |run: &&RunRecord| {
        let has_code = !run.dirty || !run.snapshot().is_empty();
        let failures = judge_recorded(run.seed.is_some(), has_code, &cx.settings.rules);
        (!failures.is_empty()).then(|| RunReport {
            id: run.id.to_string(),
            experiment: run.name.some().map(|name| records.names.text(name).to_owned()),
            branch: run.branch.some().map(|name| records.names.text(name).to_owned()),
            commit: run.commit().to_owned(),
            failures: failures.into_iter().map(FailureReport::from).collect(),
        })
    };
    let runs: Vec<RunReport> = judged.iter().filter_map(report_of).collect();
    let refuses = |run: &RunReport| run.failures.iter().any(|failure| failure.level == "refuse");
    let report = Report {
        version: 1,
        ok: !runs.iter().any(refuses),
        rules: rules(cx, |rule| cx.settings.rules.level(rule)),
        judged: judged.len(),
        runs,
    };
    if as_json {
        cx.ui.print_json(&report);
    } else {
        cx.ui.print(&text(&report, &ShortIds::new(records.ids())));
    }
    Ok(if report.ok { exit::OK } else { exit::FOUND })
}

/// The runs that a selector names.
fn named<'a>(cx: &Context, records: &'a Records, text: &str) -> Result<Vec<&'a RunRecord>, CliError> {
    if !range::is_pattern(text) {
        return Ok(match selector::resolve(cx, records, text)? {
            Selected::Run(run) => vec![run],
            Selected::Experiment(experiment) => records.runs_of(experiment.id).collect(),
            Selected::Commit(_, runs) => runs,
        });
    }
    let patterns = [text.to_owned()];
    let names = Names::new(&patterns, &cx.settings.start.prefix);
    let text_of = |symbol: crate::records::Symbol| records.names.text(symbol);
    let is_named = |run: &&RunRecord| {
        let branch = text_of(run.branch);
        names.is_any(branch.strip_prefix("refs/heads/").unwrap_or(branch), text_of(run.name))
    };
    Ok(records.runs.iter().filter(is_named).collect())
}

fn text(report: &Report, short: &ShortIds) -> String {
    let mut out = String::new();
    for run in &report.runs {
        let id = run.id.parse().map_or_else(|_| run.id.clone(), |id| short.of(&id));
        let name = run.experiment.as_deref().or(run.branch.as_deref().map(crate::git::head::short)).unwrap_or("-");
        for failure in &run.failures {
            let (rule, level, text) = (failure.rule, failure.level, &failure.text);
            out.push_str(&format!("{id} {}  {rule} {level}: {text}\n", printable(name)));
        }
    }
    let lacking = report.runs.len();
    out.push_str(&match (report.judged, lacking) {
        (0, _) => "no run is recorded there\n".to_owned(),
        (judged, 0) => format!("{}: all rules are fulfilled\n", plural(judged, "run")),
        (judged, lacking) => format!("{lacking} of {} lack something\n", plural(judged, "run")),
    });
    out
}
