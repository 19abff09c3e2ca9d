//! A table for a terminal.

use std::collections::BTreeSet;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Color, ContentArrangement, LineStyle};

use super::fit::{shorten, width, wrap};
use super::number::plural;
use super::table::{Align, Cell, Column, Kind, Table, Tone};
use crate::model::text::printable;

/// Columns between two columns.
const GAP: usize = 2;

/// The narrowest terminal that is served.
const NARROWEST: usize = 8;

/// The longest name where nothing limits the width.
const LONGEST: usize = 100;

/// The longest text in a column of words, of params and of headings where there is no room.
const SHORT: usize = 16;

/// How many names of a kind are listed among those left out.
const LISTED: usize = 5;

/// The table as text for a terminal, every line ending in a newline.
///
/// No line is wider than `width` (at least 8): the columns that matter least are left out and named in the last line, and
/// long names are shortened in the middle. `None` is no limit. Colour only repeats what the text says. It is up to the
/// caller to find out whether colour is wanted; none is used if the environment has `NO_COLOR`.
pub fn terminal(table: &Table, width: Option<usize>, colour: bool) -> String {
    let width = width.map(|width| width.max(NARROWEST));
    let cells = Cells::new(table);
    let layout = Layout::new(&table.columns, &cells, width);
    let mut out = String::new();
    let mut add = |lines: Vec<String>| {
        for line in lines {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    };
    if let Some(title) = &table.title {
        add(vec![shorten(&printable(title), width.unwrap_or(LONGEST)), String::new()]);
    }
    if !layout.shown.is_empty() {
        add(draw(table, &cells, &layout, colour));
    }
    let left_out = left_out(&table.columns, &layout);
    let notes: Vec<String> = table.notes.iter().map(|note| printable(note)).chain(left_out).collect();
    if !notes.is_empty() {
        add(vec![String::new()]);
    }
    for note in notes {
        add(match width {
            Some(width) => wrap(&note, width),
            None => vec![note],
        });
    }
    out
}

/// All texts, safe to show.
struct Cells {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Cells {
    fn new(table: &Table) -> Self {
        let headings = table.columns.iter().map(|column| printable(column.heading())).collect();
        let rows = table.rows.iter().map(|row| row.iter().map(|cell| printable(&cell.text)).collect()).collect();
        Self { headings, rows }
    }

    fn heading(&self, columns: &[Column], at: usize, max: usize) -> String {
        let suffix = columns[at].suffix();
        let room = max.saturating_sub(width(suffix));
        if room == 0 { shorten(suffix.trim(), max) } else { format!("{}{suffix}", shorten(&self.headings[at], room)) }
    }
}

/// Which columns are shown, and the most that each may take.
struct Layout {
    shown: Vec<usize>,
    widths: Vec<usize>,
}

impl Layout {
    fn new(columns: &[Column], cells: &Cells, limit: Option<usize>) -> Self {
        let content: Vec<usize> = (0..columns.len())
            .map(|at| cells.rows.iter().filter_map(|row| row.get(at)).map(|text| width(text)).max().unwrap_or(0))
            .collect();
        // The drawing library gives an empty column one space.
        let wanted: Vec<usize> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| content[at].max(width(&cells.headings[at]) + width(column.suffix())).clamp(1, LONGEST))
            .collect();
        let mut shown: Vec<usize> = (0..columns.len()).collect();
        let Some(limit) = limit else { return Self { shown, widths: wanted } };

        // What each column needs at least: numbers are never shortened, names are.
        let least = |at: usize| match columns[at].kind {
            _ if at == 0 => wanted[at].min(SHORT.max(limit / 4)),
            Kind::Text | Kind::Param => wanted[at].min(SHORT),
            Kind::Metric(_) | Kind::Delta => wanted[at].min(SHORT.max(content[at])),
        };
        let mut widths: Vec<usize> = (0..columns.len()).map(least).collect();
        let mut by_importance = shown.clone();
        by_importance.sort_by_key(|at| (*at != 0, columns[*at].priority));
        let mut used = widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1);
        let mut gone = BTreeSet::new();
        while used > limit && by_importance.len() > 1 {
            if let Some(at) = by_importance.pop() {
                used -= widths[at] + GAP;
                gone.insert(at);
            }
        }
        shown.retain(|at| !gone.contains(at));
        if let (Some(first), true) = (widths.first_mut(), used > limit) {
            *first = limit;
            used = limit;
        }
        for at in by_importance {
            let more = (wanted[at] - widths[at].min(wanted[at])).min(limit - used);
            widths[at] += more;
            used += more;
        }
        Self { shown, widths }
    }
}

fn draw(table: &Table, cells: &Cells, layout: &Layout, colour: bool) -> Vec<String> {
    let mut drawn = comfy_table::Table::new();
    // The rule under the headings is all that is drawn: the rest is for reading, copying and grepping.
    drawn.load_style(NOTHING.header_separator(LineStyle::none().fill('─')));
    drawn.set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    if colour {
        drawn.enforce_styling().style_text_only();
    }
    drawn.set_header(layout.shown.iter().map(|at| cells.heading(&table.columns, *at, layout.widths[*at])));
    for (row, texts) in table.rows.iter().zip(&cells.rows) {
        drawn.add_row(layout.shown.iter().map(|at| {
            let text = texts.get(*at).map(|text| shorten(text, layout.widths[*at])).unwrap_or_default();
            toned(text, row.get(*at))
        }));
    }
    let last = layout.shown.len().saturating_sub(1);
    for (index, column) in drawn.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 2 }));
        if table.columns[layout.shown[index]].align == Align::Right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    drawn.lines().collect()
}

fn toned(text: String, cell: Option<&Cell>) -> comfy_table::Cell {
    let drawn = comfy_table::Cell::new(text);
    match cell.map_or(Tone::Plain, |cell| cell.tone) {
        Tone::Plain => drawn,
        Tone::Better => drawn.fg(Color::Green),
        Tone::Worse => drawn.fg(Color::Red),
        Tone::Dim => drawn.fg(Color::DarkGrey),
    }
}

/// `left out: 3 metrics (a, b, c), 1 param (lr); --format csv has all`.
fn left_out(columns: &[Column], layout: &Layout) -> Option<String> {
    let shown: BTreeSet<usize> = layout.shown.iter().copied().collect();
    let gone = || columns.iter().enumerate().filter(|(at, _)| !shown.contains(at)).map(|(_, column)| column);
    let metrics: BTreeSet<&str> =
        gone().filter(|column| matches!(column.kind, Kind::Metric(_))).map(|column| column.name.as_str()).collect();
    let parts: Vec<String> = ["metric", "delta", "param", "column"]
        .iter()
        .filter_map(|noun| {
            // Where the metric itself is left out, its delta goes without saying.
            let of_kind = gone().filter(|column| column.kind.noun() == *noun);
            let named = of_kind.filter(|column| column.kind != Kind::Delta || !metrics.contains(column.name.as_str()));
            let names: Vec<String> = named.map(|column| shorten(&printable(&column.name), SHORT * 2)).collect();
            let more = if names.len() > LISTED { ", …" } else { "" };
            let listed = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
            (!names.is_empty()).then(|| format!("{} ({listed}{more})", plural(names.len(), noun)))
        })
        .collect();
    (!parts.is_empty()).then(|| format!("left out: {}; --format csv has all", parts.join(", ")))
}
