//! Config files in JSON, YAML and TOML: read, flattened to params, overridden, and written back in their own format.
//!
//! ```
//! use git_xp::capture::config::{encode, flatten, merge, parse};
//! let mut config = parse("config.toml", b"[train]\nlr = 0.1\n").unwrap();
//! merge(&mut config, "train.lr", 0.2.into()).unwrap();
//! assert_eq!(flatten(&config)["train.lr"], 0.2);
//! assert_eq!(encode("config.toml", &config).unwrap(), "[train]\nlr = 0.2\n");
//! ```
//!
//! A map that [`parse`] returns holds, besides plain JSON, marked strings for what JSON cannot hold (NaN, infinities,
//! integers beyond 64 bits, TOML's dates, YAML keys that are no strings), so that [`encode`] gives back what was read.
//! Record the params that [`flatten`] returns, never the map itself. Comments and layout are not kept: where nothing
//! is overridden, store the file's own bytes.

mod error;
mod flat;
mod json;
mod marked;
mod toml;
mod yaml;

pub use error::ConfigError;
pub use flat::{flatten, merge};

use serde_json::{Map, Value};
use std::path::Path;

/// The largest config file that is read, in bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// How deep maps and lists may be nested. Readers, writers and `drop` recurse this deep.
pub const MAX_DEPTH: usize = 64;

/// What the names may become by being joined, in bytes.
const MAX_NAME_BYTES: usize = 4 * MAX_BYTES;

/// The formats, told apart by the file's extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Yaml,
    Toml,
}

impl Format {
    fn of(name: &str) -> Result<Self, ConfigError> {
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "yaml" | "yml" => Ok(Self::Yaml),
            "toml" => Ok(Self::Toml),
            _ => Err(ConfigError::UnknownFormat { file: name.to_owned() }),
        }
    }
}

/// Reads a config file; `name` decides the format by its extension and stands in errors.
///
/// # Errors
/// When the extension is unknown, the text is over [`MAX_BYTES`], no UTF-8, no valid text of its format, nested deeper
/// than [`MAX_DEPTH`], expands beyond reason (YAML aliases), or is no map.
pub fn parse(name: &str, bytes: &[u8]) -> Result<Map<String, Value>, ConfigError> {
    parse_as(name, bytes, Reading::Usual)
}

/// As [`parse`], but YAML that says something without effect is refused: a key that comes twice, a map that is merged into another one. What was read is
/// then all that the text says, comments aside.
///
/// # Errors
/// As [`parse`].
pub fn parse_strictly(name: &str, bytes: &[u8]) -> Result<Map<String, Value>, ConfigError> {
    parse_as(name, bytes, Reading::Strict)
}

/// What is done about YAML that says something without effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Usual,
    Strict,
}

fn parse_as(name: &str, bytes: &[u8], reading: Reading) -> Result<Map<String, Value>, ConfigError> {
    let format = Format::of(name)?;
    if bytes.len() > MAX_BYTES {
        return Err(ConfigError::TooLarge { file: name.to_owned(), bytes: bytes.len() });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ConfigError::NotUtf8 { file: name.to_owned(), offset: error.valid_up_to() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = match format {
        Format::Json => json::parse(text),
        Format::Yaml => yaml::parse(text, reading),
        Format::Toml => toml::parse(text),
    }
    .map_err(|problem| ConfigError::from_problem(name, problem))?;
    match value {
        Value::Object(map) if flat::name_bytes(&map, 0) > MAX_NAME_BYTES => {
            Err(ConfigError::Expands { file: name.to_owned() })
        }
        Value::Object(map) => Ok(map),
        Value::Null if format == Format::Yaml => Ok(Map::new()),
        other => Err(ConfigError::NotAMap { file: name.to_owned(), found: flat::kind(&other) }),
    }
}

/// Writes a map back in the format that the extension of `name` says.
///
/// # Errors
/// When the extension is unknown, or the format cannot hold a value (TOML has no null and no integers beyond 64 bits).
pub fn encode(name: &str, map: &Map<String, Value>) -> Result<String, ConfigError> {
    match Format::of(name)? {
        Format::Json => Ok(json::encode(map)),
        Format::Yaml => yaml::encode(map),
        Format::Toml => toml::encode(map),
    }
    .map_err(|problem: error::Unencodable| ConfigError::from_unencodable(name, problem))
}

#[cfg(test)]
mod tests;
