//! What can be wrong with a config file or an override of it.

use super::{MAX_BYTES, MAX_DEPTH};

/// A config file that cannot be read or written, or an override that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The extension is none that is known.
    #[error("{file:?} has no known format: use a file that ends in .json, .yaml, .yml or .toml")]
    UnknownFormat {
        /// The file's name.
        file: String,
    },
    /// The file is over the limit.
    #[error("{file:?} has {bytes} bytes: a config file may have {MAX_BYTES}")]
    TooLarge {
        /// The file's name.
        file: String,
        /// Its size.
        bytes: usize,
    },
    /// The file is no UTF-8 text.
    #[error("{file:?} is no UTF-8 text (byte {offset}): save it as UTF-8")]
    NotUtf8 {
        /// The file's name.
        file: String,
        /// The first byte that is not UTF-8.
        offset: usize,
    },
    /// The text is not valid in its format, or exceeds what is read.
    #[error("cannot read {file:?}{}: {message}", at(*.line, *.column))]
    Syntax {
        /// The file's name.
        file: String,
        /// The line from 1, 0 when not known.
        line: usize,
        /// The column from 1, 0 when not known.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The file's top level is no map.
    #[error("{file:?} holds {found} at its top: a config is a map of names to values")]
    NotAMap {
        /// The file's name.
        file: String,
        /// What it holds.
        found: &'static str,
    },
    /// Joined names would fill the memory.
    #[error("{file:?} has names so long that its flattened keys take over 40 MiB: shorten the names of its maps")]
    Expands {
        /// The file's name.
        file: String,
    },
    /// The format cannot hold a value.
    #[error("{file:?} cannot hold `{key}`: {reason}")]
    Unencodable {
        /// The file's name.
        file: String,
        /// The value's key, with dots.
        key: String,
        /// Why.
        reason: String,
    },
    /// The path of an override goes through something that is no map.
    #[error("cannot set `{key}`: `{parent}` is {found} in the config, not a map")]
    CrossesValue {
        /// The key to set.
        key: String,
        /// The part of it that is in the way.
        parent: String,
        /// What it is.
        found: &'static str,
    },
    /// An override names a map as a whole.
    #[error("cannot set `{key}`: it is a map in the config; set one of its keys, such as `{example}`")]
    ReplacesMap {
        /// The key to set.
        key: String,
        /// A key inside.
        example: String,
    },
    /// The key of an override is empty, has an empty part, or too many.
    #[error("{key:?} is no key of a config: write names joined by single dots, at most {MAX_DEPTH}, as in train.lr")]
    BadKey {
        /// The key as given.
        key: String,
    },
}

/// What is wrong with a text, and where, before the file's name is known.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// A value that a format cannot hold, before the file's name is known.
#[derive(Debug)]
pub(super) struct Unencodable {
    pub(super) key: String,
    pub(super) reason: String,
}

impl ConfigError {
    pub(super) fn from_problem(file: &str, problem: Problem) -> Self {
        let Problem { line, column, message } = problem;
        Self::Syntax { file: file.to_owned(), line, column, message }
    }

    pub(super) fn from_unencodable(file: &str, problem: Unencodable) -> Self {
        Self::Unencodable { file: file.to_owned(), key: problem.key, reason: problem.reason }
    }
}

impl Problem {
    /// A problem at a byte of a text.
    pub(super) fn at_byte(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, offset);
        Self { line, column, message: message.into() }
    }

    pub(super) fn too_deep(text: &str, offset: usize) -> Self {
        Self::at_byte(text, offset, format!("nested deeper than {MAX_DEPTH} levels"))
    }
}

/// Line and column, in characters, both from 1. An offset inside a character or past the end is rounded down.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}

fn at(line: usize, column: usize) -> String {
    if line == 0 { String::new() } else { format!(" at line {line}, column {column}") }
}
