//! Metrics files: JSON that a program leaves behind, as DVC and others do. Pure.

use serde_json::Value;

use crate::model::number::Number;

/// The metrics in a file: every number, by its keys joined with dots. `None` if it is no JSON object.
///
/// A value that is no number (a text, a list) is no metric and left out; the file itself is stored with the run.
pub fn parse(bytes: &[u8]) -> Option<Vec<(String, Number)>> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = Vec::new();
    match serde_json::from_str::<Value>(&text).or_else(|_| serde_json::from_str(&quote_non_finite(&text))) {
        Ok(Value::Object(map)) => map.iter().for_each(|(key, value)| collect(key.clone(), value, &mut out)),
        _ => return None,
    }
    Some(out)
}

fn collect(name: String, value: &Value, out: &mut Vec<(String, Number)>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(format!("{name}.{key}"), value, out)),
        Value::Number(number) => out.extend(Number::parse(&number.to_string()).map(|number| (name, number))),
        Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            out.extend(Number::parse(text).map(|number| (name, number)));
        }
        Value::Bool(flag) => out.push((name, Number::Integer((*flag).into()))),
        _ => {}
    }
}

/// Python writes `NaN` and `Infinity` bare.
fn quote_non_finite(text: &str) -> String {
    String::from_utf8_lossy(&crate::store::line::quote_bare_numbers(text.as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Number, parse};

    #[test]
    fn nested_numbers_are_joined_with_dots() {
        let found = parse(br#"{"acc": 0.5, "test": {"loss": NaN, "note": "x"}, "list": [1]}"#).expect("an object");
        assert_eq!(found[0], ("acc".to_owned(), Number::Float(0.5)));
        assert_eq!(found[1].0, "test.loss");
        assert!(found[1].1.as_f64().is_nan());
        assert_eq!(found.len(), 2);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = parse(&bytes);
        }
    }
}
