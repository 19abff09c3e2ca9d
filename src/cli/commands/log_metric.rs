//! `git xp log-metric`.

use std::io::{BufRead, Read};
use std::path::Path;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::logging;
use crate::cli::ui::Ui;
use crate::model::number::Number;
use crate::model::time::Time;
use crate::settings::Overrides;

/// Log metrics: to the run under way, or by hand
///
/// Inside `git xp run` it appends to the run's journal and never fails the training. Outside it opens a manual run of the branch,
/// which `git xp finish` ends.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp log-metric val_acc 0.93 --step 10
  git xp log-metric val_acc 0.93 loss=0.2
  python evaluate.py | git xp log-metric --stdin        lines of: NAME VALUE [STEP], or JSON lines
  git xp log-metric test_acc 0.91 --run 7kq             adds to a sealed run")]
pub struct LogMetricArgs {
    /// NAME VALUE, or NAME=VALUE, as many as you like
    #[arg(value_name = "METRIC", required_unless_present = "stdin", allow_negative_numbers = true)]
    metrics: Vec<String>,

    /// The step, an integer
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    step: Option<i64>,

    /// Read lines from standard input
    #[arg(long, conflicts_with = "metrics")]
    stdin: bool,

    /// A sealed run to add to: an id or the beginning of one, or last
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

/// Do it.
///
/// # Errors
/// If a value is no number or nothing can be logged to; inside a run that is a warning.
pub fn run(ui: &Ui, cwd: &Path, overrides: &Overrides, args: LogMetricArgs) -> Result<u8, CliError> {
    if args.stdin && args.run.is_none() {
        return stream(ui, cwd, overrides, args.step);
    }
    let lines = || if args.stdin { read_stdin(args.step) } else { encode(&args.metrics, args.step) };
    let open = || Context::open(ui.clone(), cwd.to_owned(), overrides);
    logging::log(ui, cwd, args.run.as_deref(), lines, open)?;
    Ok(exit::OK)
}

/// Log standard input as it comes: a training that pipes into this may be killed at any moment. A line that cannot be read
/// does not keep the others from being logged.
fn stream(ui: &Ui, cwd: &Path, overrides: &Overrides, step: Option<i64>) -> Result<u8, CliError> {
    let mut stdin = std::io::stdin().lock();
    let (mut rest, mut first_fault, mut at) = (Vec::new(), None, 0);
    let mut is_open = true;
    while is_open {
        let chunk = stdin.fill_buf().map_err(|error| CliError::new(format!("standard input: {error}")))?;
        let read = chunk.len();
        rest.extend_from_slice(chunk);
        stdin.consume(read);
        is_open = read > 0;
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let whole = if is_open { whole } else { rest.len() };
        let mut out = Vec::new();
        let mut faults = Vec::new();
        for line in rest[..whole].split_inclusive(|byte| *byte == b'\n') {
            at += 1;
            match encode_line(at, &String::from_utf8_lossy(line), step) {
                Ok(line) => out.extend(line),
                Err(fault) => faults.push(fault),
            }
        }
        rest.drain(..whole);
        let batches = faults.into_iter().map(Err).chain((!out.is_empty()).then_some(Ok(out)));
        for batch in batches {
            let is_fault = batch.is_err();
            let open = || Context::open(ui.clone(), cwd.to_owned(), overrides);
            match logging::log(ui, cwd, None, || batch, open) {
                Err(fault) if is_fault => first_fault = first_fault.or(Some(fault)),
                logged => logged?,
            }
        }
    }
    first_fault.map_or(Ok(exit::OK), Err)
}

/// Journal lines of `NAME VALUE` pairs and `NAME=VALUE` words.
fn encode(words: &[String], step: Option<i64>) -> Result<Vec<u8>, CliError> {
    let mut points = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, value) = match word.rsplit_once('=') {
            Some((name, value)) if !name.is_empty() => (name, value),
            _ => {
                let value = words.next().ok_or_else(|| {
                    CliError::usage(format!("metric '{word}' has no value"))
                        .hint(format!("git xp log-metric '{word}' <number>"))
                })?;
                (word.as_str(), value.as_str())
            }
        };
        points.push((name, number(name, value)?));
    }
    Ok(points.into_iter().flat_map(|(name, value)| point(name, &value, step)).collect())
}

fn number(name: &str, value: &str) -> Result<Number, CliError> {
    Number::parse(value.trim()).ok_or_else(|| {
        CliError::usage(format!("metric '{name}': '{value}' is no number")).hint("such as 0.93, 1e-3, nan, -inf")
    })
}

fn point(name: &str, value: &Number, step: Option<i64>) -> Vec<u8> {
    let step = step.map(|step| format!(",\"step\":{step}")).unwrap_or_default();
    let time = Time::now().0;
    let name = serde_json::Value::from(name);
    let value = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    format!("{{\"metric\":{name},\"value\":{value}{step},\"time\":{}.{:03}}}\n", time / 1000, time % 1000).into_bytes()
}

/// JSON lines are taken as they are; others are `NAME VALUE [STEP]`.
fn read_stdin(step: Option<i64>) -> Result<Vec<u8>, CliError> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| CliError::new(format!("standard input cannot be read as UTF-8: {error}")))?;
    let lines = text.lines().enumerate().map(|(i, line)| encode_line(i + 1, line, step));
    lines.collect::<Result<Vec<_>, _>>().map(|lines| lines.concat())
}

/// One line of standard input as a journal line; `at` counts from 1.
fn encode_line(at: usize, line: &str, step: Option<i64>) -> Result<Vec<u8>, CliError> {
    let line = line.trim();
    let wrong = |what: &str| {
        CliError::usage(format!("line {at} of standard input: {what}: '{line}'")).hint("write: NAME VALUE [STEP]")
    };
    if line.starts_with('{') {
        crate::store::line::parse(line.as_bytes(), &mut Vec::new()).map_err(|error| wrong(&error.to_string()))?;
        return Ok(format!("{line}\n").into_bytes());
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [] => Ok(Vec::new()),
        [name, value] => Ok(point(name, &number(name, value)?, step)),
        [name, value, at] => {
            let at = at.parse().map_err(|_| wrong("the step is no integer"))?;
            Ok(point(name, &number(name, value)?, Some(at)))
        }
        _ => Err(wrong("it is not NAME VALUE [STEP]")),
    }
}
