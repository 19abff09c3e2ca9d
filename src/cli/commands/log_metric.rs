//! `git xp log-metric`.

use std::io::Read;
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
    let lines = || if args.stdin { read_stdin(args.step) } else { encode(&args.metrics, args.step) };
    let open = || Context::open(ui.clone(), cwd.to_owned(), overrides);
    logging::log(ui, cwd, args.run.as_deref(), lines, open)?;
    Ok(exit::OK)
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
    let mut out = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let wrong = |what: &str| {
            CliError::usage(format!("line {} of standard input: {what}: '{line}'", i + 1))
                .hint("write: NAME VALUE [STEP]")
        };
        let line = line.trim();
        if line.starts_with('{') {
            crate::store::line::parse(line.as_bytes(), &mut Vec::new()).map_err(|error| wrong(&error.to_string()))?;
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [name, value] => out.extend(point(name, &number(name, value)?, step)),
            [name, value, at] => {
                let at = at.parse().map_err(|_| wrong("the step is no integer"))?;
                out.extend(point(name, &number(name, value)?, Some(at)));
            }
            _ => return Err(wrong("it is not NAME VALUE [STEP]")),
        }
    }
    Ok(out)
}
