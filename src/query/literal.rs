//! The values in a query, read once, and how a row's value compares with them.

use std::cmp::Ordering;
use std::fmt;

use super::attribute::Kind;
use super::calendar::Calendar;
use super::cursor::write_quoted;
use super::moment::{self, Span};
use super::numeric::Numeric;
use super::suggest::nearest;
use super::value::Value;
use crate::model::duration;

/// A value as it is typed.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    /// The text: inside the quotes, if it has some.
    pub(super) text: String,
    pub(super) form: Form,
}

#[derive(Debug, Clone)]
pub(super) enum Form {
    Quoted,
    Number(Numeric<'static>),
    Bool(bool),
}

/// A value, ready to be compared with those of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Bool(bool),
    Number(Numeric<'static>),
    /// A text, and what else it is for values that are no text.
    Text {
        text: Box<str>,
        reading: Option<Box<Literal>>,
    },
    /// Equal to every text that begins so.
    Beginning(Box<str>),
    Time {
        text: Box<str>,
        span: Span,
    },
    Duration {
        text: Box<str>,
        seconds: f64,
    },
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// One is missing.
    Unknown,
    /// They cannot be ordered and are not equal: different types, or a NaN.
    Different,
    Ordered(Ordering),
}

impl Literal {
    /// The value for fields of a kind.
    ///
    /// # Errors
    /// Says what such fields take, and perhaps what to write.
    pub(super) fn new(kind: Kind, typed: Typed, calendar: &Calendar) -> Result<Self, (String, Option<String>)> {
        let text: Box<str> = typed.text.as_str().into();
        let plain = |text: Box<str>| Self::Text { text, reading: None };
        let found = match (kind, typed.form) {
            (Kind::Any | Kind::Bool, Form::Bool(value)) => Some(Self::Bool(value)),
            (Kind::Any | Kind::Number | Kind::Duration, Form::Number(number)) => Some(Self::Number(number)),
            (Kind::Any, Form::Quoted) => {
                let reading = read_number(&text).map(Self::Number).or_else(|| read_bool(&text).map(Self::Bool));
                Some(Self::Text { text, reading: reading.map(Box::new) })
            }
            (Kind::Number, Form::Quoted) => read_number(text.trim()).map(Self::Number),
            (Kind::Bool, Form::Quoted) => read_bool(&text).map(Self::Bool),
            (Kind::Duration, Form::Quoted) => duration::parse(&text).map(|seconds| Self::Duration { text, seconds }),
            (Kind::Time, Form::Quoted) => moment::parse(&text, calendar).map(|span| Self::Time { text, span }),
            (Kind::Choice(words), _) => {
                let lower = text.to_lowercase();
                words.contains(&lower.as_str()).then(|| plain(lower.into()))
            }
            (Kind::Hash, _) => Some(Self::Beginning(text.to_lowercase().into())),
            (Kind::Text | Kind::Texts, _) => Some(plain(text)),
            (Kind::Number | Kind::Duration | Kind::Time | Kind::Bool, _) => None,
        };
        found.ok_or_else(|| (kind.in_words(), how_to_write(kind, &typed.text)))
    }

    /// How a row's value compares with this one.
    pub(super) fn relation(&self, value: &Value<'_>) -> Relation {
        let ordered = |order: Option<Ordering>| order.map_or(Relation::Different, Relation::Ordered);
        match (value, self) {
            (Value::Missing, _) => Relation::Unknown,
            (Value::Text(a), Self::Text { text, .. }) => Relation::Ordered((*a).cmp(text)),
            (Value::Text(a), Self::Beginning(start)) => {
                let begins = !start.is_empty() && a.starts_with(&**start);
                Relation::Ordered(if begins { Ordering::Equal } else { (*a).cmp(start) })
            }
            (Value::Text(a), Self::Number(b)) => ordered(Numeric::parse(a).and_then(|a| a.compare(b))),
            (Value::Text(a), Self::Bool(b)) => ordered(read_bool(a).map(|a| a.cmp(b))),
            (_, Self::Text { reading: Some(reading), .. }) => reading.relation(value),
            (Value::Bool(a), Self::Bool(b)) => Relation::Ordered(a.cmp(b)),
            (Value::Integer(a), Self::Number(b)) => ordered(Numeric::Integer(*a).compare(b)),
            (Value::Number(a), Self::Number(b)) => ordered(Numeric::Float(*a).compare(b)),
            (Value::Integer(a), Self::Duration { seconds, .. }) => {
                ordered(Numeric::Integer(*a).compare(&Numeric::Float(*seconds)))
            }
            (Value::Number(a), Self::Duration { seconds, .. }) => ordered(a.partial_cmp(seconds)),
            (Value::Time(a), Self::Time { span, .. }) => Relation::Ordered(span.place(*a)),
            _ => Relation::Different,
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => number.fmt(f),
            Self::Beginning(text) | Self::Text { text, .. } | Self::Time { text, .. } | Self::Duration { text, .. } => {
                write_quoted(f, text, '\'')
            }
        }
    }
}

/// `true` and `false`, and as Python writes them.
pub(super) fn read_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" => Some(true),
        "false" | "False" => Some(false),
        _ => None,
    }
}

fn read_number(text: &str) -> Option<Numeric<'static>> {
    Numeric::parse(text).map(Numeric::into_owned)
}

fn how_to_write(kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Choice(words) => nearest(text, words.iter().copied()).map(|word| format!("did you mean '{word}'?")),
        Kind::Time => Some("write '2026-11-01', '2026-11-01 12:00', '2 days ago' or 'yesterday'".to_owned()),
        Kind::Duration => Some("write 90, '10m', '2h' or '1h30m'".to_owned()),
        _ => None,
    }
}
