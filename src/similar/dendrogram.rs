//! A tree as text.
//!
//! ```text
//! adam    ─────┬────┐
//! sgd-0.1 ─────┘    ├───┐
//! sgd-0.2 ──────────┘   │
//! deep    ──────────────┘
//!         0          0.75
//! ```

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cluster::Tree;
use crate::model::text::printable;

/// The narrowest drawing; below, nothing could be told apart.
const MIN_WIDTH: usize = 20;

/// Draw a tree: one line for each item, clusters joined at the column of their distance, and a scale below.
///
/// `names` are those of the items, by index. No line is wider than `width` columns, or 20 if that is less. What is joined
/// at distances that fall into one column is drawn as one cluster.
#[must_use]
pub fn dendrogram(tree: &Tree, names: &[&str], width: usize) -> String {
    let leaves = tree.leaves();
    let width = width.max(MIN_WIDTH);
    let labels: Vec<String> =
        leaves.iter().map(|leaf| fitting(names.get(*leaf).copied().unwrap_or_default(), width / 2)).collect();
    let label_width = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let columns = width - label_width - 1;
    let grid = drawn(tree, &leaves, columns);
    let mut out = String::new();
    for (label, cells) in labels.iter().zip(grid) {
        let padding = " ".repeat(label_width - label.width() + 1);
        let line: String = cells.into_iter().collect();
        out += &format!("{}\n", format!("{label}{padding}{line}").trim_end());
    }
    if let Some(highest) = tree.merges.last().map(|merge| merge.height).filter(|height| *height > 0.0) {
        let scale = format!("{highest:.2}");
        out += &format!("{}0{scale:>rest$}\n", " ".repeat(label_width + 1), rest = columns - 1);
    }
    out
}

/// A cluster on the grid, or an item.
#[derive(Debug, Clone)]
struct Drawn {
    /// The row from which its line goes on to the right.
    row: usize,
    /// The column of its vertical line; none for an item.
    column: Option<usize>,
    /// The row of each part, and the column from which its line comes.
    parts: Vec<(usize, usize)>,
}

fn drawn(tree: &Tree, leaves: &[usize], columns: usize) -> Vec<Vec<char>> {
    let mut grid = vec![vec![' '; columns]; leaves.len()];
    let mut nodes = vec![Drawn { row: 0, column: None, parts: Vec::new() }; tree.items];
    for (row, leaf) in leaves.iter().enumerate() {
        nodes[*leaf].row = row;
    }
    let highest = tree.merges.last().map_or(0.0, |merge| merge.height);
    for merge in &tree.merges {
        let share = if highest > 0.0 { merge.height / highest } else { 0.0 };
        // The first column is left for the lines of the items.
        let column = 1 + (share * (columns - 2) as f64).round() as usize;
        let mut parts = parts_at(&mut nodes[merge.upper], column);
        parts.extend(parts_at(&mut nodes[merge.lower], column));
        let (first, last) = (parts.first().map_or(0, |part| part.0), parts.last().map_or(0, |part| part.0));
        nodes.push(Drawn { row: first.midpoint(last), column: Some(column), parts });
    }
    let whole = nodes.len().saturating_sub(1);
    for (index, node) in nodes.iter().enumerate() {
        draw(&mut grid, node, index < whole);
    }
    grid
}

/// What a cluster adds to a larger one: itself, or its parts if both have one column.
fn parts_at(node: &mut Drawn, column: usize) -> Vec<(usize, usize)> {
    match node.column {
        Some(own) if own == column => std::mem::take(&mut node.parts),
        Some(own) => vec![(node.row, own + 1)],
        None => vec![(node.row, 0)],
    }
}

fn draw(grid: &mut [Vec<char>], node: &Drawn, goes_on: bool) {
    let (Some(column), Some(first), Some(last)) = (node.column, node.parts.first(), node.parts.last()) else { return };
    for (row, from) in &node.parts {
        grid[*row][*from..column].fill('─');
    }
    let mut parts = node.parts.iter().map(|part| part.0).peekable();
    for (row, cells) in grid.iter_mut().enumerate().take(last.0 + 1).skip(first.0) {
        let from_left = parts.next_if_eq(&row).is_some();
        let to_right = goes_on && row == node.row;
        cells[column] = match (row > first.0, row < last.0, from_left, to_right) {
            (false, _, _, false) => '┐',
            (false, _, _, true) => '┬',
            (_, false, _, false) => '┘',
            (_, false, _, true) => '┴',
            (_, _, true, false) => '┤',
            (_, _, true, true) => '┼',
            (_, _, false, false) => '│',
            (_, _, false, true) => '├',
        };
    }
}

/// The name, safe to print and cut to a width in columns.
fn fitting(name: &str, width: usize) -> String {
    let name = printable(name);
    if name.width() <= width {
        return name;
    }
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used < width
    };
    format!("{}…", name.chars().take_while(fits).collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
    use serde_json::json;
    use unicode_width::UnicodeWidthStr;

    use super::dendrogram;
    use crate::similar::configurations::tests::{Params, configurations, params};
    use crate::similar::{Item, cluster};

    fn text(configurations: &[(&str, Params)], width: usize) -> String {
        let items: Vec<Item<'_>> =
            configurations.iter().map(|(name, params)| Item { name, params, seed: None }).collect();
        let names: Vec<&str> = items.iter().map(|item| item.name).collect();
        dendrogram(&cluster(&items).expect("few"), &names, width)
    }

    #[test]
    fn a_tree_is_drawn() {
        let runs = [
            ("sgd-0.1", params(json!({"lr": 0.1, "optimizer": "sgd", "layers": 2}))),
            ("sgd-0.2", params(json!({"lr": 0.2, "optimizer": "sgd", "layers": 2}))),
            ("sgd-0.2-again", params(json!({"lr": 0.2, "optimizer": "sgd", "layers": 2}))),
            ("adam", params(json!({"lr": 0.1, "optimizer": "adam", "layers": 2}))),
            ("adam-deep", params(json!({"lr": 0.1, "optimizer": "adam", "layers": 8}))),
            ("adam-漢字", params(json!({"lr": 0.15, "optimizer": "adam", "layers": 8}))),
        ];
        insta::assert_snapshot!(text(&runs, 60), @r"
        adam          ─────────────────────┬────────┐
        sgd-0.1       ─────────────────────┘        ├──────────────┐
        sgd-0.2       ─┬────────────────────────────┘              │
        sgd-0.2-again ─┘                                           │
        adam-deep     ───────────┬─────────────────────────────────┘
        adam-漢字     ───────────┘
                      0                                         0.75
        ");
        insta::assert_snapshot!(text(&runs, 1), @r"
        adam       ────┬─┐
        sgd-0.1    ────┘ ├─┐
        sgd-0.2    ─┬────┘ │
        sgd-0.2-a… ─┘      │
        adam-deep  ───┬────┘
        adam-漢字  ───┘
                   0    0.75
        ");
    }

    #[test]
    fn small_trees_are_drawn() {
        assert_eq!(text(&[], 40), "");
        assert_eq!(text(&[("a", Params::new())], 40), "a\n");
        assert_eq!(text(&[("a", Params::new()), ("b\u{1b}", Params::new())], 40), "a       ─┐\nb\\u001b ─┘\n");
    }

    proptest! {
        #[test]
        fn lines_fit_and_meet(params in configurations(), name in "[a-z漢é\u{1b}\n]{0,20}", width in 0_usize..90) {
            let runs: Vec<(&str, Params)> = params.into_iter().map(|params| (name.as_str(), params)).collect();
            let text = text(&runs, width);
            let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
            prop_assert!(text.lines().all(|line| line.width() <= width.max(20)));
            prop_assert!(lines.len() == runs.len() || lines.len() == runs.len() + 1);
            // What a sign connects, its neighbour below or to the right connects too.
            let has = |c: Option<&char>, signs: &str| c.is_some_and(|c| signs.contains(*c));
            for (row, line) in lines.iter().enumerate() {
                for column in 0..line.len() {
                    let below = lines.get(row + 1).and_then(|line| line.get(column));
                    prop_assert_eq!(has(line.get(column), "┐┬┤┼│├"), has(below, "┘┴┤┼│├"), "{}", text);
                    if has(line.get(column), "─┬┴┼├") {
                        prop_assert!(has(line.get(column + 1), "─┐┬┘┴┤┼"), "{}", text);
                    }
                }
            }
        }

        #[test]
        fn any_name_fits(name in any::<String>(), width in prop::sample::select(&[1_usize, 2, 10, 40][..])) {
            prop_assert!(super::fitting(&name, width).width() <= width);
        }
    }
}
