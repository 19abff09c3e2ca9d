//! Lines that several commands say in the same words.

use super::context::Context;
use crate::model::fact::Body;
use crate::model::metric::is_system;
use crate::model::number::Number;
use crate::model::run::Run;
use crate::record::close::Closed;
use crate::records::{Records, RunRecord};
pub use crate::render::value::{shell_quote, short as shown};

/// How many metrics a line names.
const METRICS_NAMED: usize = 3;

/// The metrics of a run that a line names first: those that were promised, then by name.
pub fn leading_metrics<'a>(run: &'a Run, promised: &[String]) -> Vec<&'a str> {
    let promised = promised.iter().filter_map(|name| run.metrics.get_key_value(name)).map(|(name, _)| name.as_str());
    let mut names: Vec<&str> = Vec::new();
    let results = run.metrics.keys().map(String::as_str).filter(|name| !is_system(name));
    for name in promised.chain(results) {
        if names.len() == METRICS_NAMED {
            break;
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// `val_acc 0.931, loss 0.2`: the first metrics.
pub fn metrics_line<'a>(metrics: impl Iterator<Item = (&'a str, Number)>) -> String {
    let values = metrics.take(METRICS_NAMED).map(|(name, value)| format!("{name} {}", shown(&value)));
    values.collect::<Vec<_>>().join(", ")
}

/// The final values of a run's metrics, by name, without those of the system.
pub fn finals<'a>(records: &'a Records, run: &'a RunRecord) -> impl Iterator<Item = (&'a str, Number)> {
    let all = run.finals().map(|(name, last)| (records.text(name), last.to_number(&records.names)));
    all.filter(|(name, _)| !is_system(name))
}

/// The name of `Name <email>`.
pub fn person(by: &str) -> &str {
    let name = by.split('<').next().unwrap_or_default().trim();
    if name.is_empty() { by } else { name }
}

/// The first line of a text, and whether there are more.
pub fn first_line(text: &str) -> (&str, bool) {
    match text.split_once('\n') {
        Some((first, rest)) => (first.trim_end(), !rest.trim().is_empty()),
        None => (text, false),
    }
}

/// Say what was wrong with a run's journal and files.
pub fn report_closed(cx: &Context, closed: &Closed) {
    if let Some((count, line, why)) = &closed.rejected {
        cx.ui.warning(&format!(
            "{count} journal line(s) could not be read, the first is line {line}: {why}; kept in rejected.jsonl"
        ));
    }
    for file in &closed.bad_metrics_files {
        cx.ui.warning(&format!("{file} is no JSON object with numbers; stored as it is, no metric was taken from it"));
    }
    closed.bad_outputs.iter().chain(&closed.about_params).for_each(|what| cx.ui.warning(what));
    if let Body::Run(run) = &closed.fact.body
        && !run.changed_paths.is_empty()
    {
        let paths = run.changed_paths.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        cx.ui.warning(&format!(
            "the code changed while the command ran: {paths}; what lay there at the end is stored with the run"
        ));
    }
}
