//! Reads a text character by character, so that columns are what an editor shows.

use super::error::QueryError;

/// The longest text in bytes: what a command line holds on Linux.
const MAX_BYTES: usize = 128 * 1024;

/// Whether a name may hold this character without quotes: as in expectations (`crate::model::expectation`).
pub(super) fn is_bare(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '/' | ':' | '@' | '%')
}

pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    chars: Vec<char>,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// # Errors
    /// If the text is too long to be read in reasonable time.
    pub(super) fn new(text: &'a str) -> Result<Self, QueryError> {
        let cursor = Self { text, chars: text.chars().collect(), at: 0 };
        if text.len() > MAX_BYTES {
            let cut = text.char_indices().take_while(|(at, _)| *at < MAX_BYTES).count();
            let message = format!("a text of {} bytes is too long, {MAX_BYTES} are read", text.len());
            return Err(QueryError::new(text, cut.max(1), message));
        }
        Ok(cursor)
    }

    /// The column of the next character, from 1.
    pub(super) fn column(&self) -> usize {
        self.at + 1
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Whether `sign` comes next; takes it.
    pub(super) fn take(&mut self, sign: &str) -> bool {
        let found = sign.chars().enumerate().all(|(index, c)| self.chars.get(self.at + index) == Some(&c));
        if found {
            self.at += sign.chars().count();
        }
        found
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// The characters from here that `wanted` accepts, not taken.
    pub(super) fn peek_run(&self, wanted: impl Fn(char) -> bool) -> String {
        self.chars[self.at..].iter().copied().take_while(|c| wanted(*c)).collect()
    }

    /// The same, taken.
    pub(super) fn take_run(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let run = self.peek_run(wanted);
        self.at += run.chars().count();
        run
    }

    /// The word that comes next, in lower case; empty if something else does.
    pub(super) fn peek_word(&self) -> String {
        self.peek_run(is_bare).to_lowercase()
    }

    /// Whether this word comes next, in any case; takes it.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let run = self.peek_run(is_bare);
        let found = run.eq_ignore_ascii_case(word);
        if found {
            self.at += run.chars().count();
        }
        found
    }

    /// A text in quotes of the kind that comes next; a doubled quote inside stands for one.
    pub(super) fn take_quoted(&mut self) -> Result<String, QueryError> {
        let column = self.column();
        let quote = self.peek();
        self.at += 1;
        let mut text = String::new();
        loop {
            let next = self.peek();
            self.at += 1;
            match next {
                None => return Err(self.error_at(column, "this quote is not closed")),
                Some(c) if next == quote && self.peek() == quote => {
                    self.at += 1;
                    text.push(c);
                }
                Some(_) if next == quote => return Ok(text),
                Some(c) => text.push(c),
            }
        }
    }

    /// An error at the next character.
    pub(super) fn error(&self, message: impl Into<String>) -> QueryError {
        self.error_at(self.column(), message)
    }

    pub(super) fn error_at(&self, column: usize, message: impl Into<String>) -> QueryError {
        QueryError::new(self.text, column, message)
    }
}

/// Writes a text in quotes as [`Cursor::take_quoted`] reads it.
pub(super) fn write_quoted(f: &mut std::fmt::Formatter<'_>, text: &str, quote: char) -> std::fmt::Result {
    use std::fmt::Write;
    f.write_char(quote)?;
    for character in text.chars() {
        if character == quote {
            f.write_char(quote)?;
        }
        f.write_char(character)?;
    }
    f.write_char(quote)
}
