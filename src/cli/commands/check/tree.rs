//! What a run would be told now.

use serde::Serialize;

use super::super::run::{Examined, Request, RunArgs};
use super::{FailureReport, RuleReport, rules};
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::model::text::printable;
use crate::settings::{Level, Rule, Rules};

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    /// Whether a run would start.
    ok: bool,
    rules: Vec<RuleReport>,
    failures: Vec<FailureReport>,
    /// Whether the run would commit everything first.
    commit: bool,
    /// Whether the run would store the exact tree.
    snapshot: bool,
    /// What to type so that nothing refuses.
    remedy: Option<String>,
}

pub(super) fn check(cx: &Context, mut args: RunArgs, as_json: bool) -> Result<u8, CliError> {
    args.take_seed_of_environment(cx)?;
    let request = Request::read(cx, args, true)?;
    let Examined { rules: levels, judgement, .. } = request.examine(cx)?;
    let is_refused = judgement.refuses();
    let report = Report {
        version: 1,
        ok: !is_refused,
        rules: rules(cx, |rule| level(&levels, rule)),
        remedy: is_refused.then(|| request.remedy(cx, &judgement, "check")),
        commit: judgement.commit && !is_refused,
        snapshot: judgement.snapshot && !is_refused,
        failures: judgement.failures.into_iter().map(FailureReport::from).collect(),
    };
    if as_json {
        cx.ui.print_json(&report);
    } else {
        cx.ui.print(&text(&report));
        if let Some(remedy) = &report.remedy {
            cx.ui.hint(remedy);
        }
    }
    Ok(if is_refused { exit::FOUND } else { exit::OK })
}

fn level(rules: &Rules, rule: Rule) -> Level {
    match rule {
        Rule::Clean => rules.clean,
        Rule::Seed => rules.seed,
    }
}

/// One line for each rule that is not fulfilled, and one for each of the others.
fn text(report: &Report) -> String {
    let mut out = String::new();
    for rule in &report.rules {
        let mut lines: Vec<String> = report
            .failures
            .iter()
            .filter(|failure| failure.rule == rule.rule)
            .map(|failure| format!("{:<8} {}", failure.level, printable(&failure.text)))
            .collect();
        if lines.is_empty() {
            lines.push(match rule.level {
                "off" => "off".to_owned(),
                "commit" if report.commit => "ok       everything would be committed first".to_owned(),
                "snapshot" if report.snapshot => "ok       the exact tree would be stored with the run".to_owned(),
                _ => "ok".to_owned(),
            });
        }
        lines.iter().for_each(|line| out.push_str(&format!("{:<6} {line}\n", rule.rule)));
    }
    out
}
