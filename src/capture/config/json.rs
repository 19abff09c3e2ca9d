//! JSON, with the bare `NaN`, `Infinity` and `-Infinity` that Python writes, and integers of any size.
//!
//! What `serde_json` does not read, or would round, is put in as marked strings before it reads the text.

use super::MAX_DEPTH;
use super::error::Problem;
use super::marked::{Marked, float};
use serde_json::{Map, Value};

pub(super) fn parse(text: &str) -> Result<Value, Problem> {
    let prepared = prepare(text)?;
    serde_json::from_str(&prepared).map_err(|error| {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        // Columns are those of the prepared text: only a line with such a number before the error differs.
        Problem { line: error.line(), column: error.column(), message: message.to_owned() }
    })
}

/// The text with marked strings for numbers that are not JSON's, and with strings that start with a NUL marked as text.
fn prepare(text: &str) -> Result<String, Problem> {
    let bytes = text.as_bytes();
    let mut prepared = String::with_capacity(text.len());
    let mut at = 0;
    let mut depth = 0_usize;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at = end_of_string(bytes, at);
                if text[start + 1..at].starts_with("\\u0000") {
                    prepared.push_str("\"\\u0000t");
                    prepared.push_str(&text[start + 1..at]);
                    continue;
                }
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Problem::too_deep(text, at));
                }
                at += 1;
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            byte if is_word(byte) => {
                while at < bytes.len() && is_word(bytes[at]) {
                    at += 1;
                }
                if let Some(stored) = marked_number(&text[start..at]) {
                    // Serialising a string or a number cannot fail; `Display` of a value is its JSON.
                    prepared.push_str(&stored.to_string());
                    continue;
                }
            }
            _ => {
                at += 1;
                while !text.is_char_boundary(at) {
                    at += 1;
                }
            }
        }
        prepared.push_str(&text[start..at]);
    }
    Ok(prepared)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// The byte after the closing quote, or the end of the text.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            // An escaped character of several bytes continues with bytes that are neither quote nor backslash.
            b'\\' if at + 1 < bytes.len() && bytes[at + 1].is_ascii() => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// What to put in place of a number that `serde_json` refuses or rounds.
fn marked_number(word: &str) -> Option<Value> {
    if matches!(word, "NaN" | "Infinity" | "-Infinity") {
        return Some(Marked::Float(word).store().into());
    }
    let digits = word.strip_prefix('-').unwrap_or(word);
    if !digits.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let canonical = digits == "0" || !digits.starts_with('0');
        let fits = word.parse::<i64>().is_ok() || word.parse::<u64>().is_ok();
        return match (canonical, fits) {
            // `serde_json` would make a float of it.
            (true, true) if word == "-0" => Some(Value::from(0)),
            (true, false) => Some(Marked::Integer(word).store().into()),
            _ => None,
        };
    }
    // Python reads `1e999` as infinite.
    if !is_json_number(digits) {
        return None;
    }
    word.parse::<f64>().ok().filter(|value| value.is_infinite()).map(float)
}

/// Whether an unsigned text of number characters follows JSON's grammar where `f64::from_str` is laxer.
fn is_json_number(digits: &str) -> bool {
    let mantissa = digits.split(['e', 'E']).next().unwrap_or_default();
    let whole = mantissa.split('.').next().unwrap_or_default();
    let complete = |part: &str| part.ends_with(|last: char| last.is_ascii_digit());
    complete(digits) && complete(mantissa) && (whole == "0" || !whole.starts_with('0'))
}

pub(super) fn encode(map: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_map(&mut text, map, 1);
    text.push('\n');
    text
}

fn write_map(text: &mut String, map: &Map<String, Value>, depth: usize) {
    if map.is_empty() {
        return text.push_str("{}");
    }
    text.push('{');
    for (index, (key, value)) in map.iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth));
        write_string(text, Marked::read(key).shown());
        text.push_str(": ");
        write_value(text, value, depth);
    }
    close(text, depth, '}');
}

fn write_value(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) => write_map(text, map, depth + 1),
        Value::Array(items) if items.is_empty() => text.push_str("[]"),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "\n" } else { ",\n" });
                text.push_str(&"  ".repeat(depth + 1));
                write_value(text, item, depth + 1);
            }
            close(text, depth + 1, ']');
        }
        Value::String(stored) => match Marked::read(stored) {
            Marked::Float(name) => text.push_str(name),
            Marked::Integer(digits) => text.push_str(digits),
            Marked::Text(shown) | Marked::Date(shown) | Marked::Key(shown) => write_string(text, shown),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
}

fn close(text: &mut String, depth: usize, bracket: char) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth - 1));
    text.push(bracket);
}

fn write_string(text: &mut String, shown: &str) {
    text.push_str(&Value::from(shown).to_string());
}
