//! A list as a table, as data, or the sentence that there is none.

use serde_json::{Value as Json, json};

use super::ListArgs;
use crate::cli::context::Context;
use crate::cli::format::Format;
use crate::cli::notices::shown;
use crate::model::number::Number;
use crate::model::time::Time;
use crate::query::{Attribute, Columns, Field, Kind, Name, Row, Value};
use crate::render::number::{age, duration};
use crate::render::{Align, Cell, Column, MOST_COLUMNS, Table, csv, markdown, terminal};

/// Print what was asked for in the form that was asked for: `document` is the JSON, `table` all the others.
pub(super) fn print(cx: &Context, args: &ListArgs, table: impl FnOnce() -> Table, document: impl FnOnce() -> Json) {
    if args.form.format() == Format::Json {
        return cx.ui.print_json(&document());
    }
    let table = &table();
    let text = match args.form.format() {
        Format::Csv => {
            let header: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
            csv::csv(&header, table.rows.iter().map(|row| row.iter().map(|cell| cell.text.clone()).collect()))
        }
        Format::Markdown => markdown::markdown(table),
        Format::Table | Format::Json => terminal::terminal(table, cx.ui.width, cx.ui.colour),
    };
    cx.page(&text);
}

/// A table of fields: of each row its values and its short id. `is_chosen`: the user named the fields.
pub(super) fn table<R: Row>(
    args: &ListArgs,
    now: Time,
    columns: &Columns,
    is_chosen: bool,
    rows: impl Iterator<Item = (R, String)>,
) -> Table {
    // The fields that matter most come first; nobody asks for the cells of those that are not shown.
    let most = if is_chosen || args.form.format() == Format::Csv { usize::MAX } else { MOST_COLUMNS };
    let is_id = |field: &Field| matches!(field.name(), Name::Attribute(Attribute::Id));
    let row = |(row, short): (R, String)| {
        let of = |field: &Field| match is_id(field) && args.form.format() != Format::Csv {
            true => Cell::plain(short.as_str()),
            false => cell(args, now, field, row.value(field)),
        };
        columns.fields().iter().take(most).map(of).collect()
    };
    Table {
        columns: columns.fields().iter().map(|field| column(args, field)).collect(),
        rows: rows.map(row).collect(),
        is_chosen,
        ..Table::default()
    }
}

/// The column of a field; those named first matter most.
fn column(args: &ListArgs, field: &Field) -> Column {
    let align = match field.kind() {
        Kind::Number | Kind::Duration | Kind::Any => Align::Right,
        _ => Align::Left,
    };
    // For people it goes without saying what is a metric and what a param, where no attribute has the name.
    let name = match field.name() {
        _ if args.form.format() == Format::Csv => field.to_string(),
        Name::Metric(metric) => metric.whole().to_owned(),
        Name::Param(name) if Attribute::find(name).is_none() => name.to_string(),
        name => name.to_string(),
    };
    Column::text(&name, align, u32::try_from(field.slot()).unwrap_or(u32::MAX))
}

/// The cell of a value: rounded for people, exact as data.
fn cell(args: &ListArgs, now: Time, field: &Field, value: Value<'_>) -> Cell {
    let exact = matches!(args.form.format(), Format::Csv);
    let text = match value {
        Value::Missing if exact => String::new(),
        Value::Missing => return Cell::dim("–"),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Number(value) if exact => Number::Float(value).to_string(),
        Value::Number(value) if field.kind() == Kind::Duration => duration(value),
        Value::Number(value) => shown(&Number::Float(value)),
        Value::Text(text) => text.to_owned(),
        Value::Time(time) if exact => time.to_string(),
        Value::Time(time) if now.seconds_since(time).abs() < 86_400.0 => age(now, time),
        Value::Time(time) => time.local_minute(),
        Value::Texts(texts) => {
            let mut all = Vec::new();
            texts.any(&mut |text| {
                all.push(text.to_owned());
                false
            });
            all.join(if exact { " " } else { ", " })
        }
    };
    Cell::plain(text)
}

/// A value as JSON: as facts have it.
pub(super) fn json_of(value: Value<'_>) -> Json {
    match value {
        Value::Missing => Json::Null,
        Value::Bool(value) => value.into(),
        Value::Integer(value) => json!(Number::parse(&value.to_string())),
        Value::Number(value) => json!(Number::Float(value)),
        Value::Text(text) => text.into(),
        Value::Time(time) => json!(time),
        Value::Texts(texts) => {
            let mut all = Vec::new();
            texts.any(&mut |text| {
                all.push(Json::from(text));
                false
            });
            all.into()
        }
    }
}
