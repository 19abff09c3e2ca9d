//! A grid of characters with eight dots each.

use super::downsample::Place;

/// The first of the 256 braille characters.
const BLANK: u32 = 0x2800;

/// The bit of each dot of a character, by row and column; Unicode numbers them so for historical reasons.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Dots, two to the column and four to the row, and characters over them.
pub(super) struct Canvas {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

/// One character.
#[derive(Clone, Copy, Default)]
struct Cell {
    dots: u8,
    mark: Option<char>,
    /// Who drew there last.
    line: Option<usize>,
}

impl Canvas {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, cells: vec![Cell::default(); columns * rows] }
    }

    /// Dots from left to right.
    pub(super) fn width(&self) -> usize {
        self.columns * 2
    }

    /// Dots from top to bottom.
    pub(super) fn height(&self) -> usize {
        self.rows * 4
    }

    /// The dot of a place.
    pub(super) fn dot_of(&self, (x, y): Place) -> (usize, usize) {
        (dot(x, self.width()), dot(1.0 - y, self.height()))
    }

    /// Set a dot, counted from the left and from the top.
    pub(super) fn dot(&mut self, (x, y): (usize, usize), line: usize) {
        if x < self.width() && y < self.height() {
            let cell = &mut self.cells[y / 4 * self.columns + x / 2];
            cell.dots |= BITS[y % 4][x % 2];
            cell.line = Some(line);
        }
    }

    /// Set all dots between two, both included.
    pub(super) fn stroke(&mut self, from: (usize, usize), to: (usize, usize), line: usize) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        let between = |a: usize, b: usize, step: usize| {
            let (a, b) = (a as f64, b as f64);
            (a + (b - a) * step as f64 / steps as f64).round() as usize
        };
        for step in 0..=steps {
            self.dot((between(from.0, to.0, step), between(from.1, to.1, step)), line);
        }
    }

    /// Put a mark over the character that has this dot, unless there is one.
    pub(super) fn mark(&mut self, (x, y): (usize, usize), mark: char, line: usize) -> bool {
        let cell = self.cells.get_mut(y / 4 * self.columns + x / 2).filter(|cell| cell.mark.is_none());
        cell.map(|cell| (cell.mark, cell.line) = (Some(mark), Some(line))).is_some()
    }

    /// The rows, each a list of characters and who drew them.
    pub(super) fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = (char, Option<usize>)>> {
        let character = |cell: &Cell| match (cell.mark, cell.dots) {
            (Some(mark), _) => mark,
            (None, 0) => ' ',
            (None, dots) => char::from_u32(BLANK + u32::from(dots)).unwrap_or(' '),
        };
        self.cells.chunks(self.columns.max(1)).map(move |row| row.iter().map(move |cell| (character(cell), cell.line)))
    }
}

/// Which of so many dots lies at a place from 0 to 1.
pub(super) fn dot(place: f64, dots: usize) -> usize {
    // A cast to an integer ends at 0 and does not overflow.
    ((place * dots.saturating_sub(1) as f64).round() as usize).min(dots.saturating_sub(1))
}
