//! What a run would be told now.

use serde::Serialize;

use super::super::run::{Examined, Request, RunArgs};
use super::{FailureReport, RuleReport, rules};
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::model::text::printable;

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    /// Whether a run would start.
    ok: bool,
    rules: Vec<RuleReport>,
    failures: Vec<FailureReport>,
    /// Which data a run would not find, if any.
    data: Option<String>,
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
    let data = request.find_data(cx).err();
    let report = Report {
        version: 1,
        ok: !is_refused && data.is_none(),
        data: data.as_ref().map(|error| error.message().to_owned()),
        rules: rules(cx, |rule| levels.level(rule)),
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
    Ok(if report.ok { exit::OK } else { exit::FOUND })
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
    if let Some(why) = &report.data {
        out.push_str(&format!("{:<6} {:<8} {}\n", "data", "refuse", printable(why)));
    }
    out
}
