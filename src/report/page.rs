//! The page around the table.

use std::fmt::Write;

use super::escape::escape;
use super::{policy, table};
use crate::compare::Comparison;
use crate::render::{Grid, comparison};

const SCRIPT: &str = include_str!("table.js");
const STYLE: &str = include_str!("style.css");

/// What a note of a warning begins with.
const WARNING: &str = "warning: ";

/// The learning curves of a page.
#[derive(Debug, Clone, Default)]
pub struct Curves {
    /// For each metric its name and an `svg` element. It is trusted, so it must be one that `plot::svg::embedded` made.
    pub drawings: Vec<(String, String)>,
    /// Sentences that stand above them.
    pub notes: Vec<String>,
}

/// A page with the table, what the reader should know of it, and the learning curves. The same comparison gives the same bytes.
pub fn html(title: &str, comparison: &Comparison<'_>, curves: &Curves) -> String {
    let grid = comparison::table(comparison);
    let (warnings, notes): (Vec<&str>, Vec<&str>) =
        grid.notes().iter().map(String::as_str).partition(|note| note.starts_with(WARNING));
    let mut out = head(title);
    push_notes(&mut out, "warnings", &warnings);
    out.push_str(CONTROLS);
    out.push_str("<div class=\"scroll\" role=\"region\" aria-labelledby=\"caption\" tabindex=\"0\">\n");
    let (table, left_out) = table::table(comparison, &grid);
    out.push_str(&table);
    out.push_str("</div>\n");
    push_notes(&mut out, "notes", &notes.into_iter().chain(left_out.as_deref()).collect::<Vec<_>>());
    push_curves(&mut out, curves);
    let _ = write!(out, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

/// Hidden where no script is there to make them work.
const CONTROLS: &str = "\
<div class=\"controls\" hidden>
<label>Filter <input type=\"search\" autocomplete=\"off\" spellcheck=\"false\" placeholder=\"words that a row must have\"></label>
<span role=\"status\"></span>
<span class=\"pages\" hidden><button type=\"button\">Previous</button> <button type=\"button\">Next</button></span>
</div>
";

fn head(title: &str) -> String {
    let (title, policy) = (escape(title), policy::policy(SCRIPT));
    format!(
        "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"referrer\" content=\"no-referrer\">
<meta name=\"generator\" content=\"git-xp {version}\">
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
",
        version = env!("CARGO_PKG_VERSION"),
    )
}

fn push_notes(out: &mut String, class: &str, notes: &[&str]) {
    if notes.is_empty() {
        return;
    }
    let _ = writeln!(out, "<ul class=\"{class}\">");
    for note in notes {
        let _ = writeln!(out, "<li>{}</li>", escape(note));
    }
    out.push_str("</ul>\n");
}

fn push_curves(out: &mut String, curves: &Curves) {
    if curves.drawings.is_empty() && curves.notes.is_empty() {
        return;
    }
    out.push_str("<h2>Learning curves</h2>\n");
    push_notes(out, "notes", &curves.notes.iter().map(String::as_str).collect::<Vec<_>>());
    out.push_str("<div class=\"curves\">\n");
    for (metric, drawing) in &curves.drawings {
        let _ = write!(out, "<section>\n<h3 class=\"spoken\">{}</h3>\n{drawing}</section>\n", escape(metric));
    }
    out.push_str("</div>\n");
}
