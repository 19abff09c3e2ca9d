//! `git-xp demo-train`, hidden: the trainer of the demo.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::cli::error::{CliError, exit};
use crate::demo;

/// Train the demo's classifier
#[derive(Debug, Args)]
pub struct DemoTrainArgs {
    /// The config
    #[arg(long)]
    config: PathBuf,

    /// The seed
    #[arg(long)]
    seed: u64,
}

/// Do it.
///
/// # Errors
/// If the config is wrong.
#[expect(clippy::disallowed_methods, reason = "it logs as any program does")]
pub fn run(args: &DemoTrainArgs) -> Result<u8, CliError> {
    let failed = |error: &dyn std::fmt::Display| CliError::new(format!("{}: {error}", args.config.display()));
    let text = std::fs::read_to_string(&args.config).map_err(|error| failed(&error))?;
    let mut lines = String::new();
    let done = demo::train(&text, args.seed, &mut |epoch, metrics| lines += &metrics.journal_line(epoch));
    let done = done.map_err(|error| failed(&error))?;
    lines += &done.journal_line();
    if let Some(journal) = std::env::var_os("GIT_XP_JOURNAL") {
        let append = || std::fs::OpenOptions::new().append(true).open(&journal)?.write_all(lines.as_bytes());
        append().map_err(|error: std::io::Error| failed(&error))?;
    }
    Ok(exit::OK)
}
