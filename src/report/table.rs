//! The table: every cell as the terminal has it, and beside that the exact number to sort by.

use std::collections::HashMap;
use std::fmt::Write;

use super::escape::escape;
use crate::compare::{Comparison, Param, Row};
use crate::model::direction::Direction;
use crate::records::{Names, Value};
use crate::render::comparison::ComparisonTable;
use crate::render::table::{by_importance, left_out};
use crate::render::{Align, Column, Grid, Kind, Strip, Tone};

/// Rows beyond so many are not shown until the script shows them in pages, where there are scripts.
const FIRST: usize = 500;

/// How many columns a page has: with more it would be slow.
const MOST: usize = 500;

/// The table with its caption, and what is to be said of the columns that it does not have.
pub(super) fn table(comparison: &Comparison<'_>, grid: &ComparisonTable<'_>) -> (String, Option<String>) {
    let sources = Sources::new(comparison);
    let mut shown = by_importance(grid, MOST);
    shown.sort_unstable();
    let columns = shown.iter().map(|at| &grid.columns()[*at]);
    let columns: Vec<(&Column, Source)> = columns.map(|column| (column, sources.of(column))).collect();
    let strips: Vec<Strip> = shown.iter().map(|at| grid.strip(*at)).collect();
    let mut out = format!("<table>\n<caption id=\"caption\">{}</caption>\n<thead>\n<tr>", escape(&caption(comparison)));
    for (column, source) in &columns {
        push_heading(&mut out, comparison, column, *source);
    }
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    for (at, row) in comparison.rows.iter().enumerate() {
        if at == FIRST {
            out.push_str("</tbody>\n<tbody class=\"more\">\n");
        }
        out.push_str(if row.reference { "<tr class=\"reference\">" } else { "<tr>" });
        for (nth, ((column, source), strip)) in columns.iter().zip(&strips).enumerate() {
            let (text, tone) = strip.cell(at);
            let tag = if nth == 0 { "th scope=\"row\"" } else { "td" };
            let classes = classes(column, tone);
            let _ = write!(
                out,
                "<{tag}{classes}{}>{}</{}>",
                source.value(comparison, row),
                escape(text.trim_end()),
                &tag[..2]
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
    (out, left_out(grid.columns(), &shown, "git xp compare --format csv"))
}

fn caption(comparison: &Comparison<'_>) -> String {
    let value = match comparison.at.as_str() {
        "final" => "final value of each metric".to_owned(),
        "best" => "best value of each metric".to_owned(),
        at => format!("value of each metric at {}", at.replace('=', " ")),
    };
    format!("Experiments beside their baseline: {value}")
}

/// `data-key` is what a link can sort by, `data-first` the order of the first click: where more is better, the best come first.
fn push_heading(out: &mut String, comparison: &Comparison<'_>, column: &Column, source: Source) {
    let name = escape(&column.name);
    let (key, text) = match column.kind {
        Kind::Text => (name.clone(), name.clone()),
        Kind::Param => (format!("params.{name}"), name.clone()),
        Kind::Metric(_) => (format!("metrics.{name}"), format!("{name}{}", column.suffix())),
        Kind::Delta => (format!("delta.{name}"), format!("Δ<span class=\"spoken\"> of {name}</span>")),
    };
    let direction = match source {
        Source::Metric(at) | Source::Delta(at) => comparison.metrics[at].direction,
        _ => None,
    };
    let first = if direction == Some(Direction::Maximize) { "descending" } else { "ascending" };
    let classes = classes(column, Tone::Plain);
    let _ = write!(
        out,
        "<th scope=\"col\"{classes} data-key=\"{key}\" data-name=\"{name}\" data-first=\"{first}\">{text}</th>"
    );
}

fn classes(column: &Column, tone: Tone) -> &'static str {
    match (column.align, tone) {
        (Align::Left, Tone::Plain) => "",
        (Align::Left, Tone::Better) => " class=\"better\"",
        (Align::Left, Tone::Worse) => " class=\"worse\"",
        (Align::Left, Tone::Dim) => " class=\"dim\"",
        (Align::Right, Tone::Plain) => " class=\"number\"",
        (Align::Right, Tone::Better) => " class=\"number better\"",
        (Align::Right, Tone::Worse) => " class=\"number worse\"",
        (Align::Right, Tone::Dim) => " class=\"number dim\"",
    }
}

/// What of a row a column shows.
#[derive(Debug, Clone, Copy)]
enum Source {
    Count,
    Param(usize),
    Metric(usize),
    Delta(usize),
    /// Something else, which sorts as text.
    Text,
}

impl Source {
    /// The attribute with the number to sort by. It is empty where there is nothing, and missing where the text sorts as it is.
    fn value(self, comparison: &Comparison<'_>, row: &Row<'_>) -> String {
        let number = |value: Option<f64>| match value {
            Some(value) if !value.is_nan() => format!(" data-value=\"{value:?}\""),
            _ => " data-value=\"\"".to_owned(),
        };
        match self {
            Self::Text => String::new(),
            Self::Count => format!(" data-value=\"{}\"", row.n - row.repeats.min(row.n)),
            Self::Metric(at) => number(comparison.estimate(row, at).and_then(|estimate| estimate.mean)),
            Self::Delta(at) => number(comparison.estimate(row, at).and_then(|estimate| estimate.delta)),
            Self::Param(at) => match comparison.param(row, at) {
                None | Some(Param::Varies) => number(None),
                Some(Param::Is(Value::Integer(value))) => format!(" data-value=\"{value}\""),
                Some(Param::Is(Value::Float(value))) => number(Some(value)),
                Some(Param::Is(Value::Json(text))) => digits(&comparison.names, text).unwrap_or_default(),
                Some(Param::Is(Value::Null | Value::Bool(_) | Value::Text(_))) => String::new(),
            },
        }
    }
}

/// An integer that 64 bits do not hold is JSON; its nearest double sorts it.
fn digits(names: &Names, text: crate::records::Symbol) -> Option<String> {
    let value: f64 = names.text(text).parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(format!(" data-value=\"{value:?}\""))
}

/// Where the params and metrics of a comparison are, by name.
struct Sources<'a> {
    params: HashMap<&'a str, usize>,
    metrics: HashMap<&'a str, usize>,
}

impl<'a> Sources<'a> {
    fn new(comparison: &'a Comparison<'_>) -> Self {
        let params = comparison.params.iter().enumerate().map(|(at, param)| (param.name.as_str(), at));
        let metrics = comparison.metrics.iter().enumerate().map(|(at, metric)| (metric.name.as_str(), at));
        Self { params: params.collect(), metrics: metrics.collect() }
    }

    fn of(&self, column: &Column) -> Source {
        let name = column.name.as_str();
        let (param, metric) = (self.params.get(name).copied(), self.metrics.get(name).copied());
        match column.kind {
            Kind::Text if name == "n" => Some(Source::Count),
            Kind::Text => None,
            Kind::Param => param.map(Source::Param),
            Kind::Metric(_) => metric.map(Source::Metric),
            Kind::Delta => metric.map(Source::Delta),
        }
        .unwrap_or(Source::Text)
    }
}
