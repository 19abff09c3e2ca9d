//! What is wrong with a query, and where.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use crate::model::text::printable;

/// A text that is no query, sort order or list of columns, or one with a name that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    text: String,
    column: usize,
    message: String,
    hint: Option<String>,
}

/// How many characters are shown before and after the column.
const AROUND: (usize, usize) = (48, 24);

impl QueryError {
    pub(super) fn new(text: &str, column: usize, message: impl Into<String>) -> Self {
        Self { text: text.to_owned(), column, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn hint_if(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// The text as given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the error is, in characters from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead, in one line.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    /// A sentence, the line with the error (its surroundings, where it is long), and a caret below the column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, printable(&self.message))?;
        if let Some(hint) = &self.hint {
            write!(f, "; {}", printable(hint))?;
        }
        let at = self.column.saturating_sub(1);
        let start = at.saturating_sub(AROUND.0);
        let before: String = self.text.chars().skip(start).take(at - start).collect();
        let mut rest = self.text.chars().skip(at);
        let after: String = rest.by_ref().take(AROUND.1).collect();
        let (cut_before, cut_after) = (if start > 0 { "…" } else { "" }, if rest.next().is_some() { "…" } else { "" });
        let before = format!("{cut_before}{}", printable(&before));
        let caret = " ".repeat(before.width());
        write!(f, "\n  {before}{}{cut_after}\n  {caret}^", printable(&after))
    }
}

/// A text of a user's inside a message: in single quotes, cut to a readable length.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut chars = text.chars();
    let mut start: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() {
        start.push('…');
    }
    format!("'{start}'")
}

#[cfg(test)]
mod tests {
    use super::QueryError;
    use proptest::prelude::{any, proptest};

    #[test]
    fn the_caret_is_below_the_column() {
        let error = QueryError::new("漢字 and x", 4, "what is this").hint("write y");
        assert_eq!(error.to_string(), "column 4: what is this; write y\n  漢字 and x\n       ^");
        let error = QueryError::new("a\tb\u{1b}c", 5, "what");
        assert_eq!(error.to_string(), "column 5: what\n  a\\tb\\u001bc\n            ^");
    }

    #[test]
    fn of_a_long_text_the_surroundings_are_shown() {
        let text = format!("{}?{}", "x".repeat(100), "y".repeat(100));
        let shown = QueryError::new(&text, 101, "what").to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], format!("  …{}?{}…", "x".repeat(48), "y".repeat(23)));
        assert_eq!(lines[2].chars().position(|c| c == '^'), lines[1].chars().position(|c| c == '?'));
    }

    proptest! {
        #[test]
        fn any_error_is_three_lines(text in any::<String>(), column in 0_usize..40, message in any::<String>()) {
            let shown = QueryError::new(&text, column, message).to_string();
            assert_eq!(shown.split('\n').count(), 3);
        }
    }
}
