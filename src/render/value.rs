//! Values and numbers as people read them, whole or as short as they may be.

use serde_json::Value;

use super::number::Rounding;
use crate::model::number::Number;

/// A value as text. One that looks like another value, or like none, keeps its quotes.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) if !matches!(text.as_str(), "" | "–") && serde_json::from_str::<Value>(text).is_err() => {
            text.clone()
        }
        value => value.to_string(),
    }
}

/// A number with at most six significant digits.
pub fn short(number: &Number) -> String {
    let Number::Float(value) = number else { return number.to_string() };
    if !value.is_finite() || *value == 0.0 {
        return number.to_string();
    }
    let decimals = (5.0 - value.abs().log10().floor()).clamp(0.0, 17.0) as usize;
    let rounded: f64 = format!("{value:.decimals$}").parse().unwrap_or(*value);
    Number::Float(rounded).to_string()
}

/// Two numbers as short as they may be without looking the same.
pub fn short_pair(a: &Number, b: &Number) -> [String; 2] {
    let pair = [short(a), short(b)];
    if pair[0] == pair[1] { [a.to_string(), b.to_string()] } else { pair }
}

/// A difference with its sign and four digits: `+0.01250`.
pub fn signed(delta: f64) -> String {
    let text = Rounding::of(delta.abs(), None, None).mean(delta.abs(), None);
    format!("{}{text}", if delta < 0.0 { '-' } else { '+' })
}

/// An object id or digest as people recognise it: its first ten hex digits. Other texts stay as they are.
pub fn short_id(text: &str) -> &str {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    if hex.len() >= 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) { &hex[..10] } else { text }
}

/// An argument as a shell needs it.
pub fn shell_quote(arg: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%{}".contains(c);
    if !arg.is_empty() && arg.chars().all(is_plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use serde_json::json;

    use super::{Number, short, short_id, short_pair, signed, value};

    #[test]
    fn texts_that_look_like_other_values_keep_their_quotes() {
        for (given, text) in [
            (json!("adam"), "adam"),
            (json!("0.1"), "\"0.1\""),
            (json!(0.1), "0.1"),
            (json!("true"), "\"true\""),
            (json!(""), "\"\""),
            (json!("–"), "\"–\""),
            (json!([1, "a"]), "[1,\"a\"]"),
        ] {
            assert_eq!(value(&given), text);
        }
    }

    #[test]
    fn numbers_are_short_and_told_apart() {
        assert_eq!(short(&Number::Float(0.951_650_326_797)), "0.95165");
        assert_eq!(short(&Number::Float(123_456_789.0)), "123456789.0");
        assert_eq!(
            short_pair(&Number::Float(1.000_000_01), &Number::Float(1.000_000_02)),
            ["1.00000001", "1.00000002"]
        );
        assert_eq!((signed(0.0125), signed(-3.0)), ("+0.01250".to_owned(), "-3".to_owned()));
    }

    #[test]
    fn ids_are_cut() {
        assert_eq!(short_id(&"ab".repeat(20)), "ababababab");
        assert_eq!(short_id(&format!("sha256:{}", "cd".repeat(32))), "cdcdcdcdcd");
        assert_eq!(short_id("train.py"), "train.py");
    }

    proptest! {
        #[test]
        fn any_number_has_a_text(number in any::<f64>(), other in any::<f64>()) {
            let _ = (short_pair(&Number::Float(number), &Number::Float(other)), signed(number));
        }

        #[test]
        fn any_text_has_a_short_id(text in any::<String>()) {
            let _ = short_id(&text);
        }
    }
}
