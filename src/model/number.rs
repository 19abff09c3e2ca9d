//! Values of metrics: nothing that a program logged is dropped or rounded.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest integer up to which every integer is a double.
pub const LARGEST_EXACT: i64 = 1 << 53;

/// A number as facts hold it: see "Numbers" in `docs/format.md`.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// An integer whose magnitude is at most 2^53.
    Integer(i64),
    /// Any double, NaN and the infinities included.
    Float(f64),
    /// The digits of an integer beyond 2^53.
    Digits(Box<str>),
}

impl Number {
    /// Read the token of a JSON number, or one of the spellings that JSON lacks (`NaN`, `inf`, `-Infinity` …).
    ///
    /// Returns `None` if the text is no number.
    pub fn parse(token: &str) -> Option<Self> {
        let digits = token.strip_prefix(['-', '+']).unwrap_or(token);
        if digits.is_empty() {
            return None;
        }
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(match token.strip_prefix('+').unwrap_or(token).parse::<i64>() {
                Ok(value) if value.unsigned_abs() <= LARGEST_EXACT.unsigned_abs() => Self::Integer(value),
                _ => Self::Digits(token.strip_prefix('+').unwrap_or(token).into()),
            });
        }
        // Rust's own grammar for floats takes "inf", "infinity" and "nan" in any case, and no hexadecimal.
        token.parse::<f64>().ok().map(Self::Float)
    }

    /// The nearest double.
    pub fn as_f64(&self) -> f64 {
        match self {
            Self::Integer(value) => *value as f64,
            Self::Float(value) => *value,
            Self::Digits(digits) => digits.parse().unwrap_or(f64::NAN),
        }
    }

    /// Whether [`Self::as_f64`] is the number itself and not the one next to it.
    pub fn is_exact(&self) -> bool {
        match self {
            // Without a fraction, a double's digits are written in full.
            Self::Digits(digits) => format!("{:.0}", self.as_f64()) == **digits,
            _ => true,
        }
    }

    /// Whether two numbers are the same to the last bit; any NaN is the same as any other.
    pub fn is_identical(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Digits(a), Self::Digits(b)) => a == b,
            _ => {
                let (a, b) = (self.as_f64(), other.as_f64());
                a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
            }
        }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl fmt::Display for Number {
    /// The text that `series.tsv` and tables show: as in facts, without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Digits(digits) => f.write_str(digits),
            Self::Float(value) if value.is_nan() => f.write_str("NaN"),
            Self::Float(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
            }
            // Debug is the shortest form that reads back, with an exponent where that is shorter.
            Self::Float(value) => write!(f, "{value:?}"),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a string with a number")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Number, E> {
                Ok(if value.unsigned_abs() <= LARGEST_EXACT.unsigned_abs() {
                    Number::Integer(value)
                } else {
                    Number::Digits(value.to_string().into())
                })
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Number, E> {
                Ok(match i64::try_from(value) {
                    Ok(value) if value <= LARGEST_EXACT => Number::Integer(value),
                    _ => Number::Digits(value.to_string().into()),
                })
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Number, E> {
                Ok(Number::Float(value))
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Number, E> {
                Ok(Number::Integer(value.into()))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                Number::parse(text).ok_or_else(|| E::custom(format_args!("'{text}' is no number")))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Number;

    fn json(token: &str) -> String {
        serde_json::to_string(&Number::parse(token).expect("a number")).expect("it serialises")
    }

    #[test]
    fn integers_beyond_2_53_keep_their_digits() {
        assert_eq!(json("9007199254740992"), "9007199254740992");
        assert_eq!(json("9007199254740993"), "\"9007199254740993\"");
        assert_eq!(json("-9223372036854775808"), "\"-9223372036854775808\"");
        assert_eq!(json("-123456789012345678901234567890"), "\"-123456789012345678901234567890\"");
    }

    #[test]
    fn some_long_integers_are_doubles() {
        let is_exact = |token: &str| Number::parse(token).expect("a number").is_exact();
        assert!(is_exact("9007199254740994") && is_exact("-100000000000000000000") && is_exact("NaN"));
        assert!(!is_exact("9007199254740993") && !is_exact(&"9".repeat(400)));
    }

    #[test]
    fn values_that_json_lacks_are_strings() {
        assert_eq!(json("nan"), "\"NaN\"");
        assert_eq!(json("-inf"), "\"-Infinity\"");
        assert_eq!(json("1e999"), "\"Infinity\"");
        assert_eq!(json("-0.0"), "-0.0");
        assert!(Number::parse("0x10").is_none() && Number::parse("").is_none() && Number::parse("-").is_none());
    }

    proptest! {
        #[test]
        fn every_double_reads_back(bits in any::<u64>()) {
            let value = Number::Float(f64::from_bits(bits));
            let back: Number = serde_json::from_str(&serde_json::to_string(&value).expect("json")).expect("number");
            assert!(back.is_identical(&value));
            assert!(Number::parse(&value.to_string()).expect("number").is_identical(&value));
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = Number::parse(&text);
        }
    }
}
