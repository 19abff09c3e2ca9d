//! What a row answers.

use std::fmt;

use super::field::Field;
use crate::model::number::Number;
use crate::model::time::Time;

/// Something that can be tested, sorted and shown.
pub trait Row {
    /// The value of a field. [`Field::slot`] numbers the fields of a query from 0, so that names need to be looked up once
    /// for a query and not once for each row.
    fn value(&self, field: &Field) -> Value<'_>;
}

/// The value of a field in one row, borrowed from it.
#[derive(Debug, Clone, Copy, Default)]
pub enum Value<'a> {
    /// There is none; a param that is `null` counts as missing too.
    #[default]
    Missing,
    /// True or false.
    Bool(bool),
    /// An integer, exact.
    Integer(i64),
    /// Any double. A duration is one, in seconds.
    Number(f64),
    /// A text. An integer beyond 64 bits is given as the text of its digits, a list as its JSON.
    Text(&'a str),
    /// A moment.
    Time(Time),
    /// Several texts; none at all counts as missing.
    Texts(&'a dyn Texts),
}

/// Several texts, however they are stored.
pub trait Texts: fmt::Debug {
    /// Whether one of them is wanted; they are asked in order, until one is.
    fn any(&self, wanted: &mut dyn FnMut(&str) -> bool) -> bool;
}

impl<T: AsRef<str> + fmt::Debug> Texts for Vec<T> {
    fn any(&self, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        self.iter().any(|text| wanted(text.as_ref()))
    }
}

impl<T: AsRef<str> + fmt::Debug> Texts for &[T] {
    fn any(&self, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        self.iter().any(|text| wanted(text.as_ref()))
    }
}

impl Value<'_> {
    pub(super) fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Texts(texts) => !texts.any(&mut |_| true),
            _ => false,
        }
    }
}

impl<'a> From<&'a Number> for Value<'a> {
    fn from(number: &'a Number) -> Self {
        match number {
            Number::Integer(value) => Self::Integer(*value),
            Number::Float(value) => Self::Number(*value),
            Number::Digits(digits) => digits.parse().map_or(Self::Text(digits), Self::Integer),
        }
    }
}
