//! Numbers compared exactly: no integer is rounded to a double on the way.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// A number as a query or a row says it.
#[derive(Debug, Clone)]
pub(super) enum Numeric<'a> {
    Integer(i64),
    Float(f64),
    /// An integer beyond `i64`: its digits, without leading zeros.
    Big {
        negative: bool,
        digits: Cow<'a, str>,
    },
}

/// 2^63, the first double beyond all `i64`.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

impl<'a> Numeric<'a> {
    /// Reads what [`crate::model::number::Number::parse`] reads: integers of any length, decimals, `inf` and `nan`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (negative, unsigned) = match *text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            // Most texts are no number, and are to be told from numbers fast.
            b'0'..=b'9' | b'.' | b'i' | b'I' | b'n' | b'N' => (false, text),
            _ => return None,
        };
        if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Self::Float);
        }
        Some(text.parse().map_or_else(
            |_| Self::Big { negative, digits: Cow::Borrowed(unsigned.trim_start_matches('0')) },
            Self::Integer,
        ))
    }

    pub(super) fn into_owned(self) -> Numeric<'static> {
        match self {
            Self::Integer(value) => Numeric::Integer(value),
            Self::Float(value) => Numeric::Float(value),
            Self::Big { negative, digits } => Numeric::Big { negative, digits: Cow::Owned(digits.into_owned()) },
        }
    }

    pub(super) fn is_nan(&self) -> bool {
        matches!(self, Self::Float(value) if value.is_nan())
    }

    /// How two numbers compare; `None` if one of them is NaN.
    pub(super) fn compare(&self, other: &Numeric<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Numeric::Integer(b)) => Some(a.cmp(b)),
            (Self::Float(a), Numeric::Float(b)) => a.partial_cmp(b),
            (Self::Integer(a), Numeric::Float(b)) => integer_with_float(*a, *b),
            (Self::Float(a), Numeric::Integer(b)) => integer_with_float(*b, *a).map(Ordering::reverse),
            (Self::Big { negative, digits }, Numeric::Float(b)) => big_with_float(*negative, digits, *b),
            (Self::Float(a), Numeric::Big { negative, digits }) => {
                big_with_float(*negative, digits, *a).map(Ordering::reverse)
            }
            (Self::Big { negative, .. }, Numeric::Integer(_)) => Some(beyond(*negative)),
            (Self::Integer(_), Numeric::Big { negative, .. }) => Some(beyond(*negative).reverse()),
            (Self::Big { negative: a, digits: x }, Numeric::Big { negative: b, digits: y }) => Some(match (a, b) {
                (false, false) => magnitude(x, y),
                (true, true) => magnitude(y, x),
                (negative, _) => beyond(*negative),
            }),
        }
    }
}

/// The same value, so that a NaN equals a NaN: what makes two queries equal, not what they find.
impl PartialEq for Numeric<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::Big { negative: a, digits: x }, Self::Big { negative: b, digits: y }) => a == b && x == y,
            _ => false,
        }
    }
}

impl fmt::Display for Numeric<'_> {
    /// Text that reads back as the same number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) if value.is_nan() => f.write_str("nan"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Big { negative, digits } => write!(f, "{}{digits}", if *negative { "-" } else { "" }),
        }
    }
}

/// How an integer beyond `i64` compares with whatever is not.
fn beyond(negative: bool) -> Ordering {
    if negative { Ordering::Less } else { Ordering::Greater }
}

fn magnitude(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn integer_with_float(a: i64, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        None
    } else if b >= BEYOND {
        Some(Ordering::Less)
    } else if b < -BEYOND {
        Some(Ordering::Greater)
    } else {
        // Both steps are exact: the whole part of such a double is an i64.
        Some(a.cmp(&(b.trunc() as i64)).then_with(|| 0.0_f64.total_cmp(&(b.fract() + 0.0))))
    }
}

fn big_with_float(negative: bool, digits: &str, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        None
    } else if b.is_infinite() {
        Some(beyond(b < 0.0).reverse())
    } else if b.abs() < BEYOND || (b < 0.0) != negative {
        Some(beyond(negative))
    } else {
        // A double this large is an integer, and is printed with all its digits.
        let order = magnitude(digits, &format!("{:.0}", b.abs()));
        Some(if negative { order.reverse() } else { order })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
    use std::cmp::Ordering;

    use super::Numeric;

    fn compare(a: &str, b: &str) -> Option<Ordering> {
        Numeric::parse(a).expect("a number").compare(&Numeric::parse(b).expect("a number"))
    }

    #[test]
    fn integers_are_not_rounded() {
        assert_eq!(compare("9007199254740993", "9007199254740992.0"), Some(Ordering::Greater));
        assert_eq!(compare("9223372036854775807", "9223372036854775808.0"), Some(Ordering::Less));
        assert_eq!(compare("-9223372036854775808", "-9223372036854775808.0"), Some(Ordering::Equal));
        assert_eq!(
            compare("340282366920938463463374607431768211456", "340282366920938463463374607431768211457"),
            Some(Ordering::Less)
        );
        assert_eq!(
            compare("340282366920938463463374607431768211456", "340282366920938463463374607431768211456.0"),
            Some(Ordering::Equal)
        );
        assert_eq!(
            compare("340282366920938463463374607431768211457", "340282366920938463463374607431768211456.0"),
            Some(Ordering::Greater)
        );
        assert_eq!(compare("-99999999999999999999", "-1e300"), Some(Ordering::Greater));
        assert_eq!(compare("99999999999999999999", "inf"), Some(Ordering::Less));
        assert_eq!(compare("0", "-0.0"), Some(Ordering::Equal));
        assert_eq!(compare("3", "3.5"), Some(Ordering::Less));
        assert_eq!(compare("-3", "-3.5"), Some(Ordering::Greater));
        assert_eq!(compare("0003", "3"), Some(Ordering::Equal));
        assert_eq!(compare("1", "nan"), None);
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "-", "+", "e5", "1e", "0x10", "1_000", "infi", "n", ".", " 1", "1 ", "٣"] {
            assert!(Numeric::parse(text).is_none(), "{text}");
        }
    }

    fn number() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|value| value.to_string()),
            any::<i128>().prop_map(|value| value.to_string()),
            any::<f64>().prop_map(|value| format!("{value:?}")),
            (-3_i64..3).prop_map(|value| (i64::MAX as i128 + i128::from(value)).to_string()),
            (-3_i64..3).prop_map(|value| (i64::MIN as i128 + i128::from(value)).to_string()),
            Just("9223372036854775808.0".to_owned()),
            Just("-9223372036854775808.0".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn order_is_total_but_for_nan(a in number(), b in number(), c in number()) {
            let (ab, bc, ac) = (compare(&a, &b), compare(&b, &c), compare(&a, &c));
            prop_assert_eq!(compare(&b, &a), ab.map(Ordering::reverse));
            if ab == bc && ab.is_some() {
                prop_assert_eq!(ac, ab);
            }
        }

        #[test]
        fn numbers_print_and_read_back(a in number()) {
            let number = Numeric::parse(&a).expect("a number");
            let printed = number.to_string();
            prop_assert_eq!(Numeric::parse(&printed), Some(number));
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = Numeric::parse(&text);
        }
    }
}
