//! A table for a pull request: GitHub's Markdown.

use super::table::{Align, Column, Grid, MOST_COLUMNS, Strip, by_importance, left_out};
use super::terminal::WHOLE;
use crate::model::text::printable;

/// Stands between two characters that GitHub would make a mention, a reference or a link of. It takes no room.
const BREAK: &str = "&#8203;";

/// The table in GitHub's Markdown, every line ending in a newline. Of more than [`MOST_COLUMNS`] the least important ones are left out, and the last line says so.
///
/// Texts are shown, never obeyed: no markup, no HTML, no mention, no reference and no link comes from a cell.
pub fn markdown(table: &impl Grid) -> String {
    let mut out = String::new();
    if let Some(title) = table.title() {
        out.push_str(&format!("**{}**\n\n", escape(title)));
    }
    let mut shown = by_importance(table, MOST_COLUMNS);
    shown.sort_unstable();
    let columns: Vec<&Column> = shown.iter().map(|at| &table.columns()[*at]).collect();
    if !columns.is_empty() {
        let headings = columns.iter().map(|column| format!("{}{}", escape(column.heading()), column.suffix()));
        push_row(&mut out, headings);
        push_row(
            &mut out,
            columns.iter().map(|column| match column.align {
                Align::Left => ":--".to_owned(),
                Align::Right => "--:".to_owned(),
            }),
        );
        let strips: Vec<Strip> = shown.iter().map(|at| table.strip(*at)).collect();
        for row in 0..table.height() {
            push_row(&mut out, strips.iter().map(|strip| escape(strip.cell(row).0)));
        }
    }
    let left_out = left_out(table.columns(), &shown, WHOLE);
    let notes: Vec<&String> = table.notes().iter().chain(&left_out).collect();
    if !notes.is_empty() {
        out.push('\n');
    }
    for note in notes {
        out.push_str(&format!("- {}\n", escape_line(note)));
    }
    out
}

fn push_row(out: &mut String, cells: impl Iterator<Item = String>) {
    out.push('|');
    for cell in cells {
        out.push(' ');
        out.push_str(&cell);
        out.push_str(" |");
    }
    out.push('\n');
}

/// The text as the inline content of one line or cell.
pub fn escape(text: &str) -> String {
    let safe = printable(text);
    let text = safe.trim();
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = None;
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let after = rest.chars().next();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            // Inside a word an underline is only itself, and names of metrics are easier to read without the backslash.
            '_' if before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric) => out.push(c),
            '_' => out.push_str("\\_"),
            // GitHub looks for formulas after escapes were resolved; this form is the one that it documents.
            '$' => out.push_str("<span>$</span>"),
            // These come to life in the finished page (mentions, references, links, emoji), where a backslash is gone.
            '@' | '#' => {
                out.push(c);
                out.push_str(BREAK);
            }
            ':' if rest.starts_with("//") || is_shortcode(rest) => {
                out.push(c);
                out.push_str(BREAK);
            }
            '.' if ends_in(&text[..at], "www") => {
                out.push_str(BREAK);
                out.push(c);
            }
            '-' if ends_in(&text[..at], "gh") => {
                out.push_str(BREAK);
                out.push(c);
            }
            c => out.push(c),
        }
        before = Some(c);
    }
    out
}

/// The text as one whole line, where its beginning could also make a list, a heading or a rule.
fn escape_line(text: &str) -> String {
    let line = escape(text);
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &line[digits..];
    let starts_list = rest.starts_with(['.', ')']) && digits > 0;
    if starts_list || line.starts_with(['-', '+', '=']) {
        format!("{}\\{rest}", &line[..digits])
    } else if line.starts_with('#') {
        format!("\\{line}")
    } else {
        line
    }
}

/// Whether `:` and this make an emoji: `tada:`.
fn is_shortcode(rest: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    rest.split_once(':').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_part))
}

fn ends_in(text: &str, word: &str) -> bool {
    text.len() >= word.len()
        && text.is_char_boundary(text.len() - word.len())
        && text[text.len() - word.len()..].eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::{escape, escape_line, markdown};
    use crate::render::table::{Align, Cell, Column, Table};

    #[test]
    fn markup_is_shown_not_obeyed() {
        for (given, text) in [
            ("a|b", "a\\|b"),
            ("a\\|b", "a\\\\\\|b"),
            ("a\nb", "a\\\\nb"),
            ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
            ("**x** `y` ~~z~~", "\\*\\*x\\*\\* \\`y\\` \\~\\~z\\~\\~"),
            ("![x](y)", "!\\[x\\](y)"),
            ("val_acc __init__", "val_acc \\_\\_init\\_\\_"),
            ("@user me@example.org", "@&#8203;user me@&#8203;example.org"),
            ("owner/repo#12 GH-12", "owner/repo#&#8203;12 GH&#8203;-12"),
            ("http://e.org www.e.org", "http:&#8203;//e.org www&#8203;.e.org"),
            (":tada: 12:30", ":&#8203;tada: 12:30"),
            ("$x$", "<span>$</span>x<span>$</span>"),
            ("0.931 ± 0.004 (baseline)", "0.931 ± 0.004 (baseline)"),
            (" a ", "a"),
        ] {
            assert_eq!(escape(given), text);
        }
        for (given, text) in [("1. x", "1\\. x"), ("- x", "\\- x"), ("# x", "\\#&#8203; x"), ("1 x", "1 x")] {
            assert_eq!(escape_line(given), text);
        }
    }

    /// Cells of a row as GitHub's parser sees them: a backslash takes the next character along.
    fn cells(row: &str) -> usize {
        let mut bars = 0;
        let mut characters = row.chars();
        while let Some(c) = characters.next() {
            match c {
                '\\' => _ = characters.next(),
                '|' => bars += 1,
                _ => {}
            }
        }
        bars - 1
    }

    proptest! {
        #[test]
        fn no_cell_breaks_its_row(texts in vec(any::<String>(), 1..5), more in vec("[|\\\\\n\r<&`@#:]{0,6}", 1..5)) {
            let texts: Vec<String> = texts.into_iter().chain(more).collect();
            let columns = texts.iter().map(|text| Column::text(text, Align::Left, 0)).collect();
            let row = texts.iter().map(|text| Cell::plain(text.as_str())).collect();
            let text = markdown(&Table { columns, rows: vec![row], ..Table::default() });
            let lines: Vec<&str> = text.split_terminator('\n').collect();
            assert_eq!(lines.len(), 3);
            assert!(lines.iter().all(|line| cells(line) == texts.len()), "{text}");
            assert!(!text.contains('\r'));
        }

        #[test]
        fn no_html_and_no_mention_gets_through(text in "[<>&@#a-z:/w.$\\\\ ]*") {
            let escaped = escape(&text);
            let without = escaped.replace("<span>$</span>", "");
            assert!(!without.contains(['<', '>', '$']));
            for (at, _) in escaped.match_indices('@') {
                assert!(escaped[at + 1..].starts_with("&#8203;"));
            }
            assert!(!escaped.contains("://") && !escaped.contains("www."));
        }
    }
}
