//! The narrowest form that holds all values of a column exactly.

use std::borrow::Cow;

use serde_json::Value;

use super::cell::{Cell, Kind};
use crate::model::number::{LARGEST_EXACT, Number};

/// What a column's values are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 64-bit integers.
    Integer,
    /// Doubles.
    Float,
    /// True or false.
    Boolean,
    /// Text as it is.
    Text,
    /// Numbers that neither integers nor doubles can all hold: their digits.
    Digits,
    /// Values of several types: each as JSON.
    Json,
}

/// What was seen of a column's values. Null and absent values take any form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen(u8);

const BOOLEAN: u8 = 1;
const TEXT: u8 = 2;
const COMPOUND: u8 = 4;
/// A number that is no string in its fact.
const PLAIN_NUMBER: u8 = 8;
const INTEGER: u8 = 16;
/// A float, which may be NaN or infinite.
const FLOAT: u8 = 32;
/// An integer that no double holds.
const INEXACT: u8 = 64;
/// An integer beyond 64 bits.
const HUGE: u8 = 128;

impl Seen {
    /// A param's value.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(_) => self.0 |= BOOLEAN,
            Value::Array(_) | Value::Object(_) => self.0 |= COMPOUND,
            Value::Number(_) | Value::String(_) => match as_number(value) {
                Some(number) => {
                    self.0 |= if value.is_number() { PLAIN_NUMBER } else { 0 };
                    self.number(&number);
                }
                None => self.0 |= TEXT,
            },
        }
    }

    /// A metric's value.
    pub fn number(&mut self, number: &Number) {
        self.0 |= match number {
            Number::Integer(_) => INTEGER,
            Number::Float(_) => FLOAT,
            Number::Digits(digits) => {
                let huge = if digits.parse::<i64>().is_err() { HUGE } else { 0 };
                let inexact = if number.is_exact() { 0 } else { INEXACT };
                INTEGER | huge | inexact
            }
        };
    }

    /// The form of params: integers rather than doubles, either rather than text, text rather than JSON.
    pub fn narrowest(self) -> Form {
        let has = |bits: u8| self.0 & bits != 0;
        if has(COMPOUND) || (has(BOOLEAN) && self.0 != BOOLEAN) || (has(TEXT) && has(PLAIN_NUMBER)) {
            Form::Json
        } else if has(BOOLEAN) {
            Form::Boolean
        } else if has(TEXT) || self.0 == 0 {
            Form::Text
        } else if !has(FLOAT | HUGE) {
            Form::Integer
        } else if !has(INEXACT) {
            Form::Float
        } else {
            Form::Digits
        }
    }

    /// The form of a metric's values: doubles wherever they are exact, so that a metric's type does not hang on its values.
    pub fn measured(self) -> Form {
        let has = |bits: u8| self.0 & bits != 0;
        if !has(INEXACT) {
            Form::Float
        } else if !has(FLOAT | HUGE) {
            Form::Integer
        } else {
            Form::Digits
        }
    }
}

impl Form {
    /// The kind of a column of this form.
    pub fn kind(self) -> Kind {
        match self {
            Self::Integer => Kind::Integer,
            Self::Float => Kind::Float,
            Self::Boolean => Kind::Boolean,
            Self::Text | Self::Digits => Kind::Text,
            Self::Json => Kind::Json,
        }
    }

    /// A param's value in this form. All of its column's values were seen.
    pub fn value(self, value: &Value) -> Cell<'_> {
        match (self, value) {
            (_, Value::Null) => Cell::Null,
            (Self::Boolean, Value::Bool(value)) => Cell::Boolean(*value),
            (Self::Text, Value::String(text)) => Cell::text(text),
            (Self::Integer | Self::Float | Self::Digits, _) => {
                as_number(value).map_or(Cell::Null, |number| self.number(&number))
            }
            _ => Cell::json(value),
        }
    }

    /// A metric's value in this form.
    pub fn number<'a>(self, number: &Number) -> Cell<'a> {
        match (self, number) {
            (Self::Float, _) => Cell::Float(number.as_f64()),
            (Self::Integer, Number::Integer(value)) => Cell::Integer(*value),
            (Self::Integer, Number::Digits(digits)) => digits.parse().map_or(Cell::Null, Cell::Integer),
            _ => Cell::Text(Cow::Owned(number.to_string())),
        }
    }
}

/// A param's value as a number, if it is one: also the strings that facts write where JSON has no number.
pub(super) fn as_number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(integer) if integer.unsigned_abs() <= LARGEST_EXACT.unsigned_abs() => Some(Number::Integer(integer)),
            Some(integer) => Some(Number::Digits(integer.to_string().into())),
            None if number.is_u64() => Some(Number::Digits(number.to_string().into())),
            None => number.as_f64().map(Number::Float),
        },
        Value::String(text) => match text.as_str() {
            "NaN" | "Infinity" | "-Infinity" => Number::parse(text),
            _ if is_long_integer(text) => Some(Number::Digits(text.as_str().into())),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a text is what facts write for an integer beyond 2^53: its digits, without leading zeros.
fn is_long_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_canonical =
        digits.len() >= 16 && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_canonical && text.parse::<i64>().map_or(true, |value| value.unsigned_abs() > LARGEST_EXACT.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use serde_json::{Value, json};

    use super::{Cell, Form, Seen};
    use crate::model::number::Number;

    fn form(values: &[Value]) -> Form {
        let mut seen = Seen::default();
        values.iter().for_each(|value| seen.value(value));
        seen.narrowest()
    }

    #[test]
    fn a_column_gets_the_narrowest_form() {
        assert_eq!(form(&[json!(1), Value::Null]), Form::Integer);
        assert_eq!(form(&[json!(1), json!("9007199254740993")]), Form::Integer);
        assert_eq!(form(&[json!(1), json!(0.5), json!("NaN")]), Form::Float);
        assert_eq!(form(&[json!(0.5), json!("9007199254740993")]), Form::Digits);
        assert_eq!(form(&[json!(0.5), json!("9007199254740994")]), Form::Float);
        assert_eq!(form(&[json!(1), json!("123456789012345678901234567890")]), Form::Digits);
        assert_eq!(form(&[json!(true), Value::Null]), Form::Boolean);
        assert_eq!(form(&[json!(true), json!(1)]), Form::Json);
        assert_eq!(form(&[json!("adam"), json!("NaN")]), Form::Text);
        assert_eq!(form(&[json!("adam"), json!(1)]), Form::Json);
        assert_eq!(form(&[json!([1])]), Form::Json);
        assert_eq!(form(&[Value::Null]), Form::Text);
    }

    #[test]
    fn metrics_are_doubles_unless_that_would_round() {
        let form = |numbers: &[&str]| {
            let mut seen = Seen::default();
            numbers.iter().for_each(|token| seen.number(&Number::parse(token).expect("a number")));
            seen.measured()
        };
        assert_eq!(form(&["1", "2"]), Form::Float);
        assert_eq!(form(&["1", "9007199254740993"]), Form::Integer);
        assert_eq!(form(&["0.5", "9007199254740993"]), Form::Digits);
        assert_eq!(form(&["1", "123456789012345678901234567890"]), Form::Digits);
        assert_eq!(form(&["1", "1152921504606846976"]), Form::Float);
    }

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i64>().prop_map(|value| Value::from(value.to_string())),
            any::<i128>().prop_map(|value| Value::from(value.to_string())),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(json!("NaN")),
            Just(json!("-Infinity")),
            Just(json!({"a": [1, "x"]})),
        ]
    }

    /// Whether a cell says the same as the fact's value does; `1` and `1.0` are the same number.
    fn says_the_same(cell: &Cell<'_>, form: Form, value: &Value) -> bool {
        let number = || super::as_number(value).expect("a number");
        match cell {
            Cell::Null => value.is_null(),
            Cell::Boolean(cell) => value == cell,
            Cell::Integer(cell) => number().to_string() == cell.to_string(),
            Cell::Float(cell) => {
                number().is_exact() && Number::Float(*cell).is_identical(&Number::Float(number().as_f64()))
            }
            Cell::Text(text) => match form {
                Form::Text => value.as_str() == Some(text),
                Form::Json => serde_json::from_str::<Value>(text).is_ok_and(|cell| cell == *value),
                _ => number().to_string() == **text,
            },
            Cell::Time(_) => false,
        }
    }

    proptest! {
        #[test]
        fn no_value_is_changed_by_the_form_of_its_column(column in proptest::collection::vec(values(), 0..6)) {
            let form = form(&column);
            for value in &column {
                let cell = form.value(value);
                assert!(says_the_same(&cell, form, value), "{value} as {form:?}: {cell:?}");
            }
        }

        #[test]
        fn no_measured_number_is_rounded(column in proptest::collection::vec(values(), 0..6)) {
            let numbers: Vec<Value> = column.into_iter().filter(|value| super::as_number(value).is_some()).collect();
            let mut seen = Seen::default();
            numbers.iter().filter_map(super::as_number).for_each(|number| seen.number(&number));
            for value in &numbers {
                let cell = seen.measured().number(&super::as_number(value).expect("a number"));
                assert!(says_the_same(&cell, seen.measured(), value), "{value}: {cell:?}");
            }
        }
    }
}
