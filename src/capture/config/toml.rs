//! TOML: dates are kept as dates, infinities and NaN are its own.

use super::MAX_DEPTH;
use super::error::{Problem, Unencodable};
use super::marked::{Marked, float, non_finite};
use serde_json::{Map, Value};
use toml::value::Datetime;

pub(super) fn parse(text: &str) -> Result<Value, Problem> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        Problem::at_byte(text, offset, error.message().lines().collect::<Vec<_>>().join("; "))
    })?;
    // Headers and dotted keys nest independently of each other, beyond the parser's own limit.
    let value = toml::Value::Table(table);
    if is_deeper(&value, MAX_DEPTH) {
        return Err(Problem::too_deep(text, 0));
    }
    Ok(read(value))
}

fn is_deeper(value: &toml::Value, levels: usize) -> bool {
    match value {
        toml::Value::Array(items) => levels == 0 || items.iter().any(|item| is_deeper(item, levels - 1)),
        toml::Value::Table(table) => levels == 0 || table.iter().any(|(_, item)| is_deeper(item, levels - 1)),
        _ => false,
    }
}

fn read(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Marked::Text(&text).store().into(),
        toml::Value::Integer(value) => value.into(),
        toml::Value::Float(value) => float(value),
        toml::Value::Boolean(value) => value.into(),
        toml::Value::Datetime(date) => Marked::Date(&date.to_string()).store().into(),
        toml::Value::Array(items) => items.into_iter().map(read).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (Marked::Text(&key).store(), read(value))).collect()
        }
    }
}

pub(super) fn encode(map: &Map<String, Value>) -> Result<String, Unencodable> {
    let table = write_table(map, "")?;
    toml::to_string(&table).map_err(|error| Unencodable { key: "the file".to_owned(), reason: error.to_string() })
}

fn write_table(map: &Map<String, Value>, prefix: &str) -> Result<toml::Table, Unencodable> {
    let entry = |(key, value): (&String, &Value)| {
        let key = Marked::read(key).shown();
        Ok((key.to_owned(), write(value, &format!("{prefix}{key}"))?))
    };
    map.iter().map(entry).collect()
}

fn write(value: &Value, key: &str) -> Result<toml::Value, Unencodable> {
    let refuse = |reason: &str| Err(Unencodable { key: key.to_owned(), reason: reason.to_owned() });
    match value {
        Value::Null => refuse("TOML has no null; leave the param out"),
        Value::Bool(value) => Ok(toml::Value::Boolean(*value)),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), _, _) => Ok(toml::Value::Integer(value)),
            (_, None, Some(value)) => Ok(toml::Value::Float(value)),
            _ => refuse("TOML's integers end at 2^63 - 1"),
        },
        Value::String(stored) => match Marked::read(stored) {
            Marked::Float(name) => Ok(toml::Value::Float(non_finite(name))),
            Marked::Integer(_) => refuse("TOML's integers end at 2^63 - 1"),
            Marked::Date(date) => Ok(date
                .parse::<Datetime>()
                .map_or_else(|_| toml::Value::String(date.to_owned()), toml::Value::Datetime)),
            Marked::Text(text) | Marked::Key(text) => Ok(toml::Value::String(text.to_owned())),
        },
        Value::Array(items) => Ok(toml::Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(at, item)| write(item, &format!("{key}[{at}]")))
                .collect::<Result<_, _>>()?,
        )),
        Value::Object(map) => Ok(toml::Value::Table(write_table(map, &format!("{key}."))?)),
    }
}
