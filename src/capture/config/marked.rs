//! What JSON cannot hold, as strings that start with a NUL and a letter.
//!
//! A string of the file's own that starts with a NUL gets the mark for text, so nothing can be mistaken.

use serde_json::Value;

/// A string of a parsed map, with its mark read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Marked<'a> {
    /// An ordinary string.
    Text(&'a str),
    /// `NaN`, `Infinity` or `-Infinity`.
    Float(&'a str),
    /// The decimal digits of an integer beyond 64 bits, with its sign.
    Integer(&'a str),
    /// A date, time or both of TOML.
    Date(&'a str),
    /// A key of a YAML map that is a number, a boolean or null, as it is written.
    Key(&'a str),
}

impl<'a> Marked<'a> {
    pub(super) fn read(stored: &'a str) -> Self {
        let Some(marked) = stored.strip_prefix('\0') else { return Self::Text(stored) };
        match (marked.as_bytes().first(), marked.get(1..)) {
            (Some(b'f'), Some(rest)) => Self::Float(rest),
            (Some(b'i'), Some(rest)) => Self::Integer(rest),
            (Some(b'd'), Some(rest)) => Self::Date(rest),
            (Some(b'k'), Some(rest)) => Self::Key(rest),
            (Some(b't'), Some(rest)) => Self::Text(rest),
            _ => Self::Text(stored),
        }
    }

    /// The string to store.
    pub(super) fn store(self) -> String {
        match self {
            Self::Text(text) if text.starts_with('\0') => format!("\0t{text}"),
            Self::Text(text) => text.to_owned(),
            Self::Float(name) => format!("\0f{name}"),
            Self::Integer(digits) => format!("\0i{digits}"),
            Self::Date(date) => format!("\0d{date}"),
            Self::Key(plain) => format!("\0k{plain}"),
        }
    }

    /// The text without its mark, as params show it.
    pub(super) fn shown(self) -> &'a str {
        match self {
            Self::Text(text) | Self::Float(text) | Self::Integer(text) | Self::Date(text) | Self::Key(text) => text,
        }
    }
}

/// The float that a name stands for; NaN for anything but the infinities.
pub(super) fn non_finite(name: &str) -> f64 {
    match name {
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => f64::NAN,
    }
}

pub(super) fn float(value: f64) -> Value {
    serde_json::Number::from_f64(value)
        .map_or_else(|| Marked::Float(crate::model::param::non_finite_name(value)).store().into(), Value::Number)
}

pub(super) fn integer(value: i128) -> Value {
    i64::try_from(value)
        .map(Value::from)
        .or_else(|_| u64::try_from(value).map(Value::from))
        .unwrap_or_else(|_| digits(&value.to_string()))
}

/// An integer of any size, from its canonical decimal digits.
pub(super) fn digits(digits: &str) -> Value {
    Marked::Integer(digits).store().into()
}
