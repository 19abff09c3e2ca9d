//! A plot for a terminal.

use super::axis::Axis;
use super::canvas::{Canvas, dot};
use super::downsample::{self, Place};
use super::figure::{Figure, Line};
use super::mark;
use crate::model::text::printable;
use crate::render::fit::{shorten, width, wrap};

/// The narrowest plot and the widest, in columns; for other numbers it is as wide.
pub const WIDTHS: (usize, usize) = (40, 1000);

/// The lowest plot and the highest, in rows between the axes; for other numbers it is as high.
pub const HEIGHTS: (usize, usize) = (3, 500);

/// One row for each of so many ticks of the vertical axis.
const ROWS_OF_TICK: usize = 3;

/// Columns between two marks of a line.
const COLUMNS_BETWEEN_MARKS: usize = 16;

/// Columns that a label of the horizontal axis has, about.
const COLUMNS_OF_TICK: usize = 10;

/// The figure as text, every line ending in a newline and none wider than `size.0` columns; `size.1` is the number of rows between the axes.
///
/// Title, legend and notes come on top of that. Colour only repeats what the marks say.
pub fn draw(figure: &Figure, size: (usize, usize), colour: bool) -> String {
    let (columns, rows) = (size.0.clamp(WIDTHS.0, WIDTHS.1), size.1.clamp(HEIGHTS.0, HEIGHTS.1));
    let mut out = vec![shorten(&printable(&figure.title), columns)];
    match figure.axes((columns / COLUMNS_OF_TICK, rows / ROWS_OF_TICK)) {
        Some(axes) => chart(figure, &axes, (columns, rows), colour, &mut out),
        None => out.push("  there is no point to draw".to_owned()),
    }
    legend(figure, columns, colour, &mut out);
    for remark in figure.remarks() {
        out.extend(wrap(&printable(&remark), columns));
    }
    out.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn chart(figure: &Figure, axes: &(Axis, Axis), (columns, rows): (usize, usize), colour: bool, out: &mut Vec<String>) {
    let (x, y) = axes;
    let margin = y.ticks.iter().map(|tick| width(&tick.label)).max().unwrap_or(0);
    let mut canvas = Canvas::new(columns - margin - 2, rows);
    let lines = || figure.drawn().iter().enumerate();
    lines().for_each(|(index, line)| band(&mut canvas, axes, line, index));
    let is_alone = figure.drawn().len() == 1;
    let corners: Vec<_> = lines().map(|(index, line)| draw_line(&mut canvas, axes, line, index)).collect();
    for (index, parts) in corners.iter().enumerate() {
        // A line alone needs no mark, but a point alone would hardly be seen.
        if !is_alone || parts.iter().flatten().count() == 1 {
            put_marks(&mut canvas, parts, (index, corners.len()));
        }
    }
    let mut labels: Vec<&str> = vec![""; rows];
    for tick in &y.ticks {
        labels[dot(1.0 - tick.place, rows * 4) / 4] = &tick.label;
    }
    for (row, label) in canvas.rows().zip(&labels) {
        let axis = if label.is_empty() { '│' } else { '┤' };
        out.push(format!("{label:>margin$} {axis}{}", toned(row, colour)));
    }
    out.extend(x_axis(figure, x, margin, canvas.width() / 2));
}

/// The line below the dots, and the labels below that.
fn x_axis(figure: &Figure, x: &Axis, margin: usize, columns: usize) -> Vec<String> {
    let mut line: Vec<char> = vec!['─'; columns];
    let mut labels = String::new();
    for tick in &x.ticks {
        let at = dot(tick.place, columns * 2) / 2;
        let start = at.saturating_sub(tick.label.len() / 2).min(columns.saturating_sub(tick.label.len()));
        if labels.is_empty() || start > labels.len() {
            line[at] = '┬';
            labels += &format!("{:1$}{2}", "", start - labels.len(), tick.label);
        }
    }
    let name = shorten(&printable(&figure.x_label), columns);
    let mut lines = vec![format!("{:margin$} └{}", "", line.into_iter().collect::<String>())];
    if labels.len() + 1 + width(&name) > columns {
        lines.push(format!("{:margin$}  {labels}", ""));
        labels.clear();
    }
    let room = columns - labels.len() - width(&name);
    lines.push(format!("{:margin$}  {labels}{:room$}{name}", "", ""));
    lines
}

fn legend(figure: &Figure, columns: usize, colour: bool, out: &mut Vec<String>) {
    for (index, line) in figure.drawn().iter().enumerate() {
        let mark = if figure.drawn().len() == 1 { '─' } else { mark::character(index) };
        let mark = toned(std::iter::once((mark, Some(index))), colour);
        out.push(format!("  {mark} {}", shorten(&printable(&line.name), columns - 4)));
    }
}

/// A light pattern between the edges of a band.
fn band(canvas: &mut Canvas, axes: &(Axis, Axis), line: &Line, index: usize) {
    let (width, height) = (canvas.width(), canvas.height());
    for part in downsample::band(line.band_places(axes), width) {
        let edges: Vec<(usize, f64, f64)> = part.iter().map(|(x, low, high)| (dot(*x, width), *low, *high)).collect();
        for pair in edges.windows(2) {
            let ((from, low, high), (to, next_low, next_high)) = (pair[0], pair[1]);
            for column in from..=to {
                let share = if to > from { (column - from) as f64 / (to - from) as f64 } else { 1.0 };
                let top = dot(1.0 - (high + (next_high - high) * share), height);
                let bottom = dot(1.0 - (low + (next_low - low) * share), height);
                let pattern = (top..=bottom).filter(|row| (column + 2 * row).is_multiple_of(4));
                pattern.for_each(|row| canvas.dot((column, row), index));
            }
        }
    }
}

/// Draw a line; returns its corners.
fn draw_line(canvas: &mut Canvas, axes: &(Axis, Axis), line: &Line, index: usize) -> Vec<Vec<Place>> {
    let parts = downsample::line(line.places(axes), canvas.width());
    for part in &parts {
        let dots: Vec<(usize, usize)> = part.iter().map(|place| canvas.dot_of(*place)).collect();
        for (at, to) in dots.iter().enumerate() {
            canvas.stroke(dots[at.saturating_sub(1)], *to, index);
        }
    }
    parts
}

/// Marks along a line, at least one.
fn put_marks(canvas: &mut Canvas, parts: &[Vec<Place>], (index, lines): (usize, usize)) {
    let period = COLUMNS_BETWEEN_MARKS.max(lines * 2) as f64 / (canvas.width() / 2) as f64;
    let mut count = 0;
    for place in mark::along(parts, (index, lines), period) {
        count += usize::from(canvas.mark(canvas.dot_of(place), mark::character(index), index));
    }
    if count == 0 {
        // All those places are taken: wherever there is room.
        let mut corners = parts.iter().flatten().rev();
        let _ = corners.any(|place| canvas.mark(canvas.dot_of(*place), mark::character(index), index));
    }
}

/// Characters in the colours of those who drew them.
fn toned(row: impl Iterator<Item = (char, Option<usize>)>, colour: bool) -> String {
    let mut out = String::new();
    let mut last = None;
    for (character, line) in row {
        let code = line.filter(|_| colour).map(|line| mark::CODES[line % mark::CODES.len()]);
        if code != last {
            out += &code.map_or("\u{1b}[0m".to_owned(), |code| format!("\u{1b}[{code}m"));
            last = code;
        }
        out.push(character);
    }
    if last.is_some() {
        out += "\u{1b}[0m";
    }
    out
}
