//! One line of a journal; the format is in `docs/journal.md`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::number::Number;
use crate::model::run::Artifact;
use crate::model::time::Time;

/// The longest line that is read, in bytes; a longer one is rejected.
pub const LONGEST: usize = 1 << 20;

/// What a line says.
#[derive(Debug, PartialEq)]
pub enum Line<'a> {
    /// One or several points at one step.
    Points {
        /// Names and values.
        values: Vec<(Cow<'a, str>, Number)>,
        /// The step, if one was given.
        step: Option<i64>,
        /// Seconds since 1970, if given.
        time: Option<f64>,
    },
    /// Params.
    Params(Vec<(String, Value)>),
    /// A file or folder that is in the store of large files.
    Artifact(Box<Artifact>),
    /// A line of git-xp's own.
    Event(Event),
}

/// What git-xp itself writes into a journal.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize)]
#[serde(tag = "journal", rename_all = "lowercase")]
pub enum Event {
    /// The first line: what is known at the start. `fact` is the run fact as far as it goes.
    Open {
        /// The format version.
        xp: String,
        /// The run's id.
        id: crate::model::id::Id,
        /// Who made it.
        by: String,
        /// The beginning of the fact.
        fact: Box<crate::model::run::Run>,
    },
    /// A process that owns the run.
    Owner(Owner),
    /// How the command ended.
    End {
        /// The status.
        status: crate::model::run::Status,
        /// The exit code.
        exit: Option<i32>,
        /// The signal.
        signal: Option<i32>,
        /// When.
        time: Time,
        /// What the command used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resources: Option<crate::model::run::Resources>,
    },
}

/// A process that owns a run, named so that it can be told from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct Owner {
    /// `git-xp` or `command`.
    pub role: String,
    /// Host name.
    pub host: String,
    /// The id of the host's boot; empty where the system has none.
    pub boot: String,
    /// Process id.
    pub pid: u32,
    /// When the process started, in the system's own unit (clock ticks since boot on Linux); 0 if unknown.
    pub started: u64,
}

/// Why a line was rejected.
#[derive(Debug, thiserror::Error)]
pub enum InvalidLine {
    /// Not a JSON object of the known shape.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Neither metric nor param.
    #[error("it names neither a metric nor a param nor an artifact")]
    Nothing,
    /// A value that is no number.
    #[error("metric '{name}': {value} is no number")]
    NotANumber {
        /// The metric.
        name: String,
        /// The value as written.
        value: String,
    },
    /// A step that is no integer.
    #[error("step {0} is no integer")]
    Step(String),
    /// Longer than [`LONGEST`].
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    metric: Option<Cow<'a, str>>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    step: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    metrics: Option<BTreeMap<String, &'a RawValue>>,
    param: Option<String>,
    artifact: Option<Box<Artifact>>,
    params: Option<serde_json::Map<String, Value>>,
    journal: Option<Cow<'a, str>>,
}

/// Read one line, without its newline; `Ok(None)` for an empty one.
///
/// # Errors
/// Says what is wrong with the line.
pub fn parse<'a>(line: &'a [u8], repaired: &'a mut Vec<u8>) -> Result<Option<Line<'a>>, InvalidLine> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() > LONGEST {
        return Err(InvalidLine::TooLong);
    }
    match serde_json::from_slice(line) {
        Ok(raw) => interpret(line, raw).map(Some),
        Err(error) => {
            // Python's json.dumps writes NaN and Infinity bare.
            *repaired = quote_bare_numbers(line);
            match serde_json::from_slice(repaired) {
                Ok(raw) => interpret(repaired, raw).map(Some),
                Err(_) => Err(error.into()),
            }
        }
    }
}

fn interpret<'a>(line: &'a [u8], raw: Raw<'a>) -> Result<Line<'a>, InvalidLine> {
    if raw.journal.is_some() {
        return Ok(Line::Event(serde_json::from_slice(line)?));
    }
    if let Some(params) = raw.params {
        return Ok(Line::Params(params.into_iter().collect()));
    }
    if let Some(artifact) = raw.artifact {
        return Ok(Line::Artifact(artifact));
    }
    if let Some(name) = raw.param {
        let value = raw.value.map_or(Ok(Value::Null), |value| serde_json::from_str(value.get()))?;
        return Ok(Line::Params(vec![(name, value)]));
    }
    let step = raw.step.map(parse_step).transpose()?.flatten();
    let time = raw.time.and_then(parse_time);
    let values = match (raw.metric, raw.metrics) {
        (Some(name), _) => vec![(Cow::clone(&name), parse_value(&name, raw.value.map_or("null", RawValue::get))?)],
        (None, Some(metrics)) => metrics
            .into_iter()
            .map(|(name, value)| parse_value(&name, value.get()).map(|value| (Cow::Owned(name), value)))
            .collect::<Result<_, _>>()?,
        (None, None) => return Err(InvalidLine::Nothing),
    };
    Ok(Line::Points { values, step, time })
}

fn parse_value(name: &str, token: &str) -> Result<Number, InvalidLine> {
    let number = match token {
        "true" => Some(Number::Integer(1)),
        "false" => Some(Number::Integer(0)),
        _ if token.starts_with('"') => {
            serde_json::from_str::<String>(token).ok().and_then(|text| Number::parse(text.trim()))
        }
        _ => Number::parse(token),
    };
    number.ok_or_else(|| InvalidLine::NotANumber { name: name.to_owned(), value: token.to_owned() })
}

fn parse_step(token: &RawValue) -> Result<Option<i64>, InvalidLine> {
    let text = token.get().trim_matches('"');
    if text == "null" || text.is_empty() {
        return Ok(None);
    }
    if let Ok(step) = text.parse::<i64>() {
        return Ok(Some(step));
    }
    match text.parse::<f64>() {
        Ok(step) if step.fract() == 0.0 && step.abs() < 9.0e15 => Ok(Some(step as i64)),
        _ => Err(InvalidLine::Step(token.get().to_owned())),
    }
}

fn parse_time(token: &RawValue) -> Option<f64> {
    let text = token.get().trim_matches('"');
    let seconds = text.parse::<f64>().ok().or_else(|| Time::parse(text).map(|time| time.0 as f64 / 1000.0));
    seconds.filter(|seconds| seconds.is_finite())
}

/// In JSON-like text: put quotes around `NaN`, `Infinity` and `-Infinity` where they stand outside strings.
pub fn quote_bare_numbers(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 16);
    let mut rest = line;
    let mut in_string = false;
    while let Some((&byte, after)) = rest.split_first() {
        if in_string && byte == b'\\' && !after.is_empty() {
            out.extend_from_slice(&rest[..2]);
            rest = &rest[2..];
            continue;
        }
        if byte == b'"' {
            in_string = !in_string;
        }
        let word =
            [&b"-Infinity"[..], b"Infinity", b"NaN"].into_iter().find(|word| !in_string && rest.starts_with(word));
        match word {
            Some(word) => {
                out.push(b'"');
                out.extend_from_slice(word);
                out.push(b'"');
                rest = &rest[word.len()..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Line, Number, parse};

    fn points(line: &str) -> (Vec<(String, Number)>, Option<i64>, Option<f64>) {
        match parse(line.as_bytes(), &mut Vec::new()).expect("read").expect("not empty") {
            Line::Points { values, step, time } => {
                (values.into_iter().map(|(name, value)| (name.into_owned(), value)).collect(), step, time)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_documented_line_is_read() {
        let one = |value| vec![("a".to_owned(), value)];
        assert_eq!(points(r#"{"metric":"a","value":0.5,"step":3}"#), (one(Number::Float(0.5)), Some(3), None));
        assert_eq!(points(r#"{"metric":"a","value":"0.5","step":3.0}"#), (one(Number::Float(0.5)), Some(3), None));
        assert_eq!(points(r#"{"metric":"a","value":true}"#), (one(Number::Integer(1)), None, None));
        let (values, _, time) = points(r#"{"metrics":{"x":NaN,"\"NaN":-Infinity},"time":12.5}"#);
        assert_eq!(time, Some(12.5));
        assert_eq!(values[0].0, "\"NaN");
        assert!(values[0].1.as_f64() < 0.0 && values[1].1.as_f64().is_nan());
        let big = points(r#"{"metric":"a","value":12345678901234567890}"#).0;
        assert_eq!(big, one(Number::Digits("12345678901234567890".into())));
    }

    #[test]
    fn wrong_lines_say_why() {
        for (line, why) in [
            (r#"{"metric":"a","value":"x"}"#, "metric 'a': \"x\" is no number"),
            (r#"{"metric":"a","value":1,"step":1.5}"#, "step 1.5 is no integer"),
            (r#"{"value":1}"#, "it names neither a metric nor a param nor an artifact"),
        ] {
            assert_eq!(parse(line.as_bytes(), &mut Vec::new()).expect_err("wrong").to_string(), why);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(line in any::<Vec<u8>>()) {
            let _ = parse(&line, &mut Vec::new());
        }

        #[test]
        fn lines_that_are_nearly_right_never_panic(line in r#"\{"(metric|metrics|param|params|journal|step)":[\[{"a-zNI0-9,.:\\]{0,20}\}"#) {
            let _ = parse(line.as_bytes(), &mut Vec::new());
        }
    }
}
