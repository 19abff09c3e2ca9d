//! A table for a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Color, ContentArrangement, LineStyle};

use super::fit::{shorten, width, wrap};
use super::table::{Align, Column, Grid, Kind, MOST_COLUMNS, Strip, Tone, by_importance, left_out};
use crate::model::text::printable;

/// Above this many rows they are written without the drawing library, which takes about a microsecond for a cell.
const MANY: usize = 500;

/// What to type for the columns that find no room.
pub const WHOLE: &str = "--format csv";

/// Many rows are handed on in blocks of so many.
const BLOCK: usize = 128;

/// Columns between two columns.
const GAP: usize = 2;

/// The narrowest terminal that is served.
const NARROWEST: usize = 8;

/// The longest name where nothing limits the width.
const LONGEST: usize = 100;

/// The longest text in a column of words, of params and of headings where there is no room.
const SHORT: usize = 16;

/// The table as text for a terminal, every line ending in a newline.
///
/// No line is wider than `width` (at least 8): the columns that matter least are left out and named in the last line, and
/// long names are shortened in the middle. `None` is no limit but that of [`MOST_COLUMNS`]. Colour only repeats what the text says. It is up to the
/// caller to find out whether colour is wanted; none is used if the environment has `NO_COLOR`.
pub fn terminal(table: &impl Grid, width: Option<usize>, colour: bool) -> String {
    terminal_of(table, width, colour, WHOLE)
}

/// The same, where `whole` is what to type for the columns that find no room.
pub fn terminal_of(table: &impl Grid, width: Option<usize>, colour: bool, whole: &str) -> String {
    let mut out = String::new();
    write(table, width, colour, whole, &mut |part| out.push_str(part));
    out
}

/// The same, in parts of whole lines: a table of a hundred thousand rows need not be in memory as text.
pub fn write(table: &impl Grid, width: Option<usize>, colour: bool, whole: &str, take: &mut dyn FnMut(&str)) {
    let width = width.map(|width| width.max(NARROWEST));
    let layout = Layout::new(table, width);
    let lines = |lines: Vec<String>| lines.iter().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    if let Some(title) = table.title() {
        take(&lines(vec![shorten(&printable(title), width.unwrap_or(LONGEST)), String::new()]));
    }
    if !layout.shown.is_empty() {
        take(&lines(draw(table, &layout, colour)));
    }
    if !layout.shown.is_empty() && table.height() > MANY {
        write_rows(table, &layout, colour, take);
    }
    let shown: Vec<usize> = layout.shown.iter().map(|column| column.at).collect();
    let left_out = left_out(table.columns(), &shown, whole);
    let notes: Vec<String> = table.notes().iter().map(|note| printable(note)).chain(left_out).collect();
    let mut below = if notes.is_empty() { Vec::new() } else { vec![String::new()] };
    for note in notes {
        match width {
            Some(width) => below.extend(wrap(&note, width)),
            None => below.push(note),
        }
    }
    take(&lines(below));
}

/// One column that may be shown.
struct Shown {
    at: usize,
    strip: Strip,
    /// The most that it may take.
    width: usize,
}

/// Which columns are shown, and the most that each may take.
struct Layout {
    shown: Vec<Shown>,
}

impl Layout {
    fn new(table: &impl Grid, limit: Option<usize>) -> Self {
        let columns = table.columns();
        let mut shown: Vec<(Shown, usize)> = Vec::new();
        let mut used = 0;
        for at in by_importance(table, MOST_COLUMNS) {
            let strip = table.strip(at).into_safe();
            let content = strip.widest();
            let heading = width(&printable(columns[at].heading())) + width(columns[at].suffix());
            // The drawing library gives an empty column one space.
            let wanted = content.max(heading).clamp(1, LONGEST);
            // What each column needs at least: numbers are never shortened, names are.
            let least = match (limit, columns[at].kind) {
                (None, _) => wanted,
                (Some(limit), _) if at == 0 => wanted.min(SHORT.max(limit / 4)),
                (_, Kind::Text | Kind::Param) => wanted.min(SHORT),
                (_, Kind::Metric(_) | Kind::Delta) => wanted.min(SHORT.max(content)),
            };
            let needed = least + if shown.is_empty() { 0 } else { GAP };
            match limit {
                Some(limit) if shown.is_empty() && needed > limit => {
                    shown.push((Shown { at, strip, width: limit }, wanted));
                    used = limit;
                }
                // The columns come by importance: where one has no room, those behind it have to go too.
                Some(limit) if used + needed > limit => break,
                _ => {
                    used += needed;
                    shown.push((Shown { at, strip, width: least }, wanted));
                }
            }
        }
        if let Some(limit) = limit {
            for (column, wanted) in &mut shown {
                let more = wanted.saturating_sub(column.width).min(limit - used);
                column.width += more;
                used += more;
            }
        }
        let mut shown: Vec<Shown> = shown.into_iter().map(|(column, _)| column).collect();
        shown.sort_by_key(|column| column.at);
        Self { shown }
    }
}

fn heading(column: &Column, max: usize) -> String {
    let suffix = column.suffix();
    let room = max.saturating_sub(width(suffix));
    let name = printable(column.heading());
    if room == 0 { shorten(suffix.trim(), max) } else { format!("{}{suffix}", shorten(&name, room)) }
}

/// The headings, and the rows where they are not many.
fn draw(table: &impl Grid, layout: &Layout, colour: bool) -> Vec<String> {
    let columns = table.columns();
    let mut drawn = comfy_table::Table::new();
    // The rule under the headings is all that is drawn: the rest is for reading, copying and grepping.
    drawn.load_style(NOTHING.header_separator(LineStyle::none().fill('─')));
    drawn.set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    if colour {
        drawn.enforce_styling();
    }
    drawn.set_header(layout.shown.iter().map(|column| heading(&columns[column.at], column.width)));
    let is_long = table.height() > MANY;
    for row in 0..if is_long { 0 } else { table.height() } {
        drawn.add_row(layout.shown.iter().map(|column| {
            let (text, tone) = column.strip.cell(row);
            toned(shorten(text, column.width), tone)
        }));
    }
    if is_long {
        // As wide as what follows.
        drawn.add_row(layout.shown.iter().map(|column| "x".repeat(content_width(column))));
    }
    let last = layout.shown.len().saturating_sub(1);
    for (index, column) in drawn.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 2 }));
        if columns[layout.shown[index].at].align == Align::Right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines: Vec<String> = drawn.lines().collect();
    if is_long {
        lines.pop();
    }
    lines
}

/// What the cells of a column take, once they are shortened.
fn content_width(column: &Shown) -> usize {
    column.strip.widest().min(column.width)
}

/// The rows, as the drawing library would write them.
fn write_rows(table: &impl Grid, layout: &Layout, colour: bool, take: &mut dyn FnMut(&str)) {
    let columns = table.columns();
    let last = layout.shown.len() - 1;
    let shape = |(index, column): (usize, &Shown)| {
        let heading = width(&heading(&columns[column.at], column.width));
        CellShape {
            width: content_width(column).max(heading).max(1),
            is_right: columns[column.at].align == Align::Right,
            gap: if index == last { 0 } else { GAP },
        }
    };
    let shapes: Vec<CellShape> = layout.shown.iter().enumerate().map(shape).collect();
    // Some rows at a time and column by column: that is how the texts lie in memory.
    let mut lines: Vec<String> = vec![String::new(); BLOCK];
    let mut out = String::new();
    for start in (0..table.height()).step_by(BLOCK) {
        let rows = start..table.height().min(start + BLOCK);
        for (column, shape) in layout.shown.iter().zip(&shapes) {
            for (row, line) in rows.clone().zip(&mut lines) {
                push_row(line, column, shape, row, colour);
            }
        }
        for line in &mut lines[..rows.len()] {
            out.push_str(line.trim_end_matches(' '));
            out.push('\n');
            line.clear();
        }
        take(&out);
        out.clear();
    }
}

#[inline]
fn push_row(out: &mut String, column: &Shown, shape: &CellShape, row: usize, colour: bool) {
    let (text, taken, tone) = column.strip.measured(row);
    let code = if colour { colour_code(tone) } else { None };
    if let Some(code) = code {
        out.push_str("\u{1b}[38;5;");
        out.push_str(code);
        out.push('m');
    }
    if taken > column.width {
        let short = shorten(text, column.width);
        push_cell(out, &short, shape, shape.width.saturating_sub(width(&short)));
    } else {
        push_cell(out, text, shape, shape.width.saturating_sub(taken));
    }
    if code.is_some() {
        out.push_str("\u{1b}[39m");
    }
}

/// How the cells of a column are written.
struct CellShape {
    width: usize,
    is_right: bool,
    gap: usize,
}

#[inline]
fn push_cell(out: &mut String, text: &str, shape: &CellShape, room: usize) {
    let (before, after) = if shape.is_right { (room, 0) } else { (0, room) };
    push_spaces(out, before);
    out.push_str(text);
    push_spaces(out, after + shape.gap);
}

#[inline]
fn push_spaces(out: &mut String, count: usize) {
    const SPACES: &str = "                                                                ";
    let mut rest = count;
    while rest > 0 {
        let some = rest.min(SPACES.len());
        out.push_str(&SPACES[..some]);
        rest -= some;
    }
}

/// The colours that [`toned`] asks for, in the terminal's palette.
fn colour_code(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Better => Some("10"),
        Tone::Worse => Some("9"),
        Tone::Dim => Some("8"),
    }
}

fn toned(text: String, tone: Tone) -> comfy_table::Cell {
    let drawn = comfy_table::Cell::new(text);
    match tone {
        Tone::Plain => drawn,
        Tone::Better => drawn.fg(Color::Green),
        Tone::Worse => drawn.fg(Color::Red),
        Tone::Dim => drawn.fg(Color::DarkGrey),
    }
}
