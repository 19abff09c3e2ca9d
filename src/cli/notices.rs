//! Lines that several commands say in the same words.

use super::context::Context;
use crate::model::fact::Body;
use crate::model::id::Id;
use crate::model::metric::is_system;
use crate::model::number::Number;
use crate::model::run::{LeftOut, Run};
use crate::record::close::Closed;
use crate::record::names;
use crate::records::{Records, RunRecord};
use crate::render::number::plural;
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
    closed.said.iter().for_each(|what| cx.ui.warning(what));
    let Body::Run(run) = &closed.fact.body else { return };
    report_left_out(cx, &closed.fact.header.id, run.left_out);
    if !run.changed_paths.is_empty() {
        let paths = run.changed_paths.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        cx.ui.warning(&format!(
            "the code changed while the command ran: {paths}; what lay there at the end is stored with the run"
        ));
    }
}

/// Say that more names were logged than a fact has room for.
pub fn report_left_out(cx: &Context, run: &Id, left_out: LeftOut) {
    if left_out.is_nothing() {
        return;
    }
    let most = names::MOST;
    cx.ui.warning(&format!("a fact has room for {most} metrics and {most} params: {}", of_left_out(left_out)));
    let run = &run.as_str()[..6];
    if left_out.metrics > 0 {
        cx.ui.hint(&format!(
            "git xp show {run} --series METRIC    shows their points; numbers in names, as of epochs, are better logged as steps"
        ));
    } else {
        cx.ui.hint(&format!("git xp show {run} --file logged.json"));
    }
}

/// `90000 metrics left out, series.tsv has their points; 2 params left out, logged.json has them`.
pub fn of_left_out(LeftOut { metrics, params }: LeftOut) -> String {
    let parts = [(metrics, "metric", "series.tsv has their points"), (params, "param", "logged.json has them")];
    let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
    let count = |count: u64, noun: &str| plural(usize::try_from(count).unwrap_or(usize::MAX), noun);
    parts.map(|(n, noun, place)| format!("{} left out, {place}", count(n, noun))).collect::<Vec<_>>().join("; ")
}
