//! Reads a text as Python reads its literals, since that is what most training programs do with it.

use serde_json::{Number, Value};

/// Longer integers stay text, as Python refuses to read them too (`sys.int_info.default_max_str_digits`).
const MAX_DIGITS: usize = 4300;
/// Beyond this, doubles and JavaScript lose digits: such integers are stored as text.
const EXACT_INTEGERS: i64 = 1 << 53;

/// The value that a text stands for.
///
/// Numbers are read as Python literals (`1_000`, `0x1f`, `1e-3`, `.5`, `-5`; `007` is none and stays text), with
/// integers beyond 2^53 as strings of their digits. What Python's `float()` reads as infinite or NaN, and floats that
/// overflow, become `"Infinity"`, `"-Infinity"` or `"NaN"`. `True`, `False`, `true`, `false`, `None` and `null` are
/// what they say. A text in quotes is the string inside, taken literally. Everything else is a string.
#[must_use]
pub fn typed(text: &str) -> Value {
    match text {
        "True" | "true" => Value::Bool(true),
        "False" | "false" => Value::Bool(false),
        "None" | "null" => Value::Null,
        _ => number(text).unwrap_or_else(|| Value::String(unquoted(text).to_owned())),
    }
}

/// The value of a float, with what JSON cannot hold as text.
pub(crate) fn float(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| Value::from(non_finite_name(value)), Value::Number)
}

/// The value of an integer, with what doubles cannot hold as text.
pub(crate) fn integer(value: i128) -> Value {
    match i64::try_from(value) {
        Ok(small) if small.unsigned_abs() <= EXACT_INTEGERS.unsigned_abs() => Value::from(small),
        _ => Value::from(value.to_string()),
    }
}

/// `NaN`, `Infinity` or `-Infinity`.
pub(crate) fn non_finite_name(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn number(text: &str) -> Option<Value> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if ["inf", "infinity", "nan"].iter().any(|name| name.eq_ignore_ascii_case(unsigned)) {
        let sign = if negative { -1.0 } else { 1.0 };
        return Some(float(if unsigned.len() == 3 && unsigned.eq_ignore_ascii_case("nan") {
            f64::NAN
        } else {
            sign * f64::INFINITY
        }));
    }
    if text.len() > MAX_DIGITS || !underscores_are_between_digits(unsigned) {
        return None;
    }
    let plain = unsigned.replace('_', "");
    let digits = integer_digits(&plain);
    if let Some(digits) = digits {
        return Some(integer_of(negative, digits));
    }
    let is_float = is_float(&plain);
    is_float.then(|| plain.parse::<f64>().ok()).flatten().map(|value| float(if negative { -value } else { value }))
}

/// Python allows single underscores between digits, and one after `0x`, `0o` and `0b`.
fn underscores_are_between_digits(unsigned: &str) -> bool {
    let bytes = unsigned.as_bytes();
    let radix = radix_of(unsigned);
    let is_digit = |byte: u8| (byte as char).is_digit(radix.unwrap_or(10));
    bytes.iter().enumerate().filter(|&(_, &byte)| byte == b'_').all(|(index, _)| {
        let before = index.checked_sub(1).map(|before| bytes[before]);
        let after_prefix = radix.is_some() && index == 2;
        let after = bytes.get(index + 1).copied();
        (after_prefix || before.is_some_and(is_digit)) && after.is_some_and(is_digit)
    })
}

fn radix_of(unsigned: &str) -> Option<u32> {
    match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => Some(16),
        [b'0', b'o' | b'O', ..] => Some(8),
        [b'0', b'b' | b'B', ..] => Some(2),
        _ => None,
    }
}

/// The decimal digits of an integer literal without sign and underscores; no leading zeros but in `0`.
fn integer_digits(plain: &str) -> Option<String> {
    if let Some(radix) = radix_of(plain) {
        let digits = &plain[2..];
        return (!digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix)))
            .then(|| decimal_digits(digits, radix));
    }
    if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if plain.bytes().all(|byte| byte == b'0') {
        return Some("0".to_owned());
    }
    (!plain.starts_with('0')).then(|| plain.to_owned())
}

/// Converts digits of another base, of any length.
fn decimal_digits(digits: &str, radix: u32) -> String {
    const LIMB: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = vec![0];
    for digit in digits.chars().filter_map(|digit| digit.to_digit(radix)) {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let value = *limb * u64::from(radix) + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let padded: String = limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
    let trimmed = padded.trim_start_matches('0');
    if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
}

fn integer_of(negative: bool, digits: String) -> Value {
    let sign = if negative && digits != "0" { "-" } else { "" };
    let text = format!("{sign}{digits}");
    text.parse::<i128>().map_or(Value::String(text), integer)
}

/// Digits with a point or an exponent or both; at least one digit before the exponent.
fn is_float(plain: &str) -> bool {
    let (mantissa, exponent) = match plain.find(['e', 'E']) {
        Some(at) => (&plain[..at], Some(&plain[at + 1..])),
        None => (plain, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_exponent = exponent.is_none_or(|text| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        !digits.is_empty() && all_digits(digits)
    });
    has_exponent
        && (exponent.is_some() || mantissa.contains('.'))
        && !(whole.is_empty() && fraction.is_empty())
        && all_digits(whole)
        && all_digits(fraction)
}

/// The inside of a text in single or double quotes that holds no further quote of the kind.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inside = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inside) = inside.filter(|inside| !inside.contains(quote)) {
            return inside;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::typed;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    #[test]
    fn numbers_as_python_reads_them() {
        for (text, value) in [
            ("5", json!(5)),
            ("+5", json!(5)),
            ("-5", json!(-5)),
            ("-0", json!(0)),
            ("00", json!(0)),
            ("0_0", json!(0)),
            ("1_000", json!(1000)),
            ("0x1f", json!(31)),
            ("0X_1F", json!(31)),
            ("0o17", json!(15)),
            ("-0b1", json!(-1)),
            ("1e-3", json!(0.001)),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            ("1_0.2_5E+1_0", json!(10.25e10)),
            ("007.5", json!(7.5)),
            ("09e1", json!(90.0)),
            ("9007199254740992", json!(9_007_199_254_740_992_i64)),
        ] {
            assert_eq!(typed(text), value, "{text}");
        }
        assert!(typed("1.0").is_f64());
    }

    #[test]
    fn what_json_cannot_hold_is_text() {
        for (text, value) in [
            ("9007199254740993", "9007199254740993"),
            ("-9_007_199_254_740_993", "-9007199254740993"),
            ("0xffffffffffffffffffffffffffffffffffffffff", "1461501637330902918203684832716283019655932542975"),
            ("340282366920938463463374607431768211456000", "340282366920938463463374607431768211456000"),
            ("1e999", "Infinity"),
            ("-1e999", "-Infinity"),
            ("inf", "Infinity"),
            ("+Infinity", "Infinity"),
            ("-INF", "-Infinity"),
            ("NaN", "NaN"),
            ("-nan", "NaN"),
        ] {
            assert_eq!(typed(text), Value::from(value), "{text}");
        }
    }

    #[test]
    fn words() {
        assert_eq!(typed("True"), json!(true));
        assert_eq!(typed("false"), json!(false));
        assert_eq!(typed("None"), json!(null));
        assert_eq!(typed("null"), json!(null));
        assert_eq!(typed("'5'"), json!("5"));
        assert_eq!(typed(r#""C:\new it's""#), json!(r"C:\new it's"));
        assert_eq!(typed(r#""""#), json!(""));
    }

    #[test]
    fn everything_else_is_a_string() {
        for text in [
            "",
            "007",
            "0_7",
            "1__0",
            "_1",
            "1_",
            "0x",
            "0xg",
            "0b2",
            "1e",
            "e5",
            ".",
            "-",
            "+",
            "--5",
            "1 ",
            "TRUE",
            "1j",
            "1_.5",
            "1._5",
            "0_x1",
            "'a' and 'b'",
            "'",
            "٣",
            "infin",
            "1e5_",
            "5%",
            "[1, 2]",
            "0b1.5",
            "_",
            "+_1",
        ] {
            assert_eq!(typed(text), json!(text), "{text}");
        }
    }

    proptest! {
            #[test]
            fn any_text_has_a_value(text in any::<String>()) {
                let _ = typed(&text);
            }

            #[test]
            fn number_like_text_has_a_value(text in "[+-]?[0-9_.eExXobinfa+-]{0,12}") {
                let _ = typed(&text);
            }

            #[test]
            fn exact_integers_and_floats_are_kept(integer in -(1_i64 << 53)..(1 << 53), value in any::<f64>()) {
                prop_assert_eq!(typed(&integer.to_string()), json!(integer));
    let sign = if integer < 0 { "-" } else { "" };
                prop_assert_eq!(typed(&format!("{sign}{:#x}", integer.unsigned_abs())), json!(integer));
                if value.is_finite() {
                    prop_assert_eq!(typed(&format!("{value:?}")), json!(value));
                }
            }
        }
}
