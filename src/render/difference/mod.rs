//! What differs between runs: as text for a terminal, as a table, as JSON.

mod json;
mod patch;
mod table;
mod text;

pub use json::{difference as json, several as several_json};
pub use patch::patch;
pub use table::{csv, several, several_csv, table};
pub use text::text;

use serde_json::Value;

use super::number::duration;
use super::value::{shell_quote, short as short_number, short_id, short_pair, value};
use crate::diff::{Section, Values};

/// What stands for a value that is not there.
const NONE: &str = "–";

/// Both values of a key, as text that tells them apart.
fn shown(section: Section, key: &str, a: Option<&Value>, b: Option<&Value>) -> [String; 2] {
    let both = |show: &dyn Fn(&Value) -> String| [a, b].map(|found| found.map_or_else(|| NONE.to_owned(), show));
    let short = both(&|found| short(section, key, found));
    if short[0] == short[1] { both(&value) } else { short }
}

/// Both values of a metric, rounded, but so that they differ.
fn metric_pair(values: &Values) -> [String; 2] {
    match (&values.a, &values.b) {
        (Some(a), Some(b)) => short_pair(a, b),
        (a, b) => [a, b].map(|value| value.as_ref().map_or_else(|| NONE.to_owned(), short_number)),
    }
}

fn short(section: Section, key: &str, found: &Value) -> String {
    match (section, found) {
        (Section::Duration, Value::Number(bytes)) if key.ends_with("peak_memory") => {
            super::number::bytes(bytes.as_u64().unwrap_or(0))
        }
        (Section::Duration, Value::Number(seconds)) => duration(seconds.as_f64().unwrap_or(f64::NAN)),
        (Section::Command, Value::Array(args)) => {
            args.iter().map(|arg| shell_quote(arg.as_str().unwrap_or_default())).collect::<Vec<_>>().join(" ")
        }
        (Section::Experiment, Value::String(name)) if key == "branch" => {
            name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()
        }
        (Section::Params | Section::Seed | Section::Tags, _) => value(found),
        (_, Value::String(text)) if short_id(text).len() < text.len() => short_id(text).to_owned(),
        // Versions and variables are texts, whatever they look like.
        (Section::Environment, Value::String(text)) if !matches!(text.as_str(), "" | NONE) => text.clone(),
        (_, Value::Array(items)) if !items.is_empty() && items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        _ => value(found),
    }
}

#[cfg(test)]
mod tests;
