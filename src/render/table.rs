//! A table before it has a form.
//!
//! Whoever gives it a form asks a [`Grid`] for its columns and then for the texts of those that it shows: of ten thousand rows with fifty columns, a
//! terminal shows eight.

use crate::model::direction::Direction;

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
}

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
}

/// The cells of one column, their texts one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strip {
    texts: String,
    ends: Vec<usize>,
    tones: Vec<Tone>,
}

impl Strip {
    /// Room for that many cells.
    pub fn with_capacity(cells: usize) -> Self {
        Self {
            texts: String::with_capacity(cells * 8),
            ends: Vec::with_capacity(cells),
            tones: Vec::with_capacity(cells),
        }
    }

    /// Add a cell, whose text is written by `write`.
    pub fn push_with(&mut self, tone: Tone, write: impl FnOnce(&mut String)) {
        write(&mut self.texts);
        self.ends.push(self.texts.len());
        self.tones.push(tone);
    }

    /// Add a cell.
    pub fn push(&mut self, text: &str, tone: Tone) {
        self.push_with(tone, |texts| texts.push_str(text));
    }

    /// The text and tone of a row; empty below the last one.
    pub fn cell(&self, row: usize) -> (&str, Tone) {
        let Some(end) = self.ends.get(row) else { return ("", Tone::Plain) };
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        (&self.texts[start..*end], self.tones[row])
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The texts, by row.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.cell(row).0)
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
