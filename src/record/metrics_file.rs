//! Metrics files: JSON that a program leaves behind, as DVC and others do. Pure.

use serde_json::Value;

use crate::model::number::Number;

/// What the names may become by being joined, in bytes: a long one above many values is multiplied.
const MOST_NAME_BYTES: usize = 128 << 20;

/// The metrics in a file: every number, by its keys joined with dots.
///
/// A value that is no number (a text, a list) is no metric and left out; the file itself is stored with the run.
///
/// # Errors
/// If it is no JSON object, or its names are too long; what is wrong with it, to be said behind its name.
pub fn parse(bytes: &[u8]) -> Result<Vec<(String, Number)>, &'static str> {
    let text = String::from_utf8_lossy(bytes);
    let (mut out, mut room) = (Vec::new(), MOST_NAME_BYTES);
    match serde_json::from_str::<Value>(&text).or_else(|_| serde_json::from_str(&quote_non_finite(&text))) {
        Ok(Value::Object(map)) => {
            map.iter().try_for_each(|(key, value)| collect(key.clone(), value, &mut out, &mut room))
        }
        _ => return Err("is no JSON object with numbers"),
    }
    .ok_or("has names that take more than 128 MiB, joined with dots")?;
    Ok(out)
}

/// `None` if there is no more room for names.
fn collect(name: String, value: &Value, out: &mut Vec<(String, Number)>, room: &mut usize) -> Option<()> {
    *room = room.checked_sub(name.len())?;
    match value {
        Value::Object(map) => {
            map.iter().try_for_each(|(key, value)| collect(format!("{name}.{key}"), value, out, room))?;
        }
        Value::Number(number) => out.extend(Number::parse(&number.to_string()).map(|number| (name, number))),
        Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            out.extend(Number::parse(text).map(|number| (name, number)));
        }
        Value::Bool(flag) => out.push((name, Number::Integer((*flag).into()))),
        _ => {}
    }
    Some(())
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

    #[test]
    fn a_long_name_above_many_values_is_not_multiplied() {
        let values: Vec<String> = (0..2000).map(|i| format!("\"{i}\":1")).collect();
        let text = format!("{{\"{}\":{{{}}}}}", "x".repeat(100_000), values.join(","));
        assert!(parse(text.as_bytes()).expect_err("too long").contains("128 MiB"));
        assert_eq!(parse(b"[1]"), Err("is no JSON object with numbers"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = parse(&bytes);
        }
    }
}
