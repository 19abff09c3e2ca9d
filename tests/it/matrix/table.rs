//! The rows as the documentation shows them.

use std::fmt::Write;

use super::rows::GROUPS;
use super::steps::Outcome;

/// One table for each group.
pub fn table() -> String {
    let mut out = String::new();
    for (heading, rows) in GROUPS {
        let _ = write!(
            out,
            "\n### {heading}\n\n| | start | run | by hand | remark, tag | read | |\n|---|---|---|---|---|---|---|\n"
        );
        for row in *rows {
            let it = &row.expected;
            let cells = [it.start, it.run, it.log, it.say, it.read].map(mark).join(" | ");
            let _ = writeln!(out, "| {} | {cells} | {} |", row.title, row.remark);
        }
    }
    out.push('\n');
    out
}

fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Works => "✓",
        Outcome::Refused(_) => "refused",
        Outcome::Empty => "–",
    }
}
