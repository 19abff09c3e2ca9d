//! What differs between runs, as tables.

use serde_json::Value;

use super::{NONE, metric_pair, shown};
use crate::diff::{CodeChanges, Column as Differing, Difference, Section, Several};
use crate::model::data::FolderChanges;
use crate::model::direction::Direction;
use crate::model::number::Number;
use crate::render::csv;
use crate::render::number::bytes;
use crate::render::table::{Align, Cell, Column, Kind, Table, Tone};
use crate::render::value::{short, signed, value};

/// What differs between two runs: a row for each value.
pub fn table(difference: &Difference) -> Table {
    let (a, b) = (&difference.a, &difference.b);
    let columns = vec![
        Column::text("part", Align::Left, 0),
        Column::text("what", Align::Left, 1),
        Column::text(&a.short, Align::Left, 2),
        Column::text(&b.short, Align::Left, 3),
        Column { kind: Kind::Delta, ..Column::text("Δ", Align::Right, 4) },
    ];
    let mut rows = Vec::new();
    for section in Section::ALL {
        for change in difference.section(section) {
            let what =
                if change.group.is_empty() { change.key.clone() } else { format!("{}: {}", change.group, change.key) };
            let [a, b] = shown(section, &change.key, change.a.as_ref(), change.b.as_ref());
            rows.push(row(section, what, [a, b], Cell::default()));
        }
        if section == Section::Metrics {
            rows.extend(difference.metrics.iter().flat_map(metric_rows));
        }
        if section == Section::Data {
            rows.extend(difference.folders.iter().flat_map(folder_rows));
        }
        if section == Section::Code {
            rows.extend(difference.code.iter().flat_map(code_rows));
        }
    }
    let notes = if rows.is_empty() { vec!["nothing that is recorded differs".to_owned()] } else { Vec::new() };
    Table { columns, rows, notes, ..Table::default() }
}

fn row(section: Section, what: String, [a, b]: [String; 2], delta: Cell) -> Vec<Cell> {
    vec![Cell::plain(section.name()), Cell::plain(what), Cell::plain(a), Cell::plain(b), delta]
}

fn metric_rows(metric: &crate::diff::MetricChange) -> Vec<Vec<Cell>> {
    let rows = metric.leading().into_iter().map(|(which, values)| {
        let texts = metric_pair(values);
        let delta = values.delta.map(signed).unwrap_or_default();
        let delta = match values.better {
            Some(true) => Cell { text: format!("{delta} ▲"), tone: Tone::Better },
            Some(false) => Cell { text: format!("{delta} ▼"), tone: Tone::Worse },
            None => Cell::plain(delta),
        };
        row(Section::Metrics, format!("{} {}", metric.name, which.name()), texts, delta)
    });
    let mut rows: Vec<Vec<Cell>> = rows.collect();
    if let Some(steps) = metric.steps {
        let steps = steps.map(|step| step.map_or_else(|| NONE.to_owned(), |step| step.to_string()));
        rows.push(row(Section::Metrics, format!("{} step", metric.name), steps, Cell::default()));
    }
    if let Some(points) = metric.points {
        rows.push(row(
            Section::Metrics,
            format!("{} points", metric.name),
            points.map(|n| n.to_string()),
            Cell::default(),
        ));
    }
    if rows.is_empty() {
        let none = [NONE; 2].map(str::to_owned);
        rows.push(row(Section::Metrics, format!("{} points before the last", metric.name), none, Cell::default()));
    }
    rows
}

/// The sizes of the files of a folder that differ; those that are not listed are counted.
fn folder_rows(folder: &FolderChanges) -> Vec<Vec<Cell>> {
    let size = |size: Option<u64>| size.map_or_else(|| NONE.to_owned(), bytes);
    let with = |what: &str, texts| row(Section::Data, format!("{}: {what}", folder.name), texts, Cell::default());
    let mut rows: Vec<_> = folder.files.iter().map(|file| with(&file.path, [size(file.a), size(file.b)])).collect();
    let more = folder.count().saturating_sub(folder.files.len() as u64);
    if more > 0 {
        rows.push(with(&format!("{more} more files"), [NONE; 2].map(str::to_owned)));
    }
    rows
}

fn code_rows(code: &CodeChanges) -> Vec<Vec<Cell>> {
    let with = |what: String, a: String, b: String| row(Section::Code, what, [a, b], Cell::default());
    match code {
        CodeChanges::Files(files) => files
            .iter()
            .map(|file| match (file.deletions, file.insertions) {
                (Some(deletions), Some(insertions)) => {
                    with(file.path.clone(), format!("-{deletions}"), format!("+{insertions}"))
                }
                _ => with(file.path.clone(), "binary".to_owned(), "binary".to_owned()),
            })
            .collect(),
        CodeChanges::Missing(trees) => vec![with("not here".to_owned(), trees.join(" "), String::new())],
        CodeChanges::Unreadable(why) => vec![with("unreadable".to_owned(), why.clone(), String::new())],
    }
}

/// What differs between two runs as CSV: section, group, key, both values exactly, and for metrics the difference. Texts are as they are, all
/// other values are JSON.
pub fn csv(difference: &Difference) -> String {
    let header = ["section", "group", "key", "a", "b", "delta", "better"].map(str::to_owned);
    let mut records = Vec::new();
    for section in Section::ALL {
        for change in difference.section(section) {
            let [a, b] = [&change.a, &change.b].map(|value| value.as_ref().map(exact).unwrap_or_default());
            records.push(record(section, &change.group, &change.key, a, b));
        }
        if section == Section::Data {
            let size = |size: Option<u64>| size.map(|size| size.to_string()).unwrap_or_default();
            let files =
                difference.folders.iter().flat_map(|folder| folder.files.iter().map(|file| (&folder.name, file)));
            records.extend(files.map(|(name, file)| record(section, name, &file.path, size(file.a), size(file.b))));
        }
        if section == Section::Code
            && let Some(CodeChanges::Files(files)) = &difference.code
        {
            let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
            records.extend(
                files
                    .iter()
                    .map(|file| record(section, "file", &file.path, count(file.deletions), count(file.insertions))),
            );
        }
        if section == Section::Metrics {
            for metric in &difference.metrics {
                for (which, values) in &metric.values {
                    let number = |value: &Option<Number>| value.as_ref().map(Number::to_string).unwrap_or_default();
                    let mut fields = record(section, &metric.name, which.name(), number(&values.a), number(&values.b));
                    fields[5] = values.delta.map(|delta| format!("{delta:?}")).unwrap_or_default();
                    fields[6] = values.better.map(|better| better.to_string()).unwrap_or_default();
                    records.push(fields);
                }
            }
        }
    }
    csv::csv(&header, records)
}

fn record(section: Section, group: &str, key: &str, a: String, b: String) -> Vec<String> {
    vec![section.name().to_owned(), group.to_owned(), key.to_owned(), a, b, String::new(), String::new()]
}

fn exact(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// In what several runs disagree: a row for each run, a column for each key.
pub fn several(several: &Several, direction: impl Fn(&str) -> Option<Direction>) -> Table {
    let named = has_several_names(several);
    let mut columns = vec![Column::text("run", Align::Left, 0)];
    if named {
        columns.push(Column::text("experiment", Align::Left, 1));
    }
    for (turn, column) in (2..).zip(&several.columns) {
        let kind = match column.section {
            Section::Metrics => Kind::Metric(direction(&column.key)),
            Section::Params => Kind::Param,
            _ => Kind::Text,
        };
        let align = if matches!(kind, Kind::Text) { Align::Left } else { Align::Right };
        columns.push(Column { kind, ..Column::text(&heading(column), align, turn) });
    }
    // Values that would look the same are shown whole.
    let is_alike = several.columns.iter().enumerate().map(|(at, column)| {
        let mut texts = several.rows.iter().map(|row| row[at].as_ref().map(|found| cell(column, found)));
        let first = texts.next();
        texts.all(|text| Some(text) == first)
    });
    let is_alike: Vec<bool> = is_alike.collect();
    let rows = several.subjects.iter().zip(&several.rows).map(|(subject, row)| {
        let mut cells = vec![Cell::plain(subject.short.as_str())];
        if named {
            cells.push(Cell::plain(name(subject)));
        }
        cells.extend(several.columns.iter().zip(row).enumerate().map(|(at, (column, found))| match found {
            None => Cell::dim(NONE),
            Some(found) if is_alike[at] => Cell::plain(value(found)),
            Some(found) => Cell::plain(cell(column, found)),
        }));
        cells
    });
    let mut notes = Vec::new();
    if several.columns.is_empty() {
        notes.push("they do not differ in what is shown".to_owned());
    }
    if !several.also.is_empty() {
        let also = several.also.iter().map(|section| section.name()).collect::<Vec<_>>().join(", ");
        notes.push(format!("also different: {also}; git xp diff with two of them, or --only, shows how"));
    }
    Table { rows: rows.collect(), columns, notes, ..Table::default() }
}

fn cell(column: &Differing, found: &Value) -> String {
    match column.section {
        Section::Metrics => match serde_json::from_value(found.clone()) {
            Ok(number) => short(&number),
            Err(_) => value(found),
        },
        section => shown(section, &column.key, Some(found), None)[0].clone(),
    }
}

/// In what several runs disagree as CSV: exactly as recorded, an empty field where a run has no value.
pub fn several_csv(several: &Several) -> String {
    let header = ["id", "experiment"].map(str::to_owned);
    let header: Vec<String> = header.into_iter().chain(several.columns.iter().map(heading_with_section)).collect();
    let records = several.subjects.iter().zip(&several.rows).map(|(subject, row)| {
        let fixed = [subject.id.to_string(), name(subject)];
        fixed.into_iter().chain(row.iter().map(|value| value.as_ref().map(exact).unwrap_or_default())).collect()
    });
    csv::csv(&header, records.collect::<Vec<Vec<String>>>())
}

fn heading(column: &Differing) -> String {
    if column.group.is_empty() { column.key.clone() } else { format!("{}: {}", column.group, column.key) }
}

fn heading_with_section(column: &Differing) -> String {
    match column.section {
        Section::Seed | Section::Status => heading(column),
        Section::Params => format!("param.{}", column.key),
        Section::Metrics => format!("metric.{}", column.key),
        section => format!("{}.{}", section.name(), heading(column)),
    }
}

fn name(subject: &crate::diff::Subject) -> String {
    let branch = subject.branch.as_deref().map(|name| name.strip_prefix("refs/heads/").unwrap_or(name));
    subject.name.as_deref().or(branch).unwrap_or("detached HEAD").to_owned()
}

fn has_several_names(several: &Several) -> bool {
    let mut names = several.subjects.iter().map(name);
    let first = names.next();
    names.any(|name| Some(name) != first)
}
