//! Lines that several commands say in the same words.

use crate::model::number::Number;
use crate::model::run::Run;
use crate::records::{Records, RunRecord};
pub use crate::render::value::{shell_quote, short as shown};

/// How many metrics a line names.
const METRICS_NAMED: usize = 3;

/// The metrics of a run that a line names first: those that were promised, then by name.
pub fn leading_metrics<'a>(run: &'a Run, promised: &[String]) -> Vec<&'a str> {
    let promised = promised.iter().filter_map(|name| run.metrics.get_key_value(name)).map(|(name, _)| name.as_str());
    let mut names: Vec<&str> = Vec::new();
    for name in promised.chain(run.metrics.keys().map(String::as_str)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(METRICS_NAMED);
    names
}

/// `val_acc 0.931, loss 0.2`: the first metrics.
pub fn metrics_line<'a>(metrics: impl Iterator<Item = (&'a str, Number)>) -> String {
    let values = metrics.take(METRICS_NAMED).map(|(name, value)| format!("{name} {}", shown(&value)));
    values.collect::<Vec<_>>().join(", ")
}

/// The final values of a run's metrics, by name.
pub fn finals<'a>(records: &'a Records, run: &'a RunRecord) -> impl Iterator<Item = (&'a str, Number)> {
    run.finals().map(|(name, last)| (records.text(name), last.to_number(&records.names)))
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
