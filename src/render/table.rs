//! A table before it has a form.
//!
//! Whoever gives it a form asks a [`Grid`] for its columns and then for the texts of those that it shows: of ten thousand rows with fifty columns, a
//! terminal shows eight.

use std::collections::HashSet;

use super::fit::{shorten, width};
use super::number::plural;
use crate::model::direction::Direction;
use crate::model::text::{is_unsafe, printable};

/// A table before it has a form. Texts are as they are; whoever gives the table a form makes them safe for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// What stands above it.
    pub title: Option<String>,
    /// The columns; the first one names the row and is never left out.
    pub columns: Vec<Column>,
    /// The rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// Sentences below it.
    pub notes: Vec<String>,
    /// Whether the user named its columns: then all are shown, however many there are.
    pub is_chosen: bool,
}

/// How many columns are shown of a table that nobody named the columns of: a program may log any number of metrics.
pub const MOST_COLUMNS: usize = 100;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it is about: for a metric or its delta the metric's name.
    pub name: String,
    /// Where its cells stand.
    pub align: Align,
    /// The column with the highest number is the first to go where there is no room; among equals the last one.
    pub priority: u32,
    /// What it holds.
    pub kind: Kind,
}

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// As words do.
    Left,
    /// As numbers do.
    Right,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Names and other words.
    Text,
    /// Values of a param.
    Param,
    /// Values of a metric, and which way it is better.
    Metric(Option<Direction>),
    /// Differences of the metric's values to the baseline's.
    Delta,
}

impl Kind {
    /// What a column of this kind is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Text => "column",
            Self::Param => "param",
            Self::Metric(_) => "metric",
            Self::Delta => "delta",
        }
    }
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// What it says, whole without its tone.
    pub text: String,
    /// How it may be coloured.
    pub tone: Tone,
}

/// A colour's meaning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// No colour.
    #[default]
    Plain,
    /// Better than the baseline.
    Better,
    /// Worse than the baseline.
    Worse,
    /// Beside the point.
    Dim,
}

/// What can be given the form of a table.
pub trait Grid {
    /// What stands above it.
    fn title(&self) -> Option<&str>;
    /// The columns; the first one names the row and is never left out.
    fn columns(&self) -> &[Column];
    /// Number of rows.
    fn height(&self) -> usize;
    /// The cells of a column, one for each row.
    fn strip(&self, column: usize) -> Strip;
    /// Sentences below it.
    fn notes(&self) -> &[String];
    /// Whether the user named its columns: then all are shown, however many there are.
    fn is_chosen(&self) -> bool;
}

/// The columns that may be shown, the most important first: of those that nobody named at most so many.
pub fn by_importance(grid: &impl Grid, most: usize) -> Vec<usize> {
    let columns = grid.columns();
    let mut all: Vec<usize> = (0..columns.len()).collect();
    all.sort_by_key(|at| (*at != 0, columns[*at].priority));
    if !grid.is_chosen() {
        all.truncate(most);
    }
    all
}

/// How many names of a kind are listed among those left out.
const LISTED: usize = 5;

/// The longest of these names.
const LONGEST_LISTED: usize = 32;

/// `left out: 3 metrics (a, b, c), 1 param (lr); --format csv has all`, where `whole` is what to type for all.
pub fn left_out(columns: &[Column], shown: &[usize], whole: &str) -> Option<String> {
    let shown: HashSet<usize> = shown.iter().copied().collect();
    let gone = || columns.iter().enumerate().filter(|(at, _)| !shown.contains(at)).map(|(_, column)| column);
    let metrics: HashSet<&str> =
        gone().filter(|column| matches!(column.kind, Kind::Metric(_))).map(|column| column.name.as_str()).collect();
    let parts: Vec<String> = ["metric", "delta", "param", "column"]
        .iter()
        .filter_map(|noun| {
            // Where the metric itself is left out, its delta goes without saying.
            let of_kind = gone().filter(|column| column.kind.noun() == *noun);
            let named = of_kind.filter(|column| column.kind != Kind::Delta || !metrics.contains(column.name.as_str()));
            let names: Vec<&str> = named.map(|column| column.name.as_str()).collect();
            let more = if names.len() > LISTED { ", …" } else { "" };
            let listed: Vec<String> =
                names.iter().take(LISTED).map(|name| shorten(&printable(name), LONGEST_LISTED)).collect();
            (!names.is_empty()).then(|| format!("{} ({}{more})", plural(names.len(), noun), listed.join(", ")))
        })
        .collect();
    (!parts.is_empty()).then(|| format!("left out: {}; {whole} has all", parts.join(", ")))
}

/// The cells of one column, their texts one behind the other.
#[derive(Debug, Clone, Default)]
pub struct Strip {
    texts: String,
    cells: Vec<Place>,
    /// Whether some text has characters that a terminal would obey.
    is_unsafe: bool,
}

/// Small, as there may be millions.
#[derive(Debug, Clone, Copy)]
struct Place {
    end: u32,
    /// Columns on a terminal, and in the last two bits the tone.
    shape: u32,
}

impl Place {
    fn width(self) -> usize {
        (self.shape >> 2) as usize
    }

    fn tone(self) -> Tone {
        match self.shape & 3 {
            0 => Tone::Plain,
            1 => Tone::Better,
            2 => Tone::Worse,
            _ => Tone::Dim,
        }
    }
}

impl Strip {
    /// Room for that many cells.
    pub fn with_capacity(cells: usize) -> Self {
        Self { texts: String::with_capacity(cells * 14), cells: Vec::with_capacity(cells), is_unsafe: false }
    }

    /// Add a cell.
    pub fn push(&mut self, text: &str, tone: Tone) {
        let is_plain = text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
        self.is_unsafe |= !is_plain && text.chars().any(is_unsafe);
        let width = if is_plain { text.len() } else { width(text) };
        self.texts.push_str(text);
        self.end(tone, width);
    }

    /// Add a cell whose text `write` writes: of safe characters that take one column each, as those of numbers do.
    pub fn push_number(&mut self, tone: Tone, write: impl FnOnce(&mut String)) {
        let start = self.texts.len();
        write(&mut self.texts);
        let is_inside = |byte: &u8| byte & 0xc0 == 0x80;
        let bytes = &self.texts.as_bytes()[start..];
        let width = bytes.len() - bytes.iter().map(|byte| usize::from(is_inside(byte))).sum::<usize>();
        self.end(tone, width);
    }

    fn end(&mut self, tone: Tone, width: usize) {
        // No table for people has 4 GiB in one column; what would be beyond is left out of it.
        let (end, width) = u32::try_from(self.texts.len()).map_or_else(
            |_| {
                let before = self.cells.last().map_or(0, |place| place.end);
                self.texts.truncate(before as usize);
                (before, 0)
            },
            |end| (end, u32::try_from(width).unwrap_or(u32::MAX).min(u32::MAX >> 2)),
        );
        let tone = match tone {
            Tone::Plain => 0,
            Tone::Better => 1,
            Tone::Worse => 2,
            Tone::Dim => 3,
        };
        self.cells.push(Place { end, shape: width << 2 | tone });
    }

    /// The text and tone of a row; empty below the last one.
    pub fn cell(&self, row: usize) -> (&str, Tone) {
        let (text, _, tone) = self.measured(row);
        (text, tone)
    }

    /// The text of a row, the columns it takes on a terminal, and its tone.
    #[inline]
    pub fn measured(&self, row: usize) -> (&str, usize, Tone) {
        let Some(place) = self.cells.get(row) else { return ("", 0, Tone::Plain) };
        let start = if row == 0 { 0 } else { self.cells[row - 1].end };
        (&self.texts[start as usize..place.end as usize], place.width(), place.tone())
    }

    /// The widest cell.
    pub fn widest(&self) -> usize {
        self.cells.iter().map(|place| place.width()).max().unwrap_or(0)
    }

    /// The same, with every text made safe to show.
    pub fn into_safe(self) -> Self {
        if !self.is_unsafe {
            return self;
        }
        let mut safe = Self::with_capacity(self.len());
        for row in 0..self.len() {
            let (text, tone) = self.cell(row);
            safe.push(&printable(text), tone);
        }
        safe
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

impl Grid for Table {
    fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn height(&self) -> usize {
        self.rows.len()
    }

    fn strip(&self, column: usize) -> Strip {
        let mut strip = Strip::with_capacity(self.rows.len());
        for row in &self.rows {
            match row.get(column) {
                Some(cell) => strip.push(&cell.text, cell.tone),
                None => strip.push("", Tone::Plain),
            }
        }
        strip
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn is_chosen(&self) -> bool {
        self.is_chosen
    }
}

impl Column {
    /// A column of words, or of numbers if aligned right.
    pub fn text(name: &str, align: Align, priority: u32) -> Self {
        Self { name: name.to_owned(), align, priority, kind: Kind::Text }
    }

    /// The heading behind the name: a metric's direction. A delta's heading is `Δ` alone.
    pub fn suffix(&self) -> &'static str {
        match self.kind {
            Kind::Metric(Some(Direction::Maximize)) => " ↑",
            Kind::Metric(Some(Direction::Minimize)) => " ↓",
            Kind::Text | Kind::Param | Kind::Metric(None) | Kind::Delta => "",
        }
    }

    /// The name as the heading has it.
    pub fn heading(&self) -> &str {
        if self.kind == Kind::Delta { "Δ" } else { &self.name }
    }
}

impl Cell {
    /// A cell without colour.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    /// A cell beside the point.
    pub fn dim(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Dim }
    }
}
