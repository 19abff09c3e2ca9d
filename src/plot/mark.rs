//! Marks and colours: how lines are told apart.

use super::downsample::Place;

/// The marks of the first lines: four shapes, filled, then hollow.
const SHAPES: [char; 8] = ['●', '▲', '■', '◆', '○', '△', '□', '◇'];

/// How many lines can be told apart: the shapes, then the letters from a to z.
pub(super) const COUNT: usize = SHAPES.len() + 26;

/// The colours of Okabe and Ito that show on white and on black: without black, and without yellow.
pub(super) const COLOURS: [(u8, u8, u8); 6] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233)];

/// The codes of those colours that every terminal has; its own theme sees to it that they show.
pub(super) const CODES: [u8; 6] = [34, 31, 32, 35, 33, 36];

/// The mark of a line as a character.
pub(super) fn character(line: usize) -> char {
    let letter = || (b'a'..=b'z').cycle().nth(line - SHAPES.len()).map_or('?', char::from);
    SHAPES.get(line).copied().unwrap_or_else(letter)
}

/// The corners of a line's mark in a square from -1 to 1, and whether it is filled; `None` where the mark is a letter.
pub(super) fn shape(line: usize) -> Option<(Vec<(f64, f64)>, bool)> {
    let corners = match line % 4 {
        0 => (0..24).map(|n| (f64::from(n) * std::f64::consts::TAU / 24.0).sin_cos()).collect(),
        1 => vec![(-1.0, 0.8), (1.0, 0.8), (0.0, -1.0)],
        2 => vec![(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
        _ => vec![(-1.1, 0.0), (0.0, -1.1), (1.1, 0.0), (0.0, 1.1)],
    };
    (line < SHAPES.len()).then_some((corners, line < 4))
}

/// Where the marks of a line stand: at other places than those of the other lines, every `period` of the horizontal axis; at its end if it is too
/// short for that. `(index, lines)` is which line it is of how many.
pub(super) fn along(parts: &[Vec<Place>], (index, lines): (usize, usize), period: f64) -> Vec<Place> {
    let first = (0.5 + index as f64 / lines as f64).fract() * period;
    let mut marks = Vec::new();
    for pair in parts.iter().flat_map(|part| part.windows(2)) {
        let ((x, y), (next_x, next_y)) = (pair[0], pair[1]);
        let mut count = ((x - first) / period).ceil().max(0.0);
        while first + count * period < next_x {
            let share = (first + count * period - x) / (next_x - x);
            marks.push((first + count * period, y + (next_y - y) * share));
            count += 1.0;
        }
    }
    if marks.is_empty() {
        marks.extend(parts.last().and_then(|part| part.last()));
    }
    marks
}
