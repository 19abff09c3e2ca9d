//! Lines of a key and a value.

use crate::cli::notices::person;
use crate::model::fact::{About, Header};
use crate::model::tag;
use crate::model::text::printable;

/// Columns of the keys.
const KEYS: usize = 12;

/// Lines of a key and a value, the keys right-aligned.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// Begin with a title.
    pub(super) fn new(title: &str) -> Self {
        Self(format!("{title}\n"))
    }

    /// Add a value, if there is one. It stays one line, whatever it holds.
    pub(super) fn add(&mut self, key: &str, value: impl AsRef<str>) {
        let value = value.as_ref();
        if !value.is_empty() {
            self.0.push_str(&format!("{:>KEYS$}  {}\n", printable(key), printable(value)));
        }
    }

    /// Add a text; its further lines stand below the first.
    pub(super) fn add_text(&mut self, key: &str, text: &str) {
        let mut key = printable(key);
        for line in text.lines() {
            let line = format!("{:>KEYS$}  {}", std::mem::take(&mut key), printable(line));
            self.0.push_str(line.trim_end());
            self.0.push('\n');
        }
    }

    /// Add a value that may be absent.
    pub(super) fn add_some(&mut self, key: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.add(key, value);
        }
    }

    /// Add what was said of a run or an experiment: who, when, what. Tags that count now stand in a line of their own.
    pub(super) fn add_about(&mut self, about: &[(Header, About)]) {
        for (header, fact) in about {
            let text = fact.text.clone().or(fact.because.clone()).unwrap_or_else(|| tag::words(fact));
            self.add_text(&header.kind, &format!("{}: {text}", who_and_when(header)));
        }
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// `2026-11-21 09:14 Ada`.
pub(super) fn who_and_when(header: &Header) -> String {
    format!("{} {}", header.time.local_minute(), person(&header.by)).trim_end().to_owned()
}
