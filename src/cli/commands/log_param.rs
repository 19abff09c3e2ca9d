//! `git xp log-param`.

use std::path::Path;

use clap::Args;

use crate::capture::secrets::Masker;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::logging;
use crate::cli::ui::Ui;
use crate::model::param::{check_name, typed};
use crate::settings::Overrides;

/// Log params: to the run under way, or by hand
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp log-param lr 0.1
  git xp log-param lr=0.1 optimizer=adam
  git xp log-param lr 0.1 --run last        adds to a sealed run")]
pub struct LogParamArgs {
    /// NAME VALUE, or NAME=VALUE, as many as you like
    #[arg(value_name = "PARAM", required = true, allow_negative_numbers = true)]
    params: Vec<String>,

    /// A sealed run to add to: an id or the beginning of one, or last
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

/// Do it.
///
/// # Errors
/// If a name is wrong or nothing can be logged to; inside a run that is a warning.
pub fn run(ui: &Ui, cwd: &Path, overrides: &Overrides, args: LogParamArgs) -> Result<u8, CliError> {
    let open = || Context::open(ui.clone(), cwd.to_owned(), overrides);
    logging::log(ui, cwd, args.run.as_deref(), || encode(&args.params), open)?;
    Ok(exit::OK)
}

fn encode(words: &[String]) -> Result<Vec<u8>, CliError> {
    // Those of `.xp.toml` are masked when the run is closed: to read it here would make logging slow.
    let masker = Masker::default();
    let mut out = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some(pair) => pair,
            None => (
                word.as_str(),
                words.next().ok_or_else(|| CliError::usage(format!("param '{word}' has no value")))?.as_str(),
            ),
        };
        check_name(name).map_err(|error| CliError::usage(error.to_string()))?;
        out.extend(
            format!("{}\n", serde_json::json!({"param": name, "value": masker.mask_value(name, &typed(value))}))
                .into_bytes(),
        );
    }
    Ok(out)
}
