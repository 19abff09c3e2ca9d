//! `--sort`: `metrics.val_acc desc, started`, or `-metrics.val_acc` as git writes it.

use std::cmp::Ordering;
use std::fmt;

use super::attribute::Kind;
use super::cursor::Cursor;
use super::error::QueryError;
use super::field::{Field, Fields};
use super::literal::read_bool;
use super::names;
use super::numeric::Numeric;
use super::value::{Row, Value};

/// A sort order, ready to compare rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    fields: Fields,
    keys: Vec<Key>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    slot: usize,
    descending: bool,
}

impl Order {
    /// Reads fields with commas between them, each with `asc` or `desc` behind it or `-` before it.
    ///
    /// # Errors
    /// Points at what cannot be read.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut cursor = Cursor::new(text)?;
        let mut order = Self { fields: Fields::new(text), keys: Vec::new() };
        loop {
            cursor.skip_space();
            let minus = cursor.take("-");
            if !minus {
                cursor.take("+");
            }
            let column = cursor.column();
            let name = names::name(&mut cursor)?;
            cursor.skip_space();
            let direction = cursor.column();
            let descending = cursor.take_word("desc");
            if (descending || cursor.take_word("asc")) && minus {
                return Err(cursor.error_at(direction, "the direction is given twice, with - and with a word"));
            }
            order.keys.push(Key { slot: order.fields.slot(name, column), descending: minus || descending });
            cursor.skip_space();
            if cursor.peek().is_none() {
                return Ok(order);
            }
            if !cursor.take(",") {
                return Err(cursor.error("asc, desc, a comma or the end is missing here"));
            }
        }
    }

    /// The fields it uses.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// How two rows compare: a total preorder, so that a stable sort leaves equal rows as they were.
    ///
    /// Whatever the direction, missing values come last, and NaN just before them. Types are ordered as false and true,
    /// numbers, times, texts; a param's text that reads as a number is one.
    pub fn compare(&self, a: &impl Row, b: &impl Row) -> Ordering {
        for key in &self.keys {
            let field = self.fields.at(key.slot);
            let (a, b) = (Place::of(field, a.value(field)), Place::of(field, b.value(field)));
            let order = match a.compare(&b) {
                order if key.descending && a.is_value() && b.is_value() => order.reverse(),
                order => order,
            };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.keys.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}{}", self.fields.at(key.slot), if key.descending { " desc" } else { "" })?;
        }
        Ok(())
    }
}

/// A value by its place among others.
enum Place<'a> {
    Bool(bool),
    Number(Numeric<'a>),
    Time(i64),
    Text(&'a str),
    Texts(&'a dyn super::value::Texts),
    Nan,
    Missing,
}

impl<'a> Place<'a> {
    fn of(field: &Field, value: Value<'a>) -> Self {
        match value {
            value if value.is_missing() => Self::Missing,
            Value::Missing => Self::Missing,
            Value::Bool(value) => Self::Bool(value),
            Value::Integer(value) => Self::Number(Numeric::Integer(value)),
            Value::Number(value) if value.is_nan() => Self::Nan,
            Value::Number(value) => Self::Number(Numeric::Float(value)),
            Value::Time(time) => Self::Time(time.0),
            Value::Texts(texts) => Self::Texts(texts),
            Value::Text(text) if matches!(field.kind(), Kind::Any | Kind::Number | Kind::Duration) => {
                match (Numeric::parse(text), read_bool(text)) {
                    (Some(number), _) if number.is_nan() => Self::Nan,
                    (Some(number), _) => Self::Number(number),
                    (_, Some(value)) => Self::Bool(value),
                    _ => Self::Text(text),
                }
            }
            Value::Text(text) => Self::Text(text),
        }
    }

    fn is_value(&self) -> bool {
        !matches!(self, Self::Nan | Self::Missing)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Number(_) => 1,
            Self::Time(_) => 2,
            Self::Text(_) => 3,
            Self::Texts(_) => 4,
            Self::Nan => 5,
            Self::Missing => 6,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.compare(b).unwrap_or(Ordering::Equal),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Texts(a), Self::Texts(b)) => {
                // By the first text of each.
                let mut order = Ordering::Equal;
                a.any(&mut |a| {
                    b.any(&mut |b| {
                        order = a.cmp(b);
                        true
                    })
                });
                order
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}
