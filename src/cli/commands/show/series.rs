//! The points of one series.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Value, json};

use super::file;
use super::view::{Files, View};
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::selector::nearest;
use crate::model::text::enumerate;
use crate::render::csv;
use crate::store::journal::escape_name;
use crate::store::ledger::{PREFIX, files_of};

/// The file that holds all series of a fact.
const FILE: &str = "series.tsv";

/// How points are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Columns for people.
    Text,
    /// Comma-separated values.
    Csv,
    /// One JSON document.
    Json,
}

/// A point as it is stored: step, seconds, value.
type Point<'a> = [Cow<'a, str>; 3];

/// Print the points of a metric, those added later behind the others.
///
/// # Errors
/// If the run has no such series, or it is not here.
pub(super) fn show(cx: &Context, view: &View, metric: &str, form: Form) -> Result<u8, CliError> {
    let texts = texts(cx, view)?;
    let wanted = escape_name(metric);
    let points: Vec<Point<'_>> = texts.iter().flat_map(|text| points(text, &wanted)).collect();
    if points.is_empty() {
        return Err(unknown(view, metric, &texts));
    }
    match form {
        Form::Text => cx.ui.print(&table(&points)),
        Form::Csv => {
            let header = ["step", "seconds", "value"].map(str::to_owned);
            let records = points.iter().map(|point| point.iter().map(|field| field.to_string()).collect());
            cx.ui.print(&csv::csv(&header, records));
        }
        Form::Json => {
            let points: Vec<Value> = points.iter().map(as_json).collect();
            cx.ui.print_json(&json!({"version": 1, "id": view.id, "metric": metric, "points": points}));
        }
    }
    Ok(exit::OK)
}

/// Every `series.tsv` of the run: its own, then those of later facts.
pub(super) fn texts(cx: &Context, view: &View) -> Result<Vec<String>, CliError> {
    let Files::Blobs(blobs) = &view.files else { return of_journal(cx, view) };
    let mut contents = Vec::new();
    if let Some(blob) = blobs.get(FILE) {
        contents.push(file::content(cx, *blob)?);
    }
    for (header, _) in view.late.iter().filter(|(_, late)| !late.metrics.is_empty()) {
        let ledger = format!("{PREFIX}{}", header.time.month());
        if let Some(blob) = files_of(&cx.repo, &ledger, header.id)?.get(FILE) {
            contents.push(file::content(cx, *blob)?);
        }
    }
    Ok(contents.into_iter().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect())
}

/// A run under way has only its journal.
fn of_journal(cx: &Context, view: &View) -> Result<Vec<String>, CliError> {
    let folder = cx.root.folder(view.id);
    let broken = |error: std::io::Error| CliError::new(format!("{}: {error}", folder.path.display()));
    let mut text = Vec::new();
    folder.read_journal().map_err(broken)?.write_series(&mut text).map_err(broken)?;
    Ok(vec![String::from_utf8_lossy(&text).into_owned()])
}

/// The points of a metric, by its name as the file has it.
fn points<'a>(text: &'a str, name: &str) -> impl Iterator<Item = Point<'a>> {
    text.split_terminator('\n').skip(1).filter_map(move |line| {
        let mut fields = line.strip_prefix(name)?.strip_prefix('\t')?.split('\t').map(Cow::Borrowed);
        Some([fields.next()?, fields.next()?, fields.next()?])
    })
}

fn unknown(view: &View, metric: &str, texts: &[String]) -> CliError {
    let (mut names, mut seen) = (Vec::new(), HashSet::new());
    for line in texts.iter().flat_map(|text| text.split_terminator('\n').skip(1)) {
        let name = line.split('\t').next().unwrap_or_default();
        if seen.insert(name) {
            names.push(name);
        }
    }
    let error = CliError::new(format!("run {} has no series '{metric}'", view.id));
    match nearest(metric, names.iter().copied()) {
        Some(name) => error.hint(format!("did you mean '{name}'?")),
        None if names.is_empty() => error.hint("it has none"),
        None => error.hint(format!("it has: {}", enumerate(&names, 12))),
    }
}

fn table(points: &[Point<'_>]) -> String {
    let header: Point<'_> = ["step", "seconds", "value"].map(Cow::Borrowed);
    let rows = || std::iter::once(&header).chain(points);
    let width = |at: usize| rows().map(|row| row[at].len()).max().unwrap_or_default();
    let (first, second) = (width(0), width(1));
    let line = |[step, seconds, value]: &Point<'_>| {
        format!("{step:>first$}  {seconds:>second$}  {}\n", crate::model::text::printable(value))
    };
    rows().map(line).collect()
}

/// Values stay as they are in facts: what JSON lacks is a string.
fn as_json([step, seconds, value]: &Point<'_>) -> Value {
    let number = |text: &str| serde_json::from_str::<serde_json::Number>(text).map(Value::Number);
    let or_null = |text: &str| if text.is_empty() { Value::Null } else { number(text).unwrap_or_else(|_| text.into()) };
    let value = crate::model::number::Number::parse(value).map_or_else(|| json!(value), |number| json!(number));
    json!({"step": or_null(step), "seconds": or_null(seconds), "value": value})
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{as_json, points, table};

    #[test]
    fn only_the_series_of_that_name_is_taken() {
        let text = "metric\tstep\tseconds\tvalue\na\t1\t0.500\t0.1\na\t2\t\tNaN\nab\t1\t\t9\na\\tb\t\t\t12345678901234567890\n";
        let found: Vec<_> = points(text, "a").collect();
        assert_eq!(found, [["1", "0.500", "0.1"], ["2", "", "NaN"]]);
        assert_eq!(table(&found), "step  seconds  value\n   1    0.500  0.1\n   2           NaN\n");
        assert_eq!(as_json(&found[1]).to_string(), r#"{"step":2,"seconds":null,"value":"NaN"}"#);
        let large = points(text, "a\\tb").next().expect("a point");
        assert_eq!(as_json(&large).to_string(), r#"{"step":null,"seconds":null,"value":"12345678901234567890"}"#);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>(), name in "[a-c]{0,2}") {
            let found: Vec<_> = points(&text, &name).collect();
            let _ = (table(&found), found.iter().map(as_json).collect::<Vec<_>>());
        }
    }
}
